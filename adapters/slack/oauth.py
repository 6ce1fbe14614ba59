"""How a workspace installs the app: the flow that Bolt walks through, and the two pages at its end."""

from __future__ import annotations

import hmac
import html
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.manifest import REDIRECT_PATH
from bot.config import Settings
from bot.ports import Ledger

INSTALL_PATH = "/slack/install"

_log = logging.getLogger(__name__)

_STATE_LIVES = timedelta(minutes=10)
_AGAIN = f'<a href="{INSTALL_PATH}">Start again</a>'
_FAILURES = {
    "access_denied": f"You did not allow it, so nothing was installed. {_AGAIN} if that was a mistake.",
    "invalid_browser": f"This is not the browser that began the installation, or it began too long ago. {_AGAIN} here.",
    "invalid_state": f"This link was used before, or is older than ten minutes. {_AGAIN}.",
    "missing_code": f"Slack sent you here without its permission. {_AGAIN}.",
    "invalid_code": f"Slack did not confirm the permission. {_AGAIN}; if it fails again, tell who runs this service.",
}
_UNKNOWN = f"Slack did not allow it. {_AGAIN}; if it fails again, ask an administrator of your workspace."


class States(AsyncOAuthStateStore):
    """What ties the end of an installation to its beginning: each is good once, for ten minutes.

    Anybody can ask for one. So each says itself until when it is good, signed, and only one that comes back is written
    down. An installation that a restart interrupts begins again.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._key = secrets.token_bytes(32)

    async def async_issue(self, *_: Any, **__: Any) -> str:  # noqa: ANN401  # the SDK's signature
        until = int((self._clock() + _STATE_LIVES).timestamp())
        said = f"{until}.{secrets.token_urlsafe(24)}"
        return f"{said}.{self._signature(said)}"

    async def async_consume(self, state: str) -> bool:
        said, _, signature = state.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(said).encode()):
            return False
        now = self._clock()
        until = datetime.fromtimestamp(int(said.partition(".")[0]), UTC)
        return now < until and await self._ledger.add("state", state, until=until, now=now)

    def _signature(self, said: str) -> str:
        return hmac.new(self._key, said.encode(), "sha256").hexdigest()


def flow(
    settings: Settings,
    client: AsyncWebClient,
    installations: AsyncInstallationStore,
    states: AsyncOAuthStateStore,
    scopes: Sequence[str],
) -> AsyncOAuthFlow:
    """Return Bolt's flow for these settings: the bot's scopes only, and of what it logs nothing.

    Its log would hold the code that Slack gives the permission with.
    """
    authorize_url = urljoin(settings.slack_api, "/oauth/v2/authorize")
    found = AsyncOAuthSettings(
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret,
        scopes=scopes,
        user_scopes=[],
        install_path=INSTALL_PATH,
        # Slack's own page asks; one before it would only repeat the question.
        install_page_rendering_enabled=False,
        redirect_uri_path=REDIRECT_PATH,
        callback_options=AsyncCallbackOptions(success=_installed, failure=_failed),
        authorization_url=authorize_url,
        installation_store=installations,
        installation_store_bot_only=True,
        state_store=states,
        state_expiration_seconds=int(_STATE_LIVES.total_seconds()),
    )
    # Bolt takes it from an environment variable of its own; without it Slack uses the one of the app's settings.
    found.redirect_uri = None
    found.authorize_url_generator = AuthorizeUrlGenerator(
        client_id=settings.slack_client_id, scopes=scopes, user_scopes=[], authorization_url=authorize_url
    )
    silent = logging.Logger("silent", logging.CRITICAL + 1)  # noqa: LOG001  # whatever is configured, it stays so
    return AsyncOAuthFlow(client=client, logger=silent, settings=found)


def page(title: str, said: str) -> str:
    """Return a page of plain HTML: `title` is text, `said` is HTML of ours."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(title)}</title></head><body><h1>{html.escape(title)}</h1><p>{said}</p></body></html>"
    )


async def _installed(args: AsyncSuccessArgs) -> BoltResponse:
    made = args.installation
    where = (made.enterprise_name if made.is_enterprise_install else made.team_name) or "your workspace"
    _log.info("installed", extra={"org_wide": bool(made.is_enterprise_install), "platform": "slack"})
    said = (
        "You can close this page. In Slack, type <code>/papers help</code> anywhere; "
        "for the highlights of each day, go to the channel that should have them, type "
        "<code>/invite @papers</code> and then <code>/papers settings on</code>."
    )
    return _answer(200, page(f"Paperwire is installed in {where}", said), args)


async def _failed(args: AsyncFailureArgs) -> BoltResponse:
    # The reason can be anything that somebody has put into the address.
    known = args.reason if args.reason in _FAILURES else "other"
    _log.warning("not_installed", extra={"code": known, "platform": "slack"})
    said = _FAILURES.get(known, _UNKNOWN)
    return _answer(args.suggested_status_code, page("Paperwire was not installed", said), args)


def _answer(status: int, body: str, args: AsyncSuccessArgs | AsyncFailureArgs) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Set-Cookie": args.settings.state_utils.build_set_cookie_for_deletion(),
    }
    return BoltResponse(status=status, body=body, headers=headers)
