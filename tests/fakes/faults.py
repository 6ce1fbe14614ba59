"""How a request to a fake goes wrong, whichever platform it stands for.

Where nothing else is said, a request that goes wrong is not carried out.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Fault:
    """How a request goes wrong. `commit`: it is carried out all the same, before the answer goes wrong.

    `line` tells what becomes of the connection: it answers, it is closed, it is reset, it stays silent, only half of
    the true answer comes, or all of it: then nothing is wrong. `delay` is for how many seconds nothing comes at all.
    """

    line: Literal["answer", "close", "reset", "silence", "half", "whole"] = "answer"
    commit: bool = False
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    delay: float = 0.0


def broken(status: int = 500, *, commit: bool = False, body: str = "<html>no</html>") -> Fault:
    """Answer an HTTP error with a page of HTML."""
    return Fault(commit=commit, status=status, body=body, headers={"Content-Type": "text/html"})


def dropped(*, commit: bool = False) -> Fault:
    """Close the connection without an answer; with `commit`, it is only the answer that gets lost."""
    return Fault("close", commit)


def reset(*, commit: bool = False) -> Fault:
    """Reset the connection without an answer."""
    return Fault("reset", commit)


def silent(*, commit: bool = False) -> Fault:
    """Keep the connection open and never answer."""
    return Fault("silence", commit)


def fine() -> Fault:
    """Let a request pass, so that a later one goes wrong."""
    return Fault("whole", commit=True)


def slow(seconds: float) -> Fault:
    """Carry the call out, and answer after a while."""
    return Fault("whole", commit=True, delay=seconds)


def truncated() -> Fault:
    """Carry the call out and answer half of the JSON."""
    return Fault("half", commit=True)


def answered(fault: Fault, true: web.Response | None) -> web.Response | None:
    """Return the answer that goes out whole: the true one, or that of a fault. None: there is none."""
    if fault.line == "whole":
        return true
    if fault.line != "answer":
        return None
    # As bytes: aiohttp adds a charset to text, and discord.py reads no JSON that has one.
    return web.Response(status=fault.status, headers=fault.headers, body=fault.body.encode())


async def go_wrong(
    fault: Fault, request: web.Request, true: web.Response | None, closing: asyncio.Event
) -> web.Response:
    """Answer a request as a fault says; `true` is the answer that it should have had, if it was carried out."""
    await asyncio.sleep(fault.delay)
    if (whole := answered(fault, true)) is not None:
        return whole
    if fault.line == "half":
        said: Any = true.body if true is not None else b'{"ok": true}'
        return web.Response(body=bytes(said)[: len(said) // 2], content_type="application/json")
    if fault.line == "silence":
        await closing.wait()
    transport = request.transport
    if transport is not None:
        if fault.line == "reset":
            line = transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
