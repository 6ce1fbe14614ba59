"""The RSS and Atom listings of rss.arxiv.org."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

from bot import text as paper_text
from bot.digest.entries import DigestError, Entry, Section, canonical, day_of_arxiv, excerpt


def feed(text: str) -> list[Section] | None:
    """Read the RSS 2.0 or Atom feed of rss.arxiv.org.

    An item is listed under each of its categories that the feed covers (`cs` covers `cs.CV`), on the feed's day.
    New papers and cross-lists are the day's announcements; replacements (`replace`, `replace-cross`, `absonly`)
    are not, and are left out. A feed without items, as on a weekend, is a digest without papers. Source of the
    shape: https://info.arxiv.org/help/rss_specifications.html
    """
    if not _OPENING.match(text):
        return None
    root = _xml(text.lstrip())
    channel = root if root.tag == f"{_ATOM}feed" else root.find("channel")
    if channel is None:
        raise DigestError(1, f"expected an RSS or Atom feed, but here is <{excerpt(root.tag)}>")
    covered = _covered(channel)
    items = [*root.iter("item"), *root.iter(f"{_ATOM}entry")]
    day = _feed_day(channel, items)
    sections = {category: Section(1, category, day) for category in covered}
    starts = _ITEM.finditer(text)
    number, done = 1, 0
    for item in items:
        start = next(starts, None)
        if start:
            number, done = number + text.count("\n", done, start.start()), start.start()
        for category, entry in _announced(item, covered, number):
            sections.setdefault(category, Section(1, category, day)).add(entry)
    split = {category.partition(".")[0] for category in sections if "." in category}
    return [section for name, section in sections.items() if section.entries or name not in split]


# A comment alone is no feed: Markdown may begin with one.
_OPENING = re.compile(r"(?>\s*<!--.*?-->)*+\s*<(?:\?xml|rss|feed|!DOCTYPE)", re.DOTALL)
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ITEM = re.compile(r"<(?:item|entry)[\s>]")


def _xml(text: str) -> ET.Element:
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415 - loads with the first feed

    try:
        root: ET.Element = fromstring(text, forbid_dtd=True)
    except ET.ParseError as error:
        raise DigestError(error.position[0], f"expected well-formed XML: {error.msg}") from None
    except (ValueError, LookupError) as error:  # defusedxml's own refusals are ValueErrors
        raise DigestError(1, f"expected plain XML without DTD or entities: {type(error).__name__}") from None
    return root


def _field(item: ET.Element, *names: str) -> str:
    """Return the first of these elements that holds text."""
    for name in names:
        content = item.findtext(name) or item.findtext(_ATOM + name)
        if content and content.strip():
            return content.strip()
    return ""


def _covered(channel: ET.Element) -> list[str]:
    title = _field(channel, "title")
    names, _, rest = title.partition(" updates on ")
    covered = [name for name in re.split(r"[,+\s]+", names) if name] if rest else []
    if not covered or not all(_CATEGORY.fullmatch(name) for name in covered):
        raise DigestError(1, f"expected a title like `cs.CV updates on arXiv.org`, but here is `{excerpt(title)}`")
    return list(dict.fromkeys(map(canonical, covered)))


_CATEGORY = re.compile(r"[A-Za-z]+(-[A-Za-z]+)*(\.[A-Za-z]+(-[A-Za-z]+)*)?")


def _feed_day(channel: ET.Element, items: list[ET.Element]) -> date:
    """Return the day on which arXiv announced the feed's items, in arXiv's own time zone."""
    first = items[0] if items else channel
    written = _field(channel, "pubDate") or _field(first, "pubDate", "published") or _field(channel, "updated")
    try:
        iso = written[:1].isdigit()
        return day_of_arxiv(date.fromisoformat(written[:10]) if iso else parsedate_to_datetime(written).date())
    except (ValueError, TypeError, OverflowError, IndexError):
        raise DigestError(
            1,
            "expected a pubDate from 1991 to 2099 like `Fri, 20 Nov 2020 00:00:00 -0500`,"
            f" but here is `{excerpt(written)}`",
        ) from None


def _announced(item: ET.Element, covered: list[str], line: int) -> Iterator[tuple[str, Entry]]:
    """Yield an item under each category that lists it."""
    summary = _field(item, "description", "summary")
    about, mark, abstract = summary.partition("Abstract:")
    kind = _field(item, f"{_ARXIV}announce_type") or about.partition("Announce Type:")[2].strip()
    if kind.lower().startswith(("replace", "absonly")):
        return
    terms = [element.text or element.get("term") or "" for element in item.iter("category")]
    terms += [element.get("term") or "" for element in item.iter(f"{_ATOM}category")]
    categories = tuple(dict.fromkeys(canonical(term.strip()) for term in terms if _CATEGORY.fullmatch(term.strip())))
    authors = _field(item, f"{_DC}creator") or ", ".join(
        _field(element, "name") for element in item.iter(f"{_ATOM}author")
    )
    entry = Entry(
        line,
        _field(item, "guid", "id") or _field(item, "link"),
        _field(item, "title"),
        (abstract if mark else summary).strip(),
        _names(authors),
        categories,
    )
    under = [name for name in categories if name in covered or name.partition(".")[0] in covered]
    for category in under or [covered[0]]:
        yield category, entry


def _names(authors: str) -> tuple[str, ...]:
    """Cut a line of names: an affiliation in parentheses is no name, and its commas part none."""
    depth = 0
    kept = []
    for character in authors:
        depth = max(0, depth + (character == "(") - (character == ")"))
        if not depth and character != ")":
            kept.append(character)
    names = re.split(r",|\sand\s", paper_text.read("".join(kept)).plain)
    return tuple(name.strip() for name in names if name.strip())
