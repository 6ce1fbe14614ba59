"""Whether all is well, and the metrics, over plain HTTP: for a supervisor and for Prometheus, not for the world."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address

import yarl
from aiohttp import web

from adapters._site import site
from bot.log import log_bug
from bot.metrics import CONTENT_TYPE
from bot.ports import StoreError

_log = logging.getLogger(__name__)

# What is wrong, a word for each; nothing where all is well.
Check = Callable[[], Awaitable[Sequence[str]]]
Metrics = Callable[[], Awaitable[bytes]]

_WITHIN = 5.0  # seconds: who asks has a limit of its own, and a check that hangs has failed
_LARGEST_BODY = 1024
_HEADERS = {"Cache-Control": "no-store", "Server": "paperwire", "X-Content-Type-Options": "nosniff"}


@asynccontextmanager
async def listening(address: str, check: Check, metrics: Metrics) -> AsyncIterator[str]:
    """Answer on `host:port` while the block runs; yield the address, with the port that port 0 stands for.

    `/healthz` is 200 or, with the words of `check`, 503; `/metrics` is what `metrics` returns. Raise `SettingsError`
    where the address cannot be listened on.
    """
    host, _, _ = address.rpartition(":")
    served = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_named, _answered])
    served.on_response_prepare.append(_add_headers)
    served[_LOCAL] = _is_local(host)

    async def health(_: web.Request) -> web.Response:
        wrong = await check()
        return _unwell(*wrong) if wrong else web.Response(text="ok\n")

    async def measured(_: web.Request) -> web.Response:
        return web.Response(body=await metrics(), headers={"Content-Type": CONTENT_TYPE})

    served.router.add_get("/healthz", health)
    served.router.add_get("/metrics", measured)
    async with site(served, address, setting="PAPERWIRE_HEALTH_LISTEN", what="health") as bound:
        yield bound


_LOCAL = web.AppKey("local", bool)


@web.middleware
async def _named(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse, where only this machine can ask, a request for a name that is not its own.

    A browser sends it for a page whose name was made to mean this machine, and would let the page read the answer. An
    address that others can reach has names that are not known here, and whoever reaches it may read it.
    """
    named = request.headers.get("Host")  # browsers send one; an old supervisor may not
    if request.app[_LOCAL] and named is not None and not _is_local(_host(named)):
        return web.Response(status=421, text="not here\n")
    return await handler(request)


@web.middleware
async def _answered(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn what is raised into an answer that says nothing of the inside."""
    try:
        async with asyncio.timeout(_WITHIN):
            return await handler(request)
    except TimeoutError:
        return _unwell("slow")
    except StoreError:
        return _unwell("store")
    except web.HTTPException:
        raise
    except Exception as error:  # noqa: BLE001  # a bug here must not end the service
        log_bug(_log, error)
        return _unwell("bug")


def _unwell(*words: str) -> web.Response:
    return web.Response(status=503, text=f"{' '.join(words)}\n")


def _host(named: str) -> str:
    """Return what a Host header says but for the port."""
    try:
        return yarl.URL(f"http://{named}").host or ""
    except ValueError:
        return ""


def _is_local(host: str) -> bool:
    """Say whether a host can only mean this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
