"""One round of reading a source: what is in it is taken in, and what is wrong with it is noted."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Set
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from bot import metrics
from bot.calendar import expected_after, span, spoken, today_at_arxiv
from bot.daily import HOLD, take_in
from bot.digest import DigestError, parse
from bot.freshness import Round, doubt, is_from_the_future, redacted
from bot.log import log_bug
from bot.model import Digest, Report
from bot.ports import Archive, Document, Source, Store, StoreError, Unreachable

_log = logging.getLogger(__name__)

# The sources' ledger knows for so long why a document could not be read, by its name.
_UNREADABLE = "unreadable"
_KNOWN_FOR = timedelta(days=90)
# And the first and the last day that a source has left out. Further back nobody waits for them any more.
_LEFT_OUT = "left out"
_LONGEST_GAP = timedelta(days=30)
# While nothing newer has come, its archive is asked for what is missing so often.
_ASKED = "asked"
_ASK_AGAIN = timedelta(hours=6)

_Each = TypeVar("_Each")


class Reading:
    """One round: what it has taken in so far, and what was wrong. One that the store has failed can go on.

    `holding` are the rounds that go on at the same time and have taken something in: what is owed waits for them all.
    """

    def __init__(self, source: Source, store: Store, holding: set[Reading] | None = None) -> None:
        self._source = source
        self._store = store
        self._holding = set() if holding is None else holding
        self._ledger = store.ledger("sources")
        self._now: datetime
        self._is_first = False
        # Of each category the newest digests, until it is known that they are: in a source's first round.
        self._held: defaultdict[str, list[Digest]] = defaultdict(list)
        self._counts: Counter[str] = Counter()
        self._days: list[date] = []
        self._empty: list[date] = []
        self._categories: set[str] = set()
        self._read: set[str] = set()  # documents
        self._wrong: dict[str, str] = {}
        self._unread: dict[str, str] = {}
        self._silence = ""
        self._is_mended = False

    async def all(self, now: datetime, before: Report, patience: timedelta) -> None:
        """Read all that the source has."""
        self._now = now
        self._is_first = before.day is None
        self._silence = ""
        self._unread.clear()
        try:
            async with _within(patience, self._source.documents()) as documents:
                async for document in documents:
                    await self._take(document)
        except StoreError:
            # Not the source's trouble: the document is not read yet, and comes again.
            raise
        except Exception as error:  # noqa: BLE001  # a bug in one source must not be silence
            self._silence = self._reason(error)

    async def catch_up(self, before: Report, patience: timedelta) -> None:
        """Take in the days that were left out since the newest one before, where the source still knows them.

        Where it does not, that is said, unless what was late was told of.
        """
        left_out = await self._left_out(before.day)
        if not left_out:
            return
        first, last = left_out
        days = spoken(first) if first == last else span(first, last)
        address = self._source.address
        if not isinstance(self._source, Archive):
            if before.state not in ("late", "stale"):
                self._note(address, f"no digest of {days} has come, though it was expected")
            return
        if self._days:
            await self._ledger.put(_LEFT_OUT, address, f"{first}/{last}", until=self._now + _LONGEST_GAP)
        try:
            async with _within(patience, self._source.between(first, last)) as digests:
                async for digest in digests:
                    if not await self._has(digest.day, {digest.category}) and (new := await self._unlisted(digest)):
                        await self._take_in(new)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  # as above
            self._unread[f"{address}, {days}"] = self._reason(error)
        else:
            await self._ledger.delete(_LEFT_OUT, address)
            self._is_mended = True

    async def close(self) -> None:
        """Take in what was held back, and let go what is owed."""
        await self._take_in_held()
        await self.release()

    async def release(self) -> None:
        """Let go what is owed, unless another round has more for the same people."""
        if self._holding == {self}:
            await self._store.release()
        self._holding.discard(self)

    async def found(self) -> Round:
        """Return what the round gave; forget of what was read that it could not be."""
        for each in self._read - {*self._wrong, *self._unread}:
            if await self._known(each) is not None:
                await self._ledger.delete(_UNREADABLE, each)
                self._is_mended = True
        # What the source says of itself is news as long as it says it.
        unread = {
            name: reason
            for name, reason in self._unread.items()
            if name == self._source.address or await self._known(name) != reason
        }
        wrong = {name: reason for name, reason in self._wrong.items() if await self._known(name) != reason}
        return Round(
            tuple(self._days),
            tuple(self._empty),
            tuple(self._sentence(*each) for each in wrong.items()),
            tuple(self._sentence(*each) for each in unread.items()),
            self._silence,
            mended=self._is_mended,
        )

    async def remember(self) -> None:
        """Remember what could not be read: it is news once."""
        for document, reason in (self._wrong | self._unread).items():
            if await self._known(document) != reason:
                await self._ledger.put(_UNREADABLE, document, reason, until=self._now + _KNOWN_FOR)

    def log(self, before: Report, after: Report) -> None:
        about: dict[str, object] = {"source": redacted(after.source)}
        if self._counts["digests"]:
            _log.info("gathered", extra=about | dict(self._counts))
        if after.failing and not before.failing:
            for document, reason in (self._unread | ({after.source: self._silence} if self._silence else {})).items():
                _log.warning("unread", extra={"document": redacted(document), "reason": redacted(reason)})
        if after.state != before.state:
            level = logging.INFO if after.is_well else logging.WARNING
            _log.log(level, "source", extra=about | {"state": after.state, "detail": redacted(after.detail)})

    async def _take(self, document: Document) -> None:
        if document.error is None:
            self._read.add(document.source)
            await self._parse(document)
            # What remembers a single document does so for ever: before the next is asked for, it is stored.
            if len(self._source) == 1:
                await self._take_in_held()
        elif document.source == self._source.address and document.source not in self._read:
            self._silence = document.error
        else:
            self._unread[document.source] = document.error

    async def _parse(self, document: Document) -> None:
        digests: tuple[Digest, ...] = ()
        try:
            digests = await asyncio.to_thread(parse, document.text, document.source)
        except DigestError as error:
            self._note(document.source, str(error))
        except Exception as error:  # noqa: BLE001  # a bug in one document must not stop the others
            self._note(document.source, self._bug(error, document.source))
        for digest in digests:
            if reason := doubt(digest, self._now):
                self._note(document.source, reason)
            if not is_from_the_future(digest, self._now):
                await self._take_in(digest)

    def _note(self, document: str, reason: str) -> None:
        _log.warning("unreadable", extra={"document": redacted(document), "reason": redacted(reason)})
        self._wrong[document] = "; ".join(filter(None, (self._wrong.get(document), reason)))

    async def _take_in(self, digest: Digest) -> None:
        for refusal in digest.refused:
            about = {"document": redacted(digest.source), "line": refusal.line, "reason": refusal.reason}
            _log.info("refused", extra=about)
        if not digest.declared:
            self._empty.append(digest.day)
            return
        self._days.append(digest.day)
        self._categories.add(digest.category)
        if not self._is_first:
            await self._store_one(digest, owe=True)
            return
        newest = self._held[digest.category]
        if newest and newest[0].day > digest.day:
            await self._store_one(digest, owe=False)
            return
        while newest and newest[0].day < digest.day:
            await self._store_one(newest[0], owe=False)
            del newest[0]
        newest.append(digest)

    async def _take_in_held(self) -> None:
        for newest in self._held.values():
            while newest:
                await self._store_one(newest[0], owe=True)
                del newest[0]

    async def _store_one(self, digest: Digest, *, owe: bool) -> None:
        self._holding.add(self)
        try:
            intake = await take_in(digest, self._store, self._now, owe=owe, hold_until=self._now + HOLD)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  # a bug in one digest must not stop the others
            self._note(digest.source, self._bug(error, digest.source))
        else:
            self._counts.update(digests=1, **asdict(intake))
            metrics.gathered(intake.new)

    async def _known(self, document: str) -> str | None:
        return await self._ledger.get(_UNREADABLE, document, self._now)

    async def _left_out(self, newest: date | None) -> tuple[date, date] | None:
        """Return the first and the last of the days that are missing before the newest one, now or since earlier."""
        kept = await self._ledger.get(_LEFT_OUT, self._source.address, self._now)
        days = [date.fromisoformat(each) for each in kept.split("/")] if kept else []
        news = [*self._days]
        if isinstance(self._source, Archive):
            # What it shows is today's, so what is missing before that comes in no other way.
            news.append(today_at_arxiv(self._now))
        if newest is not None and news:
            day = max(news)
            newest = max(newest, day - _LONGEST_GAP)
            while (newest := expected_after(newest)) < day:
                if newest not in self._days and not await self._has(newest, self._categories):
                    days.append(newest)
        if days and not kept and not self._days:
            again = self._now + _ASK_AGAIN
            if not await self._ledger.add(_ASKED, self._source.address, until=again, now=self._now):
                return None
        return (min(days), max(days)) if days else None

    async def _has(self, day: date, categories: Set[str]) -> bool:
        return any(each.category in categories for each in await self._store.digests(day))

    async def _unlisted(self, digest: Digest) -> Digest | None:
        """Return a digest without the papers that its category has listed: an archive's days are worked out."""
        known = await self._store.papers(paper.id for paper in digest.papers)
        listed = {paper.id for paper in known if any(each.category == digest.category for each in paper.listings)}
        papers = tuple(paper for paper in digest.papers if paper.id not in listed)
        return replace(digest, papers=papers) if papers else None

    def _sentence(self, document: str, reason: str) -> str:
        return reason if document == self._source.address else f"{document}: {reason}"

    def _reason(self, error: Exception) -> str:
        if isinstance(error, Unreachable | TimeoutError):
            return str(error) or "no answer in time"
        return self._bug(error, self._source.address)

    def _bug(self, error: Exception, document: str) -> str:
        return f"this is a bug, in the log as {log_bug(_log, error, document=redacted(document))}"


@asynccontextmanager
async def _within(patience: timedelta, asked: AsyncIterator[_Each]) -> AsyncIterator[AsyncIterator[_Each]]:
    """Yield what goes through an iterator: TimeoutError where it says nothing for so long. In the end it is closed."""

    async def each() -> AsyncGenerator[_Each, None]:
        while True:
            try:
                async with asyncio.timeout(patience.total_seconds()):
                    one = await anext(asked)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise TimeoutError(f"no answer within {patience.total_seconds():g} s") from None
            yield one

    through = each()
    try:
        yield through
    finally:
        await through.aclose()
        # One that is not read to its end has open what it reads from.
        if isinstance(asked, AsyncGenerator):
            await asked.aclose()
