"""The tests' own gateway keeps the rules of Discord's, as a client meets them that does not."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_messages import Json


class Line:
    """A line to the gateway."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._unpack = zlib.decompressobj()

    async def say(self, op: int, data: Any) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def identify(self, discord: FakeDiscord, **more: Any) -> None:
        await self.say(2, {"token": discord.token, "intents": 1, "properties": {}} | more)

    async def hear(self) -> Json:
        """Return the next payload that is no acknowledged heartbeat."""
        while True:
            message = await self.socket.receive(10)
            packed = message.type is aiohttp.WSMsgType.BINARY
            said: Json = json.loads(self._unpack.decompress(message.data) if packed else message.data)
            if said["op"] != 11:
                return said

    async def events(self, count: int) -> list[str]:
        return [(await self.hear())["t"] for _ in range(count)]

    async def closed(self) -> int | None:
        """Return with which code the line is closed."""
        async with asyncio.timeout(10):
            async for _ in self.socket:
                pass
        return self.socket.close_code


@asynccontextmanager
async def line(discord: FakeDiscord, query: str = "v=10&encoding=json") -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{discord.gateway_url}?{query}") as socket:
        opened = Line(socket)
        assert (await opened.hear())["d"] == {"heartbeat_interval": 41250}
        yield opened


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_session_begins_with_ready_and_its_servers(discord: FakeDiscord, *, compressed: bool) -> None:
    async with line(discord, "v=10&encoding=json" + "&compress=zlib-stream" * compressed) as here:
        await here.identify(discord)
        ready, guild = await here.hear(), await here.hear()

    assert (ready["t"], ready["s"], ready["d"]["guilds"]) == (
        "READY",
        1,
        [{"id": str(discord.home.id), "unavailable": True}],
    )
    assert (guild["t"], guild["d"]["unavailable"], guild["d"]["name"]) == ("GUILD_CREATE", False, "Lab")


async def test_who_does_not_ask_for_servers_hears_of_none(discord: FakeDiscord) -> None:
    async with line(discord) as here:
        await here.identify(discord, intents=0)
        await discord.added_to(discord.guild("Other", bot=False))
        await discord.gateway.dispatch("INTERACTION_CREATE", {})

        assert await here.events(2) == ["READY", "INTERACTION_CREATE"]


async def test_a_resume_brings_what_was_missed_and_nothing_twice(discord: FakeDiscord) -> None:
    async with line(discord) as here:
        await here.identify(discord)
        session = (await here.hear())["d"]["session_id"]
    await discord.gateway.dispatch("INTERACTION_CREATE", {})
    async with line(discord) as here:
        await here.say(6, {"token": discord.token, "session_id": session, "seq": 1})

        assert await here.events(3) == ["GUILD_CREATE", "INTERACTION_CREATE", "RESUMED"]


async def test_a_session_that_is_not_known_is_called_invalid(discord: FakeDiscord) -> None:
    async with line(discord) as here:
        await here.say(6, {"token": discord.token, "session_id": "another", "seq": 1})

        assert await here.hear() == {"op": 9, "d": False}


@pytest.mark.parametrize(
    ("said", "code", "problem"),
    [
        ([(2, {"token": "another"})], 4004, None),
        ([(2, {"intents": 3})], 4014, None),
        ([(2, {"shard": [2, 2]})], 4010, None),
        ([(2, {"shard": [0, 2]})], 4011, None),
        ([(2, {}), (2, {})], 4005, "IDENTIFY was sent twice"),
        ([(3, {})], 4003, "op 3 was sent before IDENTIFY"),
        ([(2, {}), (4, {})], 4001, "op 4 was sent, which this bot does not need"),
        ([(2, {}), (3, {"since": "x" * 4096})], 4002, "a payload of"),
        ([(1, None)] * 121, 4008, "more than 120 payloads"),
    ],
)
async def test_what_is_against_the_rules_ends_the_line(
    discord: FakeDiscord, said: list[tuple[int, Any]], code: int, problem: str | None
) -> None:
    if problem:
        discord.expect(problem)
    discord.gateway.fewest_shards = 1 if code != 4011 else 3
    async with line(discord) as here:
        for op, data in said:
            known = {"token": discord.token, "intents": 1} if op == 2 else {}
            await here.say(op, known | data if isinstance(data, dict) else data)

        assert await here.closed() == code


async def test_what_is_no_payload_ends_the_line(discord: FakeDiscord) -> None:
    discord.expect("no payload of a gateway")
    async with line(discord) as here:
        await here.socket.send_str("hello")

        assert await here.closed() == 4002


async def test_another_version_or_encoding_is_a_problem(discord: FakeDiscord) -> None:
    discord.expect("the gateway was asked for with")
    async with line(discord, "v=9&encoding=etf"):
        pass


async def test_numbers_that_were_never_given_out_are_problems(discord: FakeDiscord) -> None:
    discord.expect("a heartbeat has the number 9 of 2 events")
    discord.expect("RESUME has the number 9 of 2 events")
    async with line(discord) as here:
        await here.identify(discord)
        session = (await here.hear())["d"]["session_id"]
        await here.hear()
        await here.say(1, 9)
        await discord.until(lambda: discord.gateway.heartbeats == [9])
    async with line(discord) as here:
        await here.say(6, {"token": discord.token, "session_id": session, "seq": 9})

        assert await here.closed() == 4007


async def test_sessions_that_begin_too_soon_or_too_often_are_problems(discord: FakeDiscord) -> None:
    discord.expect("shard 0 identified within 5 s of another")
    discord.expect("with none remaining")
    discord.gateway.session_start_limit["remaining"] = 2
    async with line(discord) as one, line(discord) as two, line(discord) as three:
        await one.identify(discord)
        await one.events(2)
        await two.identify(discord)
        assert await two.hear() == {"op": 9, "d": False}
        await three.identify(discord)
        assert await three.closed() == 4004

    assert discord.gateway.session_start_limit["remaining"] == 0
