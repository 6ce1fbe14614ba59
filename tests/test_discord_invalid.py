"""The guard against too many invalid requests, over real answers of a server on loopback."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from adapters.discord.invalid import InvalidRequests
from bot.ports import DeliveryError


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **units: float) -> None:
        self.now += timedelta(**units)


class Sender:
    """A session that is traced, and a server that answers as it is told."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def send(self, status: int, count: int = 1, *, scope: str = "user") -> None:
        for _ in range(count):
            async with self.session.get(f"{self.url}/{status}/{scope}") as response:
                assert response.status == status


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> InvalidRequests:
    return InvalidRequests(clock)


@pytest.fixture
async def sender(guard: InvalidRequests) -> AsyncIterator[Sender]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(
            status=int(request.match_info["status"]), headers={"X-RateLimit-Scope": request.match_info["scope"]}
        )

    app = web.Application()
    app.router.add_get("/{status}/{scope}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(trace_configs=[guard.trace()]) as session:
        yield Sender(session, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()


def left(guard: InvalidRequests) -> float | None:
    """Return for how long all is held."""
    with pytest.raises(DeliveryError) as held:
        guard.check()
    assert (held.value.code, held.value.kind) == ("too_many_invalid_requests", "held")
    return held.value.retry_after


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_more_than_two_hundred_refusals_hold_all_sending(
    status: int, guard: InvalidRequests, sender: Sender, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await sender.send(status, 200)
    guard.check()
    await sender.send(status, 3)
    assert left(guard) == 600
    clock.forward(minutes=9, seconds=59)
    assert left(guard) == 1
    clock.forward(seconds=1)
    guard.check()
    [said] = [each for each in caplog.records if each.getMessage() == "sending_held"]
    assert said.levelno == logging.ERROR
    assert said.__dict__["seconds"] == 600


async def test_what_is_no_fault_of_the_bot_does_not_count(guard: InvalidRequests, sender: Sender) -> None:
    await sender.send(429, 150, scope="shared")
    await sender.send(404, 60)
    await sender.send(500, 60)
    await sender.send(200, 60)
    await sender.send(403, 200, scope="shared")
    guard.check()
    await sender.send(403)
    assert left(guard) == 600


async def test_only_the_last_ten_minutes_count(guard: InvalidRequests, sender: Sender, clock: Clock) -> None:
    await sender.send(403, 150)
    clock.forward(minutes=10)
    await sender.send(403, 200)
    guard.check()


async def test_what_goes_on_being_refused_is_another_episode(
    guard: InvalidRequests, sender: Sender, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await sender.send(403, 201)
    clock.forward(minutes=9)
    await sender.send(403, 201)
    clock.forward(minutes=1)
    guard.check()
    await sender.send(403)
    assert left(guard) == 600
    assert len([each for each in caplog.records if each.getMessage() == "sending_held"]) == 2


def test_a_ban_that_is_seen_otherwise_holds_for_as_long_as_it_lasts(
    guard: InvalidRequests, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    guard.hold(3600)
    guard.hold(60)
    assert left(guard) == 3600
    guard.hold(7200)
    assert left(guard) == 7200
    clock.forward(hours=2)
    guard.check()
    guard.hold(1)
    assert left(guard) == 1
    assert len([each for each in caplog.records if each.getMessage() == "sending_held"]) == 2


async def test_a_clock_that_is_put_back_holds_nothing_for_longer(
    guard: InvalidRequests, sender: Sender, clock: Clock
) -> None:
    guard.hold(600)
    await sender.send(403, 150)
    clock.forward(hours=-1)
    guard.check()
    await sender.send(403, 150)
    guard.check()
    await sender.send(403, 60)
    assert left(guard) == 600


@pytest.mark.parametrize(
    ("status", "authorised", "refused"), [(401, True, True), (401, False, False), (403, True, False)]
)
async def test_a_token_that_is_refused_is_told_from_one_that_an_interaction_had(
    guard: InvalidRequests, sender: Sender, status: int, *, authorised: bool, refused: bool
) -> None:
    sender.session.headers.update({"Authorization": "Bot x"} if authorised else {})
    await sender.send(status)
    assert guard.unauthorized.is_set() is refused
