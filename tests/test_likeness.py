"""What is like a text: papers that say the most of what it tells, as often as they say it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot import daily
from bot.model import Digest, Paper
from bot.ports import Store
from bot.search.likeness import alike, telling

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
PAPERS = (
    Paper("2011.00001", "Lidar of roads", "Lidar again. A lidar, and what it sees."),
    Paper("2011.00002", "Roads", "There is a lidar."),
    Paper("2011.00003", "Weather", "A lidar in the rain."),
    Paper("2011.00004", "Roads", "There is a lidar. " + "Much else is said here of other matters. " * 9),
    *(Paper(f"2012.{number:05}", "Nothing", "Of the matters of roads.") for number in range(5)),
    *(Paper(f"2013.{number:05}", "Something", "Plain talk.") for number in range(30)),
)


async def near(store: Store, text: str, without: str = "") -> list[str]:
    asked = await telling(text, store)
    return [each.id for each in await alike(asked, store, without=without)] if asked else []


async def test_who_says_more_of_a_text_and_more_often_comes_first(store: Store) -> None:
    await daily.take_in(Digest("test", "cs.CV", date(2020, 11, 20), PAPERS), store, NOW)

    assert (await near(store, "Lidar of roads"))[:4] == ["2011.00001", "2011.00002", "2011.00003", "2011.00004"]
    assert (await near(store, "Lidar of roads", "2011.00001"))[:2] == ["2011.00002", "2011.00003"]
    assert await near(store, "Rain") == ["2011.00003"]
    # More than a fifth of the papers say it: it finds none, and puts in order what others find.
    assert await near(store, "Plain") == []


async def test_the_line_of_a_text_tells_the_same_again(store: Store) -> None:
    await daily.take_in(Digest("test", "cs.CV", date(2020, 11, 20), PAPERS), store, NOW)
    asked = await telling("Lidars in the rain on roads, lidar and weather", store)
    assert asked
    again = await telling(asked.line, store)
    assert again

    assert set(again.line.split()) == set(asked.line.split()) == {"Lidars", "rain", "roads", "weather"}
    assert (await telling(again.line, store)) == again
