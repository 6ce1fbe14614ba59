"""HTTP as Slack does it: signed requests to the product."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import aiohttp

from tests.fakes.slack_state import Ack, Json


def signature(secret: str, body: bytes, at: float) -> dict[str, str]:
    """Return the headers of a v0 signature.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    stamp = str(int(at))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def encoded(kind: str, payload: Json) -> tuple[bytes, str]:
    """Return a delivery's body and content type, as Slack sends each type over HTTP."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


async def post(url: str, body: bytes, headers: Mapping[str, str], *, method: str = "POST", limit: float = 10) -> Ack:
    """Send a request to the product and return its answer. A new connection each time: none is left behind."""
    begun = time.perf_counter()
    timeout = aiohttp.ClientTimeout(total=limit)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.request(method, url, data=body, headers=dict(headers), allow_redirects=False) as answer,
    ):
        text = await answer.text()
    try:
        read = json.loads(text)
    except ValueError:
        read = {"text": text} if text else None
    return Ack(time.perf_counter() - begun, read if isinstance(read, dict) and read else None, answer.status, text=text)


async def wire(url: str, request: bytes, *, limit: float = 10) -> bytes:
    """Send bytes that no HTTP client would, and return what comes back until the line is closed or silent."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    answer = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(limit):
            while piece := await reader.read(65536):
                answer += piece
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer
