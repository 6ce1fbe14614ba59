"""The words of all papers: in how many each one is, and which are spelt almost like another.

Two words are at most so many edits apart only if leaving out at most so many letters of each can make their beginnings
the same (symmetric deletes, https://github.com/wolfgarbe/SymSpell). So each word stands in `deletion` under its
beginning with none, one or two letters left out, and what stands under those of a typed one is compared with it.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from zlib import crc32

import aiosqlite
from rapidfuzz import process
from rapidfuzz.distance import OSA

from storage.access import Access

_FURTHEST = 2  # edits
_BEGINNING = 7  # letters
# Of the words that may be meant: shorter ones are near too many others, and one with a digit is a name or a number.
_LENGTHS = range(4, 31)
# What one paper has is mostly a name or an error; but while a store is small it knows no better.
_KNOWN_FROM = 2
_SMALL = 30_000  # papers


class Vocabulary(Access):
    """The part of `bot.ports.Store` that knows words."""

    async def frequencies(self, words: Iterable[str]) -> Mapping[str, int]:
        found = await self.read(
            "SELECT word, papers FROM json_each(?) AS wanted CROSS JOIN word ON word = wanted.value WHERE papers > 0",
            (json.dumps(list(words)),),
        )
        return dict(map(tuple, found))

    async def near(self, word: str, edits: int) -> Mapping[str, int]:
        if edits > _FURTHEST:
            raise ValueError(f"{edits} edits: no more than {_FURTHEST} are prepared for")
        found = await self.read(
            """
            WITH beside AS (
                SELECT group_concat(words, ' ') AS words FROM json_each(?) AS wanted
                CROSS JOIN deletion ON part = wanted.value
            )
            SELECT word, papers FROM beside, json_each(near(?, ?, beside.words)) AS other
            CROSS JOIN word ON word = other.value WHERE papers > 0
            """,
            (json.dumps(list(parts(word, edits))), word, edits),
        )
        return dict(map(tuple, found))


def near(word: str, edits: int, others: str | None) -> str:
    """Return which of some words, a space between, are at most so many edits from a word, as a JSON array.

    It is a function of SQL, so that one question to the database is enough.
    """
    candidates = list(set((others or "").split()))
    found = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=edits, limit=None, processor=None)
    return json.dumps([other for other, _, _ in found])


async def record(db: aiosqlite.Connection, left: Iterable[Collection[str]], came: Iterable[Collection[str]]) -> None:
    """Count the distinct folded words of the papers that left the index and of those that came."""
    changed = await asyncio.to_thread(_changed, left, came)
    # A word that no paper has any more stays, with 0: where it stands in `deletion`, it may come back.
    await db.executemany(
        "INSERT INTO word (word, papers) VALUES (?, ?) ON CONFLICT DO UPDATE SET papers = papers + excluded.papers",
        changed,
    )
    may_be_meant = [word for word, _ in changed if len(word) in _LENGTHS and word.isalpha()]
    known = await db.execute_fetchall(
        """
        SELECT word FROM json_each(?) AS changed CROSS JOIN word ON word = changed.value
        WHERE NOT meant AND papers >= CASE WHEN (SELECT papers FROM tally) < ? THEN 1 ELSE ? END
        """,
        (json.dumps(may_be_meant), _SMALL, _KNOWN_FROM),
    )
    await _prepare(db, [str(row[0]) for row in known])


def _changed(left: Iterable[Collection[str]], came: Iterable[Collection[str]]) -> list[tuple[str, int]]:
    change: Counter[str] = Counter()
    for words in came:
        change.update(words)
    for words in left:
        change.subtract(words)
    return sorted((word, papers) for word, papers in change.items() if papers)


async def _prepare(db: aiosqlite.Connection, words: Collection[str]) -> None:
    """Let words be found as what is near another."""
    of_part = await asyncio.to_thread(_by_part, words)
    await db.executemany("UPDATE word SET meant = 1 WHERE word = ?", [(word,) for word in words])
    await db.executemany(
        """
        INSERT INTO deletion (part, words) VALUES (?, ?)
        ON CONFLICT DO UPDATE SET words = words || ' ' || excluded.words
        """,
        of_part,
    )


def _by_part(words: Collection[str]) -> list[tuple[int, str]]:
    of_part: defaultdict[int, list[str]] = defaultdict(list)
    for word in words:
        for part in parts(word):
            of_part[part].append(word)
    return [(part, " ".join(those)) for part, those in sorted(of_part.items())]


def parts(word: str, edits: int = _FURTHEST) -> set[int]:
    """Return the beginning of a word with at most so many letters left out, in every way, each as its CRC-32."""
    found = newest = {word[:_BEGINNING]}
    for _ in range(edits):
        newest = {part[:at] + part[at + 1 :] for part in newest for at in range(len(part))}
        found = found | newest
    return {crc32(part.encode()) for part in found}
