"""The service around the commands: an answer in any case, and everything ended in good order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot import service
from bot.model import Answer, Destination, Reply, Suggest, Text
from bot.ports import DeliveryError, DiskError, Store, Unreachable
from bot.service import Late, respond, serve
from storage import connect
from tests.conftest import MakeCall


class Room:
    """A platform whose one caller leaves when told to."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.running = asyncio.Event()
        self.ended = False
        self.posted: list[tuple[str, bool]] = []

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        self.running.set()
        try:
            await self.left.wait()
        finally:
            self.ended = True

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        self.posted.append((key, uncertain))


def now() -> datetime:
    return datetime.now(UTC)


async def test_what_is_asked_is_answered(store: Store, call: MakeCall) -> None:
    assert "search QUERY" in (await respond(call("help"), store)).text.plain
    assert (await respond(call("nonsense"), store)).error is not None


async def test_trouble_of_the_store_is_told_in_its_own_words(
    store: Store, call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full() -> None:
        raise DiskError("The database cannot be used: no space.")

    monkeypatch.setattr(store, "holdings", full)
    reply = await respond(call("status"), store)

    assert (reply.error, reply.private) == ("The database cannot be used: no space.", True)


async def test_a_bug_is_told_by_the_id_that_finds_it_in_the_log(
    store: Store, call: MakeCall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def wrong() -> None:
        raise ZeroDivisionError("a secret of the house")

    monkeypatch.setattr(store, "holdings", wrong)
    reply = await respond(call("status"), store)
    found = caplog.records[0].__dict__["id"]

    assert reply.text == Text(f"This failed, and not through what you typed. It is in the log as {found}.")


@pytest.mark.parametrize("outlive_asking", [True, False])
async def test_when_one_platforms_caller_leaves_the_service_ends_unless_it_is_to_go_on(
    store: Store, outlive_asking: bool
) -> None:
    prompt, chat = Room(), Room()
    stop = asyncio.Event()
    serving = asyncio.create_task(
        serve(store, {"console": prompt, "slack": chat}, now, stop, outlive_asking=outlive_asking)
    )
    prompt.left.set()
    await asyncio.wait({serving}, timeout=0.5)
    assert serving.done() is not outlive_asking
    stop.set()
    await serving

    assert chat.ended


async def test_a_platform_that_is_late_is_opened_when_it_answers(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service, "_REACH_EVERY", 0.01)
    room = Room()
    there = asyncio.Event()
    to = Destination("discord", "G1", "1")

    async def open_() -> Room:
        if not there.is_set():
            raise Unreachable("Discord does not answer.")
        return room

    late = Late("discord", open_)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(store, {"discord": late}, now, stop, outlive_asking=True))
    async with asyncio.timeout(20):
        while not caplog.records:  # noqa: ASYNC110  # the log has no event
            await asyncio.sleep(0.01)
        with pytest.raises(DeliveryError) as held:
            await late.post(to, Reply(), key="x", uncertain=False)
        assert (held.value.kind, room.posted) == ("held", [])
        there.set()
        await room.running.wait()
    await late.post(to, Reply(), key="x", uncertain=True)
    stop.set()
    await serving

    assert (room.posted, room.ended) == ([("x", True)], True)
    assert {(each.message, each.__dict__["reason"]) for each in caplog.records} == {
        ("unreachable", "Discord does not answer.")
    }


async def test_what_is_due_to_be_erased_is_erased_at_the_start(store: Store, address: str) -> None:
    ledger = store.ledger("slack")
    await ledger.put("dm", "T1/U1", "D1")
    await ledger.close("T1", "app_uninstalled", now() - timedelta(days=8), erase_at=now() - timedelta(days=1))
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(store, {"slack": Room()}, now, stop, outlive_asking=True))
    async with connect(address) as other:
        while await other.ledger("slack").get("dm", "T1/U1", now()):  # noqa: ASYNC110  # the store has no event
            await asyncio.sleep(0.01)
    stop.set()
    await serving
