"""What arXiv announces in some years, the zones that people live in, and a platform that keeps what arrives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model import Destination, Paper, Reply

EASTERN = ZoneInfo("America/New_York")
# https://info.arxiv.org/help/availability.html, as of November 2026: evenings without an announcement.
HOLIDAYS = {
    *(date(2026, 1, 1), date(2026, 1, 19), date(2026, 6, 19), date(2026, 7, 3), date(2026, 9, 7), date(2026, 11, 26)),
    *(date(2026, 12, 25), date(2026, 12, 29), date(2026, 12, 31), date(2027, 1, 1)),
}
UNANNOUNCED = date(2026, 10, 14)  # an evening that arXiv skipped without a word
ZONES = (
    *("America/Los_Angeles", "America/New_York", "UTC", "Europe/Berlin"),
    *("Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"),
)


class Chat:
    """A platform that keeps what is posted, and when."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.posts: defaultdict[Destination, list[tuple[datetime, Reply]]] = defaultdict(list)

    async def run(self, *_: object) -> None: ...

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        self.posts[to].append((self._clock(), reply))


def announced(first: date, end: date) -> Iterator[date]:
    """Yield the days before the end whose digest has papers; of 2026, with arXiv's holidays."""
    day = first
    while day < end:
        evening = day - timedelta(days=1)
        friday = evening - timedelta(days=2)
        # What is announced on a Sunday was submitted by Friday.
        is_working = evening.weekday() in (0, 1, 2, 3) or (evening.weekday() == 6 and friday not in HOLIDAYS)
        if is_working and evening not in HOLIDAYS and evening != UNANNOUNCED:
            yield day
        day += timedelta(days=1)


def papers(day: date) -> list[Paper]:
    return [Paper(f"{day:%y%m}.{day.day:02}{n:03}", f"Lidar of {day}, part {n}") for n in (1, 2)]
