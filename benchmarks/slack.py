"""How soon Slack has its acknowledgement and its answer, beside slack-bolt as its documentation sets it up.

Both answer the same commands from the same store, over Socket Mode, to a Slack on loopback in the same process, which
does not judge here: what it takes itself is in both figures. Paperwire's answer to a command comes with the
acknowledgement; a button is acknowledged before anything else, so the acknowledgement alone is measured with one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from time import perf_counter, process_time
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import Adapter, blocks
from adapters.slack.parts import Press
from benchmarks import material
from benchmarks.chats import LINES, filled, percentiles, running
from benchmarks.timing import Cost, Row
from bot.commands import answer, call
from bot.config import Settings
from bot.model import Destination
from bot.ports import Store
from bot.service import offer
from tests.fakes.slack import FakeSlack

_PRESSED = {
    "type": "button",
    "block_id": "b",
    "action_id": "below:end:0",
    "text": {"type": "plain_text", "text": "Help"},
    "value": Press("help").dump(),
    "action_ts": "1.1",
}
_ROOM, _CALLER = Destination("slack", "T1", "C1"), Destination("slack", "T1", "@U1")
_CUT_EVERY = 2.0  # seconds


def rows(rounds: int, count: int) -> list[tuple[str, list[Row]]]:
    if not material.CORPUS.exists():
        return [("Slack: there is no corpus beside the checkout", [])]
    return asyncio.run(_rows(rounds, count))


async def _rows(rounds: int, count: int) -> list[tuple[str, list[Row]]]:
    async with filled(count) as (store, papers):
        acks, answers = await _asked(store, rounds)
        gaps = await _cut(store, max(6.0, rounds / 2))
    return [
        ("Slack: from the envelope of a button to its acknowledgement, p50 and p99", acks),
        (f"Slack, {papers:,} papers: from the envelope of a command to its answer, p50 and p99", answers),
        (f"Slack, the socket cut every {_CUT_EVERY:g} s: share of the time without a connection", gaps),
    ]


async def _asked(store: Store, rounds: int) -> tuple[list[Row], list[Row]]:
    """Let both answer in turns; return the times to the acknowledgement and to the answer."""
    async with (
        FakeSlack(judging=False) as ours,
        FakeSlack(judging=False) as theirs,
        paperwire(ours, store),
        _bolt(theirs, store),
    ):
        times: dict[str, tuple[list[Cost], list[Cost]]] = {"Paperwire": ([], []), "slack-bolt as documented": ([], [])}
        slacks = dict(zip(times, (ours, theirs), strict=True))
        for number in range(rounds):
            for line in LINES:
                for name in list(slacks)[:: -1 if number % 2 else 1]:
                    await _ask(slacks[name], line, *times[name])
    acks = {name: each[0] for name, each in times.items()}
    return percentiles(acks), percentiles({name: each[1] for name, each in times.items()})


async def _ask(slack: FakeSlack, line: str, acks: list[Cost], answers: list[Cost]) -> None:
    wall, cpu = perf_counter(), process_time()
    said = await slack.answered(await slack.slash(line))
    answers.append(Cost(perf_counter() - wall, process_time() - cpu))
    cpu = process_time()
    ack = await slack.block_action(_PRESSED, on=said)
    acks.append(Cost(ack.elapsed, process_time() - cpu))
    await slack.answered(ack)


async def _cut(store: Store, seconds: float) -> list[Row]:
    """Cut each one's connections again and again; return how long nobody could be reached."""
    rows = []
    for name, started in (("Paperwire", paperwire), ("slack-bolt as documented", _bolt)):
        async with FakeSlack() as slack, started(slack, store):
            begun = checked = perf_counter()
            cut = begun + _CUT_EVERY
            away = longest = gap = 0.0
            while checked - begun < seconds:
                await asyncio.sleep(0.005)
                now = perf_counter()
                if now > cut:
                    slack.cut(0) if slack.sockets.open else None
                    cut += _CUT_EVERY
                gap = 0.0 if slack.sockets.open else gap + now - checked
                away += 0.0 if slack.sockets.open else now - checked
                longest = max(longest, gap)
                checked = now
        rows.append(Row(name, f"{away / seconds:.1%}, longest {longest:.1f} s", ""))
    return rows


@asynccontextmanager
async def paperwire(slack: FakeSlack, store: Store) -> AsyncIterator[None]:
    settings = Settings(database="", slack_api=slack.api, slack_bot_token=slack.token, slack_app_token=slack.app_token)
    async with (
        Adapter.open(settings, store.ledger("slack")) as adapter,
        running(adapter.run(_answering(store), partial(offer, store=store))),
    ):
        await slack.connected(2)
        yield


@asynccontextmanager
async def _bolt(slack: FakeSlack, store: Store) -> AsyncIterator[None]:
    app = AsyncApp(client=AsyncWebClient(slack.token, base_url=slack.api))

    @app.command("/papers")
    async def papers(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        await give(body["text"], respond)

    @app.action(re.compile(""))
    async def pressed(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await give("help", respond)

    async def give(line: str, respond: AsyncRespond) -> None:
        asked = call(line, room=_ROOM, caller=_CALLER, at=datetime.now(UTC))
        said = blocks.message(await answer(asked, store), by="U1")
        await respond(
            text=said.text, blocks=list(said.blocks), unfurl_links=False, unfurl_media=False, replace_original=False
        )

    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await slack.connected()
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


def _answering(store: Store) -> Callable[[Any], Awaitable[Any]]:
    return lambda asked: answer(asked, store)
