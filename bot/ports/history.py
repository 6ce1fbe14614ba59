"""How often something is in the papers, over time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.search.query import Query


@dataclass(frozen=True, slots=True)
class Course:
    """How many papers match a query, by the day that first listed each, and the day of the first of all.

    Where the index does not know what the query asks, as for a phrase of rare words, and too many papers must be looked
    into, it is not `exact`: counted are all that have the words, and the first is not known.
    """

    counts: Mapping[date, int]
    first: date | None
    exact: bool = True


class History(Protocol):
    """The papers by the day that first listed each: so each counts once."""

    async def course(self, query: Query, since: date, until: date) -> Course:
        """Return how often a query is found among the papers of these days, both inclusive."""

    async def new_papers(self, since: date, until: date) -> Mapping[date, int]:
        """Return how many papers are new on each of these days that has a digest."""

    async def new_titles(self, since: date, until: date, categories: Collection[str] = ()) -> tuple[str, ...]:
        """Return the titles of the papers that are new on these days, in some categories or in any; newest first."""
