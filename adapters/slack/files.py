"""Files that go with an answer: uploaded to where the answer stands, or to who asked directly.

A file in Slack is for everybody who reads the channel it is in: none is for the eyes of one alone, as an answer can be.
https://docs.slack.dev/messaging/working-with-files
"""

from __future__ import annotations

import logging
from dataclasses import replace

from slack_sdk.errors import SlackApiError, SlackRequestError

from adapters._files import name_of
from adapters.slack import failures
from adapters.slack.asked import Asked
from bot.model import File, Reply, Text

_log = logging.getLogger(__name__)

_WHY = {
    "missing_scope": "this workspace installed Paperwire before it could send files. An admin has to install it again: "
    "its scope files:write is new",
    "file_uploads_disabled": "this workspace takes no files. Its admins can change that",
    "file_type_not_allowed": "this workspace takes no files of this type. Its admins can change that",
    "file_upload_size_restricted": "it is larger than this workspace takes. Ask for fewer papers at once",
}
_TRY_AGAIN = "Slack has not taken it. Ask again in a minute"


async def sent(reply: Reply, asked: Asked, *, private: bool) -> Reply:
    """Send the file that goes with a reply; return the reply with a line on where it is, or why it is nowhere.

    `private` says that who asked is alone to see it.
    """
    if reply.file is None:
        return reply
    try:
        told = await _sent(reply.file, asked, private=private)
    except (SlackRequestError, *failures.FAILURES) as error:
        code = failures.why(error)
        _log.warning("file_lost", extra={"code": code, "platform": "slack"})
        told = f"{name_of(reply.file)} could not be sent: {_WHY.get(code, _TRY_AGAIN)}."
    return replace(reply, note=Text("\n".join(filter(None, [str(reply.note), told]))))


async def _sent(file: File, asked: Asked, *, private: bool) -> str:
    if asked.channel and (asked.is_alone or not private):
        try:
            await _upload(file, asked, asked.channel, asked.thread)
        except SlackApiError as refusal:
            # Where we are not in the room, nothing of ours can be put into it.
            if failures.code(refusal) not in failures.GONE:
                raise
        else:
            return ""
    direct = await asked.client.conversations_open(users=asked.user)
    await _upload(file, asked, direct["channel"]["id"])
    return f"{name_of(file)} is in your direct messages with Paperwire."


async def _upload(file: File, asked: Asked, channel: str, thread: str = "") -> None:
    await asked.client.files_upload_v2(
        filename=name_of(file), content=file.content, channel=channel, thread_ts=thread or None
    )
