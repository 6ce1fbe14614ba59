"""Discord's gateway on loopback: sessions, heartbeats, replays and its limits, with the faults that lines have.

https://docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.discord_messages import Json
from tests.fakes.discord_sessions import GUILDS, Connection, Identify, Resume, Sessions, packing
from tests.fakes.waiting import until

_HEARTBEAT, _IDENTIFY, _PRESENCE, _RESUME = 1, 2, 3, 6
_RECONNECT, _MEMBERS, _INVALID, _HELLO, _ACK = 7, 8, 9, 10, 11


class FakeGateway:
    """A gateway for one bot. What the product does against the rules stands in `problems`.

    `ready(shard, shards)` gives READY's data but for the session and the guilds, `guilds(shard, shards)` the guilds of
    a shard; of one in an outage, `id` and `unavailable` do. `url()` is this gateway's own address.
    """

    def __init__(
        self,
        *,
        ready: Callable[[int, int], Json],
        guilds: Callable[[int, int], list[Json]],
        token: Callable[[], str],
        url: Callable[[], str],
    ) -> None:
        self._ready, self._guilds, self._token, self._url = ready, guilds, token, url
        self.heartbeat = 41.25  # seconds, what HELLO asks for
        self.spacing = 5.0  # seconds, in which `max_concurrency` shards may identify
        self.intents = GUILDS  # all that is allowed
        self.shards = 1  # what /gateway/bot recommends
        self.fewest_shards = 1  # an IDENTIFY with fewer is refused: 4011
        self.session_start_limit: dict[str, int] = {
            "total": 1000,
            "remaining": 1000,
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        self.deaf = False  # heartbeats are not acknowledged
        self.identifies: list[Identify] = []
        self.resumes: list[Resume] = []
        self.heartbeats: list[int | None] = []
        self.connections: list[Connection] = []
        self.opened = 0  # handshakes that were let through
        self.refused = 0  # handshakes that were not, and connections that were hung up on
        self.problems: list[str] = []
        self._sessions = Sessions()
        self._identified: dict[int, deque[float]] = defaultdict(deque)
        self._refusals: deque[bool] = deque()  # whether each is by abort
        self._hang_ups = 0
        self._babbles = 0
        self._news = asyncio.Event()

    # What a test does

    async def connected(self, shards: int = 1, *, within: float = 20.0) -> None:
        """Wait until so many shards have a session and a connection, with all their guilds sent."""
        await self._until(lambda: self.live() >= shards, within)

    def live(self) -> int:
        """Count the shards that have a session and a connection, with all their guilds sent."""
        return self._sessions.live()

    async def dispatch(self, event: str, data: Json, *, guild_id: int | None = None, within: float = 20.0) -> None:
        """Send an event to the shard of a guild, once it has a session; what gets lost is sent again on a RESUME."""
        session = await self._until(lambda: self._sessions.hearing(guild_id), within)
        await session.dispatch(event, data)

    def cut(self, shard: int | None = None) -> int:
        """Abort the TCP lines, or a shard's; return how many there were."""
        chosen = self._of(shard)
        for connection in chosen:
            connection.cut = True
            if connection.request.transport is not None:
                connection.request.transport.abort()
        return len(chosen)

    def blackhole(self) -> None:
        """Let the lines that are open now lead nowhere: no byte is read or sent, and nobody is told."""
        for connection in self.connections:
            connection.cut = True
            transport = connection.request.transport
            if isinstance(transport, asyncio.Transport):
                transport.pause_reading()

    async def close(self, code: int, shard: int | None = None) -> None:
        """Close the connections with one of Discord's codes."""
        for connection in self._of(shard):
            await self._close(connection, code)

    async def reconnect(self, shard: int | None = None) -> None:
        """Ask for a reconnect and a RESUME."""
        for connection in self._of(shard):
            await connection.send({"op": _RECONNECT, "d": None})

    async def invalidate(self, shard: int | None = None, *, resumable: bool = False) -> None:
        """Call the sessions invalid; where not `resumable`, forget them."""
        for connection in self._of(shard):
            if not resumable:
                self._sessions.forget(connection.session)
            await connection.send({"op": _INVALID, "d": resumable})

    def refuse(self, count: int, *, abort: bool = False) -> None:
        """Answer the next handshakes with 503, or abort their lines."""
        self._refusals.extend([abort] * count)

    def hangs_up(self, count: int) -> None:
        """Accept the next connections, and close them before HELLO."""
        self._hang_ups += count

    def babbles(self, count: int) -> None:
        """Accept the next connections with a HELLO that says nothing."""
        self._babbles += count

    async def stop(self) -> None:
        """Cut every line, and wait until each is served to its end."""
        going = list(self.connections)
        self.cut()
        for connection in going:
            await connection.gone.wait()

    # What the product meets

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        if self._refusals:
            self.refused += 1
            if self._refusals.popleft() and request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            self.problems.append(f"the gateway was asked for with {dict(request.query)}")
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        if self._hang_ups:
            self._hang_ups -= 1
            self.refused += 1
            await socket.close(code=WSCloseCode.SERVICE_RESTART)
            return socket
        connection = Connection(socket, request, packing(request.query.get("compress", "")))
        self.connections.append(connection)
        self.opened += 1
        try:
            hello = {"heartbeat_interval": int(self.heartbeat * 1000)}
            if self._babbles:
                self._babbles -= 1
                hello = {}
            await connection.send({"op": _HELLO, "d": hello})
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(connection, message.data)
        finally:
            connection.cut = True
            self.connections.remove(connection)
            connection.gone.set()
            self._news.set()
        return socket

    async def _hear(self, connection: Connection, text: str) -> None:
        now = time.monotonic()
        code, excess = connection.exceeded(text, now)
        if code:
            self.problems.append(excess)
            return await self._close(connection, code)
        try:
            said = json.loads(text)
            op, data = said["op"], said["d"]
        except (ValueError, KeyError, TypeError):
            self.problems.append(f"no payload of a gateway was sent: {text[:80]}")
            return await self._close(connection, 4002)
        if op == _HEARTBEAT:
            await self._beat(connection, data)
        elif op == _IDENTIFY:
            await self._identify(connection, data, now)
        elif op == _RESUME:
            await self._resume(connection, data)
        elif connection.session is None:
            self.problems.append(f"op {op} was sent before IDENTIFY")
            await self._close(connection, 4003)
        elif op not in (_PRESENCE, _MEMBERS):
            self.problems.append(f"op {op} was sent, which this bot does not need")
            await self._close(connection, 4001)
        return None

    async def _beat(self, connection: Connection, seq: int | None) -> None:
        self.heartbeats.append(seq)
        known = len(connection.session.events) if connection.session is not None else None
        if seq is not None and known is not None and seq > known:
            self.problems.append(f"a heartbeat has the number {seq} of {known} events")
        if not self.deaf:
            await connection.send({"op": _ACK})

    async def _identify(self, connection: Connection, data: Json, now: float) -> None:
        shard, shards = data.get("shard", (0, 1))
        intents = data.get("intents", 0)
        self.identifies.append(Identify(shard, shards, intents, data.get("presence"), now))
        if connection.session is not None:
            self.problems.append("IDENTIFY was sent twice on one connection")
            return await self._close(connection, 4005)
        if self.session_start_limit["remaining"] <= 0:
            self.problems.append("IDENTIFY was sent with none remaining: Discord resets the token")
            return await self._close(connection, 4004)
        self.session_start_limit["remaining"] -= 1
        if data.get("token") != self._token():
            return await self._close(connection, 4004)
        if intents & ~self.intents:
            return await self._close(connection, 4014)
        if not 0 <= shard < shards:
            return await self._close(connection, 4010)
        if shards < self.fewest_shards:
            return await self._close(connection, 4011)
        recent = self._identified[shard % self.session_start_limit["max_concurrency"]]
        # A millisecond for the clocks: a timer may fire that early.
        crowded = bool(recent) and now - recent[-1] < self.spacing - 0.001
        recent.append(now)
        if crowded:
            self.problems.append(f"shard {shard} identified within {self.spacing:g} s of another")
            return await connection.send({"op": _INVALID, "d": False})
        session = self._sessions.begin(connection, shard, shards, intents)
        guilds = self._guilds(shard, shards)
        await session.dispatch(
            "READY",
            {
                "v": 10,
                **self._ready(shard, shards),
                "guilds": [{"id": each["id"], "unavailable": True} for each in guilds],
                "shard": [shard, shards],
                "session_id": session.id,
                "resume_gateway_url": self._url(),
            },
        )
        for guild in guilds:
            if guild.get("unavailable"):
                continue  # it comes when its outage ends
            # False, not left out: this is how one that was there before differs from one that is joined.
            await session.dispatch("GUILD_CREATE", {**guild, "unavailable": False})
        session.ready = True
        self._news.set()
        return None

    async def _resume(self, connection: Connection, data: Json) -> None:
        session = self._sessions.kept.get(data.get("session_id", ""))
        seq = data.get("seq")
        self.resumes.append(Resume(str(data.get("session_id")), seq or 0, session.shard if session else None))
        if data.get("token") != self._token():
            return await self._close(connection, 4004)
        if session is None:
            return await connection.send({"op": _INVALID, "d": False})
        if not isinstance(seq, int) or seq > len(session.events):
            self.problems.append(f"RESUME has the number {seq} of {len(session.events)} events")
            self._sessions.forget(session)
            return await self._close(connection, 4007)
        session.connection = None
        while seq < len(session.events):
            await connection.send(session.events[seq])
            seq += 1
        session.connection, connection.session = connection, session
        await session.dispatch("RESUMED", {})
        self._news.set()
        return None

    async def _close(self, connection: Connection, code: int) -> None:
        if code in (4004, 4010, 4011, 4012, 4013, 4014):
            self._sessions.forget(connection.session)
        connection.cut = True
        await connection.socket.close(code=code)

    def _of(self, shard: int | None) -> list[Connection]:
        return [
            each
            for each in self.connections
            if shard is None or (each.session is not None and each.session.shard == shard)
        ]

    async def _until(self, holds: Callable[[], Any], within: float) -> Any:
        return await until(holds, within, lambda: f"{len(self.connections)} lines, {self.live()} live", self._news)
