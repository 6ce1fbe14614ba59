"""What is offered while one types: from what is stored, and each person's own from their own."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands, daily
from bot.model import Call, Destination, Digest, Paper, Suggestion
from bot.ports import DiskError, Store
from bot.search.grammar import parse
from bot.service import offer
from storage import connect

ME = Destination.parse("slack:T1/@U1")
OTHER = Destination.parse("slack:T1/@U2")
ROOM = Destination.parse("slack:T1/C1")
FRIDAY = datetime(2020, 11, 20, 9, tzinfo=UTC)

TITLES = (
    "Point Cloud Segmentation of Roads from LiDAR",
    "Self-Supervised Point Cloud Completion",
    "Semantic Segmentation of Roads with Cameras",
    "Medical Image Segmentation",
    "Pointwise Mutual Information for Large Language Models",
    "Probing Large Language Models",
)
DIGESTS = (
    Digest("a", "cs.CL", date(2020, 11, 13), (Paper("2011.06000", "Older Large Language Models"),)),
    Digest("a", "cs.CV", date(2020, 11, 19), (Paper("2011.09000", "NeRF"), Paper("2011.09001", "NeRF in the Wild"))),
    Digest("a", "cs.CV", date(2020, 11, 20), tuple(Paper(f"2011.1000{n}", each) for n, each in enumerate(TITLES))),
    Digest("a", "hep-th", date(2020, 11, 20), (Paper("hep-th/9901001", "Strings"),)),
)

Offered = Callable[..., Awaitable[tuple[Suggestion, ...]]]


async def suggested(store: Store, name: str, parameter: str, typed: str) -> tuple[Suggestion, ...]:
    call = commands.call(name, room=ROOM, caller=ME, at=FRIDAY)
    return await commands.suggest(call, parameter, typed, store)


async def fill(store: Store) -> None:
    for each in DIGESTS:
        await daily.take_in(each, store, FRIDAY)
    for line in ("lidar -medical", '"large language models"', "cat:cs.CV roads"):
        await store.subscribe(ME, parse(line), FRIDAY)
    await store.mute(ME, 2, muted=True)
    await store.subscribe(OTHER, parse("a secret of another"), FRIDAY)


@pytest.fixture
async def filled(store: Store) -> Store:
    await fill(store)
    return store


@pytest.fixture
def offered(filled: Store) -> Offered:
    async def offered(name: str, parameter: str, typed: str) -> tuple[Suggestion, ...]:
        return await suggested(filled, name, parameter, typed)

    return offered


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("seg", ["segmentation"]),
        ("SEG", ["segmentation"]),
        ("ner", ["NeRF"]),
        ("road", ["cat:cs.CV roads", "roads"]),
        ("lidar seg", ["lidar segmentation"]),
        ("image seg", ["image segmentation"]),
        ("roads -med", ["roads -medical"]),
        ("-(lidar OR seg", ["-(lidar OR segmentation)"]),
        ("title:seg", ["title:segmentation"]),
        ("-title:seg", ["-title:segmentation"]),
        ("self-su", ["self-supervised"]),
        ('"point clo', ['"point cloud"']),
        ('roads "point clo', ['roads "point cloud"']),
        ('title:"point clo', ['title:"point cloud"']),
        ("roads “point clo", ['roads "point cloud"']),
        ('"large language ', ['"large language models"']),
        ("cat:cs.c", ["cat:cs.CV roads", "cat:cs.CL", "cat:cs.CV"]),
        ("roads -cat:C", ["roads -cat:cs", "roads -cat:cond-mat", "roads -cat:cs.CL", "roads -cat:cs.CV"]),
        ("roads has:", ["roads has:code"]),
        ("roads after:2020-11-1", ["roads after:2020-11-19", "roads after:2020-11-13"]),
        ("id:2011.09", ["id:2011.09001", "id:2011.09000"]),
    ],
)
async def test_the_last_word_of_a_query_is_completed_and_the_rest_kept(
    offered: Offered, typed: str, begins: list[str]
) -> None:
    found = [each.value for each in await offered("search", "query_text", typed)]

    assert sorted(found[: len(begins)]) == sorted(begins)


@pytest.mark.parametrize(
    "typed", ["roads ", "xylophon", "author:Hin", "nonsense:roa", "has:x", "-", "(", '"', "*", "s*"]
)
async def test_where_there_is_nothing_to_complete_nothing_is_offered_but_ones_own(offered: Offered, typed: str) -> None:
    own = {"lidar -medical", '"large language models"', "cat:cs.CV roads"}

    assert {each.value for each in await offered("search", "query_text", typed)} <= own


async def test_words_that_go_with_the_rest_of_the_query_come_first(offered: Offered) -> None:
    alone = [each.value for each in await offered("search", "query_text", "po")]
    together = [each.value for each in await offered("search", "query_text", "mutual po")]

    assert alone[0] == "point"
    assert together == ["mutual pointwise", "mutual point"]


async def test_a_last_letter_is_looked_for_with_the_words_before_it(filled: Store) -> None:
    talk = Digest("a", "cs.CL", date(2020, 11, 13), (Paper("2011.06001", "Small Talk with GPT-4o"),))
    newer = tuple(Paper(f"2011.2{n:04}", f"Newer {n}") for n in range(400))
    for each in (talk, Digest("a", "cs.CV", date(2020, 11, 20), newer)):
        await daily.take_in(each, filled, FRIDAY)

    async def values(*asked: str) -> list[str]:
        return [each.value for each in await suggested(filled, *asked)]

    assert await values("search", "query_text", "gpt-4") == ["GPT-4o"]
    assert await values("search", "query_text", '"small t') == ['"small talk"']
    assert await values("show", "paper_id", "talk gpt-4") == ["2011.06001"]
    assert await values("show", "paper_id", "talk gpt-5") == []


async def test_a_word_that_the_query_has_is_not_offered_again(offered: Offered) -> None:
    assert [each.value for each in await offered("search", "query_text", "segmentation roads se")] == [
        "segmentation roads semantic",
        "segmentation roads self-supervised",
    ]
    assert "title:roads abstract:roads" in [
        each.value for each in await offered("search", "query_text", "title:roads abstract:roa")
    ]


async def test_one_letter_is_completed_from_the_newest_titles(offered: Offered) -> None:
    assert "strings" in [each.value for each in await offered("search", "query_text", "s")]


async def test_an_empty_query_offers_ones_own_and_then_what_the_newest_titles_speak_of(offered: Offered) -> None:
    found = [each.value for each in await offered("search", "query_text", "")]

    assert found[:3] == ["lidar -medical", '"large language models"', "cat:cs.CV roads"]
    assert set(found[3:]) >= {'"large language"', '"point cloud"', "cat:cs.CV", "cat:hep-th"}
    for each in found:
        parse(each)


async def test_nothing_of_anothers_is_offered(offered: Offered) -> None:
    for parameter, name in (("query_text", "search"), ("which", "unsubscribe")):
        for typed in ("", "secret", "1"):
            assert not any("secret" in each.label for each in await offered(name, parameter, typed))


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("point clo", ["2011.10000", "2011.10001"]),
        ("POINT CLOUD ", ["2011.10000", "2011.10001"]),
        ("clouds comp", ["2011.10001"]),
        ("strings", ["hep-th/9901001"]),
        ("2011.09", ["2011.09001", "2011.09000"]),
        ("https://arxiv.org/abs/2011.10003v2", ["2011.10003"]),
        ("hep-th/99", ["hep-th/9901001"]),
        ("n", ["2011.09000", "2011.09001"]),
        ("2012.", []),
        ("zebra", []),
        ("a b c d e f g h i j k l m n", []),
        (f"nerf{' ' * 100_000}wild", []),
    ],
)
async def test_papers_are_found_by_the_words_of_a_title_or_the_beginning_of_an_id(
    offered: Offered, typed: str, ids: list[str]
) -> None:
    assert [each.value for each in await offered("similar", "like", typed)] == ids
    assert [each.value for each in await offered("show", "paper_id", typed)] == ids


async def test_a_paper_is_offered_by_its_title_clipped_between_words_and_its_id(filled: Store) -> None:
    long = Paper("2011.11111", "Zebra " + "stripes and more of them " * 10)
    await daily.take_in(Digest("a", "cs.CV", date(2020, 11, 20), (long,)), filled, FRIDAY)

    (one,) = await suggested(filled, "show", "paper_id", "zebra")

    assert len(one.label) <= 100
    assert one.label.startswith("Zebra stripes and more of them stripes")
    assert one.label.endswith("… (2011.11111)")


@pytest.mark.parametrize(
    ("parameter", "typed", "found"),
    [
        (
            "day",
            "",
            [
                ("today, Fri 20 Nov 2020", "today"),
                ("yesterday, Thu 19 Nov 2020", "yesterday"),
                ("Fri 20 Nov 2020, 7 papers", "2020-11-20"),
                ("Thu 19 Nov 2020, 2 papers", "2020-11-19"),
                ("Fri 13 Nov 2020, 1 paper", "2020-11-13"),
            ],
        ),
        ("day", "fri", [("Fri 20 Nov 2020, 7 papers", "2020-11-20"), ("Fri 13 Nov 2020, 1 paper", "2020-11-13")]),
        ("day", "2020-11-1", [("Thu 19 Nov 2020, 2 papers", "2020-11-19"), ("Fri 13 Nov 2020, 1 paper", "2020-11-13")]),
        ("day", " 20  nov", [("Fri 20 Nov 2020, 7 papers", "2020-11-20")]),
        ("day", "Y", [("yesterday, Thu 19 Nov 2020", "yesterday")]),
        ("category", "", [(each, each) for each in ("cs.CL", "cs.CV", "hep-th")]),
        ("category", "cs.c", [("cs.CL", "cs.CL"), ("cs.CV", "cs.CV")]),
        ("category", "cv", [("cs.CV", "cs.CV")]),
    ],
)
async def test_days_and_categories_are_those_that_have_papers(
    offered: Offered, parameter: str, typed: str, found: list[tuple[str, str]]
) -> None:
    assert [(each.label, each.value) for each in await offered("today", parameter, typed)] == found


@pytest.mark.parametrize(
    ("parameter", "typed", "values"),
    [
        ("switch", "", ["on", "off"]),
        ("switch", "OF", ["off"]),
        ("categories", "cs", ["cs", "cs.CL", "cs.CV"]),
        ("categories", "cs.CV, nucl", ["cs.CV nucl-ex", "cs.CV nucl-th"]),
        ("categories", "cs.CL cs.c", ["cs.CL cs.CV"]),
        ("tz", "berl", ["Europe/Berlin"]),
        ("tz", "Berlim", ["Europe/Berlin"]),
        ("tz", "new y", ["America/New_York"]),
        ("tz", "europe/ber", ["Europe/Berlin"]),
        ("tz", "zz", []),
        ("at", "9", ["09:00", "09:30"]),
        ("at", "23:3", ["23:30"]),
        ("days", "mon-", ["mon-fri"]),
        ("count", "3", []),
    ],
)
async def test_settings_are_offered_as_they_are_typed(
    offered: Offered, parameter: str, typed: str, values: list[str]
) -> None:
    assert [each.value for each in await offered("settings", parameter, typed)] == values


async def test_a_time_zone_says_what_time_it_is_there(offered: Offered) -> None:
    assert Suggestion("Asia/Tokyo, 18:00 now", "Asia/Tokyo") in await offered("settings", "tz", "")


async def test_subscriptions_are_offered_by_number_and_query(offered: Offered) -> None:
    everything = await offered("unmute", "which", "")

    assert everything == (
        Suggestion("1. lidar -medical", "1"),
        Suggestion('2. "large language models" (muted)', "2"),
        Suggestion("3. cat:cs.CV roads", "3"),
    )
    assert await offered("unmute", "which", "2") == everything[1:2]
    assert await offered("unmute", "which", "Road") == everything[2:]


async def test_every_command_can_be_asked_to_be_explained(offered: Offered) -> None:
    assert [each.value for each in await offered("help", "about", "st")] == ["status"]
    begun = {name[0] for name in commands.COMMANDS}
    assert {each.value for letter in begun for each in await offered("help", "about", letter)} == set(commands.COMMANDS)


async def test_what_is_offered_can_be_given(filled: Store) -> None:
    for command in commands.COMMANDS.values():
        for name in command.parameters:
            for each in await suggested(filled, command.name, name, ""):
                call = commands.call(command.name, room=ROOM, caller=OTHER, at=FRIDAY, may_manage=True)
                given = dict.fromkeys(command.required, "lidar") | {name: each.value}
                error = (await commands.answer(replaced(call, given), filled)).error or ""
                assert "not understood" not in error, (command.name, name, each)


def replaced(call: Call, options: dict[str, str]) -> Call:
    return dataclasses.replace(call, options=options)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Store]]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def begin() -> Store:
            address = f"sqlite:///{tmp_path_factory.mktemp('suggestions')}/papers.db"
            store = await stack.enter_async_context(connect(address))
            await fill(store)
            return store

        yield runner, runner.run(begin())
        runner.run(stack.aclose())


PLACES = [(command.name, name) for command in commands.COMMANDS.values() for name in command.parameters]
PIECES = (
    '"',
    "(",
    "-",
    "title:",
    "cat:",
    "id:",
    "roads",
    "se",
    "20",
    "2011.1",
    "hep-th/",
    "europe/",
    " ",
    "¶",
    "c+",
    "*",
)


@given(place=st.sampled_from(PLACES), typed=st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_whatever_is_typed_few_short_and_different_values_are_offered(
    library: tuple[asyncio.Runner, Store], place: tuple[str, str], typed: str
) -> None:
    runner, store = library
    found = runner.run(suggested(store, *place, typed))

    assert len(found) <= 25
    assert len({each.value for each in found}) == len(found)
    assert all(0 < len(text) <= 100 for each in found for text in (each.label, each.value))


async def test_there_is_a_most_to_what_is_offered(filled: Store) -> None:
    for number in range(40):
        await filled.subscribe(ME, parse(f"word{number} {'and more ' * 15}"), FRIDAY)

    found = await suggested(filled, "unsubscribe", "which", "word")

    assert len(found) == 25
    assert all(len(each.label) <= 100 and each.label.endswith("…") for each in found)
    # A query cannot be cut: it would be another one.
    assert await suggested(filled, "search", "query_text", "word") == ()


# The service around it: nothing is offered rather than waited for.


async def asked(store: Store, line: str = "search", parameter: str = "query_text") -> tuple[Suggestion, ...]:
    return await offer(commands.call(line, room=ROOM, caller=ME, at=FRIDAY), parameter, "roa", store)


async def test_the_service_offers_what_is_suggested(filled: Store) -> None:
    assert await asked(filled) == await suggested(filled, "search", "query_text", "roa")


async def test_for_no_command_of_ours_nothing_is_offered(filled: Store, caplog: pytest.LogCaptureFixture) -> None:
    assert await asked(filled, "serch") == ()
    assert not caplog.records


@pytest.mark.parametrize(
    ("raised", "event"),
    [(DiskError("The database cannot be used."), "suggesting_failed"), (ZeroDivisionError("a secret"), "bug")],
)
async def test_a_suggestion_that_fails_is_none_and_in_the_log(
    filled: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, raised: Exception, event: str
) -> None:
    async def fail(_: Destination) -> None:
        raise raised

    monkeypatch.setattr(filled, "subscriptions", fail)

    assert await asked(filled) == ()
    (record,) = caplog.records
    assert (record.message, record.__dict__["platform"]) == (event, "slack")


async def test_a_suggestion_that_takes_too_long_is_none(
    filled: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: Destination) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(filled, "subscriptions", hang)
    caplog.set_level(logging.INFO)

    assert await asyncio.wait_for(asked(filled), 30) == ()
    assert [record.message for record in caplog.records] == ["suggesting_slow"]
