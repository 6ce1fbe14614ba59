"""Many queries at once: the same papers as each query by itself."""

from datetime import date
from itertools import product

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.alerts.percolator import Percolator, bits
from bot.model import Link, Listing, Paper, UserError
from bot.search.grammar import parse
from bot.search.query import Folded, Query

SAID = [
    *("point", "cloud", "clouds", "Point-cloud", "pointcloud", "pre-training", "pretraining", "GPT-4", "C++", "3d"),
    *("neural", "network", "net", "a", "of", "the", "model", "models", "state-of-the-art", "naïve", "state"),
]
NAMES = ["Kaiming He", "He Kaiming", "Łukasz Kaiser", "??", "Point Cloud"]

texts = st.lists(st.sampled_from(SAID), max_size=14).map(" ".join)
papers = st.lists(
    st.builds(
        lambda title, abstract, authors, code, day: (title, abstract, tuple(authors), code, day),
        texts,
        texts,
        st.lists(st.sampled_from(NAMES), max_size=3),
        st.booleans(),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=12,
).map(
    lambda made: [
        Folded(
            Paper(
                f"2011.{number:05}",
                title,
                abstract,
                authors=authors,
                categories=("stat.ML",) * code,
                links=(Link("https://github.com/a/b", "code"),) * code,
                listings=(Listing(date(2020, 11, day), "cs.CV"), Listing(date(2020, 11, day + 3), "cs")),
            )
        )
        for number, (title, abstract, authors, code, day) in enumerate(made)
    ]
)

words = st.sampled_from(SAID)
runs = st.lists(words, min_size=1, max_size=6).map(lambda run: f'"{" ".join(run)}"')
begun = st.sampled_from(
    ["poi*", "clou*", "pre-tr*", "state-of-th*", "point-c*", "of-the*", "net*", "neura*", "gpt-*", "model*", "sta*"]
)
units = st.one_of(
    words,
    runs,
    runs,
    begun,
    st.builds("{}:{}".format, st.sampled_from(["title", "abstract"]), words | runs | begun),
    st.sampled_from(["author:he", 'author:"kaiming he"', 'author:"he lukasz"', "author:kai*", "author:point"]),
    st.sampled_from(["cat:cs.CV", "cat:CS", "cat:stat", "cat:stat.ML", "cat:math", "id:2011.00001v2", "has:code"]),
    st.sampled_from(["after:2020-11-03", "before:2020-11-05", "on:2020-11-04", "on:2020-11-30"]),
)
lines = st.recursive(
    units,
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=4).map(" ".join),
        st.lists(parts, min_size=2, max_size=4).map(" OR ".join),
        st.builds("{} -({})".format, units, parts),
        parts.map("({})".format),
    ),
    max_leaves=7,
)


def readable(line: str) -> Query | None:
    try:
        return parse(line)
    except UserError:
        return None


@given(lines=st.lists(lines, min_size=1, max_size=30), papers=papers)
@settings(max_examples=300, deadline=None)
def test_many_queries_at_once_match_what_each_matches_alone(lines: list[str], papers: list[Folded]) -> None:
    queries = [query for query in map(readable, lines) if query]
    percolator = Percolator()
    nodes = [percolator.add(query) for query in queries]
    true = percolator.match(papers)
    for query, node in zip(queries, nodes, strict=True):
        expected = [number for number, paper in enumerate(papers) if query.matches(paper)]
        event("hits" if expected else "no hit")
        assert list(bits(true[node])) == expected, query.text


@given(lines=st.lists(lines, min_size=2, max_size=20), papers=papers)
@settings(max_examples=60, deadline=None)
def test_a_query_added_later_changes_nothing_for_those_before(lines: list[str], papers: list[Folded]) -> None:
    first, *others = [query for query in map(readable, lines) if query] or [parse("point")]
    percolator = Percolator()
    node = percolator.add(first)
    before = percolator.match(papers)[node]
    for query in others:
        percolator.add(query)
    assert percolator.match(papers)[node] == before
    assert percolator.add(first) == node


def test_what_queries_have_in_common_is_one_node() -> None:
    percolator = Percolator()
    one = percolator.add(parse("lidar (radar OR sonar) -medical"))
    assert percolator.add(parse('"Lidars" NOT medical (sonar OR radar)')) == one
    assert percolator.add(parse("lidar (radar OR sonar) -clinical")) != one


@pytest.mark.parametrize("count", [1, 29, 30, 31, 64, 200])
def test_as_many_papers_as_there_are(count: int) -> None:
    percolator = Percolator()
    even, odd = percolator.add(parse('"even one"')), percolator.add(parse("one -even"))
    true = percolator.match([Folded(Paper(str(n), "An odd one" if n % 2 else "An even one")) for n in range(count)])
    assert list(bits(true[even])) == list(range(0, count, 2))
    assert list(bits(true[odd])) == list(range(1, count, 2))


def test_a_beginning_behind_words_stands_right_behind_them() -> None:
    percolator = Percolator()
    node = percolator.add(parse("pre-tra*"))
    titles = ["Pre-training", "Pre trained", "Pretrained", "Training, pre", "Pre or trained", "Pre-test trained"]
    papers = [Folded(Paper(str(number), title)) for number, title in enumerate(titles)]
    assert list(bits(percolator.match(papers)[node])) == [0, 1, 2]


def test_more_nodes_than_are_evaluated_at_once() -> None:
    said = [f"w{number}" for number in range(120)]
    percolator = Percolator()
    nodes = {pair: percolator.add(parse(" ".join(pair))) for pair in product(said, repeat=2)}
    true = percolator.match([Folded(Paper("1", "w3 w5")), Folded(Paper("2", " ".join(said)))])
    assert {pair for pair, node in nodes.items() if true[node] & 1} == set(product(["w3", "w5"], repeat=2))
    assert all(true[node] & 2 for node in nodes.values())


def test_no_paper_and_no_query() -> None:
    percolator = Percolator()
    assert not any(percolator.match([Folded(Paper("1", "Lidar"))])[:1])
    node = percolator.add(parse("lidar"))
    assert percolator.match([])[node] == 0
