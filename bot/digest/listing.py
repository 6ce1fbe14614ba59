"""The digest of headings and quotes: `# ArXiv cs.CV --Fri, 20 Nov 2020`."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from bot.digest.entries import ADDRESS, HEADER, MAX_ENTRIES, DigestError, Entry, Section, excerpt
from bot.digest.entries import lines as lines_of
from bot.model import Refusal


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
    early: list[Refusal] = []  # What stands before the first header is reported with the first digest.
    heading, loose = 0, ""
    body: list[str] = []

    def close() -> None:
        if heading:
            title, address = _cut_heading(lines[heading - 1])
            sections[-1].add(Entry(heading, address, title, "\n".join(body).strip()))

    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if not stripped:
            loose = ""
        elif _is_header(line):
            close()
            heading, body, loose = 0, [], ""
            sections.append(Section(number, *_header(stripped, number)))
        elif _is_heading(line):
            if not sections:
                raise DigestError(number, f"an entry before any header; expected `{HEADER}` above it")
            close()
            heading, body, loose = number, [], "open"
        elif heading and (stripped[0] == ">" or loose == "open"):
            body.append(stripped.removeprefix(">").strip())
            loose = "open"
        else:
            _stray(sections[-1].strays if sections else early, number, stripped, goes_on=loose == "stray")
            loose = "stray"
    close()
    if sections:
        sections[0].strays[:0] = early
    return sections


def _stray(strays: list[Refusal], number: int, text: str, *, goes_on: bool) -> None:
    """Refuse text outside any entry: one refusal for each run of lines."""
    if not goes_on:
        strays.append(Refusal(number, "this text belongs to no entry", excerpt(text), is_entry=False))
    elif not strays[-1].excerpt.endswith("…"):
        strays[-1] = replace(strays[-1], excerpt=excerpt(f"{strays[-1].excerpt} {text}"))
    if len(strays) > MAX_ENTRIES:
        raise DigestError(number, f"more than {MAX_ENTRIES} pieces of text outside any entry; is this a digest?")


def _is_header(line: str) -> bool:
    if not line.startswith("#") or line.startswith("###"):
        return False
    named = line.lstrip("# ")[:6].lower().startswith("arxiv")
    return (named or _DATED.search(line[-40:]) is not None) and not ADDRESS.search(line)


def _is_heading(line: str) -> bool:
    """Tell an entry, also where its hashes are miscounted or missing."""
    start = line.lstrip()
    return start.startswith("###") or (
        not start.startswith(">") and (":arrow_down:" in start or start.startswith("#")) and "](" in start
    )


def _header(line: str, number: int) -> tuple[str, date]:
    match = _HEAD.fullmatch(line) if len(line) <= 200 else None
    if match is None:
        raise DigestError(number, f"expected a header like `{HEADER}`, but here is `{excerpt(line)}`")
    when = match["when"].replace(",", " ").split()
    if len(when) == 4 and when[0].lower().startswith(_WEEKDAYS):
        del when[0]
    try:
        if len(when) == 1:
            return match["archive"].lower() + (match["subject"] or ""), date.fromisoformat(when[0])
        day, name, year = when
        (month,) = (n for n, full in enumerate(_MONTHS, 1) if len(name) > 2 and full.startswith(_month(name)))
        return match["archive"].lower() + (match["subject"] or ""), date(int(year), month, int(day))
    except ValueError:
        raise DigestError(
            number, f"expected a day like `Fri, 20 Nov 2020`, but here is `{excerpt(match['when'])}`"
        ) from None


def _month(name: str) -> str:
    name = name.rstrip(".").lower()
    return "sep" if name == "sept" else name


_DATED = re.compile(r"[0-9]{1,2} [A-Za-z]{3,9}\.? [12][0-9]{3}\s*$")
_HEAD = re.compile(
    r"#+\s*(?:(?i:arxiv)\b:?\s*)?(?P<archive>[A-Za-z]+(?:-[a-z]+)?)(?P<subject>\.(?:[A-Z]{2}|[a-z]+(?:-[a-z]+)?))?"
    r"(?![\w.])[\s–—:|,-]*(?P<when>\w.*)"
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
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
