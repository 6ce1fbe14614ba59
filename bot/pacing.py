"""How often one person may ask: so many typed commands a minute, all platforms together."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from bot.model import Answer, Call, Destination, Reply, Text

MAX_COMMANDS = 20
_WITHIN = timedelta(minutes=1)


def paced(answer: Answer) -> Answer:
    """Return a way to answer that tells who has typed `MAX_COMMANDS` within a minute when to go on.

    Nothing is counted but what was typed: a button that was pressed is answered at any time.
    """
    # Whoever typed last is the last; those at the front are forgotten, so that it holds no more than a minute's people.
    asked: OrderedDict[Destination, deque[datetime]] = OrderedDict()

    async def answered(call: Call) -> Reply:
        if call.typed and (wait := _wait(asked, call)):
            said = (
                f"You have typed {MAX_COMMANDS} commands within a minute, the most there can be. "
                f"Go on in {wait} second{'s' * (wait > 1)}; buttons work all the time."
            )
            return Reply(Text(said), error=said, private=True)
        return await answer(call)

    return answered


def _wait(asked: OrderedDict[Destination, deque[datetime]], call: Call) -> int:
    """Count a call, or return in how many seconds it can be given again."""
    mine = asked.pop(call.caller, None) or deque()
    # What a clock that was ahead has counted would be waited for.
    recent = deque(at for at in mine if call.at - _WITHIN < at <= call.at)
    full = len(recent) >= MAX_COMMANDS
    if not full:
        recent.append(call.at)
    asked[call.caller] = recent
    while (first := next(iter(asked.values()))) and not call.at - _WITHIN < first[-1] <= call.at:
        asked.popitem(last=False)
    return 1 + int((recent[0] + _WITHIN - call.at).total_seconds()) if full else 0
