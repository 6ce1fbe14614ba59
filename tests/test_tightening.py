"""What is offered to hear less: a term of the titles found that parts them, as papers write it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot import daily
from bot.model import Digest, Paper
from bot.ports import Store
from bot.search import tightening
from bot.search.grammar import parse

FRIDAY = datetime(2020, 11, 20, 9, tzinfo=UTC)
# The papers of other fields, so that what all papers have tells nothing.
OTHERS = tuple(Paper(f"2011.2{n:04}", f"Proof {n}", "Using a network, by induction.") for n in range(60))


def papers(*titles: str, abstract: str = "It has a transformer.") -> tuple[Paper, ...]:
    return tuple(Paper(f"2011.1{n:04}", title, abstract) for n, title in enumerate(titles))


async def suggested(store: Store, line: str, *found: Paper) -> str | None:
    await daily.take_in(Digest("x", "cs.CV", date(2020, 11, 20), found), store, FRIDAY)
    await daily.take_in(Digest("x", "math.LO", date(2020, 11, 20), OTHERS), store, FRIDAY)
    asked = parse(line)
    quieter = await tightening.suggestion(asked, (await store.search(asked, limit=80)).papers, store)
    if quieter is None:
        return None
    less = await store.search(quieter.query)
    assert 0 < less.total < (await store.search(asked)).total
    assert quieter.query.text.endswith(f" {quieter.term}")
    return quieter.query.text


PLAIN = ["Roads"] * 6 + ["Faces"] * 7


@pytest.mark.parametrize(
    ("line", "titles", "offered"),
    [
        ("transformer", [*PLAIN, *["Speech and Waves"] * 8], "transformer speech"),
        ("transformer", [*PLAIN, *["On Image Restoration"] * 8], 'transformer "image restoration"'),
        ("transformer", [*PLAIN, *["Image: Restoration"] * 8], "transformer image"),
        ("transformer", [*PLAIN, *["Self-Supervised Waves"] * 8], 'transformer "self-supervised waves"'),
        # A name stays as it is written, and is short; a word is written as most write it.
        ("transformer", [*PLAIN, *["NeRF"] * 8], "transformer NeRF"),
        ("transformer", [*PLAIN, *["3D"] * 8], "transformer 3D"),
        ("transformer", [*PLAIN, *["Agents"] * 5, *["Agent"] * 3], "transformer agents"),
        ("lidar OR transformer", [*PLAIN, *["Speech"] * 8], "(lidar OR transformer) speech"),
        ("-lidar (transformer)", [*PLAIN, *["Speech"] * 8], "-lidar (transformer) speech"),
        # What is asked for already, or says the same, parts nothing.
        ("transformer", [*PLAIN, *["Transformers for Speech"] * 8], "transformer speech"),
        ("transform*", [*PLAIN, *["Transforming"] * 8], "transform* faces"),
        ("transformer", [*PLAIN, *["Which That These"] * 8], "transformer faces"),
        # Of several, the one that is in most and in few others.
        ("transformer", [*["Speech"] * 5, *["Waves"] * 9, *["Roads"] * 6], "transformer waves"),
    ],
)
async def test_the_term_that_parts_what_is_found_is_offered(
    store: Store, line: str, titles: list[str], offered: str
) -> None:
    assert await suggested(store, line, *papers(*titles)) == offered


@pytest.mark.parametrize(
    ("line", "titles"),
    [
        ("transformer", ["Speech", "Waves"] * 4),  # too few to tell
        ("transformer", ["Speech"] * 20),  # all of them
        ("transformer", ["Speech"] * 13 + ["Of"] * 7),  # too many
        ("transformer", [*(f"Of {n}" for n in range(90)), *["Speech"] * 15]),  # too few
        ("transformer", [f"W{'abcdefghijklmnopqrst'[n]}rd" for n in range(20)]),  # each its own
        (f"transformer -{'x' * 485}", [*PLAIN, *["Speech"] * 8]),  # too long with one more
        ("transformer", [*["NOT"] * 8, *["Of"] * 12]),  # cannot be typed
    ],
)
async def test_where_nothing_parts_what_is_found_nothing_is_offered(store: Store, line: str, titles: list[str]) -> None:
    assert await suggested(store, line, *papers(*titles)) is None


async def test_what_all_papers_have_as_often_is_not_offered(store: Store) -> None:
    found = papers(*["Network"] * 8, *["Of"] * 12, abstract="It has a transformer by induction.")

    assert await suggested(store, "transformer", *found) is None


async def test_what_abstracts_say_counts_as_well_as_titles(store: Store) -> None:
    spoken = papers(*["Of"] * 12, abstract="A transformer for speech.")
    titled = tuple(Paper(f"2011.3{n:04}", "Speech", "A transformer.") for n in range(8))

    # In eight titles, and in all of the papers.
    assert await suggested(store, "transformer", *spoken, *titled) is None


async def test_what_one_title_says_is_not_what_the_papers_are_about(store: Store) -> None:
    found = papers("Speech to Speech", *["Of"] * 9, abstract="A transformer for speech.") + tuple(
        Paper(f"2011.3{n:04}", "Of", "A transformer.") for n in range(10)
    )

    assert await suggested(store, "transformer", *found) is None


async def test_what_others_seldom_say_comes_before_what_is_said_a_little_more(store: Store) -> None:
    waves = tuple(Paper(f"2011.3{n:04}", "Waves", "") for n in range(8))

    found = papers(*["Waves"] * 9, *["Speech"] * 8, *["Of"] * 3)
    assert await suggested(store, "transformer", *waves, *found) == "transformer speech"
