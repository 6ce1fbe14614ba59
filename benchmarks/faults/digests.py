"""Damaged digests, in every format that is read: what is wrong is reported, entry by entry where there are entries.

An entry is a paper or a refusal with its line. A text of which nothing can be read is a `DigestError`. No other
exception comes out of any text.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from time import process_time
from typing import Any
from unittest.mock import patch

from benchmarks import damaged
from benchmarks.faults.row import Found, Row, Trial
from bot.daily import take_in
from bot.digest import DigestError, judge, oai, paper, parse
from bot.digest import text as paper_text
from bot.model import Digest, Paper, Refusal
from bot.ports import Store
from storage import connect

_NOW = datetime(2020, 11, 20, 12, tzinfo=UTC)
_SOON = 1.0  # seconds, of a processor
_LATE = 30.0  # on any machine
_MEMORY = 200 * 1024  # KiB
_TAKEN_IN = 20  # one digest in so many
_BREAKS = frozenset("\n\r\0\ud800\x0b")  # end a line, or a whole text


@dataclass(frozen=True, slots=True)
class _Text:
    """A damaged text, and how many entries it has, if that can be told."""

    text: str
    is_page: bool  # of OAI-PMH
    entries: int | None = None


def _anywhere(papers: list[Paper], random: Random) -> _Text:
    """Damage a digest in whatever place, its frame too."""
    form = random.choice(damaged.FORMATS)
    return _Text(damaged.spoilt(form(_some(papers, random)), random), form is damaged.oai_page)


def _within_entries(papers: list[Paper], random: Random) -> _Text:
    """Damage entries so that each is still one: however little is left of it."""

    def damage(field: str) -> str:
        if random.random() < 0.6:
            return field
        changed = random.choice((damaged.spoilt(field, random), "", field[:20], field * 20))
        return "".join(" " if each in _BREAKS else each for each in changed)

    form = random.choice(damaged.FORMATS)
    entries = _some(papers, random)
    return _Text(form(entries, damage), form is damaged.oai_page, len(entries))


def _some(papers: list[Paper], random: Random) -> list[Paper]:
    start = random.randrange(len(papers))
    return papers[start : start + random.randint(1, 25)]


class _Check:
    """Read damaged texts, and put down what became of them."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0

    async def read(self, damaged_text: _Text, store: Store, name: str) -> None:
        """Read a text; `name` is what it is told by where something is wrong."""
        text = damaged_text.text
        began = process_time()
        try:
            digests = () if damaged_text.is_page else parse(text, "damaged")
            records = oai.page(text).records if damaged_text.is_page else ()
            # What a page holds is judged when it is made a digest of.
            judged = [paper(each.entry) for each in records]
            lines = text.count("\n") + text.count("\r") + 1
            self._check(damaged_text, digests, judged, lines, name)
            if self.counts.total() % _TAKEN_IN == 0:
                for each in digests:
                    await take_in(each, store, _NOW, owe=False)
        except DigestError as error:
            self.counts["whole texts refused"] += 1
            if error.line < 1 or not str(error):
                self.wrong.append(f"{name}: refused at line {error.line}: {error}")
        except Exception as error:  # noqa: BLE001  # what this looks for
            self.wrong.append(f"{name}: {type(error).__name__}: {error} of {text[:200]!r}")
        seconds = process_time() - began
        self.slowest = max(self.slowest, seconds)
        if seconds > _LATE:
            self.wrong.append(f"{name}: took {seconds:.1f} s of a processor")

    def _check(
        self, text: _Text, digests: tuple[Digest, ...], judged: list[Paper | Refusal], lines: int, name: str
    ) -> None:
        papers = [each for digest in digests for each in digest.papers]
        papers += [each for each in judged if isinstance(each, Paper)]
        refused = [each for digest in digests for each in digest.refused]
        declared = sum(each.declared for each in digests) + len(judged)
        self.counts["papers"] += len(papers)
        self.counts["refused"] += declared - len(papers)
        if text.entries is not None and declared != text.entries:
            self.wrong.append(f"{name}: of {text.entries} entries {declared} are papers or refused")
        if not all(1 <= each.line <= lines and each.reason for each in refused):
            self.wrong.append(f"{name}: a refusal names no line of the text, or no reason")
        for each in papers:
            f"{each.title} {each.abstract} {each.raw_title} {each.raw_abstract} {each.authors}".encode()


def _checked(
    trial: Trial, *, made: Callable[[list[Paper], Random], _Text], mistake: Callable[[], AbstractContextManager[Any]]
) -> Found:
    logging.disable(logging.CRITICAL)  # thousands of refusals, which are counted here
    check = _Check()
    papers = damaged.papers()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def read_all() -> None:
        async with connect(f"sqlite:///{trial.folder / 'damaged.db'}") as store:
            for number in range(trial.count):
                await check.read(made(papers, trial.random), store, f"text {number}")

    with mistake() if trial.planted else nullcontext():
        asyncio.run(read_all())
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if grown > _MEMORY:
        check.wrong.append(f"{grown // 1024} MiB more memory than at the start")
    counted = ", ".join(f"{count:,} {what}" for what, count in sorted(check.counts.items()))
    slow = f"slowest {check.slowest * 1000:.0f} ms of a processor"
    short = [slow] if check.slowest > _SOON else []
    figures = f"{trial.count:,} texts: {counted}; {slow}, {grown // 1024} MiB more memory"
    return Found(figures, tuple(check.wrong[:20]), tuple(short))


def raising() -> AbstractContextManager[Any]:
    """Let what reads papers' texts raise where HTMLParser does: on what begins a declaration and is none."""
    read = paper_text.read

    def naive(raw: str) -> paper_text.Reading:
        if "<!" in raw:
            raise AssertionError("we should not get here!")
        return read(raw)

    return patch("bot.digest.text.read", naive)


def _dropping() -> AbstractContextManager[Any]:
    def silent(section: Any, source: str) -> Digest:  # noqa: ANN401  # its own
        return replace(judge(section, source), refused=())

    return patch("bot.digest.judge", silent)


_NOTHING_ELSE = "0 exceptions but DigestError; each within 1 s and 200 MB"
ROWS = (
    Row(
        number=16,
        name="damaged digests",
        fault="listings, tables, RSS, Atom and OAI-PMH, damaged in any place",
        expected=_NOTHING_ELSE,
        counts=(1_000, 10_000),
        check=partial(_checked, made=_anywhere, mistake=raising),
        planted="an AssertionError of html.parser is let through",
        planted_count=300,
    ),
    Row(
        number=16,
        name="damaged entries",
        fault="the same, damaged within their entries",
        expected=f"each entry is a paper or refused; {_NOTHING_ELSE}",
        counts=(1_000, 10_000),
        check=partial(_checked, made=_within_entries, mistake=_dropping),
        planted="entries that cannot be read are dropped",
        planted_count=100,
    ),
)
