"""The tables that the `*-arxiv-daily` repositories publish."""

from __future__ import annotations

import re
from datetime import date

from bot.digest import text as paper_text
from bot.digest.entries import ADDRESS, DigestError, Entry, Section, day_of_arxiv, excerpt, refuse
from bot.digest.entries import lines as lines_of
from bot.digest.listing import has_entries
from bot.model import Refusal


def tables(text: str) -> list[Section] | None:
    """Read the tables of the `*-arxiv-daily` repositories: `|Publish Date|Title|Authors|PDF|Code|`.

    They cover many days and name no arXiv category: a digest's category is the heading above its table, written
    as `video-restoration`, and its day is the row's. Text around the tables is navigation, unless it names a paper.
    A text with entries of a listing is a listing, whatever tables it holds.
    """
    lines = lines_of(text)
    if not any(line.lstrip().startswith("|") and "title" in line.lower() for line in lines):
        return None
    if has_entries(lines):
        return None
    sections: dict[tuple[str, date], Section] = {}
    strays: list[Refusal] = []
    columns: list[str] = []
    topic, found = "arxiv", 0
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        cells = [cell.strip() for cell in stripped[1:].removesuffix("|").split("|")] if stripped.startswith("|") else []
        names = [cell.strip("* ").lower() for cell in cells]
        if not cells:
            columns = []
            if stripped.startswith("#") and "updated on" not in stripped.lower():
                topic = re.sub(r"[\W_]+", "-", stripped.lower()).strip("-") or "arxiv"
        if "title" in names and any("date" in name for name in names):
            columns, found = names, number
        elif not columns:
            if ADDRESS.search(line):
                reason = "this names a paper, but is no row under a head like `|Publish Date|Title|Authors|PDF|Code|`"
                refuse(strays, Refusal(number, reason, excerpt(stripped), is_entry=False))
        elif not all(set(cell) <= set(":- ") for cell in cells):
            try:
                day, entry = _row(columns, cells, number)
            except ValueError as error:
                refuse(strays, Refusal(number, str(error), excerpt(stripped)))
            else:
                sections.setdefault((topic, day), Section(number, topic, day)).add(entry)
    if not found:
        return None
    if not sections:
        worst = strays[0] if strays else Refusal(found, "it has none")
        raise DigestError(worst.line, f"no row of a table could be read: {worst.reason}")
    first = next(iter(sections.values()))
    first.strays.extend(strays)
    return list(sections.values())


def _row(columns: list[str], cells: list[str], number: int) -> tuple[date, Entry]:
    """Read one row; signs `|` that are too many belong to the title."""
    title = columns.index("title")
    surplus = len(cells) - len(columns)
    if surplus < 0:
        raise ValueError(f"the row has {len(cells)} cells, and the table {len(columns)} columns")
    cells = [*cells[:title], "|".join(cells[title : title + surplus + 1]), *cells[title + surplus + 1 :]]
    row = dict(zip(columns, (cell.strip("* ") for cell in cells), strict=True))
    when = next(cell for name, cell in row.items() if "date" in name)
    try:
        day = day_of_arxiv(date.fromisoformat(re.sub(r"[./]", "-", when)))
    except ValueError:
        raise ValueError(f"expected a day from 1991 to 2099 like 2023-05-01, but here is {excerpt(when)!r}") from None
    address = next((cell for name, cell in row.items() if name != "title" and ADDRESS.search(cell)), "")
    linked = _LINKED.fullmatch(row["title"])
    code = paper_text.read(" ".join(cell for name, cell in row.items() if name in ("code", "homepage", "project")))
    authors = row.get("authors", "").replace("et.al.", "et al.")
    return day, Entry(
        number,
        address or (linked[2] if linked else ""),
        linked[1] if linked else row["title"],
        row.get("abstract", ""),
        (authors,) if authors else (),
        links=code.links,
    )


_LINKED = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*)\)")
