"""References as a table for spreadsheets, in CSV as RFC 4180 has it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from bot.takeaway.reference import Reference

COLUMNS = ("arxiv", "title", "authors", "date", "categories", "tags", "url", "pdf", "abstract")
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def table(cited: Sequence[Reference]) -> str:
    """Write references as rows under a head; what a cell has several of, semicolons part.

    A cell that a spreadsheet would take for a formula, and one that begins like what is written for such, gets an
    apostrophe before it: who reads the file takes one away wherever apostrophes and one of `=+-@` begin a cell. The
    byte order mark at the beginning tells Excel that it is UTF-8.
    """
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    rows.writerows([_safe(cell) for cell in _cells(each)] for each in cited)
    return f"\ufeff{written.getvalue()}"


def _cells(each: Reference) -> tuple[str, ...]:
    paper = each.paper
    return (
        paper.id,
        paper.title,
        "; ".join(map(str, each.names)),
        each.date,
        "; ".join(paper.every_category),
        "; ".join(each.tags),
        paper.url,
        paper.pdf,
        paper.abstract,
    )


def _safe(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
