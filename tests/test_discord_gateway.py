"""The gateway as the product keeps it, with the real discord.py over a gateway on loopback."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import discord
import pytest

from adapters.discord import Adapter, gateway
from adapters.discord.gateway import Backoff, Gateway, Health
from adapters.discord.invalid import InvalidRequests
from bot.config import Settings, SettingsError
from bot.model import Call, Destination, Reply, Suggestion, Text
from bot.ports import DeliveryError, Ledger, Store
from tests.fakes.discord import FakeDiscord, Fault, Guild, broken, limited, refused
from tests.fakes.discord_messages import Json
from tests.fakes.discord_payloads import user
from tests.fakes.discord_permissions import ASKED

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
QUICK = Backoff(first=0.01, longest=0.05)


@pytest.fixture
def server(discord: FakeDiscord) -> FakeDiscord:
    """Return a Discord whose gateway need not be waited for."""
    discord.gateway.spacing = 0.0
    return discord


@pytest.fixture
def attic(server: FakeDiscord) -> Guild:
    """Return a server that is on another one of two shards than home."""
    return server.guild("Attic", id=server.home.id ^ 1 << 22)


def interaction(server: FakeDiscord, number: int) -> Json:
    return {
        "id": str(number),
        "application_id": str(server.world.bot.id),
        "type": 2,
        "token": f"token-{number}",
        "version": 1,
        "data": {"id": "1", "name": "papers", "type": 1, "options": []},
        "locale": "en-US",
        "user": user(server.ada),
        "app_permissions": "2048",
        "entitlements": [],
        "attachment_size_limit": 10_485_760,
        "context": 1,
        "authorizing_integration_owners": {"0": "0"},
        "channel_id": "9400",
        "channel": {"id": "9400", "type": 1, "recipients": [user(server.ada)]},
    }


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.ledger("discord")


@dataclass
class Kept:
    """A gateway that is kept up: what it heard, and its clients."""

    ledger: Ledger
    heartbeat_timeout: float = 50.0
    now: datetime = NOW
    heard: list[int] = field(default_factory=list)
    made: list[Gateway] = field(default_factory=list)
    health: Health = field(default_factory=Health)
    slow: asyncio.Event | None = None
    fails: bool = False

    async def hear(self, heard: discord.Interaction[Any]) -> None:
        if self.slow is not None:
            await self.slow.wait()
        self.heard.append(heard.id)
        if self.fails:
            raise ZeroDivisionError

    def make(self) -> Gateway:
        guard = InvalidRequests(lambda: self.now)
        made = Gateway(self.hear, self.ledger, guard, lambda: self.now, heartbeat_timeout=self.heartbeat_timeout)
        self.made.append(made)
        return made

    async def keep(self, server: FakeDiscord) -> None:
        spacing = server.gateway.spacing * 1.5
        await gateway.keep(self.make, server.token, health=self.health, backoff=QUICK, spacing=spacing)


@asynccontextmanager
async def kept(kept: Kept, server: FakeDiscord) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(kept.keep(server))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def logged(caplog: pytest.LogCaptureFixture, event: str) -> list[logging.LogRecord]:
    return [each for each in caplog.records if each.getMessage() == event]


async def test_an_interaction_is_heard_with_no_intent_but_servers(server: FakeDiscord, ledger: Ledger) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: here.heard)
        await server.until(here.made[0].is_ready)
    assert here.heard == [1]
    [identified] = server.gateway.identifies
    assert (identified.shard, identified.shards, identified.intents, identified.presence) == (0, 1, 1, None)


async def test_refused_handshakes_are_waited_out_and_logged_once(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    server.gateway.refuse(4)
    server.gateway.refuse(3, abort=True)
    here = Kept(ledger)
    with caplog.at_level(logging.INFO):
        async with kept(here, server):
            await server.connected()
            await server.until(lambda: here.health.up)
    assert server.gateway.refused == 7
    assert len(server.gateway.identifies) == 1
    refusals = [getattr(each, "code", "") for each in logged(caplog, "gateway_refused")]
    assert len(refusals) == len(set(refusals)) == 2
    assert len(logged(caplog, "gateway_connected")) == 1
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_a_line_that_is_cut_is_resumed_and_nothing_is_lost(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    here = Kept(ledger)
    with caplog.at_level(logging.INFO):
        async with kept(here, server):
            await server.connected()
            await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
            await server.until(lambda: here.heard)
            server.gateway.refuse(2)
            assert server.gateway.cut() == 1
            await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 2))
            await server.connected()
            await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 3))
            await server.until(lambda: len(here.heard) >= 3)
    assert here.heard == [1, 2, 3]
    assert (len(server.gateway.identifies), len(server.gateway.resumes)) == (1, 1)
    assert len(logged(caplog, "gateway_lost")) == 2  # the second is the end of the test
    assert [getattr(each, "shard", None) for each in logged(caplog, "gateway_rebuilt")] == [0]
    assert server.token not in caplog.text


async def test_a_session_that_is_refused_again_and_again_gives_way_to_a_new_one(
    server: FakeDiscord, ledger: Ledger
) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        server.gateway.refuse(3)
        server.gateway.cut()
        await server.until(lambda: len(server.gateway.identifies) == 2)
        await server.connected()
    assert server.gateway.resumes == []


async def test_discord_asks_for_a_reconnect_and_the_session_goes_on(server: FakeDiscord, ledger: Ledger) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        await server.gateway.reconnect()
        await server.until(lambda: server.gateway.resumes)
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: here.heard)
    assert len(server.gateway.identifies) == 1
    assert len(here.made) == 1


@pytest.mark.parametrize(("resumable", "resumes", "identifies"), [(True, 1, 1), (False, 0, 2)])
async def test_an_invalid_session_is_resumed_only_where_discord_says_so(
    resumable: bool, resumes: int, identifies: int, server: FakeDiscord, ledger: Ledger
) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        await server.gateway.invalidate(resumable=resumable)
        await server.until(
            lambda: len(server.gateway.resumes) == resumes and len(server.gateway.identifies) == identifies
        )
        await server.connected()
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: here.heard)
    assert here.heard == [1]


async def test_a_session_that_discord_forgot_is_begun_anew(server: FakeDiscord, ledger: Ledger) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        server.gateway._sessions.clear()
        server.gateway.cut()
        await server.until(lambda: len(server.gateway.identifies) == 2)
        await server.connected()
    assert len(server.gateway.resumes) == 1


async def test_a_line_without_heartbeats_is_given_up_and_resumed(server: FakeDiscord, ledger: Ledger) -> None:
    server.gateway.heartbeat = 0.1
    here = Kept(ledger, heartbeat_timeout=0.4)
    async with kept(here, server):
        await server.connected()
        server.gateway.deaf = True
        await server.until(lambda: server.gateway.opened == 2)
        server.gateway.deaf = False
        await server.until(lambda: server.gateway.resumes)
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: here.heard)
    assert len(server.gateway.identifies) == 1


async def test_a_line_that_leads_nowhere_is_given_up_and_resumed(server: FakeDiscord, ledger: Ledger) -> None:
    here = Kept(ledger, heartbeat_timeout=0.3)
    async with kept(here, server):
        await server.connected()
        server.gateway.blackhole()
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: server.gateway.resumes)
        await server.until(lambda: here.heard)
    assert here.heard == [1]


async def test_hang_ups_cost_no_session(server: FakeDiscord, ledger: Ledger) -> None:
    server.gateway.hangs_up(8)
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
    assert server.gateway.refused == 8
    assert len(server.gateway.identifies) == 1
    assert server.gateway.session_start_limit["remaining"] == 999


async def test_nobody_identifies_while_few_sessions_are_left(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    server.gateway.session_start_limit |= {"remaining": 3, "reset_after": 100}
    async with kept(Kept(ledger), server):
        await server.until(lambda: len(logged(caplog, "identify_waits")) == 1)
        assert server.gateway.identifies == []
        server.gateway.session_start_limit["remaining"] = 1000
        await server.connected()
    assert len(server.gateway.identifies) == 1


async def test_sessions_that_end_at_once_do_not_use_up_those_of_the_day(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    async with kept(Kept(ledger), server):
        while not logged(caplog, "identify_waits"):
            await server.connected()
            await server.gateway.invalidate()
            await server.until(lambda: server.gateway.live() or logged(caplog, "identify_waits"))
    assert len(server.gateway.identifies) == 21
    assert 90 <= logged(caplog, "identify_waits")[0].__dict__["seconds"] <= 97


async def test_a_wrong_token_is_said_with_where_to_get_one(server: FakeDiscord, ledger: Ledger) -> None:
    with pytest.raises(SettingsError, match=r"PAPERWIRE_DISCORD_TOKEN.*Reset Token") as caught:
        await gateway.keep(Kept(ledger).make, "MTAw.wrong")
    assert "MTAw" not in str(caught.value)
    assert [each.path for each in server.requests] == ["/users/@me"]


async def test_a_token_that_is_reset_ends_it(server: FakeDiscord, ledger: Ledger) -> None:
    here = Kept(ledger)
    async with kept(here, server) as task:
        await server.connected()
        server.world.token = "MTAw.other"
        await server.gateway.close(4004)
        with pytest.raises(SettingsError, match="PAPERWIRE_DISCORD_TOKEN"):
            await asyncio.wait_for(task, 20)
    assert here.made[0].is_closed()
    assert here.health == Health(1, 0)


async def test_a_token_that_is_reset_between_two_lines_ends_it(server: FakeDiscord, ledger: Ledger) -> None:
    async with kept(Kept(ledger), server) as task:
        await server.connected()
        server.world.token = "MTAw.other"
        await server.gateway.invalidate()
        with pytest.raises(SettingsError, match="PAPERWIRE_DISCORD_TOKEN"):
            await asyncio.wait_for(task, 20)


@pytest.mark.parametrize("reset", [True, False])
async def test_a_token_that_is_reset_ends_it_also_where_only_a_delivery_meets_that(
    server: FakeDiscord, ledger: Ledger, *, reset: bool
) -> None:
    settings = Settings(discord_api=server.api, discord_token=server.token)
    to = Destination("discord", str(server.home.id), str(server.papers.id))
    async with Adapter.open(settings, ledger) as adapter:
        running = asyncio.ensure_future(adapter.run(_silence, _nothing))
        await server.connected()
        await server.until(lambda: server.commands)
        if reset:
            server.world.token = "MTAw.other"
        else:
            server.fail("GET", f"/channels/{server.papers.id}", refused(401, 0))
        with pytest.raises(DeliveryError, match="unauthorized"):
            await adapter.post(to, Reply(Text("Good morning")), key="1", uncertain=False)
        if reset:
            with pytest.raises(SettingsError, match="PAPERWIRE_DISCORD_TOKEN"):
                await asyncio.wait_for(running, 20)
        else:  # a slip of Discord's
            await server.until(lambda: server.requests[-1].path == "/users/@me")
            assert server.requests[-1].status == 200
            await asyncio.wait([running], timeout=0.1)
            assert running.cancel()
            await asyncio.wait([running])


async def _silence(_: Call) -> Reply:
    return Reply()


async def _nothing(_: Call, __: str, ___: str) -> tuple[Suggestion, ...]:
    return ()


async def test_refused_intents_end_it(server: FakeDiscord, ledger: Ledger) -> None:
    server.gateway.intents = 0
    with pytest.raises(SettingsError, match="4014"):
        await Kept(ledger).keep(server)


async def test_each_shard_stands_and_falls_by_itself(server: FakeDiscord, attic: Guild, ledger: Ledger) -> None:
    server.gateway.shards = 2
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected(2)
        assert sorted(each.shard for each in server.gateway.identifies) == [0, 1]
        await server.until(lambda: here.health.up == 2)
        server.gateway.cut(1)
        for number, guild in enumerate((server.home, attic), 1):
            await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, number), guild_id=guild.id)
        await server.until(lambda: len(here.heard) == 2)
        await server.until(lambda: len(here.made[0].guilds) == 2)
    assert [each.shard for each in server.gateway.resumes] == [1]
    assert server.gateway.opened == 3


async def test_shards_that_discord_counts_together_identify_one_after_another(
    server: FakeDiscord, ledger: Ledger
) -> None:
    server.gateway.shards, server.gateway.spacing = 4, 0.2
    server.gateway.session_start_limit["max_concurrency"] = 2
    async with kept(Kept(ledger), server):
        await server.connected(4)
    assert sorted(each.shard for each in server.gateway.identifies[:2]) == [0, 1]


async def test_where_more_shards_are_needed_there_are_more(server: FakeDiscord, ledger: Ledger) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        server.gateway.shards = server.gateway.fewest_shards = 2
        await server.gateway.close(4011)
        await server.connected(2)
        await server.until(lambda: here.health == Health(2, 2))
    assert [each.is_closed() for each in here.made] == [True, True]


async def test_an_outage_of_discord_at_the_start_is_waited_out(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("GET", "/users/@me", broken(503), broken(503))
    server.fail("GET", "/gateway/bot", broken(503))
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
    assert [getattr(each, "code", "") for each in logged(caplog, "gateway_refused")] == ["http_503"]
    assert len(here.made) == 4
    assert all(each.is_closed() for each in here.made)


@dataclass(frozen=True)
class Counting(Backoff):
    """Waits hardly at all, and remembers after how many failures."""

    asked: list[int] = field(default_factory=list)

    def after(self, failed: int) -> float:
        self.asked.append(failed)
        return 0.001


@pytest.mark.parametrize("fault", [broken(503), limited(via=False)], ids=["an outage", "a ban"])
async def test_a_gateway_that_cannot_be_asked_for_is_asked_for_less_and_less_often(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    server.fail("GET", "/gateway/bot", fault, forever=True)
    backoff = Counting()
    task = asyncio.create_task(gateway.keep(Kept(ledger).make, server.token, backoff=backoff))
    await server.until(lambda: len(backoff.asked) >= 4)
    task.cancel()
    await asyncio.wait([task])
    assert backoff.asked[:4] == [1, 2, 3, 4]
    assert len(logged(caplog, "gateway_refused")) == 1


async def test_what_the_library_cannot_read_is_a_bug_that_ends_nothing(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        await server.gateway.dispatch("GUILD_DELETE", {"no": "id"})
        await server.until(lambda: len(server.gateway.identifies) == 2)
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: here.heard)
    assert len(logged(caplog, "bug")) == 1
    assert server.gateway.resumes == []


async def test_a_line_that_cannot_be_set_up_is_closed(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    server.gateway.babbles(3)
    async with kept(Kept(ledger), server):
        await server.connected()
        await server.until(lambda: len(server.gateway.connections) == 1)
    assert server.gateway.opened == 4
    assert len(server.gateway.identifies) == 1
    assert len(logged(caplog, "bug")) == 1


async def test_what_fails_in_an_answer_is_logged_once_and_ends_nothing(
    server: FakeDiscord, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    here = Kept(ledger, fails=True)
    async with kept(here, server):
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 2))
        await server.until(lambda: len(here.heard) == 2)
        await server.until(lambda: len(logged(caplog, "bug")) == 2)
    assert server.gateway.opened == 1


async def becomes(store: Store, guild: Guild, code: str) -> None:
    """Wait until a server is closed with a code, or open."""
    for _ in range(4000):
        if await closed(store, guild) == code:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"{guild.name} is {await closed(store, guild) or 'open'}")


async def closed(store: Store, guild: Guild) -> str:
    found = await store.paused(Destination("discord", str(guild.id), "300"))
    return found.code if found else ""


async def test_a_server_that_removes_the_bot_is_closed_and_erased_in_seven_days(
    server: FakeDiscord, store: Store, ledger: Ledger
) -> None:
    async with kept(Kept(ledger), server):
        await server.connected()
        await server.removed_from(server.home)
        await becomes(store, server.home, "removed")
    assert await store.erase(NOW + timedelta(days=6, hours=23)) == 0
    assert await store.erase(NOW + timedelta(days=7)) == 1


async def test_an_outage_of_a_server_is_no_removal(server: FakeDiscord, store: Store, ledger: Ledger) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        await server.outage(server.home)
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: here.heard)
    assert await closed(store, server.home) == ""
    assert await store.erase(NOW + timedelta(days=365)) == 0


async def test_an_outage_of_a_server_during_a_start_is_no_removal(
    server: FakeDiscord, store: Store, ledger: Ledger
) -> None:
    await ledger.put("guilds", f"application/{server.world.bot.id}", str(server.home.id))
    server.gateway._guilds = lambda _shard, _shards: [{"id": str(server.home.id), "unavailable": True}]
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        await server.until(lambda: here.made[0].get_guild(server.home.id))
        await server.until(here.made[0].is_ready)
    assert await closed(store, server.home) == ""


@pytest.mark.parametrize("settled", [True, False])
async def test_a_server_that_has_the_bot_again_is_open_again(
    settled: bool, server: FakeDiscord, store: Store, ledger: Ledger
) -> None:
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected()
        if settled:  # until then discord.py takes every server for one that was there before
            await server.until(here.made[0].is_ready)
        await server.removed_from(server.home)
        await becomes(store, server.home, "removed")
        await server.added_to(server.home)
        await becomes(store, server.home, "")


async def test_what_changed_while_nothing_ran_is_found_at_the_next_start(
    server: FakeDiscord, attic: Guild, store: Store, ledger: Ledger
) -> None:
    bot = server.world.bot
    for there, codes in (
        ([server.home, attic], ("", "")),
        ([attic], ("removed", "")),
        ([], ("removed", "removed")),
        ([server.home], ("", "removed")),
    ):
        for each in (server.home, attic):
            each.members.pop(bot.id, None)
            if each in there:
                each.join(bot, permissions=ASKED)
        async with kept(Kept(ledger), server):
            await server.connected()
            for each, code in zip((server.home, attic), codes, strict=True):
                await becomes(store, each, code)
        assert (await closed(store, server.home), await closed(store, attic)) == codes


async def test_what_changed_before_a_new_session_is_found_with_it(
    server: FakeDiscord, attic: Guild, store: Store, ledger: Ledger
) -> None:
    server.gateway.shards = 2
    here = Kept(ledger)
    async with kept(here, server):
        await server.connected(2)
        await server.until(lambda: len(here.made[0].guilds) == 2)
        del server.home.members[server.world.bot.id]
        await server.gateway.invalidate()
        await becomes(store, server.home, "removed")
        assert here.made[0].get_guild(server.home.id) is None
        server.home.join(server.world.bot, permissions=ASKED)
        await server.connected(2)
        await server.gateway.invalidate()
        await becomes(store, server.home, "")
    assert await closed(store, attic) == ""


class Counted:
    """A ledger that counts what is asked of it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self.ledger, name)


async def test_a_start_in_many_servers_writes_once_for_each_shard(server: FakeDiscord, ledger: Ledger) -> None:
    for number in range(200):
        server.guild(id=(number + 1) << 22)
    server.gateway.shards = 2
    for _ in range(2):
        counted = Counted(ledger)
        here = Kept(cast("Ledger", counted))
        async with kept(here, server):
            await server.connected(2)
            await server.until(here.made[0].is_ready)
        assert counted.asked == ["get", "put", "put"]


async def test_cancelling_lets_an_answer_finish_and_leaves_nothing_behind(server: FakeDiscord, ledger: Ledger) -> None:
    here = Kept(ledger, slow=asyncio.Event())
    before = asyncio.all_tasks()
    async with kept(here, server) as task:
        await server.connected()
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: here.made and here.made[0]._under_way)
        task.cancel()
        await server.until(lambda: not server.gateway.connections)
        assert here.slow is not None
        here.slow.set()
        await asyncio.wait([task])
    assert here.heard == [1]
    assert here.made[0].is_closed()
    assert here.health == Health(1, 0)
    await server.until(lambda: not [each for each in asyncio.all_tasks() - before if "discord" in repr(each).lower()])
    await server.until(lambda: not [each for each in threading.enumerate() if "keep-alive" in each.name])


async def test_cancelling_twice_closes_at_once(server: FakeDiscord, ledger: Ledger) -> None:
    here = Kept(ledger, slow=asyncio.Event())
    async with kept(here, server) as task:
        await server.connected()
        await server.gateway.dispatch("INTERACTION_CREATE", interaction(server, 1))
        await server.until(lambda: here.made and here.made[0]._under_way)
        task.cancel()
        await server.until(lambda: not server.gateway.connections)
        assert not here.made[0].is_closed()
    assert here.made[0].is_closed()
    assert here.heard == []


async def test_cancelling_at_any_moment_of_closing_leaves_no_connection(server: FakeDiscord, ledger: Ledger) -> None:
    for moment in range(1, 9):
        client = Kept(ledger).make()
        await client.login(server.token)
        closing = asyncio.create_task(client.close())
        for _ in range(moment):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        assert client.http.connector.closed, moment
