"""Digests from arXiv itself: the listing of the day, as its feeds have it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from http import HTTPStatus

from adapters._sources.categories import named
from adapters._sources.fetch import Fetched, FetchError
from adapters._sources.oai import backfill
from adapters._sources.pace import Pace
from bot.config import Settings
from bot.model import Digest
from bot.ports import Document

# A feed has no more items, and of more it leaves out the new papers first:
# https://info.arxiv.org/help/rss.html, https://github.com/arXiv/arxiv-feed/blob/develop/feed/database.py
MOST_ITEMS = 2000

_ITEM = re.compile(r"<item[\s>]")


class Arxiv:
    """The day's listing of some categories, in one request, or in one each where they have too much together.

    The feeds are made anew at midnight US Eastern, four hours after the announcement. Until that is in, which can take
    hours more, and on days without one they are empty.
    """

    every = timedelta(minutes=15)
    delay = timedelta(hours=3)

    def __init__(self, categories: tuple[str, ...], settings: Settings, pace: Pace | None = None) -> None:
        self.address = f"arxiv:{'+'.join(categories)}"
        self.categories = categories
        self._settings = settings
        self._pace = pace or Pace()
        self._etag, self._modified = "", ""

    @classmethod
    def at(cls, address: str, settings: Settings, pace: Pace | None = None) -> Arxiv:
        """Return the source that an address like `arxiv:cs.CV+cs.CL` names, or raise `UserError`."""
        return cls(named(address.partition(":")[2].split("+")), settings, pace)

    def __len__(self) -> int:
        return 1

    async def documents(self) -> AsyncIterator[Document]:
        try:
            found = await self._read()
        except FetchError as error:
            yield Document(self.address, error=_reason(error))
            return
        if found.status == HTTPStatus.NOT_MODIFIED:
            return
        whole = True
        async for document in self._parts(found):
            yield document
            whole &= document.error is None
        if whole:
            # Only now is it read. A service that is started anew asks once more.
            self._etag, self._modified = found.etag, found.modified

    def between(self, first: date, last: date) -> AsyncIterator[Digest]:
        """Return the digests of days that the feeds do not have any more."""
        return backfill(self.categories, first, last, self._settings, pace=self._pace)

    async def _parts(self, found: Fetched) -> AsyncIterator[Document]:
        """Yield a listing, or those of its categories one by one where it is cut off, and say so of what still is."""
        if not _is_full(found):
            yield Document(self.address, found.text)
        elif len(self.categories) == 1:
            yield Document(self.address, found.text)
            (category,) = self.categories
            finer = "" if "." in category else "; name its categories one by one"
            yield Document(self.address, error=f"arXiv cuts {category} off at {MOST_ITEMS:,} items{finer}")
        else:
            for category in self.categories:
                alone = Arxiv((category,), self._settings, self._pace)
                async for document in alone.documents():
                    yield document

    async def _read(self) -> Fetched:
        url = f"{self._settings.arxiv_feeds}/rss/{'+'.join(self.categories)}"
        private = self._settings.private_sources == "allow"
        return await self._pace.read(url, etag=self._etag, modified=self._modified, private=private)


def _is_full(found: Fetched) -> bool:
    return sum(1 for _ in _ITEM.finditer(found.text)) >= MOST_ITEMS


def _reason(error: FetchError) -> str:
    if error.status == HTTPStatus.BAD_REQUEST:
        return "arXiv knows no such category; https://arxiv.org/category_taxonomy lists them"
    return str(error)
