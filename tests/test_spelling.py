"""Did you mean: what is put right, and what is left alone."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.model import Digest, Paper
from bot.ports import Store
from bot.search.grammar import MAX_LENGTH, parse
from bot.search.spelling import suggestion
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
    Paper("2012.00003", "Clout of people", "Effusion."),
    *[
        Paper(f"2012.0010{n}", "Shrub carpet", "Topics: tracking, a network of networks. Focus, berth, hearth.")
        for n in range(7)
    ],
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('spelling')}/papers.db"


@pytest.fixture
async def filled(address: str) -> AsyncIterator[Store]:
    papers = [Paper(f"2011.{n:05}", *TOPICS[n % len(TOPICS)]) for n in range(180)]
    digest = Digest("test", "cs.CV", date(2020, 11, 20), (*papers, *RARE))
    async with connect(address) as store:
        if not await store.size():
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
        ("tansformer atention", "transformer attention"),
        ("point clod", "point cloud"),
        ("lidar segmentaion", "lidar segmentation"),
        ("netwroks", "networks"),  # as they write it, and as near to what was typed
        ("netwrok", "network"),
        ("fous", "focus"),  # no plural
        ("tpics", "topics"),
        ("aegmentation", "segmentation"),
        ("herth", "hearth"),  # a letter is sooner left out than another typed for it: berth
        ("modl", "model"),
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
        "tracking",  # often, but training is far more
        "effusion",  # rare too, and diffusion is two edits away
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
        "xlodu",  # two edits of five letters, and no other word to tell by
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
    assert better.text == "segmentation diffusion transformer attention vidoes"


async def test_of_what_a_word_may_mean_that_is_suggested_which_papers_have_with_the_others(filled: Store) -> None:
    alone, beside = await suggestion(parse("shrap"), filled), await suggestion(parse("shrap carpet"), filled)
    assert (alone and alone.text, beside and beside.text) == ("sharp", "shrub carpet")


async def test_two_misspelt_words_mean_what_papers_have_together(filled: Store) -> None:
    better = await suggestion(parse("shrap crapet"), filled)
    assert better is not None
    assert better.text == "shrub carpet"


async def test_a_rare_word_is_left_as_typed_beside_a_misspelt_one(filled: Store) -> None:
    better = await suggestion(parse("Segmentaton MISSPELLT onse"), filled)
    assert better is not None
    assert better.text == "Segmentaton MISSPELLT once"


async def test_what_no_paper_has_together_is_suggested_all_the_same(filled: Store) -> None:
    better = await suggestion(parse("segmentaion difusion cat:cs.RO"), filled)
    assert better is not None
    assert better.text == "segmentation diffusion cat:cs.RO"
