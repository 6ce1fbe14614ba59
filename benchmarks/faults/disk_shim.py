"""Starting a program with disk_shim.c before its files, and reading what that has written down."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

_SOURCE = Path(__file__).with_suffix(".c")
_HEAD = struct.Struct("=QQIIc7x")

Kind = Literal["write", "truncate", "sync", "unlink", "failed"]
_KINDS: Mapping[bytes, Kind] = {b"w": "write", b"t": "truncate", b"s": "sync", b"u": "unlink", b"f": "failed"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to a file, known by its numbers: `at` is where it was written, or to what it was cut."""

    kind: Kind
    name: str
    file: tuple[int, int]
    at: int
    data: bytes


def build(folder: Path) -> Path | None:
    """Compile the shim into a folder; None where there is no compiler, or no system that it is for."""
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        return None
    shim = folder / "disk_shim.so"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(shim), str(_SOURCE), "-ldl", "-lpthread"], check=True
    )
    return shim


def environment(shim: Path, folder: Path, record: Path | None = None) -> dict[str, str]:
    """Return an environment in which what is written to a folder goes through the shim."""
    more = {"LD_PRELOAD": str(shim), "PAPERWIRE_DISK_FOLDER": str(folder)}
    if record:
        more["PAPERWIRE_DISK_RECORD"] = str(record)
    return os.environ | more


def steps(record: Path) -> Iterator[Step]:
    """Yield what was written down."""
    content = record.read_bytes() if record.exists() else b""
    unlinked: Counter[int] = Counter()
    at = 0
    while at < len(content):
        file, where, length, named, kind = _HEAD.unpack_from(content, at)
        begins = at + _HEAD.size
        at = begins + named + length
        name = content[begins : begins + named].decode()
        step = Step(_KINDS[cast("bytes", kind)], name, (file, unlinked[file]), where, content[begins + named : at])
        yield step
        unlinked[file] += step.kind == "unlink"  # its number is free for another
