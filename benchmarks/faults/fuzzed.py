"""Digests that a fuzzer thinks up. atheris is in the `bench` extra, for the Pythons that it has a build for."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.faults.row import Found, Row, Trial, not_checked

_ROOT = Path(__file__).parent.parent.parent
_LONGEST = 20  # seconds for one text, which is then called stuck
_MEMORY = 400  # MiB, of which the process has a part before the first text
_ENDS = 120.0  # seconds to begin and to end
_STATS = {
    "texts": r"stat::number_of_executed_units: +(\d+)",
    "places of the code reached": r"cov: (\d+)(?!.*cov: )",
    "MiB of memory": r"stat::peak_rss_mb: +(\d+)",
}
_WENT_WRONG = re.compile(r"^(?:[\w.]*(?:Error|Exception)\b.*|SUMMARY: .*)", re.MULTILINE)


def _check(trial: Trial) -> Found:
    if find_spec("atheris") is None:
        return not_checked(trial, "atheris has no build for this Python")
    folder, found = trial.folder / "texts", trial.folder / "found"
    folder.mkdir()
    found.mkdir()
    command = [
        *(sys.executable, "-m", "benchmarks.fuzzing", str(folder), f"-max_total_time={trial.count}"),
        *(f"-seed={trial.random.randrange(1, 2**31)}", f"-dict={folder.with_suffix('.words')}"),
        *(f"-artifact_prefix={found}/", f"-timeout={_LONGEST}", f"-rss_limit_mb={_MEMORY}", "-print_final_stats=1"),
        *(["--planted"] if trial.planted else []),
    ]
    ended = subprocess.run(
        command,
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        timeout=trial.count + _ENDS,
        check=False,
    )
    stats = {what: re.search(pattern, ended.stderr, re.DOTALL) for what, pattern in _STATS.items()}
    if stats["texts"] is None:
        raise RuntimeError(f"the fuzzer did not run: {ended.stderr[-2_000:]}")
    figures = ", ".join(f"{int(each[1]):,} {what}" for what, each in stats.items() if each)
    kept = [each.read_bytes()[:400] for each in found.iterdir()]
    said = "; ".join(_WENT_WRONG.findall(ended.stderr))
    wrong = tuple(f"{said}: {each!r}" for each in kept) or ((said,) if ended.returncode else ())
    return Found(f"{trial.count} s: {figures}", wrong)


ROWS = (
    Row(
        number=16,
        name="fuzzed digests",
        fault="texts found by a fuzzer (atheris) that looks which code each of them reaches, for so many seconds",
        expected="0 exceptions but DigestError; each within 20 s and 400 MB",
        counts=(20, 300),
        check=_check,
        planted="an AssertionError of html.parser is let through",
        planted_count=30,
    ),
)
