"""What is known of who asks: to have it erased."""

from __future__ import annotations

import logging
from typing import Annotated

from bot import privacy
from bot.dispatch import Parameter, command
from bot.model import Button, Call, Reply, Text
from bot.ports import Store

_log = logging.getLogger(__name__)

_STAYS = (
    "What stays: messages that are posted, which are the chat's; what a room of yours has posted there daily, without "
    "your name; backups, until who runs the bot replaces them. A message that is on its way may still come."
)

_WHOM = {"me": False, "me now": True}


def _read_whom(words: str, _: Call) -> bool | None:
    return _WHOM.get(" ".join(words.lower().split()))


Whom = Annotated[
    bool,
    Parameter("me [now]", "me: say what would be erased; me now: erase it", _read_whom, words=2, choices=tuple(_WHOM)),
]


@command
async def forget(call: Call, store: Store, whom: Whom) -> Reply:
    """Have all that is stored about you erased, at once and for good.

    forget me        what would be erased, and what would stay
    forget me now    erase it
    """
    if not whom:
        known = await store.known(call.caller)
        if not any(known.values()):
            return Reply(Text("Nothing is stored about you."), private=True)
        count = privacy.counted({name: len(records) for name, records in known.items()})
        said = [
            f"This would be erased, at once and for good: {count or 'that you were here'}.",
            _STAYS,
            "To have it erased, type: forget me now",
        ]
        return Reply(Text("\n".join(said)), buttons=(Button("Erase it", "forget", "me now", "instead"),), private=True)
    gone = await store.forget(call.caller)
    _log.info("forgotten", extra={"platform": call.room.platform})
    if not any(gone.values()):
        return Reply(Text("Nothing is stored about you."), private=True)
    return Reply(Text(f"Erased: {privacy.counted(gone) or 'that you were here'}.\n{_STAYS}"), private=True)
