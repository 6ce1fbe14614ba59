"""The promise: what a search finds is what an alert fires on, and what the dry run said."""

import asyncio
import re
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot import alerts
from bot.model import Destination, Digest, Link, Paper, Subscription, UserError
from bot.ports import Store
from bot.search.grammar import parse
from bot.search.query import Folded, Query
from storage import connect
from storage.matching import matching, tiers

_T = TypeVar("_T")

NOW = datetime(2020, 11, 24, 9, tzinfo=UTC)
FIRST = date(2020, 11, 17)
WRITTEN = [
    *("point", "Points", "cloud", "Clouds", "point-cloud", "pointclouds", "Pre-training", "pretraining", "training"),
    *("GPT-4", "gpt4", "4", "C++", "C", "C#", "3D", "naïve", "nai\u0308ve", "Naive", "NER", "generate", "generative"),
    *("corpora", "corpus", "axes", "-", "¶", "https://point.org/cloud", "深度", "x²", "YOLOv5", "state-of-the-art"),
    *("LLMs", "large language model", "Colour", "colors"),
]
AUTHORS = ["Kaiming He", "Łukasz Kaiser", "Jean-Luc Point", "He Kaiming", "??", "O'Neil"]
CATEGORIES = ["cs.CV", "cs.LG", "math-ph"]


def papers(random: Random, count: int) -> list[Paper]:
    def text(longest: int) -> str:
        return random.choice([" ", " ", ", "]).join(random.choices(WRITTEN, k=random.randint(0, longest)))

    return [
        Paper(
            f"2011.{number:05}",
            text(6),
            text(9),
            authors=tuple(random.sample(AUTHORS, random.randint(0, 2)) if number % 10 else AUTHORS[:2]),
            categories=tuple(random.sample(["cs.CV", "cs", "stat.ML", "hep-th"], random.randint(0, 2))),
            links=(Link("https://github.com/a/b", "code"),) if number % 3 == 0 else (Link("https://a.b"),),
        )
        for number in range(count)
    ]


class Library:
    """A store with some papers in it, and the loop it lives in."""

    def __init__(self, runner: asyncio.Runner, store: Store, stored: tuple[Paper, ...]) -> None:
        self.run = runner.run
        self.store = store
        self.papers = stored

    def search(self, query: Query, **between: date) -> set[str]:
        found = self.run(self._search(query, **between))
        return {paper.id for paper in found}

    async def _search(self, query: Query, **between: date) -> tuple[Paper, ...]:
        found = await self.store.search(query, limit=1000, **between)  # type: ignore[arg-type]
        assert found.total == len(found.papers)
        return found.papers


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    random = Random(20201120)
    known = papers(random, 60)

    async def fill(store: Store) -> tuple[Paper, ...]:
        for number in range(12):
            digest = Digest(
                "test",
                random.choice(CATEGORIES),
                FIRST + timedelta(days=number % 5),
                tuple(random.sample(known[number * 5 :], 5) + random.sample(known, 3)),
            )
            # The same paper twice in a digest is one paper.
            digest = Digest("test", digest.category, digest.day, tuple({p.id: p for p in digest.papers}.values()))
            await store.take_in(digest, lambda _: (), NOW)
        return await store.papers([paper.id for paper in known])

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        address = f"sqlite:///{tmp_path_factory.mktemp('matching')}/papers.db"

        async def begin() -> Library:
            store = await stack.enter_async_context(connect(address))
            return Library(runner, store, await fill(store))

        yield run(runner, begin())
        run(runner, stack.aclose())


def run(runner: asyncio.Runner, work: Coroutine[Any, Any, _T]) -> _T:
    return runner.run(work)


def quoted(said: list[str]) -> str:
    return f'"{" ".join(said)}"'


words = st.sampled_from([word for word in WRITTEN if word not in ("-", "¶")] + ["absent", "poin", "clou"])
said = (
    words
    | st.lists(words, min_size=1, max_size=3).map(quoted)
    | st.sampled_from(["poin*", "pre*", "gpt-4*", "3d*", "ge*", "colou*"])
)
authors = st.sampled_from(
    ["he", "Kaiming", '"kaiming he"', '"he lukasz"', "lukasz", "jeanluc", "jean-luc", "kai*", "o'neil"]
)
units = st.one_of(
    said,
    said,
    st.builds("{}:{}".format, st.sampled_from(["title", "abstract"]), said),
    authors.map("author:{}".format),
    st.sampled_from(["cs.CV", "CS.lg", "cs", "math", "math-ph", "stat", "stat.ML"]).map("cat:{}".format),
    st.integers(0, 12).map("id:2011.{:05}v1".format),
    st.just("has:code"),
    st.builds(
        lambda when, days: f"{when}:{FIRST + timedelta(days=days)}",
        st.sampled_from(["after", "before", "on"]),
        st.integers(-1, 6),
    ),
)
lines = st.recursive(
    units,
    lambda parts: st.one_of(
        st.builds("{} -({})".format, units, parts),
        st.builds("-{} {}".format, units, parts),
        parts.map("-({})".format),
        st.lists(parts, min_size=2, max_size=3).map(" ".join),
        st.lists(parts, min_size=2, max_size=3).map(" OR ".join),
        parts.map("({})".format),
    ),
    max_leaves=8,
)


def query_of(line: str) -> Query | None:
    try:
        return parse(line)
    except UserError:
        return None


@given(line=lines)
@settings(max_examples=700, deadline=None)
def test_a_search_finds_what_matches_and_nothing_else(library: Library, line: str) -> None:
    query = query_of(line)
    event("no query" if query is None else "query")
    if query is None:
        return
    matching = {paper.id for paper in library.papers if query.matches(Folded(paper))}
    event("hits" if matching else "no hit")
    assert library.search(query) == matching


@given(line=lines, first=st.integers(-1, 6), length=st.integers(0, 4))
@settings(max_examples=100, deadline=None)
def test_a_search_between_days_finds_what_matches_and_was_listed_then(
    library: Library, line: str, first: int, length: int
) -> None:
    query = query_of(line)
    if query is None:
        return
    since = FIRST + timedelta(days=first)
    until = since + timedelta(days=length)
    matching = [paper for paper in library.papers if query.matches(Folded(paper))]

    def listed(since: date, until: date) -> set[str]:
        return {paper.id for paper in matching if any(since <= listing.day <= until for listing in paper.listings)}

    assert library.search(query, since=since, until=until) == listed(since, until)
    assert library.search(query, since=since) == listed(since, date.max)
    assert library.search(query, until=until) == listed(date.min, until)


@given(subscribed=st.lists(lines, min_size=1, max_size=12))
@settings(max_examples=120, deadline=None)
def test_alerts_fire_on_exactly_what_a_search_finds(library: Library, subscribed: list[str]) -> None:
    people = [Destination("slack", f"T{number % 2}", f"@U{number % 3}") for number in range(len(subscribed))]
    subscriptions = [
        Subscription(person, number, line, NOW)
        for number, (person, line) in enumerate(zip(people, subscribed, strict=True), 1)
    ]
    expected: dict[tuple[Destination, str], set[int]] = {}
    for each in subscriptions:
        query = query_of(each.query)
        for paper in library.search(query) if query else ():
            expected.setdefault((each.person, paper), set()).add(each.number)
    fired = {
        (person, pick.paper): set(pick.subscriptions)
        for person, picks in alerts.match(subscriptions, library.papers).items()
        for pick in picks
    }
    assert fired == expected


def test_no_phrase_reaches_from_one_author_to_the_next(library: Library) -> None:
    both = {paper.id for paper in library.papers if paper.authors == ("Kaiming He", "Łukasz Kaiser")}
    assert both
    assert both <= library.search(parse('author:"kaiming he" author:"lukasz kaiser"'))
    assert library.search(parse('author:"he lukasz"')) == set()


def test_the_queries_of_these_tests_have_hits(library: Library) -> None:
    for line in (
        "point",
        '"point cloud"',
        "pre*",
        "author:lukasz",
        "cat:cs.CV",
        "has:code",
        "cloud -(3d OR ner)",
        "C++",
    ):
        assert 0 < len(library.search(parse(line))) < len(library.papers), line


# FTS5's syntax, typed by people

HOSTILE = [
    *("\"'*^:-+(){}[],;%_\\ "),
    *("NEAR", "NEAR(", "--", "/*", "AND", "OR", "NOT", "\x00", "\ud800", "¶"),
    *("point", "cloud", "title", "title :", "{title} :", "paper_words"),
]


@pytest.mark.parametrize(
    "line",
    [
        'point" OR "cloud',
        "point*^",
        "^point",
        "NEAR(point cloud, 2)",
        "NEAR(point cloud)",
        "{title} : point",
        "- {author} : he",
        "point + cloud",
        "point\x00cloud",
        "'; DROP TABLE paper; --",
        'title:"a"b"',
        "rowid:1",
        "paper_words:point",
        "*",
        "AND",
        "OR",
        "NOT",
        '"" ""',
        "\ud800",
        "%",
        "_",
        "point AND",
        "AND OR NOT",
    ],
)
def test_the_index_language_is_no_query_language(library: Library, line: str) -> None:
    query = query_of(line)
    if query is not None:
        assert library.search(query) == {paper.id for paper in library.papers if query.matches(Folded(paper))}


@given(line=st.lists(st.sampled_from(HOSTILE), max_size=12).map("".join) | st.text(st.characters()))
@settings(max_examples=500, deadline=None)
def test_no_text_reaches_the_index_as_syntax(library: Library, line: str) -> None:
    query = query_of(line)
    if query is None:
        return
    for each in (matching(query.root), *tiers(query.root)):
        bare = re.sub(r'"[^\s"!-/:-@\[-`{-~]+"(?: \*)?', "", each.expression)
        assert re.fullmatch(r"(?:AND|OR|NOT|[() ])*", bare), each
    assert library.search(query) == {paper.id for paper in library.papers if query.matches(Folded(paper))}


NESTED = "point " + " ".join(f"-(4 -(c -{word}))" for word in ("3d", "ner", "cloud", "has:code", "cat:cs", "axis"))


def test_the_longest_queries_are_answered(library: Library) -> None:
    for line in (" ".join(["point"] * 32), " OR ".join(["point"] * 32), NESTED, "a " + "-" * 496 + "b", "x" * 500):
        query = parse(line)
        assert library.search(query) == {paper.id for paper in library.papers if query.matches(Folded(paper))}
