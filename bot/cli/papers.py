"""The commands of the command line that take papers in and show them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

import adapters
import storage
from bot import config
from bot.cli.settings import begin, database_option, has_person
from bot.exits import UNREADABLE, USAGE, Failure, complain
from bot.model import Reply, Text, UserError
from bot.ports import StoreError

if TYPE_CHECKING:
    from bot.model import Digest
    from bot.ports import Source

_AUTHORS_OF_LAST = 30  # days
_day = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--digests", type=click.Path(), metavar="PATH", help="A file or folder to tour instead of the sample.")
def demo(digests: str | None) -> None:
    """Take a guided tour with a sample digest; on a terminal, try the commands afterwards."""
    asyncio.run(_demo(digests, begin(None)))


@click.command(
    epilog="""\b
Examples:
  paperwire ask today
  paperwire ask 'search "point cloud" -medical'
  paperwire ask help"""
)
@database_option
@click.argument("line")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
def ask(line: str, database: str | None, *, as_json: bool) -> None:
    """Give one command, LINE, as you would type it in a chat; quote it for your shell.

    A file that it makes is written into this folder; where the output goes elsewhere, with > FILE or into a pipe, the
    file is all of it.
    """
    try:
        answered = asyncio.run(_ask(line, begin(database), as_json=as_json))
    except (config.SettingsError, StoreError) as error:
        if as_json:
            asyncio.run(adapters.terminal().show_json(Reply(Text(str(error)), error=str(error))))
        raise
    if not answered:
        raise click.exceptions.Exit(USAGE)


@click.command()
@database_option
@click.option("--silent", is_flag=True, help="Owe nobody anything for these digests: for an archive.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
def ingest(sources: Sequence[str], database: str | None, *, silent: bool) -> None:
    """Take in digests from files, folders, web addresses, arXiv itself. Doing it again changes nothing.

    A folder is searched for .md, .markdown, .xml, .rss, .atom and .txt files, also with .gz. arxiv:cs.CV+cs.CL is
    the newest listing of these categories. What cannot be read is reported and does not stop the rest; a SOURCE of
    which nothing could be read makes the exit code 65.
    """
    asyncio.run(_ingest(sources, begin(database), owe=not silent))


@click.command(
    epilog="""\b
Examples:
  paperwire backfill cs.CV --since 2026-11-01
  paperwire backfill cs.CV cs.CL --since 2026-10-01 --until 2026-10-31"""
)
@database_option
@click.option("--since", type=_day, required=True, metavar="DATE", help="The first day, like 2026-11-01.")
@click.option("--until", type=_day, metavar="DATE", help="The last day; without it, today.")
@click.argument("categories", nargs=-1, required=True, metavar="CATEGORY...")
def backfill(categories: Sequence[str], database: str | None, since: datetime, until: datetime | None) -> None:
    """Take in what arXiv announced in some categories in the past. Nobody is told of it.

    arXiv's archive interface is asked, slowly as it wants it: a month of a large category takes minutes. It can be
    stopped and started again. It does not say when a paper was announced: that is worked out from when it was
    submitted, and papers that waited for a moderator were announced later.
    """
    today = datetime.now(UTC).date()
    if since.date() > today:
        raise click.BadParameter("it is yet to come", param_hint="--since")
    last = until.date() if until else today
    if last < since.date():
        raise click.BadParameter("it is before --since", param_hint="--until")
    asyncio.run(_backfill(categories, since.date(), last, begin(database)))


@click.command()
@database_option
@click.option("--since", type=_day, metavar="DATE", help="Of papers listed from this day on; without it, the last 30.")
def authors(database: str | None, since: datetime | None) -> None:
    """Look up the authors of papers that came without, at arXiv.

    With PAPERWIRE_AUTHORS=arxiv the service does so by itself, for what comes in.
    """
    asyncio.run(_authors(since.date() if since else None, begin(database)))


async def _demo(path: str | None, settings: config.Settings) -> None:
    from bot import demo  # noqa: PLC0415
    from bot.gathering import batch  # noqa: PLC0415
    from bot.service import offer, respond  # noqa: PLC0415

    if path is None:
        digests = list(demo.sample())
    else:
        source = source_at(path, settings)
        digests = [digest async for each in batch.read(source) for digest in each or ()]
        if not digests:
            raise Failure(UNREADABLE, f"{path}: no digest in it could be read.")
    with TemporaryDirectory(prefix="paperwire-") as folder:
        async with storage.connect(f"sqlite:///{folder}/demo.db") as store:
            terminal = adapters.terminal()
            await demo.tour(digests, store, terminal)
            if has_person():
                await terminal.say("Now it is yours: type help to see every command, and exit to leave.")
                await terminal.run(
                    lambda call: respond(call, store), lambda call, name, typed: offer(call, name, typed, store)
                )


async def _ask(line: str, settings: config.Settings, *, as_json: bool) -> bool:
    from bot.commands import answer  # noqa: PLC0415

    terminal = adapters.terminal()
    async with storage.connect(settings.database) as store:
        reply = await answer(terminal.call(line), store)
    if as_json:
        await terminal.show_json(reply)
    elif reply.error is not None:
        complain(*reply.error.split("\n"))
    else:
        await terminal.give(reply)
    return reply.error is None


async def _ingest(addresses: Sequence[str], settings: config.Settings, *, owe: bool) -> None:
    from bot.gathering import batch  # noqa: PLC0415

    sources: list[Source] = []
    for address in addresses:
        try:
            sources.append(source_at(address, settings))
        except Failure as error:
            complain(str(error))
    async with storage.connect(settings.database) as store:
        readable = await batch.ingest(sources, store, owe=owe)
    if not readable or len(sources) < len(addresses):
        raise click.exceptions.Exit(UNREADABLE)


async def _backfill(categories: Sequence[str], first: date, last: date, settings: config.Settings) -> None:
    from bot.gathering import batch  # noqa: PLC0415

    def ask(progress: Callable[[date, int], None]) -> AsyncIterator[Digest]:
        return adapters.backfill(categories, first, last, settings, progress=progress)

    async with storage.connect(settings.database) as store:
        await batch.backfill(ask, store)


async def _authors(since: date | None, settings: config.Settings) -> None:
    from bot.gathering.enrichment import enrich  # noqa: PLC0415

    async with storage.connect(settings.database) as store:
        newest = await store.newest()
        begin = since or (newest - timedelta(days=_AUTHORS_OF_LAST - 1) if newest else date.max)
        found = await enrich(store, adapters.lookup(settings), datetime.now(UTC).astimezone(), since=begin)
    click.echo(f"Papers whose authors were found: {found:,}.")


def source_at(path: str, settings: config.Settings) -> Source:
    try:
        source = adapters.source(path, settings)
    except UserError as error:
        raise Failure(UNREADABLE, str(error)) from None
    if not len(source):
        complain(f"{path}: there are no digest files in this folder.")
    return source
