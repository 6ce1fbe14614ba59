"""What the core asks of the world outside: a store, platforms, sources; and the errors that cross."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol, runtime_checkable

from bot.model import (
    Alerting,
    Answer,
    Delivery,
    Destination,
    Digest,
    Following,
    Listing,
    Paper,
    Refusal,
    Reply,
    Report,
    Subscription,
    Suggest,
)
from bot.query import Query, Term
from bot.subscribers import Subscribers


@dataclass(frozen=True, slots=True)
class Morning:
    """All that planning a digest's deliveries depends on, read in the transaction that stores the digest.

    `fresh` are the papers whose listing here is new or whose text changed, in the digest's order; `first` says
    that the digest itself is: then they are all of it. `told` holds for each person which of the fresh papers they were
    alerted to before, `shown` for each room which of them its highlights had.
    `parts` is how many alerts of the day each person was sent or is being sent: those that take in nothing more.
    `alerting` is how those want to be alerted who said so.
    """

    category: str
    day: date
    at: datetime
    first: bool
    fresh: tuple[Paper, ...]
    followings: tuple[Following, ...] = ()
    subscribers: Subscribers = field(default_factory=Subscribers)
    told: Mapping[Destination, Set[str]] = field(default_factory=dict)
    shown: Mapping[Destination, Set[str]] = field(default_factory=dict)
    parts: Mapping[Destination, int] = field(default_factory=dict)
    alerting: Mapping[Destination, Alerting] = field(default_factory=dict)


Plan = Callable[[Morning], Iterable[Delivery]]


@dataclass(frozen=True, slots=True)
class Intake:
    """What taking in a digest changed: papers new, known, known but corrected; deliveries now owed."""

    new: int
    known: int
    corrected: int
    owed: int


# So many papers are counted, and can be paged through; and into the texts of so many it is looked for a phrase.
MOST = 1_000
LOOKED_INTO = 500


@dataclass(frozen=True, slots=True)
class Found:
    """One page of papers, and how many there are in all.

    With `more` they were not all counted: there are more than `MOST`, or some that must be looked into one by one.
    """

    papers: tuple[Paper, ...]
    total: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A category's digest of a day as the store has it: `stored` of `declared` entries, and what was refused."""

    category: str
    day: date
    stored: int
    declared: int
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many papers and digests are stored, and of which days: a digest is of one day and category."""

    papers: int
    with_authors: int
    digests: int
    oldest: date | None
    newest: date | None


@dataclass(frozen=True, slots=True)
class Census:
    """Counts over rooms and people.

    `dead` is what was given up or has expired, but what nobody wanted any more.
    """

    subscriptions: int
    owed: int
    sent: int
    dead: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an operator should know of a database: `trouble` is all that is wrong with it, `backup` one that is kept."""

    where: str
    engine: str
    size: int
    schema: int
    newest_schema: int
    mode: int
    trouble: tuple[str, ...]
    backup: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent to a destination, in the platform's word for it, and since when."""

    code: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """A row of the outbox as an operator sees it: what is or was owed, how it stands, and the last code."""

    delivery: Delivery
    state: Literal["pending", "sending", "sent", "dead", "expired", "merged", "held"]
    code: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Trouble:
    """How sending to a destination goes wrong: since when nothing arrives, and how many in a row were refused."""

    since: datetime | None = None
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the deliveries to one workspace stand; of its people only how many.

    `rooms` and `people` are how many messages are owed to them, `sent_at` is when the last that arrived was tried, and
    `lost` counts what expired or was given up lately, by its state and code.
    """

    rooms: int
    people: int
    sent_at: datetime | None
    lost: Mapping[tuple[str, str], int]
    paused_rooms: Mapping[Destination, Pause]
    paused_people: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much is owed on a platform: in all, due now, held by a pause, and since when the oldest of it is due."""

    platform: str
    owed: int
    due: int
    paused: int
    oldest: datetime | None = None


class Store(Protocol):
    """Papers, what people want of them, and what is owed. Times are aware datetimes; days are the digests' own."""

    async def take_in(self, digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None) -> Intake:
        """Store a digest and what `plan` owes for it, in one transaction; repeat it and nothing changes.

        An alert takes in what is owed to the same person for another digest of the day until it is first tried, and is
        due at the earlier of their times. With `hold_until` nothing of it is sent before then, or before `release`.
        """

    async def search(
        self,
        query: Query,
        *,
        limit: int = 10,
        offset: int = 0,
        since: date | None = None,
        until: date | None = None,
    ) -> Found:
        """Return the papers that match, in the order that the query asks for.

        Best first are those with the words in the title as they were typed, then those with all of them in the title,
        then all others. A thousand are counted and can be paged through; where one has to look into the texts, as for
        phrases of rare words, a page more than is asked for. `since` and `until`, both inclusive, keep to papers with a
        listing on those days.
        """

    async def compact(self) -> None:
        """Put what search reads together, after much of it came: then it is found with half the work."""

    async def similar(self, words: Mapping[str, float], *, without: str = "", limit: int = 10) -> tuple[Paper, ...]:
        """Return the papers whose words of some folded ones weigh most together, the newer of two that are alike first.

        Of each word the newest 300 papers count that have it.
        """

    async def listed(self, day: date, category: str | None = None, *, limit: int = 10, offset: int = 0) -> Found:
        """Return a day's papers in the order of their digests, each once."""

    async def papers(self, ids: Iterable[str]) -> tuple[Paper, ...]:
        """Return the papers that are stored, in the order asked."""

    async def unattributed(self, since: date) -> tuple[Listing, ...]:
        """Return the days and categories since a day that list papers without authors, newest first."""

    async def headlines(self, category: str, since: date, until: date) -> tuple[str, ...]:
        """Return the titles of a category's papers of the days from `since` to `until`, both inclusive."""

    async def texts(self, category: str, since: date, until: date, *, limit: int) -> tuple[tuple[str, str], ...]:
        """Return the titles and abstracts of a category's last papers of these days, the last day's first."""

    async def size(self) -> int:
        """Return how many papers are stored."""

    async def holdings(self) -> Holdings: ...

    async def count(self, since: date, until: date) -> int:
        """Count the papers listed on the days from `since` to `until`, both inclusive, each once."""

    async def digests(self, day: date) -> tuple[Taken, ...]: ...

    async def newest(self, category: str | None = None, *, until: date | None = None) -> date | None:
        """Return the newest day with a digest (of the category; no later than `until`)."""

    async def categories(self) -> tuple[str, ...]:
        """Return the categories that have a digest."""

    async def frequencies(self, words: Iterable[str]) -> Mapping[str, int]:
        """Return how many papers have each of some folded words in the title or the abstract.

        Words that no paper has are left out.
        """

    async def near(self, word: str, edits: int) -> Mapping[str, int]:
        """Return the frequencies of the words that are at most one or two edits from a folded word.

        An edit is a letter too many, one too few, a wrong one, or two neighbours swapped (optimal string alignment).
        Left out are short words, those with digits and, in a large store, those that one paper has.
        """

    async def titles(self, terms: Iterable[Term] = (), *, limit: int) -> Mapping[str, str]:
        """Return the titles that have all of some words or phrases, by arXiv id, those of the newest day first."""

    async def titles_from(self, beginning: str, *, limit: int) -> Mapping[str, str]:
        """Return the titles of the papers whose arXiv ids begin so, by id, the highest first."""

    async def days(self) -> tuple[date, ...]:
        """Return the days that have a digest, the newest first, as far back as somebody may want to choose from."""

    async def counts(self, days: Iterable[date]) -> Mapping[date, int]:
        """Return how many papers each of some days has. Days without any are left out."""

    async def census(self, *of: Destination) -> Census:
        """Count what is of some rooms and people; without any named, of all."""

    async def subscribe(
        self, person: Destination, query: Query, at: datetime, *, workspace: str = "", most: int | None = None
    ) -> tuple[Subscription, bool]:
        """Save a subscription; return it and whether it is new. One of the same meaning stays the one it was.

        `workspace` is where it is made, by default the person's own. One that counts nowhere else, for it was made
        there or in a workspace that is gone, is made here from now on. Raise `TooMany` where the person has `most` of
        them already and it is new.
        """

    async def mute(self, person: Destination, number: int, *, muted: bool) -> Subscription | None:
        """Mute a subscription, or let it speak again; return it, or None where the person has no such number."""

    async def unsubscribe(self, person: Destination, number: int) -> Subscription | None:
        """Delete a person's subscription and return it; None where that person has no such number."""

    async def subscriptions(self, person: Destination) -> tuple[Subscription, ...]: ...

    async def alerting(self, person: Destination) -> Alerting:
        """Return how a person wants to be alerted; the default where they never said."""

    async def alert(self, person: Destination, alerting: Alerting, due: datetime | None = None) -> None:
        """Alert a person so from now on.

        Where that changes the times, what is owed to them and was never tried is due at `due`, or at once.
        """

    async def sent_of_day(self, delivery: Delivery) -> int:
        """Count the papers in the parts of a day's alert that were sent by now."""

    async def follow(
        self, following: Following, due: datetime | None = None, *, most: int | None = None
    ) -> tuple[date, ...]:
        """Owe a room the daily highlights from the next digest on, with these settings.

        Raise `TooMany` where its workspace has `most` such rooms already and it is a new one. A person's own scope is
        no room that others could want: it is not counted.

        What is owed there and was never tried is due at `due` from now on. A room that was paused gets of what it
        missed only the newest day; the other days are returned.
        """

    async def unfollow(self, room: Destination) -> None: ...

    async def following(self, room: Destination) -> Following | None: ...

    async def followings(self) -> tuple[Following, ...]:
        """Return all rooms that want the daily highlights, and what of them."""

    async def react(self, room: Destination, person: Destination, paper: str, value: int, at: datetime) -> int:
        """Save that a person of a room wants more papers like one (1), fewer (-1), or never said (0).

        Return how many people of the room now say the same of it. KeyError where no such paper is stored. A person has
        one voice for a paper in a room.
        """

    async def reactions(self, since: datetime) -> Mapping[Destination, Mapping[str, int]]:
        """Return for each room the papers reacted to since then, by arXiv id, with the sum of its people's voices.

        Of a person's voices in a room the newest 20 count, so that nobody speaks for all.
        """

    async def begin_delivery(self) -> int:
        """Start delivering as the only process that does; return how many sends a crash left uncertain."""

    async def claim(
        self, platforms: Iterable[str], now: datetime, *, busy: Iterable[tuple[str, str]] = ()
    ) -> Delivery | None:
        """Take what is due for longest on these platforms, in order for each destination; None where nothing is.

        Nothing is taken of the `busy` workspaces (platform and name): others have their turn. What else is due to the
        same destination, highlights of the topic or alerts, and was never tried either, is merged into it: the newest
        day's carries all the papers on. Of highlights as many as the room wants, from each day in turn; the room was
        not told of the others.
        """

    async def settle(
        self,
        delivery: Delivery,
        state: Literal["sent", "pending", "dead", "expired", "held"],
        *,
        code: str = "",
        not_before: datetime | None = None,
        pause: datetime | None = None,
        uncertain: bool = False,
        tried: bool = True,
        owe: Delivery | None = None,
    ) -> None:
        """Write down how a claimed delivery went. `pause` holds everything else for its destination since then.

        Where it was not `tried`, claiming it was no attempt. After a pause, what waits has all its time anew.

        `owe` is what follows from that: the notice to whoever set the destination up, owed with the pause or not.
        One of the same day that was sent before makes it the next part.
        """

    async def trouble(self, destination: Destination) -> Trouble:
        """Return how sending to a destination goes wrong; all is well where a message arrived last."""

    async def deliveries(self, *, states: Iterable[str] = (), limit: int = 50) -> tuple[tuple[Owed, ...], int]:
        """Return the newest of what is and was owed, in these states or in any, and how many there are."""

    async def standing(self, tenant: tuple[str, str], since: datetime) -> Standing:
        """Return how the deliveries to a workspace stand, and what of them was lost since then."""

    async def requeue(self, ids: Iterable[int], at: datetime) -> tuple[int, ...]:
        """Owe anew what was given up, expired or waits; due at once. Return the ids of what was found so.

        What was tried before stays as it was then and is merged with nothing: a part of it may have arrived. Papers
        that the destination was told of meanwhile are left out; a message of no others is not owed anew.
        """

    async def let_go(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Owe again what is held, for it may have arrived before a backup was restored; return the ids of it."""

    async def drop(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Give up what waits or is held; return the ids of what was found so."""

    async def missed(self, destination: Destination, kind: str, before: int) -> tuple[Delivery, ...]:
        """Return what expired before the message of id `before` was owed, and no message since has told of."""

    async def backlog(self, now: datetime) -> tuple[Backlog, ...]:
        """Return how much is owed on each platform that is owed anything."""

    async def paused(self, destination: Destination) -> Pause | None:
        """Return since when and why nothing is sent to a destination; None where all is well."""

    async def release(self) -> None:
        """Let go what `take_in` has held back until the last of a batch of digests was in: each is due when it was."""

    async def report(self, report: Report, owe: Delivery | None = None) -> None:
        """Save how a source is doing, and owe the message that says so where the one before said otherwise.

        What is owed of the source and did not arrive yet is withdrawn where it says otherwise. That all is well is news
        only after another message.
        """

    async def reports(self) -> tuple[Report, ...]:
        """Return how the sources are doing."""

    async def watch(self, sources: Iterable[str], at: datetime) -> None:
        """Know these sources, new ones as "new", and no others."""

    async def erase(self, now: datetime) -> int:
        """Erase all data of the workspaces whose time to be erased has come; return how many there were."""

    async def erase_workspace(self, tenant: tuple[str, str]) -> Mapping[str, int]:
        """Erase all data of a workspace now; return how much it was, by what it was."""

    async def closing(self) -> tuple[tuple[str, str], ...]:
        """Return the workspaces that wait for their time to be erased."""

    async def known(self, person: Destination) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Return all that is stored about a person: records of JSON values, by what they are."""

    async def forget(self, person: Destination) -> Mapping[str, int]:
        """Erase all that `known` returns; return how much it was, by what it was.

        Rooms that the person set up keep their highlights, and forget who that was.
        """

    def ledger(self, platform: str, keys: Sequence[str] = ()) -> Ledger:
        """Return a platform's own ledger. Secrets in it are sealed with the first of the keys, read with any."""


class Ledger(Protocol):
    """What a platform's adapter must remember across restarts, under the platform's name and a kind of its own.

    An entry whose `until` has passed is as good as gone. Times are aware datetimes. How a key begins says whose the
    entry is, and with whom it is erased: `T1`, or `T1/…`, is the workspace's, and `T1/@U1/…` a person's there.
    """

    async def put(
        self, kind: str, key: str, value: str, *, until: datetime | None = None, secret: bool = False
    ) -> None:
        """Write an entry, in place of the one that is there. A secret is sealed: ValueError where there is no key."""

    async def get(self, kind: str, key: str, now: datetime) -> str | None: ...

    async def pop(self, kind: str, key: str, now: datetime) -> str | None:
        """Return an entry and forget it, in one step: who asks second gets nothing."""

    async def add(self, kind: str, key: str, *, until: datetime, now: datetime) -> bool:
        """Write an empty entry; return whether there was none: of all who ask at once, one hears yes."""

    async def delete(self, kind: str, key: str) -> None: ...

    async def gap(self, now: datetime) -> datetime | None:
        """Return since when a message may have been sent that the ledger does not know: a backup was restored lately.

        None where it knows of all.
        """

    async def close(self, workspace: str, code: str, at: datetime, *, erase_at: datetime | None = None) -> None:
        """Send nothing to a workspace any more, and erase its data when `erase_at` has come."""

    async def reopen(self, workspace: str) -> None:
        """Send to a workspace again, and let its data be."""


class Platform(Protocol):
    """A place where people ask and where messages go: Slack, Discord, the terminal."""

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        """Answer what people ask until there is no more to answer. Cancelling it is how it is stopped.

        `suggest` is for platforms that offer values while one types.
        """

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        """Deliver a message, or raise `DeliveryError`.

        `key` is the message's identity, the same for every attempt. Where `uncertain`, an earlier attempt may have
        arrived: look for it (a nonce, the room's history) before posting, and say "may be a repeat" if that cannot
        be known.
        """


@dataclass(frozen=True, slots=True)
class Document:
    """A text that may hold digests: where it came from, and the text or why it could not be read."""

    source: str
    text: str = ""
    error: str | None = None


class Source(Protocol):
    """Where digests come from: files and folders, a web address, a git checkout, arXiv itself.

    `address` is what the operator calls it. It may be asked `every` so often, and what arXiv announces is there within
    `delay` of the midnight (US Eastern) that begins the digest's day.
    """

    @property
    def address(self) -> str: ...

    @property
    def every(self) -> timedelta: ...

    @property
    def delay(self) -> timedelta: ...

    def documents(self) -> AsyncIterator[Document]:
        """Yield each document that is new or has changed since it was last read, oldest name first.

        One that cannot be read carries its error; the rest go on. One is read once the next is asked for: who fails
        over it is given it again.
        """

    def __len__(self) -> int:
        """Count the documents, as far as known beforehand."""


@runtime_checkable
class Archive(Protocol):
    """A source that still knows the days that it has left behind."""

    def between(self, first: date, last: date) -> AsyncIterator[Digest]:
        """Yield the digests of past days, as far as it can tell. Raise `Unreachable` where it does not answer."""


class Lookup(Protocol):
    """Who knows papers by their ids: arXiv's API."""

    async def papers(self, ids: Sequence[str]) -> Mapping[str, Paper]:
        """Return what is known of some papers, by id. Raise `Unreachable` where nobody answers."""


class DeliveryError(Exception):
    """A message was not delivered.

    `code` is the platform's word for it. `kind` says what follows: "gone" pauses the destination and tells who set it
    up, "content" gives up this message, "later" tries again (after `retry_after` seconds where the platform named a
    time), "uncertain" tries again knowing that it may have arrived, and "held" was not tried: its turn is to come.
    "unknowable" may have arrived, and nobody can look: an operator says whether it is sent.

    Who does not know the code says so: it may pass, but not for ever. `begun` says that a part of the message has
    arrived, by this attempt or an earlier one.
    """

    def __init__(
        self,
        code: str,
        kind: Literal["gone", "content", "later", "uncertain", "held", "unknowable"] = "later",
        retry_after: float | None = None,
        *,
        known: bool = True,
        begun: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind
        self.retry_after = retry_after
        self.known = known
        self.begun = begun


class TooMany(Exception):  # noqa: N818  # a state: the cap is reached
    """There are as many of something as there can be: `count`."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class Unreachable(Exception):  # noqa: N818  # a state, named as the exit code names it
    """A platform does not answer, and may later; the text is for the operator."""


class StoreError(Exception):
    """The store cannot go on; the text is for the operator."""


class DiskError(StoreError):
    """Reading or writing failed below the database: no space, no permission, a broken file."""


class SchemaError(StoreError):
    """The file is not a Paperwire database, or of a schema that this program does not know."""


class AlreadyRunning(StoreError):  # noqa: N818  # a state, named as the exit code names it
    """Another process delivers from this database."""
