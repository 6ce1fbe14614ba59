"""Emoji on a message of ours that shows one paper: what people make of it, without a word said.

Which paper a message shows is remembered when it is sent: Slack names the message alone, and most workspaces let nobody
read it again. https://docs.slack.dev/reference/events/reaction_added
"""

from __future__ import annotations

from datetime import datetime, timedelta

from adapters.slack.asked import Asked, Body
from bot.model import Destination, Reply
from bot.ports import Ledger

_KEPT = timedelta(days=180)  # as long as what is liked counts
_SHOWN, _REACTED = "shown", "reacted"
_MEANS = {
    **dict.fromkeys(("+1", "thumbsup", "heart"), "like"),
    **dict.fromkeys(("-1", "thumbsdown"), "dislike"),
}


async def remember(reply: Reply, room: Destination, ts: str, ledger: Ledger, now: datetime) -> None:
    """Remember which paper a message shows, if it is one and nothing else."""
    if len(reply.cards) == 1 and not reply.items:
        await ledger.put(_SHOWN, _place(room, ts), reply.cards[0].paper, until=now + _KEPT)


async def line(event: Body, asked: Asked, ledger: Ledger, now: datetime) -> str:
    """Return the command line that an emoji stands for, put there or taken away; "" where it stands for none.

    Of several on one message the newest that is left counts.
    """
    emoji = str(event["reaction"]).partition("::")[0]  # the rest is the skin
    ts = str(event["item"].get("ts") or "")
    paper = await ledger.get(_SHOWN, _place(asked.room, ts), now) if emoji in _MEANS and ts else None
    if paper is None:
        return ""
    mine = f"{asked.team}/@{asked.user}/{asked.channel}/{ts}"
    there = (await ledger.get(_REACTED, mine, now) or "").split()
    left = [each for each in there if each != emoji]
    if event["type"] == "reaction_added":
        left.append(emoji)
    await ledger.put(_REACTED, mine, " ".join(left), until=now + _KEPT)
    return f"{_MEANS[left[-1]] if left else 'unlike'} {paper}"


def _place(room: Destination, ts: str) -> str:
    return f"{room.workspace}/{room.name}/{ts}"
