"""A web address as a source of digests: what it gives, what it remembers, what it says of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import adapters
from bot.config import Settings
from bot.model import UserError
from bot.ports import Document, Ledger, Source, Store
from tests.fakes.web import FakeWeb, Page

OPEN = Settings(database="sqlite:///unused", private_sources="allow")


@pytest.fixture
async def web() -> AsyncIterator[FakeWeb]:
    async with FakeWeb() as fake:
        yield fake


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.ledger("sources")


async def texts(source: Source) -> list[str]:
    found = [document async for document in source.documents()]
    assert {document.source for document in found} <= {source.address}
    return [document.error or document.text for document in found]


@pytest.mark.parametrize(
    ("header", "value", "condition"),
    [
        ("ETag", '"1"', "If-None-Match"),
        ("Last-Modified", "Fri, 20 Nov 2020 01:00:00 GMT", "If-Modified-Since"),
    ],
)
async def test_a_document_is_given_once_and_again_only_when_it_changed(
    web: FakeWeb, ledger: Ledger, header: str, value: str, condition: str
) -> None:
    web.pages["/d.md"] = Page(b"first", headers={header: value})
    source = adapters.source(web.url("/d.md"), OPEN, ledger)
    assert await texts(source) == ["first"]
    assert await texts(source) == []
    # What is remembered outlives the process.
    assert await texts(adapters.source(web.url("/d.md"), OPEN, ledger)) == []
    assert [each.headers.get(condition) for each in web.asked] == [None, value, value]
    web.pages["/d.md"] = Page(b"second", headers={header: f"other {value}"})
    assert await texts(source) == ["second"]


async def test_a_server_without_validators_is_read_again_and_the_same_text_given_once(
    web: FakeWeb, ledger: Ledger
) -> None:
    web.pages["/d.md"] = Page(b"first")
    source = adapters.source(web.url("/d.md"), OPEN, ledger)
    assert [await texts(source), await texts(source)] == [["first"], []]
    web.pages["/d.md"] = Page(b"second")
    assert await texts(source) == ["second"]


async def test_validators_that_are_gone_or_change_without_the_text_are_followed(web: FakeWeb, ledger: Ledger) -> None:
    source = adapters.source(web.url("/d.md"), OPEN, ledger)
    for headers in ({"ETag": '"1"'}, {"ETag": '"2"'}, {}, {"ETag": "x" * 5000}):
        web.pages["/d.md"] = Page(b"first", headers=headers)
        await texts(source)
    await texts(source)
    assert [each.headers.get("If-None-Match") for each in web.asked] == [None, '"1"', '"2"', None, None]


async def test_a_document_over_which_somebody_failed_is_given_again(web: FakeWeb, ledger: Ledger) -> None:
    web.pages["/d.md"] = Page(b"first", headers={"ETag": '"1"'})
    source = adapters.source(web.url("/d.md"), OPEN, ledger)
    async for document in source.documents():
        assert document.text == "first"
        break
    assert await texts(source) == ["first"]


async def test_two_addresses_that_differ_in_their_query_are_remembered_apart(web: FakeWeb, ledger: Ledger) -> None:
    web.pages["/d"] = Page(b"first", headers={"ETag": '"1"'})
    one, other = (adapters.source(web.url(f"/d?key=hunter{number}"), OPEN, ledger) for number in range(2))
    assert [await texts(one), await texts(other), await texts(one)] == [["first"], ["first"], []]
    assert one.address != other.address
    assert "hunter" not in one.address
    assert [each.path for each in web.asked] == ["/d?key=hunter0", "/d?key=hunter1", "/d?key=hunter0"]


async def test_without_a_ledger_everything_is_read_each_time(web: FakeWeb) -> None:
    web.pages["/d.md"] = Page(b"first", headers={"ETag": '"1"'})
    source = adapters.source(web.url("/d.md"), OPEN)
    assert [await texts(source), await texts(source)] == [["first"], ["first"]]
    assert len(source) == 1


async def test_what_cannot_be_read_is_an_error_each_time_and_loses_nothing(web: FakeWeb, ledger: Ledger) -> None:
    source = adapters.source(web.url("/d.md?key=hunter2"), OPEN, ledger)
    assert [await texts(source), await texts(source)] == [["HTTP 404 Not Found"], ["HTTP 404 Not Found"]]
    web.pages["/d.md"] = Page(b"first")
    assert await texts(source) == ["first"]


async def test_a_server_that_says_when_to_come_again_is_not_asked_before(web: FakeWeb, ledger: Ledger) -> None:
    web.pages["/d.md"] = Page(status=503, headers={"Retry-After": "3600"})
    source = adapters.source(web.url("/d.md"), OPEN, ledger)
    assert [await texts(source), await texts(source)] == [["HTTP 503 Service Unavailable"]] * 2
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://example.org/d.md", "http://example.org/d.md is not an https address; PAPERWIRE_PRIVATE_SOURCES=allow"),
        ("https://example.org:444/d.md", "on a port of its own"),
        ("https://user:hunter2@example.org/d.md", r"https://\.\.\.@example.org/d.md is a web address with a user name"),
        ("https://user:hun/ter2@example.org:x/d.md?key=hunter2", r"https://\.\.\.@example.org:x/d.md is not a web"),
        ("https://[example.org/?key=hunter2", "not a web address"),
        ("https:example.org", "not a web address"),
        ("ftp://user:hunter2@example.org/d.md", "ftp:// is no address of digests"),
        ("git:/nowhere", "git:/nowhere: there is no git checkout"),
        ("/nowhere", "/nowhere: there is no such file or folder"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_with_what_to_write(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        adapters.source(address, Settings(database="sqlite:///unused"))
    assert "hunter" not in str(caught.value)
    assert "ter2" not in str(caught.value)


def test_an_https_address_is_a_source_without_any_setting() -> None:
    source = adapters.source("https://example.org/d.md")
    assert source.address == "https://example.org/d.md"


async def test_a_private_address_is_an_error_that_names_the_setting() -> None:
    source = adapters.source("https://127.0.0.1/d.md")
    (document,) = [each async for each in source.documents()]
    assert document == Document(
        "https://127.0.0.1/d.md",
        error="leads into a private network; PAPERWIRE_PRIVATE_SOURCES=allow allows that",
    )
