"""Workspaces beside each other: each is answered, and sent, what it would be if it were alone.

Three workspaces share one store, and each has another for itself. What is done in one of them is done in both, with
whatever the others have: numbers of subscriptions, names of rooms and people, buttons, remembered lines, pages. The two
answers have to be the same, and in the end all that is stored about each, too. So what one sees of another, or changes
of it, is a difference.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from adapters.discord.pressed import Pressed, custom_id, remember
from benchmarks.faults.row import Found, Row, Trial
from bot import daily
from bot.club import agenda
from bot.commands import COMMANDS, answer, suggest
from bot.delivery import deliver
from bot.model import Button, Call, Destination, Digest, Paper, Reply, Text
from bot.ports import DeliveryError, Store
from storage import connect, rows
from storage.access import Access
from tests.fakes.recorder import Recorder

STEPS = 200
# The same names in all of them: what tells them apart is the scope alone.
_WORKSPACES = (("slack", "T1"), ("slack", "T2"), ("discord", "T1"))
_PEOPLE = ("@U1", "@U2")
_ROOMS = ("C1", "C2")
_WORDS = ("lidar", "clouds", "point", "language", "models", "elephants", "segmentation", "retrieval")
_CATEGORIES = ("cs.CV", "cs.CL")
_BEGIN = datetime(2020, 11, 2, 9, tzinfo=UTC)
# What the rest depends on.
_OFTEN = ("subscribe", "subscribe", "subscribe", "settings", "like", *["club"] * 6)
_SECOND_PAGE = 0.05


@dataclass
class _World:
    """A store, what was posted from it, and the clock of all."""

    store: Store
    posted: Recorder = field(default_factory=Recorder)

    async def deliver(self, now: datetime) -> None:
        await self.store.owe(await agenda.plan(self.store, now), now)
        await self.store.begin_delivery()
        await deliver(self.store, {"slack": self.posted, "discord": self.posted}, lambda: now)


@dataclass
class _Walk:
    """What was done so far, and what of it another workspace can try."""

    random: Random
    together: _World
    alone: dict[tuple[str, str], _World]
    now: datetime = _BEGIN
    deck: list[str] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    lines: dict[str, tuple[str, str]] = field(default_factory=dict)
    given: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    wrong: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        """Have something to ask for."""
        await self._come(_WORKSPACES[0])

    async def step(self) -> None:
        self.now += timedelta(minutes=self.random.randrange(90))
        tenant = self.random.choice(_WORKSPACES)
        what = self.random.choices(
            (self._ask, self._press, self._type, self._find, self._come, self._fail, self._leave),
            (50, 22, 6, 4, 10, 6, 2),
        )[0]
        await what(tenant)

    async def _ask(self, tenant: tuple[str, str]) -> None:
        await self._give(tenant, *self._line())

    async def _press(self, tenant: tuple[str, str]) -> None:
        """Press a button of any workspace's, in this one."""
        if self.buttons:
            chosen = self.random.choice(self.buttons)
            await self._give(tenant, chosen.name, chosen.text)

    async def _give(self, tenant: tuple[str, str], name: str, text: str) -> None:
        self.given[name] += 1
        call = self._call(tenant, name, text)
        first, second = [await answer(call, each.store) for each in (self.together, self.alone[tenant])]
        self._compare(f"{call.caller} in {call.room.name}: {name} {text}", first, second)
        steps = [*first.buttons, *(each for card in first.cards for each in card.buttons)]
        self.buttons += [*steps, *(each for item in first.items for each in item.buttons)]
        del self.buttons[:-60]

    async def _type(self, tenant: tuple[str, str]) -> None:
        """Begin to type what is offered from one's own: numbers of subscriptions, queries."""
        name, parameter = self.random.choice(
            [(name, each) for name, command in COMMANDS.items() for each in command.parameters]
        )
        call = self._call(tenant, name, "")
        typed = self.random.choice(("", "1", "li", "c"))
        first, second = [
            await suggest(call, parameter, typed, each.store) for each in (self.together, self.alone[tenant])
        ]
        self._compare(f"{call.caller}: {name} {parameter}={typed!r}, offered", first, second)

    async def _find(self, tenant: tuple[str, str]) -> None:
        """Remember the line of a long button here, and press one that was remembered anywhere."""
        text = f"search {' '.join(self.random.choices(_WORDS, k=15))} {tenant} {self.random.random()}"
        made, lines = custom_id("below", "0", "", text)
        for each in (self.together, self.alone[tenant]):
            await remember(lines, tenant[1], each.store.ledger(tenant[0]), self.now)
        self.lines[made] = tenant
        pressed = self.random.choice(list(self.lines))
        found = [await _pressed(pressed, tenant, each.store, self.now) for each in (self.together, self.alone[tenant])]
        self._compare(f"{tenant} presses what {self.lines[pressed]} remembered", *found)

    async def _come(self, _: tuple[str, str]) -> None:
        """Take in a digest everywhere, and deliver what it brings."""
        category = self.random.choice(_CATEGORIES)
        number = self.random.randrange(900_000)
        papers = tuple(
            Paper(f"2011.{number + place:06}", " ".join(self.random.choices(_WORDS, k=4)).capitalize(), "An abstract.")
            for place in range(self.random.randrange(1, 4))
        )
        self.papers += [each.id for each in papers]
        digest = Digest("walk", category, self.now.date(), papers)
        for each in (self.together, *self.alone.values()):
            await daily.take_in(digest, each.store, self.now)
            await each.deliver(self.now)

    async def _fail(self, tenant: tuple[str, str]) -> None:
        """Let the next message to somebody here, or to a room, find nothing there any more."""
        to = Destination(*tenant, self.random.choice((*_PEOPLE, *_ROOMS)))
        for each in (self.together, self.alone[tenant]):
            each.posted.failing[to] = [DeliveryError("is_archived", "gone")]

    async def _leave(self, tenant: tuple[str, str]) -> None:
        """Remove the app from a workspace, or erase it, or have it back."""
        platform, workspace = tenant
        what = self.random.choice(("close", "reopen", "erase"))
        for each in (self.together, self.alone[tenant]):
            ledger = each.store.ledger(platform)
            if what == "close":
                await ledger.close(workspace, "removed", self.now)
            elif what == "reopen":
                await ledger.reopen(workspace)
            else:
                await each.store.erase_workspace(tenant)

    async def end(self) -> None:
        """Compare all that is stored about each workspace, and all that it was sent."""
        for tenant, world in self.alone.items():
            for name in (*_PEOPLE, *_ROOMS):
                to = Destination(*tenant, name)
                self._compare(f"known of {to}", await self.together.store.known(to), await world.store.known(to))
                self._compare(
                    f"highlights of {to}", await self.together.store.following(to), await world.store.following(to)
                )
                self._compare(f"sent to {to}", self.together.posted.to(to), world.posted.to(to))

    def _call(self, tenant: tuple[str, str], name: str, text: str) -> Call:
        caller = Destination(*tenant, self.random.choice(_PEOPLE))
        room = self.random.choice((caller, *(Destination(*tenant, each) for each in _ROOMS)))
        chance = self.random.random()
        return Call(name, text, room, caller, self.now, may_manage=chance < 0.8, shared=chance < 0.2)

    def _line(self) -> tuple[str, str]:
        """Return any command with words that fit it more often than not: a number is likely another's."""
        if not self.deck:
            self.deck = [*COMMANDS, *_OFTEN]
            self.random.shuffle(self.deck)
        name = self.deck.pop()
        word, number = self.random.choice(_WORDS), self.random.choice("11237")
        paper = self.random.choice(self.papers or ["2011.1"])
        days = [str(self.now.date() - timedelta(days=each)) for each in range(4)]
        fitting = {
            **dict.fromkeys(("search", "preview"), (word,)),
            **dict.fromkeys(("show", "similar", "why", "like", "dislike", "unlike"), (paper,)),
            "mute": (number, f"{number} until tomorrow"),
            "unmute": (number,),
            **dict.fromkeys(("today", "matches"), ("", *days)),
            "subscribe": (word, f"{word} OR {self.random.choice(_WORDS)}", f"{word} instead:{number}"),
            "unsubscribe": (number, word),
            "why-not": (paper, f"{paper} {word} -{self.random.choice(_WORDS)}"),
            "settings": ("on", "on", "off", "", f"on {self.random.choice(_CATEGORIES)} count:3", "weekly:fri"),
            "follow": ("Jane Doe", f"title:{word}", paper),
            "feed": ("", number, f"{number} new", f"{number} off"),
            "pause": ("", "a week", "tomorrow", "off"),
            "alerts": ("", "instant", "daily at:09:00", "weekly", "quiet:22:00-07:00", "most:2"),
            "club": (
                *("", "archive", "skip", "unskip", "off"),
                *["on mon at:14:00 tz:Europe/Berlin notice:8640", "on thursday at:09:00 count:1 notice:4000"] * 2,
                *[f"nominate {paper}"] * 5,
                *(f"{each} {paper}" for each in ("vote", "unvote", "present", "unpresent", "withdraw", "carry")),
            ),
            "trending": ("", word, f"{word}, {self.random.choice(_WORDS)}"),
            "who": (*[paper] * 3, "named Ann", "named Ben", "unnamed"),
            "discussed": ("", "1"),
            "link": ("", "off", "K7QF-2M9T now"),
            "forget": ("me", "me", "me", "me now"),
            "taste": ("", "", "on", "off", "reset", "reset now", "reset room now"),
            "save": (paper, f"{paper} tags:{word}"),
            "unsave": (paper, f"{paper} tags:{word}"),
            "saved": ("", word),
            "export": ("saved", f"saved {word} as:csv", f"search {word} as:ris", f"{paper} as:json", "me"),
        }.get(name, ("",))
        said = self.random.choice(fitting)
        return name, f"{said} page:2" if self.random.random() < _SECOND_PAGE else said

    def _compare(self, what: str, together: object, alone: object) -> None:
        if _without_codes(together) != _without_codes(alone):
            self.wrong.append(f"{what}: {_short(together)} beside others, {_short(alone)} alone")


async def _pressed(made: str, tenant: tuple[str, str], store: Store, now: datetime) -> object:
    platform, workspace = tenant
    try:
        return await Pressed.of({"custom_id": made}, workspace, store.ledger(platform), now)
    except ValueError as none:
        return str(none)


def check(trial: Trial) -> Found:
    with _leaking() if trial.planted else _sound():
        return asyncio.run(_check(trial))


async def _check(trial: Trial) -> Found:
    wrong: list[str] = []
    given: defaultdict[str, int] = defaultdict(int)
    for number in range(trial.count):
        async with _walk(f"{trial.folder}/{number}-", trial.random) as walk:
            await walk.begin()
            for _ in range(STEPS):
                await walk.step()
            await walk.end()
        wrong += [f"walk {number}: {each}" for each in walk.wrong]
        for name, times in walk.given.items():
            given[name] += times
    if missing := COMMANDS.keys() - given.keys():
        wrong.append(f"never given: {', '.join(sorted(missing))}")
    steps = trial.count * STEPS
    return Found(
        f"{steps:,} steps in 3 workspaces, {sum(given.values()):,} commands of {len(COMMANDS)} kinds, "
        f"{len(wrong)} differences",
        wrong[:20],
    )


@asynccontextmanager
async def _walk(beginning: str, random: Random) -> AsyncIterator[_Walk]:
    async with AsyncExitStack() as stack:

        async def world(name: str) -> _World:
            return _World(await stack.enter_async_context(connect(f"sqlite:///{beginning}{name}.db")))

        together = await world("together")
        alone = {tenant: await world("-".join(tenant)) for tenant in _WORKSPACES}
        yield _Walk(random, together, alone)


@contextmanager
def _sound() -> Iterator[None]:
    yield


@contextmanager
def _leaking() -> Iterator[None]:
    """Let one query forget the workspace: the one that lists a person's subscriptions."""
    read = Access.read
    whole, part = "(platform, destination.workspace, name) = (?, ?, ?)", "(platform, name) = (?1, ?3)"

    async def leaking(self: Access, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[rows.Row]:
        return await read(self, sql.replace(whole, part), values)

    Access.read = leaking  # type: ignore[method-assign]
    try:
        yield
    finally:
        Access.read = read  # type: ignore[method-assign]


def _without_codes(found: object) -> str:
    """Return what was found as text, without the codes of `link`: no two are alike."""
    return re.sub(r"\b[A-Z2-9]{4}-[A-Z2-9]{4}\b", "CODE", repr(found))


def _short(found: object) -> str:
    text = str(found.text) if isinstance(found, Reply) else repr(found)
    return repr(Text(text).clip(160).plain)


ROWS = (
    Row(
        20,
        "tenants",
        f"every command with what other workspaces have, in walks of {STEPS} steps",
        "0 answers, messages or rows that differ from those of a workspace alone",
        (20, 500),
        check,
        "a query without the workspace",
        2,
    ),
)
