"""What stands between the network and Bolt: only what Slack has signed just now, and once, comes through.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web
from slack_sdk.signature import Clock, SignatureVerifier

from bot.ports import Ledger, StoreError

LARGEST_BODY = 1024 * 1024

_log = logging.getLogger(__name__)

_TYPES = ("application/json", "application/x-www-form-urlencoded")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_BODY_WITHIN = 10.0  # seconds
_WRITTEN_WITHIN = 1.0
# A signature is good for five minutes on either side of its time.
_REMEMBERED = timedelta(minutes=11)


class Guard:
    """Check requests. Bolt need not do so again: it would log the body of one that fails, with the system's clock."""

    def __init__(self, signing_secret: str, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._verifier = SignatureVerifier(signing_secret, _Clock(clock))
        self._ledger = ledger
        self._clock = clock
        self._seen: dict[str, datetime] = {}  # signature: until when it is remembered, the oldest first

    async def check(self, request: web.Request) -> None:
        """Read a request's body, or raise the HTTP error that refuses it.

        Slack repeats an event under a new time and signature; the same signature twice is somebody else's.
        """
        if request.content_type not in _TYPES or "Content-Encoding" in request.headers:
            raise _refused(web.HTTPUnsupportedMediaType(), "content_type")
        timestamp = _only(request, "X-Slack-Request-Timestamp", _TIMESTAMP)
        signature = _only(request, "X-Slack-Signature", _SIGNATURE)
        if not self._verifier.is_valid(await _body(request), timestamp, signature):
            raise _refused(web.HTTPUnauthorized(), "signature")
        if not await self._is_new(signature):
            raise _refused(web.HTTPUnauthorized(), "replayed")

    async def _is_new(self, signature: str) -> bool:
        """Remember a signature, here and on the ledger; return whether neither knew it."""
        now = self._clock()
        while self._seen and self._seen[oldest := next(iter(self._seen))] <= now:
            del self._seen[oldest]
        if signature in self._seen:
            return False
        self._seen[signature] = now + _REMEMBERED
        try:
            async with asyncio.timeout(_WRITTEN_WITHIN):
                return await self._ledger.add("signature", signature, until=now + _REMEMBERED, now=now)
        except (TimeoutError, StoreError):
            # An answer is due in three seconds, full disk or not; until a restart, what is remembered here will do.
            return True


class _Clock(Clock):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()


def _only(request: web.Request, name: str, form: re.Pattern[str]) -> str:
    values = request.headers.getall(name, [])
    if len(values) != 1 or form.fullmatch(values[0]) is None:
        raise _refused(web.HTTPUnauthorized(), "headers")
    return values[0]


async def _body(request: web.Request) -> str:
    try:
        async with asyncio.timeout(_BODY_WITHIN):
            return (await request.read()).decode()
    except TimeoutError:
        raise _refused(web.HTTPRequestTimeout(), "slow_body") from None
    except web.HTTPRequestEntityTooLarge as error:
        raise _refused(error, "body_size") from None
    except UnicodeDecodeError:
        raise _refused(web.HTTPUnauthorized(), "signature") from None


def _refused(error: web.HTTPClientError, why: str) -> web.HTTPClientError:
    _log.warning("request_refused", extra={"code": why, "platform": "slack"})
    return error
