"""Leaving a workspace alone for a while that answers nothing, so that what is owed there is not tried in vain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_Tenant = tuple[str, str]

_MOST_FAILURES = 3
_LEFT_ALONE = timedelta(seconds=60)


@dataclass(slots=True)
class _Streak:
    failures: int
    since: datetime  # of the last


class Breaker:
    """How many messages a workspace may be sent at once, by how the last ones went.

    After three failures in a row none for a minute, then one: it decides. Only what is sent tells; that somebody there
    speaks to us does not.
    """

    def __init__(self) -> None:
        self._streaks: dict[_Tenant, _Streak] = {}

    def fail(self, tenant: _Tenant, now: datetime) -> None:
        """Count a message that the platform gave no answer to, or none but that it cannot now."""
        failures = self._streaks[tenant].failures if tenant in self._streaks else 0
        self._streaks[tenant] = _Streak(failures + 1, now)

    def mend(self, tenant: _Tenant) -> None:
        """Forget the failures of a workspace where the platform has answered."""
        self._streaks.pop(tenant, None)

    def limits(self, now: datetime) -> dict[_Tenant, int]:
        """Return how many at once go to each workspace that has failed too often: none, or one to try it with."""
        # A clock that was put back keeps nobody waiting.
        return {
            tenant: 0 if timedelta() <= now - streak.since < _LEFT_ALONE else 1
            for tenant, streak in self._streaks.items()
            if streak.failures >= _MOST_FAILURES
        }
