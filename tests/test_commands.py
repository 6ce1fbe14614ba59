"""Commands as dialogs: a line typed, a text answered, on a real store."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import pytest

from bot import commands, daily
from bot.grammar import parse
from bot.model import Destination, Digest, Following, Link, Paper, Refusal, Reply
from bot.ports import Store

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
    async def ask(line: str, *, caller: Destination = ME, at: datetime = FRIDAY, may_manage: bool = True) -> Reply:
        call = commands.call(line, room=ROOM, caller=caller, at=at, may_manage=may_manage)
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
        "cs.CV: 4 of 5 entries, announced Fri 20 Nov 2020 (1 not stored; line 9: the title is empty)",
        "cs.LG: 2 of 2 entries, announced Fri 20 Nov 2020",
        "Together 5 papers, each shown once.",
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
        ("today friday", datetime(2020, 11, 21, tzinfo=UTC), "cs.CV: 4 of 5 entries, announced Fri 20 Nov 2020"),
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
            "The digest of cs.CV for Sat 21 Nov 2020 lists no papers: arXiv announces no papers at weekends. The",
        ),
        (
            "today 2020-11-21",
            "The digests of cs.CV, cs.LG for Sat 21 Nov 2020 list no papers: arXiv announces no papers",
        ),
        ("today", "The digest of cs.CV for today, Mon 23 Nov 2020 lists no papers. The newest is of Fri 20 Nov 2020:"),
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
        assert await filled.following(ROOM) == Following(ROOM, (category,))


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
        line = f"{turn.name} {turn.text}"

    assert sorted(seen) == [f"2012.{n:05}" for n in range(25) if n != 3]
    assert reply.note.plain == "Page 3 of 3"
    assert "There is no page 4: the last is page:3" in str((await ask("search tracking page:4")).error)
    assert "page:x is not understood" in str((await ask("search tracking page:x")).error)


async def test_a_page_number_inside_quotes_is_part_of_the_phrase(ask: Ask) -> None:
    assert 'No paper matches "see page:2"' in (await ask('search "see page:2"')).text.plain


async def test_subscribing_answers_with_a_dry_run_and_examples(ask: Ask) -> None:
    reply = await ask('subscribe "point cloud"')

    assert reply.private
    assert reply.text.plain.splitlines() == [
        'Subscribed to "point cloud", number 1 of yours.',
        "Dry run: it would have caught 2 of 6 papers in the 7 days to Fri 20 Nov 2020, 2 of 6 in 30 days.",
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


async def test_a_loud_subscription_is_warned_of(ask: Ask, filled: Store) -> None:
    many = tuple(Paper(f"2012.{n:05}", f"Tracking number {n}", "Tracking.") for n in range(50))
    await daily.take_in(Digest("x", "cs.RO", date(2020, 11, 20), many), filled, FRIDAY)

    assert "That is loud." in (await ask("subscribe tracking")).text.plain
    assert "That is loud." not in (await ask("subscribe segmentation")).text.plain


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

    assert (await ask("subscriptions")).text.plain.splitlines() == [
        "Yours are:",
        "1. lidar (since Fri 20 Nov 2020)",
        "2. radar (since Tue 24 Nov 2020)",
    ]


async def test_nobody_sees_or_removes_anothers_subscriptions(ask: Ask) -> None:
    await ask("subscribe lidar")
    for other in ("slack:T1/@U2", "slack:T2/@U1", "discord:T1/@U1"):
        stranger = Destination.parse(other)
        assert (await ask("unsubscribe 1", caller=stranger)).error is not None
        assert "lidar" not in (await ask("subscriptions", caller=stranger)).text.plain
        assert "You have 0 subscriptions" in (await ask("status", caller=stranger)).text.plain

    assert "1. lidar" in (await ask("subscriptions")).text.plain


async def test_there_is_a_most_to_what_one_person_may_subscribe_to(ask: Ask, filled: Store) -> None:
    for number in range(commands.MAX_SUBSCRIPTIONS):
        await filled.subscribe(ME, parse(f"word{number}"), FRIDAY)

    assert f"You have {commands.MAX_SUBSCRIPTIONS} subscriptions" in str((await ask("subscribe lidar")).error)
    assert "You have this already: number 7, word6." in (await ask("subscribe Word6")).text.plain


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
    assert await filled.following(ROOM) == Following(ROOM, kept)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("settings of", "of is no arXiv category. Did you mean settings off?"),
        ("settings on all", "Type: settings on"),
        ("settings on cv", "cv is no arXiv category. Did you mean cs.CV?"),
        ("settings on cx.CV", "Did you mean cs.CV?"),
        ("settings on lidar!", "lidar! is no arXiv category."),
        ("settings off cs.CL", "To choose, name what to keep: settings on cs.CV"),
    ],
)
async def test_a_category_that_cannot_be_changes_nothing_and_says_what_can(
    ask: Ask, filled: Store, line: str, says: str
) -> None:
    await ask("settings on cs.LG")

    assert says in str((await ask(line)).error)
    assert await filled.following(ROOM) == Following(ROOM, ("cs.LG",))


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
    for each in commands.COMMANDS.values():
        assert each.usage in overview
        assert each.summary.endswith(".")
        whole = (await ask(f"help {each.name.upper()}")).text.plain
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


async def test_an_empty_store_says_how_to_fill_it(store: Store) -> None:
    for line in ("today", "search lidar", "status"):
        reply = await commands.answer(commands.call(line, room=ROOM, caller=ME, at=FRIDAY), store)
        assert "paperwire ingest PATH" in reply.text.plain
    reply = await commands.answer(commands.call("subscribe lidar", room=ROOM, caller=ME, at=FRIDAY), store)
    assert "No digest is stored yet" in reply.text.plain
    assert len(await store.subscriptions(ME)) == 1
