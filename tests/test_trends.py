"""Terms that rise: what is new that day, and what only looks so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.highlights import trends
from bot.highlights.trends import Trend, rising, spelled

# A month of a category: twenty days of thirty papers, of which two in a hundred are about lidar.
MONTH = [f"Paper {n} on {'lidar' if n % 50 == 0 else f'topic{n % 97}'} for robots" for n in range(600)]
DAY = [f"Paper {n} on subject{n} for robots" for n in range(27)]
SPLATTING = ["Gaussian Splatting of Roads", "Fast Gaussian splatting", "Compressed Gaussian Splatting"]


def test_a_pair_of_words_that_was_rare_and_is_in_several_titles_rises() -> None:
    found = rising([*DAY, *SPLATTING], MONTH)

    assert found[0] == Trend("gaussian splatting", 3, 0)
    assert {each.term for each in found} == {"gaussian splatting", "gaussian", "splatting"}


def test_it_is_counted_how_many_titles_had_it_before() -> None:
    found = rising([*DAY, *SPLATTING, *SPLATTING], [*MONTH, "A survey of Gaussian splatting", "Gaussian splatting"])

    assert found[0] == Trend("gaussian splatting", 6, 2)


@pytest.mark.parametrize(
    "titles",
    [
        pytest.param(["Gaussian splatting " * 5], id="one title that says it five times is one title"),
        pytest.param(["Lidar of roads", "Lidar of seas", "Radar or lidar"], id="three where one or two are usual"),
        pytest.param([f"Robots {n}" for n in range(20)], id="what all titles had before is no news"),
        pytest.param(["In the end", "At the end of it", "In the beginning"], id="words that tell nothing"),
        pytest.param(["2025 in numbers", "2025 and on", "The year 2025"], id="numbers"),
    ],
)
def test_what_may_as_well_be_chance_does_not_rise(titles: list[str]) -> None:
    assert not {"gaussian", "splatting", "gaussian splatting", "lidar", "robot", "in the", "the", "2025"} & {
        each.term for each in rising([*DAY, *titles], MONTH)
    }


def test_two_titles_are_no_trend_however_rare_their_words_were() -> None:
    month = MONTH * 20
    assert rising([*DAY, *SPLATTING[:2]], month) == ()
    assert rising([*DAY, *SPLATTING], month)


def test_three_times_what_is_usual_may_be_chance() -> None:
    month = ["Lidar of roads"] * 9 + [f"Paper {n}" for n in range(591)]
    today = [f"Paper {n}" for n in range(47)]

    assert rising([*today, *["Lidar"] * 3], month) == ()
    assert rising([*today, *["Lidar"] * 7], month) == (Trend("lidar", 7, 9),)


def test_a_word_that_one_in_fifty_titles_always_had_is_no_news() -> None:
    month = ["Lidar"] * 13 + [f"Paper {n}" for n in range(587)]

    assert rising(["Lidar"] * 20, month) == ()
    assert rising(["Lidar"] * 20, month[2:])


def test_of_a_store_that_has_hardly_begun_nothing_is_said() -> None:
    assert rising([*DAY, *SPLATTING, *SPLATTING], MONTH[:99]) == ()
    assert rising([*DAY, *SPLATTING, *SPLATTING], MONTH[:100])


def test_a_term_behind_a_hyphen_is_the_same_one() -> None:
    titles = ["Vision-Language Models", "Vision language models of sight", "A vision-language model"]

    assert rising([*DAY, *titles], MONTH)[0].term in ("language model", "vision language")


def test_the_likelier_chance_comes_later_and_order_does_not_matter() -> None:
    more = [*SPLATTING, "Gaussian splatting again", "Mamba one", "Mamba two", "Mamba three"]
    found = rising([*DAY, *more], MONTH)

    assert found[0].term == "gaussian splatting"
    assert found[-1].term == "mamba"
    assert rising([*reversed(more), *DAY], MONTH[::-1]) == found


@given(st.integers(1, 30), st.integers(0, 200), st.integers(1, 300), st.integers(100, 5000))
def test_a_chance_is_one_and_falls_with_each_more_title(count: int, earlier: int, titles: int, before: int) -> None:
    here, next_ = (trends._chance(each, titles, earlier, before) for each in (count, count + 1))

    assert -1e-9 <= next_ <= here <= 1


def test_no_more_often_than_it_says_does_chance_make_a_term_rise() -> None:
    # The distribution is the one that its source names: the chances of 0, 1, 2, ... add up to 1.
    exactly = [trends._chance(n, 30, 2, 600) - trends._chance(n + 1, 30, 2, 600) for n in range(50)]

    assert sum(exactly) == pytest.approx(1)
    mean = sum(n * each for n, each in enumerate(exactly))
    assert mean == pytest.approx(30 * 2.5 / 600)


@pytest.mark.parametrize(
    ("term", "title", "shown"),
    [
        ("gaussian splatting", "Fast Gaussian Splatting of Roads", "Gaussian Splatting"),
        ("language model", "Vision-Language Models for Cats", "Language Models"),
        ("gpt", "What GPT-4 sees", "GPT"),
        ("lidar", "A title without it", "lidar"),
    ],
)
def test_a_term_is_shown_as_a_title_writes_it(term: str, title: str, shown: str) -> None:
    assert spelled(term, title) == shown
