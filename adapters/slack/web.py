"""The web server: requests that Slack signs, the installation's pages, and whether all is well.

It speaks plain HTTP, on loopback unless told otherwise: TLS, and how many may come at once, are the matter of the proxy
in front of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.slack.failures import FAILURES
from adapters.slack.guard import LARGEST_BODY, Guard
from adapters.slack.manifest import EVENTS_PATH, REDIRECT_PATH
from adapters.slack.oauth import INSTALL_PATH, page
from bot.config import Settings, SettingsError
from bot.log import log_bug
from bot.ports import Ledger, StoreError

HEALTH_PATH = "/healthz"

_log = logging.getLogger(__name__)

_IDLE = 30.0  # seconds that a client may take for its headers, or be silent between requests
_FINISH_WITHIN = 5.0  # seconds for requests under way when the service stops
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "paperwire",
    "X-Content-Type-Options": "nosniff",
}


async def run(
    app: AsyncApp,
    settings: Settings,
    ledger: Ledger,
    clock: Callable[[], datetime],
    *,
    flow: AsyncOAuthFlow | None = None,
    healthy: Callable[[], bool] = lambda: True,
) -> None:
    """Serve until cancelled. Raise `SettingsError` where `slack_listen` cannot be listened on."""
    host, _, port = settings.slack_listen.rpartition(":")
    served = application(app, settings, ledger, clock, flow=flow, healthy=healthy)
    runner = web.AppRunner(served, access_log=None, keepalive_timeout=_IDLE, shutdown_timeout=_FINISH_WITHIN)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        except OSError as error:
            raise SettingsError(
                f"Nothing can listen on {settings.slack_listen} ({error.strerror}). Set PAPERWIRE_SLACK_LISTEN to "
                "an address of this machine and a free port, like 127.0.0.1:3000"
            ) from None
        _log.info("listening", extra={"address": settings.slack_listen, "platform": "slack"})
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def application(
    app: AsyncApp,
    settings: Settings,
    ledger: Ledger,
    clock: Callable[[], datetime],
    *,
    flow: AsyncOAuthFlow | None = None,
    healthy: Callable[[], bool] = lambda: True,
) -> web.Application:
    """Return what is served: requests from Slack with a signing secret, installation with a `flow`, health always.

    Bolt need not verify requests: the guard has done so before it sees them.
    """
    served = web.Application(client_max_size=LARGEST_BODY, middlewares=[_answer_for_failures])
    served.on_response_prepare.append(_add_headers)

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="ok\n") if healthy() else web.Response(status=503, text="not connected\n")

    served.router.add_get(HEALTH_PATH, health)
    if settings.slack_signing_secret:
        guard = Guard(settings.slack_signing_secret, ledger, clock)

        async def events(request: web.Request) -> web.Response:
            await guard.check(request)
            try:
                asked = await to_bolt_request(request)
            except (ValueError, LookupError, AttributeError, RecursionError):  # signed, and no object in JSON or a form
                raise web.HTTPBadRequest from None
            return await to_aiohttp_response(await app.async_dispatch(asked))

        served.router.add_post(EVENTS_PATH, events)
    if flow is not None:
        _add_installation(served, flow)
    return served


def _add_installation(served: web.Application, flow: AsyncOAuthFlow) -> None:
    async def install(request: web.Request) -> web.Response:
        # Without what the link adds: Bolt would copy it into Slack's address.
        asked = AsyncBoltRequest(body="", headers=dict(request.headers))
        return await to_aiohttp_response(await flow.handle_installation(asked))

    async def redirected(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await flow.handle_callback(await to_bolt_request(request)))

    # A look with HEAD must not begin or end anything.
    served.router.add_get(INSTALL_PATH, install, allow_head=False)
    served.router.add_get(REDIRECT_PATH, redirected, allow_head=False)


@web.middleware
async def _answer_for_failures(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn what is raised into an answer that says nothing of the inside."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except (*FAILURES, StoreError) as error:
        _log.error("request_failed", extra={"code": type(error).__name__, "platform": "slack"})
        return _sorry(request, 503, "This cannot be done at the moment. Try again in a few minutes.")
    except Exception as error:  # noqa: BLE001  # a bug in one answer must not end the service
        found = log_bug(_log, error, platform="slack")
        return _sorry(request, 500, f"This failed, and not through you. It is in the log as {found}.")


def _sorry(request: web.Request, status: int, said: str) -> web.Response:
    if request.method == "GET":
        return web.Response(status=status, text=page("Paperwire", said), content_type="text/html")
    return web.Response(status=status, text=f"{said}\n")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
