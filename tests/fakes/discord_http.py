"""The HTTP face of the fake Discord: tokens, rate limits, faults, and the record of every request.

https://docs.discord.com/developers/topics/rate-limits
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes import discord_payloads, slack_http
from tests.fakes.discord_state import Request
from tests.fakes.slack_state import Fault

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

# What is behind Discord's own edge; an answer of Cloudflare's has no such header.
VIA = {"Via": "1.1 google"}


class Refused(Exception):  # noqa: N818
    """What Discord answers to a request that it does not carry out; `found` says what is wrong with its body."""

    def __init__(self, status: int, code: int, text: str = "", found: list[str] | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.found = status, code, found or []
        self.text = text or TEXTS.get(code, "refused")


class Exceeded(Exception):  # noqa: N818
    """A limit is used up for `seconds`; `everywhere`: that on all routes together."""

    def __init__(self, seconds: float, *, everywhere: bool = False) -> None:
        super().__init__()
        self.seconds, self.everywhere = seconds, everywhere


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
    40033: "This message has already been crossposted",
    40060: "Interaction has already been acknowledged",
    40067: "A tag is required to create a forum post in this channel",
    40094: "This interaction has reached its maximum number of follow up messages",
    50001: "Missing Access",
    50005: "Cannot edit a message authored by another user",
    50007: "Cannot send messages to this user",
    50008: "Cannot send messages in a non-text channel",
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


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request on a route: `ids` are the parts of its path by name."""

    ids: Mapping[str, str]
    body: Any
    query: Mapping[str, str]

    def id(self, name: str) -> int:
        return int(self.ids[name]) if self.ids[name].isdigit() else 0


Run = Callable[["FakeDiscord", Incoming], Any]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    run: Run

    @property
    def of_interaction(self) -> bool:
        """Whether the token in its path is all that it asks for; such routes are outside the global limit."""
        return self.template.startswith(("/interactions/", "/webhooks/"))


ROUTES: list[Route] = []


def route(method: str, template: str) -> Callable[[Run], Run]:
    """Register what answers a route, written as in Discord's documentation: `/channels/{channel_id}`."""

    def register(run: Run) -> Run:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))
        ROUTES.append(Route(method, template, pattern, run))
        return run

    return register


@dataclass(slots=True)
class Limits:
    """Count requests: `pace` is (requests, seconds) for a route and its channel, guild or webhook.

    `everywhere` is how many requests a second the bot has in all; None: as many as it likes.
    """

    pace: tuple[int, float] = (50, 1.0)
    everywhere: int | None = None
    _used: dict[str, deque[float]] = field(default_factory=dict)
    _crossposts: dict[int, deque[float]] = field(default_factory=dict)
    _all: deque[float] = field(default_factory=deque)

    def use(self, found: Route, ids: Mapping[str, str], now: float) -> dict[str, str]:
        """Return the headers of a request's bucket; Exceeded where it is used up."""
        if self.everywhere is not None and not found.of_interaction:
            _take(self._all, self.everywhere, 1.0, now, everywhere=True)
        most, seconds = self.pace
        major = "/".join(ids.get(each, "") for each in ("channel_id", "guild_id", "webhook_id", "webhook_token"))
        bucket = hashlib.md5(f"{found.method} {found.template}".encode(), usedforsecurity=False).hexdigest()
        used = self._used.setdefault(f"{bucket}:{major}", deque())
        _take(used, most, seconds, now)
        after = used[0] + seconds - now
        return {
            "X-RateLimit-Bucket": bucket,
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(most - len(used)),
            "X-RateLimit-Reset": f"{now + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
        }

    def crosspost(self, channel: int, now: float) -> None:
        """Count one more message published in a channel.

        Ten an hour: https://github.com/discordjs/discord.js/issues/4956.
        """
        _take(self._crossposts.setdefault(channel, deque()), 10, 3600.0, now)


def _take(used: deque[float], most: int, seconds: float, now: float, *, everywhere: bool = False) -> None:
    # A window begins with its first request and ends for all of them together.
    if used and used[0] + seconds <= now:
        used.clear()
    if len(used) >= most:
        raise Exceeded(used[0] + seconds - now, everywhere=everywhere)
    used.append(now)


@dataclass(slots=True)
class RestApi:
    fake: FakeDiscord
    limits: Limits = field(default_factory=Limits)
    requests: list[Request] = field(default_factory=list)
    faults: list[tuple[str, re.Pattern[str], deque[Fault]]] = field(default_factory=list)
    lasting: list[tuple[str, re.Pattern[str], Fault]] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, or let it go wrong."""
        path = "/" + request.match_info["path"]
        body = await self._body(request)
        log = functools.partial(self._log, request.method, path, body, dict(request.query))
        fault = self.fault(request.method, path)
        if fault is None or fault.commit:
            true = self._carry_out(request, path, body)
            if fault is None or fault.line == "whole":
                log(true.status, _code(true))
                return true
        else:
            true = None
        log(fault.status if fault.line == "answer" else 0, 0)
        if fault.line == "answer":
            # aiohttp adds a charset to text, and discord.py reads no JSON that has one.
            return web.Response(status=fault.status, headers=fault.headers, body=fault.body.encode())
        return await slack_http.go_wrong(fault, request, true, self.closing)

    def fault(self, method: str, path: str) -> Fault | None:
        """Return the fault that is next for a request, and forget it unless it lasts."""
        for of, pattern, waiting in self.faults:
            if waiting and of in (method, "*") and pattern.fullmatch(path):
                return waiting.popleft()
        return next(
            (each for of, pattern, each in self.lasting if of in (method, "*") and pattern.fullmatch(path)), None
        )

    def _log(self, method: str, path: str, body: Any, query: dict[str, str], status: int, code: int) -> None:
        self.requests.append(Request(method, path, body, status, self.fake.now(), query, code))

    async def _body(self, request: web.Request) -> Any:
        if not request.can_read_body:
            return None
        try:
            return await request.json()
        except ValueError:
            self.fake.complain(f"{request.method} {request.path}", "the body is no JSON")
            return None

    def _carry_out(self, request: web.Request, path: str, body: Any) -> web.Response:
        found = next(
            ((each, m) for each in ROUTES if each.method == request.method and (m := each.pattern.fullmatch(path))),
            None,
        )
        if found is None:
            self.fake.complain(f"{request.method} {path}", "is no route that this fake knows")
            return reply(discord_payloads.error(0, TEXTS[0]), 404)
        at, match = found
        ids = match.groupdict()
        if not at.of_interaction and request.headers.get("Authorization") != f"Bot {self.fake.token}":
            return reply(discord_payloads.error(0, "401: Unauthorized"), 401)
        headers = dict(VIA)
        try:
            headers |= self.limits.use(at, ids, self.fake.now())
            said = at.run(self.fake, Incoming(ids, body, request.query))
        except Exceeded as limit:
            return too_many(limit, headers)
        except Refused as refusal:
            said = discord_payloads.error(refusal.code, refusal.text, refusal.found)
            return reply(said, refusal.status, headers)
        return reply(said, 204 if said is None else 200, headers)


def reply(said: Any, status: int = 200, headers: Mapping[str, str] = VIA) -> web.Response:
    """Return an answer whose Content-Type is exactly application/json, as Discord's is."""
    if said is None:
        return web.Response(status=status, headers=headers)
    return web.Response(
        status=status, headers={"Content-Type": "application/json", **headers}, body=json.dumps(said).encode()
    )


def too_many(limit: Exceeded, headers: Mapping[str, str]) -> web.Response:
    scope = "global" if limit.everywhere else "user"
    said = {
        "message": "You are being rate limited.",
        "retry_after": round(limit.seconds, 3),
        "global": limit.everywhere,
    }
    more = {"Retry-After": str(int(limit.seconds) + 1), "X-RateLimit-Scope": scope}
    if limit.everywhere:
        more["X-RateLimit-Global"] = "true"
    return reply(said, 429, {**headers, **more})


def _code(answer: web.Response) -> int:
    if answer.status < 400 or not isinstance(answer.body, bytes):
        return 0
    return int(json.loads(answer.body).get("code", 0))
