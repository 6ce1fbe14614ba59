"""Papers as an Atom feed: RFC 4287, https://www.rfc-editor.org/rfc/rfc4287."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from xml.etree import ElementTree as ET

from bot.calendar import announced_at
from bot.model import Paper

MEDIA_TYPE = "application/atom+xml"

_ATOM = "http://www.w3.org/2005/Atom"
_NOBODY = "Authors not known"
# What no XML document can hold, escaped or not: https://www.w3.org/TR/xml/#charsets
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(title: str, id_: str, address: str, papers: Iterable[Paper], updated: datetime) -> bytes:
    """Return papers as a feed, an entry each, in UTF-8.

    An entry is updated when arXiv announced the paper's last listing. A later version of a paper is another entry, but
    not the first, of which not every source says that it is one.
    """
    feed = ET.Element("feed", {"xmlns": _ATOM})
    _text(feed, "title", title)
    _text(feed, "id", id_)
    _text(feed, "updated", _instant(updated))
    ET.SubElement(feed, "link", {"rel": "self", "type": MEDIA_TYPE, "href": address})
    _text(feed, "generator", "Paperwire")
    for paper in papers:
        _entry(feed, paper, updated)
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(feed: ET.Element, paper: Paper, otherwise: datetime) -> None:
    entry = ET.SubElement(feed, "entry")
    url = f"{paper.url}v{paper.version}" if paper.version and paper.version > 1 else paper.url
    days = [listing.day for listing in paper.listings]
    _text(entry, "title", paper.title)
    _text(entry, "id", url)
    _text(entry, "updated", _instant(announced_at(max(days)) if days else otherwise))
    if days:
        _text(entry, "published", _instant(announced_at(min(days))))
    for name in paper.authors or (_NOBODY,):  # Atom wants one
        _text(ET.SubElement(entry, "author"), "name", name)
    ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": url})
    ET.SubElement(entry, "link", {"rel": "related", "type": "application/pdf", "href": paper.pdf})
    for category in paper.every_category:
        ET.SubElement(entry, "category", {"term": _clean(category)})
    if paper.abstract:
        _text(entry, "summary", paper.abstract)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
