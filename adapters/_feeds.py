"""Feeds over HTTP, for whoever knows an address: what leads nowhere is told in the same words, whatever it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import yarl
from aiohttp import web

from adapters._site import site
from bot.feeds import PATH, Edition, hashed
from bot.feeds.atom import MEDIA_TYPE
from bot.log import log_bug
from bot.pacing import Pace
from bot.ports import StoreError

_log = logging.getLogger(__name__)

# The feed of a secret, where there is one.
Find = Callable[[str, datetime], Awaitable[Edition | None]]

_WITHIN = 10.0  # seconds
_MOST, _SPAN = 30, timedelta(minutes=10)  # requests for one feed: readers come every few minutes at most
_SECRET = "[A-Za-z0-9_-]{43}"  # noqa: S105  # what one looks like
_LARGEST_BODY = 1024
_HEADERS = {
    "Cache-Control": "private, max-age=300",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "paperwire",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


@asynccontextmanager
async def listening(address: str, base: str, find: Find, clock: Callable[[], datetime]) -> AsyncIterator[str]:
    """Serve feeds on `host:port` while the block runs; yield the address, with the port that port 0 stands for.

    `base` is where people see it from: a proxy passes on the path as it is. Raise `SettingsError` where the address
    cannot be listened on.
    """
    served = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_answered])
    served.on_response_prepare.append(_add_headers)
    pace = Pace(_MOST, _SPAN)

    async def read(request: web.Request) -> web.Response:
        return await _read(request, find, pace, clock())

    served.router.add_get(f"{yarl.URL(base).path.rstrip('/')}{PATH}{{secret:{_SECRET}}}", read)
    async with site(served, address, setting="PAPERWIRE_FEEDS_LISTEN", what="feeds") as bound:
        yield bound


async def _read(request: web.Request, find: Find, pace: Pace, now: datetime) -> web.Response:
    secret = request.match_info["secret"]
    found = await find(secret, now)
    if found is None:
        return _nowhere()
    # Only what exists is counted: nobody who guesses makes it grow.
    if wait := pace.wait(hashed(secret), now):
        return web.Response(status=429, text="too often\n", headers={"Retry-After": str(wait)})
    answer = web.Response(content_type=MEDIA_TYPE, charset="utf-8")
    answer.etag = found.mark
    # Rounded up, as aiohttp would have it, it would say that a reader has what came in later in that second.
    answer.last_modified = found.modified.replace(microsecond=0)
    if _is_known(request, found):
        answer.set_status(304)
    else:
        answer.body = await found.compose()
    return answer


def _is_known(request: web.Request, found: Edition) -> bool:
    """Say whether who asks has this already: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2."""
    if (marks := request.if_none_match) is not None:
        return any(each.value in (found.mark, "*") for each in marks)
    since = request.if_modified_since
    return since is not None and found.modified.astimezone(UTC).replace(microsecond=0) <= since


@web.middleware
async def _answered(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn what is raised into an answer that says nothing of the inside."""
    try:
        async with asyncio.timeout(_WITHIN):
            return await handler(request)
    except web.HTTPException:  # another path, another method: there is no feed
        return _nowhere()
    except (TimeoutError, StoreError):
        return _later()
    except Exception as error:  # noqa: BLE001  # a bug here must not end the service
        log_bug(_log, error)
        return _later()


def _nowhere() -> web.Response:
    return web.Response(status=404, text="no feed here\n")


def _later() -> web.Response:
    return web.Response(status=503, text="later\n", headers={"Retry-After": "300"})


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    if response.status not in (200, 304):
        response.headers["Cache-Control"] = "no-store"
