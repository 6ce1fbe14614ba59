"""Random walks of who joins places and parts them while alerts are sent: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commands import answer
from bot.daily import take_in
from bot.model import Call, Delivery, Destination, Digest, Paper
from bot.ports import Store
from storage import connect, inspect

BEGIN = datetime(2020, 11, 20, 9, tzinfo=UTC)
PLACES = tuple(map(Destination.parse, ("slack:T1/@U1", "discord:dm/@101", "slack:T2/@U2")))
# What is a person's is where they are at home, and nowhere else.
STRAY = """
    SELECT person_id FROM subscription UNION ALL SELECT destination_id FROM told
    UNION ALL SELECT destination_id FROM outbox WHERE kind = 'alert' AND state IN ('pending', 'sending')
    INTERSECT SELECT alias_id FROM link
"""

_place = st.integers(0, len(PLACES) - 1)
_step = st.one_of(
    st.tuples(st.just("subscribe"), _place, _place),
    st.tuples(st.just("join"), _place, _place),
    st.tuples(st.just("part"), _place, st.just(0)),
    st.tuples(st.just("digest"), st.just(0), st.just(0)),
    st.tuples(st.sampled_from(["sent", "failed", "gone", "asked"]), _place, st.just(0)),
)


class Walk:
    """What should be true of three places: who is at which, and what they are subscribed to and were told."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.at = BEGIN
        self.people = [{number} for number in range(len(PLACES))]
        self.queries: list[set[str]] = [set() for _ in PLACES]
        self.told: list[set[str]] = [set() for _ in PLACES]
        self.count = 0

    async def ask(self, line: str, place: int) -> str:
        name, _, text = line.partition(" ")
        reply = await answer(Call(name, text, PLACES[place], PLACES[place], self.at), self.store)
        return str(reply.text)

    async def step(self, what: str, place: int, other: int) -> None:
        self.at += timedelta(days=1)
        self.count += 1
        if what == "subscribe":  # at both in the same instant
            wanted = {place: f"paper -x{self.count}", other: f"paper -y{self.count}"}
            await asyncio.gather(*(self.ask(f"subscribe {query}", each) for each, query in wanted.items()))
            for each, query in wanted.items():
                for same in self.people[each]:
                    self.queries[same].add(query)
        elif what == "join":
            code = (await self.ask("link", place)).partition(": link ")[2].split()[0]
            if (await self.ask(f"link {code} now", other)).startswith("You are one person"):
                both = self.people[place] | self.people[other]
                queries, told = ({each for n in both for each in of[n]} for of in (self.queries, self.told))
                for each in both:
                    self.people[each], self.queries[each], self.told[each] = both, set(queries), set(told)
        elif what == "part":
            if (await self.ask("link off", place)).startswith("Parted"):
                for each in self.people[place] - {place}:
                    self.people[each], self.queries[each], self.told[each] = {each}, set(), set()
                self.people[place] = {place}
        elif what == "digest":
            paper = Paper(f"2011.{self.count:05}", f"Paper {self.count}")
            await take_in(Digest("test", "cs.CV", self.at.date(), (paper,)), self.store, self.at)
        elif delivery := await self.store.claim(("slack", "discord"), self.at):
            await self.deliver(delivery, what, place)

    async def deliver(self, delivery: Delivery, what: str, place: int) -> None:
        if what == "failed":
            await self.store.settle(delivery, "pending", code="503")
            return
        if what == "gone":
            await self.store.settle(delivery, "pending", code="50007", pause=self.at, tried=False)
            return
        if what == "asked":  # while it is on its way
            await self.ask("status", place)
        await self.store.settle(delivery, "sent")
        papers = {each.paper for each in delivery.picks}
        whom = PLACES.index(delivery.to)
        assert not papers & self.told[whom]
        for each in self.people[whom]:
            self.told[each] |= papers


async def _walk(steps: list[tuple[str, int, int]], file: Path) -> None:
    address = f"sqlite:///{file}"
    async with connect(address) as store:
        walk = Walk(store)
        for each in steps:
            await walk.step(*each)
            with contextlib.closing(sqlite3.connect(file)) as db:
                assert db.execute(STRAY).fetchall() == []
        for place, expected in zip(PLACES, walk.queries, strict=True):
            found = await store.subscriptions(await store.home(place))
            assert {each.query for each in found} == expected
    sound = inspect(address)
    assert sound is not None
    assert sound.trouble == ()


@given(st.lists(_step, min_size=8, max_size=25))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_joined_and_parted_nothing_is_lost_and_nothing_comes_twice(
    steps: list[tuple[str, int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_walk(steps, Path(folder) / "papers.db"))
