"""Texts that a fuzzer thinks up, guided by the code that each reaches: `python -m benchmarks.fuzzing FOLDER ARGS`.

FOLDER is filled with digests to begin with; what is found on the way is kept there too. The rest of the line is
libFuzzer's (https://llvm.org/docs/LibFuzzer.html#options), which ends the process. To repeat what broke, give the file
that it left as the only argument.
"""

from __future__ import annotations

import logging
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["bot.digest", "bot.digest.text", "bot.digest.latex"]):
    from bot.digest import DigestError, oai, paper, parse

from benchmarks import damaged

PLANTED = "--planted"


def one(data: bytes) -> None:
    """Read some bytes as a digest, and as a page of OAI-PMH: any exception but the one that is meant ends it."""
    text = data.decode("utf-8", "surrogateescape")
    with suppress(DigestError):
        parse(text, "fuzzed")
    with suppress(DigestError):
        for record in oai.page(text).records:
            paper(record.entry)


def begin(folder: Path) -> None:
    """Fill a folder with digests of each format, and put beside it a dictionary of what means something in them."""
    folder.with_suffix(".words").write_text(_dictionary(), "utf-8")
    papers = damaged.papers()[:3]
    for form in damaged.FORMATS:
        (folder / form.__name__).write_text(form(papers), "utf-8")
        (folder / f"{form.__name__}.spoilt").write_text(
            damaged.spoilt(form(papers), Random(1)), "utf-8", "surrogatepass"
        )


def main() -> None:
    from benchmarks.faults.digests import raising  # noqa: PLC0415  # what is read there is instrumented by now

    logging.disable(logging.CRITICAL)
    if (folder := Path(sys.argv[1])).is_dir():
        begin(folder)
    with raising() if PLANTED in sys.argv else nullcontext():
        atheris.Setup([each for each in sys.argv if each != PLANTED], one)
        atheris.Fuzz()


def _dictionary() -> str:
    words = (each.encode("utf-8", "surrogatepass") for each in damaged.NOISE if len(each) <= 64)
    quoted = ("".join(rf"\x{byte:02x}" for byte in each) for each in words)
    return "".join(f'"{each}"\n' for each in quoted)


if __name__ == "__main__":
    main()
