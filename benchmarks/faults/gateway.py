"""Discord's gateway: reconnects, invalid sessions, heartbeats unanswered, resumes refused, READY again and again.

The service's own waits of half a minute are shortened, or most of the time nothing would happen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime

from adapters.discord import Adapter, gateway
from adapters.discord.commands import payload
from benchmarks import asking, service
from benchmarks.asking import Asked
from benchmarks.chats import drained, without_news
from benchmarks.faults.row import Found, Row, Trial
from bot.daily import take_in
from bot.model import Destination, Reply
from bot.ports import Store
from storage import connect
from tests.fakes.discord import FakeDiscord
from tests.kill9 import days, worlds

_RECOVERS_WITHIN = 180.0  # seconds: who has begun many sessions waits before the next
_PATIENCE = 60.0  # seconds until an answer counts as lost
_HEARTBEAT = 0.5  # seconds
_SPACING = 0.05  # seconds between two sessions
_UNANSWERED = 2.0  # seconds until a line that does not answer is given up
_BACKOFF = gateway.Backoff(0.1, 1.0)
_READIES = 20
_WARM_AFTER = 5.0  # seconds


async def _deafen(fake: FakeDiscord) -> None:
    fake.gateway.deaf = True
    opened = fake.gateway.opened
    await fake.until(lambda: fake.gateway.opened > opened, _RECOVERS_WITHIN)
    fake.gateway.deaf = False


async def _forget(fake: FakeDiscord) -> None:
    """Let a resume be refused: the session is known no more."""
    fake.gateway._sessions.clear()
    fake.gateway.cut()


async def _ready(fake: FakeDiscord) -> None:
    """Say READY again and again, with all that follows it."""
    session = next(iter(fake.gateway._sessions.kept.values()))
    said = [(each["t"], each["d"]) for each in session.events if each["t"] in ("READY", "GUILD_CREATE")]
    ready = next(number for number, (event, _) in enumerate(said) if event == "READY")
    for event, data in said[ready : ready + 2] * _READIES:
        await fake.gateway.dispatch(event, data)


# First what a planted mistake does not stand.
_FAULTS: dict[str, Callable[[FakeDiscord], Coroutine[None, None, None]]] = {
    f"READY {_READIES} times": _ready,
    "a reconnect": lambda fake: fake.gateway.reconnect(),
    "an invalid session": lambda fake: fake.gateway.invalidate(),
    "an invalid session to resume": lambda fake: fake.gateway.invalidate(resumable=True),
    "no acknowledgement": _deafen,
    "a resume refused": _forget,
}


def _check(trial: Trial) -> Found:
    return asyncio.run(_disturbed(trial))


async def _disturbed(trial: Trial) -> Found:
    address = f"sqlite:///{trial.folder / 'gateway.db'}"
    async with worlds.discord() as world:
        fake = world.discord
        fake.callback_limit = _PATIENCE
        fake.register(payload())
        fake.gateway.heartbeat, fake.gateway.spacing = _HEARTBEAT, 0.0
        without_news(world)
        await days.furnish(address, world.rooms, world.people)
        settings = world.settings(address)
        async with (
            service.running(settings, _multiply if trial.planted else _hasten) as watched,
            connect(address) as store,
        ):
            await fake.connected()
            asked = [await _after(name, fake, store, number) for number, name in enumerate(list(_FAULTS) * trial.count)]
            left = await drained(store)
        fake.messages[:] = [each for each in fake.messages if each.asked is None]
        verdict = worlds.verdict(world, len(asked))
        messages = len(world.arrived())
        wrong = [*fake.problems, *watched.bugs]
        fake.problems.clear()
    wrong += [f"{count} {what}" for what, count in verdict._asdict().items() if count]
    wrong += [each.lost for each in asked if each.lost]
    wrong += [f"{left} messages are still owed"] if left else []
    wrong += [f"the service ended with {watched.code}"] if watched.code else []
    wrong += service.grown(watched.readings, _WARM_AFTER)
    sessions, resumes = len(fake.gateway.identifies), len(fake.gateway.resumes)
    return Found(
        f"{trial.count} x {len(_FAULTS)} faults: {sessions} sessions, {resumes} resumes; {messages:,} messages; "
        f"{len(asked)} commands, the last answered after {max(each.seconds for each in asked):.1f} s; "
        f"{watched.readings[-1].tasks} tasks",
        asking.told(wrong),
    )


async def _after(name: str, fake: FakeDiscord, store: Store, number: int) -> Asked:
    """Take in a digest while something goes wrong, and give a command after it."""
    for each in days.day(number):
        await take_in(each, store, datetime.now(UTC))
    await _FAULTS[name](fake)
    await fake.gateway.connected(within=_RECOVERS_WITHIN)
    asked = await asking.discord(fake, "status", fake.ben)
    await drained(store)  # what waits for long is merged, and a message shows so many papers and no more
    return replace(asked, lost=f"after {name}: {asked.lost}") if asked.lost else asked


def _hasten() -> None:
    """Wait for less than the service does."""
    for of, shorter in (
        (gateway.Gateway.__init__, {"heartbeat_timeout": _UNANSWERED}),
        (gateway.keep, {"spacing": _SPACING, "backoff": _BACKOFF}),
    ):
        of.__kwdefaults__ = (of.__kwdefaults__ or {}) | shorter


def _multiply() -> None:
    """Begin another scheduler with each READY: all of them post."""
    _hasten()
    schedulers = [1]
    post = Adapter.post

    async def ready(_: gateway.Gateway) -> None:
        schedulers.append(1)

    async def posting(self: Adapter, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        for number, _ in enumerate(schedulers):
            await post(self, to, reply, key=f"{key}{number}", uncertain=uncertain)

    gateway.Gateway.on_ready = ready  # type: ignore[attr-defined]
    Adapter.post = posting  # type: ignore[method-assign]


ROWS = (
    Row(
        8,
        "gateway",
        "op 7, op 9 with and without a session, heartbeats unanswered, a resume refused, READY 20 times over",
        "one scheduler: no message lost or twice; the line comes back and answers; tasks and files flat",
        (2, 15),
        _check,
        "each READY begins another scheduler",
        1,
    ),
)
