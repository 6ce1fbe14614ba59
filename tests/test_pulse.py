"""Whether the service is well, in words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.ports import DiskError, Platform, Store, Unreachable
from bot.pulse import Pulse
from bot.service import Late, serve, unwell
from tests.fakes.recorder import Recorder
from tests.fakes.waiting import until


class Seconds:
    """A clock that nobody sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def silent() -> Recorder:
    raise Unreachable("Slack does not answer.")


async def unreadable() -> tuple[()]:
    raise DiskError("no such page")


async def test_deliveries_that_have_not_gone_round_for_a_minute_are_silent(store: Store) -> None:
    clock = Seconds()
    pulse = Pulse(clock)
    clock.now += 60
    assert await unwell(store, {}, pulse) == []
    clock.now += 1
    assert await unwell(store, {}, pulse) == ["delivery"]
    pulse.beat()
    assert await unwell(store, {}, pulse) == []


async def test_each_thing_that_is_wrong_has_its_word(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Seconds()
    pulse = Pulse(clock)
    platforms: dict[str, Platform] = {"console": Recorder(), "slack": Late("slack", silent)}
    assert await unwell(store, platforms, pulse) == ["slack"]
    clock.now += 100
    monkeypatch.setattr(store, "reports", unreadable)
    assert await unwell(store, platforms, pulse) == ["delivery", "slack", "store"]


@pytest.mark.parametrize("fails", [False, True])
async def test_the_service_beats_while_its_deliveries_go_round_and_not_while_the_store_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    tried = asyncio.Event()
    begin = store.begin_delivery

    async def failing() -> int:
        tried.set()
        if fails:
            raise DiskError("no space")
        return await begin()

    monkeypatch.setattr(store, "begin_delivery", failing)
    clock, stop = Seconds(), asyncio.Event()
    pulse = Pulse(clock)
    clock.now += 100
    running = asyncio.ensure_future(
        serve(store, {"console": Recorder()}, lambda: datetime.now(UTC), stop, outlive_asking=True, pulse=pulse)
    )
    try:
        await tried.wait()
        if not fails:
            await until(lambda: not pulse.is_silent, 10, lambda: "it is silent")
        assert pulse.is_silent is fails
    finally:
        stop.set()
        await running
