"""Time zones as people name them: by the zone, or by its city alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

_COMMON = (
    *("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles"),
    *("America/Sao_Paulo", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney"),
)
_LIKE = 80  # of 100
_NEAREST = 10


def named(word: str) -> str | None:
    """Return the zone of a name, whatever its case."""
    return _zones().get(word.lower())


def likely(word: str) -> list[str]:
    """Return the zones that a misspelt name or city may mean, likeliest first."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415  # only a mistake needs it

    names = _zones() if "/" in word else _cities()
    near = process.extract(word.lower(), names.keys(), scorer=fuzz.ratio, score_cutoff=_LIKE, limit=_NEAREST)
    return [names[name] for name, *_ in near]


def begun(typed: str) -> list[str]:
    """Return the zones whose name or city begins as typed, else those that may be meant; at first some of them."""
    if not typed:
        return list(_COMMON)
    word = typed.lower().replace(" ", "_")
    found = {zone for name, zone in (*_cities().items(), *_zones().items()) if name.startswith(word)}
    return sorted(found) or likely(word)


@cache
def _zones() -> Mapping[str, str]:
    from zoneinfo import available_timezones  # noqa: PLC0415  # the one in Python 3.11 takes a while

    # Some systems list these two, which say something else or nothing on another machine.
    return {zone.lower(): zone for zone in available_timezones() - {"localtime", "Factory"}}


@cache
def _cities() -> Mapping[str, str]:
    # Etc/GMT+1 is an hour behind GMT: nobody who types GMT+1 means it.
    places = [name for name in sorted(_zones(), reverse=True) if "/" in name and not name.startswith("etc/")]
    return {name.rpartition("/")[2]: _zones()[name] for name in places}
