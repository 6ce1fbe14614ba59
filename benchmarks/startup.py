"""How long a command takes from the shell and back, beside an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.timing import Row, Watch, durations, interleaved

_ROOT = Path(__file__).parent.parent


def rows(rounds: int) -> tuple[str, list[Row]]:
    with TemporaryDirectory() as folder:
        ask = ["-m", "bot", "ask", "--database", f"sqlite:///{folder}/papers.db", "help"]
        costs = interleaved(
            {"python -m bot ask help": lambda w: _run(w, *ask), "python -c pass": lambda w: _run(w, "-c", "pass")},
            rounds,
        )
    return "Start: a process each", durations(costs)


def _run(watch: Watch, *words: str) -> None:
    with watch:
        subprocess.run([sys.executable, *words], cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)
