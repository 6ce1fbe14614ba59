"""Slack end to end: the real slack-bolt and slack_sdk, a Slack on loopback, the real commands on a real store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from adapters.slack import Adapter
from bot.config import Settings
from bot.daily import take_in
from bot.model import Call, Destination, Digest, Following, Link, Paper, Reply, Text
from bot.ports import Store
from bot.search.grammar import parse
from bot.service import offer, respond
from tests.fakes.slack import SCOPES, FakeSlack, broken, refused, reset
from tests.test_slack_blocks import found, texts

FRIDAY = date(2020, 11, 20)
NOON = datetime(2020, 11, 20, 12, tzinfo=UTC)
ADA = Destination("slack", "T1", "@U1")
LIDAR = Paper(
    "2011.00001",
    "Lidar <!channel> point *clouds*",
    "We scan roads with lidar and see &lt;trees&gt;. " * 40,
    categories=("cs.CV",),
    links=(Link("https://github.com/a/b", "code"),),
)
OTHERS = tuple(
    Paper(f"2011.{n:05}", f"Point clouds, part {n}", f"Clouds of points over {'Ghent' if n < 4 else 'Bruges'}.")
    for n in range(2, 32)
)
DIGEST = Digest("friday.md", "cs.CV", FRIDAY, (LIDAR, *OTHERS))

Answer = Callable[[Call], Any]


@pytest.fixture
async def filled(store: Store) -> Store:
    await take_in(DIGEST, store, NOON)
    return store


@asynccontextmanager
async def running(
    slack: FakeSlack, store: Store, *, answering: Answer | None = None, **more: str
) -> AsyncIterator[Adapter]:
    """Run the adapter over a real store until the block ends, from when it is connected."""
    settings = Settings(slack_api=slack.api, slack_bot_token=slack.token, slack_app_token=slack.app_token, **more)  # type: ignore[arg-type]
    async with Adapter.open(settings, store.ledger("slack"), lambda: NOON) as adapter:
        task = asyncio.create_task(
            adapter.run(answering or (lambda call: respond(call, store)), partial(offer, store=store))
        )
        await slack.connected()
        try:
            yield adapter
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def behind(gate: asyncio.Event, store: Store) -> Answer:
    """Return what answers once a gate is open."""

    async def slow(call: Call) -> Reply:
        await gate.wait()
        return await respond(call, store)

    return slow


@pytest.fixture
async def chat(slack: FakeSlack, filled: Store) -> AsyncIterator[FakeSlack]:
    """Return a Slack in which Paperwire is at work."""
    async with running(slack, filled):
        yield slack


# Commands


async def test_an_answer_that_is_ready_comes_with_the_acknowledgement_for_the_asker_alone(chat: FakeSlack) -> None:
    ack = await chat.slash("search “lidar”")

    assert ack.body is not None
    assert ack.body["response_type"] == "ephemeral"
    said = texts(ack.body["blocks"])
    assert said.startswith('1 paper for "lidar"\n')
    assert "Lidar <!channel> point *clouds*" in said
    assert chat.responses == []


async def test_a_days_papers_are_for_everybody(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash("today"))

    assert not page.ephemeral
    assert "cs.CV: 31 of 31 entries" in texts(page.blocks)
    assert "Page 1 of 4" in texts(page.blocks)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "search QUERY"),
        ("help subscribe", "Be told of new papers that match"),
        ("serch lidar", "Did you mean: /papers search lidar"),
        ("show 2011.00001", "arXiv:2011.00001"),
        ("show <https://arxiv.org/abs/2011.00001v2|this>", "arXiv:2011.00001"),
        ("status", "31 papers from 1 digest"),
        ("subscriptions", "You have no subscriptions"),
        ("settings", "No daily highlights are posted here"),
        ("similar 2011.00002", "Point clouds, part"),
        ("search R&amp;D", "No paper matches R&D."),
        ("search (lidar", "is not closed"),
        ("/papers search lidar", "1 paper for lidar"),
    ],
)
async def test_every_command_answers_as_anywhere(chat: FakeSlack, typed: str, said: str) -> None:
    assert said in texts((await chat.answered(await chat.slash(typed))).blocks)


async def test_an_error_says_what_to_type_here(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash("lidar"))

    assert page.ephemeral
    assert "To find papers, type: /papers search lidar" in texts(page.blocks)
    assert "For all commands, type: /papers help" in texts(page.blocks)
    assert "type: /papers search lidar" in page.text


async def test_a_mention_is_answered_in_its_thread_and_for_the_asker_alone(chat: FakeSlack) -> None:
    await chat.mention("search lidar")
    (said,) = await chat.until(lambda: chat.ephemerals)

    assert (said.to, said.channel) == ("U1", "C1")
    assert said.thread_ts == chat.messages[0].ts
    assert "1 paper for lidar" in texts(said.blocks)


async def test_what_is_for_everybody_is_said_to_everybody_in_the_thread_of_the_mention(chat: FakeSlack) -> None:
    await chat.mention("today cs.CV")
    (said,) = await chat.until(lambda: chat.posts)

    assert said.thread_ts == chat.messages[0].ts
    assert "cs.CV: 31 of 31 entries" in texts(said.blocks)


async def test_a_direct_message_is_a_command_and_is_answered_with_a_message(chat: FakeSlack) -> None:
    await chat.dm("search lidar")
    (said,) = await chat.until(lambda: chat.posts)

    assert said.channel == "DU1"
    assert "1 paper for lidar" in texts(said.blocks)
    assert "Share to channel" not in texts(said.blocks)


async def test_what_a_bot_writes_or_a_person_edits_is_no_question(chat: FakeSlack) -> None:
    said = {"type": "message", "channel": "DU1", "channel_type": "im", "text": "help", "user": "U1", "ts": "1.1"}
    await chat.event(said | {"bot_id": "B9"})
    await chat.event(said | {"subtype": "message_changed"})
    await chat.event(said | {"channel": "C1", "channel_type": "channel"})
    await chat.event({"type": "emoji_changed"})
    await chat.dm("status")
    await chat.until(lambda: chat.posts)

    assert len(chat.posts) == 1


async def test_an_event_that_slack_repeats_is_answered_once(chat: FakeSlack) -> None:
    await chat.dm("status", event_id="Ev1")
    await chat.until(lambda: chat.posts)
    await chat.dm("status", event_id="Ev1", retry=(1, "http_timeout"))
    await chat.dm("help", event_id="Ev2")
    await chat.until(lambda: len(chat.posts) > 1)

    assert ["31 papers" in texts(each.blocks) for each in chat.posts] == [True, False]


async def test_what_a_person_says_with_a_file_is_a_question_too_and_what_nobody_says_is_none(chat: FakeSlack) -> None:
    said = {"type": "message", "channel": "DU1", "channel_type": "im", "text": "status", "ts": "1.1"}
    await chat.event(said)
    await chat.event(said | {"user": "U1", "subtype": "file_share", "files": [{"id": "F1"}]})
    (answer,) = await chat.until(lambda: chat.posts)

    assert "31 papers" in texts(answer.blocks)


@pytest.mark.parametrize("composing", [False, True])
async def test_arxiv_links_unfurl_to_the_papers_that_are_here(chat: FakeSlack, composing: bool) -> None:
    chat.workspace("T1", scopes=SCOPES | {"links:read", "links:write"})
    here, elsewhere = "https://arxiv.org/abs/2011.00001", "https://arxiv.org/abs/1706.03762"
    await chat.share_links(elsewhere, here, composing=composing)
    (unfurled,) = await chat.until(lambda: chat.unfurls)

    assert list(unfurled["unfurls"]) == [here]
    assert unfurled["source"] == ("composer" if composing else "conversations_history")
    assert "Lidar <!channel> point *clouds*" in texts(unfurled["unfurls"][here]["blocks"])


async def test_below_a_message_with_many_links_there_is_no_wall_and_below_our_own_nothing(chat: FakeSlack) -> None:
    chat.workspace("T1", scopes=SCOPES | {"links:read", "links:write"})
    links = [each.url for each in (LIDAR, *OTHERS)]
    await chat.share_links(*links, user="UBOT")
    await chat.share_links(*links)
    (unfurled,) = await chat.until(lambda: chat.unfurls)

    assert list(unfurled["unfurls"]) == links[:5]


# Pages and papers


async def test_pages_turn_in_place_for_who_asked(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash("search cloud"))
    for number in (2, 3):
        await chat.answered(await chat.press("Next", on=page))
        assert f"Page {number} of 4" in texts(page.blocks)
    await chat.answered(await chat.press("Previous", on=page))

    assert "Page 2 of 4" in texts(page.blocks)
    assert page.ephemeral
    assert "Share to channel" in texts(page.blocks)


async def test_pages_that_all_can_see_are_turned_by_who_asked_and_nobody_else(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash("today"))
    refusal = await chat.answered(await chat.press("Next", on=page, user="U2"))

    assert refusal.to == "U2"
    assert "To have your own, type: /papers today 2020-11-20 page:2" in texts(refusal.blocks)
    assert "Page 1 of 4" in texts(page.blocks)
    await chat.answered(await chat.press("Next", on=page))
    assert "Page 2 of 4" in texts(page.blocks)
    assert not page.ephemeral


async def test_the_page_itself_stands_between_the_steps_and_shows_what_is_new_on_it(
    chat: FakeSlack, filled: Store
) -> None:
    page = await chat.answered(await chat.slash("search cloud"))
    await chat.answered(await chat.press("Next", on=page))
    labels = [each["text"]["text"] for each in found(page.blocks, "button")]
    at = labels.index("Page 2 of 4")
    assert (labels[at - 1], labels[at + 1]) == ("Previous", "Next")

    await take_in(
        Digest("monday.md", "cs.CV", FRIDAY.replace(day=23), (Paper("2011.99999", "A new cloud"),)), filled, NOON
    )
    await chat.answered(await chat.press("Page 2 of 4", on=page))
    assert "32 papers for cloud" in texts(page.blocks)


async def test_pages_turn_after_a_restart(chat: FakeSlack, filled: Store) -> None:
    page = await chat.answered(await chat.slash("search cloud"))
    async with running(chat, filled):
        await chat.answered(await chat.press("Next", on=page))

    assert "Page 2 of 4" in texts(page.blocks)


async def test_a_page_that_can_no_more_be_turned_by_its_address_is_edited(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash("today"))
    chat.fail("response_url", broken(404))
    await chat.press("Next", on=page)
    await chat.until(lambda: "Page 2 of 4" in texts(page.blocks))


async def test_a_paper_opens_with_its_whole_abstract(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash("search lidar"))
    await chat.press("Abstract", on=page)
    await chat.until(lambda: chat.views)

    (view,) = chat.views.values()
    assert view["title"]["text"] == "arXiv:2011.00001"
    assert texts(view["blocks"]).count("We scan roads with lidar") == 40
    assert "…" not in texts(view["blocks"])


async def test_from_an_open_paper_one_goes_on_to_similar_ones(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash('search "part 2"'))
    await chat.press("Abstract", on=page)
    (view,) = (await chat.until(lambda: chat.views)).values()
    await chat.press("Similar", on=view)
    await chat.until(lambda: len(chat.views) == 2)

    assert "Point clouds, part 3" in texts(list(chat.views.values())[-1]["blocks"])


async def test_where_a_dialog_comes_too_late_the_paper_is_shown_below(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash("search lidar"))
    chat.fail("views.open", refused("expired_trigger_id"))
    below = await chat.answered(await chat.press("Abstract", on=page))

    assert below.to == "U1"
    assert texts(below.blocks).count("We scan roads with lidar") == 40


async def test_a_private_answer_is_shared_when_its_asker_wants_that(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash("search cloud"))
    shared = await chat.answered(await chat.press("Share to channel", on=page))

    assert not shared.ephemeral
    assert "shared by" in texts(shared.blocks)
    assert "<@U1>" not in texts(shared.blocks)
    await chat.answered(await chat.press("Next", on=shared))
    assert "Page 2 of 4" in texts(shared.blocks)
    assert "1 person here" in texts((await chat.answered(await chat.slash("discussed"))).blocks)


@pytest.mark.parametrize(
    "strange",
    [
        {"type": "button", "action_id": "old", "value": "lidar"},
        {"type": "button", "action_id": "below:end:0", "value": "lidar"},
        {"type": "static_select", "action_id": "below:end:0", "selected_option": {"value": "lidar"}},
    ],
)
async def test_a_button_of_somebody_elses_making_says_so(chat: FakeSlack, strange: dict[str, Any]) -> None:
    page = await chat.answered(await chat.slash("search lidar"))
    strange = strange | {"block_id": "x", "action_ts": "1.1"}
    told = await chat.answered(await chat.block_action(strange, on=page))

    assert "This button is of an older version." in texts(told.blocks)


async def test_a_shortcut_finds_papers_like_a_message(chat: FakeSlack) -> None:
    told = await chat.answered(await chat.shortcut("similar", message="Did you see lidar used to scan roads?"))

    assert told.to == "U1"
    assert "Lidar <!channel> point *clouds*" in texts(told.blocks)


async def test_a_message_without_a_text_is_searched_by_what_its_blocks_and_attachments_say(chat: FakeSlack) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "We scan *roads* with lidar"}}
    told = await chat.answered(await chat.shortcut("similar", message="", blocks=[block]))
    assert "Lidar <!channel> point *clouds*" in texts(told.blocks)

    told = await chat.answered(await chat.shortcut("similar", message="", attachments=[{"title": "Lidar, page:9"}]))
    assert "Lidar <!channel> point *clouds*" in texts(told.blocks)


@pytest.mark.parametrize("message", ["", "  \n"])
async def test_of_an_empty_message_the_shortcut_says_that_it_has_no_text(chat: FakeSlack, message: str) -> None:
    told = await chat.answered(await chat.shortcut("similar", message=message))

    assert "This message has no text to go by." in texts(told.blocks)


async def test_a_heading_that_is_too_long_for_a_dialogs_title_stands_in_it(chat: FakeSlack) -> None:
    page = await chat.answered(await chat.slash('search "part 2"'))
    await chat.press("Abstract", on=page)
    (view,) = (await chat.until(lambda: chat.views)).values()
    await chat.press("Similar", on=view)
    await chat.until(lambda: len(chat.views) == 2)
    (_, similar) = chat.views.values()

    assert similar["title"]["text"] == "Similar"
    assert texts(similar["blocks"]).startswith("The papers most like Point clouds, part 2:")


async def test_where_a_dialog_comes_too_late_in_the_home_the_answer_is_a_direct_message(chat: FakeSlack) -> None:
    await chat.open_home()
    await chat.until(lambda: chat.homes)
    chat.fail("views.open", refused("expired_trigger_id"))
    await chat.press("Today's papers", on=chat.home())
    (said,) = await chat.until(lambda: chat.posts)

    assert said.channel == "DU1"
    assert "cs.CV: 31 of 31 entries" in texts(said.blocks)


# Answers that take their time


async def test_a_slow_answer_follows_its_acknowledgement(slack: FakeSlack, filled: Store) -> None:
    gate = asyncio.Event()
    async with running(slack, filled, answering=behind(gate, filled)):
        ack = await slack.slash("search lidar")
        assert ack.body is None
        gate.set()
        assert "1 paper for lidar" in texts((await slack.answered(ack)).blocks)


async def test_where_the_response_url_fails_the_answer_is_posted_for_the_asker_alone(
    slack: FakeSlack, filled: Store
) -> None:
    gate = asyncio.Event()
    async with running(slack, filled, answering=behind(gate, filled)):
        await slack.slash("search lidar")
        slack.fail("response_url", broken(500))
        gate.set()
        (said,) = await slack.until(lambda: slack.ephemerals)

    assert said.to == "U1"
    assert "1 paper for lidar" in texts(said.blocks)


@pytest.mark.parametrize("elsewhere", ["C2", "D2"])
async def test_where_the_response_url_fails_and_the_bot_is_not_there_the_answer_is_a_direct_message(
    chat: FakeSlack, elsewhere: str
) -> None:
    chat.teams["T1"].channel("C2", members=["U1"], private=True)
    page = await chat.answered(await chat.slash("search lidar", channel=elsewhere))
    chat.fail("response_url", broken(404))
    await chat.press("Subscribe to this search", on=page)
    (said,) = await chat.until(lambda: chat.posts)

    assert said.channel == "DU1"
    assert "Subscribed to lidar" in texts(said.blocks)


# Subscribing


async def test_subscribing_shows_the_dry_run_and_can_be_undone_in_place(chat: FakeSlack, filled: Store) -> None:
    page = await chat.answered(await chat.slash("subscribe lidar"))
    assert "Dry run: it would have caught 1 of 31 papers" in texts(page.blocks)
    await chat.answered(await chat.press("Undo", on=page))

    assert "Unsubscribed from lidar." in texts(page.blocks)
    assert await filled.subscriptions(ADA) == ()


async def test_a_search_can_be_subscribed_to_with_a_button(chat: FakeSlack, filled: Store) -> None:
    page = await chat.answered(await chat.slash("search lidar"))
    told = await chat.answered(await chat.press("Subscribe to this search", on=page))

    assert "Subscribed to lidar, number 1 of yours." in texts(told.blocks)
    assert [each.query for each in await filled.subscriptions(ADA)] == ["lidar"]


@pytest.mark.parametrize("way", ["command", "shortcut", "home"])
async def test_the_dialog_tries_a_query_out_and_then_subscribes_to_it(chat: FakeSlack, filled: Store, way: str) -> None:
    if way == "command":
        await chat.slash("subscribe")
    elif way == "shortcut":
        await chat.global_shortcut("subscribe")
    else:
        await chat.open_home()
        await chat.until(lambda: chat.homes)
        await chat.press("Subscribe to papers", on=chat.home())
    (view,) = (await chat.until(lambda: chat.views)).values()

    await chat.block_action(
        {"type": "plain_text_input", "action_id": "query", "block_id": "query", "value": "“lidar”"}, on=view
    )
    await chat.until(lambda: "Dry run" in texts(next(iter(chat.views.values()))["blocks"]))
    assert await filled.subscriptions(ADA) == ()
    (view,) = chat.views.values()
    ack = await chat.submit(view, {"query": "“lidar”"})

    assert ack.body is not None
    assert "Dry run: it would have caught 1 of 31 papers" in texts(ack.body["view"]["blocks"])
    assert [each.query for each in await filled.subscriptions(ADA)] == ['"lidar"']


async def test_the_dialog_says_beside_the_field_what_is_wrong_with_a_query(chat: FakeSlack) -> None:
    await chat.slash("subscribe")
    (view,) = (await chat.until(lambda: chat.views)).values()
    ack = await chat.submit(view, {"query": "(lidar"})

    assert ack.body is not None
    assert ack.body["response_action"] == "errors"
    assert "(" in ack.body["errors"]["query"]
    ack = await chat.submit(view, {"query": " "})
    assert "Usage: /papers subscribe QUERY" in (ack.body or {})["errors"]["query"]


@pytest.mark.parametrize("meanwhile", ["closed", "a newer answer"])
async def test_what_comes_too_late_for_a_dialog_alarms_nobody(
    slack: FakeSlack, filled: Store, caplog: pytest.LogCaptureFixture, meanwhile: str
) -> None:
    gate = asyncio.Event()
    async with running(slack, filled, answering=behind(gate, filled)):
        await slack.slash("subscribe")
        (view,) = (await slack.until(lambda: slack.views)).values()
        typed = {"type": "plain_text_input", "action_id": "query", "block_id": "query", "value": "lidar"}
        await slack.block_action(typed, on=view)
        if meanwhile == "closed":
            await slack.close(view)
        else:
            await slack.block_action(typed, on=view)
        gate.set()
        refusals = ("not_found", "hash_conflict")
        await slack.until(lambda: any(each.error in refusals for each in slack.calls))

    assert [each.message for each in caplog.records if each.name.startswith("adapters")] == []


# The App Home


async def test_the_home_shows_own_subscriptions_todays_matches_and_what_to_type(chat: FakeSlack, filled: Store) -> None:
    await filled.subscribe(ADA, parse("lidar"), NOON)
    await filled.subscribe(Destination("slack", "T1", "@U2"), parse("secret"), NOON)
    await chat.open_home()
    await chat.until(lambda: chat.homes)
    said = texts(chat.home()["blocks"])

    assert "1. lidar" in said
    assert "Lidar <!channel> point *clouds*" in said
    assert "/papers search QUERY  Find papers" in said
    assert "secret" not in said


async def test_the_home_of_a_newcomer_says_how_to_begin_and_shows_no_empty_lists(chat: FakeSlack) -> None:
    await chat.open_home()
    await chat.until(lambda: chat.homes)
    said = texts(chat.home()["blocks"])

    assert "How to begin" in said
    assert "You have no subscriptions" not in said
    assert "For you in the newest papers" not in said
    assert [each["style"] for each in found(chat.home()["blocks"], "button") if "style" in each] == ["primary"]


async def test_the_home_says_so_where_its_lists_cannot_be_read(slack: FakeSlack, store: Store) -> None:
    async def failing(_: Call) -> Reply:
        return Reply(Text("The disk is full."), error="The disk is full.", private=True)

    async with running(slack, store, answering=failing):
        await slack.open_home()
        await slack.until(lambda: slack.homes)

    assert "The disk is full." in texts(slack.home()["blocks"])
    assert "How to begin" not in texts(slack.home()["blocks"])


async def test_in_the_home_subscriptions_are_muted_and_removed_in_place(chat: FakeSlack, filled: Store) -> None:
    await filled.subscribe(ADA, parse("lidar"), NOON)
    await filled.subscribe(ADA, parse("cloud"), NOON)
    await chat.open_home()
    await chat.until(lambda: chat.homes)

    await chat.press("Mute", on=chat.home())
    await chat.until(lambda: "Unmute" in texts(chat.home()["blocks"]))
    assert [each.muted for each in await filled.subscriptions(ADA)] == [True, False]
    await chat.press("Remove", on=chat.home())
    await chat.until(lambda: "Unsubscribed from lidar" in texts(chat.home()["blocks"]))
    assert texts(chat.home()["blocks"]).count("2. cloud") == 1
    assert [each.query for each in await filled.subscriptions(ADA)] == ["cloud"]


async def test_the_lists_of_the_home_have_pages_and_its_buttons_open_dialogs(chat: FakeSlack, filled: Store) -> None:
    for number in range(2, 14):
        await filled.subscribe(ADA, parse(f'"part {number}"'), NOON)
    await chat.open_home()
    await chat.until(lambda: chat.homes)
    await chat.press("Next", on=chat.home())
    await chat.until(lambda: '11. "part 12"' in texts(chat.home()["blocks"]))
    await chat.press("Today's papers", on=chat.home())
    (view,) = (await chat.until(lambda: chat.views)).values()
    assert "Page 1 of 4" in texts(view["blocks"])
    await chat.press("Next", on=view)
    await chat.until(lambda: "Page 2 of 4" in texts(chat.views[view["id"]]["blocks"]))
    assert chat.views[view["id"]]["title"]["text"] == "Today's papers"


async def test_in_the_home_one_reads_what_one_keeps_and_rests_from_alerts(chat: FakeSlack, filled: Store) -> None:
    await filled.save(ADA, LIDAR.id, NOON)
    await chat.open_home()
    await chat.until(lambda: chat.homes)
    await chat.press("Saved papers", on=chat.home())
    (view,) = (await chat.until(lambda: chat.views)).values()
    assert LIDAR.id in texts(view["blocks"])
    await chat.press("Remove", on=view)
    await chat.until(lambda: "You keep no papers" in texts(chat.views[view["id"]]["blocks"]))
    await chat.close(view)
    await chat.press("Pause alerts", on=chat.home())
    (rest,) = (await chat.until(lambda: chat.views)).values()
    await chat.press("A week", on=rest)
    await chat.until(lambda: "rest until Fri 27 Nov 2020" in texts(chat.views[rest["id"]]["blocks"]))


async def test_only_the_home_tab_publishes_a_home(chat: FakeSlack) -> None:
    await chat.open_home(tab="messages")
    await chat.open_home(user="U2")
    await chat.until(lambda: chat.homes)

    assert list(chat.homes) == [("T1", "U2")]


# Settings


async def test_a_channel_is_set_up_by_who_is_in_it(chat: FakeSlack, filled: Store) -> None:
    page = await chat.answered(await chat.slash("settings on cs.CV count:3 at:09:00 tz:Europe/Berlin days:mon-fri"))
    following = await filled.following(Destination("slack", "T1", "C1"))

    assert "09:00" in texts(page.blocks)
    assert following is not None
    assert (following.count, following.schedule.zone, following.owner) == (3, "Europe/Berlin", ADA)


@pytest.mark.parametrize("private", [False, True])
async def test_where_the_bot_is_not_it_says_how_to_invite_it(chat: FakeSlack, filled: Store, private: bool) -> None:
    chat.teams["T1"].channel("C2", members=["U1"], private=private)
    page = await chat.answered(await chat.slash("settings on", channel="C2"))

    assert "/invite @papers" in texts(page.blocks)
    assert await filled.following(Destination("slack", "T1", "C2")) is None


async def test_where_admins_manage_others_cannot(slack: FakeSlack, filled: Store) -> None:
    team = slack.workspace("T1", scopes=SCOPES | {"users:read"})
    team.user("U2", admin=True)
    async with running(slack, filled, slack_managers="admins"):
        refusal = await slack.answered(await slack.slash("settings on"))
        assert "Only who manages this room's server or workspace can change its settings." in texts(refusal.blocks)
        await slack.answered(await slack.slash("settings on", user="U2"))
        slack.fail("users.info", broken(500))
        unknown = await slack.answered(await slack.slash("settings off"))

    assert await filled.following(Destination("slack", "T1", "C1")) == Following(
        Destination("slack", "T1", "C1"), owner=Destination("slack", "T1", "@U2")
    )
    assert "Slack does not say who is an admin here." in texts(unknown.blocks)


async def test_in_a_direct_message_one_manages_ones_own_highlights(chat: FakeSlack, filled: Store) -> None:
    await chat.dm("settings on count:2")
    await chat.until(lambda: chat.posts)

    following = await filled.following(ADA)
    assert following is not None
    assert following.count == 2


async def test_another_workspace_is_not_served_with_this_ones_token(chat: FakeSlack, filled: Store) -> None:
    team = chat.workspace("T2")
    team.user("U1")
    team.channel("C1")
    await filled.subscribe(ADA, parse("lidar"), NOON)
    ack = await chat.slash("subscriptions", team="T2")

    assert "lidar" not in str(ack.body)
    assert not found((ack.body or {}).get("blocks", []), "button")


async def test_who_cannot_be_told_that_it_is_not_installed_is_no_bug(
    chat: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    team = chat.workspace("T2")
    team.user("U1")
    team.channel("C1")
    chat.fail("response_url", reset(), reset())  # the SDK tries once more
    with caplog.at_level(logging.WARNING, "adapters"):
        await chat.slash("today", team="T2")
        await chat.until(lambda: [each for each in caplog.records if each.name.startswith("adapters")])

    assert [each.message for each in caplog.records if each.name.startswith("adapters")] == ["answer_lost"]
