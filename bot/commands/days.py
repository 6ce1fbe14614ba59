"""Which day to show the papers of, and what to say where it has none."""

from __future__ import annotations

from datetime import date

from bot.calendar import quiet, spoken
from bot.dispatch import quoted
from bot.model import Call, UserError
from bot.ports import Store, Taken


async def day_shown(
    call: Call, store: Store, day: date | None, category: str | None = None
) -> tuple[str, date | None, list[Taken]]:
    """Return the digests of a day, of today without one, or else of the newest before it.

    With them comes their day (None: there are none), and what to say first where it is not the one that was wanted.
    """
    wanted = day or call.at.date()
    taken = await _taken(wanted, category, store)
    if taken:
        return "", wanted, taken
    newest = await store.newest(category, until=None if day is None else wanted)
    head = _nothing_on(wanted, call.at.date(), category, newest)
    if newest is None:
        return head, None, []
    return head, newest, await _taken(newest, category, store)


async def _taken(day: date, category: str | None, store: Store) -> list[Taken]:
    return [each for each in await store.digests(day) if category in (None, each.category)]


def counted(taken: Taken) -> str:
    """Say how much of a digest is here: "53 of 53 entries", and what is missing from it."""
    line = f"{taken.category}: {taken.stored} of {taken.declared} entries, announced {spoken(taken.day)}"
    refused = [each for each in taken.refused if each.is_entry]
    if refused:
        line += f" ({len(refused)} not stored; line {refused[0].line}: {refused[0].reason})"
    return line


def _nothing_on(wanted: date, today: date, category: str | None, newest: date | None) -> str:
    """Say why a day has no papers, and which is the newest with some."""
    of = f" of {category}" if category else ""
    when = f"today, {spoken(wanted)}" if wanted == today else spoken(wanted)
    why = quiet(wanted)
    if wanted > today:
        head = f"{spoken(wanted)} is yet to come."
    elif why:
        head = f"No digest{of} for {when}: {why}."
    else:
        head = f"No digest{of} for {when}{' yet' if wanted == today else ' has been taken in'}."
    if newest is None:
        return (
            f"{head} There is none{' before it' if wanted <= today else ''} here. "
            "Who runs the bot can take one in, in a shell: paperwire ingest PATH"
        )
    return f"{head} The newest{' before it' if wanted < today else ''} is of {spoken(newest)}:"


async def known_category(category: str, store: Store) -> str:
    known = {code.lower(): code for code in await store.categories()}
    if category.lower() in known:
        return known[category.lower()]
    if not known:
        return category
    raise UserError(f"No digest of {quoted(category)} is stored. There are: {', '.join(known.values())}")
