"""The commands of the command line for who keeps Paperwire running: its platforms, its database, what is in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

import adapters
import storage
from bot import config
from bot.bars import bar
from bot.cli.settings import begin, database_option
from bot.exits import CONFIGURATION, DISK, printable
from bot.model import UserError

if TYPE_CHECKING:
    from bot.doctor import Finding


def _https(_: click.Context, __: click.Parameter, value: str) -> str:
    if value and not re.fullmatch(r"https://[\w.-]+(:\d+)?/?", value, re.ASCII):
        raise click.BadParameter("write it like https://papers.example, without a path")
    return value.rstrip("/")


@click.command()
@database_option
def doctor(database: str | None) -> None:
    """Check the settings, the database and this machine; say what to do about what is wrong."""
    raise click.exceptions.Exit(asyncio.run(_doctor(begin(database, quiet=True))))


@click.command(
    epilog="""\b
Examples:
  paperwire manifest slack                               for Socket Mode, which needs no address
  paperwire manifest slack --url https://papers.example  for HTTP"""
)
@click.argument("platform")
@click.option("--url", default="", metavar="ADDRESS", callback=_https, help="Where the platform can call Paperwire.")
def manifest(platform: str, url: str) -> None:
    """Print what PLATFORM makes an app of: paste it there."""
    click.echo(adapters.manifest(platform, begin(None), url))


@click.command()
@database_option
def migrate(database: str | None) -> None:
    """Bring the database to this version's schema, after a backup; make it where there is none."""
    settings = begin(database)
    schema = asyncio.run(storage.migrate(settings.database))
    click.echo(printable(f"{storage.path(settings.database)} has schema {schema}."))


@click.command(
    epilog="""\b
Examples:
  paperwire backup /backups/paperwire-2026-11-23.db
  paperwire backup "/backups/paperwire-$(date +%F).db"    every day, from cron"""
)
@database_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path, database: str | None) -> None:
    """Copy the database to FILE, a new one, also while the service runs: one moment of it, checked.

    Secrets in it stay sealed: keep PAPERWIRE_SECRET_KEY elsewhere, for without it they cannot be opened.
    """
    settings = begin(database)
    with bar("Copying") as update:
        made = storage.back_up(settings.database, file, partial(_show, update))
    click.echo(printable(f"{file}: {made.rows:,} rows, {made.size / 2**20:,.1f} MiB, SHA-256 {made.sha256}"))


@click.command()
@database_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path, database: str | None) -> None:
    """Put the backup FILE in the place of the database. The service must not run.

    What is there now is kept under another name. Messages that the backup did not know as sent may have been sent
    since: each is looked for before it is sent, and held where one cannot look: see outbox list --state held.
    """
    settings = begin(database)
    with bar("Copying") as update:
        done = asyncio.run(storage.restore(settings.database, file, partial(_show, update)))
    if done.aside:
        click.echo(printable(f"What was there before is now {done.aside}"))
    since = f"{done.doubt.since.astimezone():%Y-%m-%d %H:%M}"
    click.echo(printable(f"Restored {file}, which knows all up to {since}."))
    click.echo(f"Waiting, and may have been sent since: {done.doubt.uncertain:,}. Too old: {done.doubt.expired:,}.")


@click.command()
@database_option
@click.argument("address", metavar="PERSON")
def export(address: str, database: str | None) -> None:
    """Print all that is stored about PERSON, like slack:T1/@U1, as JSON."""
    asyncio.run(_export(address, begin(database)))


@click.command(
    epilog="""\b
Examples:
  paperwire erase slack:T1/@U1    a person
  paperwire erase slack:T1        a workspace, and all who are in it
  paperwire erase --now           those that have removed the app, without the rest of their seven days"""
)
@database_option
@click.argument("address", required=False, metavar="[ADDRESS]")
@click.option("--now", is_flag=True, help="Erase the workspaces that wait for it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(address: str | None, database: str | None, *, now: bool, yes: bool) -> None:
    """Erase all that is stored about a person or a workspace, at once and for good. Backups keep it."""
    if (address is None) != now:
        raise click.UsageError("Name a person or a workspace, or give --now.")
    asyncio.run(_erase(address, begin(database), sure=yes))


def _show(update: Callable[..., None], left: int, total: int) -> None:
    update(completed=total - left, total=total)


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


async def _export(address: str, settings: config.Settings) -> None:
    from bot import privacy  # noqa: PLC0415

    async with storage.connect(settings.database) as store:
        click.echo(await privacy.exported(address, store))


async def _erase(address: str | None, settings: config.Settings, *, sure: bool) -> None:
    from bot import privacy  # noqa: PLC0415

    async with storage.connect(settings.database) as store:
        for each in await privacy.erasable(address, store):
            if sure or click.confirm(f"Erase all that is stored about {printable(each)}?"):
                gone = await privacy.erase(each, store)
                click.echo(f"Erased: {printable(each)}." if gone else f"Nothing is stored about {printable(each)}.")
