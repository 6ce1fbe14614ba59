"""The table of faults is right itself: its rows, its verdicts, what it writes down. CI runs the rows themselves."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.faults import row, table
from benchmarks.faults.row import Found, Row, Trial

ROOT = Path(__file__).parent.parent
WELL, WRONG, BROKEN = Found("2 kills"), Found("2 kills", ["1 lost"]), Found("", crashed="KeyError: 'x'")


def _never(_: Trial) -> Found:
    raise AssertionError("not here")


KILLS = Row(1, "kills", "kill | again", "0 lost", (2, 20), _never, "marks first", 1)
OUTCOME = table.Outcome(KILLS, 2, WELL, WRONG, 3.4)


def test_every_fault_of_the_table_has_a_row_and_every_row_a_name_of_its_own() -> None:
    rows = row.rows()

    assert {each.number for each in rows} == set(range(1, 25))
    assert max(Counter(each.name for each in rows).values()) == 1
    assert all(0 < each.counts[0] <= each.counts[1] for each in rows)


@pytest.mark.parametrize(
    ("found", "noticed", "verdict"),
    [
        (WELL, WRONG, "ok"),
        (replace(WELL, short=["3 of 1,000 are not seen"]), WRONG, "short"),
        (WRONG, WRONG, "FAIL"),
        (BROKEN, WRONG, "FAIL"),
        (WELL, WELL, "FAIL"),
        (WELL, BROKEN, "FAIL"),  # a check that breaks has noticed nothing
    ],
)
def test_a_row_is_red_where_something_is_wrong_or_the_planted_mistake_goes_unnoticed(
    found: Found, noticed: Found, verdict: str
) -> None:
    assert replace(OUTCOME, found=found, noticed=noticed).verdict == verdict


def test_what_went_unnoticed_is_said() -> None:
    assert replace(OUTCOME, noticed=WELL).measured == "2 kills; planted, and not noticed: marks first"
    assert replace(OUTCOME, noticed=BROKEN).measured.endswith("not noticed: marks first KeyError: 'x'")


def test_the_page_has_a_line_for_each_row(tmp_path: Path) -> None:
    path = tmp_path / "reliability.md"
    table.write(path, [OUTCOME, replace(OUTCOME, found=WRONG)], "python -m benchmarks faults --full", "7")

    *_, heading, rule, first, second = path.read_text("utf-8").splitlines()
    assert heading.count("|") == rule.count("|") == 9
    assert first == r"| 1 | **kills**: kill \| again | 0 lost | 2 | 2 kills | marks first | 3 | ok |"
    assert second.endswith("| 2 kills; 1 lost | marks first | 3 | FAIL |")
    assert "`SEED=7`" in path.read_text("utf-8")


def test_rows_run_in_processes_of_their_own_and_what_is_planted_is_noticed() -> None:
    console = Console(quiet=True)
    (outcome,) = table.run([row.named("private addresses")], full=False, seed="7", console=console)

    assert (outcome.verdict, outcome.count) == ("ok", 62)
    assert outcome.noticed.wrong


def test_a_row_that_there_is_none_of_is_answered_with_those_that_there_are() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", "nonsense"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 2
    assert "There is no nonsense; there are: " in ended.stderr
    assert "private addresses" in ended.stderr
