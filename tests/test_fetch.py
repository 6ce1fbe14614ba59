"""The guarded HTTP client: what it reads, what it refuses, and that nothing private is ever reached."""

from __future__ import annotations

import asyncio
import gzip
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters._sources.connecting import anywhere, guarded, is_public
from adapters._sources.fetch import Fetched, FetchError, checked, fetch, shown
from bot.digest.entries import MAX_BYTES
from tests.fakes.addresses import FORMS, OWN, Names, reads
from tests.fakes.faults import Fault, dropped, reset, silent
from tests.fakes.web import FakeWeb, Page


@pytest.fixture
async def web() -> AsyncIterator[FakeWeb]:
    async with FakeWeb() as fake:
        yield fake


async def why(url: str, *, most: int = MAX_BYTES, within: float = 20) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetch(url, private=True, most=most, within=within)
    assert "127.0.0.1" not in str(caught.value)
    return caught.value


async def test_a_page_is_read_and_what_its_server_says_of_it(web: FakeWeb) -> None:
    headers = {"ETag": '"1"', "Last-Modified": "Fri, 20 Nov 2020 01:00:00 GMT"}
    web.pages["/d.md"] = Page(b"\xef\xbb\xbf# ArXiv \xc3\xa9", headers=headers)
    found = await fetch(web.url("/d.md"), private=True)
    assert found == Fetched(200, "# ArXiv é", headers["ETag"], headers["Last-Modified"], web.url("/d.md"))


async def test_a_page_that_did_not_change_is_not_sent_again(web: FakeWeb) -> None:
    web.pages["/d.md"] = Page(b"# ArXiv", headers={"ETag": '"1"'})
    web.pages["/e.md"] = Page(b"# ArXiv", headers={"Last-Modified": "Fri, 20 Nov 2020 01:00:00 GMT"})
    by_tag = await fetch(web.url("/d.md"), etag='"1"', private=True)
    by_date = await fetch(web.url("/e.md"), modified="Fri, 20 Nov 2020 01:00:00 GMT", private=True)
    assert [(each.status, each.text) for each in (by_tag, by_date)] == [(304, ""), (304, "")]
    assert (await fetch(web.url("/d.md"), etag='"0"', private=True)).text == "# ArXiv"


async def test_a_request_says_who_asks_and_brings_nothing_else(web: FakeWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/a"] = Page(status=302, headers={"Location": "/b", "Set-Cookie": "id=1; Path=/"})
    web.pages["/b"] = Page(b"# ArXiv")
    async with FakeWeb() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        # By name, for there are no cookies for an address that is written as numbers.
        await fetch(web.url("/a", host="localhost"), private=True)
        assert proxy.asked == []
    assert [each.path for each in web.asked] == ["/a", "/b"]
    for each in web.asked:
        assert set(each.headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
        assert re.fullmatch(r"Paperwire/[0-9.]+ \(\+.*\)", each.headers["User-Agent"])


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
async def test_a_packed_answer_and_a_packed_file_are_unpacked(web: FakeWeb, encoding: str) -> None:
    packed = gzip.compress(b"# ArXiv")
    web.pages["/encoded"] = Page(packed, headers={"Content-Encoding": encoding})
    web.pages["/file.gz"] = Page(packed)
    web.pages["/both.gz"] = Page(gzip.compress(packed), headers={"Content-Encoding": encoding})
    texts = [(await fetch(web.url(path), private=True)).text for path in web.pages]
    assert texts == ["# ArXiv"] * 3


async def test_a_charset_is_honoured_where_it_is_one_of_text(web: FakeWeb) -> None:
    for number, charset in enumerate(("iso-8859-1", "windows-1252", "UTF-8", "punycode", "zip", "x-unheard")):
        body = b"\xc3\xa9" if charset == "UTF-8" else b"\xe9"
        web.pages[f"/{number}"] = Page(body, headers={"Content-Type": f"text/plain; charset={charset}"})
    assert {(await fetch(web.url(f"/{number}"), private=True)).text for number in range(3)} == {"é"}
    web.pages["/6"] = Page(b"# ArXiv", headers={"Content-Type": "text/plain; charset*=utf-8''%00"})
    for number in range(3, 7):
        assert str(await why(web.url(f"/{number}"))) == "in a charset that is not known here; UTF-8 is"


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (b"", {}, "empty"),
        (b"# ArXiv\n\xff", {}, "not UTF-8 text (line 2, byte 8)"),
        (b"x" * 2001, {}, "larger than 0.00190735 MiB"),
        (gzip.compress(b"x" * 2001), {"Content-Encoding": "gzip"}, "larger than 0.00190735 MiB once decompressed"),
        (gzip.compress(b"x" * 2001), {}, "larger than 0.00190735 MiB once decompressed"),
        (gzip.compress(b"x" * 9**5)[:9], {"Content-Encoding": "gzip"}, "not a whole gzip file"),
        (b"# ArXiv", {"Content-Encoding": "gzip"}, "not a whole gzip file"),
        (b"# ArXiv", {"Content-Encoding": "br"}, "encoded in a way that was not asked for; gzip was"),
        (b"# ArXiv", {"Content-Encoding": "gzip, gzip"}, "encoded in a way that was not asked for; gzip was"),
    ],
)
async def test_what_cannot_be_read_is_said_in_words(
    web: FakeWeb, body: bytes, headers: dict[str, str], reason: str
) -> None:
    web.pages["/"] = Page(body, headers=headers)
    assert str(await why(web.url(), most=2000)) == reason


async def test_a_small_answer_that_unpacks_to_a_hundred_times_its_size_is_refused(web: FakeWeb) -> None:
    web.pages["/"] = Page(gzip.compress(b" " * 1_000_000), headers={"Content-Encoding": "gzip"})
    assert str(await why(web.url())) == "larger than 100 times its size once decompressed"


async def test_an_answer_that_never_ends_is_left_at_the_limit() -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                sent += 65536
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert str(await why(f"http://127.0.0.1:{port}/")) == "larger than 8 MiB"
    assert sent < 4 * MAX_BYTES


async def test_a_size_that_is_declared_too_large_is_not_waited_for(web: FakeWeb) -> None:
    async def declare(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(declare, "127.0.0.1", 0)
    async with server:
        assert str(await why(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")) == "larger than 8 MiB"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (dropped(), "the connection broke before the answer was whole"),
        (reset(), "the connection broke before the answer was whole"),
        (silent(), "no whole answer within 0.3 s"),
        (Fault(status=404, body="hunter2"), "HTTP 404 Not Found"),
        (Fault(status=599, body="hunter2"), "HTTP 599"),
        (Fault(status=304), "HTTP 304 Not Modified"),
        (Fault(status=302), "a redirect to nowhere"),
    ],
)
async def test_what_goes_wrong_on_the_way_is_said_in_words(web: FakeWeb, fault: Fault, reason: str) -> None:
    web.pages["/"] = fault
    assert str(await why(web.url(), within=0.3 if fault == silent() else 20)) == reason


async def test_what_does_not_speak_http_or_nothing_that_listens_is_said_in_words() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        assert str(await why(f"http://127.0.0.1:{port}/")) == "what answers does not speak HTTP"
        assert str(await why(f"https://127.0.0.1:{port}/")) == "no TLS connection with it"
    assert str(await why(f"http://127.0.0.1:{port}/")) == "no connection: Connection refused"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("999999999", 86400),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("٣", None),
    ],
)
async def test_a_server_can_say_when_to_come_again(web: FakeWeb, value: str, seconds: float | None) -> None:
    web.pages["/"] = Page(status=503, headers={"Retry-After": value})
    failed = await why(web.url())
    assert (failed.status, failed.retry_after) == (503, seconds)


async def test_a_server_can_say_when_to_come_again_as_a_date(web: FakeWeb) -> None:
    for hours, seconds in ((2, 7200), (-2, 0), (99, 86400)):
        until = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
        web.pages["/"] = Page(status=429, headers={"Retry-After": until})
        assert (await why(web.url())).retry_after == pytest.approx(seconds, abs=60)
    web.pages["/"] = Page(status=429, headers={"Retry-After": f"Fri, 20 Nov 2020 01:00:00 +{'9' * 30}"})
    assert (await why(web.url())).retry_after is None


async def test_three_redirects_are_followed_and_no_fourth(web: FakeWeb) -> None:
    for number in range(4):
        web.pages[f"/{number}"] = Page(status=(301, 302, 307, 308)[number], headers={"Location": f"{number + 1}"})
    web.pages["/4"] = Page(b"# ArXiv")
    assert (await fetch(web.url("/1"), private=True)).url == web.url("/4")
    assert str(await why(web.url("/0"))) == "more than 3 redirects"


@pytest.mark.parametrize(
    "location",
    [
        *(
            "file:///etc/passwd",
            "ftp://example.org/",
            "gopher://127.0.0.1/",
            "javascript:alert(1)",
            "data:text/plain,x",
        ),
        *("http://user:hunter2@127.0.0.1/", "http://[::1", "http://127.0.0.1:99999/", "https:///x"),
        f"http://{'a' * 70}.example/",
    ],
)
async def test_a_redirect_to_what_is_no_web_address_is_refused(web: FakeWeb, location: str) -> None:
    web.pages["/"] = Page(status=302, headers={"Location": location})
    failed = await why(web.url())
    assert "hunter2" not in str(failed)
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.org/d.md", "not an https address; PAPERWIRE_PRIVATE_SOURCES=allow allows http too"),
        ("https://example.org:8443/d.md", "on a port of its own; PAPERWIRE_PRIVATE_SOURCES=allow allows that"),
        ("ftp://example.org/d.md", "not a web address; those begin with https://"),
        ("https:///d.md", "not a web address; those begin with https://"),
        ("https://[::1/d.md", "not a web address"),
    ],
)
async def test_an_address_of_another_kind_is_refused_before_anything_is_sent(url: str, reason: str) -> None:
    with pytest.raises(FetchError) as caught:
        await fetch(url)
    assert str(caught.value) == reason


async def test_an_address_with_a_password_is_refused_without_saying_it() -> None:
    for url in ("https://user:hunter2@example.org/", "https://hunter2@example.org/", "https://:hunter2@example.org/"):
        with pytest.raises(FetchError, match="user name or a password") as caught:
            await fetch(url)
        assert "hunter2" not in str(caught.value)


def test_what_is_shown_of_an_address_tells_its_query_from_another_and_not_what_it_says() -> None:
    plain, one, other = (shown(checked(f"https://example.org/d{each}")) for each in ("#x", "?key=hunter2", "?key=3"))
    assert plain == "https://example.org/d"
    assert one.startswith("https://example.org/d?~")
    assert "hunter2" not in one
    assert one != other


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for 127.0.0.1, signed by itself, in one file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    (tmp_path / "certificate.pem").write_bytes(pem)
    return tmp_path / "certificate.pem"


async def test_a_redirect_from_https_to_http_is_refused_and_so_is_a_certificate_that_nobody_signed(
    web: FakeWeb, certificate: Path
) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    web.pages["/d.md"] = Page(b"# ArXiv")
    trusting = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=certificate))
    async with FakeWeb(tls=server) as safe, aiohttp.ClientSession(connector=trusting, auto_decompress=False) as session:
        safe.pages["/up"] = Page(status=302, headers={"Location": "/d.md"})
        safe.pages["/down"] = Page(status=302, headers={"Location": web.url("/d.md")})
        safe.pages["/d.md"] = Page(b"# ArXiv")
        assert (await fetch(safe.url("/up"), private=True, session=session)).text == "# ArXiv"
        with pytest.raises(FetchError, match="a redirect from https to http"):
            await fetch(safe.url("/down"), private=True, session=session)
        assert str(await why(safe.url("/d.md"))) == "its certificate is not good: self-signed certificate"
    assert web.asked == []


@pytest.fixture
async def planted() -> AsyncIterator[FakeWeb]:
    """Yield a server that no form of an address may lead to."""
    async with FakeWeb("127.0.0.1", "::1") as fake:
        fake.pages["/"] = Page(b"# ArXiv")
        yield fake


async def test_no_form_of_a_private_address_reaches_anything(planted: FakeWeb) -> None:
    assert len(set(FORMS)) >= 40
    async with guarded() as session:
        reached = [form for form in FORMS if await reads(session, planted.url(host=form))]
    assert (reached, planted.asked) == ([], [])


async def test_without_the_guard_the_same_forms_do_reach_it(planted: FakeWeb) -> None:
    async with guarded(OWN.__contains__) as session:  # nothing leaves the machine here either
        reached = [form for form in FORMS if await reads(session, planted.url(host=form))]
    assert {"127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "127。0。0。1", "①②⑦.0.0.1"} <= set(reached)
    assert len(planted.asked) == len(reached)


@pytest.mark.parametrize("form", FORMS)
async def test_an_operator_who_did_not_allow_it_is_told_why_a_private_address_is_not_read(form: str) -> None:
    with pytest.raises(FetchError) as caught:
        await fetch(f"https://{form}/", within=5)
    assert re.match("leads into a private network|not a web address|the name of its host", str(caught.value))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "169.254.169.254"])
async def test_a_name_that_resolves_to_a_private_address_reaches_nothing(planted: FakeWeb, address: str) -> None:
    names = Names((address, planted.port))
    async with guarded(resolver=names) as session:
        with pytest.raises(FetchError, match="leads into a private network"):
            await fetch("https://papers.example/", session=session)
    assert names.asked == 1
    assert planted.asked == []


async def test_a_name_that_resolves_to_a_private_address_the_second_time_reaches_nothing(planted: FakeWeb) -> None:
    """127.0.0.2 stands for a public address: nothing leaves the machine."""
    async with FakeWeb("127.0.0.2") as public:
        public.pages["/"] = Page(b"# ArXiv")
        names = Names(("127.0.0.2", public.port), ("127.0.0.1", planted.port))
        async with guarded(lambda host: host == "127.0.0.2", names) as session:
            assert (await fetch("http://papers.example/", private=True, session=session)).text == "# ArXiv"
            with pytest.raises(FetchError, match="leads into a private network"):
                await fetch("http://papers.example/", private=True, session=session)
    assert (names.asked, planted.asked) == (2, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"])
async def test_a_redirect_into_a_private_network_reaches_nothing(planted: FakeWeb, host: str) -> None:
    async with FakeWeb("127.0.0.2") as public, guarded(lambda each: each == "127.0.0.2") as session:
        public.pages["/"] = Page(status=302, headers={"Location": planted.url(host=host)})
        with pytest.raises(FetchError, match="leads into a private network"):
            await fetch(public.url(), private=True, session=session)
        assert len(public.asked) == 1
        assert planted.asked == []
    async with FakeWeb("127.0.0.2") as public, guarded(anywhere) as session:
        public.pages["/"] = Page(status=302, headers={"Location": planted.url(host="127.0.0.1")})
        assert await reads(session, public.url())
    assert len(planted.asked) == 1


def test_public_addresses_are_public_and_the_edges_of_private_ones_too() -> None:
    public: Sequence[str] = (
        *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255"),
        *("172.32.0.0", "169.253.255.255", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"),
        *("223.255.255.255", "2606:4700::1111", "2a04:4e42::645", "2001:200::1", "2003::1", "2620:fe::fe"),
    )
    assert [each for each in public if not is_public(each)] == []
