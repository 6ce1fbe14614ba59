"""The RSS and Atom listings of rss.arxiv.org."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from bot.calendar import EASTERN
from bot.digest import xml
from bot.digest.entries import CATEGORY, DigestError, Entry, Section, canonical, day_of_arxiv, excerpt, names
from bot.digest.xml import field

_log = logging.getLogger(__name__)


def feed(text: str) -> list[Section] | None:
    """Read the RSS 2.0 or Atom feed of rss.arxiv.org.

    An item is listed under each of its categories that the feed covers (`cs` covers `cs.CV`), on the feed's day.
    New papers and cross-lists are the day's announcements; replacements (`replace`, `replace-cross`, `absonly`)
    are not, and are left out but for their number in the log. A feed without items, as on a weekend and until the day's
    announcement is in, is a digest without papers. Source of the shape:
    https://info.arxiv.org/help/rss_specifications.html
    """
    if not _OPENING.match(text):
        return None
    root = xml.root(text.lstrip())
    channel = root if root.tag == f"{xml.ATOM}feed" else root.find("channel")
    if channel is None:
        raise DigestError(1, f"expected an RSS or Atom feed, but here is <{excerpt(root.tag)}>")
    covered = _covered(channel)
    items = [*root.iter("item"), *root.iter(f"{xml.ATOM}entry")]
    day = _feed_day(channel, items)
    sections = {category: Section(1, category, day) for category in covered}
    starts = _ITEM.finditer(text)
    number, done = 1, 0
    kinds: Counter[str] = Counter()
    for item in items:
        start = next(starts, None)
        if start:
            number, done = number + text.count("\n", done, start.start()), start.start()
        kind = _kind(item)
        kinds[kind or "unknown"] += 1
        for category, entry in (
            () if kind.startswith(("replace", "absonly")) else _announced(item, kind, covered, number)
        ):
            sections.setdefault(category, Section(1, category, day)).add(entry)
    _log.info("feed", extra={"day": f"{day}", "categories": covered, "announced": dict(kinds)})
    split = {category.partition(".")[0] for category in sections if "." in category}
    return [section for name, section in sections.items() if section.entries or name not in split]


# A comment alone is no feed: Markdown may begin with one.
_OPENING = re.compile(r"(?>\s*<!--.*?-->)*+\s*<(?:\?xml|rss|feed|!DOCTYPE)", re.DOTALL)
_ITEM = re.compile(r"<(?:item|entry)[\s>]")


def _covered(channel: ET.Element) -> list[str]:
    title = field(channel, "title")
    listed, _, rest = title.partition(" updates on ")
    covered = [name for name in re.split(r"[,+\s]+", listed) if name] if rest else []
    if not covered or not all(CATEGORY.fullmatch(name) for name in covered):
        raise DigestError(1, f"expected a title like `cs.CV updates on arXiv.org`, but here is `{excerpt(title)}`")
    return list(dict.fromkeys(map(canonical, covered)))


def _feed_day(channel: ET.Element, items: list[ET.Element]) -> date:
    """Return the day on which arXiv announced the feed's items, in arXiv's own time zone."""
    first = items[0] if items else channel
    written = field(channel, "pubDate") or field(first, "pubDate", "published")
    made = "" if written else field(channel, "updated")
    try:
        if made:
            # An empty Atom feed says only when it was made, in UTC, whose day is hours ahead of arXiv's.
            return day_of_arxiv(datetime.fromisoformat(made).astimezone(ZoneInfo(EASTERN)).date())
        iso = written[:1].isdigit()
        return day_of_arxiv(date.fromisoformat(written[:10]) if iso else parsedate_to_datetime(written).date())
    except (ValueError, TypeError, OverflowError, IndexError):
        raise DigestError(
            1,
            "expected a pubDate from 1991 to 2099 like `Fri, 20 Nov 2020 00:00:00 -0500`,"
            f" but here is `{excerpt(written or made)}`",
        ) from None


def _kind(item: ET.Element) -> str:
    """Return how an item is announced: new, cross, replace, replace-cross, absonly; empty where it does not say."""
    about = field(item, "description", "summary").partition("Abstract:")[0]
    return (field(item, f"{xml.ARXIV}announce_type") or about.partition("Announce Type:")[2].strip()).lower()


def _announced(item: ET.Element, kind: str, covered: list[str], line: int) -> Iterator[tuple[str, Entry]]:
    """Yield an item under each category that lists it."""
    summary = field(item, "description", "summary")
    _, mark, abstract = summary.partition("Abstract:")
    terms = [element.text or element.get("term") or "" for element in item.iter("category")]
    terms += [element.get("term") or "" for element in item.iter(f"{xml.ATOM}category")]
    categories = tuple(dict.fromkeys(canonical(term.strip()) for term in terms if CATEGORY.fullmatch(term.strip())))
    authors = field(item, f"{xml.DC}creator") or ", ".join(
        field(element, "name") for element in item.iter(f"{xml.ATOM}author")
    )
    entry = Entry(
        line,
        field(item, "guid", "id") or field(item, "link"),
        field(item, "title"),
        (abstract if mark else summary).strip(),
        names(authors),
        categories,
    )
    under = [name for name in categories if name in covered or name.partition(".")[0] in covered]
    # Where its own category is asked for too, a cross-list is one of an earlier day's paper: it was listed there then.
    # https://github.com/arXiv/arxiv-feed/blob/develop/feed/database.py
    if kind == "cross" and len(under) > 1 and under[0] == categories[0]:
        del under[0]
    for category in under or [covered[0]]:
        yield category, entry
