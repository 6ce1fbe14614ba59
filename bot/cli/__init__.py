"""The command line: the only package that sees the core, the adapters and the storage."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import NoReturn

import click

from bot.cli import keeping, papers, serving
from bot.cli.outbox import outbox
from bot.cli.settings import database_option
from bot.exits import explained, printable


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
@database_option
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def cli(database: str | None) -> None:
    """Paperwire: the daily research-paper digest, in a terminal."""
    # Before the verb or after it, `--database` means the same: `_address` finds it in either place.
    del database


for _each in (
    *(papers.demo, papers.ask, papers.ingest, papers.backfill, papers.authors, serving.run, outbox),
    *(keeping.doctor, keeping.manifest, keeping.migrate, keeping.backup, keeping.restore, keeping.export),
    keeping.erase,
):
    cli.add_command(_each)
