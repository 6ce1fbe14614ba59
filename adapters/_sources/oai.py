"""Digests of days that are past, from arXiv's OAI-PMH: https://info.arxiv.org/help/oa/index.html."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from adapters._sources.categories import named
from adapters._sources.fetch import FetchError
from adapters._sources.pace import Pace
from bot.calendar import digest_day
from bot.config import Settings
from bot.digest import DigestError, judge
from bot.digest.entries import Entry, Section
from bot.digest.oai import Page, Record, page
from bot.model import Digest, UserError
from bot.ports import Unreachable

SOURCE = "arXiv's OAI-PMH"

_log = logging.getLogger(__name__)

# Nothing there is older, and who asks for older is refused.
_EARLIEST = date(2005, 9, 16)
# The archives of the group `physics`; any other is a group of its own name.
_PHYSICS = frozenset({
    *("astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th"),
    *("math-ph", "nlin", "nucl-ex", "nucl-th", "physics", "quant-ph"),
})  # fmt: skip
# A page has up to 3,500 records of some 2,500 bytes, and takes its time.
_MOST = 64 * 1024 * 1024
_WITHIN = 180.0
_TRIES = 3


async def backfill(
    categories: Sequence[str],
    first: date,
    last: date,
    settings: Settings,
    *,
    progress: Callable[[date, int], None] | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[Digest]:
    """Yield a digest for each day from `first` to `last` and each category, in this order; days without papers none.

    OAI-PMH knows when a record changed last, not when a paper was announced. So all that changed since `first` is
    read, and each paper put on the day when it must have been announced, by when it was submitted. One that moderation
    held is some days early then; a cross-list is put there too, whenever it was made. What is read is kept on disk
    until all of it is there, so the memory that it takes is that of a month. `progress` is told after each page up to
    which day of changes all is read, and how many records. Raise `UserError` for what is no category, and `Unreachable`
    where arXiv fails: nothing was yielded then, and to begin again is harmless.
    """
    pace = pace or Pace()
    with TemporaryDirectory(prefix="paperwire-") as folder:
        read = 0
        for category in named(categories):
            # What was announced on the first day changed no earlier than the evening before.
            async for answer in _pages(category, first - timedelta(days=1), settings, pace):
                await asyncio.to_thread(_keep, answer.records, category, (first, last), Path(folder))
                read += len(answer.records)
                _log.info("backfill", extra={"category": category, "changed": f"{answer.newest}", "records": read})
                if progress:
                    progress(answer.newest or first, read)
        for month in await asyncio.to_thread(lambda: sorted(Path(folder).iterdir())):
            for section in await asyncio.to_thread(_sections, month):
                yield await asyncio.to_thread(judge, section, SOURCE)


async def _pages(category: str, since: date, settings: Settings, pace: Pace) -> AsyncIterator[Page]:
    """Yield all pages of what changed in a category since a day, in the order of its changes."""
    since = max(since, _EARLIEST)
    resumed = None
    query = _query(category, since)
    while True:
        answer = await _answer(query, settings, pace)
        if answer.error == "noRecordsMatch":
            return
        if answer.error == "badResumptionToken" and resumed != since:
            # It has expired. What changed up to then is read, so begin there; twice at one place is once too many.
            resumed = since
            query = _query(category, since)
            continue
        if answer.error == "badArgument":
            raise UserError(
                f"arXiv's OAI-PMH has no {category}. https://arxiv.org/category_taxonomy lists its categories."
            )
        if answer.error:
            raise Unreachable(f"{SOURCE} answers {answer.error}, after what changed up to {since}")
        yield answer
        since = max(since, answer.newest or since)
        if not answer.token:
            return
        query = {"verb": "ListRecords", "resumptionToken": answer.token}


def _query(category: str, since: date) -> Mapping[str, str]:
    archive, dot, subject = category.partition(".")
    group = "physics" if archive in _PHYSICS else archive
    chosen = f"{group}:{archive}:{subject}" if dot else f"{group}:{archive}"
    return {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": chosen, "from": since.isoformat()}


async def _answer(query: Mapping[str, str], settings: Settings, pace: Pace) -> Page:
    """Ask, and again where the answer does not come or cannot be read; then raise `Unreachable`."""
    url = f"{settings.arxiv_oai}?{urlencode(query)}"
    private = settings.private_sources == "allow"
    reason = ""
    for _ in range(_TRIES):
        try:
            found = await pace.read(url, private=private, most=_MOST, within=_WITHIN)
            # A whole page takes a quarter of a second to parse.
            return await asyncio.to_thread(page, found.text)
        except (FetchError, DigestError) as error:
            reason = str(error)
    raise Unreachable(f"{SOURCE}: {reason}")


def _keep(records: Iterable[Record], category: str, days: tuple[date, date], folder: Path) -> None:
    """Append what belongs to the days to the file of its month, a line for each category that lists it."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        day = digest_day(record.submitted)
        if days[0] <= day <= days[1]:
            of = [name for name in record.entry.categories if category in (name, name.partition(".")[0])]
            for name in of or [category]:
                line = json.dumps((day.isoformat(), name, record.id, astuple(record.entry)))
                lines[f"{day:%Y-%m}"].append(f"{line}\n")
    for month, written in lines.items():
        with (folder / month).open("a", encoding="utf-8") as file:
            file.writelines(written)


def _sections(month: Path) -> Iterator[Section]:
    """Return a month's digests, unjudged. A paper that was read twice, for it changed meanwhile, is as it was last."""
    kept: defaultdict[tuple[str, str], dict[str, Entry]] = defaultdict(dict)
    with month.open(encoding="utf-8") as file:
        for line in file:
            day, category, id_, (number, address, title, abstract, authors, categories, _) = json.loads(line)
            kept[day, category][id_] = Entry(number, address, title, abstract, tuple(authors), tuple(categories))
    return (
        Section(1, category, date.fromisoformat(day), [entries[id_] for id_ in sorted(entries)])
        for (day, category), entries in sorted(kept.items())
    )
