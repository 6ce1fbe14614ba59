"""Files that come with a request to the fake Discord, and what becomes of them.

https://docs.discord.com/developers/reference#uploading-files
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from tests.fakes.discord_answers import Refused
from tests.fakes.discord_messages import Attachment, Json

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

MOST = 10  # files of a message


@dataclass(frozen=True, slots=True)
class Upload:
    """A part `files[n]` of a multipart body."""

    name: str
    content: bytes


async def read(fake: FakeDiscord, request: web.Request) -> tuple[Any, dict[int, Upload]]:
    """Return what a multipart body says in `payload_json`, and its files by their numbers."""
    where = f"{request.method} {request.path}"
    body, files = None, {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        name, content = part.name or "", bytes(await part.read())
        number = re.fullmatch(r"files\[(\d+)\]", name)
        if name == "payload_json":
            body = json.loads(content)
        elif number is None or not part.filename:
            fake.complain(where, f"a part {name!r} with the file name {part.filename!r} is no file of a message")
        else:
            files[int(number[1])] = Upload(part.filename, content)
    if body is None:
        fake.complain(where, "the body has no payload_json")
    return body, files


def attached(
    fake: FakeDiscord, body: Json, files: Mapping[int, Upload], there: list[Attachment], *, largest: int
) -> list[Attachment]:
    """Return what is attached to a message after a request; refuse what Discord does not take.

    Of what is there all stays, or nothing: the product keeps no single one.
    """
    for each in files.values():
        if len(each.content) > largest:
            fake.complain("files", f"{each.name} has {len(each.content)} bytes, not at most {largest}")
            raise Refused(413, 40005)
    if "attachments" not in body and not files:
        return there
    named = {int(each["id"]): each.get("filename") for each in body.get("attachments") or []}
    if named != {number: each.name for number, each in files.items()} or len(named) > MOST:
        fake.complain("attachments", f"{named} are not the files {sorted(files)}")
        raise Refused(400, 50035, found=["attachments: are not the files that came"])
    return [Attachment(fake.world.new_id(), each.name, each.content) for each in files.values()]
