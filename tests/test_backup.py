"""Backups, restoring them, what was sent between, and databases of older schemas: see docs/operations.md."""

from __future__ import annotations

import contextlib
import os
import shlex
import sqlite3
import subprocess
import sys
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

import storage
from benchmarks.faults.row import Trial, named
from bot.daily import take_in
from bot.model import Delivery, Destination, Following, Pick
from bot.ports import Ledger, Plan, SchemaError, Store, StoreError
from bot.search.grammar import parse
from storage import connect, opening
from storage.backup import back_up
from storage.opening import inspect
from storage.restore import restore
from storage.schema import MIGRATIONS
from tests import schemas
from tests.conftest import MakeDigest, MakePaper
from tests.fakes.command_line import Paperwire
from tests.kill9 import worlds
from tests.kill9.judge import ALL_WELL
from tests.restoring import Restoring

SEED = os.environ.get("SEED") or os.urandom(4).hex()
NOW = datetime.now(UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
ROOM, ANN = Destination("slack", "T1", "C1"), Destination("slack", "T1", "@U1")


@pytest.fixture
def paperwire(tmp_path: Path) -> Paperwire:
    return Paperwire(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "papers.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


def address(path: Path) -> str:
    return f"sqlite:///{path}"


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if not each.name.endswith((".lock", ".md")))


def digits(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def spoil(path: Path) -> None:
    """Leave of a database its first bytes, and a log that is none."""
    path.write_bytes(b"SQLite format 3\0" + bytes(9_000))
    Path(f"{path}-wal").write_bytes(b"of it")


def spoiled(path: Path) -> bool:
    return path.read_bytes().endswith(bytes(9_000)) and Path(f"{path}-wal").read_bytes() == b"of it"


def linked(path: Path) -> Path:
    """Make a file a link to one in another folder; return that one."""
    real = path.parent / "elsewhere" / "real.db"
    real.parent.mkdir()
    path.symlink_to(real)
    return real


def linked_to(path: Path) -> Path | None:
    return path.resolve() if path.is_symlink() else None


def killed(path: Path, query: str, *, deletes: bool = False) -> None:
    """Subscribe to a query in a process that is killed then: it leaves its log behind, and may leave that alone."""
    script = (
        "import asyncio, os, sys\nfrom datetime import UTC, datetime\nimport storage\n"
        "from bot.search.grammar import parse\nfrom bot.model import Destination\n"
        "async def main():\n  async with storage.connect(sys.argv[1]) as store:\n"
        "    await store.subscribe(Destination('slack', 'T1', '@U1'), parse(sys.argv[2]), datetime.now(UTC))\n"
        "    os._exit(0)\nasyncio.run(main())"
    )
    subprocess.run([sys.executable, "-c", script, address(path), query], check=True, timeout=60)
    assert Path(f"{path}-wal").stat().st_size > 0
    if deletes:
        path.unlink()


async def queries(path: Path) -> list[str]:
    async with connect(address(path)) as store:
        return [each.query for each in await store.subscriptions(ANN)]


async def subscribed(path: Path, query: str) -> None:
    async with connect(address(path)) as store:
        await store.subscribe(ANN, parse(query), NOW)


# Backing up


async def test_a_backup_has_what_is_only_in_the_log_yet(database: Path, file: Path) -> None:
    async with connect(address(database)) as store:
        await store.subscribe(ANN, parse("lidar"), NOW)
        made = back_up(database, file)
        await store.subscribe(ANN, parse("radar"), NOW)
        assert (made.sha256, mode(file)) == (digits(file), 0o600)
    assert made.rows > 1
    assert await queries(file) == ["lidar"]


def test_the_command_says_what_it_made_and_what_stops_it(paperwire: Paperwire, tmp_path: Path) -> None:
    none = paperwire("backup", "backup.db")
    assert (none.returncode, names(tmp_path)) == (78, [])
    assert none.stderr.startswith("paperwire: There is no database at ")
    paperwire("ingest", paperwire.digest())
    made = paperwire("backup", "backup.db")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("backup.db: ")
    assert made.stdout.endswith(f" MiB, SHA-256 {digits(tmp_path / 'backup.db')}\n")
    again = paperwire("backup", "backup.db")
    assert (again.returncode, again.stdout) == (74, "")
    assert again.stderr == (
        "paperwire: backup.db is there already, and was not changed. Name another file, or type first: rm backup.db\n"
    )
    nowhere = paperwire("backup", "nowhere/backup.db")
    assert nowhere.returncode == 74
    assert nowhere.stderr.startswith("paperwire: nowhere/backup.db cannot be written: No such file or directory.")


def test_where_there_is_no_space_there_is_no_half_of_a_file(paperwire: Paperwire, tmp_path: Path) -> None:
    paperwire("ingest", paperwire.digest())
    before = names(tmp_path)
    # What a process has covered is a file too, and no part of what is limited here.
    uncovered = {name: each for name, each in paperwire.environment.items() if not name.startswith("COVERAGE_")}
    small = subprocess.run(
        ["bash", "-c", f"ulimit -f 100; {shlex.join(paperwire.line('backup', 'backup.db'))}"],
        capture_output=True,
        text=True,
        env=uncovered,
        cwd=tmp_path,
        check=False,
    )
    assert small.returncode == 74, small
    assert small.stderr.startswith("paperwire: ")
    assert "backup.db cannot be written" in small.stderr
    assert small.stderr.count("\n") == 1
    assert names(tmp_path) == before


# Restoring


async def test_what_was_there_is_kept_with_what_is_only_in_its_log(database: Path, file: Path, tmp_path: Path) -> None:
    await subscribed(database, "lidar")
    back_up(database, file)
    killed(database, "radar")
    done = await restore(database, file, NOW)
    assert await queries(database) == ["lidar"]
    assert done.aside
    assert names(tmp_path) == ["backup.db", "papers.db", done.aside.name]
    assert await queries(done.aside) == ["lidar", "radar"]
    assert {mode(database), mode(done.aside)} == {0o600}


async def test_a_link_to_the_database_stays_one(database: Path, file: Path) -> None:
    real = linked(database)
    await subscribed(database, "lidar")
    back_up(database, file)
    done = await restore(database, file, NOW)
    assert linked_to(database) == real
    assert done.aside
    assert done.aside.parent == real.parent


async def test_a_damaged_database_gives_way_and_is_kept_with_its_log(database: Path, file: Path) -> None:
    await subscribed(database, "lidar")
    back_up(database, file)
    spoil(database)
    done = await restore(database, file, NOW)
    assert done.aside
    assert spoiled(done.aside)
    assert await queries(database) == ["lidar"]


async def test_a_log_that_was_left_when_its_database_was_deleted_is_not_taken_in(database: Path, file: Path) -> None:
    await subscribed(database, "lidar")
    back_up(database, file)
    killed(database, "radar", deletes=True)
    assert (await restore(database, file, NOW)).aside is None
    assert await queries(database) == ["lidar"]


@pytest.mark.parametrize("kind", ["newer", "another program's", "empty", "text", "damaged", "itself"])
def test_what_is_no_backup_is_refused_and_nothing_changes(
    kind: str, database: Path, file: Path, paperwire: Paperwire, tmp_path: Path
) -> None:
    paperwire.environment["PAPERWIRE_DATABASE"] = address(database)
    paperwire("ingest", paperwire.digest())
    before = database.read_bytes()
    back_up(database, file)
    with contextlib.closing(sqlite3.connect(file)) as db:
        if kind == "newer":
            db.execute("PRAGMA user_version = 99")
        elif kind == "another program's":
            db.execute("PRAGMA application_id = 7")
    if kind == "empty":
        file.write_bytes(b"")
    elif kind == "text":
        file.write_text("# A digest\n" * 500)
    elif kind == "damaged":
        whole = file.read_bytes()
        file.write_bytes(whole[:20_000] + bytes(40_000) + whole[60_000:])
    elif kind == "itself":
        file = database
    done = paperwire("restore", str(file))
    assert (done.returncode, done.stdout) == (74 if kind == "damaged" else 78, ""), done
    assert done.stderr.count("\n") == 1
    assert str(file) in done.stderr
    assert (database.read_bytes(), names(tmp_path)) == (before, ["backup.db", "papers.db"])


def test_while_the_service_runs_nothing_is_restored(paperwire: Paperwire, tmp_path: Path) -> None:
    paperwire("ingest", paperwire.digest())
    paperwire("backup", "backup.db")
    with storage.own(address(paperwire.database)):
        done = paperwire("restore", "backup.db")
    assert (done.returncode, done.stdout) == (75, "")
    assert names(tmp_path) == ["backup.db", "paper wire.db"]


async def test_while_another_program_has_it_open_nothing_is_restored(
    database: Path, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await subscribed(database, "lidar")
    back_up(database, file)
    monkeypatch.setattr("storage.restore._BUSY", 0.1)
    async with connect(address(database)):
        with pytest.raises(StoreError, match="busy"):
            await restore(database, file, NOW)
    assert names(tmp_path) == ["backup.db", "papers.db"]


def test_restored_where_there_was_none(paperwire: Paperwire, tmp_path: Path) -> None:
    paperwire("ingest", paperwire.digest())
    paperwire("backup", "backup.db")
    paperwire.database.unlink()
    done = paperwire("restore", "backup.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Restored backup.db, which knows all up to ")
    assert names(tmp_path) == ["backup.db", "paper wire.db"]
    assert "Elephants" in paperwire("ask", "today 2020-11-20").stdout


# The fence


@pytest.mark.parametrize("name", ["slack", "discord"])
async def test_what_was_sent_after_the_backup_is_not_sent_again(name: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        opened: AbstractAsyncContextManager[worlds.World] = worlds.slack() if name == "slack" else worlds.discord()
        found = await Restoring(await stack.enter_async_context(opened), tmp_path).drill()
    assert found.before > 10
    assert (found.after, found.held) == (ALL_WELL, 0)


async def test_where_nobody_can_look_it_is_held_until_it_is_released(tmp_path: Path) -> None:
    async with worlds.slack(history=False) as world:
        found = await Restoring(world, tmp_path).drill()
        rooms = len(world.rooms)
    assert found.held == 2 * rooms
    assert found.after == ALL_WELL
    assert found.released.duplicated > 0
    assert found.marked == found.held


async def owed(store: Store) -> dict[str, tuple[str, bool]]:
    """Return the state of what is owed, and whether it is in doubt, by its day."""
    found, _ = await store.deliveries()
    return {f"{each.delivery.kind} {each.delivery.day}": (each.state, each.delivery.uncertain) for each in found}


async def test_what_waited_is_in_doubt_but_what_is_old_or_yet_to_come(
    database: Path, file: Path, digest: MakeDigest, paper: MakePaper
) -> None:
    def plan(due: datetime | None) -> Plan:
        return lambda morning: (Delivery(ANN, "alert", "", morning.day, (Pick("2011.00001"),), due=due),)

    async with connect(address(database)) as store:
        await store.subscribe(ANN, parse("lidar"), NOW)
        for back, due, at in ((0, None, NOW), (1, NOW + DAY, NOW - 2 * DAY), (2, None, NOW - 2 * DAY)):
            when = TODAY - back * DAY
            await store.take_in(digest(when, "cs.CV", paper("2011.00001", f"Lidar {back}")), plan(due), at)
    back_up(database, file)
    done = await restore(database, file, NOW + timedelta(hours=1))
    assert (done.doubt.uncertain, done.doubt.expired) == (1, 1)
    async with connect(address(database)) as store:
        assert await owed(store) == {
            f"alert {TODAY}": ("pending", True),
            f"alert {TODAY - DAY}": ("pending", False),
            f"alert {TODAY - 2 * DAY}": ("expired", True),
        }


async def test_what_comes_in_again_is_in_doubt_too_and_no_news_of_days_before(
    database: Path, file: Path, digest: MakeDigest, paper: MakePaper
) -> None:
    async with connect(address(database)) as store:
        await store.follow(Following(ROOM, ("cs.CV",)))
        ledger: Ledger = store.ledger("slack")
        assert await ledger.gap(NOW) is None
    back_up(database, file)
    await restore(database, file, NOW)
    async with connect(address(database)) as store:
        for back in (1, 0, -1):
            each = digest(TODAY - back * DAY, "cs.CV", paper(f"2011.0000{back + 2}", "Lidar"))
            assert (await take_in(each, store, NOW)).owed == (back < 1)
        assert await owed(store) == {
            f"highlights {TODAY - DAY}": ("expired", True),
            f"highlights {TODAY}": ("pending", True),
            f"highlights {TODAY + DAY}": ("pending", False),
        }
        # What is in doubt is looked for by itself: it takes nothing in.
        claimed = await store.claim(["slack"], NOW)
        assert claimed
        assert (claimed.day, claimed.since) == (TODAY, None)


async def test_the_fence_falls_after_a_week(database: Path, file: Path, digest: MakeDigest, paper: MakePaper) -> None:
    async with connect(address(database)) as store:
        await store.follow(Following(ROOM, ("cs.CV",)))
    back_up(database, file)
    await restore(database, file, NOW)
    async with connect(address(database)) as store:
        assert await store.ledger("slack").gap(NOW + 6 * DAY)
        assert await store.ledger("slack").gap(NOW + 8 * DAY) is None
        await take_in(digest(TODAY, "cs.CV", paper("2011.00001", "Lidar")), store, NOW + 8 * DAY)
        assert await owed(store) == {f"highlights {TODAY}": ("pending", False)}


async def test_restored_twice_the_doubt_begins_with_the_first(
    database: Path, file: Path, digest: MakeDigest, paper: MakePaper
) -> None:
    async with connect(address(database)) as store:
        await store.take_in(digest(TODAY, "cs.CV", paper("2011.00001", "Lidar")), lambda _: (), NOW - DAY)
    back_up(database, file)
    first = await restore(database, file, NOW)
    again = file.with_name("again.db")
    back_up(database, again)
    second = await restore(database, again, NOW + DAY)
    assert first.doubt.since == second.doubt.since == NOW - DAY


# Upgrading


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> int:
    """Be a program that knows one schema more; return its number."""
    monkeypatch.setattr(opening, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE more (a);"))
    return len(MIGRATIONS) + 1


async def test_a_backup_of_an_older_schema_is_migrated_before_it_is_there(
    database: Path, file: Path, later: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemas.make(len(MIGRATIONS), file)
    await restore(database, file, NOW)
    with contextlib.closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (later,)
    # The backup itself is what is left of before.
    assert names(tmp_path) == ["backup.db", "papers.db"]
    assert inspect(file).schema == len(MIGRATIONS)


async def test_a_database_of_a_later_program_is_refused_with_what_to_restore(
    database: Path, later: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemas.make(len(MIGRATIONS), database)
    await subscribed(database, "radar")
    monkeypatch.setattr(opening, "MIGRATIONS", MIGRATIONS)
    with pytest.raises(SchemaError, match="Install the Paperwire that made it") as refused:
        await queries(database)
    copy = database.with_name(f"papers.db.v{len(MIGRATIONS)}-before-v{later}")
    assert str(refused.value).endswith(f"or type: paperwire restore {copy}")
    # Which is what it says.
    await restore(database, copy, NOW)
    assert "radar" not in await queries(database)


@pytest.mark.parametrize("schema", range(1, len(MIGRATIONS) + 1))
async def test_a_database_of_each_schema_opens_and_holds_what_it_held(schema: int, database: Path) -> None:
    schemas.make(schema, database)
    async with connect(address(database)) as store:
        assert [each.query for each in await store.subscriptions(ANN)] == ["clouds"]
        assert [each.id for each in (await store.search(parse("clouds"))).papers] == ["2601.00001"]
        found, _ = await store.deliveries()
        assert {each.delivery.kind for each in found} == {"alert", "highlights"}
    assert inspect(database).trouble == ()


async def test_a_database_whose_tables_are_not_those_of_its_schema_is_refused_as_it_is(database: Path) -> None:
    schemas.make(1, database)
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute("DROP TABLE alerting")
    before = schemas.tables(database)
    with pytest.raises(SchemaError, match="no Paperwire that was released made it"):
        await queries(database)
    assert schemas.tables(database) == before
    assert inspect(database).schema == 1


async def test_the_newest_of_the_kept_databases_has_the_schema_of_today(database: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.db"
    schemas.make(len(MIGRATIONS), kept)
    async with connect(address(database)):
        pass
    assert schemas.tables(kept) == schemas.tables(database), "python -m tests.schemas writes it anew"


@pytest.mark.parametrize("name", ["backup under load", "restore killed", "migration killed"])
@pytest.mark.parametrize("planted", [False, True], ids=["as it is", "with its mistake"])
def test_a_fault_is_met_and_the_mistake_planted_in_it_is_noticed(name: str, planted: bool, tmp_path: Path) -> None:
    row = named(name)
    found = row.check(Trial(row.planted_count if planted else 3, Random(SEED), tmp_path, planted))
    assert bool(found.wrong) == planted, f"SEED={SEED} repeats this: {found}"
