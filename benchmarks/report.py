"""The table of bars: on a terminal, and in docs/performance.md, which has a section for each size."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.table import Table

from benchmarks.bars import Bar

Measured = Mapping[str, Sequence[Bar]]

_PEERS = ("tantivy", "ahocorasick_rs", "symspellpy", "rapidfuzz", "markdown-it-py")
_VERDICTS = {True: "pass", False: "FAIL", None: ""}
_COLOURS = {True: "green", False: "bold red", None: ""}
_CAPTION = (
    "A ratio is of CPU time, ours to the peer's, in runs that take turns; by the clock on the wall it is beside it. "
    "A row without a verdict has no bar at this size, or nothing to compare with here."
)
_PREFACE = f"""# Performance

What Paperwire must hold, as ratios to its peers, and what was measured: each section as the command in it printed it.
{_CAPTION}
"""


def table(measured: Measured, title: str) -> Table:
    """Return the bars as a table for a terminal, family by family."""
    shown = Table(title=title, caption=_CAPTION, title_justify="left", caption_justify="left")
    for column in ("", "bar", "measured", ""):
        shown.add_column(column)
    for family, bars in measured.items():
        shown.add_section()
        shown.add_row(f"[bold]{family}[/bold]")
        for each in bars:
            verdict = _VERDICTS[each.passed]
            # What is measured on may hold what looks like markup.
            cells = [text.replace("[", r"\[") for text in (f"  {each.what}", each.bar, each.measured)]
            shown.add_row(*cells, f"[{_COLOURS[each.passed]}]{verdict}[/]" if verdict else "")
    return shown


def section(measured: Measured, command: str, machine: str) -> str:
    """Return the bars as a section's text in Markdown."""
    lines = [f"`{command}`, {machine}.", "", "| | bar | measured | |", "| --- | --- | --- | --- |"]
    for family, bars in measured.items():
        lines.append(f"| **{family}** | | | |")
        for each in bars:
            cells = [cell(text) for text in (each.what, each.bar, each.measured, _VERDICTS[each.passed])]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def write(path: Path, names: Iterable[str], name: str, text: str) -> None:
    """Put a section in the place of the one of its name, in the order of `names`; the others stay as they are."""
    sections = _sections(path.read_text("utf-8")) if path.exists() else {}
    sections[name] = text
    whole = "\n".join([_PREFACE, *(f"## {each} papers\n\n{sections[each]}" for each in names if each in sections)])
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(whole, "utf-8")
    part.replace(path)


def machine() -> str:
    """Return on what is measured, when, and with which versions."""
    now = datetime.now(UTC)
    peers = [f"{name} {found}" for name in _PEERS if (found := _version(name))]
    return (
        f"{now:%d %b %Y}: {_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {', '.join(peers)}"
    )


def _sections(text: str) -> dict[str, str]:
    """Return the sections of the file by their names."""
    parts = re.split(r"^## (.+) papers\n\n", text, flags=re.MULTILINE)
    return {name: body.rstrip("\n") + "\n" for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def cell(text: str) -> str:
    """Return a text as a cell of a table in Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
