"""Addresses that lead into a private network, in each way that a source could name them: none of them is connected to.

127.0.0.2 stands for a public address, so nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver

from adapters._sources.connecting import guarded, is_public
from benchmarks.faults.row import Found, Row, Trial
from tests.fakes.addresses import FORMS, OWN, Names, reads
from tests.fakes.web import FakeWeb, Page

_PUBLIC = "127.0.0.2"
_NAME = "papers.example"


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways to lead somebody to a server that must not be reached, each of which tells whether it did."""

    private: FakeWeb
    public: FakeWeb
    planted: bool

    async def written(self, form: str) -> bool:
        async with self._session() as session:
            return await reads(session, self.private.url(host=form))

    async def behind_a_user_name(self, form: str) -> bool:
        async with self._session() as session:
            return await reads(session, f"http://{_PUBLIC}:80@{form}:{self.private.port}/")

    async def redirected(self, form: str) -> bool:
        self.public.pages["/"] = Page(status=302, headers={"Location": self.private.url(host=form)})
        async with self._session() as session:
            return await reads(session, self.public.url())

    async def resolved(self, form: str) -> bool:
        async with self._session(Names((_literal(form), self.private.port))) as session:
            return await reads(session, f"http://{_NAME}/")

    async def resolved_anew(self, form: str) -> bool:
        """Resolve a name to a public address, and to this one when it is asked for again."""
        self.public.pages["/"] = Page(b"# ArXiv")
        names = Names((_PUBLIC, self.public.port), (_literal(form), self.private.port))
        async with self._session(names) as session:
            if not await reads(session, f"http://{_NAME}/"):
                raise AssertionError("the first address cannot be read either")
            return await reads(session, f"http://{_NAME}/")

    @asynccontextmanager
    async def _session(self, resolver: AbstractResolver | None = None) -> AsyncIterator[aiohttp.ClientSession]:
        def allowed(host: str) -> bool:
            return host == _PUBLIC or is_public(host) or (self.planted and host in OWN)

        async with guarded(allowed, resolver) as session:
            yield session


def _literal(form: str) -> str:
    """Return a host as a resolver would answer it: as an IP address, where it is written as one."""
    host = form.strip("[]")
    try:
        return str(ip_address(host))
    except ValueError:
        return "127.0.0.1"


def _check(trial: Trial) -> Found:
    return asyncio.run(_tried(trial))


async def _tried(trial: Trial) -> Found:
    forms = FORMS[: trial.count]
    wrong: list[str] = []
    tried: Counter[str] = Counter()
    async with FakeWeb("127.0.0.1", "::1") as private, FakeWeb(_PUBLIC) as public:
        private.pages["/"] = Page(b"# ArXiv")
        ways = _Ways(private, public, trial.planted)
        for form in forms:
            for way in (ways.written, ways.behind_a_user_name, ways.redirected, ways.resolved, ways.resolved_anew):
                before = len(private.asked)
                has_read = await way(form)
                tried[way.__name__.replace("_", " ")] += 1
                if has_read or len(private.asked) > before:
                    wrong.append(f"reached by {form}, {way.__name__}")
    figures = f"{len(forms)} forms, {tried.total()} tries ({', '.join(tried)}), {len(wrong)} reached"
    return Found(figures, tuple(wrong[:20]))


ROWS = (
    Row(
        number=18,
        name="private addresses",
        fault="an address of a source leads into this machine or its network: literals, names, redirects, rebinding",
        expected="0 reach it",
        counts=(len(FORMS), len(FORMS)),
        check=_check,
        planted="addresses of this machine are not refused when they are connected to",
        planted_count=len(FORMS),
    ),
)
