"""What there is to measure on: real digests and a real corpus beside the checkout, else the sample that ships."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

from bot.model import Digest, Paper

_SHARED = Path(__file__).parent.parent.parent / "shared"
CORPUS = _SHARED / "corpus" / "papers-2025.jsonl.gz"


def texts() -> tuple[str, list[str]]:
    """Return the texts of digests in the listing format, and a name for them."""
    files = sorted((_SHARED / "digests").glob("*.md"))
    if files:
        return f"{len(files)} real digests", [file.read_text("utf-8") for file in files]
    return "the sample, 20 times", [resources.files("bot").joinpath("sample.md").read_text("utf-8")] * 20


def corpus(count: int | None) -> Iterator[Digest]:
    """Yield the first `count` records of the corpus as digests, a category and day each, in the order of the days."""
    with gzip.open(CORPUS, "rt", encoding="utf-8") as file:
        for day, records in groupby(map(json.loads, islice(file, count)), itemgetter("date")):
            for category, group in groupby(sorted(records, key=itemgetter("category")), itemgetter("category")):
                papers = (
                    Paper(each["id"], each["title"], each["abstract"], each["title"], each["abstract"])
                    for each in group
                )
                yield Digest("corpus", category, date.fromisoformat(day), tuple(papers))


def enlarged(count: int) -> Iterator[Digest]:
    """Yield digests of `count` papers: the corpus as often as it takes, each time a year earlier, with new ids."""
    left, year = count, 0
    while left > 0:
        shift = timedelta(days=364 * year)
        for digest in corpus(None):
            papers = digest.papers[:left]
            if year:
                papers = tuple(replace(each, id=f"{25 - year:02}{each.id[2:]}") for each in papers)
            left -= len(papers)
            yield replace(digest, day=digest.day - shift, papers=papers)
            if left <= 0:
                return
        year += 1
