"""What arXiv writes: feeds, pages of OAI-PMH, answers of its API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from email.utils import format_datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from bot.model import Paper

EASTERN = ZoneInfo("America/New_York")
# What it knows of, and the group of each in OAI-PMH.
CATEGORIES = {
    **dict.fromkeys(("cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO"), "cs"),
    **dict.fromkeys(("stat.ML",), "stat"),
    **dict.fromkeys(("math.AG", "math.OC"), "math"),
    **dict.fromkeys(("hep-th", "math-ph", "physics.optics", "quant-ph"), "physics"),
}


@dataclass(slots=True)
class Record:
    """What arXiv keeps of a paper: when each version was submitted, and when anything of it changed last."""

    paper: Paper
    submitted: list[datetime]
    announced: date
    changed: datetime
    deleted: bool = False


_FEED = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" \
xmlns:atom="http://www.w3.org/2005/Atom" version="2.0">
  <channel>
    <title>{title}</title>
    <link>http://rss.arxiv.org/rss/</link>
    <docs>http://www.rssboard.org/rss-specification</docs>
    <language>en-us</language>
    <pubDate>{day}</pubDate>
    <skipDays>
      <day>Saturday</day>
      <day>Sunday</day>
    </skipDays>{items}
  </channel>
</rss>
"""

_ATOM = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" \
xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/fake</id>
  <title>arXiv Query</title>{entries}
</feed>
"""


def feed(title: str, day: date, items: Iterable[str]) -> str:
    return _FEED.format(title=escape(title), day=_midnight(day), items="".join(items))


def atom(entries: Iterable[str]) -> str:
    return _ATOM.format(entries="".join(entries))


def _midnight(day: date) -> str:
    return format_datetime(datetime.combine(day, time(), EASTERN))


def item(record: Record, kind: str, day: date) -> str:
    paper = record.paper
    id_ = f"{paper.id}v{len(record.submitted)}"
    categories = "".join(f"<category>{each}</category>" for each in paper.categories)
    return f"""
    <item>
      <title>{escape(paper.raw_title or paper.title)}</title>
      <link>https://arxiv.org/abs/{paper.id}</link>
      <description>arXiv:{id_} Announce Type: {kind}\x20
Abstract: {escape(paper.raw_abstract or paper.abstract)}</description>
      <guid isPermaLink="false">oai:arXiv.org:{id_}</guid>
      {categories}
      <pubDate>{_midnight(day)}</pubDate>
      <arxiv:announce_type>{kind}</arxiv:announce_type>
      <dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>
      <dc:creator>{escape(", ".join(paper.authors))}</dc:creator>
    </item>"""


def oai_answer(inside: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<responseDate>2026-01-01T00:00:00Z</responseDate><request>https://oaipmh.arxiv.org/oai</request>
{inside}</OAI-PMH>"""


def raw(id_: str, record: Record) -> str:
    sets = "".join(f"<setSpec>{_set(each)}</setSpec>" for each in record.paper.categories if each in CATEGORIES)
    header = f"<identifier>oai:arXiv.org:{id_}</identifier><datestamp>{record.changed.date()}</datestamp>{sets}"
    if record.deleted:
        return f'<record><header status="deleted">{header}</header></record>'
    versions = "".join(
        f'<version version="v{number}"><date>{at:%a, %d %b %Y %H:%M:%S} GMT</date><size>9kb</size></version>'
        for number, at in enumerate(record.submitted, 1)
    )
    paper = record.paper
    # Affiliations are a part of what authors type, and the last name may come after "and".
    *others, last = (escape(f"{name} (Institute of {name[:1]}, There)") for name in paper.authors or ("Nobody",))
    return f"""<record><header>{header}</header><metadata>
<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{id_}</id><submitter>{last}</submitter>{versions}
<title>{escape(paper.raw_title or paper.title)}</title>
<authors>{", ".join(others)}{" and " if others else ""}{last}</authors>
<categories>{" ".join(paper.categories)}</categories>
<license>http://creativecommons.org/licenses/by/4.0/</license>
<abstract>{escape(paper.raw_abstract or paper.abstract)}</abstract></arXivRaw></metadata></record>"""


def _set(category: str) -> str:
    return f"{CATEGORIES[category]}:{category.replace('.', ':')}"


def api_entry(record: Record) -> str:
    paper = record.paper
    authors = "".join(
        f"<author><name>{escape(name)}</name><arxiv:affiliation>There</arxiv:affiliation></author>"
        for name in paper.authors
    )
    # The classes of the ACM and the MSC stand among the categories, and those in no order.
    terms = (*sorted(paper.categories), "I.2.6", "H.m", "68T05")
    scheme = 'scheme="http://arxiv.org/schemas/atom"'
    return f"""
  <entry>
    <id>http://arxiv.org/abs/{paper.id}v{len(record.submitted)}</id>
    <title>{escape(paper.raw_title or paper.title)}</title>
    <updated>{record.submitted[-1]:%Y-%m-%dT%H:%M:%SZ}</updated>
    <summary>{escape(paper.raw_abstract or paper.abstract)}</summary>
    {"".join(f'<category term="{each}" {scheme}/>' for each in terms)}
    <published>{record.submitted[0]:%Y-%m-%dT%H:%M:%SZ}</published>
    <arxiv:primary_category term="{paper.categories[0]}"/>
    {authors}
  </entry>"""


def api_error(id_: str) -> str:
    return f"""
  <entry>
    <id>https://arxiv.org/api/errors#incorrect_id_format_for_{escape(id_)}</id>
    <title>Error</title>
    <summary>incorrect id format for {escape(id_)}</summary>
    <author><name>arXiv api core</name></author>
  </entry>"""
