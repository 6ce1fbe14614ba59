"""Every code by which a platform refuses for good: once is enough, and whoever can put it right hears of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import storage
from adapters.discord import failures as of_discord
from adapters.slack import failures as of_slack
from benchmarks.faults import hurried
from benchmarks.faults.deliveries import LINES, Deliveries
from benchmarks.faults.hurried import Hurry
from benchmarks.faults.row import Found, Row, Trial
from bot.model import Following
from bot.search.grammar import parse
from tests.fakes import discord_faults, slack_faults
from tests.fakes.faults import Fault

_Kind = Literal["room", "person", "content", "left", "refused"]

_LOOK_EVERY = 600.0  # seconds
_LOOKS = 144  # which is a day
_MOST_REFUSED = 3  # messages in a row, until the room is taken to be the trouble


@dataclass(frozen=True, slots=True)
class _Case:
    """A code, and what it speaks of: a room, a person, one message's content, a workspace that is gone or closed.

    `fault` is how the platform answers; a workspace that lets nothing through answers so for ever.
    """

    code: str
    kind: _Kind
    fault: Fault


_PEOPLE_OF_SLACK = ("user_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot", "messages_tab_disabled")
_SLACK = (
    *(_Case(code, "room", slack_faults.refused(code)) for code in sorted(of_slack.GONE)),
    *(_Case(code, "person", slack_faults.refused(code)) for code in _PEOPLE_OF_SLACK),
    *(_Case(code, "content", slack_faults.refused(code)) for code in sorted(of_slack.CONTENT)),
    *(_Case(code, "left", slack_faults.refused(code)) for code in sorted(of_slack.LEFT)),
    *(_Case(code, "refused", slack_faults.refused(code)) for code in sorted(of_slack.REFUSED)),
)
_DISCORD = (
    *(_Case(str(code), "room", discord_faults.refused(403, code)) for code in sorted(of_discord.GONE)),
    *(_Case(str(code), "person", discord_faults.refused(403, code)) for code in sorted(of_discord.CLOSED)),
    *(_Case(str(code), "content", discord_faults.refused(400, code)) for code in sorted(of_discord.CONTENT)),
    *(_Case(str(code), "refused", discord_faults.refused(401, code)) for code in (0, 40001, 50014)),
    _Case("40333", "refused", discord_faults.refused(403, 40333)),
)


def _check(trial: Trial, *, platform: str, cases: Sequence[_Case], mistake: _Mistake) -> Found:
    chosen = trial.random.sample(cases, min(trial.count, len(cases)))
    wrong, asked = [], Counter[str]()
    with mistake() if trial.planted else nullcontext():
        for number, case in enumerate(chosen):
            folder = trial.folder / str(number)
            folder.mkdir()
            found, further = hurried.run(partial(_refused, platform, case, folder))
            wrong += [f"{case.code}, of a {case.kind}: {each}" for each in found]
            asked[case.kind] = max(asked[case.kind], further)
    kinds = Counter(case.kind for case in chosen)
    figures = f"{len(chosen)} codes ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))})"
    often = asked.pop("refused", 0)
    short = [f"{kinds['refused']} that may pass are asked again, at most {often} times in 24 h"] if often else []
    return Found(f"{figures}, at most {max(asked.values(), default=0)} further requests in 24 h", wrong, short)


async def _refused(platform: str, case: _Case, folder: Path, hurry: Hurry) -> tuple[list[str], int]:
    """Let a room or a person refuse, and a day pass; return what is wrong, and the requests that came after."""
    async with (
        LINES[platform](4, 1) as line,
        storage.connect(f"sqlite:///{folder / 'papers.db'}") as store,
    ):
        hurry.tell = lambda seconds: setattr(line.world, "ahead", seconds)
        sending = Deliveries(store, line, hurry)
        (room, category), (person,) = line.world.rooms[0], line.world.people
        if case.kind == "person":
            await store.subscribe(person, parse("clouds"), hurry.clock())
        else:
            await store.follow(Following(room, (category,), owner=person))
        tries = _MOST_REFUSED if case.kind == "content" else 1
        line.disturb(*[case.fault] * (1_000 if case.kind == "refused" else tries))
        async with sending.running() as look:
            for _ in range(tries):
                await sending.owe()
                await look()
            tried = len(line.requests())
            await look()  # what the owner is told
            before = line.asked()
            for number in range(_LOOKS):
                hurry.pass_by(_LOOK_EVERY)
                if number % (_LOOKS // 4) == 0:
                    await sending.owe()
                await look()
        further = line.asked() - before
        told = [each.place for each in line.world.arrived()]
        paused = await store.paused(person if case.kind == "person" else room)
    if case.kind == "refused":
        return ([f"{told} arrived"] if told else []), further
    expected = line.world.places(person) if case.kind in ("room", "content") else ()
    found = {
        f"tried {tried} times": tried > tries + len(expected),
        f"{further} further requests": further > 0,
        f"told {told}": told != list(expected),
        "not paused": paused is None and case.kind != "left",
    }
    return [what for what, is_so in found.items() if is_so], further


def _unknown(platform: str) -> AbstractContextManager[object]:
    module, names = {"Slack": (of_slack, ("GONE", "CONTENT", "LEFT")), "Discord": (of_discord, ("GONE", "CONTENT"))}[
        platform
    ]
    stack = ExitStack()
    for name in names:
        stack.enter_context(patch.object(module, name, {}))
    return stack


_Mistake = Callable[[], AbstractContextManager[object]]

ROWS = tuple(
    Row(
        number=6,
        name=f"permanent codes, {platform}",
        fault="every code that no message gets past, of a room, a person, a message, a workspace",
        expected="paused after 1 try (3 messages where it is the content), owner told once, 0 further requests in 24 h",
        counts=(len(cases), len(cases)),
        check=partial(_check, platform=platform, cases=cases, mistake=partial(_unknown, platform)),
        planted="the codes are not known",
        planted_count=5,
    )
    for platform, cases in (("Slack", _SLACK), ("Discord", _DISCORD))
)
