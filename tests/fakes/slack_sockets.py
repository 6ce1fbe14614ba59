"""The WebSocket side of Socket Mode: single-use tickets, hello, envelopes that go to one connection each, faults."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.slack_state import Ack, Json

MOST_CONNECTIONS = 10
# What each type of envelope may be answered with. https://docs.slack.dev/apis/events-api/using-socket-mode
ANSWERABLE = {"slash_commands": True, "interactive": True, "events_api": False}


@dataclass(eq=False, slots=True)
class Connection:
    """One WebSocket of the product. `deaf`: what comes is not read and what is sent gets lost."""

    socket: web.WebSocketResponse
    request: web.Request
    deaf: bool = False
    used: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Sockets:
    complain: Callable[[str, str], None]
    open: list[Connection] = field(default_factory=list)
    tickets: set[str] = field(default_factory=set)
    refusals: int = 0
    opened: int = 0
    _waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def ticket(self) -> str:
        """Return a ticket that lets one connection in, once."""
        ticket = f"ticket-{next(self._ids)}"
        self.tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends; a used or unknown ticket is answered 408, as Slack does."""
        ticket = request.query.get("ticket", "")
        known = ticket in self.tickets
        self.tickets.discard(ticket)
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        if not known:
            return web.Response(status=408)
        if len(self.open) >= MOST_CONNECTIONS:
            return web.Response(status=429)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self.open) + 1,
                "connection_info": {"app_id": "A1"},
                "debug_info": {"host": "loopback", "approximate_connection_time": 18060},
            }
        )
        self.open.append(connection)
        self.opened += 1
        try:
            await self._read(connection)
        finally:
            self.open.remove(connection)
            connection.gone.set()
        return socket

    async def deliver(self, kind: str, payload: Json, limit: float, **more: Any) -> Ack:
        """Send an envelope over the connection that waits longest, and return how it was answered."""
        if not self.open:
            raise AssertionError("no Socket Mode connection is open; wait for one with `await slack.connected()`")
        connection = min(self.open, key=lambda each: each.used)
        connection.used = next(self._ids)
        name = f"envelope-{connection.used}"
        answer = self._waiting[name] = asyncio.get_running_loop().create_future()
        accepts = ANSWERABLE[kind]
        envelope = {
            "envelope_id": name,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": accepts,
            **more,
        }
        begun = time.perf_counter()
        if not connection.deaf:
            with contextlib.suppress(ConnectionError):
                await connection.socket.send_json(envelope)
        try:
            ack = await asyncio.wait_for(answer, limit)
        except TimeoutError:
            self.complain(kind, f"not acknowledged within {limit:g} s")
            return Ack(time.perf_counter() - begun, None, 0)
        finally:
            del self._waiting[name]
            self._done.add(name)
        body = ack.get("payload") or None
        if body and not accepts:
            self.complain(kind, "acknowledged with a payload, which Slack does not accept here")
        return Ack(time.perf_counter() - begun, body)

    async def disconnect(self, reason: str) -> None:
        """Ask every connection to make way for a new one."""
        for connection in list(self.open):
            await connection.socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "loopback"}}
            )

    def cut(self, which: int | None = None) -> int:
        """Abort the TCP line of one connection, or of all; return of how many."""
        chosen = list(self.open) if which is None else [self.open[which]]
        for connection in chosen:
            if connection.request.transport is not None:
                connection.request.transport.abort()
        return len(chosen)

    def blackhole(self) -> None:
        """Let the lines that are open now lead nowhere: no byte is answered, and nobody is told."""
        for connection in self.open:
            connection.deaf = True

    async def close(self) -> None:
        going = list(self.open)
        self.cut()
        for connection in going:
            await connection.gone.wait()

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.deaf:
                continue
            if message.type is WSMsgType.PING:
                await connection.socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._answered(message.data)

    def _answered(self, text: str) -> None:
        try:
            data = json.loads(text)
            name = data["envelope_id"]
        except (ValueError, KeyError, TypeError):
            self.complain("socket", f"no acknowledgement: {text[:80]}")
            return
        if set(data) - {"envelope_id", "payload"}:
            self.complain("socket", f"unknown keys in an acknowledgement: {sorted(data)}")
        waiting = self._waiting.get(name)
        if waiting is not None and not waiting.done():
            waiting.set_result(data)
        elif name in self._done or waiting is not None:
            self.complain("socket", f"{name} was acknowledged twice or too late")
        else:
            self.complain("socket", f"an envelope that was never sent was acknowledged: {name}")
