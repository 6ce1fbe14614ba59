"""Files in Slack: with an answer for all they stand below it, with a private one in the asker's direct messages."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Button, Call, File, Reply, Text
from bot.ports import Store
from tests.fakes.slack import SCOPES, FakeSlack, Message, broken, refused
from tests.test_slack import LIDAR, filled, running
from tests.test_slack_blocks import texts

__all__ = ["filled"]

BIB = File("saved.bib", "application/x-bibtex", "@misc{a,\n title = {Müller}}\n".encode())
TAKEN = Reply(Text("2 papers."), note=Text("None has authors."), private=True, file=BIB)
DIRECT = "saved.bib is in your direct messages with Paperwire."


def always(reply: Reply) -> Any:
    async def answer(_: Call) -> Reply:
        return reply

    return answer


def files(slack: FakeSlack, channel: str) -> list[tuple[str, bytes]]:
    return [(each.name, each.content) for one in slack.messages if one.channel == channel for each in one.files]


def sent(slack: FakeSlack) -> list[Message]:
    return [each for each in slack.messages if each.files]


async def asked(slack: FakeSlack, store: Store, reply: Reply, **where: str) -> str:
    """Return what is answered to a command."""
    async with running(slack, store, answering=always(reply)):
        return texts((await slack.answered(await slack.slash("status", **where))).blocks)


async def test_a_private_answers_file_goes_to_who_asked_directly(slack: FakeSlack, store: Store) -> None:
    said = await asked(slack, store, TAKEN)

    assert files(slack, "DU1") == [(BIB.name, BIB.content)]
    assert files(slack, "C1") == []
    assert DIRECT in said
    assert "None has authors." in said


async def test_the_file_of_an_answer_for_all_stands_there_too(slack: FakeSlack, store: Store) -> None:
    said = await asked(slack, store, replace(TAKEN, private=False))

    assert files(slack, "C1") == [(BIB.name, BIB.content)]
    assert files(slack, "DU1") == []
    assert "direct messages" not in said


async def test_where_the_bot_is_not_in_the_channel_the_file_goes_to_who_asked(slack: FakeSlack, store: Store) -> None:
    slack.workspace("T1").channel("C9", members=("U1",))
    said = await asked(slack, store, replace(TAKEN, private=False), channel="C9")

    assert files(slack, "DU1") == [(BIB.name, BIB.content)]
    assert DIRECT in said


@pytest.mark.parametrize("private", [True, False])
async def test_in_a_direct_message_the_file_stands_below_the_answer(
    slack: FakeSlack, store: Store, private: bool
) -> None:
    async with running(slack, store, answering=always(replace(TAKEN, private=private))):
        await slack.dm("status")
        await slack.until(lambda: len(slack.posts) == 2)

    assert files(slack, "DU1") == [(BIB.name, BIB.content)]
    assert "direct messages" not in "".join(texts(each.blocks) for each in slack.posts)


async def test_a_mentions_file_is_in_its_thread(slack: FakeSlack, store: Store) -> None:
    async with running(slack, store, answering=always(replace(TAKEN, private=False))):
        await slack.mention("status")
        await slack.until(lambda: len(slack.posts) == 2)

    (asking,) = (each for each in slack.messages if not each.bot)
    assert [each.thread_ts for each in sent(slack)] == [asking.ts]


async def test_a_button_is_answered_to_who_pressed_it_alone_and_so_is_its_file(slack: FakeSlack, store: Store) -> None:
    public = replace(TAKEN, private=False, file=None, buttons=(Button("Export", "export"),))
    replies = iter([public, replace(TAKEN, private=False)])

    async def answer(_: Call) -> Reply:
        return next(replies)

    async with running(slack, store, answering=answer):
        page = await slack.answered(await slack.slash("status"))
        pressed = await slack.answered(await slack.press("Export", on=page, user="U2"))

    assert files(slack, "DU2") == [(BIB.name, BIB.content)]
    assert DIRECT in texts(pressed.blocks)


async def test_a_file_is_shared_with_its_answer(slack: FakeSlack, store: Store) -> None:
    async with running(slack, store, answering=always(replace(TAKEN, again=Button("Share", "status")))):
        page = await slack.answered(await slack.slash("status"))
        await slack.answered(await slack.press("Share to channel", on=page))

    assert files(slack, "C1") == [(BIB.name, BIB.content)]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("missing_scope", "An admin has to install it again: its scope files:write is new."),
        ("file_uploads_disabled", "this workspace takes no files. Its admins can change that."),
        ("file_upload_size_restricted", "Ask for fewer papers at once."),
        ("ratelimited", "Slack has not taken it. Ask again in a minute."),
        ("file_type_of_tomorrow", "Slack has not taken it. Ask again in a minute."),
    ],
)
async def test_who_gets_no_file_gets_the_answer_and_reads_why(
    slack: FakeSlack, store: Store, code: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    if code == "missing_scope":
        slack.workspace("T1", scopes=SCOPES - {"files:write"})
    else:
        slack.fail("files.getUploadURLExternal", refused(code))
    said = await asked(slack, store, TAKEN)

    assert "2 papers." in said
    assert "saved.bib could not be sent: " in said
    assert told in said
    assert sent(slack) == []
    lost = next(each for each in caplog.records if each.message == "file_lost")
    assert (lost.levelno, lost.__dict__["code"]) == (logging.WARNING, code)


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "files.completeUploadExternal", "conversations.open"])
async def test_an_upload_that_breaks_off_costs_no_answer(slack: FakeSlack, store: Store, step: str) -> None:
    slack.fail(step, broken())
    said = await asked(slack, store, TAKEN)

    assert "2 papers." in said
    assert "saved.bib could not be sent: Slack has not taken it." in said


async def test_what_slack_tells_of_our_own_file_is_no_question(slack: FakeSlack, store: Store) -> None:
    answered: list[Call] = []

    async def answer(call: Call) -> Reply:
        answered.append(call)
        return TAKEN

    async with running(slack, store, answering=answer):
        told = {"type": "message", "subtype": "file_share", "channel_type": "im", "channel": "DU1", "ts": "1.1"}
        await slack.event({**told, "user": "UBOT", "text": ""})
        await slack.dm("status")
        await slack.until(lambda: sent(slack))

    assert [each.name for each in answered] == ["status"]


async def test_an_export_is_sent_whole(slack: FakeSlack, filled: Store) -> None:
    async with running(slack, filled):
        await slack.answered(await slack.slash(f"export {LIDAR.id}"))

    ((name, content),) = files(slack, "DU1")
    assert name.endswith(".bib")
    assert f"eprint = {{{LIDAR.id}}}".encode() in content


# The fake


async def test_an_address_takes_one_file_of_the_length_that_was_named(slack: FakeSlack, client: AsyncWebClient) -> None:
    client.token = slack.token
    ticket = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    slack.expect("4 bytes came, not 3")
    slack.expect("not all of")
    slack.expect("has its file")
    async with aiohttp.ClientSession() as session:
        put = [(await session.post(ticket["upload_url"], data=each)).status for each in (b"four", b"abc", b"abc")]
    assert put == [400, 200, 404]

    await client.files_completeUploadExternal(files=[{"id": ticket["file_id"]}], channel_id="C1")
    for once_more in (ticket["file_id"], "F99"):
        with pytest.raises(SlackApiError, match="file_not_found"):
            await client.files_completeUploadExternal(files=[{"id": once_more}], channel_id="C1")
    assert files(slack, "C1") == [("a.txt", b"abc")]


@pytest.mark.parametrize(("channel", "code"), [("C9", "channel_not_found"), ("U1", "channel_not_found")])
async def test_a_file_is_shared_where_the_bot_can_post_and_by_a_channels_id_alone(
    slack: FakeSlack, client: AsyncWebClient, channel: str, code: str
) -> None:
    client.token = slack.token
    with pytest.raises(SlackApiError, match=code):
        await client.files_upload_v2(filename="a.txt", content=b"abc", channel=channel)


async def test_a_file_that_is_too_large_gets_no_address(slack: FakeSlack, client: AsyncWebClient) -> None:
    client.token = slack.token
    slack.files.largest = 2
    with pytest.raises(SlackApiError, match="file_upload_size_restricted"):
        await client.files_upload_v2(filename="a.txt", content=b"abc", channel="C1")
