"""The commands of the command line that see and mend what is owed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import click

import storage
from bot import config
from bot.cli.settings import begin, database_option
from bot.exits import UNREADABLE, Failure, printable
from bot.ports import Store

_STATES = ("pending", "sending", "sent", "dead", "expired", "merged", "held")


@click.group()
def outbox() -> None:
    """See and mend what is owed: list, requeue, release, drop."""


@outbox.command("list")
@database_option
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only of this state; repeatable.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
def outbox_list(database: str | None, states: Sequence[str], limit: int) -> None:
    """List what is and was owed, the newest first."""
    asyncio.run(_list(states, limit, begin(database)))


@outbox.command("requeue")
@database_option
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1), metavar="ID...")
def outbox_requeue(database: str | None, ids: Sequence[int]) -> None:
    """Owe anew what was given up or waits, as if it had never been tried. A service that runs delivers it."""
    asyncio.run(_change("Owed anew", ids, begin(database), lambda store: store.requeue(ids, datetime.now(UTC))))


@outbox.command("drop")
@database_option
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1), metavar="ID...")
def outbox_drop(database: str | None, ids: Sequence[int]) -> None:
    """Give up what waits or is held: nobody gets it."""
    asyncio.run(_change("Given up", ids, begin(database), lambda store: store.drop(ids)))


@outbox.command("release")
@database_option
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1), metavar="ID...")
def outbox_release(database: str | None, ids: Sequence[int]) -> None:
    """Send what is held since a backup was restored. It may be a repeat, and says so where the platform lets it."""
    asyncio.run(_change("Released", ids, begin(database), lambda store: store.let_go(ids)))


async def _list(states: Sequence[str], limit: int, settings: config.Settings) -> None:
    from bot.delivery.outbox import lines  # noqa: PLC0415

    async with storage.connect(settings.database) as store:
        found, total = await store.deliveries(states=states, limit=limit)
    for line in lines(found, total, datetime.now(UTC).astimezone()):
        click.echo(printable(line))


async def _change(
    done: str, ids: Sequence[int], settings: config.Settings, change: Callable[[Store], Awaitable[Sequence[int]]]
) -> None:
    async with storage.connect(settings.database) as store:
        changed = await change(store)
    click.echo(f"{done}: {len(changed)} of {len(set(ids))}.")
    if other := sorted(set(ids) - set(changed)):
        raise Failure(UNREADABLE, f"Not in the outbox, or in no state for that: {', '.join(map(str, other))}.")
