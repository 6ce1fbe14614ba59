"""The guided tour, on any digests."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import storage
from bot import demo
from bot.commands import call
from bot.model import Answer, Call, Destination, Digest, Paper, Reply, Suggest, UserError

PERSON = Destination("stage", "local", "@me")
ROOM = Destination("stage", "local", "room")


class Stage:
    """A platform that writes down what is shown."""

    def __init__(self) -> None:
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.said: list[str] = []
        self.typed: list[str] = []
        self.answers: dict[str, Reply] = {}
        self.posted: list[tuple[Destination, Reply]] = []
        self.events: list[str] = []

    def call(self, line: str) -> Call:
        return call(line, room=ROOM, caller=PERSON, at=self.clock(), may_manage=True)

    async def say(self, text: str) -> None:
        self.said.append(text)

    async def show(self, reply: Reply, *, typed: str = "") -> None:
        verb = typed.partition(" ")[0]
        self.typed.append(typed)
        self.answers[verb] = reply
        self.events.append(verb)

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        assert key
        assert not uncertain
        self.posted.append((to, reply))
        self.events.append("post")

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        raise AssertionError("the tour asks nothing")


async def tour(digests: list[Digest], folder: Path) -> Stage:
    stage = Stage()
    async with storage.connect(f"sqlite:///{folder}/demo.db") as store:
        await demo.tour(digests, store, stage)
    return stage


def digest(day: date, *titles: str, category: str = "cs.CV") -> Digest:
    papers = tuple(
        Paper(f"{day:%y%m}.{day.day:02}{n:03}", title, f"This is about {title.lower()}.")
        for n, title in enumerate(titles)
    )
    return Digest("test", category, day, papers)


MONDAY, TUESDAY = date(2024, 3, 4), date(2024, 3, 5)


async def test_the_sample_shows_everything_that_there_is(tmp_path: Path) -> None:
    stage = await tour(list(demo.sample()), tmp_path)
    assert list(dict.fromkeys(stage.events)) == ["today", "search", "subscribe", "settings", "post"]
    assert all(reply.error is None for reply in stage.answers.values())
    assert "Did you mean" in str(stage.answers["search"].text)
    assert stage.answers["search"].cards
    assert "Dry run" in str(stage.answers["subscribe"].text)
    assert {to for to, _ in stage.posted} == {PERSON, ROOM}


async def test_an_alert_comes_with_the_next_digest_for_what_was_subscribed_to_before(tmp_path: Path) -> None:
    days = [
        digest(MONDAY, "Purple Elephants at Home", "Purple Elephants Abroad", "A Study of Teapots"),
        digest(TUESDAY, "Purple Elephants in Space", "Nothing of Note"),
    ]
    stage = await tour(days[::-1], tmp_path)
    assert stage.typed == ["today", stage.typed[1], 'subscribe "purple elephants"', "settings on count:3"]
    assert stage.typed[1] not in ("search purple elephants", "search elephants purple")
    assert sorted(stage.typed[1]) == sorted("search purple elephants")
    assert "Mon 4 Mar 2024" in str(stage.answers["today"].text)
    alert = next(reply for to, reply in stage.posted if to == PERSON)
    assert [str(card.title) for card in alert.cards] == ["Purple Elephants in Space"]
    assert stage.clock().date() == TUESDAY


async def test_with_one_digest_alone_one_subscribes_before_it_comes_in(tmp_path: Path) -> None:
    stage = await tour([digest(MONDAY, "Purple Elephants at Home", "Teapots")], tmp_path)
    assert stage.events == ["subscribe", "settings", "post", "post", "today", "search"]
    assert {to for to, _ in stage.posted} == {PERSON, ROOM}


async def test_titles_without_a_topic_still_make_a_tour(tmp_path: Path) -> None:
    stage = await tour([digest(MONDAY, "π"), digest(TUESDAY, "GPT-4")], tmp_path)
    assert stage.events == ["today", "settings", "post"]


async def test_an_answer_with_many_papers_is_cut_short_and_says_so(tmp_path: Path) -> None:
    titles = [f"Paper on Subject {n}" for n in range(8)]
    stage = await tour([digest(MONDAY, *titles), digest(TUESDAY, "Other")], tmp_path)
    assert len(stage.answers["today"].cards) == 3
    assert "3 of the 8 papers" in str(stage.answers["today"].note)


async def test_without_a_paper_there_is_nothing_to_show(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no paper"):
        await tour([digest(MONDAY)], tmp_path)


def test_the_sample_covers_two_categories_and_two_days() -> None:
    digests = demo.sample()
    assert {each.category for each in digests} >= {"cs.CV", "cs.CL"}
    assert len({each.day for each in digests}) >= 2
    assert not any(each.refused for each in digests)
    assert all(re.fullmatch(r"\d{4}\.\d{5}", paper.id) for each in digests for paper in each.papers)
