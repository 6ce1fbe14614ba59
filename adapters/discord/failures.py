"""What Discord's errors mean: for a delivery, for a start, for whoever reads the log.

https://docs.discord.com/developers/topics/opcodes-and-status-codes
"""

from __future__ import annotations

import json
import math

import aiohttp
import discord

from bot.ports import DeliveryError

# Whatever a call of Discord's can raise that is no bug of ours.
_UNANSWERED = (aiohttp.ClientError, OSError, json.JSONDecodeError, UnicodeDecodeError)
FAILURES = (discord.HTTPException, discord.RateLimited, *_UNANSWERED)

# What no message can be sent to any more, and who set it up should know.
GONE = {
    10003: "unknown channel",
    10004: "unknown server",
    10013: "unknown user",
    40058: "not a thread of a forum",
    40066: "every tag is for moderators only",
    40067: "a tag is required",
    50001: "missing access",
    50007: "closed to direct messages",
    50008: "not a text channel",
    50009: "verification level too high",
    50013: "missing permissions",
    50024: "not for this type of channel",
    50033: "invalid recipient",
    50083: "archived thread",
    50278: "no server in common",
    160005: "locked thread",
}
# What Discord will not take, however often it is sent.
CONTENT = {
    20009: "explicit content",
    40005: "too large",
    50006: "empty message",
    50035: "invalid form",
    50109: "invalid JSON",
    200000: "blocked by AutoMod",
    200001: "title blocked by AutoMod",
    240000: "blocked by the filter of harmful links",
}
# Too much of something, for now.
RATE = {
    20016: "slow mode",
    20028: "write limit of the channel",
    20029: "write limit of the server",
    30034: "too many commands made today",
    40003: "direct messages opened too fast",
    40062: "resource limited",
    130000: "overloaded",
    160006: "too many active threads",
}
# An interaction that cannot be answered any more, or was.
_OVER = {
    10062: "unknown interaction",
    40060: "already answered",
    50027: "the interaction has expired",
}
# With these a person's direct messages are closed; others concern the channel alone, which can be opened anew.
CLOSED = frozenset((10013, 50007, 50033, 50278))
# With these a forum's post has been deleted or closed by a moderator. The forum takes the next one.
ENDED = frozenset((10003, 50083, 160005))
# A message that was taken and then deleted is answered so when it is sent again:
# https://github.com/discord/discord-api-docs/pull/6647
UNKNOWN_MESSAGE = 10008
ALREADY_PUBLISHED = 40033

UNNAMED_WAIT = 30.0  # seconds: for a 429 that does not say how long
STOPPED_WAIT = 600.0  # for what concerns all of the bot, and for opening direct messages too fast
_LONGEST_WAIT = 86_400.0  # a number without end must not end all sending
_SLOW = frozenset((40003, 160006))
_UNAUTHORIZED = frozenset((40001, 50014))
_BLOCKED = 40333
# What stands before Discord could not take it there, so nothing happened:
# https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
_WITHOUT_EFFECT = frozenset((521, 523, 525, 526))
# A 503 is Discord's own proxy's, which names the reason; a connection that was cut may have carried the message there.
# https://github.com/CSSS/wall_e/issues/664, /637; but /655
_NOT_PASSED_ON = ("reset reason: overflow", "connection failure")


def translated(error: Exception) -> DeliveryError:
    """Say what a failed call of Discord's means for a delivery. A bug of ours is raised as it is."""
    if isinstance(error, discord.HTTPException):
        return _of_http(error)
    if isinstance(error, discord.RateLimited):
        return DeliveryError("ratelimited", "later", _seconds(error.retry_after))
    if isinstance(error, KeyError) and error.args == ("retry_after",):  # a 429 without it, which discord.py reads so
        return DeliveryError("ratelimited", "later", UNNAMED_WAIT)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):  # nothing was sent yet
        return DeliveryError("unreachable", "later")
    if isinstance(error, _UNANSWERED):
        return DeliveryError("no_reply", "uncertain")
    raise error


def _of_http(error: discord.HTTPException) -> DeliveryError:
    code, status = error.code, error.status
    if stops(error):
        return DeliveryError(why(error), "later", STOPPED_WAIT)
    if code in GONE:
        return DeliveryError(why(error), "gone")
    if code in CONTENT:
        return DeliveryError(why(error), "content")
    if code in RATE or status == 429:
        return DeliveryError(why(error), "later", STOPPED_WAIT if code in _SLOW else UNNAMED_WAIT)
    if status >= 500 and status not in _WITHOUT_EFFECT and not any(each in error.text for each in _NOT_PASSED_ON):
        return DeliveryError(why(error), "uncertain")
    # A code that this version does not know may pass, though not for ever; the log has its number.
    return DeliveryError(why(error), "later", known=status >= 500)


def stops(error: BaseException) -> bool:
    """Say whether nothing at all can be sent for now: the token is refused, or the address is banned.

    Discord's own refusals are JSON, and its own 429 comes through a proxy that says so; a ban has neither.
    https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
    """
    return isinstance(error, discord.HTTPException) and (
        error.status == 401 or error.code in _UNAUTHORIZED or _is_banned(error)
    )


def passes(error: BaseException) -> bool:
    """Say whether the same call may go well later: Discord was not reached, or could not answer just now."""
    if not isinstance(error, discord.HTTPException):
        return True
    return stops(error) or error.code in RATE or error.status == 429 or error.status >= 500


def why(error: Exception) -> str:
    """Name what went wrong, in words where Discord's documentation has some, with its number."""
    if isinstance(error, discord.HTTPException):
        if _is_banned(error):
            return "banned"
        if words := {**GONE, **CONTENT, **RATE, **_OVER}.get(error.code):
            return f"{words} ({error.code})"
        if error.status == 401 or error.code in _UNAUTHORIZED:
            return "unauthorized"
        if error.code:
            return f"error {error.code}"
        return "ratelimited" if error.status == 429 else f"http_{error.status}"
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__


def _is_banned(error: discord.HTTPException) -> bool:
    proxied = "Via" in error.response.headers
    page = getattr(error.response, "content_type", "") != "application/json"
    return error.code == _BLOCKED or (error.status == 429 and not proxied) or (error.status in (403, 429) and page)


def _seconds(named: float) -> float:
    return min(named, _LONGEST_WAIT) if math.isfinite(named) and named >= 0 else UNNAMED_WAIT
