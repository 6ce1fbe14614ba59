"""The HTTP face of the fake Discord: tokens, rate limits, faults, and the record of every request.

https://docs.discord.com/developers/topics/rate-limits
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.discord_answers import TEXTS, VIA, Exceeded, Refused, Scope, error, reply, too_many
from tests.fakes.discord_files import Upload, read
from tests.fakes.faults import Fault, answered, fine, go_wrong

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord


@dataclass(frozen=True, slots=True)
class Request:
    """A REST request as it came in: `path` below /api/v10, `status` 0 where none was sent, `at` in epoch seconds.

    `code` is Discord's of a refusal, `scope` whose limit a 429 speaks of.
    """

    method: str
    path: str
    body: Any
    status: int
    at: float
    query: dict[str, str] = field(default_factory=dict)
    code: int = 0
    scope: str = ""

    @property
    def is_invalid(self) -> bool:
        """Whether it counts to the 10,000 in ten minutes after which an address is shut out.

        https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
        """
        return self.status in (401, 403) or (self.status == 429 and self.scope != "shared")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request on a route: `ids` are the parts of its path by name, `files` what comes with it, by their numbers."""

    ids: Mapping[str, str]
    body: Any
    query: Mapping[str, str]
    files: Mapping[int, Upload] = field(default_factory=dict)

    def id(self, name: str) -> int:
        return int(self.ids[name]) if self.ids[name].isdigit() else 0

    def limit(self, usual: int, *, most: int) -> int:
        """Return how many are wanted of something that is listed."""
        wanted = int(self.query.get("limit", usual))
        if not 1 <= wanted <= most:
            raise Refused(400, 50035, found=[f"limit: is {wanted}, not 1 to {most}"])
        return wanted


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


# What has a bucket of its own. https://docs.discord.com/developers/topics/rate-limits
_MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_token")


@dataclass(slots=True)
class Limits:
    """Count requests: `pace` is (requests, seconds) for a route and its channel, guild or webhook.

    `everywhere` is how many requests a second the bot has in all, but for those of interactions.
    """

    pace: tuple[int, float] = (50, 1.0)
    everywhere: int = 50
    _used: dict[str, deque[float]] = field(default_factory=dict)
    _crossposts: dict[int, deque[float]] = field(default_factory=dict)
    _all: deque[float] = field(default_factory=deque)

    def use(self, found: Route, ids: Mapping[str, str], now: float) -> dict[str, str]:
        """Return the headers of a request's bucket; Exceeded where it is used up."""
        if not found.of_interaction:
            _take(self._all, self.everywhere, 1.0, now, "global")
        most, seconds = self.pace
        major = "/".join(ids.get(each, "") for each in _MAJOR)
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


def _take(used: deque[float], most: int, seconds: float, now: float, scope: Scope = "user") -> None:
    # A window begins with its first request and ends for all of them together.
    if used and used[0] + seconds <= now:
        used.clear()
    if len(used) >= most:
        raise Exceeded(used[0] + seconds - now, scope)
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
        body, files = await self._body(request)
        fault = self.fault(request.method, path) or fine()
        true = self._carry_out(request, path, body, files) if fault.commit else None
        self.requests.append(_seen(request, path, body, self.fake.now(), answered(fault, true)))
        return await go_wrong(fault, request, true, self.closing)

    def fault(self, method: str, path: str) -> Fault | None:
        """Return the fault that is next for a request, and forget it unless it lasts."""
        for of, pattern, waiting in self.faults:
            if waiting and of in (method, "*") and pattern.fullmatch(path):
                return waiting.popleft()
        return next(
            (each for of, pattern, each in self.lasting if of in (method, "*") and pattern.fullmatch(path)), None
        )

    async def _body(self, request: web.Request) -> tuple[Any, dict[int, Upload]]:
        if not request.can_read_body:
            return None, {}
        try:
            if request.content_type == "multipart/form-data":
                return await read(self.fake, request)
            return await request.json(), {}
        except ValueError:
            self.fake.complain(f"{request.method} {request.path}", "the body is no JSON")
            return None, {}

    def _carry_out(self, request: web.Request, path: str, body: Any, files: Mapping[int, Upload]) -> web.Response:
        found = next(
            ((each, m) for each in ROUTES if each.method == request.method and (m := each.pattern.fullmatch(path))),
            None,
        )
        if found is None:
            self.fake.complain(f"{request.method} {path}", "is no route that this fake knows")
            return reply(error(0, TEXTS[0]), 404)
        at, match = found
        ids = match.groupdict()
        if not at.of_interaction and request.headers.get("Authorization") != f"Bot {self.fake.token}":
            return reply(error(0, "401: Unauthorized"), 401)
        headers = dict(VIA)
        try:
            headers |= self.limits.use(at, ids, self.fake.now())
            said = at.run(self.fake, Incoming(ids, body, request.query, files))
        except Exceeded as limit:
            return too_many(limit, headers)
        except Refused as refusal:
            said = error(refusal.code, refusal.text, refusal.found)
            return reply(said, refusal.status, headers)
        return reply(said, 204 if said is None else 200, headers)


def _seen(request: web.Request, path: str, body: Any, at: float, answer: web.Response | None) -> Request:
    """Return the record of a request and of what it was answered; None: nothing whole."""
    seen = Request(request.method, path, body, 0, at, dict(request.query))
    if answer is None:
        return seen
    scope = answer.headers.get("X-RateLimit-Scope", "")
    return replace(seen, status=answer.status, code=_code(answer), scope=scope)


def _code(answer: web.Response) -> int:
    if answer.status < 400 or answer.content_type != "application/json" or not isinstance(answer.body, bytes):
        return 0
    said = json.loads(answer.body)
    return int(said.get("code", 0)) if isinstance(said, dict) else 0
