"""What every command of the command line begins with: the database that is meant, the settings, the log."""

from __future__ import annotations

import re
import sys

import click

from bot import config
from bot.exits import complain
from bot.log import start_log

_EXAMPLE = "sqlite:////var/lib/paperwire/paperwire.db"


def _address(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    value = value if value is not None else context.find_root().params.get("database")
    if value is not None and not re.match(config.ADDRESS, value):
        raise click.BadParameter(f"write it like sqlite:///paperwire.db, or with an absolute path: {_EXAMPLE}")
    return value


database_option = click.option(
    "--database",
    metavar="ADDRESS",
    callback=_address,
    help="The database, like sqlite:///paperwire.db. Without it PAPERWIRE_DATABASE names it, else it is kept "
    "with your other data.",
)


def begin(database: str | None, *, service: bool = False, quiet: bool = False) -> config.Settings:
    """Read the settings and start the log."""
    settings = config.settings(database)
    start_log(settings, service=service)
    if not quiet:
        for sentence in config.unknown_settings():
            complain(sentence)
    return settings


def has_person() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
