"""The digest of headings and quotes: `# ArXiv cs.CV --Fri, 20 Nov 2020`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from bot.digest.entries import ADDRESS, HEADER, DigestError, Entry, Section, canonical, day_of_arxiv, excerpt, refuse
from bot.digest.entries import lines as lines_of
from bot.model import ARCHIVES, Refusal


def listing(text: str) -> list[Section] | None:
    """Read the digest that is written as headings and quotes.

    `# ArXiv cs.CV --Fri, 20 Nov 2020` opens a digest, `### 1.Title  [ :arrow_down: ](address)` an entry, and
    `> ` lines hold its abstract. Numbers may be wrong or missing, and a wrong weekday is no error. Lines without
    `>` continue an entry until a blank line; text after it belongs to no entry and is refused. The most lenient
    of the formats, it stands last.
    """
    lines = lines_of(text)
    if not any(line and (_is_header(line) or ":arrow_down:" in line) for line in lines):
        return None
    sections: list[Section] = []
    strays: list[Refusal] = []
    opened, heading, loose = 0, "", ""
    body: list[str] = []

    def close() -> None:
        if opened:
            title, address = _cut_heading(heading)
            sections[-1].add(Entry(opened, address, title, "\n".join(body).strip()))

    for number, line in _unwrapped(lines):
        stripped = line.strip()
        if not stripped:
            loose = ""
        elif _is_header(line):
            close()
            opened, body, loose = 0, [], ""
            sections.append(Section(number, *_header(stripped, number)))
        elif _is_heading(line):
            if not sections:
                raise DigestError(number, f"an entry before any header; expected `{HEADER}` above it")
            close()
            opened, heading, body, loose = number, line, [], "open"
        elif opened and (stripped[0] == ">" or (loose == "open" and not _is_row(stripped))):
            body.append(stripped.removeprefix(">").strip())
            loose = "open"
        else:
            _stray(strays, number, stripped, goes_on=loose == "stray")
            loose = "stray"
    close()
    starts = [section.line for section in sections]
    for stray in strays if sections else ():
        # What stands before the first header is reported with the first digest.
        sections[max(0, bisect_right(starts, stray.line) - 1)].strays.append(stray)
    return sections or None


def has_entries(lines: list[str]) -> bool:
    """Tell a text of this format: one with the arrow of its entries, or with a header and linked headings."""
    if any(":arrow_down:" in line and _is_heading(line) for line in lines):
        return True
    linked = (line for line in lines if line.lstrip().startswith("###") and _is_linked(line))
    return any(linked) and any(map(_is_header, lines))


def _unwrapped(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each line with its number; a heading whose link stands up to three lines below is one line."""
    wrapped = 0
    for i, line in enumerate(lines):
        if wrapped:
            wrapped -= 1
        else:
            wrapped = _goes_on(line, lines[i + 1 : i + 4])
            yield i + 1, " ".join(lines[i : i + 1 + wrapped])


def _goes_on(line: str, below: list[str]) -> int:
    """Return on how many of the lines below it a heading goes on."""
    if not line.lstrip().startswith("###") or _is_linked(line):
        return 0
    for count, following in enumerate(map(str.strip, below), 1):
        if not following or following[0] in "#>|" or _NUMBER.match(following):
            return 0
        # A link within a line of text is of the text.
        if _is_linked(following) and (":arrow_down:" in following or following.endswith(")")):
            return count
    return 0


def _stray(strays: list[Refusal], number: int, text: str, *, goes_on: bool) -> None:
    """Refuse text outside any entry: one refusal for each run of lines."""
    if not goes_on:
        refuse(strays, Refusal(number, "this text belongs to no entry", excerpt(text), is_entry=False))
    elif number < strays[-1].line + 80 and not strays[-1].excerpt.endswith("…"):
        strays[-1] = replace(strays[-1], excerpt=excerpt(f"{strays[-1].excerpt} {text}"))


def _is_header(line: str) -> bool:
    """Tell a header: a line that names arXiv, even if it cannot be read, or that reads as a category and a day."""
    if not line.startswith("#") or line.startswith("###") or ADDRESS.search(line):
        return False
    if line.lstrip("# ")[:6].lower().startswith("arxiv"):
        return True
    read = _read_header(line.strip()) if _DATED.search(line[-40:]) else None
    return read is not None and ("." in read[0] or read[0] in ARCHIVES)


def _is_heading(line: str) -> bool:
    """Tell an entry, also where its hashes are miscounted or missing."""
    start = line.lstrip()
    return start.startswith("###") or (
        not start.startswith((">", "|")) and (":arrow_down:" in start or start.startswith("#")) and "](" in start
    )


def _is_row(line: str) -> bool:
    """Tell a row of a table, which belongs to no abstract."""
    return line[0] == line[-1] == "|" and line.count("|") > 2


def _is_linked(line: str) -> bool:
    link = line.rfind("](")
    return link >= 0 and (":arrow_down:" in line or ADDRESS.search(line, link) is not None)


def _header(line: str, number: int) -> tuple[str, date]:
    header = _read_header(line)
    if header is None:
        raise DigestError(
            number, f"expected a header like `{HEADER}` with a day from 1991 to 2099, but here is `{excerpt(line)}`"
        )
    return header


def _read_header(line: str) -> tuple[str, date] | None:
    match = _HEAD.fullmatch(line) if len(line) <= 200 else None
    if match is None:
        return None
    when = match["when"].replace(",", " ").split()
    if len(when) == 4 and when[0].lower().startswith(_WEEKDAYS):
        del when[0]
    try:
        if len(when) == 1:
            return canonical(match["category"]), day_of_arxiv(date.fromisoformat(when[0]))
        day, name, year = when
        (month,) = (n for n, full in enumerate(_MONTHS, 1) if len(name) > 2 and full.startswith(_month(name)))
        return canonical(match["category"]), day_of_arxiv(date(int(year), month, int(day)))
    except (ValueError, OverflowError):
        return None


def _month(name: str) -> str:
    name = name.rstrip(".").lower()
    return "sep" if name == "sept" else name


_DATED = re.compile(r"[0-9]{1,2} [A-Za-z]{3,9}\.? [12][0-9]{3}\s*$")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAME = rf"[A-Za-z]+(?:-(?!(?i:{'|'.join(_WEEKDAYS)}))[A-Za-z]+)?"
_HEAD = re.compile(rf"#+\s*(?:(?i:arxiv)\b:?\s*)?(?P<category>{_NAME}(?:\.{_NAME})?)(?![\w.])[\s–—:|,-]*(?P<when>\w.*)")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip


def _cut_heading(line: str) -> tuple[str, str]:
    """Cut `### 1.Title  [ :arrow_down: ](address)` into title and address; a title may hold brackets too."""
    line = line.strip().lstrip("#").strip()
    link = line.rfind("](")
    label = line.rfind("[", 0, link) if link >= 0 else -1
    title, address = (line[:label], line[link + 2 :]) if label >= 0 else (line, "")
    number = _NUMBER.match(title)
    title = (title[number.end() :] if number else title).strip()
    named = line[label + 1 : link].strip()
    return (named if label >= 0 and not title and named != ":arrow_down:" else title), address


_NUMBER = re.compile(r"[0-9]{1,9}\s{0,9}[.)]")
