"""An arXiv on loopback: its feeds, its OAI-PMH and its API, made from what a test announces, and its terms.

Written after arXiv/arxiv-feed, arXiv/oaipmh and https://info.arxiv.org/help/; it shares no code with the product. What
breaks the terms (more than one request in three seconds, or two at once) is a problem that fails the test. The time is
the test's: feeds, OAI-PMH and API know what was announced by the `clock`, and the terms go by it.

`mode` says what the feeds have: "" what was announced for today, "late" nothing yet, "stale" still the day before,
"broken" half of a document, "truncated" half of an answer, "busy" a 503 and "down" a 500; the last four hold for
OAI-PMH and the API too. `fail` does these to the next requests only.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from types import TracebackType
from typing import Literal, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode
from xml.sax.saxutils import escape

from aiohttp import web

from bot.model import Paper
from tests.fakes.arxiv_xml import CATEGORIES, EASTERN, Record, api_entry, api_error, atom, feed, item, oai_answer, raw
from tests.fakes.problems import Problems

Mode = Literal["", "late", "stale", "broken", "truncated", "busy", "down"]

_ID = re.compile(r"\d{2}(0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7}")


class Clock:
    """A time that passes only where somebody sleeps, or where a test says so."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class FakeArxiv:
    """See the module."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.mode: Mode = ""
        self.retry_after = 30
        self.most_items = 2000
        self.page = 3500
        self.requests: list[str] = []
        self.refused: set[str] = set()  # ids that the API takes for none

        self._clock = clock
        self._problems = Problems("arXiv")
        self.complain, self.expect, self.check = self._problems.complain, self._problems.expect, self._problems.check
        self._records: dict[str, Record] = {}
        # What was announced for a day: for each category the papers' ids, with new, cross or replace.
        self._days: defaultdict[date, defaultdict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        self._faults: deque[Mode] = deque()
        self._issue = 0
        self._open = 0
        self._last: datetime | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/rss/{query}", self._on_terms(self._rss))
        app.router.add_get("/oai", self._on_terms(self._oai))
        app.router.add_get("/api/query", self._on_terms(self._api))
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.feeds = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.oai, self.api = f"{self.feeds}/oai", f"{self.feeds}/api/query"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        self._problems.end(error)

    def announce(
        self,
        day: date,
        category: str,
        *papers: Paper,
        kind: Literal["new", "cross", "replace"] = "new",
        submitted: datetime | None = None,
    ) -> None:
        """Announce papers in the listing of a day.

        New ones are listed in all their categories, of which the first is their own; by default that is `category`. A
        cross-list is one more category, a replacement one more version. `submitted` is by default noon Eastern of the
        working day before.
        """
        changed = datetime.combine(day - timedelta(days=1), time(20), EASTERN).astimezone(UTC)
        at = submitted or _noon_before(day)
        for paper in papers:
            known = self._records.get(paper.id)
            if known is None:
                listed = replace(paper, categories=paper.categories or (category,))
                known = self._records[paper.id] = Record(listed, [at], day, changed)
            elif kind == "replace":
                known.submitted.append(at)
            elif kind == "cross":
                known.paper = replace(known.paper, categories=(*known.paper.categories, category))
            known.changed = max(known.changed, changed)
            for each in (category,) if kind == "cross" else known.paper.categories:
                self._days[day][each][paper.id] = kind

    def touch(self, id_: str, at: datetime) -> None:
        """Change something of a record that is no announcement: its datestamp says so."""
        self._records[id_].changed = at

    def delete(self, id_: str) -> None:
        self._records[id_].deleted = True

    def fail(self, *modes: Mode) -> None:
        """Let the next requests fail, one for each mode."""
        self._faults += modes

    def expire(self) -> None:
        """Let all resumption tokens expire that were given so far."""
        self._issue += 1

    def _on_terms(
        self, answer: Callable[[web.Request], web.StreamResponse]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answered(request: web.Request) -> web.StreamResponse:
            self.requests.append(request.path_qs)
            now = self._clock()
            if self._open:
                self.complain(request.path, "two requests at once")
            if self._last and timedelta() <= now - self._last < timedelta(seconds=2.999):
                self.complain(request.path, f"{now - self._last} after the last request, of at least 3 s")
            self._last = now
            self._open += 1
            try:
                await asyncio.sleep(0.01)  # so that two at once are seen
                mode = self._faults.popleft() if self._faults else self.mode
                return await self._failed(request, mode) or _spoilt(answer(request), mode)
            finally:
                self._open -= 1

        return answered

    async def _failed(self, request: web.Request, mode: Mode) -> web.StreamResponse | None:
        if mode == "busy":
            return web.Response(status=503, headers={"Retry-After": f"{self.retry_after}"})
        if mode == "down":
            return web.Response(status=500)
        if mode == "truncated":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"<?xml version='1.0'?>")
            if request.transport:
                request.transport.close()
            return response
        return None

    def _rss(self, request: web.Request) -> web.Response:
        query = request.match_info["query"].split("+")
        unknown = [each for each in query if each not in CATEGORIES and each not in _archives()]
        today = self._clock().astimezone(EASTERN).date()
        before = [day for day in self._days if day < today]
        day = max(before, default=today) if self.mode == "stale" else today
        title = f"Feed error for query: {'+'.join(query)}" if unknown else f"{', '.join(query)} updates on arXiv.org"
        items = [] if unknown or self.mode == "late" else list(self._items(day, query))
        # The limit leaves out what it comes to last: the new ones, which stand first in the feed.
        text = feed(title, day, items[max(0, len(items) - self.most_items) :])
        etag = sha256(text.encode()).hexdigest()
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(
            text=text, status=400 if unknown else 200, content_type="application/rss+xml", headers={"ETag": etag}
        )

    def _items(self, day: date, query: Iterable[str]) -> Iterable[str]:
        """Yield the items of a feed: each paper once, the new ones first."""
        wanted = [each for each in self._days[day] if each in query or each.partition(".")[0] in query]
        actions: dict[str, str] = {}
        for category in wanted:
            for id_, action in self._days[day][category].items():
                actions[id_] = min(action, actions.get(id_, action), key=_ORDER.index)
        kinds = {}
        for id_, action in actions.items():
            own = self._records[id_].paper.categories[0]
            is_own = own in query or own.partition(".")[0] in query
            kinds[id_] = {"new": "new" if is_own else "cross", "replace": "replace" if is_own else "replace-cross"}.get(
                action, action
            )
        for id_ in sorted(kinds, key=lambda id_: (_ORDER.index(kinds[id_]), id_)):
            yield item(self._records[id_], kinds[id_], day)

    def _oai(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        skip = 0
        if token := asked.get("resumptionToken"):
            asked = dict(parse_qsl(unquote(token)))
            skip, issue = int(asked.pop("skip", 0)), int(asked.pop("issue", -1))
            if issue != self._issue:
                return _oai_answer("<error code='badResumptionToken'>expired</error>")
        now = self._clock().astimezone(UTC)
        if asked.get("verb") != "ListRecords":
            return _oai_answer("<error code='badVerb'/>")
        if asked.get("metadataPrefix") != "arXivRaw":
            return _oai_answer("<error code='cannotDisseminateFormat'/>")
        first = date.fromisoformat(asked.get("from", "2005-09-16"))
        if first < date(2005, 9, 16) or first > now.date() or not (wanted := _in_set(asked.get("set", ""))):
            return _oai_answer("<error code='badArgument'/>")
        found = sorted(
            (record.changed, id_)
            for id_, record in self._records.items()
            if first <= record.changed.date() and record.changed <= now and wanted & set(record.paper.categories)
        )
        if not found:
            return _oai_answer("<error code='noRecordsMatch'/>")
        records = "".join(raw(id_, self._records[id_]) for _, id_ in found[skip : skip + self.page])
        if skip + self.page < len(found):
            after = quote(urlencode({**asked, "skip": skip + self.page, "issue": self._issue}))
            expires = f"{now.date() + timedelta(days=1)}T00:00:00Z"
            records += f"<resumptionToken expirationDate='{expires}'>{escape(after)}</resumptionToken>"
        elif token:
            records += "<resumptionToken/>"
        return _oai_answer(f"<ListRecords>{records}</ListRecords>")

    def _api(self, request: web.Request) -> web.Response:
        ids = [each for each in request.query.get("id_list", "").split(",") if each]
        entries = [api_error(each) for each in ids if not _ID.fullmatch(each) or each in self.refused][:1]
        if not entries:
            today = self._clock().astimezone(EASTERN).date()
            known = [self._records[each] for each in ids if each in self._records]
            known = sorted((each for each in known if each.announced <= today), key=lambda each: each.submitted[0])
            entries = [api_entry(each) for each in known[: int(request.query.get("max_results", 10))]]
            status = 200
        else:
            status = 400
        return web.Response(text=atom(entries), status=status, content_type="application/atom+xml")


_ORDER = ("new", "cross", "replace", "replace-cross")


def _archives() -> frozenset[str]:
    return frozenset(each.partition(".")[0] for each in CATEGORIES)


def _in_set(name: str) -> frozenset[str]:
    """Return the categories of a set like cs:cs:CV or cs:cs; none where there is no such set."""
    group, _, rest = name.partition(":")
    wanted = rest.replace(":", ".")
    return frozenset(
        each for each, its in CATEGORIES.items() if its == group and wanted in (each, each.partition(".")[0])
    )


def _noon_before(day: date) -> datetime:
    day -= timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return datetime.combine(day, time(12), EASTERN).astimezone(UTC)


def _spoilt(response: web.StreamResponse, mode: Mode) -> web.StreamResponse:
    if mode == "broken" and isinstance(response, web.Response) and response.text:
        return web.Response(text=response.text[: len(response.text) // 2], content_type="text/xml")
    return response


def _oai_answer(inside: str) -> web.Response:
    return web.Response(text=oai_answer(inside), content_type="text/xml")
