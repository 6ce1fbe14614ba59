"""How often something is in the papers: counted by week, drawn, compared; and what rises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands
from bot.daily import take_in
from bot.model import Button, Digest, Paper, Reply
from bot.ports import Store
from bot.search.grammar import parse
from bot.team.trending import GAP, WEEKS, Curve, curves, rising
from storage.history import READ
from tests.conftest import MakeCall

FRIDAY = date(2020, 11, 20)
NOW = datetime.fromisoformat("2020-11-20T09:00+00:00")
HALF_A_YEAR = [FRIDAY - timedelta(days=7 * n) for n in reversed(range(WEEKS))]

Ask = Callable[[str], Awaitable[Reply]]


@pytest.fixture
def ask(store: Store, call: MakeCall) -> Ask:
    return lambda line: commands.answer(call(line, at=NOW), store)


async def fill(store: Store, day: date, *titles: str, category: str = "cs.CV", begin: int = 0) -> None:
    papers = tuple(Paper(f"{day:%y%m}.{day.day:02}{begin + n:03}", title, "") for n, title in enumerate(titles))
    await take_in(Digest("test", category, day, papers), store, NOW, owe=False)


async def archive(store: Store) -> None:
    """Store half a year of twenty papers a week: two a week are about lidar, and five of the last."""
    for day in HALF_A_YEAR:
        about = 5 if day == FRIDAY else 2
        await fill(store, day, *["Lidar of roads"] * about, *["Elephants"] * (20 - about))


@given(st.lists(st.none() | st.tuples(st.integers(0, 50), st.integers(50, 90)), min_size=1, max_size=WEEKS))
def test_a_higher_share_is_never_a_lower_bar_and_a_gap_is_none(weeks: list[tuple[int, int] | None]) -> None:
    curve = Curve(parse("lidar"), tuple(weeks), FRIDAY, None, exact=True)
    drawn = curve.bars(curve.highest)

    assert len(drawn) == len(weeks)
    assert [each == GAP for each in drawn] == [each is None for each in weeks]
    shown = sorted((share, bar) for share, bar in zip(curve.shares, drawn, strict=True) if share is not None)
    assert [bar for _, bar in shown] == sorted(bar for _, bar in shown)
    assert all((bar == "▁") == (share == 0) for share, bar in shown)
    assert not curve.highest or shown[-1][1] == "█"


async def test_each_paper_counts_once_in_the_week_that_first_listed_it(store: Store) -> None:
    await archive(store)
    again = Paper(f"{HALF_A_YEAR[0]:%y%m}.{HALF_A_YEAR[0].day:02}000", "Lidar of roads", "")
    await take_in(Digest("test", "cs.RO", FRIDAY, (again,)), store, NOW, owe=False)
    (curve,) = await curves([parse("lidar")], FRIDAY, store)

    assert curve.weeks == ((2, 20),) * (WEEKS - 1) + ((5, 20),)
    assert curve.first == HALF_A_YEAR[0]
    assert (
        curve.compared()
        == "2.5 times as often as in the 6 months before: 5 of 20 papers this week; so few may be chance"
    )


@pytest.mark.parametrize(
    ("weeks", "said"),
    [
        (((10, 100), (10, 100)), "As often as in the week before: 10 of 100 papers this week"),
        (((10, 100), None, (30, 100)), "3.0 times as often as in the 2 weeks before: 30 of 100 papers this week"),
        (((100, 1000), (5, 1000)), "0.05 times as often as in the week before: 5 of 1,000 papers this week"),
        (((0, 1000), (7, 1000)), "7 of 1,000 papers this week, 0 of 1,000 in the week before"),
        (((9, 1000), (0, 500)), "0 of 500 papers this week, 9 of 1,000 in the week before"),
        (((3, 10),), "3 of 10 papers this week, and none before to compare with"),
        (((3, 10), None), "No new paper this week, and none before to compare with"),
    ],
)
def test_this_week_is_compared_with_all_before(weeks: tuple[tuple[int, int] | None, ...], said: str) -> None:
    assert Curve(parse("lidar"), weeks, FRIDAY, None, exact=True).compared() == said


async def test_a_week_without_a_digest_is_shown_as_one_and_said(store: Store, ask: Ask) -> None:
    for day in (HALF_A_YEAR[0], *HALF_A_YEAR[2:]):
        await fill(store, day, "Lidar of roads", "Elephants")
    reply = await ask("trending lidar")

    assert reply.text.plain.startswith(f"█{GAP}{'█' * (WEEKS - 2)}  lidar\nAs often as")
    assert "First seen here on Fri 29 May 2020." in reply.text.plain
    assert reply.note.plain == (
        "Each bar is a week, the last to Fri 20 Nov 2020: its share of new papers, at most 50 %. "
        f"{GAP} is a week without a digest here: 1 week."
    )
    assert reply.buttons == (Button("Search", "search", "lidar"), Button("Subscribe", "subscribe", "lidar"))
    assert reply.again == Button("Share", "trending", "lidar")


async def test_several_are_drawn_on_one_scale_and_a_comma_in_quotes_parts_nothing(store: Store, ask: Ask) -> None:
    for day in HALF_A_YEAR[-2:]:
        await fill(store, day, *["Lidar, seen"] * 8, "Elephants", "Giraffes")
    reply = await ask('trending "lidar, seen", elephants')

    lines = reply.text.plain.splitlines()
    assert lines[0] == '██  "lidar, seen"'
    assert lines[2] == "▂▂  elephants"
    assert [each.label for each in reply.buttons] == ['Search "lidar, seen"', "Search elephants"]
    assert "At most 4" in str((await ask("trending a1, b1, c1, d1, e1")).error)


async def test_where_all_of_a_days_papers_match_it_is_all_and_what_is_typed_twice_is_drawn_once(
    store: Store, ask: Ask
) -> None:
    await fill(store, FRIDAY, "Lidar of roads", "Lidar of towns")
    reply = await ask("trending lidar, LIDAR")

    assert str(reply.text).count("█") == 1
    assert "at most 100 %." in str(reply.note)


async def test_what_is_not_in_any_paper_is_said_with_what_may_be_meant(store: Store, ask: Ask) -> None:
    for day in HALF_A_YEAR[-2:]:
        await fill(store, day, *["Segmentation of lidar"] * 30)
    reply = await ask("trending segmentatoin")

    assert reply.text.plain.startswith("No paper matches segmentatoin.")
    assert reply.buttons == (Button("Did you mean segmentation?", "trending", "segmentation", "instead"),)


@pytest.mark.parametrize(
    "line",
    [
        "road",
        '"rare words side"',
        '"rare words side" -elephant',
        "title:roa* OR elephant",
        "cat:cs.CV has:code",
        '"quokka zorb"',
    ],
)
async def test_what_is_counted_is_what_is_found(store: Store, line: str) -> None:
    await fill(store, HALF_A_YEAR[-3], "Zorb beside a quokka")
    await fill(store, HALF_A_YEAR[-1] - timedelta(days=1), "A quokka zorb")
    await fill(store, HALF_A_YEAR[-2], "Rare words side by side", "Side words rare", "Roads", "Elephant roads")
    await fill(store, FRIDAY, "Elephants", "Rare words side by elephants", "Roadside")
    course = await store.course(parse(line), HALF_A_YEAR[0], FRIDAY)
    found = await store.search(parse(line))

    assert course.exact
    assert sum(course.counts.values()) == found.total
    assert course.first == min((each.listings[0].day for each in found.papers), default=None)


async def test_too_many_that_would_have_to_be_read_are_counted_by_their_words_and_that_is_said(
    store: Store, ask: Ask
) -> None:
    await fill(store, FRIDAY, *["Quokkas zorb", "Zorb quokkas"] * ((READ + 2) // 2))
    reply = await ask('trending "quokkas zorb"')

    assert f"{READ + 2} of {READ + 2} papers" in reply.text.plain
    assert "First seen" not in reply.text.plain
    assert "all papers with these words are counted" in reply.note.plain


async def test_what_rises_is_named_with_its_papers_and_terms_that_share_a_word_once(store: Store, ask: Ask) -> None:
    for number, day in enumerate(HALF_A_YEAR):
        await fill(store, day, *[f"Paper {n} on topic{number}x{n}" for n in range(60)])
    await fill(store, FRIDAY - timedelta(days=1), *["Gaussian Splatting of Roads", "Gaussian splatting, fast"] * 3)
    reply = await ask("trending")

    assert reply.text.plain == "Rising in titles in the week to Fri 20 Nov 2020, against the 30 days before:"
    (item,) = reply.items
    assert item.text.plain == f"{'▁' * (WEEKS - 1)}█  gaussian splatting: 6 titles, 0 in the 30 days before"
    assert item.buttons == (Button("Papers", "search", 'title:"gaussian splatting" after:2020-11-14'),)
    found = await ask(f"{item.buttons[0].name} {item.buttons[0].text}")
    assert found.text.plain.startswith("6 papers for")
    assert reply.again == Button("Share", "trending")


async def test_rising_can_be_asked_of_some_categories_alone(store: Store) -> None:
    for day in HALF_A_YEAR:
        await fill(store, day, *[f"Paper {n} of {day}" for n in range(60)])
    await fill(store, FRIDAY, *["Gaussian splatting"] * 6, category="cs.GR", begin=100)

    assert [each.term for each in (await rising(store, FRIDAY, most=5)).rises] == ["gaussian splatting"]
    assert (await rising(store, FRIDAY, ["cs.CV"], most=5)).rises == ()


async def test_where_little_is_stored_it_is_said_why_nothing_rises(store: Store, ask: Ask) -> None:
    assert (await ask("trending")).text.plain.startswith("Nothing is stored yet")
    await fill(store, FRIDAY, "Gaussian splatting", "Gaussian splatting")
    assert "no papers of the month before are stored" in (await ask("trending")).text.plain
    await fill(store, FRIDAY - timedelta(days=9), "Lidar")
    assert (await ask("trending")).text.plain == (
        "Nothing rises in the week to Fri 20 Nov 2020: 2 papers, and 1 in the 30 days before."
    )
