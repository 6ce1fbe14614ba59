"""What people keep: saved under tags of their own, listed, taken away again; each for themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot import commands
from bot.commands.shelf import MAX_TAGS
from bot.daily import take_in
from bot.model import Button, Destination, Digest, Paper, Reply
from bot.ports import Store, TooMany
from tests.conftest import MakeCall

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
ANN, BEN = Destination.parse("slack:T1/@ANN"), Destination.parse("slack:T1/@BEN")
ELSEWHERE = Destination.parse("slack:T2/@ANN")
ROOM = "slack:T1/C1"
PAPERS = tuple(Paper(f"2011.{n:05}", f"Title {n}", "An abstract.") for n in range(30))

Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture
async def ask(store: Store, call: MakeCall) -> Ask:
    await take_in(Digest("test", "cs.CV", NOW.date(), PAPERS), store, NOW)
    said = 0

    async def ask(line: str, caller: Destination = ANN) -> Reply:
        nonlocal said
        said += 1
        made = call(line, caller=str(caller), room=ROOM, at=NOW + timedelta(minutes=said))
        return await commands.answer(made, store)

    return ask


def lines(reply: Reply) -> list[str]:
    return [each.text.plain for each in reply.items]


def labels(reply: Reply) -> list[str]:
    return [each.label for each in reply.buttons]


async def test_what_is_saved_is_listed_last_first_with_its_tags_and_for_its_keeper_alone(ask: Ask) -> None:
    said = await ask("save 2011.00001")
    assert said.text.plain == "You keep Title 1. To see all that you keep, type: saved"
    assert said.private
    assert said.buttons[0] == Button("Undo", "unsave", "2011.00001", "instead")
    await ask("save https://arxiv.org/abs/2011.00002v3 tags:to-read,ML")

    listed = await ask("saved")
    assert listed.private
    assert listed.text.plain == "You keep 2 papers."
    assert lines(listed) == [
        "Title 2 (2011.00002), saved Fri 20 Nov 2020 under ml, to-read",
        "Title 1 (2011.00001), saved Fri 20 Nov 2020",
    ]
    assert listed.items[0].buttons == (
        Button("Abstract", "show", "2011.00002", "aside"),
        Button("Remove", "unsave", "2011.00002", "instead"),
    )
    for another in (BEN, ELSEWHERE):
        assert (await ask("saved", another)).text.plain == "You keep no papers. To keep one, type: save ID"


async def test_to_save_it_again_changes_nothing_but_adds_tags_which_undo_takes_away_again(
    ask: Ask, store: Store
) -> None:
    await ask("save 2011.00001 tags:ml")
    before = await store.saved(ANN)
    again = await ask("save 2011.00001")
    assert again.text.plain.startswith("You already keep Title 1. ")
    assert labels(again) == ["What you keep"]
    assert await store.saved(ANN) == before

    more = await ask("save 2011.00001 tags:ml,#Übung")
    assert [(each.at, each.tags) for each in await store.saved(ANN)] == [(before[0].at, ("ml", "übung"))]
    assert more.buttons[0] == Button("Undo", "unsave", "2011.00001 tags:übung", "instead")
    await ask(f"unsave {more.buttons[0].text}")
    assert await store.saved(ANN) == before
    assert labels(await ask("save 2011.00001 tags:ml")) == ["What you keep"]


async def test_a_tag_that_a_paper_is_not_under_is_not_taken_away_and_undo_adds_none(ask: Ask, store: Store) -> None:
    await ask("save 2011.00001 tags:ml")
    assert (await ask("unsave 2011.00001 tags:vision")).error == (
        "You do not keep Title 1 under vision. To see what you keep, type: saved"
    )
    part = await ask("unsave 2011.00001 tags:vision,ml")
    assert part.text.plain.startswith("Title 1 is no longer under ml.\n")
    assert part.buttons[0] == Button("Undo", "save", "2011.00001 tags:ml", "instead")


async def test_removing_shows_the_page_where_it_was_and_undo_keeps_it_as_it_was(ask: Ask, store: Store) -> None:
    for number in range(11):
        await ask(f"save 2011.{number:05}")
    await ask("save 2011.00000 tags:old")
    gone = await ask("unsave 2011.00000")
    assert gone.text.plain == "You no longer keep Title 0.\nYou keep 10 papers."
    assert len(gone.items) == 10
    undo = gone.buttons[0]
    assert (undo.name, undo.text) == ("save", "2011.00000 tags:old")
    await ask(f"{undo.name} {undo.text}")
    assert [each.tags for each in await store.saved(ANN, "old")] == [("old",)]

    await ask("save 2011.00011")
    await ask("save 2011.00002 tags:ml")
    second = await ask("unsave 2011.00002 tags:ml")
    assert "Title 2 (2011.00002)" in lines(second)[0]
    assert "Page 2 of 2" in labels(second)


async def test_tags_are_counted_and_lead_to_what_is_under_them(ask: Ask) -> None:
    for number, tags in enumerate(("ml", "ml,to-read", "ml", "vision")):
        await ask(f"save 2011.{number:05} tags:{tags}")
    whole = await ask("saved")
    assert labels(whole) == ["ml (3)", "to-read (1)", "vision (1)", "Export"]
    part = await ask("saved ml")
    assert part.text.plain == "You keep 3 papers under ml."
    assert labels(part) == ["All", "to-read (1)", "vision (1)", "Export"]
    assert part.buttons[-1] == Button("Export", "export", "saved ml")
    assert (await ask("saved ML")).items == part.items
    none = await ask("saved lidar")
    assert none.error == "You keep nothing under lidar. Your tags are ml, to-read, vision."
    assert labels(await ask("saved", BEN)) == []


async def test_a_long_list_is_turned_page_by_page_within_a_tag(ask: Ask) -> None:
    for number in range(12):
        await ask(f"save 2011.{number:05} tags:ml")
    second = await ask("saved ml page:2")
    assert [each[:7] for each in lines(second)] == ["Title 1", "Title 0"]
    assert Button("Previous", "saved", "ml", "instead") in second.buttons
    assert "There is no page 3" in str((await ask("saved page:3")).error)


@pytest.mark.parametrize("tag", ["a_b", "-", "x" * 31, "a/b", "!"])
async def test_what_is_no_tag_is_said_with_one_that_is(ask: Ask, tag: str) -> None:
    said = await ask(f"save 2011.00001 tags:{tag}")
    assert "letters, digits and hyphens. Type one like: save 2011.10043 tags:to-read" in str(said.error)
    assert "You keep no papers" in (await ask("saved")).text.plain


async def test_a_tag_of_thirty_letters_and_in_any_alphabet_is_one(ask: Ask, store: Store) -> None:
    await ask(f"save 2011.00001 tags:{'x' * 30},論文,ПЕРЕД")
    assert set(await store.tags(ANN)) == {"x" * 30, "論文", "перед"}


async def test_what_is_not_kept_or_not_known_is_said(ask: Ask) -> None:
    assert (await ask("unsave 2011.00001")).error == "You do not keep Title 1. To see what you keep, type: saved"
    assert "No digest here lists 2011.99999" in str((await ask("save 2011.99999")).error)


async def test_a_paper_has_at_most_twenty_tags_and_keeps_those_it_has(ask: Ask, store: Store) -> None:
    await ask(f"save 2011.00001 tags:{','.join(f't{n}' for n in range(MAX_TAGS))}")
    refused = await ask("save 2011.00001 tags:t0,more")
    assert "under 20 tags and could not add these, the most there can be." in str(refused.error)
    assert len((await store.saved(ANN))[0].tags) == MAX_TAGS
    assert (await ask("save 2011.00001 tags:t0")).error is None


async def test_a_person_keeps_so_many_papers_and_one_more_is_refused_without_a_trace(ask: Ask, store: Store) -> None:
    for number in range(3):
        assert await store.save(ANN, f"2011.{number:05}", NOW, most=3)
    with pytest.raises(TooMany) as full:
        await store.save(ANN, "2011.00003", NOW, most=3)
    assert full.value.count == 3
    assert not await store.save(ANN, "2011.00000", NOW, most=3)
    assert set(await store.saved_titles(ANN)) == {"2011.00000", "2011.00001", "2011.00002"}
    assert await store.save(BEN, "2011.00003", NOW, most=3)


async def test_a_paper_that_is_not_stored_cannot_be_kept(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.save(ANN, "2011.00001", NOW)
    await store.tag(ANN, "2011.00001", "ml")
    assert await store.tags(ANN) == {}


async def test_tags_and_kept_papers_are_offered_while_one_types_and_never_anothers(
    ask: Ask, store: Store, call: MakeCall
) -> None:
    await ask("save 2011.00001 tags:ml,to-read")
    await ask("save 2011.00012 tags:ml")
    await ask("save 2011.00003 tags:secret", BEN)

    async def offered(name: str, parameter: str, typed: str) -> list[str]:
        found = await commands.suggest(call(name, caller=str(ANN), room=ROOM), parameter, typed, store)
        return [each.value for each in found]

    assert await offered("saved", "tag", "") == ["ml", "to-read"]
    assert await offered("save", "tags", "ml, t") == ["ml,to-read"]
    assert await offered("unsave", "paper_id", "title 12") == ["2011.00012"]
    assert await offered("unsave", "paper_id", "") == ["2011.00012", "2011.00001"]
    assert (await offered("export", "what", ""))[:3] == ["saved", "saved ml", "saved to-read"]
    assert await offered("export", "what", "saved to") == ["saved to-read"]
    assert "2011.00003" in await offered("export", "what", "title 3")


async def test_an_opened_paper_can_be_saved(ask: Ask) -> None:
    shown = await ask("show 2011.00001")
    assert Button("Save", "save", "2011.00001") in shown.cards[0].buttons
