"""Digests, corrections, failures, crashes, operators and clocks in any order: nobody is told of a paper twice.

And everybody is told of each, but of what was given up meanwhile, by its time or by somebody.
"""

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
from bot.model import Delivery, Destination, Digest, Following, Paper, Schedule
from bot.ports import Store
from bot.search.grammar import parse
from storage import connect

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
DAYS = (date(2020, 11, 19), date(2020, 11, 20), date(2020, 11, 23))
A_DAY = timedelta(hours=24)
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
        self.given_up: set[tuple[Destination, str]] = set()

        async def begin() -> Store:
            store = await self.stack.enter_async_context(connect(f"sqlite:///{self.folder.name}/papers.db"))
            await self._welcome(store)
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
        if claimed := self._claim():
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

    @precondition(lambda self: self.sending)
    @rule(what=st.sampled_from(["held", "gone", "refused"]))
    def turn_away(self, what: str) -> None:
        delivery = self.sending.pop(0)
        if what == "refused":
            self._give_up(delivery)
            self.runner.run(self.store.settle(delivery, "dead", code=what))
            return
        pause = self.now if what == "gone" else None
        self.runner.run(
            self.store.settle(
                delivery, "pending", code=what, pause=pause, uncertain=delivery.uncertain, tried=False, not_before=None
            )
        )

    @rule()
    def resume(self) -> None:
        self.runner.run(self._welcome(self.store))

    @rule(number=st.integers(1, 9))
    def requeue(self, number: int) -> None:
        self.runner.run(self.store.requeue([number], self.now))

    @rule(number=st.integers(1, 9))
    def drop(self, number: int) -> None:
        if self.runner.run(self.store.drop([number])):
            (found, _) = self.runner.run(self.store.deliveries(limit=99))
            self._give_up(*(each.delivery for each in found if each.delivery.id == number))

    @rule(arrive=st.booleans())
    def crash(self, arrive: bool) -> None:
        for each in self.sending if arrive else ():
            self._arrive(each)
        assert self.runner.run(self.store.begin_delivery()) == len(self.sending)
        self.sending = []

    async def _welcome(self, store: Store) -> None:
        for person in (ANN, BOTH):
            await store.subscribe(person, parse("lidar"), NOW)
        await store.follow(Following(BOTH, count=2))
        await store.follow(Following(ROOM, count=2, schedule=Schedule(days=(0,))))

    def _claim(self) -> Delivery | None:
        """Claim as `bot.delivery` does: what was first tried a day ago has expired."""
        while claimed := self.runner.run(self.store.claim(["slack"], self.now)):
            assert claimed.tried_at is not None
            if self.now - claimed.tried_at < A_DAY:
                break
            self._give_up(claimed)
            self.runner.run(self.store.settle(claimed, "expired", tried=False))
        return claimed

    def _give_up(self, *deliveries: Delivery) -> None:
        self.given_up |= {(each.to, pick.paper) for each in deliveries for pick in each.picks}

    def _arrive(self, delivery: Delivery) -> None:
        before = self.arrived.setdefault(delivery.key, delivery)
        # What may have arrived is looked for by its key, so it must be what it was.
        assert before is delivery or (delivery.uncertain and delivery.picks == before.picks)

    def teardown(self) -> None:
        try:
            self.crash(arrive=False)
            self.resume()
            self.now += timedelta(days=60)
            while delivery := self._claim():
                self._arrive(delivery)
                self.runner.run(self.store.settle(delivery, "sent"))
            for to, kind in ((ANN, "alert"), (BOTH, "alert"), (BOTH, "highlights"), (ROOM, "highlights")):
                told = self._told(to, kind)
                assert told == Counter(set(told))
                if kind == "alert":
                    assert self.taken - set(told) <= {paper for person, paper in self.given_up if person == to}
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()

    def _told(self, to: Destination, kind: str) -> Counter[str]:
        messages = [each for each in self.arrived.values() if (each.to, each.kind) == (to, kind)]
        return Counter(pick.paper for each in messages for pick in each.picks)


TestMornings = Mornings.TestCase
TestMornings.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
