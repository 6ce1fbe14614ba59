"""Write a database of the newest schema as SQL: `python -m tests.schemas`, whenever it changes before its release."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import storage
from bot.daily import take_in
from bot.feeds import hashed
from bot.model import Destination, Digest, Following, Paper, Schedule
from bot.ports import Club, Meeting
from bot.search.grammar import parse
from storage.schema import MIGRATIONS
from tests import schemas

_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
_ROOM, _PERSON = Destination("slack", "T1", "C1"), Destination("slack", "T1", "@U1")


async def _fill(path: Path) -> None:
    papers = (
        Paper("2601.00001", "Point clouds at home", "We look at clouds.", "Point clouds at home", "We look at clouds."),
        Paper("2601.00002", "Elephants", "They are large.", "Elephants", "They are large."),
    )
    async with storage.connect(f"sqlite:///{path}") as store:
        await store.subscribe(_PERSON, parse("clouds"), _AT)
        await store.open_feed(_PERSON, 1, hashed("secret"), _AT)
        await store.follow(Following(_ROOM, ("cs.CV",), weekly=4))
        await store.begin_club(Club(_ROOM, Schedule(time(14), "Europe/Berlin", (0,)), _AT, owner=_PERSON))
        await take_in(Digest("test", "cs.CV", date(2026, 1, 5), papers), store, _AT)
        await store.save(_PERSON, "2601.00002", _AT)
        await store.tag(_PERSON, "2601.00002", "to-read")
        await store.nominate(_ROOM, _PERSON, "2601.00001", _AT)
        await store.draw_up(_ROOM, Meeting(_AT.date(), _AT), ("2601.00001",), _AT)
        await store.share(_ROOM, _PERSON, ["2601.00001"], _AT)
        await store.name_person(_PERSON, _ROOM.tenant, "Anna")
        await store.react(_ROOM, _PERSON, "2601.00001", 1, _AT)
        await store.learn(_ROOM, learns=False)
        await store.ledger("slack").put("posted", "T1/x", "{}")


def main() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "papers.db"
        asyncio.run(_fill(path))
        schemas.file(len(MIGRATIONS)).write_text("\n".join([*schemas.dump(path), ""]), "utf-8")


if __name__ == "__main__":
    main()
