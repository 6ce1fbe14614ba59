"""How the fake Discord answers a request: with JSON, a refusal, or by saying that there were too many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from aiohttp import web

from tests.fakes.discord_messages import Json

# What is behind Discord's own edge; an answer of Cloudflare's has no such header.
VIA = {"Via": "1.1 google"}


class Refused(Exception):  # noqa: N818
    """What Discord answers to a request that it does not carry out; `found` says what is wrong with its body."""

    def __init__(self, status: int, code: int, text: str = "", found: list[str] | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.found = status, code, found or []
        self.text = text or TEXTS.get(code, "refused")


Scope = Literal["user", "global", "shared"]


class Exceeded(Exception):  # noqa: N818
    """A limit is used up for `seconds`: the bot's on a route, on all of them (`global`), or one for many bots."""

    def __init__(self, seconds: float, scope: Scope = "user") -> None:
        super().__init__()
        self.seconds, self.scope = seconds, scope


# https://docs.discord.com/developers/topics/opcodes-and-status-codes
TEXTS = {
    0: "404: Not Found",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10013: "Unknown User",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10087: "Unknown tag",
    40005: "Request entity too large",
    40033: "This message has already been crossposted",
    40058: "Cannot send a message in a forum channel",
    40060: "Interaction has already been acknowledged",
    40066: "There are no tags available that can be set by non-moderators",
    40067: "A tag is required to create a forum post in this channel",
    40094: "This interaction has reached its maximum number of follow up messages",
    50001: "Missing Access",
    50005: "Cannot edit a message authored by another user",
    50007: "Cannot send messages to this user",
    50013: "Missing Permissions",
    50024: "Cannot execute action on this channel type",
    50027: "Invalid Webhook Token",
    50033: "Invalid Recipient(s)",
    50035: "Invalid Form Body",
    50083: "Thread is archived",
    50109: "The request body contains invalid JSON.",
    50278: "Cannot send messages to this user due to having no mutual guilds",
    160005: "Thread is locked",
}


def reply(said: Any, status: int = 200, headers: Mapping[str, str] = VIA) -> web.Response:
    """Return an answer whose Content-Type is exactly application/json, as Discord's is."""
    if said is None:
        return web.Response(status=status, headers=headers)
    return web.Response(
        status=status, headers={"Content-Type": "application/json", **headers}, body=json.dumps(said).encode()
    )


def too_many(limit: Exceeded, headers: Mapping[str, str]) -> web.Response:
    everywhere = limit.scope == "global"
    said = {"message": "You are being rate limited.", "retry_after": round(limit.seconds, 3), "global": everywhere}
    more = {"Retry-After": str(int(limit.seconds) + 1), "X-RateLimit-Scope": limit.scope}
    if everywhere:
        more["X-RateLimit-Global"] = "true"
    return reply(said, 429, {**headers, **more})


def error(code: int, text: str, found: list[str] | None = None) -> Json:
    """Return the body of a refusal; `found` are problems "path: what", as the tree that Discord makes of them."""
    body: Json = {"message": text, "code": code}
    for each in found or []:
        path, _, what = each.partition(": ")
        node = body.setdefault("errors", {})
        for step in path.replace("[", ".").replace("]", "").split("."):
            node = node.setdefault(step, {})
        node.setdefault("_errors", []).append({"code": "INVALID", "message": what})
    return body
