"""Digests, corrections, failures, crashes and clocks in any order: everybody is told of each paper, and once."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from bot import daily
from bot.grammar import parse
from bot.model import Delivery, Destination, Digest, Following, Paper, Schedule
from bot.ports import Store
from storage import connect

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
DAYS = (date(2020, 11, 20), date(2020, 11, 23))
PAPERS = tuple(Paper(f"2011.{n:05}", f"Lidar, part {n}", "Of roads.") for n in range(5))
ANN = Destination.parse("slack:T1/@ANN")
BOTH = Destination.parse("slack:T1/@BOTH")  # alerts and highlights to one person
ROOM = Destination.parse("slack:T1/C1")


class Mornings(RuleBasedStateMachine):
    """A store, and a platform that looks for what may have arrived before it posts that again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.stack = contextlib.AsyncExitStack()
        self.now = NOW
        self.sending: list[Delivery] = []
        self.arrived: dict[str, Delivery] = {}
        self.taken: set[str] = set()

        async def begin() -> Store:
            store = await self.stack.enter_async_context(connect(f"sqlite:///{self.folder.name}/papers.db"))
            for person in (ANN, BOTH):
                await store.subscribe(person, parse("lidar"), NOW)
            await store.follow(Following(BOTH, count=9))
            await store.follow(Following(ROOM, count=9, schedule=Schedule(days=(0,))))
            return store

        self.store = self.runner.run(begin())

    @rule(
        day=st.sampled_from(DAYS),
        category=st.sampled_from(["cs.CV", "cs.RO"]),
        papers=st.sets(st.sampled_from(PAPERS), min_size=1, max_size=3),
        held=st.booleans(),
    )
    def take_in(self, day: date, category: str, papers: set[Paper], held: bool) -> None:
        digest = Digest("x", category, day, tuple(sorted(papers, key=lambda each: each.id)))
        hold = self.now + timedelta(minutes=10) if held else None
        self.runner.run(daily.take_in(digest, self.store, self.now, hold_until=hold))
        self.taken |= {paper.id for paper in papers}

    @rule()
    def release(self) -> None:
        self.runner.run(self.store.release())

    @rule(hours=st.sampled_from([1, -2, 24]))
    def tick(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def claim(self) -> None:
        claimed = self.runner.run(self.store.claim(["slack"], self.now))
        if claimed is not None:
            assert claimed.to not in [each.to for each in self.sending]
            self.sending.append(claimed)

    @precondition(lambda self: self.sending)
    @rule(arrives=st.booleans(), known=st.booleans())
    def post(self, arrives: bool, known: bool) -> None:
        delivery = self.sending.pop(0)
        if arrives:
            self._arrive(delivery)
        uncertain = delivery.uncertain or not known
        state: Literal["sent", "pending"] = "sent" if arrives and known else "pending"
        later = self.now + timedelta(minutes=1)
        self.runner.run(self.store.settle(delivery, state, not_before=later, uncertain=uncertain))

    @rule(arrive=st.booleans())
    def crash(self, arrive: bool) -> None:
        for each in self.sending if arrive else ():
            self._arrive(each)
        assert self.runner.run(self.store.begin_delivery()) == len(self.sending)
        self.sending = []

    def _arrive(self, delivery: Delivery) -> None:
        before = self.arrived.setdefault(delivery.key, delivery)
        # What may have arrived is looked for by its key, so it must be what it was.
        assert before is delivery or (delivery.uncertain and delivery.picks == before.picks)

    def teardown(self) -> None:
        try:
            self.crash(arrive=False)
            self.now += timedelta(days=60)
            while delivery := self.runner.run(self.store.claim(["slack"], self.now)):
                self._arrive(delivery)
                self.runner.run(self.store.settle(delivery, "sent"))
            for to in (ANN, BOTH):
                assert self._told(to, "alert") == Counter(self.taken)
            for to in (BOTH, ROOM):
                shown = self._told(to, "highlights")
                assert shown == Counter(set(shown))
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()

    def _told(self, to: Destination, kind: str) -> Counter[str]:
        messages = [each for each in self.arrived.values() if (each.to, each.kind) == (to, kind)]
        return Counter(pick.paper for each in messages for pick in each.picks)


TestMornings = Mornings.TestCase
TestMornings.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
