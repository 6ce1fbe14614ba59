"""Many workspaces over HTTP, from the installation to its end: the whole adapter, the real SDK, a Slack on loopback."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

import aiohttp
import pytest
from cryptography.fernet import Fernet

from adapters.slack import Adapter
from adapters.slack.manifest import EVENTS_PATH, REDIRECT_PATH
from adapters.slack.oauth import INSTALL_PATH
from bot import daily, delivery
from bot.config import Settings
from bot.model import Destination, Digest, Following, Paper
from bot.ports import Store
from bot.search.grammar import parse
from bot.service import offer, respond
from tests.fakes.slack import FakeSlack, Install
from tests.test_slack_blocks import texts

pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

KEY = Fernet.generate_key().decode()
FRIDAY = date(2020, 11, 20)
DIGEST = Digest("friday.md", "cs.CV", FRIDAY, (Paper("2011.00001", "Lidar point clouds", "We scan roads."),))


@dataclass
class Service:
    slack: FakeSlack
    store: Store
    base: str
    adapter: Adapter
    later: timedelta = timedelta()

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.later

    async def install(self, team: str, *, org_wide: bool = False) -> str:
        """Install into a workspace as a person does it in a browser, and return the page at the end."""
        self.slack.oauth.consenting = Install(team=team, org_wide=org_wide)
        # The cookie is for https only, which a proxy speaks; so it is carried by hand.
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
            async with browser.get(self.base + INSTALL_PATH, allow_redirects=False) as begun:
                cookies = {name: morsel.value for name, morsel in begun.cookies.items()}
            async with browser.get(begun.headers["Location"], allow_redirects=False) as allowed:
                back = allowed.headers["Location"]
            async with browser.get(back, cookies=cookies) as ended:
                assert ended.status == 200
                return await ended.text()

    async def deliver(self) -> delivery.Tally:
        return await delivery.deliver(self.store, {"slack": self.adapter}, self.clock)


@pytest.fixture
async def service(store: Store) -> AsyncIterator[Service]:
    async with FakeSlack() as slack, _running(slack, store) as made:
        yield made


@asynccontextmanager
async def _running(slack: FakeSlack, store: Store) -> AsyncIterator[Service]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(
        slack_api=slack.api,
        slack_signing_secret=slack.signing_secret,
        slack_client_id=slack.oauth.client_id,
        slack_client_secret=slack.oauth.client_secret,
        slack_listen=f"127.0.0.1:{port}",
        secret_key=KEY,
    )
    base = f"http://{settings.slack_listen}"
    slack.http_target, slack.oauth.redirect_uri = base + EVENTS_PATH, base + REDIRECT_PATH
    async with Adapter.open(settings, store.ledger("slack", [KEY])) as adapter:
        task = asyncio.create_task(adapter.run(lambda call: respond(call, store), partial(offer, store=store)))
        made = Service(slack, store, base, adapter)
        await _listening(port)
        try:
            yield made
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _listening(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            _, line = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            assert time.monotonic() < end, "nothing listens"
            await asyncio.sleep(0.01)
        else:
            line.close()
            await line.wait_closed()
            return


async def test_each_workspace_has_its_own_token_people_and_messages(service: Service) -> None:
    slack, store = service.slack, service.store
    slack.workspace("T2").channel("C1")
    slack.teams["T2"].user("U1")
    for team in ("T1", "T2"):
        assert "/papers help" in await service.install(team)
    told = await slack.answered(await slack.slash("subscribe lidar", team="T1"))
    other = await slack.answered(await slack.slash("subscriptions", team="T2"))
    assert "Subscribed to lidar, number 1 of yours." in texts(told.blocks)
    assert "You have no subscriptions" in texts(other.blocks)

    await store.follow(Following(Destination("slack", "T2", "C1")))
    await daily.take_in(DIGEST, store, service.clock())
    assert await service.deliver() == delivery.Tally(sent=2)
    assert {(each.team, each.channel) for each in slack.posts if not each.thread_ts} == {("T1", "DU1"), ("T2", "C1")}
    assert {call.token for call in slack.calls if call.method == "chat.postMessage"} == {
        slack.teams["T1"].token,
        slack.teams["T2"].token,
    }


async def test_who_removes_the_app_hears_no_more_of_it_and_finds_everything_again_within_a_week(
    service: Service,
) -> None:
    slack, store = service.slack, service.store
    ada = Destination("slack", "T1", "@U1")
    await service.install("T1")
    await store.subscribe(ada, parse("lidar"), service.clock())
    await slack.uninstall("T1")
    await daily.take_in(DIGEST, store, service.clock())

    assert await service.deliver() == delivery.Tally()
    assert await store.erase(service.clock() + timedelta(days=6)) == 0
    slack.ahead += 60
    await service.install("T1")
    assert await service.deliver() == delivery.Tally(sent=1)
    assert [each.query for each in await store.subscriptions(ada)] == ["lidar"]


async def test_a_week_after_the_app_was_removed_nothing_is_left_of_the_workspace(service: Service) -> None:
    ada = Destination("slack", "T1", "@U1")
    await service.install("T1")
    await service.store.subscribe(ada, parse("lidar"), service.clock())
    await service.slack.revoke_tokens("T1")
    await service.slack.uninstall("T1")

    assert await service.store.erase(service.clock() + timedelta(days=8)) == 1
    assert await service.store.subscriptions(ada) == ()


async def test_peoples_own_tokens_are_no_reason_to_leave(service: Service) -> None:
    await service.install("T1")
    await service.slack.revoke_tokens("T1", users=["U1"])

    assert "search QUERY" in texts((await service.slack.answered(await service.slack.slash("help"))).blocks)


async def test_a_workspace_without_the_app_is_told_so(service: Service) -> None:
    ack = await service.slack.slash("help")

    assert "not installed" in f"{ack.body} {ack.text} {[each.body for each in service.slack.responses]}"


async def test_installed_for_an_organisation_it_speaks_in_each_of_its_workspaces(service: Service) -> None:
    slack, store = service.slack, service.store
    for team in ("T1", "T2"):
        slack.workspace(team, enterprise="E1").channel("C1")
        slack.teams[team].user("U1")
    await service.install("T1", org_wide=True)
    for team in ("T1", "T2"):
        told = await slack.answered(await slack.slash("subscribe lidar", team=team))
        assert "Subscribed to lidar, number 1 of yours." in texts(told.blocks)
    await daily.take_in(DIGEST, store, service.clock())

    assert await service.deliver() == delivery.Tally(sent=2)
    assert {each.team for each in slack.posts} == {"T1", "T2"}


async def test_installed_workspaces_are_known_after_a_restart(service: Service) -> None:
    await service.install("T1")
    async with _running(service.slack, service.store):
        told = await service.slack.answered(await service.slack.slash("status"))

    assert "No digest has been taken in yet." in texts(told.blocks)
