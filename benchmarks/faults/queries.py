"""Lines that are no questions, or too many of them: searched for, offered completions for, compared with.

Each one has an answer, or is answered with what to type instead; none is an error.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime
from random import Random
from time import process_time
from typing import Any
from unittest.mock import patch

from benchmarks.faults.row import Found, Row, Trial
from bot.commands import answer, suggest
from bot.daily import take_in
from bot.demo import sample
from bot.dispatch import call
from bot.model import Call, Destination, Digest, Paper
from bot.ports import Store
from bot.search.query import Query
from storage import connect
from storage.matching import Match
from storage.sqlite import SqliteStore

_NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
_HERE = Destination("console", "local", "@me")
_ODD = Paper("2507.99999", "Self-supervised parsing of C++ and C#", "Lidar, radar: R&D of GPT-4, naïve.")
_SOON = 0.05  # seconds, of a processor: those of the clock are as many as other processes leave
_SHOWN = 2_000  # characters: what a message of any platform takes

_PIECES = (
    *(
        '"',
        "'",
        "''",
        '""',
        "`",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "*",
        "**",
        "^",
        "+",
        "-",
        "--",
        "!",
        "|",
        "||",
        "&",
        ":",
    ),
    *(";", "\\", "/", "%", "_", "?", "=", "<", ">", "~", "@", "#", "$", ",", ".", "..", "\0", "\n", "\r\n", "\t"),
    *(
        " AND ",
        " OR ",
        " NOT ",
        " NEAR ",
        "NEAR(",
        "NEAR(a b, 5)",
        "{title abstract}:",
        "title:",
        "abstract:",
        "rowid:",
    ),
    *("author:", "cat:", "id:", "has:", "after:", "before:", "on:", "sort:", "page:", "instead:", "cat:cs.CV"),
    *("has:code", "after:2020-11-20", "on:2020-02-30", "after:9999-99-99", "id:2011.10043", "sort:new", "page:0"),
    *("'; DROP TABLE paper; --", '" OR 1=1 --', "paper_words MATCH", "x' UNION SELECT 1", "%s", "{0}", "${x}", "?1"),
    *(
        "C++",
        "c#",
        ".NET",
        "R&D",
        "self-supervised",
        "GPT-4",
        "3D",
        "naïve",
        "Łukasz",
        "AT&T",
        "a*",
        "cla*",
        "*x",
        "-x",
    ),
    *("(a+)+$", "(x|x)*y", "[a-", "a{1,99999}", "(?:", "\\p{L}", ".*" * 20, "\ud800", "\udfff", "\ud83d", "\U0001f600"),
    *("👩‍👩‍👧", "🏳️‍🌈", "\u202e", "\u200b", "\u200d", "\u0301" * 30, "ﬁ", "ß", "İ", "ı", "ǆ", "Ω", "京", "한글", "ไทย"),
    *("عربي", "עברית", "\u2028", "\u0085", "\ufeff", "\U000e0041", "\uffff", "１２", "²", "½", "lidar", "radar"),
    *("segmentation", "large language model", "diffusion", "the", "of", "1", "0" * 40, "9" * 400, " ", " ", " "),
)


def _check(trial: Trial) -> Found:
    return asyncio.run(_asked(trial))


async def _asked(trial: Trial) -> Found:
    wrong: list[str] = []
    answered: Counter[str] = Counter()
    slowest: tuple[float, str] = (0.0, "")
    async with connect(f"sqlite:///{trial.folder / 'queries.db'}") as store:
        for digest in (*sample(), Digest("odd.md", "cs.CV", date(2025, 7, 1), (_ODD,))):
            await take_in(digest, store, _NOW, owe=False)
        with _unread() if trial.planted else nullcontext():
            for line in ("C++", "self-supervised", "c#", '"C++ and C#"'):
                await _finds(store, line, wrong)
            for number in range(trial.count):
                line = _line(trial.random, number)
                for name, ask in _WAYS.items():
                    began = process_time()
                    try:
                        answered[await ask(line, store)] += 1
                    except Exception as error:  # noqa: BLE001  # what this looks for
                        wrong.append(f"{name} {line[:200]!r}: {type(error).__name__}: {error}"[:600])
                    slowest = max(slowest, (process_time() - began, f"{name} {line[:80]!r}"))
        # It is whole, whatever was typed.
        await _finds(store, "lidar radar", wrong)
    figures = (
        f"{trial.count:,} lines, each in {len(_WAYS)} ways: {answered['answered']:,} answered, {answered['refused']:,} "
        f"told what to type; slowest {slowest[0] * 1000:.0f} ms of a processor"
    )
    short = [f"{slowest[0] * 1000:.0f} ms for {slowest[1]}"] if slowest[0] > _SOON else []
    return Found(figures, tuple(wrong[:20]), tuple(short))


def _unread() -> AbstractContextManager[object]:
    """Let what is typed reach the index as it is typed."""
    search = SqliteStore.search

    async def unread(store: SqliteStore, query: Query, **more: Any) -> Any:  # noqa: ANN401  # its own
        typed = [Match(query.text)]
        with patch("storage.searching.tiers", lambda _: typed), patch("storage.searching.matching", lambda _: typed[0]):
            return await search(store, query, **more)

    return patch.object(SqliteStore, "search", unread)


async def _finds(store: Store, line: str, wrong: list[str]) -> None:
    try:
        reply = await answer(_call(f"search {line}"), store)
    except Exception as error:  # noqa: BLE001  # as above
        wrong.append(f"search {line}: {type(error).__name__}: {error}")
        return
    if _ODD.id not in [each.paper for each in reply.cards]:
        wrong.append(f"search {line} does not find {_ODD.title!r}: {reply.text}")


def _line(random: Random, number: int) -> str:
    """Return a line: of odd pieces, a question that was damaged, any characters at all, or very many words."""
    match number % 8:
        case 0:
            question = random.choice(('title:"point cloud" -medical', "(lidar OR radar) cat:cs.CV", _ODD.title))
            at = random.randrange(len(question))
            return question[:at] + random.choice(_PIECES) + question[at + random.randint(0, 3) :]
        case 1:
            return "".join(chr(random.randrange(0x110000)) for _ in range(random.randint(1, 40)))
        case 2 if random.random() < 0.05:
            return random.choice((" ", " OR ", " -", '" "', "(")).join(["lidar"] * random.choice((40, 1_000, 10_000)))
        case _:
            return random.choice(("", " ")).join(random.choices(_PIECES, k=random.randint(1, 12)))


def _call(line: str) -> Call:
    return call(line, room=_HERE, caller=_HERE, at=_NOW)


def _answers(name: str) -> Callable[[str, Store], Awaitable[str]]:
    async def ask(line: str, store: Store) -> str:
        reply = await answer(_call(f"{name} {line}".strip()), store)
        if not reply.text.plain.strip() or len(reply.error or "") > _SHOWN:
            raise AssertionError(f"answered with {reply.text.plain[:80]!r}")
        return "refused" if reply.error else "answered"

    return ask


def _suggests(name: str, parameter: str) -> Callable[[str, Store], Awaitable[str]]:
    async def ask(line: str, store: Store) -> str:
        offered = await suggest(_call(name), parameter, line, store)
        _encodable([each.value for each in offered])
        return "answered"

    return ask


def _encodable(texts: Sequence[str]) -> None:
    for each in texts:
        each.encode()


_WAYS = {
    "": _answers(""),
    "search": _answers("search"),
    "similar": _answers("similar"),
    "preview": _answers("preview"),
    "show": _answers("show"),
    "today": _answers("today"),
    "offers for search": _suggests("search", "query_text"),
    "offers for today": _suggests("today", "day"),
    "offers for show": _suggests("show", "paper_id"),
}
ROWS = (
    Row(
        number=17,
        name="hostile questions",
        fault="FTS5 syntax, quotes, NUL, halves of characters, 10,000 words, right-to-left signs, patterns without end",
        expected="0 errors: an answer, or what to type instead; 50 ms each",
        counts=(2_000, 20_000),
        check=_check,
        planted="what is typed reaches MATCH as it is",
        planted_count=100,
    ),
)
