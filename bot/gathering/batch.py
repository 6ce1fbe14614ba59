"""Taking in digests by hand: what a command names, with a bar, complaints and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime

import click

from bot.bars import bar
from bot.calendar import quiet, spoken
from bot.daily import HOLD, take_in
from bot.digest import DigestError, parse
from bot.exits import complain
from bot.model import Digest
from bot.ports import Source, Store

_MANY = 5_000  # new papers
_FEW = 3  # documents


async def ingest(sources: Sequence[Source], store: Store, *, owe: bool) -> bool:
    """Take in all that sources have, and print the counts; return whether each had something that could be read."""
    counts: Counter[str] = Counter()
    silent = 0
    try:
        with _progress(sum(map(len, sources))) as advance:
            for source in sources:
                found = 0
                async for digests in read(source):
                    found += digests is not None
                    await _take_in(digests or (), store, counts, owe=owe)
                    advance("")
                silent += not found and len(source) > 0
    finally:
        await store.release()
    await _compact(store, counts)
    _print(counts)
    return not silent


async def backfill(ask: Callable[[Callable[[date, int], None]], AsyncIterator[Digest]], store: Store) -> None:
    """Take in an archive's digests, which owe nobody anything, and print the counts, also where it breaks off.

    `ask` returns them, and calls what it is given with the day up to which all that changed is read, and how much.
    """
    counts: Counter[str] = Counter()
    try:
        with _progress(None) as advance:
            async for digest in ask(lambda day, read: advance(f"what changed up to {spoken(day)}: {read:,} records")):
                await _take_in([digest], store, counts, owe=False)
                advance(spoken(digest.day))
        await _compact(store, counts)
    finally:
        _print(counts)


async def read(source: Source) -> AsyncIterator[tuple[Digest, ...] | None]:
    """Yield each document's digests, or None where it could not be read; complain of what could not be."""
    async for document in source.documents():
        if document.error is not None:
            complain(f"{document.source}: {document.error}")
            yield None
            continue
        try:
            digests = parse(document.text, document.source)
        except DigestError as error:
            reason = str(error).removeprefix(f"line {error.line}: ")
            complain(f"{document.source}:{error.line}: {reason}")
            yield None
            continue
        for digest in digests:
            for refusal in digest.refused:
                complain(f"{digest.source}:{refusal.line}: {refusal.reason}")
        yield digests


async def _take_in(digests: Sequence[Digest], store: Store, counts: Counter[str], *, owe: bool) -> None:
    for digest in digests:
        if not digest.declared:
            why = quiet(digest.day)
            what = f"no papers in {digest.category} of {spoken(digest.day)}"
            complain(f"{digest.source}: {what}{f': {why}' if why else ' so far'}")
            continue
        now = datetime.now(UTC).astimezone()
        intake = await take_in(digest, store, now, owe=owe, hold_until=now + HOLD)
        counts.update(
            digests=1,
            entries=digest.declared,
            refused=digest.declared - len(digest.papers),
            new=intake.new,
            known=intake.known,
            corrected=intake.corrected,
            owed=intake.owed,
        )


async def _compact(store: Store, counts: Counter[str]) -> None:
    if counts["new"] >= _MANY:
        await store.compact()


def _print(counts: Counter[str]) -> None:
    click.echo(
        f"Digests: {counts['digests']:,}. Papers: {counts['new']:,} new, {counts['known']:,} known, "
        f"{counts['corrected']:,} of them corrected. Entries: {counts['entries']:,}, {counts['refused']:,} refused. "
        f"Deliveries owed: {counts['owed']:,}."
    )


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[str], None]]:
    """Show a bar where the work is long; yield what to call after each part of it, with what it was."""
    if total is not None and total < _FEW:
        yield lambda _: None
        return
    with bar("Taking in", total) as update:
        yield lambda what: update(advance=1, description=f"Taking in {what}".rstrip())
