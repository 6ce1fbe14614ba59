"""No workspace sees or changes another's: random walks over every command, and each walk has to notice a mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.faults.row import Trial, named
from bot.daily import take_in
from bot.highlights.evidence import Evidence, gather
from bot.model import Destination, Following
from bot.ports import Store
from bot.search.likeness import Rarity
from tests.conftest import MakeDigest, MakePaper

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)


def test_a_workspace_is_answered_and_sent_what_it_would_be_if_it_were_alone(tmp_path: Path) -> None:
    found = named("tenants").check(Trial(2, Random("tenants"), tmp_path))
    assert found.wrong == []


def test_the_walk_notices_a_query_that_forgets_the_workspace(tmp_path: Path) -> None:
    found = named("tenants").check(Trial(1, Random("tenants"), tmp_path, planted=True))
    assert any("beside others" in each for each in found.wrong)


async def test_what_others_like_changes_nothing_of_what_a_paper_weighs_here(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    here, there = (Destination("slack", workspace, "C1") for workspace in ("T1", "T2"))
    for room in (here, there):
        await store.follow(Following(room))
    before = digest("2020-11-19", "cs.CV", paper("2011.1", "Lidar clouds"), paper("2011.2", "Lidar maps"))
    await take_in(before, store, NOW)
    today = digest("2020-11-20", "cs.CV", paper("2011.3", "Lidar elephants"), paper("2011.4", "Clouds at home"))
    alone = await gather(today, store, NOW)
    await store.react(there, Destination("slack", "T2", "@U1"), "2011.1", 1, NOW)
    beside = await gather(today, store, NOW)

    assert there in beside.tastes
    assert beside.vectors == alone.vectors
    assert [beside.close(each, {"lidar": 1}) for each in beside.bags] == [
        alone.close(each, {"lidar": 1}) for each in alone.bags
    ]


def test_in_whatever_order_people_came_to_look_for_words_a_paper_is_as_close() -> None:
    words = [f"word{number}" for number in range(40)]
    random = Random("order")
    evidence = Evidence(
        {"2011.1": dict.fromkeys(words, 2)}, rarity=Rarity({word: random.randrange(1, 99) for word in words}, 100)
    )
    found = set()
    for _ in range(50):
        random.shuffle(words)
        found.add(evidence.close("2011.1", dict.fromkeys(words, 1)))
    assert len(found) == 1
