"""Following authors and papers: what is subscribed to, and what is said of what cannot be known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.commands import answer
from bot.daily import take_in
from bot.model import Destination, Reply
from bot.ports import Store
from tests.conftest import MakeCall, MakeDigest, MakePaper

ME = Destination.parse("slack:T1/@U1")
Ask = Callable[[str], Awaitable[Reply]]


@pytest.fixture
async def ask(store: Store, digest: MakeDigest, paper: MakePaper, call: MakeCall) -> Ask:
    by = {1: ("Jane Doe", "Bo Li"), 2: ("Jane Doe", "Bo Li", "Chen Xu"), 3: ("Mary Jane Doe",)}
    for day, category, numbers in (("2020-11-19", "cs.CV", (1, 2)), ("2020-11-20", "cs.CL", (3,))):
        papers = [paper(f"2011.0000{each}", f"Study {each}", authors=by[each]) for each in numbers]
        await take_in(digest(day, category, *papers), store, call("today").at)
    named = [
        paper("2011.00004", "PointNet: Deep Learning on Point Sets", "We read sets of points."),
        paper("2011.00005", "Faster sets", "We make PointNet faster."),
        paper("2011.00006", "Mask R-CNN", "We mask."),
    ]
    await take_in(digest("2020-11-20", "cs.RO", *named), store, call("today").at)

    async def asked(line: str) -> Reply:
        return await answer(call(line), store)

    return asked


async def queries(store: Store) -> list[str]:
    return [each.query for each in await store.subscriptions(ME)]


@pytest.mark.parametrize(
    "line", ["Jane Doe", '"Jane Doe"', 'author:"Jane Doe"', "author:Jane Doe", "Doe, Jane", "“Jane Doe”"]
)
async def test_an_author_is_subscribed_to_however_the_name_is_typed(ask: Ask, store: Store, line: str) -> None:
    reply = await ask(f"follow {line}")
    assert reply.text.plain.startswith('Subscribed to author:"Jane Doe", number 1 of yours.\nDry run: ')
    assert "would have caught 3 of 6 papers" in reply.text.plain
    assert reply.private
    assert await queries(store) == ['author:"Jane Doe"']


async def test_a_name_that_several_may_have_says_with_whom_and_where_and_how_to_keep_to_one(
    ask: Ask, store: Store
) -> None:
    reply = await ask("follow Jane Doe")
    who, narrower, known = reply.note.plain.split("\n")
    assert who == (
        "3 papers with an author of this name: Jane Doe (2), Mary Jane Doe (1); with Bo Li, Chen Xu; "
        "in cs.CV (2), cs.CL (1)."
    )
    assert narrower == (
        'If they are more than one person, keep to a category; type: subscribe author:"Jane Doe" cat:cs.CV instead:1'
    )
    assert known == (
        "The authors of 3 of 6 stored papers (50%) are known; by an author, the others can never match. "
        "In the newest 30 days, digests of cs.RO came without."
    )
    (only,) = [each for each in reply.buttons if each.label == "Only cs.CV"]
    await ask(f"{only.name} {only.text}")
    assert await queries(store) == ['author:"Jane Doe" cat:cs.CV']


async def test_who_is_followed_already_by_another_spelling_stays_one_subscription(ask: Ask, store: Store) -> None:
    await ask('subscribe author:"jane  DOE"')
    reply = await ask("follow Jane Doe")
    assert reply.text.plain.startswith('You have this already: number 1, author:"jane DOE". Nothing changed.')
    assert await queries(store) == ['author:"jane DOE"']


async def test_who_is_in_no_stored_paper_is_followed_all_the_same(ask: Ask, store: Store) -> None:
    reply = await ask("follow Ada Lovelace")
    assert await queries(store) == ['author:"Ada Lovelace"']
    assert reply.note.plain.startswith("The authors of 3 of 6 stored papers (50%) are known;")


async def test_a_short_title_that_was_taken_for_a_name_is_offered_as_a_title(ask: Ask) -> None:
    assert 'type: follow title:"Mask R-CNN"' in (await ask("follow Mask R-CNN")).note.plain


@pytest.mark.parametrize(
    "line", ["2011.00004", "https://arxiv.org/abs/2011.00004v2", "PointNet: Deep Learning on Point Sets"]
)
async def test_a_paper_cannot_be_followed_by_citations_and_what_names_it_is_offered(
    ask: Ask, store: Store, line: str
) -> None:
    reply = await ask(f"follow {line}")
    query = '"PointNet: Deep Learning on Point Sets" OR "PointNet"'
    assert reply.text.plain.startswith(
        "No source here says which papers one cites, so citations cannot be followed. Papers that name it can:\n"
        f"A preview of {query}; nothing is saved.\nDry run: it would have caught 2 of 6 papers"
    )
    assert [(each.label, each.name, each.text) for each in reply.buttons] == [
        ("Subscribe", "subscribe", query),
        ("Similar", "similar", "2011.00004"),
    ]
    assert await queries(store) == []


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ('title:"Mask R-CNN"', '"Mask R-CNN"'),
        ("Attention: a very short survey of it", '"Attention: a very short survey of it"'),
    ],
)
async def test_only_what_looks_like_a_name_stands_for_a_whole_title(ask: Ask, title: str, query: str) -> None:
    assert (await ask(f"follow {title}")).buttons[0].text == query


@pytest.mark.parametrize("line", ["PointNet: a study", "cat:cs.CV"])
async def test_what_has_a_colon_is_nobodys_name(ask: Ask, store: Store, line: str) -> None:
    assert f'A preview of "{line}"' in (await ask(f"follow {line}")).text.plain
    assert await queries(store) == []


async def test_the_longest_title_makes_a_query_that_can_be_typed(ask: Ask) -> None:
    reply = await ask(f"follow title:{'very ' * 95}long")
    assert reply.error is None


@pytest.mark.parametrize("line", ["!!!", "author:", '""', "title: -"])
async def test_what_names_nobody_is_refused(ask: Ask, store: Store, line: str) -> None:
    assert (await ask(f"follow {line}")).error == f"{line} names nobody. Type one like: follow Jane Doe"
    assert await queries(store) == []


async def test_where_all_authors_are_known_nothing_is_missing(
    store: Store, digest: MakeDigest, paper: MakePaper, call: MakeCall
) -> None:
    assert (await answer(call("follow Jane Doe"), store)).note.plain == ""
    await take_in(digest("2020-11-20", "cs.CV", paper("2011.00001", "A", authors=("Bo Li",))), store, call("x").at)
    reply = await answer(call("follow Bo Li"), store)
    assert reply.note.plain.split("\n") == [
        "1 paper with an author of this name: Bo Li (1); in cs.CV (1).",
        "The authors of all stored papers are known.",
    ]
