"""Did you mean: what is put right, and what is left alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import pytest

from bot.grammar import MAX_LENGTH, parse
from bot.model import Digest, Paper
from bot.ports import Store
from bot.spelling import suggestion
from storage import connect

# Each topic is what a field writes often; the last ones are rare, and one is a name.
TOPICS = [
    ("Point cloud segmentation", "LiDAR scans of time series, not images, in the point cloud."),
    ("Self-supervised transformers", "Pre-training a transformer on videos with attention."),
    ("Generative diffusion models", "A diffusion model generates NeRF scenes with sharp edges."),
]
RARE = [
    Paper("2012.00001", "YOLOv5 on Mamba", "LoRA and Segmentaton, misspelt once."),
    Paper("2012.00002", "Clout of papers", ""),
    Paper("2012.00003", "Clout of people", ""),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('spelling')}/papers.db"


@pytest.fixture
async def filled(address: str) -> AsyncIterator[Store]:
    papers = [Paper(f"2011.{n:05}", *TOPICS[n % len(TOPICS)]) for n in range(180)]
    digest = Digest("test", "cs.CV", date(2020, 11, 20), (*papers, *RARE))
    async with connect(address) as store:
        if not (await store.census()).papers:
            await store.take_in(digest, lambda _: (), datetime(2020, 11, 20, tzinfo=UTC))
        yield store


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("segmentaion", "segmentation"),
        ("segmetnation", "segmentation"),
        ("segmentaton", "segmentation"),  # in the store, but as often as a typo is
        ("lidra", "LiDAR"),  # as papers write it
        ("Transfomers", "transformers"),
        ("difusion", "diffusion"),
        ("tansformer atention", "transformers attention"),
        ("point clod", "point cloud"),
        ("lidar segmentaion", "lidar segmentation"),
        ("serie", None),
        # The line stays as it was around the words.
        ('"point clod"', '"point cloud"'),
        ('title:"point clod" -medical', 'title:"point cloud" -medical'),
        ("title:segmentaion OR (vidoes cat:cs.CV)", "title:segmentation OR (videos cat:cs.CV)"),
        ("“point clod”", '"point cloud"'),
        ("self-supervisd", "self-supervised"),
        ("self-supervisd difusion", "self-supervised diffusion"),
        # Two words run together.
        ("pointcloud", '"point cloud"'),
        ("title:pointcloud", 'title:"point cloud"'),
        ("timeseries -medical", '"time series" -medical'),
        ('"pointcloud segmentation"', '"point cloud segmentation"'),
        ("lidar-pointcloud", "lidar-point-cloud"),
        ("pointcloud segmentaion", '"point cloud" segmentation'),
    ],
)
async def test_a_mistyped_word_is_put_right(filled: Store, typed: str, meant: str | None) -> None:
    better = await suggestion(parse(typed), filled)
    assert (better and better.text) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "segmentation",
        "Point Clouds",
        "generates",
        "mamba",  # rare, but nothing often is near it
        "clout",  # rare too, and cloud is not often enough to doubt it
        "YOLOv5",
        "YOLOv9",
        "LoRA",
        "LiDAr",
        "NeRFs",
        "GPT4",
        "3dgs",
        "clod*",  # a beginning may begin anything
        "author:Clod",
        "lidar -segmentaion",  # what is left out
        "clo",  # too short to tell
        "cat:cs.CV",
        "has:code",
        "id:2011.00001",
        "quux",
        "c#",  # sharp is another word
        "c++",
        "深度学习网络",
    ],
)
async def test_what_is_known_or_may_be_a_name_is_left_alone(filled: Store, typed: str) -> None:
    assert await suggestion(parse(typed), filled) is None


async def test_nothing_is_suggested_from_an_empty_store(tmp_path: Path) -> None:
    async with connect(f"sqlite:///{tmp_path}/empty.db") as store:
        assert await suggestion(parse("segmentaion pointcloud"), store) is None


async def test_a_suggestion_past_a_querys_limits_is_none(filled: Store) -> None:
    word = "pointcloud "
    line = (word * 31).strip()
    better = await suggestion(parse(line), filled)
    assert better is not None
    line = f"{line} {'x' * (MAX_LENGTH - len(line) - 1)}"
    assert await suggestion(parse(line), filled) is None


async def test_four_words_are_doubted_at_most(filled: Store) -> None:
    better = await suggestion(parse("segmentaion difusion tansformer atention vidoes"), filled)
    assert better is not None
    assert better.text == "segmentation diffusion transformers attention vidoes"


async def test_other_work_goes_on_while_a_large_vocabulary_is_compared(filled: Store) -> None:
    comparing = asyncio.Event()

    class Large:
        """The store, with more words than all of arXiv has."""

        def __getattr__(self, name: str) -> object:
            return getattr(filled, name)

        async def vocabulary(self) -> dict[str, int]:
            comparing.set()
            return {"segmentation": 100} | {f"{n:012}": 1 for n in range(1_000_000)}

    asked = asyncio.ensure_future(suggestion(parse("segmentaion"), cast("Store", Large())))
    await comparing.wait()
    turns = 0
    while not asked.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await asked or parse("nothing")).text == "segmentation"
    assert turns > 20
