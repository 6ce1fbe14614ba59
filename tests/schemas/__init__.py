"""A database of each schema that was released, as SQL: `python -m tests.schemas` writes the newest one's."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

FOLDER = Path(__file__).parent
_COMMENT = re.compile(r"--[^\n]*|\s+")


def file(schema: int) -> Path:
    return FOLDER / f"{schema}.sql"


def make(schema: int, path: Path) -> None:
    """Make the database of a schema."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(file(schema).read_text("utf-8"))


def tables(path: Path) -> set[tuple[str, str, str]]:
    """Return a database's tables, indices and triggers, each with its SQL, without comments and spaces."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
        return {(kind, name, _COMMENT.sub("", sql).replace('"', "").replace("'", "")) for kind, name, sql in rows}


def dump(path: Path) -> Iterator[str]:
    """Yield the lines of a database as SQL.

    `iterdump` of Python 3.11 cannot: an index of texts that are not kept cannot be scanned, only what it consists of.
    """
    with closing(sqlite3.connect(path)) as db:
        for name in ("application_id", "user_version"):
            yield f"PRAGMA {name} = {db.execute(f'PRAGMA {name}').fetchone()[0]};"
        kinds = dict(db.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'"))
        every = db.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        made = [(name, sql) for kind, name, sql in every if kind == "table" and not name.startswith("sqlite_")]
        for name, sql in made:
            # With an index its parts are made, and something is in them.
            yield f'DELETE FROM "{name}";' if kinds[name] == "shadow" else f"{sql};"
            if kinds[name] != "virtual":
                columns = [row[1] for row in db.execute(f'PRAGMA table_info("{name}")')]
                quoted = " || ', ' || ".join(f'quote("{each}")' for each in columns)
                for (values,) in db.execute(f'SELECT {quoted} FROM "{name}"'):
                    yield f'INSERT INTO "{name}" VALUES ({values});'
        yield from (f"{sql};" for kind, _, sql in every if kind != "table")
