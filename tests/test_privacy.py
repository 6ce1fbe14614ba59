"""What a person can have shown and erased, what is kept to one, and who can read the files: on a real database."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.discord.direct import works
from adapters.discord.pressed import remember
from adapters.discord.progress import Progress, place
from adapters.discord.progress import remember as progressed
from bot.commands import answer
from bot.daily import take_in
from bot.model import Alerting, Button, Call, Delivery, Destination, Following, Reply, Text
from bot.pacing import MAX_COMMANDS, paced
from bot.ports import SchemaError, Store
from bot.search.grammar import parse
from storage import connect
from tests import test_discord, test_slack
from tests.conftest import MakeCall, MakeDigest, MakePaper
from tests.fakes.command_line import Paperwire
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack
from tests.test_ledger import personal, raw
from tests.traces import leave

ME, OTHER = (Destination("discord", "dm", name) for name in ("@101canary", "@202"))
ROOM = Destination("discord", "G1", "7")
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
_TEST = re.compile(r"def (test_\w+)")


@pytest.fixture
def paperwire(tmp_path: Path) -> Paperwire:
    return Paperwire(tmp_path)


async def live(store: Store, person: Destination, digest: MakeDigest, paper: MakePaper) -> None:
    """Leave a trace of a person wherever there can be one: in every table, and of every kind on the ledger."""
    number = person.name[1:4]
    mine = paper(f"2011.10{number}", f"On canary{number}")
    await store.subscribe(person, parse(f"canary{number}"), NOW, workspace="G1")
    await store.alert(person, Alerting(most=3))
    for room in (person, Destination("discord", "G1", number)):
        await store.follow(Following(room, (f"cs.{number}",), owner=person))
    await take_in(digest("2020-11-20", f"cs.{number}", mine), store, NOW)
    for room in (ROOM, person):
        await store.react(room, person, mine.id, 1, NOW)
    elsewhere = Destination("slack", "T1", f"@U{number}")
    await leave(store, person, Destination("discord", "G1", number), elsewhere, mine.id, f"canary{number}", NOW)
    ledger = store.ledger("discord")
    await works(ledger, person.name[1:], f"channel-of-{number}", NOW)
    await progressed(ledger, place(person, f"key{number}"), Progress(tried=NOW.isoformat()), NOW)
    await remember({f"#{number}": f"search canary{number}"}, f"dm/{person.name}", ledger, NOW)


def told(reply: Reply) -> str:
    return str(reply.text)


def asked(line: str, *, caller: Destination = ME, at: datetime = NOW) -> Call:
    name, _, text = line.partition(" ")
    return Call(name, text, Destination("discord", "G1", "7"), caller, at)


async def test_forget_me_leaves_nothing_of_a_person_in_any_table_and_all_of_another(
    address: str, tmp_path: Path, digest: MakeDigest, paper: MakePaper
) -> None:
    path = tmp_path / "paperwire.db"
    async with connect(address) as store:
        await live(store, OTHER, digest, paper)
        await store.react(ROOM, ME, "2011.10202", 0, NOW)
        before = personal(path)

        await live(store, ME, digest, paper)
        lived = personal(path)
        grown = {table for table in before if before[table] != lived[table]}
        # A workspace is closed as a whole, and nobody's copy of a backup has a gap.
        assert grown == before.keys() - {"closed"}

        reply = await answer(asked("forget me now"), store)
        assert told(reply).startswith("Erased: 1 subscription, 1 choice of how you are alerted, ")
        after = personal(path)
    # The room that they set up keeps its highlights, and knows no owner; what is owed to it names nobody.
    kept = [row for row in after["following"] if row not in before["following"]]
    assert len(kept) == 1
    assert str(ME) not in str(kept)
    # Their club meets on, over what it was to, without whose it was.
    (nomination,) = [row for row in after["nomination"] if row not in before["nomination"]]
    assert str(nomination).count("None") == 2
    assert str(ME) not in str(after["club"])
    for table in grown - {"following", "club", "meeting", "nomination", "destination", "outbox", "told"}:
        assert [row for row in after[table] if row not in before[table]] == [], table
    assert "101canary" not in str(after)
    assert b"101canary" not in raw(tmp_path)


async def test_what_is_erased_is_in_no_byte_of_the_files_while_the_service_runs(store: Store, tmp_path: Path) -> None:
    people = [Destination("slack", "T1", f"@U{number}wren{number}") for number in range(200)]
    for number, each in enumerate(people):
        await store.subscribe(each, parse(f"finch{number} OR owl{number}"), NOW)
    for each in people[::3]:
        await store.forget(each)
    found = raw(tmp_path)
    for number, each in enumerate(people):
        gone = number % 3 == 0
        assert (each.name.encode() not in found) is gone, each
        assert (f"finch{number} OR".encode() not in found) is gone, each


async def test_forget_me_says_what_goes_and_what_stays_before_anything_is_erased(
    store: Store, tmp_path: Path, digest: MakeDigest, paper: MakePaper
) -> None:
    await live(store, ME, digest, paper)
    before = personal(tmp_path / "paperwire.db")
    reply = await answer(asked("forget me"), store)
    assert reply.private
    assert told(reply).startswith("This would be erased, at once and for good: 1 subscription, ")
    assert "What stays: messages that are posted" in told(reply)
    assert told(reply).endswith("To have it erased, type: forget me now")
    assert [(each.name, each.text) for each in reply.buttons] == [("forget", "me now")]
    assert personal(tmp_path / "paperwire.db") == before


async def test_who_is_not_known_has_nothing_to_erase_and_nothing_to_see(store: Store) -> None:
    for line in ("forget me", "forget me now", "export me"):
        assert told(await answer(asked(line), store)) == "Nothing is stored about you."


async def test_what_is_being_sent_while_its_reader_is_erased_is_settled_and_stores_nothing(
    store: Store, tmp_path: Path, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(ME, parse("canary"), NOW)
    await take_in(digest("2020-11-20", "cs.CV", paper("2011.1", "A canary")), store, NOW)
    await store.begin_delivery()
    sending = await store.claim(["discord"], NOW)
    assert sending is not None
    await store.forget(ME)
    notice = Delivery(ME, "notice", str(ME), NOW.date(), ())
    await store.settle(sending, "pending", code="closed", pause=NOW, owe=notice)
    assert not any(rows for table, rows in personal(tmp_path / "paperwire.db").items() if table != "gap")


async def test_export_shows_all_that_is_stored_about_who_asks_and_nothing_of_another(
    store: Store, tmp_path: Path, digest: MakeDigest, paper: MakePaper
) -> None:
    await live(store, ME, digest, paper)
    await live(store, OTHER, digest, paper)
    known = await store.known(ME)
    everything = json.dumps(known)
    # Each of them is where `live` left it; of a person who is at two places, what is of a place is there twice.
    twice = dict.fromkeys(("person", "reactions", "messages", "told"), 2)
    counts = {name: len(records) for name, records in known.items()}
    assert counts == dict.fromkeys(known, 1) | twice | {"remembered": 3}
    for kept in ("canary101", "2011.10101", "channel-of-101", "discord:G1/101", '"most": 3'):
        assert kept in everything
    for anothers in ("canary202", "2011.10202", "channel-of-202", "discord:G1/202"):
        assert anothers not in everything
    # All that goes is what was shown.
    assert {name: count for name, count in (await store.forget(ME)).items() if count} == counts
    assert not any((await store.known(ME)).values())
    assert personal(tmp_path / "paperwire.db")["subscription"] != []


async def test_export_me_brings_all_that_is_stored_as_one_json_file_for_the_callers_eyes_alone(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await live(store, ME, digest, paper)
    reply = await answer(asked("export me"), store)
    assert reply.private
    assert reply.file is not None
    assert (reply.file.name, reply.file.media_type) == ("stored-about-me.json", "application/json")
    brought = json.loads(reply.file.content)
    whole = await store.known(ME)
    assert brought == {"address": str(ME), **json.loads(json.dumps(whole))}
    assert told(reply).startswith("Stored about you: ")
    assert "1 subscription, " in told(reply)
    assert "1 paper that you keep" in told(reply)
    refused = await answer(asked("export me as:bibtex"), store)
    assert refused.error == "What is stored about you comes as JSON. Type: export me"


def test_the_operator_exports_and_erases_a_person_by_the_address_that_outbox_shows(
    paperwire: Paperwire,
) -> None:
    paperwire("ingest", paperwire.digest())
    paperwire("ask", "subscribe elephants")
    shown = paperwire("export", "console:local/@me")
    assert json.loads(shown.stdout)["subscriptions"][0]["query"] == "elephants"
    asked_first = paperwire("erase", "console:local/@me", typed="n\n")
    assert "Erase all that is stored about console:local/@me?" in asked_first.stdout
    assert json.loads(paperwire("export", "console:local/@me").stdout)["subscriptions"]
    assert paperwire("erase", "console:local/@me", "--yes").stdout == "Erased: console:local/@me.\n"
    assert paperwire("erase", "console:local/@me", "--yes").stdout == "Nothing is stored about console:local/@me.\n"
    for words in (("export", "console:local"), ("export", "nobody"), ("erase",), ("erase", "--now", "slack:T1")):
        refused = paperwire(*words)
        assert (refused.returncode, refused.stdout) == (2, ""), words


async def test_the_operator_erases_a_workspace_and_with_now_those_that_have_removed_the_app(
    paperwire: Paperwire,
) -> None:
    address = paperwire.environment["PAPERWIRE_DATABASE"]
    people = [Destination("slack", workspace, "@U1") for workspace in ("T1", "T2", "T3", "T33")]
    async with connect(address) as store:
        for each in people:
            await store.subscribe(each, parse("elephants"), NOW)
        await store.ledger("slack").close("T2", "app_uninstalled", NOW, erase_at=LATER)
        await store.ledger("slack").close("T1", "account_inactive", NOW)
    assert paperwire("erase", "--now", "--yes").stdout == "Erased: slack:T2.\n"
    assert paperwire("erase", "slack:T3", "--yes").stdout == "Erased: slack:T3.\n"
    async with connect(address) as store:
        held = [len(await store.subscriptions(each)) for each in people]
    assert held == [1, 0, 0, 1]


async def test_who_types_too_much_within_a_minute_is_told_when_to_go_on_and_nobody_else_is(call: MakeCall) -> None:
    given: list[Call] = []

    async def answered(each: Call) -> Reply:
        given.append(each)
        return Reply(Text("done"))

    ask = paced(answered)
    typed = replace(call("search lidar"), typed=True)
    for seconds in range(MAX_COMMANDS):
        assert (await ask(replace(typed, at=typed.at + timedelta(seconds=seconds)))).error is None
    late = replace(typed, at=typed.at + timedelta(seconds=MAX_COMMANDS))
    refused = await ask(late)
    assert refused.private
    assert refused.error == (
        f"You have typed {MAX_COMMANDS} commands within a minute, the most there can be. "
        f"Go on in {61 - MAX_COMMANDS} seconds; buttons work all the time."
    )
    # A button, another person, the same id in another workspace; then the minute is over.
    pressed = replace(late, typed=False)
    others = [replace(late, caller=Destination.parse(each)) for each in ("slack:T1/@U2", "slack:T2/@U1")]
    over = replace(typed, at=typed.at + timedelta(minutes=1))
    for each in (pressed, *others, over):
        assert (await ask(each)).error is None
    assert len(given) == MAX_COMMANDS + 4


async def test_a_clock_that_was_ahead_makes_nobody_wait_for_it(call: MakeCall) -> None:
    async def answered(_: Call) -> Reply:
        return Reply(Text("done"))

    ask = paced(answered)
    typed = replace(call("help"), typed=True)
    for _ in range(MAX_COMMANDS):
        await ask(replace(typed, at=typed.at + timedelta(days=30)))
    assert (await ask(typed)).error is None


async def test_a_database_that_others_can_read_is_closed_to_them_at_the_start_with_its_journals(
    address: str, tmp_path: Path
) -> None:
    path = tmp_path / "paperwire.db"
    journals = [path.with_name(f"paperwire.db{suffix}") for suffix in ("-wal", "-shm")]
    async with connect(address) as first:
        await first.subscribe(ME, parse("lidar"), NOW)
        for each in (path, *journals):
            each.chmod(0o644)
        async with connect(address):
            assert [stat.S_IMODE(each.stat().st_mode) for each in (path, *journals)] == [0o600] * 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
async def test_a_database_of_another_user_that_everybody_can_read_is_refused(address: str, tmp_path: Path) -> None:
    path = tmp_path / "paperwire.db"
    async with connect(address):
        pass
    os.chown(path, 12345, -1)
    path.chmod(0o640)
    async with connect(address):
        pass
    path.chmod(0o644)
    with pytest.raises(SchemaError, match="chmod 600"):
        async with connect(address):
            pass


def test_every_test_that_the_checklist_names_exists() -> None:
    root = Path(__file__).parents[1]
    table = (root / "SECURITY.md").read_text("utf-8").partition("## The checklist")[2]
    rows = re.findall(r"^\| (?!line|---)(.+) \|$", table, re.MULTILINE)
    there = {name for file in (root / "tests").glob("test_*.py") for name in _TEST.findall(file.read_text("utf-8"))}
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= there, row


async def test_what_is_typed_in_a_chat_counts_and_a_button_that_is_pressed_does_not(
    store: Store, slack: FakeSlack, discord: FakeDiscord
) -> None:
    given: list[tuple[str, str, bool]] = []

    async def answered(each: Call) -> Reply:
        given.append((each.room.platform, each.name, each.typed))
        return Reply(Text("done"), buttons=(Button("Next", "today"),), private=True)

    async with test_slack.running(slack, store, answering=answered):
        page = await slack.answered(await slack.slash("subscriptions"))
        await slack.answered(await slack.press("Next", on=page))
    async with test_discord.running(discord, store, answering=answered):
        shown = await (await discord.slash(discord.ben, discord.papers, "subscriptions")).final()
        await (await discord.press(discord.ben, shown, "Next")).final()
    assert given == [
        (platform, name, name == "subscriptions")
        for platform in ("slack", "discord")
        for name in ("subscriptions", "today")
    ]
