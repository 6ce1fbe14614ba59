"""What a query that is still being typed may become, from the words of the papers that are stored.

The last word is completed and the rest kept: inside a phrase, after a minus, after `title:`. Words are offered as
titles spell them, those that go with the rest of the query first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, pairwise

from bot.model import ARCHIVES, UserError
from bot.ports import Store
from bot.search.grammar import FIELDS, MIN_PREFIX, closed, parse, plain
from bot.search.likeness import TELL_NOTHING
from bot.search.query import And, Term
from bot.search.recent import Recent, recent
from bot.search.spelling import lowered
from bot.search.words import beginnings, phrases, words

_TITLES = 300  # the newest that fit tell what people look for; all of them would take as long as there are papers
_OLDER = 100  # where none of the newest fits
_DAYS = 50
_ENOUGH = 10
_EXAMPLES = 3
_LAST = re.compile(r'[^\s()"]*$')
_FIELD = re.compile(r"([a-z]+):$", re.IGNORECASE)
_BEGUN = re.compile(r"[^\W_]*$")
_WORD = re.compile(r"[^\W\d_]{4,}")


async def completed(typed: str, store: Store) -> list[str]:
    """Return the queries that a typed one may become, likeliest first; none where there is no word to complete."""
    query = _Typed.of(plain(typed))
    match query.field:
        case "cat":
            ends = codes(query.begun, (*await store.categories(), *ARCHIVES))
        case "id":
            ends = list(await store.titles_from(query.begun, limit=_ENOUGH)) if query.begun else []
        case "has":
            ends = ["code"] if "code".startswith(query.begun.lower()) else []
        case "after" | "before" | "on":
            ends = [str(day) for day in await store.days() if str(day).startswith(query.begun)][:_DAYS]
        case "author":  # no digest carries enough of them
            ends = []
        case _:
            ends = await _words(query, store)
    return [closed(query.kept + end) for end in ends]


async def examples(store: Store) -> list[str]:
    """Return queries to begin with: what the newest titles speak of most, and categories."""
    pairs = _pairs(tuple(islice((await recent(store)).titles.values(), _TITLES)))
    newest = await store.newest()
    digests = await store.digests(newest) if newest else ()
    largest = sorted(digests, key=lambda taken: -taken.stored)[:_EXAMPLES]
    return [*(f'"{pair}"' for pair in pairs), *(f"cat:{taken.category}" for taken in largest)]


def codes(begun: str, every: Iterable[str]) -> list[str]:
    """Return the categories and archives that begin as typed; then those whose subject does (cv: cs.CV)."""
    begun = begun.lower()
    known = dict.fromkeys(every)
    so = [code for code in known if code.lower().startswith(begun)]
    subjects = [code for code in known if code.lower().partition(".")[2].startswith(begun)]
    return list(dict.fromkeys([*sorted(so, key=lambda code: code.lower() != begun), *subjects]))


def ways(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways in which a text may stand whose last word is only begun; without that one where most fit it."""
    begun = _BEGUN.findall(text)[0]
    return beginnings(text) if len(begun) >= MIN_PREFIX else phrases(text.removesuffix(begun))


@dataclass(frozen=True, slots=True)
class _Typed:
    """A query as typed: its last word `begun`, and what is `kept` before it.

    `before` is the query without what the last word stands in, `phrase` what stands between an open quotation mark and
    the last word.
    """

    kept: str
    before: str
    field: str
    phrase: str | None
    begun: str

    @classmethod
    def of(cls, typed: str) -> _Typed:
        begun = _LAST.findall(typed)[0]
        phrase = None
        before = typed[: len(typed) - len(begun)]
        if typed.count('"') % 2:
            before, _, phrase = before.rpartition('"')
        else:
            field, colon, value = begun.lstrip("-").partition(":")
            if colon and field.lower() in FIELDS:
                before, begun = typed[: len(typed) - len(value)], value
            else:
                begun = begun.lstrip("-")
        match = _FIELD.search(before)
        field = match[1].lower() if match else ""
        before = before[: len(before) - len(field) - bool(match)].rstrip("-")
        return cls(typed[: len(typed) - len(begun)], before, field if field in FIELDS else "", phrase, begun)


async def _words(query: _Typed, store: Store) -> list[str]:
    if not query.begun and not query.phrase:
        return []
    known = await recent(store)
    beside = _beside(query.before)
    found = await _continued(query, beside, known, store) if beside else []
    if len(found) < _ENOUGH:
        found += [each for each in await _continued(query, (), known, store) if each not in found]
    return found


async def _continued(query: _Typed, beside: Sequence[Term], known: Recent, store: Store) -> list[str]:
    """Return the words that continue a query in titles that have what stands `beside`, the most frequent first.

    That is asked of the newest titles, and only for what none of them has, of all.
    """
    phrase = phrases(query.phrase or "")
    # Many words begin alike: where whole words are asked for as well, these choose the titles.
    terms = [*beside, *([Term(phrase, "", "title")] if phrase else [])]
    if query.phrase:
        found = _counted(query, known.having(terms, most=_TITLES).values())
    else:
        said = _said(query)
        begun = known.begun_beside(terms, query.begun, most=_TITLES) if terms else known.begun(query.begun)
        found = [each.shown for each in begun if not said.issuperset(each.folded)]
    if found or known.is_all:
        return found
    if not terms and (near := ways(query.begun)):
        terms = [Term(near, "", "title")]
    return _counted(query, (await store.titles(terms, limit=_OLDER)).values()) if terms else []


def _beside(before: str) -> Sequence[Term]:
    """Return what else must stand in a title, as far as that can be said of a query that is not finished."""
    try:
        root = parse(closed(before)).root
    except UserError:
        return ()
    nodes = root.nodes if isinstance(root, And) else (root,)
    return [replace(each, field="title") for each in nodes if isinstance(each, Term) and each.field in (None, "title")]


def _said(query: _Typed) -> set[str]:
    """Return the words that a query has already, and that need not be offered."""
    return set() if query.field or query.phrase else set(words(query.before))


@lru_cache(4)  # they are asked for whenever a field is opened
def _pairs(titles: tuple[str, ...]) -> list[str]:
    """Return the pairs of words that most titles have, each of other words."""
    pairs: Counter[str] = Counter()
    for title in titles:
        found = list(_WORD.finditer(title.lower()))
        pairs.update(
            f"{one[0]} {other[0]}"
            for one, other in pairwise(found)
            if other.start() == one.end() + 1 and TELL_NOTHING.isdisjoint((one[0], other[0]))
        )
    chosen: list[str] = []
    for pair, _ in pairs.most_common():
        if len(chosen) == _EXAMPLES:
            break
        if set(pair.split()).isdisjoint(" ".join(chosen).split()):
            chosen.append(pair)
    return chosen


def _counted(query: _Typed, titles: Iterable[str]) -> list[str]:
    """Return the words of titles that continue a query, as they are spelt most often there, the most frequent first."""
    lead = "".join(rf"{re.escape(word)}\W+" for word in (query.phrase or "").split())
    word = re.compile(rf"(?<![\w-]){lead}({re.escape(query.begun)}\w*[+#]*(?:[-‐‑]\w+)*)", re.IGNORECASE)
    said = _said(query)
    spelt: dict[tuple[str, ...], Counter[str]] = {}
    for title in titles:
        for written in word.findall(title):
            folded = tuple(words(written))
            if not said.issuperset(folded) and (query.begun or written.lower() not in TELL_NOTHING):
                spelt.setdefault(folded, Counter())[lowered(written)] += 1
    ranked = sorted(spelt.values(), key=lambda counts: -counts.total())
    return [counts.most_common(1)[0][0] for counts in ranked]
