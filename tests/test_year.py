"""A simulated year: every digest reaches every room once, and every abnormal day is explained to who runs the service.

The days are those on which arXiv announced, or will, by its own page for 2026; the service asks an arXiv on loopback,
which is down, late, stale and broken at times, and is itself away for four days.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters._sources.arxiv import Arxiv
from adapters._sources.pace import Pace
from bot.config import Settings
from bot.delivery import deliver
from bot.gathering import gather
from bot.model import Alerting, Destination, Following, Schedule
from bot.search.grammar import parse
from storage import connect
from tests.fakes.arxiv import Clock, FakeArxiv, Mode
from tests.year.mornings import EASTERN, ZONES, Chat, announced, papers


def eastern(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=EASTERN)


START, END = date(2026, 1, 5), date(2027, 1, 4)
# When the feed was how, in arXiv's local time, and what is said of the source then.
FAULTS: dict[tuple[datetime, datetime], tuple[Mode, str]] = {
    (eastern(2026, 4, 14), eastern(2026, 4, 15)): ("down", "unreachable"),
    (eastern(2026, 5, 12), eastern(2026, 5, 12, 15)): ("late", "late"),
    (eastern(2026, 9, 8), eastern(2026, 9, 12)): ("late", "late"),  # each day is asked of the archive, a day late
    (eastern(2026, 10, 6), eastern(2026, 10, 6, 10)): ("broken", "broken"),
    (eastern(2026, 10, 15, 3), eastern(2026, 10, 16)): ("", "late"),  # nothing was announced, and why is not known
    (eastern(2026, 11, 3), eastern(2026, 11, 4)): ("stale", "late"),
}
AWAY = (eastern(2026, 3, 3, 6), eastern(2026, 3, 6, 20))
ADMIN = Destination.parse("chat:ops/admins")
ROOMS = {Destination("chat", "lab", zone.replace("/", ".")): Schedule(time(9), zone) for zone in ZONES} | {
    Destination("chat", "lab", "at-once"): Schedule(),
    Destination("chat", "lab", "mondays"): Schedule(time(9), "Europe/Berlin", (0,)),
}
PEOPLE = {
    Destination("chat", "lab", "@now"): Alerting(),
    Destination("chat", "lab", "@daily"): Alerting(
        "daily", Schedule(time(7, 30), "Australia/Lord_Howe"), (time(22), time(8)), 50
    ),
    Destination("chat", "lab", "@weekly"): Alerting("weekly", Schedule(time(9), "America/New_York", (4,)), most=50),
}


async def test_a_year_of_mornings_reaches_everybody_once_and_explains_itself(tmp_path: Path) -> None:
    clock = Clock(datetime.combine(START, time(), EASTERN).astimezone(UTC))
    chat = Chat(clock)
    days = list(announced(START, END))
    states: list[tuple[datetime, str]] = []
    async with FakeArxiv(clock) as arxiv, connect(f"sqlite:///{tmp_path}/papers.db") as store:
        settings = Settings(arxiv_feeds=arxiv.feeds, arxiv_oai=arxiv.oai, arxiv_api=arxiv.api)
        source = Arxiv.at("arxiv:cs.CV", settings, Pace(tmp_path, clock=clock.seconds, sleep=clock.sleep))
        for day in days:
            arxiv.announce(day, "cs.CV", *papers(day))
        await store.watch([source.address], clock.now)
        for room, schedule in ROOMS.items():
            await store.follow(Following(room, count=25, schedule=schedule))
        for person, alerting in PEOPLE.items():
            await store.subscribe(person, parse("lidar"), clock.now)
            await store.alert(person, alerting)
        end = datetime.combine(END, time(12), EASTERN).astimezone(UTC)
        while clock.now < end:
            clock.now += timedelta(hours=3)
            local = clock.now.astimezone(EASTERN)
            if AWAY[0] <= local < AWAY[1]:
                continue
            arxiv.mode = next((mode for (begin, over), (mode, _) in FAULTS.items() if begin <= local < over), "")
            report = await gather(source, store, clock.now, admin=ADMIN)
            states.append((local, report.state))
            await deliver(store, {"chat": chat}, clock)
        arxiv.mode = ""

    every = [paper.id for day in days for paper in papers(day)]
    for room, schedule in ROOMS.items():
        posts = chat.posts[room]
        shown = [card.paper for _, reply in posts for card in reply.cards]
        assert Counter(shown) == Counter(every), room
        # In the order of the days; within a message as it is ranked.
        assert [min(card.paper for card in reply.cards) for _, reply in posts] == sorted(
            min(card.paper for card in reply.cards) for _, reply in posts
        )
        for moment, _ in posts:
            at = moment.astimezone(ZoneInfo(schedule.zone))
            assert at.weekday() in schedule.days
            assert at.time() >= schedule.start
    for person in PEOPLE:
        told = [card.paper for _, reply in chat.posts[person] for card in reply.cards]
        assert Counter(told) == Counter(every), person
    for (at, _), (later, _) in itertools.pairwise(chat.posts[Destination("chat", "lab", "@daily")]):
        assert (
            at.astimezone(ZoneInfo("Australia/Lord_Howe")).date()
            < later.astimezone(ZoneInfo("Australia/Lord_Howe")).date()
        )

    trouble = [(at, state) for at, state in states if state not in ("fresh", "quiet")]
    for (begin, over), (_, state) in FAULTS.items():
        assert state in [each for at, each in trouble if begin <= at < over], (begin, state)
    # And of no other day, but of those on which the service came back.
    spans = [*FAULTS, (AWAY[1], AWAY[1] + timedelta(days=3))]
    others = [each for each in trouble if not any(a <= each[0] <= b + timedelta(hours=4) for a, b in spans)]
    assert not others
    _check_reports([reply.text.plain for _, reply in chat.posts[ADMIN]])


def _check_reports(said: list[str]) -> None:
    """Hold against each other what was told to the admin: each trouble once, and its end."""
    states = [re.match(r"arxiv:cs.CV is ([a-z ]+?) since", each)[1] for each in said]  # type: ignore[index]
    assert all(one != other for one, other in itertools.pairwise(states))
    assert states[-1] == "well again"
    assert {"unreachable", "late", "broken"} <= set(states)
