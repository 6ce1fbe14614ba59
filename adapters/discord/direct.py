"""Direct messages: how one is opened, and how a person is told in time that none can reach them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

import discord
from discord.http import Route

from adapters.discord import failures
from adapters.discord.asked import PEOPLE
from adapters.discord.invalid import InvalidRequests
from adapters.discord.once import request
from bot.ports import DeliveryError, Ledger

_KIND = "direct"
_WELCOME = (
    "Alerts for what you subscribe to come here: one message a day, when there is something new.\n"
    "What you are subscribed to, and how to end it: /papers subscriptions"
)
_REFUSED = {
    50007: "Alerts cannot reach you: you take no direct messages from this bot. In Discord, open the menu of a server "
    "where you both are, then Privacy Settings, and allow direct messages; then subscribe again.",
    50278: "Alerts cannot reach you: you and this bot have no server in common. Join one where it is, or have it added "
    "to one of yours; then subscribe again.",
}
_INSTEAD = (
    "Until then, /papers matches shows what your subscriptions find, and /papers settings puts daily highlights into "
    "a channel."
)


async def known(ledger: Ledger, user: str, now: datetime) -> str:
    """Return the channel of direct messages that have arrived, "" where none has."""
    return await ledger.get(_KIND, _entry(user), now) or ""


async def open_direct(client: discord.Client, user: str) -> str:
    """Return the channel of a person's direct messages. It can be opened where they are closed, too."""
    opened = await request(client, Route("POST", "/users/@me/channels"), {"recipient_id": user})
    return str(opened["id"])


async def works(ledger: Ledger, user: str, channel: str, now: datetime) -> None:
    """Remember that a person's direct messages arrive: nobody has to ask again."""
    if await known(ledger, user, now) != channel:
        await ledger.put(_KIND, _entry(user), channel)


async def forget(ledger: Ledger, user: str) -> None:
    """Forget that a person's direct messages arrived."""
    await ledger.delete(_KIND, _entry(user))


async def confirm(
    client: discord.Client, ledger: Ledger, user: str, clock: Callable[[], datetime], guard: InvalidRequests
) -> str:
    """Send a person the first direct message, if none has arrived yet; return what to tell them where it is refused.

    So who has closed them hears of it while subscribing, and no message comes unasked. What is no refusal says
    nothing: the next subscription tries again.
    """
    if await known(ledger, user, clock()):
        return ""
    nonce = hashlib.blake2b(f"{_KIND}|{user}".encode(), digest_size=12).hexdigest()
    said = {"content": _WELCOME, "nonce": nonce, "enforce_nonce": True, "allowed_mentions": {"parse": []}}
    try:
        guard.check()
        channel = await open_direct(client, user)
        await request(client, Route("POST", "/channels/{channel_id}/messages", channel_id=channel), said)
    except DeliveryError:
        return ""
    except Exception as error:  # noqa: BLE001  # what is a bug of ours is raised again
        if failures.stops(error):
            guard.hold(failures.STOPPED_WAIT)
        failures.translated(error)
        why = _REFUSED.get(error.code) if isinstance(error, discord.HTTPException) else None
        return f"{why}\n{_INSTEAD}" if why else ""
    await works(ledger, user, channel, clock())
    return ""


def _entry(user: str) -> str:
    return f"{PEOPLE}/@{user}"
