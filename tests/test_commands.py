"""Commands as dialogs: a line typed, a text answered, on a real store."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands, daily, dispatch
from bot.model import (
    Alerting,
    Button,
    Call,
    Destination,
    Digest,
    Following,
    Link,
    Paper,
    Refusal,
    Reply,
    Report,
    Schedule,
    State,
    UserError,
)
from bot.ports import Store
from bot.search.grammar import parse

ME = Destination.parse("slack:T1/@U1")
ROOM = Destination.parse("slack:T1/C1")
FRIDAY = datetime(2020, 11, 20, 9, tzinfo=UTC)

PAPERS = (
    Paper(
        "2011.10043",
        "Point Cloud Segmentation of Roads",
        "We segment lidar scans.",
        links=(Link("https://github.com/a/b", "code"),),
    ),
    Paper("2011.10039", "Creative Sketch Generation", "Sketches that generate joy, made from a point cloud."),
    Paper(
        "2011.10033", "Medical Image Segmentation", "A self-supervised network for CT. " + "Filler words here. " * 30
    ),
    Paper("2011.10028", "Colour Constancy", ""),
)

Ask = Callable[..., Awaitable[Reply]]


def labels(reply: Reply) -> list[str]:
    return [each.label for each in reply.buttons]


@pytest.fixture
async def filled(store: Store) -> Store:
    refused = (Refusal(9, "the title is empty", "###"),)
    for digest in (
        Digest("thursday.md", "cs.CV", date(2020, 11, 19), (Paper("2011.09999", "Older segmentation", "Old."),)),
        Digest("friday.md", "cs.CV", date(2020, 11, 20), PAPERS, refused),
        Digest("friday.md", "cs.LG", date(2020, 11, 20), (PAPERS[0], Paper("2011.10001", "Graph networks", "GNNs."))),
    ):
        await daily.take_in(digest, store, FRIDAY)
    return store


@pytest.fixture
def ask(filled: Store) -> Ask:
    async def ask(
        line: str, *, caller: Destination = ME, at: datetime = FRIDAY, may_manage: bool = True, obstacle: str = ""
    ) -> Reply:
        call = commands.call(line, room=ROOM, caller=caller, at=at, may_manage=may_manage, obstacle=obstacle)
        return await commands.answer(call, filled)

    return ask


def ids(reply: Reply) -> list[str]:
    return [card.paper for card in reply.cards]


async def test_search_puts_titles_first_then_newer_papers(ask: Ask) -> None:
    assert ids(await ask("search segmentation")) == ["2011.10043", "2011.10033", "2011.09999"]
    assert ids(await ask('search "point cloud"')) == ["2011.10043", "2011.10039"]


async def test_search_marks_what_matched_and_says_why(ask: Ask) -> None:
    card = (await ask("search self supervised")).cards[0]

    assert card.why.plain == "matches: self, supervised"
    assert card.body.render(str, "[", "]").startswith("A [self-supervised] network")
    assert card.url == "https://arxiv.org/abs/2011.10033"
    assert len(card.body.plain) <= 280


async def test_a_match_far_into_the_abstract_is_in_the_snippet(filled: Store, ask: Ask) -> None:
    late = Paper("2011.00001", "Late", "word " * 200 + "needle in the haystack")
    await daily.take_in(Digest("x", "cs.CV", date(2020, 11, 18), (late,)), filled, FRIDAY)

    body = (await ask("search needle")).cards[0].body

    assert body.plain.startswith("…")
    assert [body.plain[a:b] for a, b in body.marks] == ["needle"]


async def test_a_card_carries_code_pdf_day_and_category(ask: Ask) -> None:
    card = (await ask("search lidar")).cards[0]

    assert card.pdf == "https://arxiv.org/pdf/2011.10043"
    assert [link.url for link in card.links] == ["https://github.com/a/b"]
    assert card.facts == ("cs.CV, cs.LG", "Fri 20 Nov 2020")


async def test_a_typo_is_answered_with_a_labelled_suggestion(ask: Ask) -> None:
    reply = await ask("search segmantation -medical")

    assert "No paper matches segmantation -medical. Did you mean segmentation -medical?" in reply.text.plain
    assert ids(reply) == ["2011.10043", "2011.09999"]
    assert reply.error is None


async def test_nothing_found_says_which_word_nothing_has(ask: Ask) -> None:
    reply = await ask("search segmentation zebrafishes")

    assert "No paper has zebrafishes. Try another word, or its beginning: zebraf*" in reply.text.plain
    assert not reply.cards


@pytest.mark.parametrize(
    "line",
    ["search zebrafishes", "search cat:cs.XX lidar", "search sketch lidar", "search author:Hinton", "today 2019-01-01"],
)
async def test_to_find_nothing_is_an_answer_and_no_error(ask: Ask, line: str) -> None:
    reply = await ask(line)

    assert reply.error is None
    assert reply.text.plain


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("search title:lidar", "No title has lidar, but 1 abstract has. Type: abstract:lidar"),
        (
            'search abstract:"creative sketch"',
            'No abstract has creative sketch, but 1 title has. Type: title:"creative',
        ),
        ("search title:zebra", "No title has zebra. Try another word, or its beginning: zebra*"),
        ("search zebraf*", "No paper has zebraf*. Try another word."),
        ("search xq", "No paper has xq. Try another word."),
        ('search "deep zebra"', "No paper has deep zebra. Try its words without quotation marks."),
        ("search networks has:code graph", "Each part of it is found, but no paper has all of them."),
        ("search lidar id:2011.99999", "No digest here lists 2011.99999."),
        ("search lidar cat:cs.XX", "No digest of cs.XX is stored; there are cs.CV, cs.LG."),
        ("search lidar cat:hep-th", "No digest of hep-th is stored; there are cs.CV, cs.LG."),
        ("search lidar after:2021-01-01", "The digests here are from Thu 19 Nov 2020 to Fri 20 Nov 2020."),
        ("search lidar -cloud", "There are papers with it, but what is left out takes them all."),
    ],
)
async def test_what_finds_nothing_is_named_part_by_part(ask: Ask, line: str, says: str) -> None:
    assert says in (await ask(line)).text.plain


async def test_code_that_no_paper_names_is_said_to_be_missing(store: Store) -> None:
    await daily.take_in(Digest("x", "cs.CV", date(2020, 11, 20), PAPERS[1:]), store, FRIDAY)
    reply = await commands.answer(commands.call("search sketch has:code", room=ROOM, caller=ME, at=FRIDAY), store)

    assert "No paper here names a code address." in reply.text.plain


async def test_words_that_are_only_found_apart_are_said_to_be(ask: Ask) -> None:
    reply = await ask("search sketch lidar")

    assert "no paper has all of them" in reply.text.plain


async def test_author_search_says_that_digests_carry_no_authors(ask: Ask) -> None:
    assert "carry no authors" in (await ask("search author:Hinton")).text.plain
    assert "carry no authors" in (await ask("subscribe author:Hinton")).text.plain
    assert "carry no authors" in (await ask("status")).text.plain


async def test_a_category_without_a_digest_is_named(ask: Ask) -> None:
    assert "No digest of cs.XX is stored" in (await ask("search cat:cs.XX segmentation")).text.plain
    assert str((await ask("today cs.XX")).error) == "No digest of cs.XX is stored. There are: cs.CV, cs.LG"


async def test_today_counts_entries_and_says_what_is_missing(ask: Ask) -> None:
    reply = await ask("today")

    assert reply.text.plain.splitlines() == [
        "5 papers of Fri 20 Nov 2020, each shown once",
        "cs.CV: 4 of 5 entries, announced Fri 20 Nov 2020 (1 not stored; line 9: the title is empty)",
        "cs.LG: 2 of 2 entries, announced Fri 20 Nov 2020",
    ]
    assert ids(reply) == [*(paper.id for paper in PAPERS), "2011.10001"]


@pytest.mark.parametrize(
    ("line", "at", "begins"),
    [
        (
            "today",
            datetime(2020, 11, 21, tzinfo=UTC),
            "No digest for today, Sat 21 Nov 2020: arXiv announces no papers",
        ),
        (
            "today",
            datetime(2020, 11, 23, tzinfo=UTC),
            "No digest for today, Mon 23 Nov 2020 yet. The newest is of Fri 20",
        ),
        ("today", datetime(2020, 11, 27, tzinfo=UTC), "No digest for today, Fri 27 Nov 2020: arXiv usually announces"),
        ("today friday", datetime(2020, 11, 21, tzinfo=UTC), "5 papers of Fri 20 Nov 2020, each shown once"),
        ("today yesterday cs.LG", datetime(2020, 11, 21, tzinfo=UTC), "cs.LG: 2 of 2 entries"),
        ("today cs.lg 2020-11-19", FRIDAY, "No digest of cs.LG for Thu 19 Nov 2020 has been taken in. There is none"),
        ("today 2020-11-22", datetime(2020, 11, 24, tzinfo=UTC), "No digest for Sun 22 Nov 2020: arXiv announces no"),
        ("today 2021-01-04", FRIDAY, "Mon 4 Jan 2021 is yet to come. The newest is of Fri 20 Nov 2020:"),
        ("today tomorrow", FRIDAY, "Sat 21 Nov 2020 is yet to come. The newest is of Fri 20 Nov 2020:"),
    ],
)
async def test_today_explains_a_day_without_a_digest(ask: Ask, line: str, at: datetime, begins: str) -> None:
    assert (await ask(line, at=at)).text.plain.startswith(begins)


async def test_a_day_before_all_digests_is_said_to_be(ask: Ask) -> None:
    assert "There is none before it here" in (await ask("today 2019-01-01")).text.plain


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        (
            "today 2020-11-21 cs.CV",
            "No digest of cs.CV for Sat 21 Nov 2020: arXiv announces no papers at weekends. The newest before it",
        ),
        ("today 2020-11-21", "No digest for Sat 21 Nov 2020: arXiv announces no papers at weekends. The newest"),
        ("today", "No digest for today, Mon 23 Nov 2020 yet. The newest is of Fri 20 Nov 2020:"),
    ],
)
async def test_a_digest_without_papers_is_no_day_with_papers(filled: Store, ask: Ask, line: str, begins: str) -> None:
    for day, category in ((21, "cs.CV"), (21, "cs.LG"), (23, "cs.CV")):
        await daily.take_in(Digest("empty.xml", category, date(2020, 11, day), ()), filled, FRIDAY)
    reply = await ask(line, at=datetime(2020, 11, 23, tzinfo=UTC))

    assert reply.text.plain.startswith(begins)
    assert reply.cards


@pytest.mark.parametrize(
    "day", ["2020-11-19", "19 Nov 2020", "Thu 19 Nov 2020", "Thu, 19 november 2020", "thu", "Thurs"]
)
async def test_today_takes_a_day_as_answers_print_it_and_as_people_type_it(ask: Ask, day: str) -> None:
    for line in (f"today {day}", f"today {day} cs.CV", f"today cs.cv {day}"):
        assert (await ask(line)).text.plain == "cs.CV: 1 of 1 entries, announced Thu 19 Nov 2020"


async def test_a_day_that_every_answer_prints_can_be_typed(ask: Ask) -> None:
    printed = (await ask("today")).cards[0].facts[-1]

    assert ids(await ask(f"today {printed}")) == ids(await ask("today"))


async def test_tables_topics_are_categories_whatever_their_letters(filled: Store, ask: Ask) -> None:
    for category in ("3d-reconstruction", "détection"):
        paper = Paper("2305.00001", "Scenes", "")
        await daily.take_in(Digest("x", category, date(2023, 5, 1), (paper,)), filled, FRIDAY)
        assert ids(await ask(f"today 2023-05-01 {category.upper()}")) == ["2305.00001"]
        assert f"of {category} are" in (await ask(f"settings on {category.title()}")).text.plain
        assert await filled.following(ROOM) == Following(ROOM, (category,), owner=ME)


async def test_pages_are_turned_by_buttons_that_are_calls(filled: Store, ask: Ask) -> None:
    many = tuple(Paper(f"2012.{n:05}", f"Tracking number {n}", "Tracking.") for n in range(25))
    await daily.take_in(Digest("x", "cs.RO", date(2020, 11, 20), many), filled, FRIDAY)
    seen, line = [], 'search tracking -"number 3"'
    while True:
        reply = await ask(line)
        seen += ids(reply)
        turn = next((button for button in reply.buttons if button.label == "Next"), None)
        if turn is None:
            break
        assert turn.shown == "instead"
        line = f"{turn.name} {turn.text}"

    assert sorted(seen) == [f"2012.{n:05}" for n in range(25) if n != 3]
    assert "Page 3 of 3" in labels(reply)
    assert "There is no page 4: the last is page:3" in str((await ask("search tracking page:4")).error)
    assert "x is not understood as page:N" in str((await ask("search tracking page:x")).error)
    assert len(str((await ask(f"search tracking page:{'x' * 5000}")).error)) < 200


async def test_a_page_number_inside_quotes_is_part_of_the_phrase(ask: Ask) -> None:
    assert 'No paper matches "see page:2"' in (await ask('search "see page:2"')).text.plain


async def test_subscribing_answers_with_a_dry_run_and_examples(ask: Ask) -> None:
    reply = await ask('subscribe "point cloud"')

    assert reply.private
    assert reply.text.plain.splitlines() == [
        'Subscribed to "point cloud", number 1 of yours.',
        "Dry run: it would have caught 2 of 6 papers in the 7 days to Fri 20 Nov 2020, 2 of 6 in 30 days.",
        "For example:",
    ]
    assert [(card.paper, card.why.plain) for card in reply.cards] == [
        ("2011.10043", "matches: point cloud"),
        ("2011.10039", "matches: point cloud"),
    ]


async def test_subscribing_again_changes_nothing(ask: Ask, filled: Store) -> None:
    await ask('subscribe "point cloud"')

    assert "You have this already: number 1" in (await ask('subscribe "Point  Clouds"')).text.plain
    assert [each.query for each in await filled.subscriptions(ME)] == ['"point cloud"']


async def test_a_subscription_that_never_matches_is_warned_of_and_saved(ask: Ask, filled: Store) -> None:
    reply = await ask("subscribe segmantation")

    assert "It never matches. Did you mean segmentation?" in reply.text.plain
    assert len(await filled.subscriptions(ME)) == 1


LOUD_TRACKING = tuple(
    Paper(f"2012.{n:05}", f"Tracking {'faces' if n % 3 else 'number'} {n}", "Tracking.") for n in range(48)
)


@pytest.fixture
async def loud(filled: Store) -> Store:
    others = tuple(Paper(f"2013.{n:05}", f"Proof {n}", "By induction.") for n in range(60))
    older = (Paper("2009.00001", "Tracking number 7", "Tracking."),)
    for category, papers in (("cs.RO", LOUD_TRACKING), ("math.LO", others)):
        await daily.take_in(Digest("x", category, date(2020, 11, 20), papers), filled, FRIDAY)
    await daily.take_in(Digest("x", "cs.RO", date(2020, 9, 1), older), filled, FRIDAY)
    return filled


async def test_a_loud_subscription_is_warned_of_and_may_be_tightened(ask: Ask, loud: Store) -> None:
    reply = await ask("subscribe tracking")
    assert reply.text.plain.splitlines() == [
        "Subscribed to tracking, number 1 of yours.",
        "Dry run: it would have caught 48 of 114 papers in the 7 days to Fri 20 Nov 2020, 48 of 114 in 30 days.",
        "That is loud. With number it would have been 16 in 30 days.",
        "To hear less, type: subscribe tracking number instead:1",
        "For example:",
    ]
    tighten = reply.buttons[-1]
    assert tighten == Button("Tighten with number", "subscribe", "tracking number instead:1")
    assert "That is loud" not in (await ask("subscribe segmentation")).text.plain

    told = (await ask(f"{tighten.name} {tighten.text}")).text.plain.splitlines()
    assert told[:2] == [
        "Subscribed to tracking number, number 3 of yours.",
        "You will not be told of tracking any more.",
    ]
    assert [each.query for each in await loud.subscriptions(ME)] == ["segmentation", "tracking number"]


async def test_a_loud_preview_offers_a_quieter_one_in_nothings_place(ask: Ask, loud: Store) -> None:
    reply = await ask("preview tracking")

    assert "To hear less, type: subscribe tracking number" in reply.text.plain.splitlines()
    assert [each.text for each in reply.buttons] == ["tracking", "tracking number"]


async def test_a_loud_subscription_that_no_word_parts_is_warned_of_all_the_same(ask: Ask, loud: Store) -> None:
    many = tuple(Paper(f"2014.{n:05}", f"Sailing {n}", "Sailing.") for n in range(60))
    await daily.take_in(Digest("x", "cs.RO", date(2020, 11, 19), many), loud, FRIDAY)
    hint = "Add a word or a phrase or a category to make it say less, for example cat:cs.CV"

    assert f"That is loud. {hint}" in (await ask("subscribe sailing")).text.plain.splitlines()
    hint = "Add a word or a phrase to make it say less"
    assert f"That is loud. {hint}" in (await ask("subscribe sailing cat:cs.RO")).text.plain.splitlines()


async def test_one_subscription_takes_anothers_place(ask: Ask, filled: Store) -> None:
    for line in ("lidar", "radar", "sonar"):
        await ask(f"subscribe {line}")

    reply = await ask("subscribe instead:2 radar waves")
    assert reply.text.plain.splitlines()[:2] == [
        "Subscribed to radar waves, number 4 of yours.",
        "You will not be told of radar any more.",
    ]
    (back,) = reply.buttons
    assert back == Button("Back to radar", "subscribe", "radar instead:4", "instead")
    await ask(f"{back.name} {back.text}")
    assert [each.query for each in await filled.subscriptions(ME)] == ["lidar", "sonar", "radar"]

    # In the place of one that is not there, nothing is made; in its own place, nothing changes.
    assert "You have no subscription 2. Yours are:" in str((await ask("subscribe x instead:2")).error)
    same = await ask("subscribe Lidar instead:1")
    assert same.text.plain.startswith("You have this already: number 1, lidar. Nothing changed.\nDry run")
    # One that is there already takes it as well.
    both = await ask("subscribe sonar instead:1")
    assert both.text.plain.splitlines()[:2] == [
        "You have this already: number 3, sonar.",
        "You will not be told of lidar any more.",
    ]
    assert [each.query for each in await filled.subscriptions(ME)] == ["sonar", "radar"]


async def test_who_has_the_most_can_put_one_in_anothers_place(ask: Ask, filled: Store) -> None:
    for number in range(commands.MAX_SUBSCRIPTIONS):
        await filled.subscribe(ME, parse(f"word{number}"), FRIDAY)

    assert (await ask("subscribe lidar instead:7")).error is None
    mine = [each.query for each in await filled.subscriptions(ME)]
    assert (len(mine), mine[-1], "word6" in mine) == (commands.MAX_SUBSCRIPTIONS, "lidar", False)
    assert "the most there can be" in str((await ask("subscribe radar")).error)


async def test_the_dry_run_counts_what_search_finds_in_those_days(ask: Ask, filled: Store) -> None:
    found = await filled.search(parse("segmentation"), since=date(2020, 11, 14), until=date(2020, 11, 20))

    assert f"caught {found.total} of" in (await ask("subscribe segmentation")).text.plain


async def test_unsubscribing_takes_a_number_or_the_query(ask: Ask) -> None:
    await ask("subscribe lidar")
    await ask("subscribe sketches")

    assert "Unsubscribed from lidar" in (await ask("unsubscribe 1")).text.plain
    assert "Unsubscribed from sketches" in (await ask("unsubscribe Sketch")).text.plain
    assert "You have no subscriptions" in (await ask("subscriptions")).text.plain
    assert (await ask("subscribe lidar")).buttons[0].text == "3"


async def test_one_that_an_older_program_saved_keeps_no_other_from_being_named(ask: Ask, filled: Store) -> None:
    await filled.subscribe(ME, replace(parse("radar"), text="(radar"), FRIDAY)
    await ask("subscribe lidar")
    assert "Unsubscribed from lidar." in (await ask("unsubscribe lidar")).text.plain
    assert "Unsubscribed from (radar." in (await ask("unsubscribe 1")).text.plain


async def test_a_wrong_number_is_answered_with_the_list(ask: Ask) -> None:
    await ask("subscribe lidar")

    for wrong in ("9", "0", "²", "9" * 20, "9" * 5000):
        error = str((await ask(f"unsubscribe {wrong}")).error)
        assert error.startswith(f"You have no subscription {wrong[:40]}")
        assert error.endswith("Yours are:\n1. lidar (since Fri 20 Nov 2020)")
        assert len(error) < 200


async def test_each_subscription_is_listed_with_its_own_day(ask: Ask) -> None:
    await ask("subscribe lidar")
    await ask("subscribe radar", at=datetime(2020, 11, 24, 9, tzinfo=UTC))

    reply = await ask("subscriptions")
    assert reply.text.plain == "You have 2 subscriptions."
    assert [item.text.plain for item in reply.items] == [
        "1. lidar (since Fri 20 Nov 2020)",
        "2. radar (since Tue 24 Nov 2020)",
    ]


async def test_nobody_sees_or_removes_anothers_subscriptions(ask: Ask) -> None:
    await ask("subscribe lidar")
    for other in ("slack:T1/@U2", "slack:T2/@U1", "discord:T1/@U1"):
        stranger = Destination.parse(other)
        assert (await ask("unsubscribe 1", caller=stranger)).error is not None
        assert "lidar" not in repr(await ask("subscriptions", caller=stranger))
        for line in ("mute 1", "unmute lidar"):
            assert (
                await ask(line, caller=stranger)
            ).error == f"You have no subscription {line.partition(' ')[2]}. You have none at all."
        assert "You have 0 subscriptions" in (await ask("status", caller=stranger)).text.plain

    assert [item.text.plain for item in (await ask("subscriptions")).items] == ["1. lidar (since Fri 20 Nov 2020)"]


async def test_there_is_a_most_to_what_one_person_may_subscribe_to(ask: Ask, filled: Store) -> None:
    for number in range(commands.MAX_SUBSCRIPTIONS):
        await filled.subscribe(ME, parse(f"word{number}"), FRIDAY)

    assert f"You have {commands.MAX_SUBSCRIPTIONS} subscriptions" in str((await ask("subscribe lidar")).error)
    assert "You have this already: number 7, word6." in (await ask("subscribe Word6")).text.plain
    assert (await ask("subscribe lidar", caller=Destination.parse("slack:T1/@U2"))).error is None


async def test_who_subscribes_many_times_at_once_has_no_more_than_the_most(ask: Ask, filled: Store) -> None:
    replies = await asyncio.gather(*(ask(f"subscribe word{number}") for number in range(60)))

    assert sum(reply.error is None for reply in replies) == commands.MAX_SUBSCRIPTIONS
    assert len(await filled.subscriptions(ME)) == commands.MAX_SUBSCRIPTIONS


async def test_there_is_a_most_to_the_rooms_of_a_workspace_that_have_highlights(ask: Ask, filled: Store) -> None:
    for number in range(commands.MAX_ROOMS):
        await filled.follow(Following(Destination("slack", "T1", f"C{number + 100}")))

    assert (await ask("settings on")).error == (
        "50 rooms here have daily highlights, the most there can be. "
        "In one that can do without them, type: settings off"
    )
    assert await filled.following(ROOM) is None
    await filled.unfollow(Destination("slack", "T1", "C100"))
    assert (await ask("settings on")).error is None
    assert (await ask("settings count:3")).error is None


@pytest.mark.parametrize(
    ("line", "now"),
    [
        ("settings on", {"categories": "all", "count": 5, "schedule": "daily 00:00 UTC"}),
        (
            "settings on cs.CV cs.LG count:3 at:09:00 tz:Europe/Berlin days:mon,wed",
            {"categories": "cs.CV,cs.LG", "count": 3, "schedule": "on Mon and Wed 09:00 Europe/Berlin"},
        ),
        ("settings off", {}),
    ],
)
async def test_who_changes_a_room_is_in_the_log(
    ask: Ask, caplog: pytest.LogCaptureFixture, line: str, now: dict[str, object]
) -> None:
    caplog.set_level(logging.INFO, "bot")
    await ask(line)

    (event,) = caplog.records
    assert event.message == "room_changed"
    about = {"platform": "slack", "room": "slack:T1/C1", "by": "slack:T1/@U1", "highlights": line.split()[1]}
    assert event.__dict__.items() >= (about | now).items()
    assert ("count" in event.__dict__) == ("count" in now)


async def test_a_room_that_is_only_looked_at_or_cannot_be_changed_is_not_in_the_log(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    await ask("settings")
    await ask("settings on nonsense")
    await ask("settings on", may_manage=False)

    assert not caplog.records


# Where a platform has a field for each parameter


def with_options(line: str, **options: str) -> Call:
    call = commands.call(line, room=ROOM, caller=ME, at=FRIDAY, may_manage=True)
    return replace(call, options=options)


@pytest.mark.parametrize(
    ("line", "options", "same"),
    [
        ("search", {"query_text": "segmentation", "page": "1"}, "search segmentation"),
        ("search segmentation", {"page": "1"}, "search segmentation page:1"),
        ("search page:1", {"query_text": "segmentation"}, "search segmentation page:1"),
        ("search", {"query_text": " segmentation ", "page": ""}, "search segmentation"),
        ("today", {"day": "Fri 20 Nov 2020", "category": "cs.LG"}, "today 2020-11-20 cs.LG"),
        ("today cs.LG", {"day": "yesterday"}, "today yesterday cs.LG"),
        ("today", {"day": "20  Nov 2020"}, "today 20 Nov 2020"),
        ("settings", {"days": "mon, wed"}, "settings days:mon,wed"),
        ("show", {"paper_id": "2011.10043"}, "show 2011.10043"),
        ("help", {"about": "SEARCH"}, "help search"),
        ("settings", {"switch": "ON", "categories": "cs.CV", "count": "3", "tz": "berlin"}, "settings tz:berlin"),
        (
            "settings",
            {"switch": "on", "categories": "cs.CV", "count": "3", "at": "9:00", "days": "mon-fri"},
            "settings on cs.CV count:3 at:9:00 days:mon-fri",
        ),
        ("search", {"page": "2"}, "search page:2"),
        ("search", {}, "search"),
    ],
)
async def test_what_stands_in_fields_is_as_if_it_were_typed(
    filled: Store, ask: Ask, line: str, options: dict[str, str], same: str
) -> None:
    assert await commands.answer(with_options(line, **options), filled) == await ask(same)


async def test_what_stands_in_a_field_is_its_value_and_nothing_else(filled: Store) -> None:
    async def error(line: str, **options: str) -> str:
        return str((await commands.answer(with_options(line, **options), filled)).error)

    assert await error("search", query_text="segmentation page:2") == (
        "page: is no field; there are title, abstract, author, cat, id, has, after, before, on, sort. "
        'To look for the words, type "page 2"'
    )
    assert await error("today", day="cs.CV") == (
        "cs.CV is not understood as DATE: 2020-11-20, 20 Nov 2020, yesterday, friday"
    )
    assert await error("today", day="31 Nov 2020") == (
        "31 Nov 2020 is no date. Type year-month-day, for example: today 2020-11-20"
    )
    assert await error("search", query_text="x", page="0") == (
        "0 is not understood as page:N: which page of the results, for example page:2"
    )
    assert await error("settings", count="21") == (
        "21 is not understood as count:N: how many papers, 1 to 20, for example count:3"
    )
    assert "Did you mean tz:Europe/Berlin?" in await error("settings", tz="Berlim")
    assert "Did you mean: search" in await error("help", about="serch")
    assert len(await error("today", day="x" * 5000)) < 200


EXAMPLES = [
    match[0]
    for found in commands.COMMANDS.values()
    for match in re.finditer(rf"^{found.name}\b(?:(?!\s{{2}}).)*", found.help, re.MULTILINE)
]
PIECES = (
    "page:2",
    "page:",
    "count:3",
    "at:9:00",
    "tz:utc",
    "days:mon,wed",
    "quiet:22:00-07:00",
    "most:3",
    "instead:2",
    "weekly",
    "2020-11-20",
    "20 Nov 2020",
    "fri",
    "cs.CV",
)
WORDS = ("on", "off", "search", "2", "2011.10043", "lidar", '"point cloud"', '"', "-medical", "(a OR b)", " ", "ü")


@given(
    line=st.sampled_from(EXAMPLES)
    | st.tuples(
        st.sampled_from(sorted(commands.COMMANDS)), st.lists(st.sampled_from(PIECES + WORDS) | st.text(max_size=5))
    ).map(lambda typed: " ".join([typed[0], *typed[1]]))
)
def test_a_line_in_its_fields_is_the_same_call(line: str) -> None:
    def read(call: Call) -> dict[str, object] | None:
        try:
            return dispatch.arguments(dispatch.named(call), call)
        except UserError:
            return None

    typed = commands.call(line, room=ROOM, caller=ME, at=FRIDAY)
    found = read(typed)
    assert found is not None or line not in EXAMPLES
    if found is not None:
        assert read(replace(typed, text="", options=commands.places(typed.name, typed.text))) == found


async def test_a_field_that_no_command_has_is_a_bug(filled: Store) -> None:
    with pytest.raises(ValueError, match="search has no parameter day, when"):
        await commands.answer(with_options("search lidar", when="now", day="today"), filled)


def test_fields_say_what_fits_them() -> None:
    fields = {name: each for found in commands.COMMANDS.values() for name, each in found.parameters.items()}

    assert set(fields["about"].choices) == set(commands.COMMANDS)
    assert tuple(fields["switch"].choices) == ("on", "off")
    assert fields["count"].most == 20
    numbers = {"count", "page", "most", "instead", "period", "notice"}
    assert {name for name, each in fields.items() if each.most} == numbers
    words = {"about", "as", "switch", "pace", "whom", "naming", "weekly", "action", "weekday", "change", "learning"}
    words |= {"code"}  # of which nothing but all of it helps
    assert {name for name, each in fields.items() if not each.suggest} == numbers | words
    assert tuple(fields["pace"].choices) == ("instant", "daily", "weekly")
    assert fields["query_text"].length == 500
    assert fields["like"].length == 4000


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("search lidar page:2", {"query_text": "lidar", "page": "2"}),
        ("search page:2 lidar -medical", {"query_text": "lidar -medical", "page": "2"}),
        ('search "page:2 of" x', {"query_text": '"page:2 of" x'}),
        ("search QUERY", {"query_text": "QUERY"}),
        ("search", {}),
        ("search page:N", {"page": "N"}),
        ("today Fri 20 Nov 2020 cs.CV", {"day": "Fri 20 Nov 2020", "category": "cs.CV"}),
        ("today cs.CV friday page:3", {"day": "friday", "category": "cs.CV", "page": "3"}),
        ("today DATE CATEGORY", {"day": "DATE", "category": "CATEGORY"}),
        ("today 31 Nov 2020", {}),
        ("matches DATE", {"day": "DATE"}),
        ("unsubscribe NUMBER", {"which": "NUMBER"}),
        ("settings on", {"switch": "on"}),
        ("settings on CATEGORY", {"switch": "on", "categories": "CATEGORY"}),
        ("settings tz:Nowhere on cs.CV", {"switch": "on", "categories": "cs.CV", "tz": "Nowhere"}),
        ("subscriptions please", {}),
        ("help search", {"about": "search"}),
        ("nonsense lidar", {}),
    ],
)
def test_the_words_of_a_line_have_their_places(line: str, found: dict[str, str]) -> None:
    name, _, text = line.partition(" ")

    assert commands.places(name, text) == found
    order = [each for each in getattr(commands.COMMANDS.get(name), "parameters", ()) if each in found]
    assert list(commands.places(name, text)) == order


@pytest.mark.parametrize(
    ("query", "warned"),
    [
        ("cloud before:2020-11-20", True),
        ("cloud (on:2020-11-19 OR before:2020-01-01)", True),
        ("cloud before:2020-11-21", False),
        ("cloud after:2020-01-01", False),
        ("cloud OR (sketch before:2020-01-01)", False),
        ("cloud -before:2020-01-01", False),
    ],
)
async def test_a_subscription_to_days_that_are_past_is_warned_of(ask: Ask, query: str, warned: bool) -> None:
    assert ("asks only for days that are past" in (await ask(f"subscribe {query}")).text.plain) == warned


async def test_a_subscription_that_only_matches_older_papers_is_not_said_never_to(filled: Store, ask: Ask) -> None:
    late = Paper("2001.00001", "Zebras", "")
    await daily.take_in(Digest("x", "cs.CV", date(2020, 1, 6), (late,)), filled, FRIDAY)

    assert (await ask("subscribe zebra")).text.plain.endswith("Only older papers match: 1.")


async def test_show_tells_all_of_a_paper_by_id_or_address(ask: Ask) -> None:
    for line in (
        "show 2011.10043",
        "show 2011.10043v3",
        "show https://arxiv.org/abs/2011.10043",
        "show arXiv:2011.10043",
        "show https://arxiv.org/abs/2011.10043/",
        "show https://arxiv.org/abs/2011.10043?context=cs",
        'show "2011.10043"',
        "show https://doi.org/10.48550/arXiv.2011.10043",
        "show 10.48550/arXiv.2011.10043",
    ):
        reply = await ask(line)
        assert ids(reply) == ["2011.10043"]
        assert reply.cards[0].body.plain == "We segment lidar scans."
        assert reply.note.plain == "Listed Fri 20 Nov 2020, cs.CV; Fri 20 Nov 2020, cs.LG."

    assert "carries no abstract" in (await ask("show 2011.10028")).note.plain
    assert "https://arxiv.org/abs/2011.99999" in str((await ask("show 2011.99999")).error)
    assert "is no arXiv id" in str((await ask("show me")).error)


@pytest.mark.parametrize("line", ["{}", "serch {}", "show {}", "today {}", "today cs.CV 2020-11-{}", "settings {}"])
@pytest.mark.parametrize("typed", ["lidar " * 10_000, "l" * 50_000])
async def test_an_error_does_not_repeat_all_of_a_long_line(ask: Ask, line: str, typed: str) -> None:
    said = str((await ask(line.format(typed))).error)

    assert 20 < len(said) < 2_000


async def test_settings_are_kept_until_changed(ask: Ask) -> None:
    assert "No daily highlights" in (await ask("settings")).text.plain
    assert "of cs.CV, cs.LG are posted here, 3 papers" in (await ask("settings on cs.CV, cs.LG count:3")).text.plain
    assert "of cs.CV, cs.LG are posted here, 7 papers" in (await ask("settings count:7")).text.plain
    assert "of every category are posted here, 7 papers" in (await ask("settings on")).text.plain
    assert "no daily highlights" in (await ask("settings off")).text.plain.lower()
    assert "of every category" in (await ask("settings on")).text.plain


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("cs.cv", ("cs.CV",)),  # as the store has it
        ("CS.ro,cs.RO", ("cs.RO",)),  # as arXiv writes it
        ("cs HEP-th", ("cs", "hep-th")),
        ("cond-mat.mes-hall", ("cond-mat.mes-hall",)),
    ],
)
async def test_settings_take_what_is_stored_and_what_arxiv_has(
    ask: Ask, filled: Store, typed: str, kept: tuple[str, ...]
) -> None:
    assert (await ask(f"settings on {typed}")).error is None
    assert await filled.following(ROOM) == Following(ROOM, kept, owner=ME)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("settings of", "of is no arXiv category. Did you mean: settings off"),
        ("settings on all", "Type: settings on"),
        ("settings on cv", "cv is no arXiv category. Did you mean: settings on cs.CV"),
        ("settings on cx.CV", "Did you mean: settings on cs.CV"),
        ("settings on lidar!", "lidar! is no arXiv category."),
        ("settings off cs.CL", "To choose, name what to keep: settings on cs.CV"),
    ],
)
async def test_a_category_that_cannot_be_changes_nothing_and_says_what_can(
    ask: Ask, filled: Store, line: str, says: str
) -> None:
    await ask("settings on cs.LG")

    assert says in str((await ask(line)).error)
    assert await filled.following(ROOM) == Following(ROOM, ("cs.LG",), owner=ME)


async def test_settings_are_for_who_manages_the_room(ask: Ask, filled: Store) -> None:
    assert "Only who manages" in str((await ask("settings on", may_manage=False)).error)
    assert await filled.following(ROOM) is None
    assert (await ask("settings", may_manage=False)).error is None


@pytest.mark.parametrize("word", ["cs.CVV", "cs.C", "hep-th.foo", "q-bio.neurons"])
async def test_a_category_that_cannot_be_is_refused(ask: Ask, filled: Store, word: str) -> None:
    assert "is no arXiv category" in str((await ask(f"settings on {word}")).error)
    assert await filled.following(ROOM) is None


async def test_what_takes_all_away_is_named(ask: Ask) -> None:
    assert "what is left out takes them all" in (await ask("search point cloud -cloud")).text.plain


@pytest.mark.parametrize("line", ["settings on 12", "settings count:99", "settings on cs.CV count:0"])
async def test_a_setting_that_cannot_be_changes_nothing(ask: Ask, filled: Store, line: str) -> None:
    assert (await ask(line)).error is not None
    assert await filled.following(ROOM) is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("serch lidar", "Did you mean: search lidar"),
        ("lidar segmentation", "To find papers, type: search lidar segmentation"),
        ("search", "Usage: search QUERY [page:N]"),
        ("today 20 Nov", "20 does not fit here. Usage: today [DATE] [CATEGORY] [page:N]"),
        ("today 2020-13-45", "2020-13-45 is no date. Type year-month-day"),
        ("today 31 Nov 2020 cs.CV", "31 Nov 2020 is no date."),
        ("today 20.11.2020", "20.11.2020 is no date."),
        ("today 12", "12 does not fit here."),
        ("subscriptions please", "please does not fit here"),
        ("help serch", "Did you mean: search"),
        ('search "open', 'Type: "open"'),
        ("search autor:Hinton", "Did you mean author:Hinton?"),
    ],
)
async def test_a_mistake_is_answered_with_what_to_type_instead(ask: Ask, line: str, says: str) -> None:
    reply = await ask(line)

    assert says in str(reply.error)
    assert reply.text.plain == reply.error
    assert reply.private


async def test_help_explains_every_command_from_its_function(ask: Ask) -> None:
    overview = (await ask("help")).text.plain
    assert (await ask("")).text.plain == overview
    assert max(map(len, overview.splitlines())) <= 140
    for each in commands.COMMANDS.values():
        assert each.brief in overview
        assert each.summary.endswith(".")
        whole = (await ask(f"help {each.name.upper()}")).text.plain
        assert each.usage in whole
        assert each.help in whole
        for parameter in each.parameters.values():
            assert parameter.about in whole


async def test_examples_in_help_are_understood(ask: Ask) -> None:
    for each in commands.COMMANDS.values():
        for line in each.help.splitlines()[1:]:
            if line.startswith(f"{each.name} "):
                typed = line.split("  ")[0].removesuffix(" the phrase, without a word")
                error = str((await ask(typed)).error)
                assert not re.search("Usage|Type", error), (typed, error)


async def test_status_says_how_fresh_the_store_is(ask: Ask) -> None:
    lines = (await ask("status")).text.plain.splitlines()

    assert lines[0] == "6 papers from 3 digests, Thu 19 Nov 2020 to Fri 20 Nov 2020 (cs.CV, cs.LG)."
    assert lines[1] == "The next digest is expected Mon 23 Nov 2020."
    late = (await ask("status", at=datetime(2020, 11, 25, tzinfo=UTC))).text.plain
    assert "A digest was expected Mon 23 Nov 2020 and has not come" in late


def source_report(address: str, state: State, detail: str, day: date | None = date(2020, 11, 20)) -> Report:
    return Report(address, state, detail, FRIDAY - timedelta(hours=1), FRIDAY, day)


async def test_status_says_how_each_source_is_doing_trouble_first(ask: Ask, filled: Store) -> None:
    await filled.report(source_report("arxiv:cs.CV", "fresh", "the newest digest is of Fri 20 Nov 2020"))
    assert (await ask("status")).text.plain.splitlines()[:3] == [
        "arxiv:cs.CV: the newest digest is of Fri 20 Nov 2020. Last asked Fri 20 Nov 2020, 09:00 UTC.",
        "6 papers from 3 digests, Thu 19 Nov 2020 to Fri 20 Nov 2020 (cs.CV, cs.LG).",
        "The next digest is expected Mon 23 Nov 2020.",
    ]
    await filled.report(
        source_report("https://ann:secret@host/b", "late", "the digest of Mon 23 Nov 2020 was expected")
    )
    failing = source_report("new.md", "new", "", None)
    await filled.report(replace(failing, failing=FRIDAY))
    lines = (await ask("status", at=datetime(2020, 11, 24, tzinfo=UTC))).text.plain.splitlines()

    assert lines[0] == (
        "https://host/b is late since Fri 20 Nov 2020, 08:00 UTC: the digest of Mon 23 Nov 2020 was expected. "
        "Last asked Fri 20 Nov 2020, 09:00 UTC."
    )
    assert lines[2] == (
        "new.md: nothing has been read so far. It cannot be read since Fri 20 Nov 2020, 09:00 UTC. "
        "Last asked Fri 20 Nov 2020, 09:00 UTC."
    )
    # What is missing is said by the source that misses it.
    assert not [line for line in lines[3:] if "expected" in line]


async def test_status_sees_that_nobody_asks_the_sources_any_more(ask: Ask, filled: Store) -> None:
    await filled.report(source_report("arxiv:cs.CV", "fresh", "all is well"))

    late = (await ask("status", at=datetime(2020, 11, 25, tzinfo=UTC))).text.plain
    assert "A digest was expected Mon 23 Nov 2020 and has not come" in late


async def test_status_of_an_empty_store_that_has_sources_says_how_they_are_doing(store: Store) -> None:
    await store.report(source_report("arxiv:cs.CV", "unreachable", "HTTP 503", None))
    reply = await commands.answer(commands.call("status", room=ROOM, caller=ME, at=FRIDAY), store)

    assert reply.text.plain.splitlines() == [
        "arxiv:cs.CV is unreachable since Fri 20 Nov 2020, 08:00 UTC: HTTP 503. Last asked Fri 20 Nov 2020, 09:00 UTC.",
        "No digest has been taken in yet.",
    ]


async def test_an_empty_store_says_how_to_fill_it(store: Store) -> None:
    for line in ("today", "search lidar", "status"):
        reply = await commands.answer(commands.call(line, room=ROOM, caller=ME, at=FRIDAY), store)
        assert "paperwire ingest PATH" in reply.text.plain
    reply = await commands.answer(commands.call("subscribe lidar", room=ROOM, caller=ME, at=FRIDAY), store)
    assert "No digest is stored yet" in reply.text.plain
    assert len(await store.subscriptions(ME)) == 1
    reply = await commands.answer(commands.call("matches", room=ROOM, caller=ME, at=FRIDAY), store)
    assert "paperwire ingest PATH" in reply.text.plain
    reply = await commands.answer(commands.call("similar lidar", room=ROOM, caller=ME, at=FRIDAY), store)
    assert "No paper has a telling word" in reply.text.plain


async def gone(store: Store, destination: Destination) -> None:
    """Let a delivery to a destination fail for good."""
    claimed = await store.claim(["slack"], FRIDAY)
    assert claimed is not None
    assert claimed.to == destination
    await store.settle(claimed, "pending", code="account_inactive", pause=FRIDAY)


TOMORROW = Digest("x", "cs.CV", date(2020, 11, 23), (Paper("2011.20001", "New lidar", ""),))


async def test_the_list_offers_to_mute_and_to_remove_each(ask: Ask) -> None:
    await ask("subscribe lidar")
    await ask("subscribe radar")
    muted = await ask("mute 2")

    assert muted.text.plain.splitlines() == [
        "Muted radar. You will not be told of it until it is unmuted.",
        "You have 2 subscriptions.",
    ]
    assert muted.private
    assert [(item.text.plain, item.buttons) for item in muted.items] == [
        (
            "1. lidar (since Fri 20 Nov 2020)",
            (Button("Mute", "mute", "1", "instead"), Button("Remove", "unsubscribe", "1", "instead")),
        ),
        (
            "2. radar (since Fri 20 Nov 2020) (muted)",
            (Button("Unmute", "unmute", "2", "instead"), Button("Remove", "unsubscribe", "2", "instead")),
        ),
    ]
    assert (await ask("subscriptions")).items == muted.items
    again = await ask("subscribe Radar")
    assert "You have this already, muted: number 2, radar. Type: unmute 2" in again.text.plain
    assert [button.label for button in again.buttons] == ["Unmute", "Unsubscribe"]
    unmuted = (await ask("unmute radar")).text.plain
    assert "Unmuted radar. You will be told of what comes from now on." in unmuted
    assert "(muted)" not in repr(await ask("subscriptions"))
    assert str((await ask("mute 9")).error).startswith("You have no subscription 9. Yours are:\n1. lidar")


async def test_what_takes_a_muted_one_away_does_not_say_that_it_can_be_undone(ask: Ask) -> None:
    await ask("subscribe lidar")
    assert (await ask("unsubscribe 1")).buttons[0].label == "Undo"
    await ask("subscribe lidar")
    await ask("mute lidar")
    assert (await ask("unsubscribe lidar")).buttons[0].label == "Subscribe again"


async def test_a_long_list_is_turned_page_by_page(ask: Ask, filled: Store) -> None:
    for number in range(1, 22):
        await filled.subscribe(ME, parse(f"word{number}"), FRIDAY)

    first, last = await ask("subscriptions"), await ask("subscriptions page:3")
    assert (first.text.plain, len(first.items)) == ("You have 21 subscriptions.", 10)
    assert first.buttons == (
        Button("Page 1 of 3", "subscriptions", "", "instead"),
        Button("Next", "subscriptions", "page:2", "instead"),
    )
    assert last.buttons == (
        Button("Previous", "subscriptions", "page:2", "instead"),
        Button("Page 3 of 3", "subscriptions", "page:3", "instead"),
    )
    assert [item.text.plain.partition(" (")[0] for item in last.items] == ["21. word21"]
    assert "There is no page 4" in str((await ask("subscriptions page:4")).error)
    # What was muted or removed stays in view, or what stood beside it.
    assert (await ask("mute 11")).items[0].text.plain.startswith("11. word11")
    assert (await ask("unsubscribe 12")).items[0].text.plain.startswith("11. word11")
    assert "Page 2 of 2" in labels(await ask("unsubscribe 21"))
    assert (await ask("unsubscribe 10")).items[-1].text.plain.startswith("11. word11")


async def test_a_preview_is_the_dry_run_without_subscribing(ask: Ask, filled: Store) -> None:
    before = await ask("preview lidar")
    assert await filled.subscriptions(ME) == ()
    assert before.private
    assert before.buttons == (Button("Subscribe", "subscribe", "lidar"),)
    after = await ask("subscribe lidar")

    assert before.text.plain.splitlines()[0] == "A preview of lidar; nothing is saved."
    assert before.text.plain.splitlines()[1:] == after.text.plain.splitlines()[1:]
    assert (before.cards, before.note) == (after.cards, after.note)
    assert after.buttons == (Button("Undo", "unsubscribe", "1", "instead"),)


async def test_similar_papers_are_told_by_the_words_they_share(ask: Ask) -> None:
    reply = await ask("similar 2011.10043")

    assert reply.text.plain == "The papers most like Point Cloud Segmentation of Roads:"
    assert ids(reply)[0] == "2011.10039"
    assert "2011.10043" not in ids(reply)
    (card, *_) = reply.cards
    assert card.why.plain in ("shares: Point, Cloud", "shares: Cloud, Point")
    assert "made from a [point cloud]" in card.body.render(str, "[", "]")
    assert reply.again == Button("Share", "similar", "2011.10043")
    assert Button("Similar", "similar", "2011.10039") in card.buttons


@pytest.mark.parametrize(
    "line",
    [
        "similar https://arxiv.org/abs/2011.10043v2",
        "similar arXiv:2011.10043",
        "similar Has anybody seen <https://arxiv.org/abs/2011.10043|this one>? It looks good.",
        "similar See (2011.10043), which I read twice: https://arxiv.org/pdf/2011.10043. And 2099.00001, too.",
    ],
)
async def test_a_text_with_one_known_paper_in_it_means_that_paper(ask: Ask, line: str) -> None:
    assert (await ask(line)).text.plain == "The papers most like Point Cloud Segmentation of Roads:"


async def test_a_text_with_two_known_papers_in_it_means_itself(ask: Ask) -> None:
    text = "2011.10043 or 2011.10039, which is about a sketch?"
    assert (await ask(f"similar {text}")).text.plain == "The papers most like this text:"


async def test_a_pasted_text_finds_what_is_like_it_and_can_be_turned(filled: Store, ask: Ask) -> None:
    many = tuple(Paper(f"2012.{n:05}", f"Lidar zebras, part {n}", "The graph.") for n in range(65))
    others = tuple(Paper(f"2013.{n:05}", "Other", "Plain talk of the rest.") for n in range(400))
    await daily.take_in(Digest("x", "cs.RO", date(2020, 11, 18), (*many, *others)), filled, FRIDAY)
    text = (
        "Project page: https://example.org/zebra We follow Zebras by LiDAR, and the rest is talk. " + "The of. " * 500
    )
    seen, reply = [], await ask(f"similar {text}")
    assert reply.text.plain == "The papers most like this text:"
    assert reply.again is not None
    assert "talk" not in reply.again.text  # most papers here have it
    assert all(set(card.why.plain.removeprefix("shares: ").split(", ")) == {"Zebras", "LiDAR"} for card in reply.cards)
    while True:
        seen += ids(reply)
        turn = next((button for button in reply.buttons if button.label == "Next"), None)
        if turn is None:
            break
        assert len(turn.text) < 200
        reply = await ask(f"{turn.name} {turn.text}")

    assert "Page 5 of 5" in labels(reply)
    assert len(seen) == len(set(seen)) == 50
    assert all(each.startswith("2012.") for each in seen)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("similar Zebrafish quagga", "No paper has a telling word of this text."),
        ("similar 12 34 ...", "No paper has a telling word of this text."),
        ("similar 2011.10028", "No other paper is like Colour Constancy."),
        ("similar 2011.99999", "No digest here lists 2011.99999. arXiv itself may know it"),
        ("similar https://arxiv.org/abs/2011.99999", "No digest here lists 2011.99999."),
        ("similar Project page:https://example.org", "No paper has a telling word of this text."),
        ("similar the of and is to", "No paper has a telling word of this text."),
        ('similar " AND OR NOT NEAR( * ^ {title} : - +', "No paper has a telling word of this text."),
        ("similar \N{GRINNING FACE} \x00", "No paper has a telling word of this text."),
        ("similar", "Usage: similar ID|TEXT [page:N]"),
        ("similar 2011.10043 page:9", "There is no page 9: the last is page:1"),
    ],
)
async def test_what_is_like_nothing_here_is_said_to_be(ask: Ask, line: str, says: str) -> None:
    assert says in (await ask(line)).text.plain


async def test_matches_are_the_days_papers_that_one_is_subscribed_to(ask: Ask) -> None:
    assert "You have no subscriptions. To make one" in (await ask("matches")).text.plain
    await ask("subscribe lidar")
    await ask("subscribe segmentation")
    reply = await ask("matches")

    assert reply.private
    assert reply.again is None
    assert reply.text.plain == "2 of 5 papers of Fri 20 Nov 2020 match what you subscribed to."
    assert [(card.paper, card.why.plain) for card in reply.cards] == [
        ("2011.10043", "matches: lidar, segmentation"),
        ("2011.10033", "matches: segmentation"),
    ]
    monday = (await ask("matches", at=datetime(2020, 11, 23, tzinfo=UTC))).text.plain.splitlines()
    assert monday[0].startswith("No digest for today, Mon 23 Nov 2020 yet. The newest is of Fri 20")
    assert monday[1] == reply.text.plain
    thursday = await ask("matches 2020-11-19")
    assert thursday.text.plain == "1 of 1 paper of Thu 19 Nov 2020 matches what you subscribed to."
    await ask("mute segmentation")
    assert ids(await ask("matches")) == ["2011.10043"]
    assert (await ask("matches thu")).text.plain.startswith("0 of 1 paper of Thu 19 Nov 2020 match ")
    await ask("mute lidar")
    assert "all muted. To let one speak again, type: unmute NUMBER" in (await ask("matches")).text.plain


async def test_many_matches_are_turned_page_by_page(filled: Store, ask: Ask) -> None:
    many = tuple(Paper(f"2012.{n:05}", f"Tracking number {n}", "Tracking.") for n in range(25))
    await daily.take_in(Digest("x", "cs.RO", date(2020, 11, 20), many), filled, FRIDAY)
    await ask("subscribe tracking")
    _, turn = (await ask("matches")).buttons
    second = await ask(f"{turn.name} {turn.text}")

    assert turn == Button("Next", "matches", "2020-11-20 page:2", "instead")
    assert (len(second.cards), labels(second)[1]) == (10, "Page 2 of 3")
    assert "There is no page 4" in str((await ask("matches page:4")).error)


async def test_what_others_may_see_can_be_asked_for_again(ask: Ask) -> None:
    for line in ("search segmentation", "today", "today 2020-11-19 cs.CV", "show 2011.10043", "similar 2011.10043"):
        reply = await ask(line)
        assert reply.again is not None
        assert await ask(f"{reply.again.name} {reply.again.text}") == reply
    for line in (
        "subscribe lidar",
        "preview lidar",
        "matches",
        "subscriptions",
        "mute 1",
        "status",
        "help",
        "settings",
    ):
        assert (await ask(line)).again is None


async def test_a_card_opens_aside_and_leads_to_similar_ones(ask: Ask) -> None:
    thumbs = (
        Button("More like this", "like", "2011.10043", sign="👍"),
        Button("Less like this", "dislike", "2011.10043", sign="👎"),
    )
    reply = await ask("today")
    assert not reply.private
    assert reply.cards[0].buttons == (
        Button("Abstract", "show", "2011.10043", "aside"),
        Button("Similar", "similar", "2011.10043"),
        *thumbs,
    )
    shown = await ask("show 2011.10043")
    assert shown.private
    assert shown.cards[0].buttons == (
        Button("Similar", "similar", "2011.10043"),
        Button("Save", "save", "2011.10043"),
        Button("Why?", "why", "2011.10043"),
        *thumbs,
    )


async def test_highlights_come_when_a_room_wants_them(ask: Ask, filled: Store) -> None:
    posted = "The daily highlights of every category are posted here, 5 papers a digest"

    first = (await ask("settings at:9:00")).text.plain.splitlines()
    assert first == [
        f"{posted}, daily from 09:00, UTC.",
        "That is the time of UTC. For another zone, type: settings tz:Europe/Berlin",
    ]
    assert (await ask("settings tz:europe/berlin days:mon-fri")).text.plain == (
        f"{posted}, on weekdays from 09:00, Europe/Berlin."
    )
    # Who named a zone once need not hear that there are others.
    assert "That is the time of" not in (await ask("settings at:00:00 days:sat,mon")).text.plain
    assert (await ask("settings")).text.plain == f"{posted}, on Mon and Sat, Europe/Berlin."
    kept = Following(ROOM, schedule=Schedule(time(), "Europe/Berlin", (0, 5)), owner=ME)
    assert await filled.following(ROOM) == kept
    assert (await ask("settings days:daily")).text.plain == f"{posted}."
    # What is on its way moves along.
    await daily.take_in(TOMORROW, filled, FRIDAY)
    await ask("settings at:10:00 tz:UTC")
    assert await filled.claim(["slack"], FRIDAY) is None
    assert await filled.claim(["slack"], FRIDAY + timedelta(hours=1)) is not None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("settings at:25:00", "25:00 is not understood as at:TIME: from this time of the day on: at:09:00"),
        ("settings at:9", "9 is not understood as at:TIME"),
        ("settings days:never", "never is not understood as days:DAYS: on these days: days:mon-fri"),
        ("settings tz:Europe/Belin", "Europe/Belin is no time zone. Did you mean tz:Europe/Berlin?"),
        ("settings tz:berlin", "berlin is no time zone. Did you mean tz:Europe/Berlin?"),
        ("settings tz:new_york", "Did you mean tz:America/New_York?"),
        ("settings tz:US/Pacfic", "Did you mean tz:US/Pacific?"),
        ("settings tz:GMT+1", "GMT+1 is no time zone. Type one like tz:Europe/Berlin"),
        ("settings tz:../../etc/passwd", "is no time zone."),
        ("settings off at:09:00", "settings off stops all highlights here."),
        ("settings on cs.CV at:9 tz:utc days:weekdays count:0", "0 is not understood as count:N: how many papers"),
        ("settings at:9am", "9am is not understood as at:TIME: from this time of the day on: at:09:00"),
        ("settings at:24:00", "24:00 is not understood as at:TIME"),
        ("settings at: 09:00", "at: does not fit here. Write each setting once and without spaces: at:09:00"),
        ("settings on 09:00", "09:00 does not fit here."),
        ("settings at:09:00 at:10:00", "at:10:00 does not fit here. Write each setting once"),
        ("settings days:mon, tue", "mon, is not understood as days:DAYS: on these days: days:mon-fri, days:mon,wed"),
        ("settings tz:localtime", "localtime is no time zone."),
        ("settings tz:UTC+2", "UTC+2 is no time zone. Type one like tz:Europe/Berlin"),
    ],
)
async def test_a_time_that_cannot_be_changes_nothing_and_says_what_can(
    ask: Ask, filled: Store, line: str, says: str
) -> None:
    assert says in str((await ask(line)).error)
    assert await filled.following(ROOM) is None


@pytest.mark.parametrize(
    "line", ["settings on AT:9.00 Tz:EUROPE/berlin DAYS:Weekdays", "settings at:9h00 tz:europe/berlin days:mon-fri on "]
)
async def test_a_time_is_taken_as_people_write_it(ask: Ask, filled: Store, line: str) -> None:
    assert (await ask(line)).error is None
    followed = await filled.following(ROOM)
    assert followed is not None
    assert followed.schedule == Schedule(time(9), "Europe/Berlin", tuple(range(5)))


async def test_a_comma_chooses_nothing(ask: Ask, filled: Store) -> None:
    assert "No daily highlights are posted here." in (await ask("settings ,")).text.plain
    assert await filled.following(ROOM) is None


async def test_where_nothing_can_be_posted_highlights_cannot_be_switched_on(ask: Ask, filled: Store) -> None:
    invite = "I am not in this channel. Type: /invite @papers"
    for line in ("settings on", "settings count:3", "settings at:09:00"):
        assert (await ask(line, obstacle=invite)).error == invite
    assert await filled.following(ROOM) is None
    await ask("settings on")
    assert (await ask("settings count:3", obstacle=invite)).error == invite
    assert (await ask("settings", obstacle=invite)).error is None
    assert (await ask("settings off", obstacle=invite)).error is None


async def test_a_room_that_cannot_be_posted_to_says_why_and_resumes(ask: Ask, filled: Store) -> None:
    await ask("settings on cs.CV")
    await daily.take_in(TOMORROW, filled, FRIDAY)
    await gone(filled, ROOM)
    trouble = (await ask("settings")).text.plain.splitlines()[1]

    assert trouble == (
        "Nothing could be posted here since Fri 20 Nov 2020, 09:00 UTC: account_inactive. "
        "To try again, type: settings on cs.CV"
    )
    later = Digest("x", "cs.CV", date(2020, 11, 24), (Paper("2011.20002", "Newer lidar", ""),))
    await daily.take_in(later, filled, FRIDAY)
    resumed = (await ask(trouble.partition("type: ")[2])).text.plain.splitlines()
    assert resumed[1:] == [
        "What was missed of 1 earlier day is not posted any more. To see the last, type: today 2020-11-23"
    ]
    assert len((await ask("settings")).text.plain.splitlines()) == 1
    assert await filled.claim(["slack"], FRIDAY) is not None


async def test_a_person_who_cannot_be_written_to_is_told_where_they_ask(ask: Ask, filled: Store) -> None:
    await ask("subscribe lidar")
    await daily.take_in(TOMORROW, filled, FRIDAY)
    await gone(filled, ME)
    for line in ("status", "subscriptions"):
        assert (
            "Alerts to you are paused since Fri 20 Nov 2020, 09:00 UTC: account_inactive. "
            "Once that is put right, they go on when you subscribe to something, also to what you have."
            in (await ask(line)).text.plain
        )
    await ask("subscribe lidar")

    assert "paused" not in (await ask("status")).text.plain + (await ask("subscriptions")).text.plain


def test_who_manages_a_room_matters_to_its_settings_alone() -> None:
    managing = [each.name for each in commands.COMMANDS.values() if each.manages]
    assert managing == ["settings", "taste", "club", "deliveries"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lidar", ["search lidar", "help"]),
        ("serch lidar", ["search lidar"]),
        ("subscriptions", ['subscribe "point cloud"']),
        ("settings", ["settings on"]),
        ("settings on cv", ["settings on cs.CV"]),
        ("show x", ["show 2011.10043"]),
        ("help search", []),
    ],
)
async def test_what_an_answer_tells_one_to_type_is_found_in_it(ask: Ask, line: str, told: list[str]) -> None:
    text = (await ask(line)).text.plain

    assert [text[start:end] for start, end in commands.told(text)] == told


def test_a_title_with_a_colon_tells_nobody_to_type_anything() -> None:
    assert list(commands.told("The papers most like Neural agents: search and planning:")) == []


async def test_the_words_of_an_address_are_no_telling_words(ask: Ask) -> None:
    roads = await ask("similar roads")
    assert [card.why.plain for card in roads.cards] == ["shares: roads"]
    assert (await ask("similar https://example.org/segmentation roads")).cards == roads.cards
    assert (await ask("similar https://example.org/zebra")).text.plain == "No paper has a telling word of this text."


# How alerts come

BERLIN_ZONE = "That is the time of UTC. For another zone, type: alerts tz:Europe/Berlin"


async def test_how_alerts_come_is_kept_until_changed(ask: Ask, filled: Store) -> None:
    await ask("subscribe lidar")

    async def said(line: str) -> list[str]:
        reply = await ask(line)
        assert reply.private
        return reply.text.plain.splitlines()

    assert await said("alerts") == ["Alerts come at once, at most 10 papers a day. The next can come at any time."]
    # It is 09:00 UTC on a Friday.
    tomorrow, monday = "Sat 21 Nov 2020, 08:00 UTC", "Mon 23 Nov 2020, 08:00 UTC"
    nine, night = "at 09:00, Europe/Berlin, at most", "nothing between 22:00 and 07:00"
    for typed, how, due in (
        ("daily tz:europe/berlin", f"daily {nine} 10 papers a day", tomorrow),
        ("quiet:22:00-07:00 tz:Europe/Berlin", f"daily {nine} 10 papers a day; {night}", tomorrow),
        ("most:5 days:mon-fri", f"on weekdays {nine} 5 papers a day; {night}", monday),
        ("instant", f"at once, at most 5 papers a day; {night}, Europe/Berlin", "at any time"),
        ("daily quiet:off most:1", f"on weekdays {nine} 1 paper a day", monday),
        ("weekly", f"weekly on Mon {nine} 1 paper a day", monday),
        ("", f"weekly on Mon {nine} 1 paper a day", monday),
    ):
        assert await said(f"alerts {typed}") == [f"Alerts come {how}. The next can come {due}."]
    early = f"weekly on Mon at 06:30, Europe/Berlin, at most 1 paper a day; {night}"
    assert await said("alerts at:6:30 quiet:22:00-07:00") == [
        f"Alerts come {early}. The next can come Mon 23 Nov 2020, 06:00 UTC.",
    ]
    assert await filled.alerting(ME) == Alerting(
        "weekly", Schedule(time(6, 30), "Europe/Berlin", (0,)), (time(22), time(7)), 1
    )


@pytest.mark.parametrize(
    ("line", "pace", "start", "days"),
    [
        ("daily", "daily", "09:00", range(7)),
        ("weekly", "weekly", "09:00", [0]),
        ("WEEKLY days:fri", "weekly", "09:00", [4]),
        ("daily days:sat,sun at:10:30", "daily", "10:30", [5, 6]),
        # Who names a time or days wants a schedule, and the days say which.
        ("at:8h15", "daily", "08:15", range(7)),
        ("days:tue", "weekly", "09:00", [1]),
        ("days:tue,thu", "daily", "09:00", [1, 3]),
        ("weekly days:tue,thu", "daily", "09:00", [1, 3]),
        ("daily days:tue", "weekly", "09:00", [1]),
        ("daily at:00:00", "daily", "00:00", range(7)),
        ("quiet:22:00-07:00", "instant", "09:00", range(7)),
        ("quiet:off", "instant", "09:00", range(7)),
        ("monthly", None, "", []),
        ("daily at:25:00", None, "", []),
        ("instant at:09:00", None, "", []),
        ("instant days:mon", None, "", []),
        ("quiet:22:00", None, "", []),
        ("quiet:22:00-", None, "", []),
        ("quiet:never", None, "", []),
        ("most:0", None, "", []),
        ("most:51", None, "", []),
        ("daily tz:Berlim", None, "", []),
        ("daily 09:00", None, "", []),
    ],
)
async def test_how_alerts_can_come(
    ask: Ask, filled: Store, line: str, pace: str | None, start: str, days: Iterable[int]
) -> None:
    before = await filled.alerting(ME)
    reply = await ask(f"alerts {line}")
    now = await filled.alerting(ME)

    assert (reply.error is None) == (pace is not None)
    if pace:
        assert (now.pace, f"{now.schedule.start:%H:%M}", now.schedule.days) == (pace, start, tuple(days))
    else:
        assert now == before
        assert re.search("Usage|type:|is not understood as|Did you mean", str(reply.error))


@pytest.mark.parametrize("typed", ["22:00-7:00", "22:00–07:00", "22h00-07h00"])
async def test_quiet_hours_are_taken_as_people_write_them(ask: Ask, filled: Store, typed: str) -> None:
    reply = await ask(f"alerts quiet:{typed}")

    assert reply.text.plain.splitlines()[0] == (
        "Alerts come at once, at most 10 papers a day; nothing between 22:00 and 07:00, UTC. "
        "The next can come at any time."
    )
    assert reply.text.plain.splitlines()[1] == BERLIN_ZONE
    assert (await filled.alerting(ME)).quiet == (time(22), time(7))
    night = await ask("alerts", at=FRIDAY.replace(hour=23))
    assert night.text.plain.splitlines()[0].endswith("The next can come Sat 21 Nov 2020, 07:00 UTC.")
    assert BERLIN_ZONE not in (await ask("alerts quiet:off")).text.plain


async def test_other_paces_are_a_button_away(ask: Ask) -> None:
    reply = await ask("alerts")
    assert reply.buttons == (
        Button("Daily", "alerts", "daily", "instead"),
        Button("Weekly", "alerts", "weekly", "instead"),
    )
    assert labels(await ask("alerts daily")) == ["Instant", "Weekly"]


async def test_one_persons_way_is_nobody_elses(ask: Ask, filled: Store) -> None:
    await ask("alerts daily most:3")

    assert await filled.alerting(Destination.parse("slack:T1/@U2")) == Alerting()
    assert await filled.alerting(Destination.parse("slack:T2/@U1")) == Alerting()


async def test_who_has_no_subscriptions_is_told_that_nothing_comes(ask: Ask) -> None:
    assert "You have no subscriptions. To make one" in (await ask("alerts")).text.plain


async def test_alerts_that_cannot_be_sent_say_so_until_one_changes_them(ask: Ask, filled: Store) -> None:
    await ask("subscribe lidar")
    await daily.take_in(TOMORROW, filled, FRIDAY)
    await gone(filled, ME)

    assert "Alerts to you are paused" in (await ask("alerts")).text.plain
    assert "paused" not in (await ask("alerts instant")).text.plain
    assert await filled.paused(ME) is None


async def test_what_waits_comes_as_was_said_last(ask: Ask, filled: Store) -> None:
    await ask("subscribe lidar")
    await daily.take_in(TOMORROW, filled, FRIDAY)
    await ask("alerts daily at:10:00")

    assert await filled.claim(["slack"], FRIDAY) is None
    await ask("alerts instant quiet:08:00-09:30")
    assert await filled.claim(["slack"], FRIDAY + timedelta(minutes=29)) is None
    claimed = await filled.claim(["slack"], FRIDAY + timedelta(minutes=30))
    assert claimed is not None
    assert claimed.to == ME


async def test_the_list_says_when_alerts_come_where_that_is_not_at_once(ask: Ask) -> None:
    await ask("alerts weekly")
    assert "Alerts come" not in (await ask("subscriptions")).text.plain
    await ask("alerts instant")
    await ask("subscribe lidar")
    assert "Alerts come" not in (await ask("subscriptions")).text.plain
    await ask("alerts weekly")

    assert (await ask("subscriptions")).text.plain.splitlines() == [
        "You have 1 subscription.",
        "Alerts come weekly on Mon at 09:00, UTC, at most 10 papers a day.",
    ]


async def test_what_is_no_command_is_never_taken_for_its_opposite(ask: Ask) -> None:
    assert "Did you mean: unsubscribe lidar" in ((await ask("unsubscribed lidar")).error or "")
    assert "Did you mean: follow" not in ((await ask("unfollow Jane Doe")).error or "")
