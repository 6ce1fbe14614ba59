"""What one is typing is looked up in the newest titles, and only what none of them has in all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from bot import commands, daily
from bot.model import Destination, Digest, Paper
from bot.ports import Store
from storage import connect

ME = Destination.parse("slack:T1/@U1")
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
OLD = ("Quaternion Rotations", "Rotating Quaternions", "Lidar Roads")
NEW = ("Lidar of Rails", "Lidar of Rails again", "Plain Talk of Models", "Models, and a model")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('recent')}/papers.db"


@pytest.fixture
async def filled(address: str) -> AsyncIterator[Store]:
    """Yield a store whose newest titles are not all of them."""
    days = (OLD, tuple(f"Filler {number}" for number in range(2_996)), NEW)
    async with connect(address) as store:
        if not await store.size():
            for number, titles in enumerate(days):
                papers = tuple(Paper(f"2011.{number}{place:04}", title) for place, title in enumerate(titles))
                await daily.take_in(Digest("test", "cs.CV", date(2020, 11, 18 + number), papers), store, NOW)
        yield store


async def offered(store: Store, name: str, parameter: str, typed: str) -> list[str]:
    call = commands.call(name, room=ME, caller=ME, at=NOW)
    return [each.value for each in await commands.suggest(call, parameter, typed, store)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ra", ["rails"]),
        ("ro", ["rotations", "rotating", "roads"]),  # none of the newest
        ("lidar r", ["lidar rails"]),
        ("quaternion r", ["quaternion rotations", "quaternion rotating", "quaternion rails"]),
        ('"quaternion r', ['"quaternion rotations"']),
        ("x", []),
        # One word, as it is written most often.
        ("mod", ["models"]),
        ("model", ["models"]),
    ],
)
async def test_words_are_those_of_the_newest_titles_or_else_of_all(filled: Store, typed: str, found: list[str]) -> None:
    assert sorted(await offered(filled, "search", "query_text", typed)) == sorted(found)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("rails", ["2011.20000", "2011.20001"]),
        ("lidar r", ["2011.20000", "2011.20001", "2011.00002"]),
        ("quat", ["2011.00000", "2011.00001"]),
        ("quaternion rotat", ["2011.00000", "2011.00001"]),
        ("quaternion rotations", ["2011.00000"]),
    ],
)
async def test_papers_are_the_newest_with_the_words_and_then_older_ones(
    filled: Store, typed: str, found: list[str]
) -> None:
    assert await offered(filled, "show", "paper_id", typed) == found


async def test_new_papers_are_offered_as_soon_as_they_are_in(store: Store) -> None:
    assert await offered(store, "search", "query_text", "zeb") == []
    await daily.take_in(Digest("test", "cs.CV", date(2020, 11, 23), (Paper("2011.23000", "Zebras"),)), store, NOW)

    assert await offered(store, "search", "query_text", "zeb") == ["zebras"]
    assert await offered(store, "show", "paper_id", "zeb") == ["2011.23000"]
