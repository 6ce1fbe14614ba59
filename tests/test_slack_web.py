"""The web server: the guard in front of Bolt, installing through the browser, health; all over real HTTP."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import sqlite3
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web as aiohttp_web
from cryptography.fernet import Fernet
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import manifest, oauth, web
from adapters.slack.installations import ManyWorkspaces
from bot.config import Settings, SettingsError
from bot.ports import Ledger, Store
from tests.fakes.slack import FakeSlack, Install, dropped, refused

# The SDK authenticates oauth.v2.access with what aiohttp will drop in its next major version.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
KEY = Fernet.generate_key().decode()
FORM = "application/x-www-form-urlencoded"
COMMAND = urlencode({"command": "/papers", "text": "canary", "team_id": "T1", "user_id": "U1"}).encode()


@dataclass
class Service:
    """The server under test. `seen` holds team, text and the token that the answer would be given with."""

    slack: FakeSlack
    settings: Settings
    ledger: Ledger
    client: AsyncWebClient
    now: datetime = NOW
    up: bool = True
    base: str = ""
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def application(self) -> aiohttp_web.Application:
        many = ManyWorkspaces(self.ledger, self.clock)
        app = AsyncApp(
            client=self.client,
            authorize=many.authorize,
            process_before_response=True,
            request_verification_enabled=False,
        )

        async def papers(ack: Any, command: dict[str, Any], context: Any) -> None:
            self.seen.append((command["team_id"], command["text"], context.client.token))
            await ack()

        async def mentioned(ack: Any, event: dict[str, Any], body: dict[str, Any], context: Any) -> None:
            self.seen.append((body["team_id"], event["text"], context.client.token))
            await ack()

        async def uninstalled(ack: Any, body: dict[str, Any], context: Any) -> None:
            at = datetime.fromtimestamp(body["event_time"], UTC)
            await many.uninstalled(context.team_id, context.enterprise_id, "app_uninstalled", at)
            await ack()

        app.command("/papers")(papers)
        app.event("app_mention")(mentioned)
        app.event("app_uninstalled")(uninstalled)
        states = oauth.States(self.ledger, self.clock)
        flow = oauth.flow(self.settings, self.client, many, states, ["commands", "chat:write"])
        return web.application(app, self.settings, self.ledger, self.clock, flow=flow, healthy=lambda: self.up)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        runner = aiohttp_web.AppRunner(self.application(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        await aiohttp_web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.slack.http_target = self.base + manifest.EVENTS_PATH
        self.slack.oauth.redirect_uri = self.base + manifest.REDIRECT_PATH
        try:
            yield
        finally:
            await runner.cleanup()

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None, *, at: float | None = None) -> int:
        """Send a body signed as Slack does it, but for the headers given (one that is empty is left out)."""
        signed = self.slack.sign(body, at=NOW.timestamp() if at is None else at)
        sent = {"Content-Type": FORM, **signed, **(headers or {})}
        given = {name: value for name, value in sent.items() if value}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.slack.http_target, data=io.BytesIO(body), headers=given) as answer,
        ):
            return answer.status


@dataclass
class Browser:
    """Who installs: it keeps the cookie."""

    service: Service
    cookie: str = ""

    async def get(self, url: str) -> tuple[int, str, Mapping[str, str]]:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(url, headers=headers, allow_redirects=False) as answer,
        ):
            for name, morsel in answer.cookies.items():
                self.cookie = f"{name}={morsel.value}"
            return answer.status, await answer.text(), answer.headers

    async def consent(self) -> str:
        """Begin an installation and press Allow; return the address that Slack sends one back to."""
        status, _, headers = await self.get(self.service.base + oauth.INSTALL_PATH)
        assert status == 302
        status, _, headers = await self.get(headers["Location"])
        assert status == 302
        return headers["Location"]

    async def install(self, team: str, **more: Any) -> str:
        """Install into a workspace and return the page at the end."""
        self.service.slack.oauth.consenting = Install(team=team, **more)
        status, page, _ = await self.get(await self.consent())
        assert status == 200
        return page


@pytest.fixture
async def service(store: Store) -> AsyncIterator[Service]:
    async with FakeSlack() as slack, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
        slack.ahead = NOW.timestamp() - time.time()
        settings = Settings(
            slack_api=slack.api,
            slack_signing_secret=slack.signing_secret,
            slack_client_id=slack.oauth.client_id,
            slack_client_secret=slack.oauth.client_secret,
            secret_key=KEY,
        )
        client = AsyncWebClient(base_url=slack.api, session=session, retry_handlers=[])
        made = Service(slack, settings, store.ledger("slack", [KEY]), client)
        async with made.running():
            yield made


@pytest.fixture
async def installed(service: Service) -> Service:
    await Browser(service).install("T1")
    return service


# The guard


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)])
async def test_a_signature_is_good_for_five_minutes_on_either_side(
    installed: Service, seconds: int, status: int
) -> None:
    assert await installed.post(COMMAND, at=NOW.timestamp() + seconds) == status
    assert len(installed.seen) == (status == 200)


async def test_the_same_signature_twice_is_refused_also_after_a_restart(installed: Service) -> None:
    assert [await installed.post(COMMAND), await installed.post(COMMAND)] == [200, 401]
    async with installed.running():
        assert await installed.post(COMMAND) == 401
        assert await installed.post(COMMAND, at=NOW.timestamp() + 1) == 200
    assert len(installed.seen) == 2


async def test_of_a_request_sent_many_times_at_once_one_comes_through(installed: Service) -> None:
    assert sorted(await asyncio.gather(*(installed.post(COMMAND) for _ in range(10)))) == [200, *[401] * 9]


async def test_an_event_that_slack_repeats_comes_through(installed: Service) -> None:
    await installed.slack.mention("hello", event_id="Ev1")
    installed.slack.ahead += 60
    installed.now += timedelta(seconds=60)
    await installed.slack.mention("hello", event_id="Ev1", retry=(1, "http_timeout"))
    assert len(installed.seen) == 2


@pytest.mark.parametrize(
    "headers",
    [
        *(
            {"X-Slack-Request-Timestamp": value}
            for value in ("", "abc", "9" * 400, "-1", "1e9", "１６０５", "0x1", "1 2")
        ),
        *({"X-Slack-Signature": value} for value in ("", "v0=", "v0=" + "g" * 64, "v0=" + "é" * 64, "v0=" + "0" * 400)),
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v1=" + "0" * 64},
        {"X-Slack-Signature": "", "X-Slack-Request-Timestamp": ""},
    ],
)
async def test_headers_that_slack_never_sends_are_refused(installed: Service, headers: dict[str, str]) -> None:
    assert await installed.post(COMMAND, headers) == 401
    assert installed.seen == []


async def test_a_header_that_stands_there_twice_is_refused(installed: Service) -> None:
    signed = "".join(
        f"{name}: {value}\r\n" for name, value in installed.slack.sign(COMMAND, at=NOW.timestamp()).items()
    )
    head = f"POST {manifest.EVENTS_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {FORM}\r\n"
    length = f"Content-Length: {len(COMMAND)}\r\n\r\n"
    for twice in signed.splitlines(keepends=True):
        answer = await installed.slack.wire(f"{head}{signed}{twice}{length}".encode() + COMMAND)
        assert answer.startswith(b"HTTP/1.1 401 ")
    assert (await installed.slack.wire(f"{head}{signed}{length}".encode() + COMMAND)).startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_was_changed_or_signed_by_somebody_else_is_refused(installed: Service) -> None:
    signed = installed.slack.sign(COMMAND, at=NOW.timestamp())
    assert await installed.post(COMMAND + b"&text=more", signed) == 401
    assert await installed.post(COMMAND, installed.slack.sign(COMMAND, at=NOW.timestamp(), secret="another")) == 401
    assert await installed.post(b"\xff\xfe", signed) == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "nonsense"}, 415),
        ({"Content-Encoding": "deflate"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, 200),
    ],
)
async def test_only_json_and_forms_are_read(installed: Service, headers: dict[str, str], status: int) -> None:
    # Compressed where it says so: what could not be unpacked would be refused for that.
    body = zlib.compress(COMMAND) if "Content-Encoding" in headers else COMMAND
    assert await installed.post(body, headers) == status


async def test_only_post_is_answered(installed: Service) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = await installed.slack.raw(b"", {}, method=method)
        assert answer.status == 405


async def test_a_body_above_a_mebibyte_is_not_read_however_it_is_sent(installed: Service) -> None:
    large = b"text=" + b"x" * 2_000_000
    assert await installed.post(large) == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    headers = {"Content-Type": FORM, **installed.slack.sign(large, at=NOW.timestamp())}
    async with (
        aiohttp.ClientSession() as session,
        session.post(installed.slack.http_target, data=pieces(), headers=headers) as answer,
    ):
        assert answer.status == 413


async def test_what_is_signed_and_no_object_in_json_is_a_bad_request(installed: Service) -> None:
    assert await installed.post(b'{"type":', {"Content-Type": "application/json"}) == 400
    assert await installed.post(b"payload=nonsense") == 400
    assert await installed.post(b"payload=[]") == 400
    for body in (b"[]", b"null", b'"x"', b"[" * 100_000):
        assert await installed.post(body, {"Content-Type": "application/json"}) == 400


async def test_a_refusal_is_one_line_in_the_log_without_what_was_sent(
    installed: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.clear()
    await installed.post(COMMAND, {"X-Slack-Signature": "v0=" + "0" * 64})
    await installed.post(COMMAND, {"Content-Type": "text/canary"})
    await installed.post(COMMAND, {"X-Slack-Request-Timestamp": "canary"})
    await installed.post(COMMAND + b"x" * 2_000_000)
    found = [record.__dict__.get("code") for record in caplog.records]
    assert found == ["signature", "content_type", "headers", "body_size"]
    assert "canary" not in str([record.__dict__ for record in caplog.records])


async def test_slacks_own_check_of_the_address_is_answered(installed: Service) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    headers = {"Content-Type": "application/json", **installed.slack.sign(body, at=NOW.timestamp())}
    answer = await installed.slack.raw(body, headers)
    assert (answer.status, answer.body) == (200, {"challenge": "abc"})


# Installing


async def test_an_installed_workspace_is_answered_with_its_token_until_it_uninstalls(service: Service) -> None:
    page = await Browser(service).install("T1")
    assert "installed in Team T1" in page
    assert "/papers help" in page
    token = service.slack.teams["T1"].token
    assert await ManyWorkspaces(service.ledger, service.clock).token("T1") == token
    await service.slack.slash("help")
    assert service.seen == [("T1", "help", token)]

    await service.slack.uninstall()
    refusal = await service.slack.answered(await service.slack.slash("help"))
    assert "installation" in refusal.text
    assert len(service.seen) == 1


async def test_two_workspaces_are_each_answered_with_their_own_token(service: Service) -> None:
    for team in ("T1", "T2"):
        await Browser(service).install(team)
    for team in ("T1", "T2"):
        service.slack.workspace(team).channel("C1")
        await service.slack.slash("help", team=team)
    tokens = [service.slack.teams[team].token for team in ("T1", "T2")]
    assert service.seen == [("T1", "help", tokens[0]), ("T2", "help", tokens[1])]
    assert tokens[0] != tokens[1]


async def test_an_installation_in_a_whole_organisation_speaks_in_its_workspaces(service: Service) -> None:
    for team in ("T1", "T2"):
        service.slack.workspace(team, enterprise="E1")
    page = await Browser(service).install("T1", org_wide=True)
    assert "installed in Enterprise" in page
    body = {
        "command": "/papers",
        "text": "help",
        "team_id": "T2",
        "enterprise_id": "E1",
        "is_enterprise_install": "true",
    }
    assert await service.post(urlencode(body).encode()) == 200
    ((team, _, token),) = service.seen
    assert team == "T2"
    assert await ManyWorkspaces(service.ledger, service.clock).token("T2") == token


async def test_only_the_bots_scopes_are_asked_for_whatever_the_link_adds(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SCOPES", "USER_SCOPES", "REDIRECT_URI", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"SLACK_{name}", "canary")
    async with service.running():
        browser = Browser(service)
        _, _, headers = await browser.get(f"{service.base}{oauth.INSTALL_PATH}?team=T1%26scope%3Dadmin")
        address = headers["Location"]
        _, _, headers = await browser.get(address)
        assert (await browser.get(headers["Location"]))[0] == 200
    assert address.startswith(service.slack.authorize_url)
    assert "scope=commands,chat:write&user_scope=" in address
    assert "admin" not in address
    assert "canary" not in address


async def test_the_end_of_an_installation_counts_only_in_the_browser_that_began_it(service: Service) -> None:
    begun = Browser(service)
    back = await begun.consent()
    status, page, _ = await Browser(service).get(back)
    assert status == 400
    assert "not the browser" in page
    assert service.slack.calls == []
    assert (await begun.get(back))[0] == 200


async def test_the_end_of_an_installation_counts_once_and_for_ten_minutes(service: Service) -> None:
    browser = Browser(service)
    back = await browser.consent()
    cookie = browser.cookie
    assert (await browser.get(back))[0] == 200
    browser.cookie = cookie
    status, page, _ = await browser.get(back)
    assert status == 401
    assert "used before" in page

    back = await browser.consent()
    service.now += timedelta(minutes=10)
    assert (await browser.get(back))[0] == 401


async def test_a_look_at_the_addresses_begins_and_ends_nothing(service: Service) -> None:
    for path in (oauth.INSTALL_PATH, manifest.REDIRECT_PATH):
        answer = await service.slack.raw(b"", {}, method="HEAD", url=service.base + path)
        assert answer.status == 405


async def test_who_does_not_allow_it_is_told_how_to_start_again(service: Service) -> None:
    service.slack.oauth.denied = True
    browser = Browser(service)
    _, page, _ = await browser.get(await browser.consent())
    assert "You did not allow it" in page
    assert f'href="{oauth.INSTALL_PATH}"' in page


async def test_nothing_of_the_address_comes_back_in_a_page_or_in_the_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    evil = urlencode({"error": "<script>canary</script>", "state": "canary"})
    status, page, _ = await Browser(service).get(f"{service.base}{manifest.REDIRECT_PATH}?{evil}")
    assert status == 200
    assert "canary" not in page
    assert "canary" not in str([record.__dict__ for record in caplog.records if record.name != "aiohttp.access"])


async def test_a_team_whose_name_is_markup_is_shown_as_text(service: Service) -> None:
    service.slack.workspace("<b>T9")
    assert "Team &lt;b&gt;T9" in await Browser(service).install("<b>T9")


@pytest.mark.parametrize(("fault", "status"), [(dropped(), 503), (refused("invalid_code"), 401)])
async def test_an_installation_that_slack_does_not_finish_leaves_nothing_and_no_code_in_the_log(
    service: Service, caplog: pytest.LogCaptureFixture, fault: Any, status: int
) -> None:
    browser = Browser(service)
    back = await browser.consent()
    code = back.partition("code=")[2].partition("&")[0]
    service.slack.fail("oauth.v2.access", fault)
    assert (await browser.get(back))[0] == status
    assert code not in str([record.__dict__ for record in caplog.records if record.name != "aiohttp.access"])
    assert await ManyWorkspaces(service.ledger, service.clock).async_find_bot(enterprise_id=None, team_id="T1") is None


async def test_without_a_key_nothing_is_kept_in_clear_and_the_page_names_the_line_in_the_log(
    service: Service, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    keyless = replace(service, ledger=store.ledger("slack"))
    async with keyless.running():
        browser = Browser(keyless)
        status, page, _ = await browser.get(await browser.consent())
    bug = next(record.__dict__["id"] for record in caplog.records if record.message == "bug")
    assert status == 500
    assert bug in page


# The server


async def test_health_says_whether_all_is_well_and_no_more(service: Service) -> None:
    browser = Browser(service)
    assert (await browser.get(service.base + web.HEALTH_PATH))[:2] == (200, "ok\n")
    service.up = False
    assert (await browser.get(service.base + web.HEALTH_PATH))[:2] == (503, "not connected\n")


async def test_whatever_is_answered_is_not_kept_framed_or_guessed_at(service: Service) -> None:
    for path in (web.HEALTH_PATH, oauth.INSTALL_PATH, manifest.REDIRECT_PATH, manifest.EVENTS_PATH, "/nothing"):
        _, _, headers = await Browser(service).get(service.base + path)
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert "Python" not in headers["Server"]


async def test_without_secret_and_flow_only_health_is_served(service: Service) -> None:
    served = web.application(
        AsyncApp(client=service.client, authorize=ManyWorkspaces(service.ledger, service.clock).authorize),
        Settings(),
        service.ledger,
        service.clock,
    )
    assert {route.resource.canonical for route in served.router.routes() if route.resource} == {web.HEALTH_PATH}


async def test_it_listens_until_cancelled_and_says_clearly_where_it_cannot(service: Service) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        probe.listen()
        settings = replace(service.settings, slack_listen=f"127.0.0.1:{probe.getsockname()[1]}")
        app = AsyncApp(client=service.client, authorize=ManyWorkspaces(service.ledger, service.clock).authorize)
        with pytest.raises(SettingsError, match="PAPERWIRE_SLACK_LISTEN"):
            await web.run(app, settings, service.ledger, service.clock)
    running = asyncio.create_task(web.run(app, settings, service.ledger, service.clock))
    answers: list[int] = []

    async def ask() -> None:
        while not answers and not running.done():
            with suppress(aiohttp.ClientConnectionError):
                answers.append((await Browser(service).get(f"http://{settings.slack_listen}{web.HEALTH_PATH}"))[0])

    await asyncio.wait_for(ask(), 10)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert answers == [200]
    with pytest.raises(aiohttp.ClientConnectionError):
        await Browser(service).get(f"http://{settings.slack_listen}{web.HEALTH_PATH}")


async def test_while_the_database_is_locked_requests_are_answered_in_time_and_repeats_refused(
    installed: Service, tmp_path: Path
) -> None:
    locking = sqlite3.connect(tmp_path / "paperwire.db", isolation_level=None)
    locking.execute("BEGIN IMMEDIATE")
    try:
        assert [await installed.post(COMMAND), await installed.post(COMMAND)] == [200, 401]
    finally:
        locking.execute("ROLLBACK")
        locking.close()
    assert len(installed.seen) == 1
