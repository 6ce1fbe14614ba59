"""What `paperwire doctor` asks Discord: whether the token is good, and the application as it has to be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import discord
from discord.http import Route

from adapters.discord.api import log_in, point_at
from adapters.discord.commands import payload
from adapters.discord.failures import FAILURES, passes, why
from adapters.discord.install import PORTAL, link, personal_link
from bot.config import Settings
from bot.doctor import Finding

_FEW_STARTS = 100  # of a thousand a day: https://docs.discord.com/developers/events/gateway#session-start-limit-object
_LONGEST_WAIT = 30.0  # seconds, the least that discord.py takes
_ANSWERS_WITHIN = aiohttp.ClientTimeout(total=15)
_TYPES = {"0": "Guild Install", "1": "User Install"}


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Yield what Discord says, good or bad. Nothing connects to its gateway: that would count as a start."""
    point_at(settings.discord_api)
    async with discord.Client(intents=discord.Intents(guilds=True), max_ratelimit_timeout=_LONGEST_WAIT) as client:
        try:
            await log_in(client, settings.discord_token)
            async for found in _asked(client):
                yield found
        except discord.LoginFailure:
            yield _failure(f"the token is refused; make a new PAPERWIRE_DISCORD_TOKEN at {PORTAL}, Bot, Reset Token")
        except FAILURES as error:
            yield _failure(_trouble(error, settings))


async def _asked(client: discord.Client) -> AsyncIterator[Finding]:
    assert client.user is not None
    assert client.application_id is not None
    yield Finding("ok", f"Discord: the token is for {client.user}")
    for found in _application(await _get(client, "/applications/@me")):
        yield found
    yield await _starts(client)
    yield await _commands(client)
    server, person = link(client.application_id), personal_link(client.application_id)
    yield Finding("ok", f"Discord: who manages a server adds it there, with the permissions it needs: {server}")
    yield Finding("ok", f"Discord: people have it for themselves, in any server and alone: {person}")


def _application(found: Mapping[str, Any]) -> list[Finding]:
    page = f"{PORTAL}/{found['id']}"
    said = []
    if found.get("interactions_endpoint_url"):
        said.append(
            _failure(f"commands go to an address and not to Paperwire; empty Interactions Endpoint URL at {page}")
        )
    if found.get("bot_require_code_grant"):
        said.append(_failure(f"nobody can add it; switch off Requires OAuth2 Code Grant at {page}/bot"))
    if not said:
        said.append(Finding("ok", "Discord: commands come to Paperwire; no privileged intent is needed"))
    if not found.get("bot_public", True):
        said.append(Finding("ok", f"Discord: only you can add it to servers; Public Bot at {page}/bot lets others"))
    # An answer without this says nothing about it.
    if (types := found.get("integration_types_config")) is not None:
        said += [
            Finding("warn", f"Discord: the application has no {name}; tick it at {page}/installation")
            for key, name in _TYPES.items()
            if key not in types
        ]
    return said


async def _starts(client: discord.Client) -> Finding:
    found = await _get(client, "/gateway/bot")
    left, total = found["session_start_limit"]["remaining"], found["session_start_limit"]["total"]
    said = f"Discord: {left:,} of {total:,} starts are left today, and a start takes {found['shards']:,}"
    if left >= _FEW_STARTS:
        return Finding("ok", said)
    return Finding("warn", f"{said}; find out what starts so often: when none is left, Discord resets the token")


async def _commands(client: discord.Client) -> Finding:
    there = await _get(client, f"/applications/{client.application_id}/commands", with_localizations="true")
    if _canonical(there) == _canonical(payload()):
        return Finding("ok", "Discord: it has the commands of this version")
    return Finding(
        "warn",
        "Discord: the commands there are not those of this version; paperwire run puts them at its start",
    )


async def _get(client: discord.Client, path: str, **query: str) -> Any:  # noqa: ANN401  # JSON
    return await client.http.request(Route("GET", path), params=query, timeout=_ANSWERS_WITHIN)


# What a command or an option is made of and we say something of. Discord adds more, such as ids and versions.
_SAID = frozenset(
    (
        *("type", "name", "description", "name_localizations", "description_localizations", "options", "required"),
        *("choices", "value", "autocomplete", "min_value", "max_value", "min_length", "max_length", "channel_types"),
        *("contexts", "integration_types", "default_member_permissions"),
    )
)


def _canonical(said: Any) -> Any:  # noqa: ANN401  # JSON
    """Return commands in a form in which equal ones are equal, whatever the order and whether defaults are said."""
    if isinstance(said, list):
        return sorted(map(_canonical, said), key=repr)
    if not isinstance(said, dict):
        return said
    return {
        name: sorted(value.items()) if name.endswith("_localizations") else _canonical(value)
        for name, value in sorted(said.items())
        if name in _SAID and value not in (None, False, "", [], {})
    }


def _trouble(error: Exception, settings: Settings) -> str:
    if isinstance(error, discord.HTTPException | discord.RateLimited):
        if passes(error):
            return f"it does not answer ({why(error)}); try again in a minute"
        return f"it turns a question down ({why(error)}); look at PAPERWIRE_DISCORD_API"
    return f"{settings.discord_api} cannot be reached; look at the network, at a proxy, at PAPERWIRE_DISCORD_API"


def _failure(text: str) -> Finding:
    return Finding("FAIL", f"Discord: {text}", "configuration")
