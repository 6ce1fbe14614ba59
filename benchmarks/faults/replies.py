"""Replies that are lost after the platform has taken a message."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any
from unittest.mock import patch

from slack_sdk.web.async_client import AsyncWebClient

from adapters.discord import post
from adapters.discord.messages import Message
from benchmarks.faults import deliveries, hurried
from benchmarks.faults.deliveries import LINES
from benchmarks.faults.hurried import Hurry
from benchmarks.faults.row import Found, Row, Trial
from tests.fakes.faults import Fault, broken, dropped, fine, reset, silent, truncated

_LOST: dict[str, Fault] = {
    "closed": dropped(commit=True),
    "reset": reset(commit=True),
    "silence": silent(commit=True),
    "half a JSON": truncated(),
    "500": broken(500, commit=True),
}
_ROOMS, _PEOPLE = 6, 6
_MOST_FINE = 2  # requests that go well between two that do not


def _check(trial: Trial, *, platform: str, mistake: Callable[[], AbstractContextManager[object]]) -> Found:
    with mistake() if trial.planted else nullcontext():
        return hurried.run(partial(_lost, trial, platform))


async def _lost(trial: Trial, platform: str, hurry: Hurry) -> Found:
    lost = [each for each in _LOST.values() for _ in range(trial.count)]
    trial.random.shuffle(lost)
    planned = [each for fault in lost for each in (*[fine()] * trial.random.randint(0, _MOST_FINE), fault)]
    async with (
        LINES[platform](_ROOMS, _PEOPLE) as line,
        deliveries.opened(line, trial.folder, hurry) as sending,
    ):
        line.disturb(*planned)
        while len(line.requests()) < len(planned):
            await sending.owe()
            await sending.drain()
        wrong = await sending.wrong()
        arrived = line.world.arrived()
    marked = sum(each.may_repeat for each in arrived)
    figures = (
        f"{len(arrived):,} messages, {len(lost)} replies lost ({', '.join(f'{each} x{trial.count}' for each in _LOST)})"
        f", {marked} said to be a possible repeat"
    )
    return Found(figures, wrong)


def _retrying() -> AbstractContextManager[object]:
    class Retrying(AsyncWebClient):
        def __init__(self, *, retry_handlers: object = None, **options: Any) -> None:  # noqa: ANN401  # the SDK's own
            del retry_handlers
            super().__init__(**options)

    return patch("adapters.slack.post.AsyncWebClient", Retrying)


def _unkeyed() -> AbstractContextManager[object]:
    made = post._payload  # the one place where a message gets its key

    def payload(message: Message, *, nonce: str | None) -> Mapping[str, object]:
        return made(message, nonce=nonce and os.urandom(12).hex())

    return patch.object(post, "_payload", payload)


def _row(platform: str, mistake: Callable[[], AbstractContextManager[object]], planted: str) -> Row:
    return Row(
        number=3,
        name=f"replies lost, {platform}",
        fault="the connection closed, reset or silent, half of the JSON, or a 500, after a message was taken",
        expected="0 lost, 0 told twice",
        counts=(20, 20),
        check=partial(_check, platform=platform, mistake=mistake),
        planted=planted,
        planted_count=2,
    )


ROWS = (
    _row("Slack", _retrying, "the SDK tries again by itself"),
    _row("Discord", _unkeyed, "each attempt has another nonce"),
)
