"""What of the papers that match a query comes first."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.daily import take_in
from bot.model import UserError
from bot.ports import Store
from bot.search.grammar import parse
from bot.search.relevance import ordered
from tests.conftest import MakeDigest, MakePaper

_FILLER = "We study it at length and show on what there is that it does well. " * 12


def _first(line: str, *texts: tuple[str, str]) -> Sequence[int]:
    """Return the places of the texts as they are ordered: 0 is the first one given, which is the oldest paper."""
    return ordered(parse(line), [(row, title, f"{abstract} {_FILLER}") for row, (title, abstract) in enumerate(texts)])


def test_a_word_in_the_title_comes_before_one_in_the_abstract() -> None:
    assert _first("lidar", ("Lidar for roads", ""), ("Maps of roads", "From lidar.")) == [0, 1]


def test_all_the_words_in_the_title_come_before_some_of_them() -> None:
    texts = ("Lidar of all roads", ""), ("Lidar", "On roads."), ("Maps", "Lidar, roads.")
    assert _first("lidar roads", *texts) == [0, 1, 2]
    long = "Roads, their signs, and whatever else it may be that is seen from above or below by the eye of some lidar"
    assert _first("lidar roads", (long, ""), ("Lidar", "Roads, roads and roads.")) == [0, 1]


def test_of_titles_with_the_words_the_shorter_comes_first() -> None:
    titles = "Lidar", "A benchmark of what lidar sees of the road", "Lidar and radar on the road"
    assert _first("lidar", *((each, "") for each in titles)) == [0, 2, 1]


def test_words_as_typed_come_before_their_other_forms() -> None:
    texts = ("Maps", "On the road."), ("Maps", "On the roads.")
    assert _first("road", *texts) == [0, 1]
    assert _first("roads", *texts) == [1, 0]


def test_another_form_in_the_title_still_comes_before_another_form_in_the_abstract() -> None:
    for typed, other in ("queries", "query"), ("query", "queries"), ("color", "colours"), ("lidars", "LiDAR"):
        assert _first(typed, (f"One {other}", ""), ("Maps", f"Each {other}.")) == [0, 1]


def test_more_mentions_come_first() -> None:
    texts = ("Maps", "Lidar here, lidar there, lidar at last."), ("Maps", "Lidar here, camera there, radar at last.")
    assert _first("lidar", *texts) == [0, 1]


def test_the_words_in_the_order_typed_come_first() -> None:
    texts = ("Maps", "A road is seen by lidar."), ("Maps", "By lidar is seen a road.")
    assert _first("road lidar", *texts) == [0, 1]
    assert _first("lidar road", *texts) == [1, 0]
    assert _first("road lidar", ("A road for lidar", ""), ("A lidar for road", "")) == [0, 1]


def test_a_title_with_the_words_as_one_phrase_comes_first() -> None:
    assert _first("lidar road", ("Lidar road maps", ""), ("Lidar maps road", "")) == [0, 1]


def test_a_phrase_counts_as_one_word() -> None:
    texts = ("Maps", "A point cloud, said once."), ("Point and cloud", "One point cloud.")
    assert _first('"point cloud"', *texts) == [1, 0]
    assert _first('"point cloud"', ("A point cloud", ""), *texts) == [0, 2, 1]


def test_a_short_abstract_comes_before_a_long_one() -> None:
    texts = [(1, "Maps", f"Lidar. {_FILLER}"), (2, "Maps", f"Lidar. {_FILLER * 2}")]
    assert ordered(parse("lidar"), texts) == [1, 2]


def test_a_paper_without_an_abstract_is_not_better_for_it() -> None:
    texts = [(1, "Maps", f"From lidar. {_FILLER}"), (2, "Maps from lidar", "")]
    assert ordered(parse("abstract:lidar OR maps"), texts) == [1, 2]


def test_of_papers_alike_the_newest_comes_first() -> None:
    alike = [(row, f"Lidar for {place}", _FILLER) for row, place in [(4, "roads"), (9, "towns"), (2, "farms")]]
    assert ordered(parse("lidar"), alike) == [9, 4, 2]


def test_what_is_about_as_good_goes_by_date() -> None:
    assert _first("lidar", ("Lidar for roads", ""), ("Lidar for roads", "And for other things.")) == [1, 0]


@pytest.mark.parametrize("line", ["cat:cs.CV", "author:He", "has:code", "id:2501.00001", "cat:cs.CV -lidar"])
def test_a_query_for_nothing_in_the_texts_gives_the_newest_first(line: str) -> None:
    texts = [(4, "A lidar", ""), (9, "Of all the maps there are", _FILLER), (2, "B", "")]
    assert ordered(parse(line), texts) == [9, 4, 2]


def test_any_side_of_an_or_counts_and_more_of_them_count_more() -> None:
    either = "lidar OR radar"
    assert _first(either, ("Radar for a road", ""), ("Maps", "Lidar.")) == [0, 1]
    assert _first(either, ("Maps", "Radar. Lidar."), ("Maps", "Radar.")) == [0, 1]
    assert _first(f"road ({either})", ("Road lidar", ""), ("Road radar", "")) == [1, 0]
    assert _first(f"road ({either})", ("Road for lidar radar", ""), ("Road lidar for radar", "")) == [1, 0]
    assert _first(f"road ({either})", ("Road radar", ""), ("Road maps", "Lidar.")) == [0, 1]


def test_a_beginning_counts_wherever_a_word_begins_so() -> None:
    assert _first("segm*", ("Segmentation", ""), ("A resegmented map", "Its segments.")) == [0, 1]
    assert _first("segm*", ("Maps", "Segments and segmentation."), ("Maps", "Segments of what there is.")) == [0, 1]
    assert _first("colou*", ("Color", ""), ("Maps", "Color.")) == [0, 1]
    assert _first("queri*", ("One query", ""), ("Maps", "Each query.")) == [0, 1]


def test_accents_and_signs_are_no_hindrance() -> None:
    assert _first("schrödinger", ("On schrödinger", ""), ("Maps", "By schrödinger.")) == [0, 1]
    assert _first("lidar", ("Éééééééé éééééééé lidar", ""), ("Maps", "Lidar.")) == [0, 1]
    assert _first("pre-training c++", ("Pre-training: C++", ""), ("Pre-training", "In C++.")) == [0, 1]


def test_an_abbreviation_counts_where_it_is_written_out() -> None:
    texts = ("Convolutional neural networks", ""), ("Maps", "Of a convolutional neural network.")
    assert _first("cnn", *texts) == [0, 1]


@given(
    st.text(max_size=40),
    st.lists(st.tuples(st.integers(), st.text(), st.text()), unique_by=lambda each: each[0], max_size=5),
)
def test_every_query_orders_every_text(line: str, texts: list[tuple[int, str, str]]) -> None:
    try:
        query = parse(line)
    except UserError:
        return
    assert sorted(ordered(query, texts)) == sorted(row for row, _, _ in texts)


async def test_a_search_gives_what_it_finds_in_this_order(store: Store, paper: MakePaper, digest: MakeDigest) -> None:
    titles = "Lidar maps of all the roads of a town and beyond", "Lidar of maps", "Maps"
    papers = [paper(f"2501.0000{at}", title, f"Lidar maps. {_FILLER}") for at, title in enumerate(titles)]
    await take_in(digest("2025-01-02", "cs.RO", *papers), store, datetime(2025, 1, 2, tzinfo=UTC))
    found = await store.search(parse("maps lidar"))
    assert [each.title for each in found.papers] == [titles[1], titles[0], titles[2]]
