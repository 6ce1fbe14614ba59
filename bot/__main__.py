"""The command line, and the wiring: the only module that sees the core, the adapters and the storage."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

import click

import adapters
import storage
from bot import config
from bot.exits import CONFIGURATION, DISK, UNREADABLE, USAGE, Failure, complain, explained, printable
from bot.log import start_log
from bot.model import Destination, Reply, Text, UserError
from bot.ports import StoreError, Unreachable

if TYPE_CHECKING:
    from bot.doctor import Finding
    from bot.model import Digest
    from bot.ports import Platform, Source, Store


def main() -> NoReturn:
    """Run the command line, and end with the exit code that says how it went."""
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a file name that is no text must not stop the sentence about it
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = cli(prog_name="paperwire", standalone_mode=False)
    except click.Abort:
        code = 130
    except click.ClickException as error:
        shown = io.StringIO()  # it may quote what stands for a file's name
        error.show(shown)
        click.echo("\n".join(map(printable, shown.getvalue().rstrip().split("\n"))), err=True)
        code = error.exit_code
    except Exception as error:  # noqa: BLE001  # here a bug becomes one line and a code
        code = explained(error)
    sys.exit(code)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib import metadata  # noqa: PLC0415

        with suppress(metadata.PackageNotFoundError):
            click.echo(f"paperwire {metadata.version('paperwire')}")
            context.exit()
        click.echo("paperwire, run from a checkout that is not installed")
        context.exit()


def _address(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    value = value if value is not None else context.find_root().params.get("database")
    if value is not None and not re.match(config.ADDRESS, value):
        raise click.BadParameter(f"write it like sqlite:///paperwire.db, or with an absolute path: {_EXAMPLE}")
    return value


def _https(_: click.Context, __: click.Parameter, value: str) -> str:
    if value and not re.fullmatch(r"https://[\w.-]+(:\d+)?/?", value, re.ASCII):
        raise click.BadParameter("write it like https://papers.example, without a path")
    return value.rstrip("/")


_STATES = ("pending", "sending", "sent", "dead", "expired", "merged")
_AUTHORS_OF_LAST = 30  # days
_LEAVE_WITHIN = 2.0  # seconds
_EXAMPLE = "sqlite:////var/lib/paperwire/paperwire.db"
_database = click.option(
    "--database",
    metavar="ADDRESS",
    callback=_address,
    help="The database, like sqlite:///paperwire.db. Without it PAPERWIRE_DATABASE names it, else it is kept "
    "with your other data.",
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  paperwire demo                                  a tour; needs no token and no network
  paperwire ingest digests/                       take in a folder of digests
  paperwire ask 'search "point cloud" -medical'   one command, as in a chat
  paperwire ask --json today | jq .cards
  paperwire run                                   the service, and a prompt on a terminal""",
)
@_database
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def cli(database: str | None) -> None:
    """Paperwire: the daily research-paper digest, in a terminal."""
    # Before the verb or after it, `--database` means the same: `_address` finds it in either place.
    del database


@cli.command()
@click.option("--digests", type=click.Path(), metavar="PATH", help="A file or folder to tour instead of the sample.")
def demo(digests: str | None) -> None:
    """Take a guided tour with a sample digest; on a terminal, try the commands afterwards."""
    asyncio.run(_demo(digests, _begin(None)))


@cli.command()
@_database
@click.option("--once", is_flag=True, help="Gather and deliver what there is now, and end.")
def run(database: str | None, *, once: bool) -> None:
    """Run the service: gather digests, answer what people ask, deliver what is owed. SIGTERM or Ctrl-C ends it."""
    settings = _begin(database, service=not _has_person())
    with storage.own(settings.database):
        asyncio.run(_run(settings, once=once))


@cli.command()
@_database
@click.option("--silent", is_flag=True, help="Owe nobody anything for these digests: for an archive.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
def ingest(sources: Sequence[str], database: str | None, *, silent: bool) -> None:
    """Take in digests from files, folders, web addresses, arXiv itself. Doing it again changes nothing.

    A folder is searched for .md, .markdown, .xml, .rss, .atom and .txt files, also with .gz. arxiv:cs.CV+cs.CL is
    the newest listing of these categories. What cannot be read is reported and does not stop the rest; a SOURCE of
    which nothing could be read makes the exit code 65.
    """
    asyncio.run(_ingest(sources, _begin(database), owe=not silent))


_day = click.DateTime(["%Y-%m-%d"])


@cli.command(
    epilog="""\b
Examples:
  paperwire backfill cs.CV --since 2026-11-01
  paperwire backfill cs.CV cs.CL --since 2026-10-01 --until 2026-10-31"""
)
@_database
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
    asyncio.run(_backfill(categories, since.date(), last, _begin(database)))


@cli.command()
@_database
@click.option("--since", type=_day, metavar="DATE", help="Of papers listed from this day on; without it, the last 30.")
def authors(database: str | None, since: datetime | None) -> None:
    """Look up the authors of papers that came without, at arXiv.

    With PAPERWIRE_AUTHORS=arxiv the service does so by itself, for what comes in.
    """
    asyncio.run(_authors(since.date() if since else None, _begin(database)))


@cli.group()
def outbox() -> None:
    """See and mend what is owed: list, requeue, drop."""


@outbox.command("list")
@_database
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only of this state; repeatable.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
def outbox_list(database: str | None, states: Sequence[str], limit: int) -> None:
    """List what is and was owed, the newest first."""
    asyncio.run(_outbox_list(states, limit, _begin(database)))


@outbox.command("requeue")
@_database
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1), metavar="ID...")
def outbox_requeue(database: str | None, ids: Sequence[int]) -> None:
    """Owe anew what was given up or waits, as if it had never been tried. A service that runs delivers it."""
    asyncio.run(_outbox_change("requeue", ids, _begin(database)))


@outbox.command("drop")
@_database
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1), metavar="ID...")
def outbox_drop(database: str | None, ids: Sequence[int]) -> None:
    """Give up what waits: nobody gets it."""
    asyncio.run(_outbox_change("drop", ids, _begin(database)))


@cli.command(
    epilog="""\b
Examples:
  paperwire ask today
  paperwire ask 'search "point cloud" -medical'
  paperwire ask help"""
)
@_database
@click.argument("line")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
def ask(line: str, database: str | None, *, as_json: bool) -> None:
    """Give one command, LINE, as you would type it in a chat; quote it for your shell."""
    try:
        answered = asyncio.run(_ask(line, _begin(database), as_json=as_json))
    except (config.SettingsError, StoreError) as error:
        if as_json:
            asyncio.run(adapters.terminal().show_json(Reply(Text(str(error)), error=str(error))))
        raise
    if not answered:
        raise click.exceptions.Exit(USAGE)


@cli.command()
@_database
def doctor(database: str | None) -> None:
    """Check the settings, the database and this machine; say what to do about what is wrong."""
    raise click.exceptions.Exit(asyncio.run(_doctor(_begin(database, quiet=True))))


@cli.command(
    epilog="""\b
Examples:
  paperwire manifest slack                               for Socket Mode, which needs no address
  paperwire manifest slack --url https://papers.example  for HTTP"""
)
@click.argument("platform")
@click.option("--url", default="", metavar="ADDRESS", callback=_https, help="Where the platform can call Paperwire.")
def manifest(platform: str, url: str) -> None:
    """Print what PLATFORM makes an app of: paste it there."""
    click.echo(adapters.manifest(platform, _begin(None), url))


@cli.command()
@_database
def migrate(database: str | None) -> None:
    """Bring the database to this version's schema, after a backup; make it where there is none."""
    settings = _begin(database)
    asyncio.run(_migrate(settings))
    found = storage.inspect(settings.database)
    click.echo(printable(f"{storage.path(settings.database)} has schema {found.schema if found else 0}."))


async def _doctor(settings: config.Settings) -> int:
    code = 0
    async for found in _findings(settings):
        click.echo(f"{found.state:<4}  {printable(found.text)}")
        code = code or {"configuration": CONFIGURATION, "disk": DISK}.get(found.about, 0)
    return code


async def _findings(settings: config.Settings) -> AsyncIterator[Finding]:
    from bot.doctor import Finding, diagnose  # noqa: PLC0415

    for found in diagnose(settings, storage.path(settings.database), lambda: storage.inspect(settings.database)):
        yield found
    for address in settings.every_source:
        try:
            source = adapters.source(address, settings)
        except UserError as error:
            yield Finding("FAIL", f"Source: {error}", "configuration")
        else:
            yield Finding("ok", f"Source: {source.address}")
    for name in settings.platforms:
        async for found in adapters.checks(name, settings):
            yield found


def _begin(database: str | None, *, service: bool = False, quiet: bool = False) -> config.Settings:
    """Read the settings and start the log."""
    settings = config.settings(database)
    start_log(settings, service=service)
    if not quiet:
        for sentence in config.unknown_settings():
            complain(sentence)
    return settings


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
        await terminal.show(reply)
    return reply.error is None


async def _migrate(settings: config.Settings) -> None:
    async with storage.connect(settings.database):
        pass


async def _demo(path: str | None, settings: config.Settings) -> None:
    from bot import batch, demo  # noqa: PLC0415
    from bot.service import offer, respond  # noqa: PLC0415

    if path is None:
        digests = list(demo.sample())
    else:
        source = _source(path, settings)
        digests = [digest async for each in batch.read(source) for digest in each or ()]
        if not digests:
            raise Failure(UNREADABLE, f"{path}: no digest in it could be read.")
    with TemporaryDirectory(prefix="paperwire-") as folder:
        async with storage.connect(f"sqlite:///{folder}/demo.db") as store:
            terminal = adapters.terminal()
            await demo.tour(digests, store, terminal)
            if _has_person():
                await terminal.say("Now it is yours: type help to see every command, and exit to leave.")
                await terminal.run(
                    lambda call: respond(call, store), lambda call, name, typed: offer(call, name, typed, store)
                )


async def _ingest(addresses: Sequence[str], settings: config.Settings, *, owe: bool) -> None:
    from bot import batch  # noqa: PLC0415

    sources: list[Source] = []
    for address in addresses:
        try:
            sources.append(_source(address, settings))
        except Failure as error:
            complain(str(error))
    async with storage.connect(settings.database) as store:
        readable = await batch.ingest(sources, store, owe=owe)
    if not readable or len(sources) < len(addresses):
        raise click.exceptions.Exit(UNREADABLE)


async def _backfill(categories: Sequence[str], first: date, last: date, settings: config.Settings) -> None:
    from bot import batch  # noqa: PLC0415

    def ask(progress: Callable[[date, int], None]) -> AsyncIterator[Digest]:
        return adapters.backfill(categories, first, last, settings, progress=progress)

    async with storage.connect(settings.database) as store:
        await batch.backfill(ask, store)


async def _authors(since: date | None, settings: config.Settings) -> None:
    from bot.enrichment import enrich  # noqa: PLC0415

    async with storage.connect(settings.database) as store:
        newest = await store.newest()
        begin = since or (newest - timedelta(days=_AUTHORS_OF_LAST - 1) if newest else date.max)
        found = await enrich(store, adapters.lookup(settings), datetime.now(UTC).astimezone(), since=begin)
    click.echo(f"Papers whose authors were found: {found:,}.")


async def _outbox_list(states: Sequence[str], limit: int, settings: config.Settings) -> None:
    from bot.outbox import lines  # noqa: PLC0415

    async with storage.connect(settings.database) as store:
        found, total = await store.deliveries(states=states, limit=limit)
    for line in lines(found, total, datetime.now(UTC).astimezone()):
        click.echo(printable(line))


async def _outbox_change(what: str, ids: Sequence[int], settings: config.Settings) -> None:
    async with storage.connect(settings.database) as store:
        changed = await (store.requeue(ids, datetime.now(UTC)) if what == "requeue" else store.drop(ids))
    click.echo(f"{'Owed anew' if what == 'requeue' else 'Given up'}: {len(changed)} of {len(set(ids))}.")
    if other := sorted(set(ids) - set(changed)):
        raise Failure(UNREADABLE, f"Not in the outbox, or in no state for that: {', '.join(map(str, other))}.")


def _has_person() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _source(path: str, settings: config.Settings) -> Source:
    try:
        source = adapters.source(path, settings)
    except UserError as error:
        raise Failure(UNREADABLE, str(error)) from None
    if not len(source):
        complain(f"{path}: there are no digest files in this folder.")
    return source


async def _run(settings: config.Settings, *, once: bool) -> None:
    await (_serve_once(settings) if once else _serve(settings))
    # All is written and closed. A thread that still looks up the address of a host is not waited for.
    leaving = threading.Timer(_LEAVE_WITHIN, os._exit, (0,))
    leaving.daemon = True
    leaving.start()


async def _serve_once(settings: config.Settings) -> None:
    from bot.delivery import deliver  # noqa: PLC0415
    from bot.gathering import gather_once  # noqa: PLC0415

    clock = adapters.terminal().clock
    async with _opened(settings) as (store, platforms):
        sources = _sources(settings, store)
        stop = _stopped_by_signal()
        await gather_once(sources, store, clock, stop, admin=_admin(settings))
        await store.begin_delivery()
        tally = await deliver(store, platforms, clock, stop.is_set)
    complain(f"{tally.sent} delivered, {tally.failed} failed, {tally.uncertain} uncertain")


async def _serve(settings: config.Settings) -> None:
    from bot import metrics  # noqa: PLC0415
    from bot.enrichment import keep_enriching  # noqa: PLC0415
    from bot.gathering import keep_gathering  # noqa: PLC0415
    from bot.pulse import Pulse  # noqa: PLC0415
    from bot.service import serve, unwell  # noqa: PLC0415

    typed = sys.stdin is not None and sys.stdin.isatty()
    clock = adapters.terminal().clock
    async with _opened(settings) as (store, platforms):
        sources = _sources(settings, store)
        beside: list[Callable[[asyncio.Event], Awaitable[None]]] = [
            lambda stop: keep_gathering(sources, store, clock, stop, admin=_admin(settings))
        ]
        if settings.authors == "arxiv":
            beside.append(lambda stop: keep_enriching(store, adapters.lookup(settings), clock, stop))
        pulse = Pulse()
        async with AsyncExitStack() as stack:
            if settings.health_listen:
                stack.enter_context(metrics.recording())
                await stack.enter_async_context(
                    adapters.health(
                        settings.health_listen,
                        lambda: unwell(store, platforms, pulse),
                        lambda: metrics.exposition(store, platforms, clock()),
                    )
                )
            stop = _stopped_by_signal()
            await serve(store, platforms, clock, stop, outlive_asking=not typed, beside=beside, pulse=pulse)


def _sources(settings: config.Settings, store: Store) -> list[Source]:
    """Return the service's sources; one that cannot be is a mistake in the settings."""
    try:
        return [adapters.source(each, settings, store.ledger("sources")) for each in settings.every_source]
    except UserError as error:
        raise config.SettingsError(f"PAPERWIRE_SOURCES: {error}") from None


def _admin(settings: config.Settings) -> Destination | None:
    return Destination.parse(settings.admin) if settings.admin else None


def _stopped_by_signal() -> asyncio.Event:
    """Return what is set where the process is asked to end. Until then a signal ends it at once: nothing is begun."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _opened(settings: config.Settings) -> AsyncIterator[tuple[Store, Mapping[str, Platform]]]:
    """Open the store and the platforms that are configured.

    One that cannot be reached now must not keep the others from their people. Raise `Unreachable` where nobody is left.
    """
    from bot.service import Late  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(storage.connect(settings.database))

        async def opened(name: str) -> Platform:
            ledger = store.ledger(name, settings.secret_keys)
            return await stack.enter_async_context(adapters.platform(name, settings, ledger))

        platforms: dict[str, Platform] = {}
        silent: list[Unreachable] = []
        for name in settings.platforms:
            try:
                platforms[name] = await opened(name)
            except Unreachable as error:
                platforms[name] = Late(name, partial(opened, name))
                silent.append(error)
        if silent and len(silent) == len(platforms) - 1:  # all but the terminal, which needs no answer
            raise silent[0]
        for each in silent:
            complain(str(each))
        yield store, platforms


if __name__ == "__main__":
    main()
