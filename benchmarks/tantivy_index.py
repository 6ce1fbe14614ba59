"""The peer of search: tantivy, a search engine in Rust, over the same papers, asked the same questions.

Title and text are stemmed as English, and a hit in the title counts ten times; category and day are filters. The
query parser reads words, phrases, OR and minus as we do; it knows no beginning of a word, so that one is a regular
expression over the index's words.
"""

from __future__ import annotations

import re
from datetime import date
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import scaled
from benchmarks.library import Built, cost_of, fingerprint, kept, peak
from benchmarks.progress import shown
from benchmarks.timing import Watch

if TYPE_CHECKING:
    import tantivy

_HEAP = 256 << 20  # bytes, of the writer
_THREADS = 2
_BATCH = 100_000
_BOOSTS = {"title": 10.0}
_FIELDS = ["title", "body"]
_SORT = " sort:new"


def is_installed() -> bool:
    return find_spec("tantivy") is not None


def index(size: int) -> Path:
    """Return the folder of an index of so many papers, built first where there is none yet."""
    return kept(f"{size}-{fingerprint('benchmarks/scaled.py', 'benchmarks/tantivy_index.py')}.tantivy", _fill, size)


def built(size: int) -> Built:
    """Return what building that index cost."""
    return cost_of(index(size))


def translated(line: str) -> tuple[str, list[str], str | None]:
    """Return a line of ours as `(tantivy's query, beginnings of words, the field to sort by or None)`."""
    order = "day" if line.endswith(_SORT) else None
    line = line.removesuffix(_SORT)
    beginnings = re.findall(r"(\w+)\*", line)
    line = re.sub(r"\s*\w+\*", "", line).strip()
    line = re.sub(r"cat:([\w.-]+)", r'category:"\1"', line).replace("abstract:", "body:")
    line = re.sub(r"after:([\d-]+)", lambda m: f"day:[{_ordinal(m[1])} TO {date.max.toordinal()}]", line)
    line = re.sub(r"before:([\d-]+)", lambda m: f"day:[0 TO {_ordinal(m[1]) - 1}]", line)
    return line, beginnings, order


class Peer:
    """An index of so many papers, open for one thread that searches."""

    def __init__(self, size: int) -> None:
        import tantivy  # noqa: PLC0415  # an extra

        self._tantivy = tantivy
        self._index = tantivy.Index.open(str(index(size)))
        self._searcher = self._index.searcher()
        self.segments = self._searcher.num_segments

    def search(self, line: str, *, limit: int = 10, count: bool = True) -> list[dict[str, list[object]]]:
        """Return the best papers for a line of ours, as stored. With `count` it counts all that match, as we do."""
        query, order = self._query(line)
        found = self._searcher.search(query, limit, count=count, order_by_field=order)
        return [self._searcher.doc(address).to_dict() for _, address in found.hits]

    def snippets(self, line: str, *, limit: int = 10) -> list[tuple[str, str]]:
        """Return titles and texts of the best papers as HTML, cut and marked."""
        query, order = self._query(line)
        generators = [
            self._tantivy.SnippetGenerator.create(self._searcher, query, self._index.schema, field) for field in _FIELDS
        ]
        documents = [
            self._searcher.doc(address) for _, address in self._searcher.search(query, limit, order_by_field=order).hits
        ]
        return [
            (generators[0].snippet_from_doc(each).to_html(), generators[1].snippet_from_doc(each).to_html())
            for each in documents
        ]

    def _query(self, line: str) -> tuple[tantivy.Query, str | None]:
        text, beginnings, order = translated(line)
        kinds, must = self._tantivy.Query, self._tantivy.Occur.Must
        parts = []
        if text:
            parts.append(self._index.parse_query(text, _FIELDS, _BOOSTS, conjunction_by_default=True))
        for each in beginnings:
            either = [kinds.regex_query(self._index.schema, field, f"{each}.*") for field in _FIELDS]
            parts.append(kinds.boost_query(either[0], _BOOSTS["title"]).or_should_match(either[1]))
        whole = parts[0] if len(parts) == 1 else kinds.boolean_query([(must, each) for each in parts])
        return whole, order


def _fill(path: Path, size: int) -> Built:
    import tantivy  # noqa: PLC0415  # an extra

    fields = tantivy.SchemaBuilder()
    fields.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in _FIELDS:
        fields.add_text_field(name, stored=True, tokenizer_name="en_stem")
    fields.add_text_field("category", stored=True, tokenizer_name="raw", index_option="basic")
    fields.add_integer_field("day", stored=True, indexed=True, fast=True)
    schema = fields.build()
    path.mkdir()
    writer = tantivy.Index(schema, str(path)).writer(_HEAP, _THREADS)
    watch = Watch()
    papers = shown(scaled.records(size), f"Index {size:,} papers with tantivy", size)
    # Its threads go on meanwhile, so the papers are made many at a time.
    while batch := list(islice(papers, _BATCH)):
        with watch:
            for each in batch:
                writer.add_document(
                    tantivy.Document(
                        id=each.id,
                        title=each.title,
                        body=each.abstract,
                        category=each.category,
                        day=each.day.toordinal(),
                    )
                )
            writer.commit()
    with watch:
        writer.wait_merging_threads()
    return Built(watch.cost, peak(), peak())


def bytes_of(folder: Path) -> int:
    """Return how many bytes the files of an index have."""
    return sum(each.stat().st_size for each in folder.iterdir())


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()
