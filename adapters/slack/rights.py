"""What a person may change in a channel, and whether we can post there."""

from __future__ import annotations

from dataclasses import replace

from slack_sdk.errors import SlackApiError

from adapters.slack import failures
from adapters.slack.asked import Asked
from adapters.slack.manifest import INVITATION
from bot.config import Settings
from bot.model import Call, UserError


async def authorised(call: Call, asked: Asked, settings: Settings) -> Call:
    """Return a call with what its caller may do in the room, and whether messages can be posted there.

    Raise `UserError` where Slack does not say.
    """
    if asked.is_alone:
        return replace(call, may_manage=True)
    try:
        channel = (await asked.client.conversations_info(channel=asked.channel))["channel"]
        obstacle = "" if channel.get("is_member") else INVITATION
    except SlackApiError as refusal:
        # A private channel that the bot is not in does not exist for it. Of others, posting will tell.
        obstacle = INVITATION if failures.code(refusal) == "channel_not_found" else ""
    except failures.FAILURES:
        raise UserError("Slack does not say what may be changed here. Try again in a minute.") from None
    return replace(call, may_manage=await _may_manage(asked, settings), obstacle=obstacle)


async def _may_manage(asked: Asked, settings: Settings) -> bool:
    if settings.slack_managers == "members":
        return True  # only who is in a channel can command there
    try:
        user = (await asked.client.users_info(user=asked.user))["user"]
    except failures.FAILURES:
        raise UserError("Slack does not say who is an admin here. Try again in a minute.") from None
    return bool(user.get("is_admin") or user.get("is_owner"))
