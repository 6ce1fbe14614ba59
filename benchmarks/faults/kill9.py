"""Killed at random moments: what is lost, what comes twice. `python -m benchmarks kill9` has a table of its own."""

from __future__ import annotations

from functools import partial

from benchmarks import kill9
from benchmarks.faults.row import Found, Row, Trial
from benchmarks.kill9 import Case
from tests.kill9.victim import Fault


def _check(trial: Trial, *, case: Case, order: Fault) -> Found:
    found = kill9.killed(case, trial.count, trial.random, fault=order if trial.planted else "")
    verdict = found.verdict
    figures = (
        f"{found.messages:,} messages, {found.kills} kills, {found.planning} while planning, {found.uncertain} in "
        f"doubt, {verdict.lost} papers lost, {verdict.duplicated} told twice, {found.unmarked} of them unmarked, "
        f"{found.half} half digests, {verdict.disordered} out of order"
    )
    return Found(figures, kill9.wrong(case, found))


def _row(case: Case, order: Fault, planted: str) -> Row:
    return Row(
        number=1,
        name=f"kill -9, {case.name}",
        fault="SIGKILL 2 to 120 ms after a start, while digests are taken in and delivered",
        expected=_EXPECTED[case.repeats],
        counts=(50, 500),
        check=partial(_check, case=case, order=order),
        planted=planted,
        planted_count=20,
    )


_EXPECTED = {
    False: "0 lost, 0 told twice, 0 half digests, 0 out of order",
    True: "0 lost, 0 half digests, 0 out of order; what is told twice says that it may be a repeat",
}
_FIRST, _NO_KEY = "a message is marked as sent before it is", "what may have arrived is sent again without a look"
_ORDERS: dict[str, tuple[Fault, str]] = {
    "a ledger": ("marks first", _FIRST),
    "Slack": ("no key", _NO_KEY),
    "Slack, no history": ("no key", _NO_KEY),
    "Discord": ("marks first", _FIRST),
}
ROWS = tuple(_row(case, *_ORDERS[case.name]) for case in kill9.CASES)
