"""Files that go up to the fake Slack in its three steps: a ticket, the bytes, and where they are shared.

https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader, web

from tests.fakes.slack_state import Channel, Json, Message, SharedFile, Workspace

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

LARGEST = 2**30  # bytes


@dataclass(slots=True)
class Ticket:
    """An address that takes one file, of so many bytes, of one workspace."""

    id: str
    team: str
    name: str
    length: int
    content: bytes | None = None


@dataclass(slots=True)
class Files:
    """`largest` is what the workspaces let in, in bytes; `refusal`, where it is set, what they answer to any file."""

    slack: FakeSlack
    largest: int = LARGEST
    refusal: str = ""
    _tickets: dict[str, Ticket] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def ticket(self, team: Workspace, body: Json) -> Json:
        """Answer files.getUploadURLExternal: with an address, or with an error."""
        length = int(body["length"]) if str(body["length"]).isdigit() else 0
        if not length:
            self.slack.complain("files.getUploadURLExternal", f"{body['length']!r} is no length of a file")
            return {"error": "invalid_arguments"}
        if self.refusal or length > self.largest:
            return {"error": self.refusal or "file_upload_size_restricted"}
        made = Ticket(f"F{next(self._ids)}", team.id, str(body["filename"]), length)
        self._tickets[made.id] = made
        return {"upload_url": f"{self.slack.base}/upload/v1/{made.id}", "file_id": made.id}

    async def take(self, request: web.Request) -> web.Response:
        """Take a file at an address of `ticket`, as it is or as a part of a form: once, and whole."""
        ticket = self._tickets.get(request.match_info["id"])
        if ticket is None or ticket.content is not None:
            self.slack.complain("upload", "that address is none, or has its file")
            return web.Response(status=404, text="not found")
        if "Authorization" in request.headers:
            self.slack.complain("upload", "the token goes to an address that needs none")
        content = await _content(request)
        if len(content) != ticket.length:
            self.slack.complain("upload", f"{len(content)} bytes came, not {ticket.length}")
            return web.Response(status=400, text="wrong length")
        ticket.content = content
        return web.Response(text=f"OK - {len(content)}")

    def share(self, team: Workspace, body: Json, room: Callable[[str], Channel]) -> Json:
        """Answer files.completeUploadExternal: share files that have come, once, in a channel that `room` finds."""
        named = {str(each["id"]): each for each in body["files"]}
        tickets = [self._tickets.get(each) for each in named]
        come = [each for each in tickets if each is not None and each.team == team.id and each.content is not None]
        if not tickets or len(come) < len(tickets):
            self.slack.complain("files.completeUploadExternal", f"not all of {sorted(named)} are files that came")
            return {"error": "file_not_found"}
        where = room(body["channel_id"])
        thread = body.get("thread_ts")
        if thread and not any((m.channel, m.ts) == (where.id, thread) for m in self.slack.messages):
            return {"error": "invalid_arguments"}
        files = [
            SharedFile(each.id, each.name, named[each.id].get("title", each.name), each.content or b"") for each in come
        ]
        for each in come:
            del self._tickets[each.id]
        message = Message(team.id, where.id, self.slack.stamp(), team.bot, thread_ts=thread, files=files)
        self.slack.messages.append(message)
        return {"files": [{"id": each.id, "title": each.title} for each in files]}


async def _content(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        if part.filename:
            return bytes(await part.read())
    return b""
