"""The nouns of Paperwire: frozen data that every room shares.

Nothing here does I/O, and nothing here knows a platform or a database.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal

# https://arxiv.org/category_taxonomy
ARCHIVES = (
    *("astro-ph", "cond-mat", "cs", "econ", "eess", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th"),
    *("math", "math-ph", "nlin", "nucl-ex", "nucl-th", "physics", "q-bio", "q-fin", "quant-ph", "stat"),
)

_DESTINATION = re.compile(r"([a-z]+):([^/\s]+)/(\S+)")


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text and the spans of it to emphasise.

    `marks` are `(start, end)` offsets into `plain`, sorted and disjoint. `render` is the only way from here to
    markup, so the core cannot emit a platform's own: a title that spells `<!channel>` stays a title.
    """

    plain: str = ""
    marks: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return self.plain

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """Yield the text in pieces that are not empty, each with whether it is marked."""
        done = 0
        for start, end in (*self.marks, (len(self.plain), len(self.plain))):
            if start > done:
                yield self.plain[done:start], False
            if end > start:
                yield self.plain[start:end], True
            done = end

    def render(self, escape: Callable[[str], str], before: str, after: str) -> str:
        """Return the text as markup: every piece escaped, every marked one between `before` and `after`."""
        return "".join(f"{before}{escape(each)}{after}" if marked else escape(each) for each, marked in self.pieces())

    def clip(self, width: int, *, start: int = 0) -> Text:
        """Return at most `width` characters from `start`, cut between words, an ellipsis for what is left out.

        A word longer than `width` is cut inside: the limit always holds.
        """
        if width < 3:
            raise ValueError(f"a width of {width} leaves no room for text between two ellipses")
        lead = "…" if start else ""
        end = len(self.plain)
        tail = ""
        if end - start + len(lead) > width:
            tail = "…"
            end = start + width - len(lead) - len(tail)
            space = max(self.plain.rfind(" ", start, end + 1), self.plain.rfind("\n", start, end + 1))
            end = space if space > start else end
        shift = len(lead) - start
        body = self.plain[start:end].rstrip()
        end = start + len(body)
        marks = tuple((max(a, start) + shift, min(b, end) + shift) for a, b in self.marks if b > start and a < end)
        return Text(lead + body + tail, marks)


@dataclass(frozen=True, slots=True)
class Link:
    """A web address that a paper names: `kind` is "code" where it leads to a code host, else "page"."""

    url: str
    kind: Literal["code", "page"] = "page"


@dataclass(frozen=True, slots=True, order=True)
class Listing:
    """One appearance of a paper: the day its category announced it. A cross-list is one more listing."""

    day: date
    category: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as a source describes it.

    `id` is arXiv's, without a version (`2011.10043`, `hep-th/9901001`). `title` and `abstract` are shown text
    (one line, LaTeX as Unicode, HTML as text); `raw_title` and `raw_abstract` are what the source wrote.
    `authors` and `categories` are empty where the source carries none. `listings` is filled in by the store.
    """

    id: str
    title: str
    abstract: str = ""
    raw_title: str = ""
    raw_abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    version: int | None = None
    listings: tuple[Listing, ...] = ()

    @property
    def url(self) -> str:
        return f"https://arxiv.org/abs/{self.id}"

    @property
    def pdf(self) -> str:
        return f"https://arxiv.org/pdf/{self.id}"

    @property
    def code(self) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.kind == "code")

    @property
    def every_category(self) -> tuple[str, ...]:
        """What the source declares first, then where it was listed, each once."""
        return tuple(dict.fromkeys([*self.categories, *(listing.category for listing in self.listings)]))


@dataclass(frozen=True, slots=True)
class Refusal:
    """What of a digest could not be stored: its line (from 1), why, how it begins, and whether it is an entry."""

    line: int
    reason: str
    excerpt: str = ""
    is_entry: bool = True


@dataclass(frozen=True, slots=True)
class Digest:
    """One category's announcements of one day, as one source lists them.

    `declared` counts the entries that the source lists: each is in `papers`, or in `refused` with its reason.
    """

    source: str
    category: str
    day: date
    papers: tuple[Paper, ...]
    refused: tuple[Refusal, ...] = ()

    @property
    def declared(self) -> int:
        return len(self.papers) + sum(each.is_entry for each in self.refused)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message can go: a room `slack:T1/C2`, or a person `slack:T1/@U1`.

    Everything stored about people or rooms is keyed by it. `workspace` is the tenant: one can never see another's.
    """

    platform: str
    workspace: str
    name: str

    @classmethod
    def parse(cls, address: str) -> Destination:
        match = _DESTINATION.fullmatch(address)
        if match is None:
            raise ValueError(f"{address!r} is no destination; write it like slack:T1/C2 or slack:T1/@U1")
        return cls(*match.groups())

    def __str__(self) -> str:
        return f"{self.platform}:{self.workspace}/{self.name}"

    @property
    def tenant(self) -> tuple[str, str]:
        """The platform and the workspace on it."""
        return self.platform, self.workspace

    @property
    def is_person(self) -> bool:
        return self.name.startswith("@")


@dataclass(frozen=True, slots=True)
class Call:
    """A command as a person gave it, without its platform.

    `name` is the verb and `text` all that follows; where a platform has a field for each parameter, `options` is what
    stands in them, by the parameter's name. `at` is the caller's clock with its zone, set at the edge. `typed` says
    that it counts against how much one may ask: a button that was pressed does not, nor does the terminal. With
    `shared` the answer is put before the room, for the caller wants it so.
    """

    name: str
    text: str
    room: Destination
    caller: Destination
    at: datetime
    may_manage: bool = False
    # Whether a message of ours can be posted in the room; where not, what to do about it, as a sentence.
    obstacle: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    typed: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value to offer for what is being typed: what people read, and what it stands for."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Button:
    """A next step to offer: `label`, and the command line it stands for (`name` and `text` of a `Call`).

    `shown` says where the answer goes: below what the button stands on, instead of it (a page that is turned), or
    aside, where it can be closed again (a paper that is opened). `sign` says in one sign what the label says: of many
    papers, each can have that, where its whole label would be noise.
    """

    label: str
    name: str
    text: str = ""
    shown: Literal["below", "instead", "aside"] = "below"
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list, with the next steps for it alone."""

    text: Text
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One paper in a reply. `facts` are short phrases (category, day); `why` says what brought it here."""

    paper: str
    title: Text
    url: str
    body: Text = Text()
    why: Text = Text()
    facts: tuple[str, ...] = ()
    pdf: str = ""
    links: tuple[Link, ...] = ()
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file to take away: its name, which says by its ending what it is, its media type, and what is in it."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command answers and what a delivery carries: a text, items or cards, a closing note, next steps.

    `private` replies are for the caller's eyes alone. `error` is set where the command could not be done:
    it says what to type instead. `again` is the call that gives this reply again and changes nothing, where others may
    want to see it: a platform can offer to share it. `about` is the room that it speaks of, if that is another one: a
    platform knows what people call it. `topic` is the category whose digest it is, for where messages have labels.
    `file` goes with it.
    """

    text: Text = Text()
    cards: tuple[Card, ...] = ()
    note: Text = Text()
    buttons: tuple[Button, ...] = ()
    private: bool = False
    error: str | None = None
    items: tuple[Item, ...] = ()
    again: Button | None = None
    about: Destination | None = None
    topic: str = ""
    file: File | None = None


# How a call is answered, whatever happens: it raises nothing.
Answer = Callable[[Call], Awaitable[Reply]]
# What to offer for a parameter of a call that is still being typed, by its name, and what is typed of it so far, best
# first. It raises nothing either, and is quick: who types does not wait.
Suggest = Callable[[Call, str, str], Awaitable[tuple[Suggestion, ...]]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A query that a person wants to hear about. `number` is theirs alone and never changes.

    `workspace` is where it was made: there it counts among what people follow. A person may be in many. One that is
    `muted` is silent until it is unmuted, or until a moment, `muted_until`.
    """

    person: Destination
    number: int
    query: str
    since: datetime
    muted: bool = False
    workspace: str = ""
    muted_until: datetime | None = None

    def is_silent(self, at: datetime) -> bool:
        return self.muted and (self.muted_until is None or at < self.muted_until)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a room wants its highlights: on these weekdays (Monday is 0), from this local time on."""

    start: time = time()
    zone: str = "UTC"
    days: tuple[int, ...] = tuple(range(7))


@dataclass(frozen=True, slots=True)
class Alerting:
    """How a person wants to be alerted: at once, or on the days and from the time of a schedule.

    `pace` is "instant", "daily" or "weekly"; the schedule holds for the last two, its zone for all. In the `quiet`
    hours, from a local time to another, nothing is sent. `most` is how many papers a day are shown one by one. Before
    `away_until` nothing is sent at all; once that is past, it tells what was kept meanwhile.
    """

    pace: Literal["instant", "daily", "weekly"] = "instant"
    schedule: Schedule = Schedule(time(9))
    quiet: tuple[time, time] | None = None
    most: int = 10
    away_until: datetime | None = None


State = Literal["new", "fresh", "quiet", "late", "stale", "broken", "unreachable"]


@dataclass(frozen=True, slots=True)
class Report:
    """How a source of digests is doing: its state, in a word and as a sentence, since when, and its newest day.

    "fresh" and "quiet" are as they should be: the expected digest is there, or none is expected and why. "late" is one
    announcement day behind, "stale" more; "broken" sends what cannot be read, or far less than it declares;
    "unreachable" answers nothing; "new" was not asked yet. `failing` is since when something cannot be read, news or
    not.
    """

    source: str
    state: State
    detail: str
    since: datetime
    checked_at: datetime
    day: date | None = None
    failing: datetime | None = None

    @property
    def is_well(self) -> bool:
        return self.state in ("new", "fresh", "quiet")


@dataclass(frozen=True, slots=True)
class Following:
    """A room that wants the daily highlights: at most `count` papers, of these categories (none: of all).

    `owner` is who set it up last: they are told where nothing can be posted there any more. `weekly` is the weekday on
    which it is told of its week, too.
    """

    room: Destination
    categories: tuple[str, ...] = ()
    count: int = 5
    schedule: Schedule = Schedule()
    owner: Destination | None = None
    weekly: int | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper chosen for a delivery: the reasons in words, and the numbers of the subscriptions behind them.

    The numbers are of the moment: a delivery is kept without them.
    """

    paper: str
    reasons: tuple[str, ...] = ()
    subscriptions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message owed to a destination.

    Highlights are of one digest: `topic` is its category. An alert is of all digests of a day: its `topic` is empty. A
    notice says that nothing can be posted any more in a room, whose address `topic` is; a report, how a source is
    doing: `topic` is the state, or "well", and the address. A weekly message is of the seven days to its `day`. An
    agenda is of the meeting of its `day`. `(to, kind, topic, day, part)` is the business key: planned twice, it is
    still one row. What is due at once of several days goes as one message, of the days from `since` to `day`. `due` is
    the earliest time for it, `tried_at` when it was first tried. `uncertain` says that an earlier attempt may have
    arrived.
    """

    to: Destination
    kind: Literal["highlights", "alert", "notice", "report", "weekly", "agenda"]
    topic: str
    day: date
    picks: tuple[Pick, ...]
    part: int = 1
    due: datetime | None = None
    id: int = 0
    attempts: int = 0
    uncertain: bool = False
    since: date | None = None
    tried_at: datetime | None = None

    @property
    def key(self) -> str:
        """The message's identity on a platform: the same for every attempt."""
        return f"{self.to}|{self.kind}|{self.topic}:{self.day}|{self.part}"


class UserError(Exception):
    """What a person typed cannot be done; the text says what to type instead and becomes the reply."""
