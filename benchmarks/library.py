"""Databases of the scaled corpus, built once for each size and kept while the code that fills them is the same."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from shutil import rmtree

from benchmarks import scaled
from benchmarks.progress import shown
from benchmarks.timing import Cost, Watch
from bot.daily import take_in
from storage import connect

# Where they are kept: BENCHMARKS_CACHE, or the user's cache.
_FOLDER = Path(os.environ.get("BENCHMARKS_CACHE") or Path.home() / ".cache" / "paperwire-benchmarks")
_ROOT = Path(__file__).parent.parent
# What decides how a database looks inside.
_FILLING = (
    *("benchmarks/scaled.py", "bot/search/likeness.py", "bot/search/query.py", "bot/search/words.py"),
    *("storage/common_words.txt", "storage/index.py", "storage/intake.py", "storage/rows.py", "storage/schema.py"),
    *("storage/tally.py", "storage/vocabulary.py"),
)


@dataclass(frozen=True, slots=True)
class Built:
    """What building something cost: time, and the process's peak of memory in MiB, with all and with half of it."""

    cost: Cost
    peak: float
    half: float


def database(size: int) -> Path:
    """Return the file of a database with so many papers, built first where there is none yet.

    It is everybody's: who writes to it works on a copy.
    """
    return kept(f"{size}-{fingerprint(*_FILLING)}.db", _fill, size)


def built(size: int) -> Built:
    """Return what building that database cost."""
    return cost_of(database(size))


def kept(name: str, fill: Callable[[Path, int], Built], size: int) -> Path:
    """Return what `fill` makes of a size under this name in the cache, made first where it is not there yet."""
    path = _FOLDER / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Another process may be making the same: the first that is ready has made it.
        part = path.with_name(f"{name}.{os.getpid()}.part")
        try:
            # In a process of its own: its peak of memory is that of this alone.
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
                made = child.submit(fill, part, size).result()
            _report(path).write_text(json.dumps(asdict(made)), "utf-8")
            part.rename(path)
        finally:
            for each in path.parent.glob(f"{part.name}*"):
                rmtree(each) if each.is_dir() else each.unlink()
    return path


def cost_of(path: Path) -> Built:
    """Return what making this entry of the cache cost."""
    found = json.loads(_report(path).read_text("utf-8"))
    return Built(Cost(**found["cost"]), found["peak"], found["half"])


def fingerprint(*files: str) -> str:
    """Return a name for what stands in some files of the checkout now."""
    return blake2b(b"".join((_ROOT / each).read_bytes() for each in files), digest_size=6).hexdigest()


def peak() -> float:
    """Return the most memory that this program has had so far, in MiB."""
    try:
        lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    except OSError:
        # Elsewhere; on Linux it counts what the process had that started this one.
        return getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _report(path: Path) -> Path:
    return path.with_suffix(".json")


def _fill(path: Path, size: int) -> Built:
    async def run() -> Built:
        watch, papers, half = Watch(), 0, 0.0
        async with connect(f"sqlite:///{path}") as store:
            digests = shown(scaled.digests(size), f"Take in {size:,} papers", size, lambda each: len(each.papers))
            for digest in digests:
                with watch:
                    papers += (await take_in(digest, store, datetime.now(UTC), owe=False)).new
                half = half or (peak() if papers >= size / 2 else 0.0)
            with watch:
                await store.compact()
        return Built(watch.cost, peak(), half)

    return asyncio.run(run())
