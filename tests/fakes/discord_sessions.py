"""The sessions of the fake Discord's gateway, and the lines that they are told over.

https://docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.discord_messages import Json

GUILDS = 1 << 0
_OF_GUILDS = ("GUILD_", "CHANNEL_", "THREAD_")
DISPATCH = 0
LARGEST_PAYLOAD = 4096  # bytes
SENDS_A_MINUTE = 120


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

    def exceeded(self, text: str, now: float) -> tuple[int, str]:
        """Count a payload that came; return with which code Discord closes for it and why, or 0."""
        self.sent.append(now)
        while self.sent[0] < now - 60:
            self.sent.popleft()
        if (size := len(text.encode())) > LARGEST_PAYLOAD:
            return 4002, f"a payload of {size} bytes was sent"
        if len(self.sent) > SENDS_A_MINUTE:
            return 4008, f"more than {SENDS_A_MINUTE} payloads were sent in a minute"
        return 0, ""


@dataclass(eq=False, slots=True)
class Session:
    """What a RESUME can go on with: every event of a shard since its IDENTIFY. `ready` once READY's guilds are out."""

    id: str
    shard: int
    shards: int
    intents: int
    events: list[Json] = field(default_factory=list)
    connection: Connection | None = None
    ready: bool = False

    @property
    def live(self) -> bool:
        return self.ready and self.connection is not None and not self.connection.cut

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event that the session's intents ask for."""
        if event.startswith(_OF_GUILDS) and not self.intents & GUILDS:
            return
        payload = {"op": DISPATCH, "t": event, "s": len(self.events) + 1, "d": data}
        self.events.append(payload)
        if self.connection is not None:
            await self.connection.send(payload)


@dataclass(slots=True)
class Sessions:
    """The sessions that Discord has not forgotten."""

    kept: dict[str, Session] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def begin(self, connection: Connection, shard: int, shards: int, intents: int) -> Session:
        """Begin the only session of a shard, and forget those of another number of shards."""
        for old in [each for each in self.kept.values() if each.shard == shard or each.shards != shards]:
            self.forget(old)
        session = Session(f"session-{next(self._ids)}", shard, shards, intents, connection=connection)
        connection.session = self.kept[session.id] = session
        return session

    def forget(self, session: Session | None) -> None:
        if session is not None:
            self.kept.pop(session.id, None)
            session.connection = None

    def clear(self) -> None:
        """Forget all; their lines go on to stand."""
        self.kept.clear()

    def live(self) -> int:
        return sum(each.live for each in self.kept.values())

    def hearing(self, guild_id: int | None) -> Session | None:
        """Return the session that hears of a guild; of what is no guild's the first shard's."""
        ready = (each for each in self.kept.values() if each.ready)
        return next((each for each in ready if each.shard == ((guild_id or 0) >> 22) % each.shards), None)


def packing(asked: str) -> Callable[[str], bytes] | None:
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
