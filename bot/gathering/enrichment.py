"""Authors for papers that came without: their digests, taken in again with what a look-up knows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta

from bot.daily import take_in
from bot.digest.entries import MAX_ENTRIES
from bot.log import log_bug
from bot.model import Digest, Paper
from bot.ports import Lookup, Store, StoreError, Unreachable

SOURCE = "arXiv's API"

_NEWS = timedelta(days=7)
# Longer than a round takes: people get one alert for all of it.
_ROUND = timedelta(minutes=30)

_EVERY = 900.0  # seconds

_log = logging.getLogger(__name__)


async def enrich(store: Store, lookup: Lookup, at: datetime, *, since: date) -> int:
    """Look up the papers listed since a day that have no authors, newest first; return how many have them now.

    Of days within a week people are told, of older ones nobody. Raise `Unreachable` where nobody answers; what was
    learned before stays.
    """
    found = 0
    try:
        for listing in await store.unattributed(since):
            listed = (await store.listed(listing.day, listing.category, limit=MAX_ENTRIES)).papers
            lacking = {each.id: each for each in listed if not each.authors}
            known = await lookup.papers(tuple(lacking))
            learned = {id_: _learned(lacking[id_], each) for id_, each in known.items() if each.authors}
            if not learned:
                continue
            # All of the digest, so that none of it loses its place; of the others it tells nothing new.
            papers = tuple(learned.get(each.id, Paper(each.id, "")) for each in listed)
            digest = Digest(SOURCE, listing.category, listing.day, papers)
            owe = listing.day >= at.date() - _NEWS
            await take_in(digest, store, at, owe=owe, hold_until=at + _ROUND)
            found += len(learned)
    finally:
        if found:
            await store.release()
            _log.info("enriched", extra={"papers": found})
    return found


async def keep_enriching(store: Store, lookup: Lookup, clock: Callable[[], datetime], stop: asyncio.Event) -> None:
    """Look up the week's papers that have no authors, time and again until `stop` is set."""
    while not stop.is_set():
        now = clock()
        try:
            await enrich(store, lookup, now, since=now.date() - _NEWS)
        except (StoreError, Unreachable) as error:
            _log.warning("enriching_waits", extra={"reason": str(error)})
        except Exception as error:  # noqa: BLE001  # a bug in one round must not end the service
            log_bug(_log, error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _EVERY)


def _learned(paper: Paper, known: Paper) -> Paper:
    """Return what is new of a paper, and nothing else: so no other fact of it seems to come from this day."""
    return Paper(paper.id, "", authors=known.authors, categories=() if paper.categories else known.categories)
