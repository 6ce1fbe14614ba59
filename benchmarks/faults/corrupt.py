"""A bit of a database flips, a page is zeroed, the end is cut off: `doctor` finds all that changes what it says."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path

from benchmarks.faults.cancelled_writes import contents, furnish
from benchmarks.faults.row import Found, Row, Trial
from bot.config import Settings
from bot.digest import parse
from bot.doctor import diagnose
from bot.ports import StoreError
from storage import connect, inspect, soundness

_PAGE = 4096
_AT_START = 0.95
# What is written once, and nothing is worked out from: another value is as good as the one that was there.
_ONCE = {
    "digest": ("refused", "taken_at"),
    "listing": ("position",),
    "destination": ("paused", "paused_at", "numbered", "failing_since", "refused", "learns"),
    "subscription": ("query", "since", "muted", "muted_until", "workspace", "made_on"),
    "subscribing": ("changes",),
    "following": ("categories", "count", "schedule", "owner", "weekly"),
    "alerting": ("pace", "schedule", "quiet", "most", "away_until"),
    "outbox": ("since", "picks", "uncertain", "attempts", "due", "not_before", "tried_at", "code", "created_at"),
    "reaction": ("at",),
    "saved": ("at",),
    "tag": ("tag",),
    "feed": ("secret", "since"),
    "naming": ("platform", "workspace", "known_as"),
    "share": ("at",),
    "club": ("schedule", "count", "notice", "owner", "since"),
    "meeting": ("day", "starts", "skipped", "at"),
    "nomination": ("at", "met"),
    "link_code": ("code", "until"),
    "report": ("state", "detail", "since", "checked_at", "day", "failing"),
    "closed": ("code", "since", "erase_at"),
    "ledger": ("value", "sealed", "until"),
}


def check(trial: Trial) -> Found:
    template = trial.folder / "template.db"
    text = resources.files("bot").joinpath("sample.md").read_text("utf-8")
    asyncio.run(furnish(f"sqlite:///{template}", parse(text, "sample")))
    sound = template.read_bytes()
    said = _said(template)
    assert said is not None
    assert not _found(template), f"it is sound: {_found(template)}"
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    once: Counter[str] = Counter()
    with _planted(planted=trial.planted):
        for number in range(3 * trial.count):
            kind = ("flip", "zero", "cut")[number % 3]
            path, where, content = trial.folder / "papers.db", *_corrupted(kind, sound, trial)
            path.write_bytes(content)
            try:
                found = _found(path)
                counts["at start"] += bool(_refused(path)) if found else 0
            except Exception as error:  # noqa: BLE001  # that is what must not be
                wrong.append(f"{kind} {where}: {type(error).__name__}: {error}")
                continue
            if not path.exists() or path.read_bytes() != content:
                wrong.append(f"{kind} {where}: the file was changed")
            counts[f"{kind}, found" if found else kind] += 1
            if found:
                continue
            changed = _changed(said, _said(path))
            if changed and changed <= {f"{table}.{each}" for table, columns in _ONCE.items() for each in columns}:
                once.update(changed)
            elif changed:
                wrong.append(f"{kind} {where}: not found, though it changes {', '.join(sorted(changed))}")
    every = sum(count for name, count in counts.items() if name.endswith("found"))
    figures = f"{trial.count} flips, {trial.count} zeroed pages, {trial.count} cuts: {every} found, "
    figures += f"{counts['at start']} of them by a start; {counts['flip']} flips in what says nothing"
    short = [f"not found, in values that are written once: {dict(once)}"] if once else []
    if counts["at start"] < _AT_START * every:
        short.append(f"a start finds {counts['at start'] / every:.0%}: SQLite takes a changed letter for a letter")
    return Found(figures, wrong, short)


def _corrupted(kind: str, sound: bytes, trial: Trial) -> tuple[int, bytes]:
    if kind == "cut":
        end = trial.random.randrange(1, len(sound))
        return end, sound[:end]
    content = bytearray(sound)
    if kind == "zero":
        at = trial.random.randrange(len(sound) // _PAGE) * _PAGE
        content[at : at + _PAGE] = bytes(_PAGE)
        return at, bytes(content)
    at = trial.random.randrange(len(sound))
    content[at] ^= 1 << trial.random.randrange(8)
    return at, bytes(content)


def _found(path: Path) -> list[str]:
    """Return what the doctor finds wrong."""
    address = f"sqlite:///{path}"
    findings = diagnose(Settings(address), path, lambda: inspect(address))
    return [each.text for each in findings if each.state == "FAIL" and not each.text.startswith("Disk")]


def _refused(path: Path) -> str:
    """Return why the store does not open, "" where it does; what a start writes is not wanted here."""
    before = path.read_bytes()

    async def open_() -> None:
        async with connect(f"sqlite:///{path}"):
            pass

    try:
        asyncio.run(open_())
    except StoreError as error:
        return str(error)
    finally:
        path.write_bytes(before)
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
    return ""


_Said = Mapping[str, list[dict[str, object]]]


def _said(path: Path) -> _Said | None:
    """Return all that a database says, by table; None where it cannot be read or written."""
    found: dict[str, list[dict[str, object]]] = {}
    try:
        with closing(sqlite3.connect(path)) as db:
            for table, row in contents(db):
                found.setdefault(table, []).append(row)
            db.execute("UPDATE tally SET papers = papers + 1")
            db.rollback()
    except (sqlite3.Error, OverflowError):
        return None
    finally:
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
    return found


def _changed(before: _Said, now: _Said | None) -> set[str]:
    """Return which columns say something else, by `table.column`; only the table where it has other rows."""
    if now is None:
        return {"what can be read at all"}
    changed: set[str] = set()
    for table in before.keys() | now.keys():
        one, other = before.get(table, []), now.get(table, [])
        if len(one) != len(other):
            changed.add(table)
            continue
        pairs = zip(one, other, strict=True)
        changed |= {f"{table}.{name}" for a, b in pairs if a != b for name in a if a[name] != b.get(name)}
    return changed


@contextmanager
def _planted(*, planted: bool) -> Iterator[None]:
    """Let the doctor ask nobody but SQLite."""

    def only_sqlite(db: sqlite3.Connection) -> Iterator[str]:
        return (row for (row,) in db.execute("PRAGMA integrity_check(10)") if row != "ok")

    flaws = soundness.flaws
    if planted:
        soundness.flaws = only_sqlite  # to be found
    try:
        yield
    finally:
        soundness.flaws = flaws


ROWS = (
    Row(
        13,
        "corrupt",
        "a bit of the database's file flips, a page is zeroed, the end is cut off: each so often",
        "doctor finds all that changes what the database says, and the file is left as it is",
        (200, 1_000),
        check,
        "doctor asks nobody but SQLite's integrity_check",
        100,
    ),
)
