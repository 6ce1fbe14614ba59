"""What to offer while a parameter's value is being typed, where a platform asks: see `bot.dispatch.suggest`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from bot import zones
from bot.alerts.alerting import local_day
from bot.calendar import ahead, meant, named_days, spoken, weekdays
from bot.club import is_met
from bot.commands.pages import papers as counted
from bot.model import ARCHIVES, Call, Suggestion, Text
from bot.ports import Store
from bot.search import completion, grammar
from bot.search.query import Term
from bot.search.recent import recent
from bot.search.words import phrases

_MOST = 25
_OWN = 10  # queries of the caller's own, so that there is room for others
_LOOKED_THROUGH = 300  # of the newest titles, for a last word of a letter
_ENOUGH, _OLDER = 10, 100  # titles: where fewer of the newest fit, so many older ones are looked through
_WORDS = 12  # who has typed so many is pasting a text
_LABEL = 100
_ID_BEGUN = re.compile(r"\d{2,4}(\.\d*)?|[a-z][a-z-]*/\d*", re.IGNORECASE)
_SPANS = ("22:00-07:00", "20:00-08:00", "23:00-09:00", "18:00-09:00", "off")
_RETURNS = ("tomorrow", "monday", "1 week", "2 weeks", "3 weeks", "1 month", "3 months")
_WEEKDAYS = ("mon-fri", "daily", "mon,wed,fri", "tue,thu", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


async def queries(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer the caller's own queries, then what the typed one may become, or some to begin with."""
    begun = typed.strip().casefold()
    mine = [each.query for each in await store.subscriptions(call.caller) if begun in each.query.casefold()]
    others = await completion.completed(typed, store) if begun else await completion.examples(store)
    return [Suggestion(each, each) for each in (*mine[:_OWN], *others)]


async def papers(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer papers by the words of their titles, or by the beginning of their ids."""
    del call
    typed = typed.strip()
    begun = grammar.arxiv_id(typed) or (typed if _ID_BEGUN.fullmatch(typed) else "")
    if begun:
        found = await store.titles_from(begun, limit=_MOST)
    else:
        found = await _titled(typed, store)
    return [_paper(arxiv_id, title) for arxiv_id, title in found.items()]


async def nominated(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer what is nominated in the room, where something is to be done with that; else papers."""
    if call.options.get("action", "nominate") == "nominate":
        return await papers(typed, call, store)
    waiting = [each.paper for each in await store.nominations(call.room, call.at) if not is_met(each, call.at)]
    begun = typed.strip().casefold()
    offered = [_paper(each.id, each.title) for each in await store.papers(waiting)]
    return [each for each in offered if begun in each.label.casefold()]


async def days(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer today, yesterday, and the newest days that have papers, by how they are written."""
    begun = " ".join(typed.split()).lower()
    near = [
        Suggestion(f"{word}, {spoken(day)}", word)
        for word in ("today", "yesterday")
        if word.startswith(begun) and (day := meant(word, call.at.date()))
    ]
    known = await store.days()
    fitting = list(islice((day for day in known if f" {begun}" in _written(day)), _MOST))
    counts = await store.counts(fitting)
    return [
        *near,
        *(Suggestion(f"{spoken(day)}, {counted(counts[day])}", str(day)) for day in fitting if day in counts),
    ]


async def returns(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer days ahead until which people rest."""
    today = local_day(await store.alerting(call.caller), call.at)
    begun = " ".join(typed.lower().split())
    return [
        Suggestion(f"{each}, {spoken(day)}", each)
        for each in _RETURNS
        if each.startswith(begun) and (day := ahead(each, today))
    ]


async def returns_or_off(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer days ahead, and the end of what rests."""
    off = [Suggestion("off, it ends now", "off")] if "off".startswith(typed.strip().lower()) else []
    return [*await returns(typed, call, store), *off]


async def category(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer the categories that have papers."""
    del call
    stored = await store.categories()
    return [Suggestion(each, each) for each in completion.codes(typed.strip(), stored)]


async def categories(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer categories and archives for the last of several, and keep the others."""
    del call
    *named, last = re.split(r"[\s,]+", typed.lstrip())
    offered = [code for code in completion.codes(last, (*await store.categories(), *ARCHIVES)) if code not in named]
    return [Suggestion(line, line) for code in offered if (line := " ".join([*named, code]))]


async def kept(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer the papers that the caller keeps, by their titles or ids, what was saved last first."""
    begun = typed.strip().casefold()
    held = await store.saved_titles(call.caller)
    fitting = ((each, title) for each, title in held.items() if begun in title.casefold() or each.startswith(begun))
    return [_paper(arxiv_id, title) for arxiv_id, title in islice(fitting, _MOST)]


async def tag(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer the caller's tags, the most used first."""
    begun = typed.strip().casefold()
    held = await store.tags(call.caller)
    return [Suggestion(f"{each}, {counted(count)}", each) for each, count in held.items() if begun in each]


async def tags(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer the caller's tags for the last of several, and keep the others."""
    *named, last = re.split(r"[\s,]+", typed.lstrip().casefold())
    held = await store.tags(call.caller)
    fitting = (each for each in held if last in each and each not in named)
    return [Suggestion(line, line) for each in fitting if (line := ",".join([*named, each]))]


async def takeaway(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer what can be taken away: what the caller keeps, today's papers, their queries, papers by their titles."""
    verb, _, rest = typed.strip().partition(" ")
    if verb.lower() in ("search", "saved") and rest:
        offered = await (queries if verb.lower() == "search" else tag)(rest, call, store)
        return [Suggestion(f"{verb} {each.label}", f"{verb} {each.value}") for each in offered]
    lines = ["saved", *(f"saved {each}" for each in await store.tags(call.caller)), "today", "me"]
    lines += [f"search {each.query}" for each in await store.subscriptions(call.caller)]
    begun = typed.strip().casefold()
    fitting = [Suggestion(each, each) for each in lines if each.casefold().startswith(begun)]
    return [*fitting, *(await papers(typed, call, store) if begun else ())]


async def numbers(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer the caller's subscriptions, each for its number."""
    begun = typed.strip().casefold()
    return [
        Suggestion(f"{each.number}. {each.query}{' (muted)' * each.muted}", str(each.number))
        for each in await store.subscriptions(call.caller)
        if str(each.number).startswith(begun) or begun in each.query.casefold()
    ]


async def times(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer the half hours that begin as typed, those of the day first."""
    del call, store
    begun = typed.strip().lower()
    halves = [f"{half // 2 % 24:02}:{half % 2 * 30:02}" for half in range(12, 60)]
    return [Suggestion(each, each) for each in halves if each.startswith((begun, f"0{begun}"))]


async def spans(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer hours of the night that people keep quiet."""
    del call, store
    begun = typed.strip().lower()
    return [Suggestion(each, each) for each in _SPANS if each.startswith(begun)]


async def timezones(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer time zones by name or city, each with the time it is there."""
    del store
    return [
        Suggestion(f"{zone}, {call.at.astimezone(ZoneInfo(zone)):%H:%M} now", zone)
        for zone in zones.begun(typed.strip())[:_MOST]
    ]


async def weekly(typed: str, call: Call, store: Store) -> Iterable[Suggestion]:
    """Offer the days of a week that people choose."""
    del call, store
    begun = typed.strip().lower()
    return [
        Suggestion(named_days(days), each) for each in _WEEKDAYS if each.startswith(begun) and (days := weekdays(each))
    ]


async def _titled(typed: str, store: Store) -> Mapping[str, str]:
    """Return the titles with all words typed, of which the last may only be begun."""
    *whole, last = grammar.plain(typed).split() or [""]
    if len(whole) >= _WORDS:
        return {}
    terms = [Term(each, "", "title") for each in (*map(phrases, whole), completion.ways(last)) if each]
    word = re.compile(rf"(?<!\w){re.escape(last)}", re.IGNORECASE)
    known = await recent(store)
    found = known.having(terms, most=_LOOKED_THROUGH)
    is_begun = bool(terms) and terms[-1].prefix
    if not is_begun:
        found = {arxiv_id: title for arxiv_id, title in found.items() if word.search(title)}
    if len(found) < _ENOUGH and terms and not known.is_all:
        # Many words begin alike: where whole words are typed as well, these choose among all titles.
        chosen = terms[:-1] if is_begun else terms
        older = await store.titles(chosen or terms, limit=_OLDER)
        found |= {arxiv_id: title for arxiv_id, title in older.items() if not chosen or word.search(title)}
    return dict(islice(found.items(), _MOST))


@lru_cache(2048)
def _written(day: date) -> str:
    """Return a day in the ways in which one may begin to type it, each after a space."""
    return f" {day} {spoken(day)}".lower()


def _paper(arxiv_id: str, title: str) -> Suggestion:
    return Suggestion(f"{Text(title).clip(_LABEL - len(arxiv_id) - 3)} ({arxiv_id})", arxiv_id)
