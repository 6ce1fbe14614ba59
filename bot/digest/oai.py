"""The pages of arXiv's OAI-PMH, in its format arXivRaw: https://info.arxiv.org/help/oa/index.html."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

from bot.digest import xml
from bot.digest.entries import DigestError, Entry, canonical, day_of_arxiv, names

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """A paper as it is now: its arXiv id, and when its first version was submitted, in UTC."""

    id: str
    submitted: datetime
    entry: Entry


@dataclass(frozen=True, slots=True)
class Page:
    """Records, the newest day on which one of them changed, and the token of the next page; or an error's code."""

    records: tuple[Record, ...] = ()
    newest: date | None = None
    token: str = ""
    error: str = ""


def page(text: str) -> Page:
    """Read an answer to ListRecords, or raise DigestError. Records that arXiv deleted are left out."""
    answer = xml.root(text)
    if answer.tag != f"{_OAI}OAI-PMH":
        raise DigestError(1, "expected an answer of OAI-PMH")
    error = answer.find(f"{_OAI}error")
    if error is not None:
        return Page(error=error.get("code", "unknown"))
    listed = answer.find(f"{_OAI}ListRecords")
    if listed is None:
        raise DigestError(1, "expected ListRecords, or an error")
    elements = listed.findall(f"{_OAI}record")
    days = [day for element in elements for day in _datestamp(element)]
    records = tuple(record for element in elements for record in _record(element))
    token = listed.findtext(f"{_OAI}resumptionToken") or ""
    return Page(records, max(days, default=None), token.strip())


def _datestamp(element: ET.Element) -> list[date]:
    stamp = element.findtext(f"{_OAI}header/{_OAI}datestamp") or ""
    try:
        return [date.fromisoformat(stamp.strip()[:10])]
    except ValueError:
        return []


def _record(element: ET.Element) -> list[Record]:
    """Return a record, or none where it is deleted or does not say what it must, which is logged."""
    header = element.find(f"{_OAI}header")
    raw = element.find(f"{_OAI}metadata/{_RAW}arXivRaw")
    if raw is None:
        if header is None or header.get("status") != "deleted":
            _log.warning("oai_record_unreadable", extra={"identifier": _identifier(element)})
        return []
    versions = {each.get("version", ""): each.findtext(f"{_RAW}date") or "" for each in raw.iter(f"{_RAW}version")}
    try:
        submitted = parsedate_to_datetime(versions["v1"]).astimezone(UTC)
        day_of_arxiv(submitted.date())
    except (KeyError, ValueError, OverflowError):
        _log.warning("oai_record_unreadable", extra={"identifier": _identifier(element)})
        return []
    id_ = xml.field(raw, f"{_RAW}id")
    newest = max(versions, key=lambda version: (len(version), version))
    entry = Entry(
        1,
        f"oai:arXiv.org:{id_}{newest}",
        xml.field(raw, f"{_RAW}title"),
        xml.field(raw, f"{_RAW}abstract"),
        names(xml.field(raw, f"{_RAW}authors")),
        tuple(dict.fromkeys(map(canonical, xml.field(raw, f"{_RAW}categories").split()))),
    )
    return [Record(id_, submitted, entry)]


def _identifier(element: ET.Element) -> str:
    return (element.findtext(f"{_OAI}header/{_OAI}identifier") or "")[:80]
