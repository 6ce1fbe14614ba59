"""Files in Discord: what goes with an answer hangs on the message, for whoever reads it; what is too large is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters._files import megabytes, name_of
from bot.model import Answer, Button, Call, File, Reply, Text
from bot.ports import Store
from tests.fakes.discord import FakeDiscord, Message, dropped, reset
from tests.test_discord import LIDAR, filled, running, said

__all__ = ["filled"]

BIB = File("saved.bib", "application/x-bibtex", "@misc{a,\n title = {Müller}}\n".encode())
TAKEN = Reply(Text("2 papers."), private=True, file=BIB)


def always(reply: Reply, *, after: asyncio.Event | None = None) -> Answer:
    async def answer(_: Call) -> Reply:
        if after:
            await after.wait()
        return reply

    return answer


def files(message: Message) -> list[tuple[str, bytes]]:
    return [(each.name, each.content) for each in message.files]


async def asked(discord: FakeDiscord, store: Store, reply: Reply) -> Message:
    async with running(discord, store, answering=always(reply)):
        return await (await discord.slash(discord.ben, discord.papers, "status")).final()


@pytest.mark.parametrize("private", [True, False])
async def test_a_file_hangs_on_the_answer_for_whoever_reads_that(
    discord: FakeDiscord, store: Store, private: bool
) -> None:
    page = await asked(discord, store, replace(TAKEN, private=private))

    assert files(page) == [(BIB.name, BIB.content)]
    assert "2 papers." in said(page)
    assert page.ephemeral == private


async def test_a_file_comes_with_an_answer_that_was_put_off(discord: FakeDiscord, store: Store) -> None:
    gate = asyncio.Event()
    async with running(discord, store, answering=always(TAKEN, after=gate)):
        answered = await discord.slash(discord.ben, discord.papers, "status")
        assert answered.kind == "deferred"
        gate.set()
        page = await answered.final()

    assert files(page) == [(BIB.name, BIB.content)]


@pytest.mark.parametrize("private", [True, False])
async def test_a_large_file_follows_the_first_word_which_is_due_within_three_seconds(
    discord: FakeDiscord, store: Store, private: bool
) -> None:
    large = replace(BIB, content=b"x" * 300_000)
    async with running(discord, store, answering=always(replace(TAKEN, file=large, private=private))):
        answered = await discord.slash(discord.ben, discord.papers, "status")
        assert answered.kind == "deferred"
        await discord.until(lambda: answered.message and (private or discord.messages))

    there = discord.ephemerals if private else discord.messages
    assert files(there[-1]) == [(BIB.name, large.content)]


async def test_a_file_that_is_too_large_is_told_of_with_what_to_do(discord: FakeDiscord, store: Store) -> None:
    async with running(discord, store, answering=always(TAKEN)):
        discord.world.largest_file = len(BIB.content)
        fits = await (await discord.slash(discord.ben, discord.papers, "status")).final()
        discord.world.largest_file -= 1
        page = await (await discord.slash(discord.ben, discord.papers, "status")).final()

    assert files(fits) == [(BIB.name, BIB.content)]
    assert files(page) == []
    assert "saved.bib has 0 MB, and Discord takes 0 MB here. Ask for fewer papers at once." in said(page)


@pytest.mark.parametrize("fault", [dropped(), dropped(commit=False), reset()])
async def test_a_lost_answer_is_given_again_with_its_file(discord: FakeDiscord, store: Store, fault: Any) -> None:
    discord.fail("POST", "/interactions/*/*/callback", fault)
    page = await asked(discord, store, TAKEN)

    assert files(page) == [(BIB.name, BIB.content)]


async def test_what_takes_the_place_of_an_answer_takes_that_of_its_file_too(discord: FakeDiscord, store: Store) -> None:
    turned = replace(TAKEN, buttons=(Button("Next", "status", shown="instead"),))
    replies = iter([turned, replace(turned, file=None), replace(turned, file=replace(BIB, name="other.ris"))])

    async def answer(_: Call) -> Reply:
        return next(replies)

    async with running(discord, store, answering=answer):
        page = await (await discord.slash(discord.ben, discord.papers, "status")).final()
        assert [name for name, _ in files(page)] == ["saved.bib"]
        await (await discord.press(discord.ben, page, "Next")).final()
        assert files(page) == []
        await (await discord.press(discord.ben, page, "Next")).final()

    assert [name for name, _ in files(page)] == ["other.ris"]


async def test_a_file_is_shared_with_its_answer(discord: FakeDiscord, store: Store) -> None:
    async with running(discord, store, answering=always(replace(TAKEN, again=Button("Share", "status")))):
        page = await (await discord.slash(discord.ben, discord.papers, "status")).final()
        await discord.press(discord.ben, page, "Share to channel")
        [shared] = await discord.until(lambda: discord.messages)

    assert files(shared) == [(BIB.name, BIB.content)]


async def test_an_export_is_attached_whole(discord: FakeDiscord, filled: Store) -> None:
    async with running(discord, filled):
        page = await (await discord.slash(discord.ben, discord.papers, "export", what=LIDAR.id)).final()

    ((name, content),) = files(page)
    assert name.endswith(".bib")
    assert f"eprint = {{{LIDAR.id}}}".encode() in content


@given(st.text())
def test_a_name_is_one_that_every_system_takes_and_keeps_its_ending(name: str) -> None:
    made = name_of(replace(BIB, name=f"{name}.bib"))
    assert made.endswith("bib")
    assert 0 < len(made) <= 100
    assert not set(made) & set("/\\\"'\r\n :")
    assert made[0] not in ".-"
    assert name_of(replace(BIB, name=made)) == made


@pytest.mark.parametrize(("size", "shown"), [(0, "0 MB"), (10 * 2**20, "10 MB"), (int(10.5 * 2**20), "10.5 MB")])
def test_a_size_is_said_in_megabytes(size: int, shown: str) -> None:
    assert megabytes(size) == shown
