"""What is known of who asks: to have it, and to have it erased."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from bot import privacy
from bot.commands.pages import check_page, turn
from bot.commands.parameters import Page, Whom
from bot.dispatch import command
from bot.model import Button, Call, Reply, Text
from bot.ports import Store

_log = logging.getLogger(__name__)

_PAGE = 1_000  # characters, which every platform shows whole
_STAYS = (
    "What stays: messages that are posted, which are the chat's; what a room of yours has posted there daily, without "
    "your name; backups, until who runs the bot replaces them. A message that is on its way may still come."
)


@command
async def export(call: Call, store: Store, page: Page = 1) -> Reply:
    """See all that is stored about you, as JSON: a record a line.

    export
    export page:2
    """
    known = await store.known(call.caller)
    pages = list(_pages(privacy.lines(known)))
    check_page(page, 10 * len(pages))
    if not pages:
        return Reply(Text("Nothing is stored about you."), private=True)
    count = privacy.counted({name: len(records) for name, records in known.items()})
    head = f"Stored about you: {count}." if count else "Stored about you:"
    return Reply(
        Text("\n".join([head, *pages[page - 1]])),
        note=Text(f"In one piece, who runs the bot can print it, in a shell: paperwire export {call.caller}"),
        buttons=turn("export", "", page, 10 * len(pages)),
        private=True,
    )


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


def _pages(lines: Iterable[str]) -> Iterable[list[str]]:
    page: list[str] = []
    for line in lines:
        if page and sum(map(len, page)) + len(page) + len(line) > _PAGE:
            yield page
            page = []
        page.append(line)
    if page:
        yield page
