"""A platform that turns nearly everything down for a while: too many requests, or an error of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from unittest.mock import patch

from adapters.discord import failures as of_discord
from adapters.slack import failures as of_slack
from benchmarks.faults import deliveries, hurried
from benchmarks.faults.deliveries import LINES, Deliveries
from benchmarks.faults.hurried import Hurry
from benchmarks.faults.row import Found, Row, Trial
from bot.ports import DeliveryError
from tests.fakes import discord_faults, slack_faults
from tests.fakes.discord_answers import VIA
from tests.fakes.faults import Fault, broken, fine

Mistake = Callable[[], AbstractContextManager[object]]

_STORM = 300.0  # seconds
_REFUSED = 0.9  # of the requests
_BURST = 60.0  # seconds
_RECOVERED = 120.0
_HOT_DELAYS = 2.0
_SPEED = 50.0  # in less of a hurry: a disk's pause must not be taken for the product's
_MANY = 20_000  # requests: more than there can be in that time
_STATUSES = (500, 502, 503, 504, 520, 522, 524)
_AT, _UNTIL = "Fri, 20 Nov 2020 09:00:00 GMT", "Fri, 20 Nov 2020 09:00:20 GMT"
_PAGE = "<html>slow down</html>"

# Ways to say that there was too much, and for how long nothing may be asked then; 0 where that is not said.
_LIMITED: Mapping[str, Sequence[tuple[Fault, float]]] = {
    "Slack": (
        (slack_faults.limited("1"), 1),
        (slack_faults.limited("30"), 30),
        (slack_faults.limited("0.5"), 0.5),
        (slack_faults.limited(None), 0),
        (slack_faults.limited("7", _PAGE), 7),
        (slack_faults.limited(_UNTIL, _PAGE, at=_AT), 20),
    ),
    "Discord": (
        (discord_faults.limited(1), 1),
        (discord_faults.limited(30), 30),
        (discord_faults.limited(0.5), 0.5),
        (discord_faults.limited(45, scope="shared"), 45),
        (Fault(status=429, headers={"Content-Type": "application/json", **VIA}, body="{}"), 0),
    ),
}
# A page from Cloudflare, which says "60", shuts the whole bot out.
_BAN = discord_faults.limited(via=False), 60.0


def _storm(trial: Trial, *, platform: str, mistake: Mistake) -> Found:
    with mistake() if trial.planted else nullcontext():
        found = hurried.run(partial(_limited, trial, platform))
    delay = asyncio.run(_delay_by_a_hot_channel(trial, platform))
    slow = [f"others waited {delay:.1f} s for a hot channel"] if delay > _HOT_DELAYS else []
    return Found(f"{found.figures}, others waited {delay:.1f} s for a hot channel", found.wrong, slow)


async def _limited(trial: Trial, platform: str, hurry: Hurry) -> Found:
    refusals = [trial.random.choice(_LIMITED[platform]) for _ in range(_MANY)]
    planned = [each if trial.random.random() < _REFUSED else (fine(), 0.0) for each in refusals]
    async with (
        LINES[platform](trial.count // 4, trial.count - trial.count // 4) as line,
        deliveries.opened(line, trial.folder, hurry) as sending,
    ):
        line.disturb(*(fault for fault, _ in planned))
        seen = await _disturbed(sending, _STORM)
        early = _early(line.requests()[:seen], [seconds for _, seconds in planned])
        if platform == "Discord":
            early += await _banned(sending)
        wrong = await sending.wrong()
        arrived = len(line.world.arrived())
    figures = (
        f"{arrived:,} messages, {seen:,} requests in {_STORM:.0f} s of which "
        f"{sum(fault.status == 429 for fault, _ in planned[:seen]):,} were refused, {early} too early"
    )
    return Found(figures, [*wrong, *([f"{early} requests before Retry-After was over"] if early else [])])


async def _disturbed(sending: Deliveries, seconds: float) -> int:
    """Deliver a day while a line is disturbed and until all has arrived; return how many requests were disturbed."""

    async def mend() -> int:
        await asyncio.sleep(seconds)
        sending.line.mend()
        return len(sending.line.requests())

    mending = asyncio.create_task(mend())
    await sending.owe()
    await sending.drain()
    return await mending


async def _banned(sending: Deliveries) -> int:
    """Let Cloudflare shut the bot out once; return how many requests it makes all the same."""
    fault, seconds = _BAN
    before = len(sending.line.requests())
    sending.line.disturb(fault)
    await sending.owe()
    await sending.drain()
    (_, at), *after = sending.line.requests()[before:]
    # Seven more may have been on their way.
    return sum(at + 1 < each < at + seconds for _, each in after)


def _early(requests: Sequence[tuple[str, float]], waits: Sequence[float]) -> int:
    """Count the requests to a place that came before the wait was over that another one there was told."""
    until: dict[str, float] = {}
    early = 0
    for (place, at), wait in zip(requests, waits, strict=False):
        early += at < until.get(place, 0.0)
        until[place] = at + wait
    return early


async def _delay_by_a_hot_channel(trial: Trial, platform: str) -> float:
    """Return within how many seconds all others have their messages where one channel is told to wait for longer."""
    folder = trial.folder / "hot"
    folder.mkdir()
    rooms, people = 4, 4
    async with (
        LINES[platform](rooms, people) as line,
        deliveries.opened(line, folder, Hurry(1)) as sending,
    ):
        line.disturb(_LIMITED[platform][1][0])
        await sending.owe()
        began = time.monotonic()
        delivering = asyncio.create_task(sending.drain())
        while len({each.place.partition(",")[0] for each in line.world.arrived()}) < rooms + people - 1:
            assert time.monotonic() - began < _LIMITED[platform][1][1], "others waited for a hot channel"
            await asyncio.sleep(0.01)
        took = time.monotonic() - began
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
    return took


def _burst(trial: Trial, *, platform: str, mistake: Mistake) -> Found:
    with mistake() if trial.planted else nullcontext():
        return hurried.run(partial(_erring, trial, platform), _SPEED)


async def _erring(trial: Trial, platform: str, hurry: Hurry) -> Found:
    # What it could not answer it may have done.
    planned = [
        broken(trial.random.choice(_STATUSES), commit=trial.random.random() < 0.5)  # one half
        for _ in range(_MANY)
    ]
    async with (
        LINES[platform](trial.count // 4, trial.count - trial.count // 4) as line,
        deliveries.opened(line, trial.folder, hurry) as sending,
    ):
        line.disturb(*planned)
        began = hurry.clock().timestamp()
        seen = await _disturbed(sending, _BURST)
        recovered = max(at for _, at in line.requests()) - began - _BURST
        wrong = await sending.wrong()
        arrived = len(line.world.arrived())
    figures = (
        f"{arrived:,} messages, {seen:,} requests failed in {_BURST:.0f} s, the last arrived {recovered:.0f} s later"
    )
    late = [f"the last arrived {recovered:.0f} s after the end"] if recovered > _RECOVERED else []
    return Found(figures, wrong, late)


def _impatient() -> AbstractContextManager[object]:
    return patch.object(of_slack, "retry_after", lambda _: 0.1)


def _giving_up(platform: str) -> AbstractContextManager[object]:
    module = {"Slack": of_slack, "Discord": of_discord}[platform]
    return patch.object(module, "translated", lambda _: DeliveryError("refused", "content"))


_WAITS = ("Slack", _impatient, "Retry-After is not read")
_GIVES_UP = tuple(
    (platform, partial(_giving_up, platform), "a message that is turned down once is given up") for platform in LINES
)

ROWS = (
    *(
        Row(
            number=4,
            name=f"429 storm, {platform}",
            fault="9 of 10 answers are 429 for 5 minutes: a number, half a second, none, a date, a page of HTML",
            expected="0 lost, 0 told twice, 0 requests before Retry-After is over, a hot channel delays others <= 2 s",
            counts=(200, 2_000),
            check=partial(_storm, platform=platform, mistake=mistake),
            planted=planted,
            planted_count=20,
        )
        for platform, mistake, planted in (_WAITS, _GIVES_UP[1])
    ),
    *(
        Row(
            number=5,
            name=f"5xx burst, {platform}",
            fault="every answer is a 5xx for a minute, half of them after the message was taken",
            expected="0 lost, 0 told twice, all delivered <= 120 s after the end",
            counts=(500, 500),
            check=partial(_burst, platform=platform, mistake=mistake),
            planted=planted,
            planted_count=20,
        )
        for platform, mistake, planted in _GIVES_UP
    ),
)
