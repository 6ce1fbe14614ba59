"""Papers by their ids, from arXiv's API: https://info.arxiv.org/help/api/user-manual.html."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from adapters._sources.fetch import FetchError
from adapters._sources.pace import Pace
from bot.config import Settings
from bot.digest import DigestError, paper, xml
from bot.digest import text as paper_text
from bot.digest.entries import CATEGORY, Entry, canonical
from bot.model import ARCHIVES, Paper
from bot.ports import Unreachable

BATCH = 100

# What has another form is refused, and the whole batch with it: https://info.arxiv.org/help/arxiv_identifier.html
_ID = re.compile(
    r"[0-9]{2}(0[1-9]|1[0-2])\.[0-9]{4,5}|[a-z]+(-[a-z]+)?(\.[A-Za-z]{2})?/[0-9]{2}(0[1-9]|1[0-2])[0-9]{3}"
)
# The API learns of new papers at midnight US Eastern, so what it does not know may be known some hours later.
_AGAIN = 6 * 60 * 60.0


class ArxivLookup:
    """arXiv's API, asked for a hundred papers at once; for one that it does not know, not again for six hours."""

    def __init__(
        self, settings: Settings, pace: Pace | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = settings.arxiv_api
        self._private = settings.private_sources == "allow"
        self._pace = pace or Pace()
        self._clock = clock
        self._unknown: dict[str, float] = {}

    async def papers(self, ids: Sequence[str]) -> Mapping[str, Paper]:
        now = self._clock()
        self._unknown = {id_: asked for id_, asked in self._unknown.items() if now - asked < _AGAIN}
        wanted = [id_ for id_ in dict.fromkeys(ids) if _ID.fullmatch(id_) and id_ not in self._unknown]
        found: dict[str, Paper] = {}
        for start in range(0, len(wanted), BATCH):
            found |= await self._asked(wanted[start : start + BATCH])
        self._unknown |= dict.fromkeys((id_ for id_ in wanted if id_ not in found), now)
        return found

    async def _asked(self, ids: Sequence[str]) -> Mapping[str, Paper]:
        url = f"{self._api}?{urlencode({'id_list': ','.join(ids), 'max_results': len(ids)})}"
        try:
            answer = await self._pace.read(url, private=self._private)
            known = await asyncio.to_thread(lambda: dict(_papers(xml.root(answer.text))))
        except FetchError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise Unreachable(f"arXiv's API: {error}") from None
            known = None
        except DigestError as error:
            raise Unreachable(f"arXiv's API: {error}") from None
        if known is not None:
            return {id_: known[id_] for id_ in ids if id_ in known}
        if len(ids) == 1:
            return {}
        # One id that it takes for none, and it refuses them all.
        half = len(ids) // 2
        return {**await self._asked(ids[:half]), **await self._asked(ids[half:])}


def _papers(feed: ET.Element) -> Iterator[tuple[str, Paper]]:
    if feed.tag != f"{xml.ATOM}feed":
        raise DigestError(1, "expected an Atom feed")
    for each in feed.iter(f"{xml.ATOM}entry"):
        terms = [element.get("term") or "" for element in each.iter(f"{xml.ARXIV}primary_category")]
        terms += [element.get("term") or "" for element in each.iter(f"{xml.ATOM}category")]
        # Classes of the ACM and the MSC stand there too.
        known = (term for term in terms if CATEGORY.fullmatch(term) and term.partition(".")[0] in ARCHIVES)
        authors = (paper_text.read(xml.field(element, "name")).plain for element in each.iter(f"{xml.ATOM}author"))
        found = paper(
            Entry(
                1,
                xml.field(each, "id"),
                xml.field(each, "title"),
                xml.field(each, "summary"),
                tuple(filter(None, authors)),
                tuple(dict.fromkeys(map(canonical, known))),
            )
        )
        # An error is an entry as well, of no paper.
        if isinstance(found, Paper):
            yield found.id, found
