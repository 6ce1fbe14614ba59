"""The command line, and the wiring: the only module that sees the core, the adapters and the storage."""

from __future__ import annotations

import asyncio
import errno
import io
import logging
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

import click

import adapters
import storage
from bot import config
from bot.log import log_bug, start_log
from bot.model import Reply, Text, UserError
from bot.ports import AlreadyRunning, SchemaError, StoreError, Unreachable

if TYPE_CHECKING:
    from bot.doctor import Finding
    from bot.model import Digest
    from bot.ports import Platform, Source, Store

USAGE, UNREADABLE, UNREACHABLE, BUG, DISK, RUNNING, CONFIGURATION = 2, 65, 69, 70, 74, 75, 78
# EBADF: an output that is closed, or not for writing.
_DISK_TROUBLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EBADF)

# So long at most do alerts wait for the rest of a batch of digests: one that is killed does not keep them for ever.
_HOLD = timedelta(minutes=10)


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
        click.echo("\n".join(map(_printable, shown.getvalue().rstrip().split("\n"))), err=True)
        code = error.exit_code
    except Exception as error:  # noqa: BLE001  # here a bug becomes one line and a code
        code = _explained(error)
    sys.exit(code)


class _Failure(Exception):  # noqa: N818  # an outcome that has its own exit code
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def _explained(error: Exception) -> int:
    """Say on stderr what ended the program, and return its exit code."""
    codes: dict[type[Exception], int] = {
        config.SettingsError: CONFIGURATION,
        SchemaError: CONFIGURATION,
        AlreadyRunning: RUNNING,
        StoreError: DISK,
        Unreachable: UNREACHABLE,
        UserError: USAGE,
    }
    if isinstance(error, _Failure):
        code, text = error.code, str(error)
    elif kind := next((kind for kind in codes if isinstance(error, kind)), None):
        code, text = codes[kind], str(error)
    elif isinstance(error, OSError) and error.errno in _DISK_TROUBLE:
        code, text = DISK, f"{error.strerror}: {error.filename or 'this could not be written'}."
    else:
        found = log_bug(logging.getLogger(__name__), error)
        code = BUG
        text = f"This is a bug ({found}). PAPERWIRE_LOG=debug shows where it happened; please report it."
    _complain(*(text.split("\n") if isinstance(error, config.SettingsError) else [text]))
    return code


def _complain(*lines: str) -> None:
    click.echo("\n".join(map(_printable, ("paperwire: " + lines[0], *lines[1:]))), err=True)


def _printable(text: str) -> str:
    """Return a text as one line that a terminal shows and does not obey: it may hold a file's name."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


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
    _begin(None)
    asyncio.run(_demo(digests))


@cli.command()
@_database
@click.option("--once", is_flag=True, help="Deliver what is owed now, and end.")
def run(database: str | None, *, once: bool) -> None:
    """Run the service: answer what people ask, deliver what is owed. SIGTERM or Ctrl-C ends it."""
    settings = _begin(database, service=not _has_person())
    with storage.own(settings.database):
        asyncio.run(_deliver_once(settings) if once else _serve(settings))


@cli.command()
@_database
@click.option("--silent", is_flag=True, help="Owe nobody anything for these digests: for an archive.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def ingest(paths: Sequence[str], database: str | None, *, silent: bool) -> None:
    """Take in digests from files and folders. Taking the same ones in again changes nothing.

    A folder is searched for .md, .markdown, .xml, .rss, .atom and .txt files, also with .gz. What cannot be
    read is reported and does not stop the rest; a PATH of which nothing could be read makes the exit code 65.
    """
    asyncio.run(_ingest(paths, _begin(database), owe=not silent))


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
    click.echo(_printable(f"{storage.path(settings.database)} has schema {found.schema if found else 0}."))


async def _doctor(settings: config.Settings) -> int:
    code = 0
    async for found in _findings(settings):
        click.echo(f"{found.state:<4}  {_printable(found.text)}")
        code = code or {"configuration": CONFIGURATION, "disk": DISK}.get(found.about, 0)
    return code


async def _findings(settings: config.Settings) -> AsyncIterator[Finding]:
    from bot.doctor import diagnose  # noqa: PLC0415

    for found in diagnose(settings, storage.path(settings.database), lambda: storage.inspect(settings.database)):
        yield found
    for name in settings.platforms:
        async for found in adapters.checks(name, settings):
            yield found


def _begin(database: str | None, *, service: bool = False, quiet: bool = False) -> config.Settings:
    """Read the settings and start the log."""
    settings = config.settings(database)
    start_log(settings, service=service)
    if not quiet:
        for sentence in config.unknown_settings():
            _complain(sentence)
    return settings


async def _ask(line: str, settings: config.Settings, *, as_json: bool) -> bool:
    from bot.commands import answer  # noqa: PLC0415

    terminal = adapters.terminal()
    async with storage.connect(settings.database) as store:
        reply = await answer(terminal.call(line), store)
    if as_json:
        await terminal.show_json(reply)
    elif reply.error is not None:
        _complain(*reply.error.split("\n"))
    else:
        await terminal.show(reply)
    return reply.error is None


async def _migrate(settings: config.Settings) -> None:
    async with storage.connect(settings.database):
        pass


async def _demo(path: str | None) -> None:
    from bot import demo  # noqa: PLC0415
    from bot.service import offer, respond  # noqa: PLC0415

    if path is None:
        digests = list(demo.sample())
    else:
        source = _source(path)
        digests = [digest async for each in _read(source) for digest in each or ()]
        if not digests:
            raise _Failure(UNREADABLE, f"{path}: no digest in it could be read.")
    with TemporaryDirectory(prefix="paperwire-") as folder:
        async with storage.connect(f"sqlite:///{folder}/demo.db") as store:
            terminal = adapters.terminal()
            await demo.tour(digests, store, terminal)
            if _has_person():
                await terminal.say("Now it is yours: type help to see every command, and exit to leave.")
                await terminal.run(
                    lambda call: respond(call, store), lambda call, name, typed: offer(call, name, typed, store)
                )


async def _ingest(paths: Sequence[str], settings: config.Settings, *, owe: bool) -> None:
    counts: Counter[str] = Counter()
    unreadable = False
    sources: list[Source] = []
    for path in paths:
        try:
            sources.append(_source(path))
        except _Failure as error:
            _complain(str(error))
            unreadable = True
    async with storage.connect(settings.database) as store:
        try:
            with _progress(sum(map(len, sources))) as advance:
                for source in sources:
                    readable = await _take_in(source, store, counts, advance, owe=owe)
                    unreadable = unreadable or not readable
        finally:
            await store.release()
    click.echo(
        f"Digests: {counts['digests']:,}. Papers: {counts['new']:,} new, {counts['known']:,} known, "
        f"{counts['corrected']:,} of them corrected. Entries: {counts['entries']:,}, {counts['refused']:,} refused. "
        f"Deliveries owed: {counts['owed']:,}."
    )
    if unreadable:
        raise click.exceptions.Exit(UNREADABLE)


async def _take_in(
    source: Source, store: Store, counts: Counter[str], advance: Callable[[], None], *, owe: bool
) -> bool:
    """Take in and count what a source has; return whether any of it could be read, if there is any."""
    from bot.daily import take_in  # noqa: PLC0415

    read = 0
    async for digests in _read(source):
        read += digests is not None
        for digest in digests or ():
            now = datetime.now(UTC).astimezone()
            intake = await take_in(digest, store, now, owe=owe, hold_until=now + _HOLD)
            counts.update(
                digests=1,
                entries=digest.declared,
                refused=digest.declared - len(digest.papers),
                new=intake.new,
                known=intake.known,
                corrected=intake.corrected,
                owed=intake.owed,
            )
        advance()
    return read > 0 or not len(source)


def _has_person() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _source(path: str) -> Source:
    try:
        source = adapters.source(path)
    except UserError as error:
        raise _Failure(UNREADABLE, str(error)) from None
    if not len(source):
        _complain(f"{path}: there are no digest files in this folder.")
    return source


async def _read(source: Source) -> AsyncIterator[tuple[Digest, ...] | None]:
    """Yield each document's digests, or None where it could not be read; report what could not be."""
    from bot.digest import DigestError, parse  # noqa: PLC0415

    async for document in source.documents():
        if document.error is not None:
            _complain(f"{document.source}: {document.error}")
            yield None
            continue
        try:
            digests = parse(document.text, document.source)
        except DigestError as error:
            reason = str(error).removeprefix(f"line {error.line}: ")
            _complain(f"{document.source}:{error.line}: {reason}")
            yield None
            continue
        for digest in digests:
            for refusal in digest.refused:
                _complain(f"{digest.source}:{refusal.line}: {refusal.reason}")
        yield digests


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal where the work is long; yield what to call after each part of it."""
    if total < 3 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Taking in", total=total)
        yield lambda: bar.advance(task)


async def _deliver_once(settings: config.Settings) -> None:
    from bot.daily import deliver  # noqa: PLC0415

    async with _opened(settings) as (store, platforms):
        stop = _stopped_by_signal()
        await store.begin_delivery()
        tally = await deliver(store, platforms, adapters.terminal().clock, stop.is_set)
    _complain(f"{tally.sent} delivered, {tally.failed} failed, {tally.uncertain} uncertain")


async def _serve(settings: config.Settings) -> None:
    from bot.service import serve  # noqa: PLC0415

    typed = sys.stdin is not None and sys.stdin.isatty()
    async with _opened(settings) as (store, platforms):
        await serve(store, platforms, adapters.terminal().clock, _stopped_by_signal(), outlive_asking=not typed)


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
            _complain(str(each))
        yield store, platforms


if __name__ == "__main__":
    main()
