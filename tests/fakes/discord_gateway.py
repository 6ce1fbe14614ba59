"""Discord's gateway on loopback: sessions, heartbeats, replays and its limits, with the faults that lines have.

https://discord.com/developers/docs/events/gateway
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import time
import zlib
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

Json = dict[str, Any]

GUILDS = 1 << 0
LARGEST_PAYLOAD = 4096  # bytes
SENDS_A_MINUTE = 120
_DISPATCH, _HEARTBEAT, _IDENTIFY, _PRESENCE, _RESUME = 0, 1, 2, 3, 6
_RECONNECT, _MEMBERS, _INVALID, _HELLO, _ACK = 7, 8, 9, 10, 11


@dataclass(frozen=True, slots=True)
class Identify:
    """One IDENTIFY; `at` is the monotonic time it came."""

    shard: int
    shards: int
    intents: int
    presence: Json | None
    at: float


@dataclass(frozen=True, slots=True)
class Resume:
    """One RESUME, as it was asked for."""

    session: str
    seq: int
    shard: int | None


@dataclass(eq=False, slots=True)
class Connection:
    """One WebSocket of the product."""

    socket: web.WebSocketResponse
    request: web.Request
    pack: Callable[[str], bytes] | None
    session: Session | None = None
    cut: bool = False
    sent: deque[float] = field(default_factory=deque)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, payload: Json) -> None:
        text = json.dumps(payload)
        async with self.turn:
            if self.cut or self.socket.closed:
                return
            with suppress(ConnectionError):
                await (self.socket.send_str(text) if self.pack is None else self.socket.send_bytes(self.pack(text)))


@dataclass(eq=False, slots=True)
class Session:
    """What a RESUME can go on with: every event of a shard since its IDENTIFY. `ready` once READY's guilds are out."""

    id: str
    shard: int
    shards: int
    events: list[Json] = field(default_factory=list)
    connection: Connection | None = None
    ready: bool = False

    @property
    def live(self) -> bool:
        return self.ready and self.connection is not None and not self.connection.cut

    async def dispatch(self, event: str, data: Json) -> None:
        payload = {"op": _DISPATCH, "t": event, "s": len(self.events) + 1, "d": data}
        self.events.append(payload)
        if self.connection is not None:
            await self.connection.send(payload)


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
        self._sessions: dict[str, Session] = {}
        self._identified: dict[int, deque[float]] = defaultdict(deque)
        self._refusals: deque[bool] = deque()  # whether each is by abort
        self._hang_ups = 0
        self._babbles = 0
        self._news = asyncio.Event()
        self._ids = itertools.count(1)

    # What a test does

    async def connected(self, shards: int = 1, *, within: float = 20.0) -> None:
        """Wait until so many shards have a session and a connection, with all their guilds sent."""
        await self._until(lambda: self.live() >= shards, within)

    def live(self) -> int:
        """Count the shards that have a session and a connection, with all their guilds sent."""
        return sum(each.live for each in self._sessions.values())

    async def dispatch(self, event: str, data: Json, *, guild_id: int | None = None, within: float = 20.0) -> None:
        """Send an event to the shard of a guild, once it has a session; what gets lost is sent again on a RESUME."""

        def session() -> Session | None:
            ready = (each for each in self._sessions.values() if each.ready)
            return next((each for each in ready if each.shard == _shard(guild_id, each.shards)), None)

        await self._until(lambda: session() is not None, within)
        found = session()
        assert found is not None
        await found.dispatch(event, data)

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
                self._forget(connection.session)
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
        connection = Connection(socket, request, _packing(request.query.get("compress", "")))
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
        connection.sent.append(now)
        while connection.sent[0] < now - 60:
            connection.sent.popleft()
        if len(text.encode()) > LARGEST_PAYLOAD:
            self.problems.append(f"a payload of {len(text.encode())} bytes was sent")
            return await self._close(connection, 4002)
        if len(connection.sent) > SENDS_A_MINUTE:
            self.problems.append(f"more than {SENDS_A_MINUTE} payloads were sent in a minute")
            return await self._close(connection, 4008)
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
        for old in [each for each in self._sessions.values() if each.shard == shard or each.shards != shards]:
            self._forget(old)
        session = Session(f"session-{next(self._ids)}", shard, shards, connection=connection)
        connection.session = self._sessions[session.id] = session
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
        session = self._sessions.get(data.get("session_id", ""))
        seq = data.get("seq")
        self.resumes.append(Resume(str(data.get("session_id")), seq or 0, session.shard if session else None))
        if data.get("token") != self._token():
            return await self._close(connection, 4004)
        if session is None:
            return await connection.send({"op": _INVALID, "d": False})
        if not isinstance(seq, int) or seq > len(session.events):
            self.problems.append(f"RESUME has the number {seq} of {len(session.events)} events")
            self._forget(session)
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
            self._forget(connection.session)
        connection.cut = True
        await connection.socket.close(code=code)

    def _forget(self, session: Session | None) -> None:
        if session is not None:
            self._sessions.pop(session.id, None)
            session.connection = None

    def _of(self, shard: int | None) -> list[Connection]:
        return [
            each
            for each in self.connections
            if shard is None or (each.session is not None and each.session.shard == shard)
        ]

    async def _until(self, holds: Callable[[], bool], within: float) -> None:
        async with asyncio.timeout(within):
            while not holds():
                self._news.clear()
                await self._news.wait()


def _shard(guild_id: int | None, shards: int) -> int:
    """Return the shard of a guild; what is no guild's goes to the first."""
    return 0 if guild_id is None else (guild_id >> 22) % shards


def _packing(asked: str) -> Callable[[str], bytes] | None:
    """Return how a connection's payloads are compressed, one stream for all; None: they are sent as text."""
    if asked == "zlib-stream":
        stream = zlib.compressobj()
        return lambda text: stream.compress(text.encode()) + stream.flush(zlib.Z_SYNC_FLUSH)
    if asked == "zstd-stream":
        with suppress(ImportError):
            # Loaded by name: there is one or the other, and types for neither.
            zstd = importlib.import_module("zstandard")
            frame = zstd.ZstdCompressor().compressobj()
            return lambda text: bytes(frame.compress(text.encode()) + frame.flush(zstd.COMPRESSOBJ_FLUSH_BLOCK))
        with suppress(ImportError):
            zstd = importlib.import_module("compression.zstd")
            blocks = zstd.ZstdCompressor()
            return lambda text: bytes(blocks.compress(text.encode(), mode=blocks.FLUSH_BLOCK))
    return None
