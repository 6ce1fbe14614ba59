"""One row of the fault table in a process of its own: `python -m benchmarks.faults NAME`. What it found is its output.

A check that breaks cannot hold up the rows beside it, nor leave anything behind for them.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import click

from benchmarks.faults.row import Found, Trial, named, rows


@click.command()
@click.argument("name")
@click.option("--count", type=int, help="How often; without it as often as in CI.")
@click.option("--seed", envvar="SEED", default=lambda: os.urandom(4).hex(), help="What chance is drawn from.")
@click.option("--planted", is_flag=True, help="Make the row's mistake on purpose.")
def main(name: str, count: int | None, seed: str, *, planted: bool) -> None:
    """Run the check of one row and print what it found, as JSON; the exit code is 1 where something is wrong."""
    try:
        row = named(name)
    except KeyError:
        raise click.UsageError(f"There is no {name}; there are: {', '.join(each.name for each in rows())}.") from None
    usual = row.planted_count if planted else row.counts[0]
    with TemporaryDirectory(prefix=f"paperwire-{name.replace(' ', '-')}-") as folder, redirect_stdout(sys.stderr):
        trial = Trial(count or usual, Random(f"{seed} {name}"), Path(folder), planted)
        try:
            found = row.check(trial)
        except Exception as error:  # noqa: BLE001  # that too is a finding
            traceback.print_exc()
            found = Found("", crashed=f"{type(error).__name__}: {error}")
    click.echo(json.dumps({"seed": seed, **asdict(found)}))
    sys.exit(bool(found.wrong or found.crashed))


if __name__ == "__main__":
    main()
