"""One person at several places: what is joined, where alerts come to, and what happens to it when a place is gone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import codes
from bot.commands import answer
from bot.daily import take_in
from bot.model import Alerting, Call, Delivery, Destination, Following, Reply
from bot.ports import Store
from bot.search.grammar import parse
from tests.conftest import MakeDigest, MakePaper

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)
SLACK, DISCORD = Destination.parse("slack:T1/@U1"), Destination.parse("discord:dm/@101")
LAB = Destination.parse("slack:T1/C1")
BOTH = ("slack", "discord")
CODE = "ABCDEFGH"


def asked(line: str, caller: Destination, at: datetime = NOW, room: Destination | None = None) -> Call:
    name, _, text = line.partition(" ")
    return Call(name, text, room or caller, caller, at)


async def ask(store: Store, line: str, caller: Destination, at: datetime = NOW) -> Reply:
    return await answer(asked(line, caller, at), store)


async def joined(store: Store, here: Destination = DISCORD, there: Destination = SLACK) -> None:
    await store.offer_link(there, CODE, SOON)
    assert await store.link(here, CODE, NOW) == there


async def queries(store: Store, person: Destination) -> list[str]:
    return [each.query for each in await store.subscriptions(person)]


async def sent(store: Store, *, settled: bool = True) -> list[Delivery]:
    found = []
    while delivery := await store.claim(BOTH, NOW):
        found.append(delivery)
        if not settled:
            break
        await store.settle(delivery, "sent")
    return found


def code_of(reply: Reply) -> str:
    (line,) = (line for line in str(reply.text).splitlines() if "type there: link" in line)
    return line.rpartition("link ")[2]


async def test_a_dialog_joins_two_places_and_what_was_at_both_is_there_once(store: Store) -> None:
    for person, lines in ((SLACK, ("lidar", "radar")), (DISCORD, ("radar", "sonar"))):
        for line in lines:
            await ask(store, f"subscribe {line}", person)
    code = code_of(await ask(store, "link", SLACK))

    first = await ask(store, f"link {code.lower()}", DISCORD)
    assert "Was it you who got it?" in str(first.text)
    assert [(each.name, each.text) for each in first.buttons] == [("link", f"{code} now")]
    assert await queries(store, DISCORD) == ["radar", "sonar"]  # nothing is joined yet

    done = await ask(store, f"link {code} now", DISCORD)
    assert str(done.text).startswith("You are one person here and on Slack.")
    assert done.private
    assert await queries(store, DISCORD) == ["radar", "sonar", "lidar"]
    assert "3 subscriptions" in str((await ask(store, "subscriptions", SLACK)).text)
    again = await ask(store, f"link {code} now", DISCORD)
    assert again.error is not None
    assert "type: link" in again.error


async def test_a_code_is_good_once_for_ten_minutes_for_somebody_else_and_the_last_one_only(store: Store) -> None:
    old, new = [code_of(await ask(store, "link", SLACK)) for _ in range(2)]
    for code, caller, at, why in (
        (old, DISCORD, NOW, "is none"),
        (new, DISCORD, NOW + timedelta(minutes=10), "older than ten minutes"),
        (new, SLACK, NOW, "from here"),
        ("22222222", DISCORD, NOW, "is none"),
    ):
        for now in ("", " now"):
            reply = await ask(store, f"link {code}{now}", caller, at)
            assert why in (reply.error or ""), (code, now)
    assert await store.linked(SLACK) == ()
    assert "does not fit here" in str((await ask(store, "link nonsense", SLACK)).error)


async def test_an_alert_comes_once_to_where_the_person_was_last(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    for person in (SLACK, DISCORD):
        await store.subscribe(person, parse("lidar"), NOW)
    await joined(store)
    await take_in(digest("2020-11-19", "cs.CV", paper("2011.1", "Lidar maps")), store, NOW)
    assert [each.to for each in await sent(store)] == [DISCORD]

    await take_in(digest("2020-11-20", "cs.CV", paper("2011.2", "Lidar clouds")), store, NOW)
    await ask(store, "status", SLACK)
    await take_in(digest("2020-11-21", "cs.CV", paper("2011.3", "Lidar roads")), store, NOW)
    (one,) = await sent(store)
    assert one.to == SLACK
    assert [each.paper for each in one.picks] == ["2011.2", "2011.3"]
    assert await queries(store, SLACK) == ["lidar"]
    assert await queries(store, DISCORD) == []  # there is nothing but at home
    assert "1 subscription" in str((await ask(store, "subscriptions", DISCORD)).text)


async def test_what_is_owed_at_both_places_comes_as_one_without_a_paper_twice(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(SLACK, parse("lidar OR radar"), NOW)
    await store.subscribe(DISCORD, parse("lidar OR sonar"), NOW)
    papers = [paper("2011.1", "Lidar"), paper("2011.2", "Radar"), paper("2011.3", "Sonar")]
    await take_in(digest("2020-11-20", "cs.CV", *papers), store, NOW)
    await joined(store)
    (one,) = await sent(store)
    assert one.to == DISCORD
    assert sorted(each.paper for each in one.picks) == ["2011.1", "2011.2", "2011.3"]
    # And what the one was told of is no news for both.
    await take_in(digest("2020-11-20", "cs.LG", *papers), store, NOW)
    assert await sent(store) == []


async def test_what_was_sent_to_the_other_place_is_not_sent_again_where_it_waits(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    for person in (SLACK, DISCORD):
        await store.subscribe(person, parse("lidar"), NOW)
    await take_in(digest("2020-11-19", "cs.CV", paper("2011.1", "Lidar maps")), store, NOW)
    claimed = await store.claim(("slack",), NOW)
    assert claimed is not None
    await store.settle(claimed, "sent")
    await joined(store)
    assert await sent(store) == []


async def test_while_a_message_may_be_arriving_nothing_moves(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(SLACK, parse("lidar"), NOW)
    await take_in(digest("2020-11-19", "cs.CV", paper("2011.1", "Lidar maps")), store, NOW)
    (claimed,) = await sent(store, settled=False)
    await store.offer_link(SLACK, CODE, SOON)
    refused = await ask(store, f"link {CODE} now", DISCORD)
    assert "may be arriving" in (refused.error or "")
    assert await queries(store, SLACK) == ["lidar"]
    await store.settle(claimed, "sent")

    await joined(store)
    await take_in(digest("2020-11-20", "cs.CV", paper("2011.2", "Lidar roads")), store, NOW)
    (claimed,) = await sent(store, settled=False)
    assert claimed.to == DISCORD
    await store.settle(claimed, "pending", uncertain=True)
    assert "1 subscription" in str((await ask(store, "subscriptions", SLACK)).text)  # theirs all the same
    (again,) = await sent(store)
    assert (again.to, again.uncertain) == (DISCORD, True)
    await ask(store, "status", SLACK)
    assert await queries(store, SLACK) == ["lidar"]


async def test_what_a_platform_does_not_take_pauses_the_address_and_not_the_person(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(DISCORD, parse("lidar"), NOW)
    await joined(store)
    await take_in(digest("2020-11-19", "cs.CV", paper("2011.1", "Lidar maps")), store, NOW)
    (claimed,) = await sent(store, settled=False)
    await store.settle(claimed, "pending", code="50007", pause=NOW, tried=False)
    assert await store.paused(SLACK) is None
    assert [each.to for each in await sent(store)] == [SLACK]
    assert await store.paused(DISCORD) is not None

    # Who speaks there again is tried there again.
    await ask(store, "status", DISCORD)
    assert await store.paused(DISCORD) is None
    await take_in(digest("2020-11-20", "cs.CV", paper("2011.2", "Lidar roads")), store, NOW)
    assert [each.to for each in await sent(store)] == [DISCORD]


async def test_what_was_tried_where_nothing_arrives_any_more_keeps_nobody_there(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(DISCORD, parse("lidar"), NOW)
    await take_in(digest("2020-11-19", "cs.CV", paper("2011.1", "Lidar maps")), store, NOW)
    (claimed,) = await sent(store, settled=False)
    await store.settle(claimed, "pending", code="503")
    (claimed,) = await sent(store, settled=False)
    await store.settle(claimed, "pending", code="50007", pause=NOW, tried=False)
    await joined(store, SLACK, DISCORD)
    assert await queries(store, SLACK) == ["lidar"]
    assert [each.to for each in await sent(store)] == [SLACK]


async def test_where_a_workspace_is_closed_alerts_come_to_another_place(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(DISCORD, parse("lidar"), NOW)
    await joined(store, SLACK, DISCORD)
    await store.ledger("slack").close("T1", "uninstalled", NOW)
    await take_in(digest("2020-11-19", "cs.CV", paper("2011.1", "Lidar maps")), store, NOW)
    assert [each.to for each in await sent(store)] == [DISCORD]


async def test_what_is_written_at_a_place_that_was_just_left_follows(store: Store) -> None:
    await joined(store)
    assert await store.home(SLACK) == SLACK
    assert await store.home(DISCORD) == DISCORD
    await store.subscribe(SLACK, parse("lidar"), NOW)  # by who asked before the line above
    assert await store.home(SLACK) == SLACK
    assert await queries(store, SLACK) == ["lidar"]
    assert await store.home(DISCORD) == DISCORD
    assert await queries(store, DISCORD) == ["lidar"]
    assert await queries(store, SLACK) == []


async def test_who_asks_at_both_places_in_the_same_instant_loses_nothing(store: Store) -> None:
    await joined(store)
    for number in range(5):
        both = [(SLACK, f"subscribe slack{number}"), (DISCORD, f"subscribe discord{number}")]
        await asyncio.gather(*(ask(store, line, person) for person, line in both))
    every = sorted(f"{where}{number}" for where in ("slack", "discord") for number in range(5))
    assert await store.home(SLACK) == SLACK
    assert sorted(await queries(store, SLACK)) == every
    assert await queries(store, DISCORD) == []


async def test_nobody_parts_while_a_message_may_be_arriving_and_all_places_are_named(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(DISCORD, parse("lidar"), NOW)
    await joined(store)
    await take_in(digest("2020-11-19", "cs.CV", paper("2011.1", "Lidar maps")), store, NOW)
    (claimed,) = await sent(store, settled=False)
    assert "may be arriving" in ((await ask(store, "link off", SLACK)).error or "")
    said = str((await ask(store, "link", SLACK)).text)
    assert said.startswith("You are one person on Discord and on Slack.")
    await store.settle(claimed, "sent")
    assert str((await ask(store, "link off", SLACK)).text).startswith("Parted. What is yours stays here; on Discord")
    assert await queries(store, SLACK) == ["lidar"]


async def test_what_one_of_both_does_not_mute_has_no_time_to_be_silent_and_who_is_not_learned_from_stays_so(
    store: Store,
) -> None:
    for person in (SLACK, DISCORD):
        await store.subscribe(person, parse("lidar"), NOW)
    await store.mute(SLACK, 1, muted=True, until=SOON)
    await store.learn(SLACK, learns=False)
    await joined(store)
    (one,) = await store.subscriptions(DISCORD)
    assert (one.muted, one.muted_until) == (False, None)
    assert not await store.learns(DISCORD)


async def test_what_somebody_follows_in_a_lab_counts_there_wherever_they_are(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.follow(Following(LAB))
    await answer(asked("subscribe lidar", SLACK, room=LAB), store)
    await joined(store)
    await take_in(digest("2020-11-20", "cs.CV", paper("2011.1", "Maps"), paper("2011.2", "Lidar")), store, NOW)
    (highlights,) = (each for each in await sent(store) if each.kind == "highlights")
    assert highlights.picks[0].paper == "2011.2"
    assert highlights.picks[0].reasons[0] == "close to what people here follow"


async def test_parting_leaves_all_where_it_is_typed(store: Store) -> None:
    await store.subscribe(SLACK, parse("lidar"), NOW)
    await joined(store)
    parted = await ask(store, "link off", SLACK)
    assert str(parted.text).startswith("Parted. What is yours stays here; on Discord")
    assert await queries(store, SLACK) == ["lidar"]
    assert await queries(store, DISCORD) == []
    await ask(store, "subscribe sonar", DISCORD)
    assert await queries(store, SLACK) == ["lidar"]
    assert "joined with nobody" in str((await ask(store, "link off", SLACK)).text)


async def test_a_workspace_that_is_erased_leaves_people_what_they_have_elsewhere(store: Store) -> None:
    await store.subscribe(DISCORD, parse("lidar"), NOW)
    await joined(store)
    await ask(store, "status", SLACK)  # where all of it is now
    await store.erase_workspace(SLACK.tenant)
    assert await queries(store, DISCORD) == ["lidar"]
    assert await store.linked(DISCORD) == ()
    assert not any((await store.known(SLACK)).values())


async def test_who_is_forgotten_at_one_place_is_forgotten_at_all(store: Store) -> None:
    await store.subscribe(SLACK, parse("lidar"), NOW)
    await store.ledger("slack").put("direct", "T1/@U1", "D1")
    await joined(store)
    known = await store.known(SLACK)
    assert known["links"] == ({"address": str(DISCORD)},)
    assert [each["query"] for each in known["subscriptions"]] == ["lidar"]
    assert len(known["remembered"]) == 1
    await ask(store, "forget me now", DISCORD)
    for person in (SLACK, DISCORD):
        assert not any((await store.known(person)).values())


async def test_what_a_person_chose_is_kept_of_either(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    await take_in(digest("2020-11-20", "cs.CV", paper("2011.1", "Maps"), paper("2011.2", "Lidar")), store, NOW)
    await store.alert(SLACK, Alerting(most=3))
    await store.follow(Following(SLACK, count=7))
    for room, person, value in ((LAB, SLACK, 1), (LAB, DISCORD, -1), (SLACK, SLACK, 1)):
        await store.react(room, person, "2011.1", value, NOW)
    await joined(store)
    assert (await store.alerting(DISCORD)).most == 3
    following = await store.following(DISCORD)
    assert following is not None
    assert following.count == 7
    # One person has one voice for a paper in a room: the one of where they are.
    assert await store.reactions(NOW - timedelta(days=1)) == {LAB: {"2011.1": -1}, DISCORD: {"2011.1": 1}}


async def test_somebody_is_one_person_at_five_places_and_no_more(store: Store) -> None:
    for number in range(2, 6):
        await joined(store, there=Destination("slack", f"T{number}", "@U1"))
    await store.offer_link(SLACK, CODE, SOON)
    full = await ask(store, f"link {CODE} now", DISCORD)
    assert "at 5 places at most" in (full.error or "")
    assert len(await store.linked(DISCORD)) == 4
    others = [str(each) for each in await store.linked(Destination("slack", "T3", "@U1"))]
    assert others[0].startswith("discord:") or str(DISCORD) in others


async def test_two_who_are_each_at_two_places_become_one_at_four(store: Store) -> None:
    people = [Destination.parse(each) for each in ("slack:T1/@U1", "discord:dm/@1", "slack:T2/@U2", "discord:dm/@2")]
    for number, each in enumerate(people):
        await store.subscribe(each, parse(f"word{number}"), NOW)
    await joined(store, people[1], people[0])
    await joined(store, people[3], people[2])
    await joined(store, people[3], people[1])
    for each in people:
        shown = str((await ask(store, "subscriptions", each)).text)
        assert "4 subscriptions" in shown, each
    assert len(await store.linked(people[0])) == 3


@given(st.text(alphabet="abcdefghjkmnpqrstuvwxyz23456789", min_size=8, max_size=8))
@settings(max_examples=50)
def test_a_code_is_read_as_it_is_spelled_in_any_case(typed: str) -> None:
    code = codes.read(typed)
    assert code is not None
    assert codes.read(codes.spelled(code).lower()) == code


def test_a_code_has_no_letter_that_is_taken_for_another() -> None:
    made = "".join(codes.make() for _ in range(200))
    assert not set(made) & set("IO01")
    assert codes.read("I0000000") is None
    assert codes.read("ABCDEFG") is None
