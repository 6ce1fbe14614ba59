"""Journal clubs: when a room's club meets, and what it is to talk about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.model import Destination, Schedule


@dataclass(frozen=True, slots=True)
class Club:
    """A room's journal club: it meets on one weekday, over `count` papers at most.

    The agenda is posted `notice` minutes before. `since` is when that was settled, `owner` who did it last.
    """

    room: Destination
    schedule: Schedule
    since: datetime
    count: int = 2
    notice: int = 60
    owner: Destination | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting: its day in the room's zone, and when it begins.

    It has an agenda, which is `posted` or not so far, or does not take place.
    """

    day: date
    starts: datetime
    skipped: bool = False
    posted: bool = False


@dataclass(frozen=True, slots=True)
class Nomination:
    """A paper that a club is to talk about, or did.

    `person` nominated it: None once they are forgotten. The names are what each wants to be called in the room's
    workspace, "" where they never said. `meeting` has it on its agenda; an agenda that could not be posted before its
    meeting is none. `carried` counts the meetings since it was nominated that did not reach it.
    """

    paper: str
    at: datetime
    votes: int = 0
    person: Destination | None = None
    person_name: str = ""
    presenter: Destination | None = None
    presenter_name: str = ""
    meeting: Meeting | None = None
    carried: int = 0


class Clubs(Protocol):
    """What rooms meet over; every question takes whose it is."""

    async def begin_club(self, club: Club) -> None:
        """Let a room's club meet so from now on; where that changes when, it is open again what is still to come."""

    async def end_club(self, room: Destination) -> None:
        """Let no club meet in a room any more; what is nominated there, and what it met over, is kept."""

    async def club(self, room: Destination) -> Club | None: ...

    async def clubs(self) -> tuple[Club, ...]:
        """Return every room's club."""

    async def nominations(self, room: Destination, now: datetime) -> tuple[Nomination, ...]:
        """Return all that was nominated in a room, in the order in which it was."""

    async def nominate(
        self, room: Destination, person: Destination, paper: str, at: datetime, *, most: int | None = None
    ) -> bool:
        """Nominate a paper in a room, with the person's own vote; False where it is already, which is voted for.

        KeyError where no such paper is stored. Raise `TooMany` where `most` wait in the room already.
        """

    async def withdraw(self, room: Destination, paper: str) -> None:
        """Delete a nomination, and the votes for it."""

    async def vote(self, room: Destination, person: Destination, paper: str, *, wanted: bool) -> int:
        """Vote for what is nominated in a room, or take that back; return how many votes it has now."""

    async def present(self, room: Destination, paper: str, presenter: Destination | None) -> None:
        """Write down who presents what is nominated in a room, or that nobody does."""

    async def meeting(self, room: Destination, day: date) -> Meeting | None:
        """Return the meeting of a day; None where it is still open what becomes of it."""

    async def draw_up(self, room: Destination, meeting: Meeting, papers: tuple[str, ...], at: datetime) -> None:
        """Put papers on the agenda of a meeting; nothing where it has one, or does not take place."""

    async def skip(self, room: Destination, meeting: Meeting, at: datetime) -> None:
        """Let a meeting not take place: what is on its agenda is nominated as before."""

    async def unskip(self, room: Destination, day: date) -> None:
        """Let a meeting take place after all, with an agenda that is yet to be drawn up."""

    async def carry(self, room: Destination, paper: str) -> None:
        """Take a paper off the agenda that has it: it is nominated as before."""
