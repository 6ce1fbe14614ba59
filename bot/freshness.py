"""How a source of digests is doing, judged from what one round of reading it gave, and told to the admin.

Two kinds of trouble look alike and are not: a source that has nothing new, and one that cannot be read. Which days have
a digest says `bot.calendar`; that a poll failed is no news before it has gone on for `PATIENCE`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.calendar import expected, expected_after, expected_before, moment, quiet, spoken, today_at_arxiv
from bot.model import Delivery, Destination, Digest, Reply, Report, State, Text
from bot.ports import Store

PATIENCE = timedelta(hours=1)

_LEAST_READ = 0.8  # of what a digest declares
_AHEAD = timedelta(days=2)
_USERINFO = re.compile(r"(?<=://)[^/\s?#]*@")


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of reading a source gave.

    `days` are those of the digests that were read, `empty` those of the digests without an entry. `wrong` says of each
    document why it cannot be read or trusted, `unread` of each why it could not be fetched: of both only what was not
    told before. `silence` says why the source itself did not answer. `mended` says that a document which was told of
    could be read.
    """

    days: tuple[date, ...] = ()
    empty: tuple[date, ...] = ()
    wrong: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    silence: str = ""
    mended: bool = False


def is_from_the_future(digest: Digest, now: datetime) -> bool:
    """Say whether a digest is of a day that cannot have one yet, whatever the time zones: it is not to be stored."""
    return digest.day > today_at_arxiv(now) + _AHEAD


def doubt(digest: Digest, now: datetime) -> str | None:
    """Return why a digest is not what its source meant to send, as a clause; None where all is well."""
    if is_from_the_future(digest, now):
        return f"a digest of {spoken(digest.day)}, which is yet to come"
    if len(digest.papers) < _LEAST_READ * digest.declared:
        what = f"{digest.category} of {spoken(digest.day)}"
        return f"only {len(digest.papers):,} of the {digest.declared:,} entries in {what} could be read"
    return None


def judge(before: Report, found: Round, now: datetime, delay: timedelta) -> Report:
    """Return how a source is doing after a round, by how it did before; `delay` is the source's own."""
    # A clock that was ahead must not put off for as long what is news.
    before = replace(before, since=min(before.since, now))
    day = max((each for each in (before.day, *found.days) if each), default=None)
    failing = min(before.failing or now, now) if found.unread or found.silence else None
    is_news = failing is not None and now - failing >= PATIENCE
    state: State
    if found.wrong or (found.unread and is_news):
        state, detail = "broken", _broken((*found.wrong, *found.unread))
    elif found.silence and is_news:
        state, detail = "unreachable", _unreachable(found.silence)
    elif day == before.day and (found.silence or (before.state == "broken" and not found.mended)):
        state, detail = before.state, before.detail
    else:
        state, detail = _timely(before, found, day, now, delay)
    since = before.since
    if state != before.state:
        since = failing if state == "unreachable" and failing else now
    return replace(before, state=state, detail=detail, since=since, checked_at=now, day=day, failing=failing)


def owed(report: Report, admin: Destination) -> Delivery:
    """Return the message to the admin that a source is as it is now. `Store.report` knows whether that is news."""
    return Delivery(admin, "report", f"{_told(report)} {report.source}", report.since.date(), ())


async def message(delivery: Delivery, store: Store) -> Reply | None:
    """Return what a delivery says of a source; None where it is otherwise by now, which another one says."""
    state, _, source = delivery.topic.partition(" ")
    report = next((each for each in await store.reports() if each.source == source), None)
    if report is None or _told(report) != state:
        return None
    return Reply(Text(sentence(report, again=True)))


def sentence(report: Report, *, again: bool = False) -> str:
    """Return how a source is doing as people read it; where all is well `again`, there was trouble before."""
    name = redacted(report.source)
    detail = redacted(report.detail)
    if report.is_well and not again:
        return f"{name}: {detail or 'nothing has been read so far'}."
    state = "well again" if report.is_well else report.state
    return f"{name} is {state} since {moment(report.since)}: {detail}."


def redacted(text: str) -> str:
    """Return a text without the user names and passwords of the web addresses in it."""
    return _USERINFO.sub("", text)


def _told(report: Report) -> str:
    return "well" if report.is_well else report.state


def _timely(before: Report, found: Round, day: date | None, now: datetime, delay: timedelta) -> tuple[State, str]:
    """Judge by the calendar a source that answers."""
    due = expected(now, delay)
    newest = f"the newest digest is of {spoken(day)}" if day else "none has come so far"
    missing = _missing(day or _heard_of(before, found, due, delay), due)
    if missing > 1:
        return "stale", _stale(due, newest)
    if missing:
        is_told = before.state == "late" and day == before.day and not found.empty
        return "late", before.detail if is_told else _late(due, newest, found)
    if day is None:
        return "quiet", f"no digest has come so far, and the first is expected {spoken(expected_after(due))}"
    if (reason := quiet(today_at_arxiv(now))) is not None:
        return "quiet", f"none is expected today, for {reason}; {newest}"
    return "fresh", newest


def _heard_of(before: Report, found: Round, due: date, delay: timedelta) -> date:
    """Return the last day that a source which never gave any is not blamed for: what was due before it was watched.

    Its state has been what it is since a moment at which it was known how many were missing.
    """
    blamed: dict[str, int] = {"late": 1, "stale": 2}
    missing = blamed.get(before.state, 0)
    last = expected(before.since, delay)
    if due in found.empty and last == due:
        missing = max(missing, 1)
    for _ in range(missing):
        last = expected_before(last)
    return last


def _missing(day: date, due: date) -> int:
    """Count the digests that are expected after a day, up to the one that is due: of many only two."""
    count = 0
    while day < due and count < 2:
        day = expected_after(day)
        count += 1
    return count


def _late(due: date, newest: str, found: Round) -> str:
    if found.empty and not found.days:
        what = f"arXiv's feed is empty though the digest of {spoken(due)} was expected"
    else:
        what = f"the digest of {spoken(due)} was expected and has not come"
    return (
        f"{what}; {newest}. Readers get it as soon as it comes. If arXiv has announced it by now, see whether what "
        "makes this source still runs"
    )


def _stale(due: date, newest: str) -> str:
    return (
        f"it answers, but has nothing new: {newest}, and others up to {spoken(due)} were expected. Readers hear "
        "nothing from it. See whether what makes this source still runs; what it has left out, take in by hand: "
        "paperwire ingest PATH"
    )


def _broken(reasons: Sequence[str]) -> str:
    more = f" (and {len(reasons) - 1:,} more, in the log)" if len(reasons) > 1 else ""
    return (
        f"{reasons[0]}{more}. What could be read was taken in, and readers do not see the rest. Mend it there; if it "
        "is right as it is, Paperwire does not know this format yet"
    )


def _unreachable(reason: str) -> str:
    return (
        f"{reason}. What readers miss meanwhile they get once it answers. See whether its address is still right, and "
        "can be reached from where Paperwire runs"
    )
