"""How often one person may ask: so many typed commands a minute, all platforms together."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from datetime import datetime, timedelta

from bot.model import Answer, Call, Reply, Text

MAX_COMMANDS = 20
_WITHIN = timedelta(minutes=1)


def paced(answer: Answer) -> Answer:
    """Return a way to answer that tells who has typed `MAX_COMMANDS` within a minute when to go on.

    Nothing is counted but what was typed: a button that was pressed is answered at any time.
    """
    pace = Pace(MAX_COMMANDS, _WITHIN)

    async def answered(call: Call) -> Reply:
        if call.typed and (wait := pace.wait(call.caller, call.at)):
            said = (
                f"You have typed {MAX_COMMANDS} commands within a minute, the most there can be. "
                f"Go on in {wait} second{'s' * (wait > 1)}; buttons work all the time."
            )
            return Reply(Text(said), error=said, private=True)
        return await answer(call)

    return answered


class Pace:
    """So many of what each key stands for within a time."""

    def __init__(self, most: int, within: timedelta) -> None:
        self._most = most
        self._within = within
        # Who came last is the last; those at the front are forgotten, so that it holds no more than a span's.
        self._came: OrderedDict[Hashable, deque[datetime]] = OrderedDict()

    def wait(self, key: Hashable, now: datetime) -> int:
        """Count one, or return in how many seconds there can be another."""
        mine = self._came.pop(key, None) or deque()
        # What a clock that was ahead has counted would be waited for.
        recent = deque(at for at in mine if self._is_recent(at, now))
        full = len(recent) >= self._most
        if not full:
            recent.append(now)
        self._came[key] = recent
        while (first := next(iter(self._came.values()))) and not self._is_recent(first[-1], now):
            self._came.popitem(last=False)
        return 1 + int((recent[0] + self._within - now).total_seconds()) if full else 0

    def _is_recent(self, at: datetime, now: datetime) -> bool:
        return now - self._within < at <= now
