"""Everybody's subscriptions at once, and what is kept of them between digests."""

import logging
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerts.percolator import NOTHING
from bot.alerts.subscribers import Lines, Subscribers
from bot.highlights.interest import interests
from bot.model import Destination, Digest, Paper, Pick, Subscription
from bot.ports import Morning, Store
from bot.search.grammar import parse
from bot.search.query import Folded
from storage import connect

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
ANN = Destination.parse("slack:T1/@U1")
BEN = Destination.parse("discord:dm/@U1")
WORDS = ["lidar", "radar", "sonar", "laser", "maser"]
PAPERS = [
    Paper(f"2011.{number:05}", " ".join(word for place, word in enumerate(WORDS) if number >> place & 1))
    for number in range(1, 32)
]


def subscription(person: Destination, number: int, line: str, workspace: str = "T1") -> Subscription:
    return Subscription(person, number, line, NOW, workspace=workspace)


lines = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join) | st.sampled_from(
    ["lidar OR radar", "lidar -radar", "las*", '"lidar radar"', "nothing", "(broken"]
)
people = st.lists(
    st.lists(st.tuples(lines, st.sampled_from(["T1", "T2"])), min_size=1, max_size=5), min_size=1, max_size=12
)


def held(people: list[list[tuple[str, str]]]) -> list[Subscription]:
    return [
        subscription(Destination("slack", "T1", f"@U{who}"), number, line, workspace)
        for who, of_person in enumerate(people)
        for number, (line, workspace) in enumerate(of_person)
    ]


def found(line: str) -> set[str]:
    if line == "(broken":
        return set()
    return {paper.id for paper in PAPERS if parse(line).matches(Folded(paper))}


@given(people=people)
@settings(max_examples=100, deadline=None)
def test_each_is_owed_what_any_of_their_lines_finds_in_the_order_given(people: list[list[tuple[str, str]]]) -> None:
    expected = {}
    for who, of_person in enumerate(people):
        ids = set().union(*(found(line) for line, _ in of_person))
        if ids:
            expected[f"slack:T1/@U{who}"] = tuple(Pick(paper.id) for paper in PAPERS if paper.id in ids)
    assert dict(Subscribers.of(held(people)).match(PAPERS).picks()) == expected


@given(people=people)
@settings(max_examples=100, deadline=None)
def test_interest_counts_a_person_once_for_a_paper_and_once_for_a_word(people: list[list[tuple[str, str]]]) -> None:
    counted = interests(Subscribers.of(held(people)).match(PAPERS), {("slack", "T1"), ("slack", "T3")})
    papers: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for of_person in people:
        here = [line for line, workspace in of_person if workspace == "T1"]
        papers.update(set().union(*map(found, here)))
        terms = [term for line in here if line != "(broken" for term in parse(line).terms]
        words.update({word for term in terms for phrase in term.phrases for word in phrase})
    assert counted["slack", "T1"].people == papers
    assert counted["slack", "T1"].words == words
    assert (counted["slack", "T3"].people, counted["slack", "T3"].words) == ({}, {})


def test_who_has_the_same_papers_shares_one_list_of_them() -> None:
    made = Subscribers.of(
        subscription(Destination("slack", "T1", f"@U{n}"), 1, line) for n, line in enumerate(["lidar", "Lidars"])
    )
    (_, one), (_, other) = made.match(PAPERS).picks()
    assert one is other


def test_lines_that_mean_the_same_are_one_node_and_one_that_is_not_read_is_true_of_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    known = Lines()
    with caplog.at_level(logging.WARNING):
        assert known.node("Point Clouds") == known.node("point cloud") == known.node("cloud point")
        assert [known.node("(broken"), known.node("(broken")] == [NOTHING, NOTHING]
    assert caplog.text.count("subscription_unreadable") == 1
    assert len(known) == 4


# What the store keeps


async def taken_in(store: Store, number: int) -> Morning:
    seen: list[Morning] = []

    def plan(morning: Morning) -> tuple[()]:
        seen.append(morning)
        return ()

    paper = Paper(f"2012.{number:05}", " ".join(WORDS))
    await store.take_in(Digest("x", "cs.CV", date(2020, 12, number), (paper,)), plan, NOW)
    return seen[0]


def told(morning: Morning) -> set[str]:
    return {address for address, _ in morning.subscribers.match(morning.fresh).picks()}


async def test_subscribers_are_kept_while_they_do_not_change(store: Store) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    first, second = await taken_in(store, 1), await taken_in(store, 2)
    assert second.subscribers is first.subscribers


async def test_what_another_process_changes_is_seen_too(store: Store, address: str) -> None:
    assert told(await taken_in(store, 1)) == set()
    async with connect(address) as other:
        await other.subscribe(ANN, parse("lidar"), NOW)
    assert told(await taken_in(store, 2)) == {str(ANN)}


async def test_every_change_is_seen_by_the_next_digest(store: Store) -> None:
    assert told(await taken_in(store, 1)) == set()
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.subscribe(BEN, parse("radar"), NOW)
    assert told(await taken_in(store, 2)) == {str(ANN), str(BEN)}
    await store.mute(ANN, 1, muted=True)
    assert told(await taken_in(store, 3)) == {str(BEN)}
    await store.mute(ANN, 1, muted=False)
    assert told(await taken_in(store, 4)) == {str(ANN), str(BEN)}
    await store.unsubscribe(BEN, 1)
    assert told(await taken_in(store, 5)) == {str(ANN)}


async def test_lines_that_are_still_somebodys_are_read_once_and_those_that_are_nobodys_go_in_the_end(
    store: Store,
) -> None:
    for line in WORDS:
        await store.subscribe(ANN, parse(line), NOW)
    first = (await taken_in(store, 1)).subscribers
    await store.subscribe(BEN, parse("lidar"), NOW)
    second = (await taken_in(store, 2)).subscribers
    assert second is not first
    assert second.lines is first.lines
    for number in (1, 2, 3, 4):
        await store.unsubscribe(ANN, number)
    third = (await taken_in(store, 3)).subscribers
    assert len(third.lines) == 2
    assert len(third) == 2
