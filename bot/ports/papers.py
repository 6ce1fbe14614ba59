"""Papers and digests: taking them in, finding them, reading them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from bot.alerts.subscribers import Subscribers
from bot.model import (
    Alerting,
    Delivery,
    Destination,
    Digest,
    Following,
    Listing,
    Paper,
    Refusal,
)
from bot.search.query import Query, Term


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


class Papers(Protocol):
    """The papers that are stored, and the digests that listed them."""

    async def take_in(self, digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None) -> Intake:
        """Store a digest and what `plan` owes for it, in one transaction; repeat it and nothing changes.

        An alert takes in what is owed to the same person for another digest of the day until it is first tried, and is
        due at the earlier of their times. With `hold_until` nothing of it is sent before then, or before `release`.
        """

    async def release(self) -> None:
        """Let go what `take_in` has held back until the last of a batch of digests was in: each is due when it was."""

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

    async def titles(self, terms: Iterable[Term] = (), *, limit: int) -> Mapping[str, str]:
        """Return the titles that have all of some words or phrases, by arXiv id, those of the newest day first."""

    async def titles_from(self, beginning: str, *, limit: int) -> Mapping[str, str]:
        """Return the titles of the papers whose arXiv ids begin so, by id, the highest first."""

    async def days(self) -> tuple[date, ...]:
        """Return the days that have a digest, the newest first, as far back as somebody may want to choose from."""

    async def counts(self, days: Iterable[date]) -> Mapping[date, int]:
        """Return how many papers each of some days has. Days without any are left out."""
