"""The response_urls of the fake Slack: five uses within thirty minutes, and what people see after each."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.slack_state import Json, Message, Response

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

# https://docs.slack.dev/interactivity/handling-user-interaction
USES = 5
LIFE = 1800


@dataclass(slots=True)
class ResponseUrl:
    """`origin` is the message that it can replace or delete, `shown` what its newest use put up."""

    id: str
    address: str
    team: str
    channel: str
    user: str
    made: float
    origin: Message | None = None
    shown: Message | None = None
    uses: int = 0
    used: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Responses:
    slack: FakeSlack
    taken: list[Response] = field(default_factory=list)
    urls: dict[str, ResponseUrl] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, team: str, channel: str, user: str, origin: Message | None = None) -> ResponseUrl:
        """Hand out a new response_url."""
        name = f"R{next(self._ids)}"
        address = f"{self.slack.base}/response/{name}"
        url = self.urls[name] = ResponseUrl(name, address, team, channel, user, self.slack.now(), origin)
        return url

    def use(self, name: str, text: str) -> web.Response:
        """Take one use of a response_url; one that is refused does not count."""
        url = self.urls.get(name)
        body = _object(text)
        error = self._refusal(url, body)
        status = 404 if error in ("expired_url", "used_url") else 400 if error else 200
        self.taken.append(Response(name, body or {}, self.slack.now(), status))
        if error or url is None or body is None:
            return web.json_response({"ok": False, "error": error}, status=status)
        url.uses += 1
        self.show(url, body)
        url.used.set()
        return web.Response(text="ok")

    def show(self, url: ResponseUrl, body: Json) -> Message | None:
        """Let people see what a use or an acknowledgement says; return the message, None where it takes one away."""
        if url.origin is not None and body.get("delete_original"):
            kept = self.slack.ephemerals if url.origin.ephemeral else self.slack.messages
            if url.origin in kept:
                kept.remove(url.origin)
            return None
        if url.origin is not None and body.get("replace_original"):
            url.origin.show(body)
            url.shown = url.origin
            return url.shown
        to = None if body.get("response_type") == "in_channel" else url.user
        message = Message(url.team, url.channel, self.slack.stamp(), self.slack.teams[url.team].bot, to=to)
        message.thread_ts = body.get("thread_ts")
        message.show(body)
        (self.slack.ephemerals if message.ephemeral else self.slack.messages).append(message)
        url.shown = message
        url.origin = url.origin or message
        return message

    def _refusal(self, url: ResponseUrl | None, body: Json | None) -> str:
        if url is None or self.slack.now() - url.made > LIFE:
            return "expired_url"
        if url.uses >= USES:
            return "used_url"
        if body is None:
            self.slack.complain("response_url", "the body is no JSON object")
            return "invalid_payload"
        found = self.slack.wrong(body, "message", via="response_url")
        for what in found:
            self.slack.complain("response_url", what)
        return "invalid_blocks" if found else ""


def _object(text: str) -> Json | None:
    try:
        read = json.loads(text)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
