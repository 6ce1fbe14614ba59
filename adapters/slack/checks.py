"""What `paperwire doctor` asks Slack: whether the tokens are good, and may do all that is needed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import code, passes, why
from adapters.slack.manifest import scopes
from bot.config import Settings
from bot.doctor import Finding

_TIMEOUT = 15.0  # seconds
_APPS = "https://api.slack.com/apps"
_REINSTALL = f"Paste the manifest anew (paperwire manifest slack) at {_APPS}, and reinstall the app"


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Yield what was found, good or bad: first what needs no network, then what Slack says."""
    if settings.slack_signing_secret:
        yield _signing_secret(settings)
    if settings.slack_client_id:
        yield Finding("ok", "Slack: any workspace can install it; PAPERWIRE_SECRET_KEY seals their tokens")
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT)) as session:
        client = AsyncWebClient(base_url=settings.slack_api, session=session, retry_handlers=[])
        try:
            async for found in _asked(settings, client):
                yield found
        except (aiohttp.ClientError, OSError):
            yield _failure(
                f"{settings.slack_api} cannot be reached; look at the network, at a proxy, at PAPERWIRE_SLACK_API"
            )


def _signing_secret(settings: Settings) -> Finding:
    # https://docs.slack.dev/authentication/verifying-requests-from-slack shows one.
    if re.fullmatch(r"[0-9a-f]{32}", settings.slack_signing_secret):
        return Finding("ok", "Slack: the signing secret has the right form")
    return Finding(
        "warn",
        "Slack: a signing secret has 32 digits and letters from a to f, and this one has not; "
        f"copy it from Basic Information at {_APPS}",
    )


async def _asked(settings: Settings, client: AsyncWebClient) -> AsyncIterator[Finding]:
    if settings.slack_bot_token:
        async for found in _bot_token(settings, client):
            yield found
    if settings.slack_app_token:
        yield await _app_token(settings, client)
    if settings.slack_client_id:
        yield await _reached(client)


async def _bot_token(settings: Settings, client: AsyncWebClient) -> AsyncIterator[Finding]:
    try:
        response = await client.auth_test(token=settings.slack_bot_token)
    except SlackApiError as error:
        yield _refused("the bot token", error, f"copy PAPERWIRE_SLACK_BOT_TOKEN from OAuth & Permissions at {_APPS}")
        return
    yield Finding("ok", f"Slack: the bot token is for {response['team']}, where the bot is {response['user']}")
    granted = {each.strip() for each in response.headers.get("x-oauth-scopes", "").split(",")}
    if missing := [scope for scope in scopes(settings) if scope not in granted]:
        yield _failure(f"the bot token lacks {', '.join(missing)}. {_REINSTALL}")
    else:
        yield Finding("ok", "Slack: the bot token has every scope that is needed")


async def _app_token(settings: Settings, client: AsyncWebClient) -> Finding:
    make = f"make an xapp- token with connections:write under Basic Information at {_APPS}"
    try:
        # This asks for an address to connect to, and opens no connection.
        await client.apps_connections_open(app_token=settings.slack_app_token)
    except SlackApiError as error:
        return _refused("the app-level token", error, make)
    return Finding("ok", "Slack: the app-level token opens Socket Mode")


async def _reached(client: AsyncWebClient) -> Finding:
    try:
        await client.auth_test()
    except SlackApiError as error:
        if code(error) != "not_authed":
            return _refused("a question without a token", error, "look at PAPERWIRE_SLACK_API")
    return Finding("ok", "Slack: it can be reached; every workspace's own token is checked as it is used")


def _refused(what: str, error: SlackApiError, otherwise: str) -> Finding:
    if passes(error):
        return _failure(f"it does not answer about {what} ({why(error)}); try again in a minute")
    return _failure(f"{what} is refused ({why(error)}); {otherwise}")


def _failure(text: str) -> Finding:
    return Finding("FAIL", f"Slack: {text}", "configuration")
