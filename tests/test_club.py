"""The journal club: nominating, votes, presenters, the agenda before each meeting, what is carried over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands
from bot.club import agenda, last_meeting, next_meeting, ranked
from bot.daily import take_in
from bot.delivery import deliver
from bot.model import Button, Destination, Digest, Paper, Reply, Schedule
from bot.ports import DeliveryError, Nomination, Store
from storage import connect
from tests import test_discord, test_slack
from tests.conftest import MakeCall
from tests.fakes.discord import FakeDiscord
from tests.fakes.recorder import Recorder
from tests.fakes.slack import FakeSlack
from tests.test_slack_blocks import texts

BERLIN = ZoneInfo("Europe/Berlin")
ROOM, OTHER = Destination.parse("slack:T1/C1"), Destination.parse("slack:T1/C2")
ANN, BEN, CAT = (Destination.parse(f"slack:T1/@{name}") for name in ("ANN", "BEN", "CAT"))
PAPERS = tuple(Paper(f"2011.{n:05}", f"Title {n}", "An abstract.") for n in range(9))
FRIDAY = datetime(2020, 11, 20, 9, tzinfo=UTC)
MONDAY = datetime(2020, 11, 23, 14, tzinfo=BERLIN)
NOTICE = MONDAY - timedelta(minutes=60)
BEGIN = "club on mon at:14:00 tz:Europe/Berlin"
MANAGES = "Only who manages this room's server or workspace can change when its journal club meets."

Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture
async def ask(store: Store, call: MakeCall) -> Ask:
    await take_in(Digest("test", "cs.CV", FRIDAY.date(), PAPERS), store, FRIDAY)

    async def ask(
        line: str, caller: Destination = ANN, room: Destination = ROOM, at: datetime = FRIDAY, *, manages: bool = False
    ) -> Reply:
        return await commands.answer(call(line, caller=str(caller), room=str(room), at=at, may_manage=manages), store)

    return ask


async def planned(store: Store, now: datetime, posted: Recorder | None = None) -> Recorder:
    """Plan and deliver, as the service does every minute; return what was posted."""
    slack = posted or Recorder()
    await store.owe(await agenda.plan(store, now), now)
    await store.begin_delivery()
    await deliver(store, {"slack": slack}, lambda: now)
    return slack


def failing(error: DeliveryError) -> Recorder:
    slack = Recorder()
    slack.failing[ROOM] = [error]
    return slack


def said(reply: Reply) -> str:
    return "\n".join([str(reply.text), *(str(each.text) for each in reply.items), str(reply.note)])


def shown(reply: Reply) -> list[str]:
    return [card.paper for card in reply.cards]


async def nominated(store: Store, room: Destination = ROOM, now: datetime = FRIDAY) -> dict[str, Nomination]:
    return {each.paper: each for each in await store.nominations(room, now)}


# Setting it up


async def test_who_manages_a_room_begins_its_club_and_is_told_when_it_meets(ask: Ask) -> None:
    begun = await ask(BEGIN, manages=True)

    assert said(begun).startswith(
        "The journal club meets here on Mon at 14:00, Europe/Berlin, over 2 papers; "
        "the agenda is posted 1 hour before.\n"
        "The next meeting is Mon 23 Nov 2020, 14:00, Europe/Berlin.\n"
    )
    assert not begun.private
    for line in (BEGIN, "club off", "club skip", "club unskip"):
        assert MANAGES in str((await ask(line)).error)


async def test_what_is_not_named_stays_and_the_club_ends_with_its_nominations_kept(ask: Ask, store: Store) -> None:
    await ask(BEGIN, manages=True)
    await ask("club nominate 2011.00001")
    assert "on Thu at 14:00, Europe/Berlin, over 3 papers; the agenda is posted 2 days before." in said(
        await ask("club on thursday count:3 notice:2880", manages=True)
    )
    ended = await ask("club off", manages=True)
    assert "type: club on thu at:14:00 tz:Europe/Berlin count:3 notice:2880" in said(ended)
    none = await ask("club")
    assert none.error is None
    assert "No journal club meets here." in said(none)
    await ask("club on thu at:14:00 tz:Europe/Berlin", manages=True)

    assert "Title 1 (2011.00001): 1 vote" in said(await ask("club"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("club on mon", "On which day does it meet, and when? Type one like: club on mon at:14:00"),
        ("club on at:14:00", "On which day does it meet, and when? Type one like: club on mon at:14:00"),
        ("club at:14:00", "To say when the journal club meets, type: club on mon at:14:00"),
        ("club nominate 2011.00001", "No journal club meets here."),
        ("club skip", "Who manages this room can begin one, for example: club on mon at:14:00 tz:Europe/Berlin"),
    ],
)
async def test_without_a_club_one_is_told_how_to_begin_it(ask: Ask, store: Store, line: str, told: str) -> None:
    reply = await ask(line, manages=True)

    assert told in str(reply.error)
    assert await store.nominations(ROOM, FRIDAY) == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("club vote", "Which paper? Type one like: club vote 2011.10043"),
        ("club nominate lidar", "lidar is no arXiv id. Type one like: club nominate 2011.10043"),
        ("club nominate 2099.00001", "No digest here lists 2099.00001."),
        ("club vote 2011.00002", "Title 2 is not nominated here. To nominate it, type: club nominate 2011.00002"),
        ("club unpresent 2011.00001", "You do not present Title 1."),
        ("club carry 2011.00001", "Title 1 is on no agenda"),
        ("club page:9", "There is no page 9"),
        ("club 2011.00001", "2011.00001 does not fit here. Type one like: club nominate 2011.10043"),
        ("club archive lidar", "lidar does not fit here. Type instead: club archive"),
    ],
)
async def test_a_mistake_says_what_to_type(ask: Ask, line: str, told: str) -> None:
    await ask(BEGIN, manages=True)
    await ask("club nominate 2011.00001")

    assert told in str((await ask(line, BEN)).error)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("club on mon,tue at:15:00", "mon,tue does not fit here. A journal club meets on one weekday."),
        ("club on notice:9000", "how many minutes before it the agenda is posted, 1 to 8,640"),
        ("club off please", "please does not fit here. Type instead: club off"),
    ],
)
async def test_what_is_not_understood_changes_no_club(ask: Ask, store: Store, line: str, told: str) -> None:
    await ask(BEGIN, manages=True)
    before = await store.club(ROOM)

    assert told in str((await ask(line, manages=True)).error)
    assert await store.club(ROOM) == before


async def test_alone_nobody_meets(ask: Ask) -> None:
    assert "in a room with others" in str((await ask(BEGIN, room=ANN, manages=True)).error)


# Nominations


async def test_a_nomination_is_a_vote_and_each_has_one(ask: Ask, store: Store) -> None:
    await ask(BEGIN, manages=True)
    first = await ask("club nominate https://arxiv.org/abs/2011.00001v2")
    again = await ask("club nominate 2011.00001", BEN)
    await ask("club vote 2011.00001", BEN)

    assert "Title 1 is nominated, with your vote." in said(first)
    assert "Title 1 is nominated already, and has your vote: 2 votes." in said(again)
    assert first.private
    assert again.private
    assert said(await ask("club unvote 2011.00001", BEN)).startswith("Title 1 does not have your vote: 1 vote.")
    found = (await nominated(store))["2011.00001"]
    assert (found.votes, found.person) == (1, ANN)


async def test_the_standing_lists_the_nominations_by_votes_with_the_steps_for_each(ask: Ask) -> None:
    await ask(BEGIN, manages=True)
    assert "Nothing is nominated so far." in said(await ask("club"))
    await ask("club nominate 2011.00001")
    await ask("club nominate 2011.00002", BEN)
    await ask("club vote 2011.00002", CAT)
    standing = await ask("club")

    assert [str(item.text) for item in standing.items] == [
        "Title 2 (2011.00002): 2 votes; who nominated it is proposed to present it",
        "Title 1 (2011.00001): 1 vote; who nominated it is proposed to present it",
    ]
    assert standing.items[1].buttons == (
        Button("Vote", "club", "vote 2011.00001"),
        Button("Present", "club", "present 2011.00001"),
    )
    assert standing == await ask("club", BEN)  # it can be shown to all


async def test_ones_own_nomination_is_withdrawn_and_anothers_is_for_who_manages(ask: Ask, store: Store) -> None:
    await ask(BEGIN, manages=True)
    for paper in ("2011.00001", "2011.00002"):
        await ask(f"club nominate {paper}")
    assert "Only who nominated or presents it can withdraw it" in str(
        (await ask("club withdraw 2011.00001", BEN)).error
    )
    await ask("club withdraw 2011.00001")
    await ask("club withdraw 2011.00002", BEN, manages=True)

    assert await nominated(store) == {}
    await ask("club nominate 2011.00001", BEN)
    assert (await nominated(store))["2011.00001"].votes == 1


async def test_somebody_presents_and_another_cannot_take_that(ask: Ask, store: Store) -> None:
    await ask(BEGIN, manages=True)
    await ask("club nominate 2011.00001")
    volunteered = await ask("club present 2011.00001", BEN)
    assert said(volunteered).startswith("You present Title 1. The agenda does not name you.")
    assert "A member of this room presents Title 1 already." in str((await ask("club present 2011.00001", CAT)).error)
    assert "You do not present" in str((await ask("club unpresent 2011.00001", CAT)).error)
    assert "a member of this room presents it" in said(await ask("club"))

    await ask("club unpresent 2011.00001", BEN)
    assert (await nominated(store))["2011.00001"].presenter is None


async def test_a_person_is_named_only_by_the_name_they_chose_here(ask: Ask) -> None:
    await ask(BEGIN, manages=True)
    await ask("who named Benny", BEN)
    await ask("club nominate 2011.00001", BEN)
    assert "Benny is proposed to present it" in said(await ask("club"))
    assert "The agenda names you Benny, as you chose." in said(await ask("club present 2011.00001", BEN))
    assert "Benny presents it" in said(await ask("club"))
    await ask("who unnamed", BEN)

    standing = said(await ask("club"))
    assert "a member of this room presents it" in standing
    assert "BEN" not in standing


async def test_a_room_has_so_many_nominations_at_most(ask: Ask, store: Store) -> None:
    await ask(BEGIN, manages=True)
    for paper in PAPERS:
        await store.nominate(ROOM, ANN, paper.id, FRIDAY)
    many = tuple(Paper(f"2012.{n:05}", f"Other {n}") for n in range(100))
    await take_in(Digest("test", "cs.LG", FRIDAY.date(), many), store, FRIDAY)
    for paper in many[:91]:
        await store.nominate(ROOM, ANN, paper.id, FRIDAY)

    assert "100 papers wait here, the most there can be." in str((await ask("club nominate 2012.00099")).error)
    assert len(await nominated(store)) == 100


async def test_a_paper_that_is_not_stored_cannot_be_nominated(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.nominate(ROOM, ANN, "2099.00001", FRIDAY)
    assert await nominated(store) == {}


async def test_an_opened_paper_can_be_nominated_where_a_club_meets(ask: Ask) -> None:
    nominate = Button("Nominate", "club", "nominate 2011.00001")
    assert nominate not in (await ask("show 2011.00001")).cards[0].buttons
    await ask(BEGIN, manages=True)

    assert nominate in (await ask("show 2011.00001")).cards[0].buttons
    assert nominate not in (await ask("show 2011.00001", room=OTHER)).cards[0].buttons


async def test_two_rooms_have_two_clubs(ask: Ask, store: Store) -> None:
    for room, day in ((ROOM, "mon"), (OTHER, "tue")):
        await ask(f"club on {day} at:14:00 tz:Europe/Berlin", room=room, manages=True)
        await ask("club nominate 2011.00001", room=room)
    await ask("club vote 2011.00001", BEN, OTHER)
    posted = await planned(store, NOTICE)

    assert "1 vote;" in said(await ask("club"))
    assert "2 votes;" in said(await ask("club", room=OTHER))
    assert [len(posted.to(each)) for each in (ROOM, OTHER)] == [1, 0]
    assert (await nominated(store, OTHER, NOTICE))["2011.00001"].meeting is None


async def test_rooms_of_one_name_in_two_workspaces_know_nothing_of_each_other(ask: Ask, store: Store) -> None:
    there, dan = Destination.parse("slack:T2/C1"), Destination.parse("slack:T2/@ANN")
    await ask(BEGIN, manages=True)
    await ask(BEGIN, dan, there, manages=True)
    await ask("who named Annie")
    await ask("club nominate 2011.00001")
    await ask("club present 2011.00001")
    assert "is not nominated here" in str((await ask("club vote 2011.00001", dan, there)).error)
    await ask("club nominate 2011.00001", dan, there)
    await ask("club skip", dan, there, manages=True)
    await ask("club withdraw 2011.00001", dan, there)

    assert "1 vote; Annie presents it" in said(await ask("club"))
    assert "Nothing is nominated so far." in said(await ask("club", dan, there))
    posted = await planned(store, NOTICE)
    assert [len(posted.to(each)) for each in (ROOM, there)] == [1, 0]


# The agenda


async def filled(ask: Ask, *votes: int) -> None:
    """Begin the club, with a nomination for each of these numbers of votes."""
    await ask(BEGIN, manages=True)
    for number, count in enumerate(votes):
        await ask(f"club nominate 2011.{number:05}", at=FRIDAY + timedelta(minutes=number))
        for voter in range(count - 1):
            await ask(f"club vote 2011.{number:05}", Destination.parse(f"slack:T1/@V{voter}"))


async def test_the_agenda_is_posted_before_the_meeting_once_with_what_has_most_votes(ask: Ask, store: Store) -> None:
    await filled(ask, 1, 3, 2)
    await ask("club present 2011.00001", BEN)
    early = await planned(store, NOTICE - timedelta(minutes=1))
    assert early.to(ROOM) == []
    posted = await planned(store, NOTICE)
    for minute in range(1, 60):
        await planned(store, NOTICE + timedelta(minutes=minute), posted)

    (message,) = posted.to(ROOM)
    assert str(message.text) == "Journal club: Mon 23 Nov 2020, 14:00, Europe/Berlin"
    assert [(card.paper, str(card.why)) for card in message.cards] == [
        ("2011.00001", "3 votes; a member of this room presents it"),
        ("2011.00002", "2 votes; who nominated it is proposed to present it"),
    ]
    assert str(message.note) == "1 more is nominated, and carried over to Mon 30 Nov 2020, 14:00, Europe/Berlin."


async def test_of_as_many_votes_the_older_nomination_comes_first(ask: Ask, store: Store) -> None:
    await filled(ask, 2, 2, 2)
    (message,) = (await planned(store, NOTICE)).to(ROOM)

    assert shown(message) == ["2011.00000", "2011.00001"]


async def test_what_is_not_reached_is_carried_over_and_says_how_often(ask: Ask, store: Store) -> None:
    await filled(ask, 3, 3, 2, 2, 1)
    posted = await planned(store, NOTICE)
    for week in (1, 2):
        await planned(store, NOTICE + timedelta(weeks=week), posted)

    assert [shown(each) for each in posted.to(ROOM)] == [
        ["2011.00000", "2011.00001"],
        ["2011.00002", "2011.00003"],
        ["2011.00004"],
    ]
    assert str(posted.to(ROOM)[1].cards[0].why).endswith("carried over once")
    assert str(posted.to(ROOM)[2].cards[0].why).endswith("carried over twice")
    assert "carried over" not in str(posted.to(ROOM)[0].cards[0].why)


async def test_what_is_nominated_after_the_agenda_waits_for_the_next_and_was_not_carried_over(
    ask: Ask, store: Store
) -> None:
    await filled(ask, 1, 1)
    await planned(store, NOTICE)
    await ask("club nominate 2011.00005", at=NOTICE + timedelta(minutes=1))

    assert (await nominated(store, now=NOTICE + timedelta(days=1)))["2011.00005"].carried == 0
    assert shown((await planned(store, NOTICE + timedelta(weeks=1))).to(ROOM)[0]) == ["2011.00005"]


async def test_after_a_meeting_its_papers_are_in_the_archive_and_no_vote_is_taken(ask: Ask, store: Store) -> None:
    await filled(ask, 2, 1)
    await ask("club present 2011.00000", BEN)
    await planned(store, NOTICE)
    assert "on the agenda of Mon 23 Nov 2020" in said(await ask("club", at=NOTICE))
    after = MONDAY + timedelta(minutes=1)
    archive = await ask("club archive", at=after)

    assert [str(item.text) for item in archive.items] == [
        "Mon 23 Nov 2020: Title 0 (2011.00000), presented by a member of this room",
        "Mon 23 Nov 2020: Title 1 (2011.00001)",
    ]
    assert "Nothing is nominated so far." in said(await ask("club", at=after))
    for line in ("vote", "nominate"):
        assert "This club met over Title 0 on Mon 23 Nov 2020." in str(
            (await ask(f"club {line} 2011.00000", at=after)).error
        )


async def test_what_a_meeting_did_not_reach_is_carried_over_within_a_day(ask: Ask, store: Store) -> None:
    await filled(ask, 2, 1)
    await planned(store, NOTICE)
    tomorrow = MONDAY + timedelta(hours=23)
    assert "Only who nominated or presents it" in str((await ask("club carry 2011.00000", BEN, at=tomorrow)).error)
    await ask("club carry 2011.00000", at=tomorrow)
    late = await ask("club carry 2011.00001", at=MONDAY + timedelta(hours=24))

    assert "Title 1 was on the agenda of Mon 23 Nov 2020, more than a day ago" in str(late.error)
    standing = said(await ask("club", at=MONDAY + timedelta(hours=24)))
    assert "Title 0 (2011.00000): 2 votes; who nominated it is proposed to present it; carried over once" in standing
    assert "Title 1" not in standing
    assert "not posted" not in standing


async def test_a_meeting_that_does_not_take_place_has_no_agenda_and_carries_all_over(ask: Ask, store: Store) -> None:
    await filled(ask, 1)
    skipped = await ask("club skip", manages=True)
    assert "The meeting of Mon 23 Nov 2020 does not take place." in said(skipped)
    assert "carried over to Mon 30 Nov 2020" in said(skipped)
    assert not skipped.private
    assert "The next is Mon 30 Nov 2020, 14:00" in said(await ask("club"))
    posted = await planned(store, NOTICE)
    assert posted.to(ROOM) == []
    assert "not posted" not in said(await ask("club", at=MONDAY))
    await planned(store, NOTICE + timedelta(weeks=1), posted)

    (message,) = posted.to(ROOM)
    assert str(message.cards[0].why).endswith("carried over once")


async def test_a_meeting_is_skipped_after_its_agenda_was_posted_and_the_papers_come_back(
    ask: Ask, store: Store
) -> None:
    await filled(ask, 1)
    posted = await planned(store, NOTICE)
    await ask("club skip", at=NOTICE, manages=True)
    await planned(store, NOTICE + timedelta(weeks=1), posted)

    assert "met over nothing" in said(await ask("club archive", at=MONDAY))
    assert [shown(each) for each in posted.to(ROOM)] == [["2011.00000"]] * 2


async def test_skipping_is_taken_back(ask: Ask, store: Store) -> None:
    await filled(ask, 1)
    (undo,) = (await ask("club skip", manages=True)).buttons
    await ask(f"{undo.name} {undo.text}", manages=True)
    (message,) = (await planned(store, NOTICE)).to(ROOM)

    assert "carried over" not in str(message.cards[0].why)


async def test_where_nothing_is_nominated_nothing_is_posted_until_something_is(ask: Ask, store: Store) -> None:
    await ask(BEGIN, manages=True)
    posted = await planned(store, NOTICE)
    assert posted.to(ROOM) == []
    await ask("club nominate 2011.00001", at=NOTICE + timedelta(minutes=30))
    await planned(store, NOTICE + timedelta(minutes=31), posted)

    assert [shown(each) for each in posted.to(ROOM)] == [["2011.00001"]]


async def test_a_week_without_nominations_is_no_agenda_that_is_missing(ask: Ask, store: Store) -> None:
    await ask(BEGIN, manages=True)
    await planned(store, NOTICE)
    await ask("club nominate 2011.00001", at=MONDAY + timedelta(hours=1))

    assert "not posted" not in said(await ask("club", at=MONDAY + timedelta(hours=2)))


async def test_a_service_that_was_down_posts_late_until_the_meeting_begins(ask: Ask, store: Store) -> None:
    await filled(ask, 1)
    (message,) = (await planned(store, MONDAY - timedelta(minutes=1))).to(ROOM)

    assert shown(message) == ["2011.00000"]


async def test_an_agenda_that_nobody_could_post_is_none_and_that_is_said(ask: Ask, store: Store) -> None:
    await filled(ask, 1)
    late = await planned(store, MONDAY)
    standing = said(await ask("club", at=MONDAY))

    assert late.to(ROOM) == []
    assert "The agenda of Mon 23 Nov 2020 was not posted in time. What was nominated is carried over." in standing
    assert "Title 0" in standing


async def test_an_agenda_that_the_platform_would_not_take_in_time_is_not_posted_after(ask: Ask, store: Store) -> None:
    await filled(ask, 1)
    posted = failing(DeliveryError("503", "later"))
    await planned(store, NOTICE, posted)
    await planned(store, MONDAY + timedelta(hours=2), posted)

    assert posted.to(ROOM) == []
    assert "was not posted in time" in said(await ask("club", at=MONDAY))
    assert (await store.deliveries())[0][0].code == "unwanted"
    await planned(store, NOTICE + timedelta(weeks=1), posted)
    assert [shown(each) for each in posted.to(ROOM)] == [["2011.00000"]]


async def test_planned_again_by_another_process_it_is_owed_once(ask: Ask, store: Store, address: str) -> None:
    await filled(ask, 2, 1, 1)
    first = await agenda.plan(store, NOTICE)  # and killed before it is owed
    async with connect(address) as other:
        for _ in range(2):
            assert await agenda.plan(other, NOTICE + timedelta(minutes=1)) == first
            await other.owe(first, NOTICE)

    assert await store.owe(first, NOTICE) == 0
    assert (await store.deliveries())[1] == 1
    on = {each.paper for each in (await nominated(store, now=NOTICE)).values() if each.meeting}
    assert on == {"2011.00000", "2011.00001"}


async def test_a_club_that_ended_or_moved_posts_nothing_of_before(ask: Ask, store: Store) -> None:
    await filled(ask, 1)
    owed = await agenda.plan(store, NOTICE)
    await store.owe(owed, NOTICE)
    await ask("club on wed", at=NOTICE, manages=True)
    posted = await planned(store, NOTICE)
    assert posted.to(ROOM) == []
    await planned(store, NOTICE + timedelta(days=2), posted)

    assert [str(each.text) for each in posted.to(ROOM)] == ["Journal club: Wed 25 Nov 2020, 14:00, Europe/Berlin"]


async def test_a_withdrawn_paper_is_not_on_the_agenda(ask: Ask, store: Store) -> None:
    await filled(ask, 2, 1)
    await store.owe(await agenda.plan(store, NOTICE), NOTICE)
    await ask("club withdraw 2011.00000", at=NOTICE)
    (message,) = (await planned(store, NOTICE)).to(ROOM)

    assert shown(message) == ["2011.00001"]


async def test_what_a_forgotten_person_nominated_stays_without_them(ask: Ask, store: Store) -> None:
    await filled(ask, 1, 2)
    await ask("club present 2011.00001")
    await store.forget(ANN)
    found = await nominated(store)

    assert [(each.person, each.presenter, each.votes) for each in found.values()] == [(None, None, 0), (None, None, 1)]
    (message,) = (await planned(store, NOTICE)).to(ROOM)
    assert str(message.cards[0].why) == "1 vote; nobody presents it so far"


async def test_what_people_of_a_workspace_that_is_erased_nominated_elsewhere_stays_without_them(
    ask: Ask, store: Store
) -> None:
    await ask(BEGIN, manages=True)
    guest = Destination.parse("slack:T2/@GUEST")
    await ask("club nominate 2011.00001", caller=guest)
    await ask("club present 2011.00001", caller=guest)
    await ask("club on count:3", caller=guest, manages=True)
    await store.erase_workspace(guest.tenant)
    (left,) = await store.nominations(ROOM, FRIDAY)
    assert (left.person, left.presenter, left.votes) == (None, None, 0)
    club = await store.club(ROOM)
    assert club is not None
    assert club.owner is None


async def test_a_paused_room_says_so(ask: Ask, store: Store) -> None:
    await filled(ask, 1)
    await planned(store, NOTICE, failing(DeliveryError("is_archived", "gone")))
    assert "is_archived. To try again, type: club on" in said(await ask("club", at=NOTICE))
    await ask("club on", at=NOTICE + timedelta(minutes=9), manages=True)

    assert len((await planned(store, NOTICE + timedelta(minutes=9))).to(ROOM)) == 1


# When it meets


def meetings(schedule: Schedule, start: datetime, count: int) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(count):
        start = next_meeting(schedule, start).starts
        found.append(start)
    return found


def test_it_meets_at_the_same_local_time_before_and_after_the_clocks_change() -> None:
    schedule = Schedule(time(14), "Europe/Berlin", (0,))

    assert meetings(schedule, datetime(2020, 10, 12, tzinfo=UTC), 3) == [
        datetime(2020, 10, 12, 12, tzinfo=UTC),
        datetime(2020, 10, 19, 12, tzinfo=UTC),
        datetime(2020, 10, 26, 13, tzinfo=UTC),
    ]


def test_where_the_clocks_skip_its_time_it_begins_then_and_where_they_show_it_twice_the_first_time() -> None:
    schedule = Schedule(time(2, 30), "Europe/Berlin", (6,))

    assert next_meeting(schedule, datetime(2021, 3, 22, tzinfo=UTC)).starts == datetime(2021, 3, 28, 1, tzinfo=UTC)
    (first, second) = meetings(schedule, datetime(2020, 10, 24, tzinfo=UTC), 2)
    assert first == datetime(2020, 10, 25, 0, 30, tzinfo=UTC)
    assert second == datetime(2020, 11, 1, 1, 30, tzinfo=UTC)


def test_a_day_that_a_zone_leaves_out_has_no_meeting() -> None:
    schedule = Schedule(time(14), "Pacific/Apia", (4,))

    assert next_meeting(schedule, datetime(2011, 12, 25, tzinfo=UTC)).day == date(2012, 1, 6)


async def test_the_day_of_an_agenda_is_the_rooms_own(ask: Ask, store: Store) -> None:
    await ask("club on mon at:00:30 tz:Pacific/Auckland", manages=True)
    await ask("club nominate 2011.00001")
    (owed,) = await agenda.plan(store, datetime(2020, 11, 22, 11, tzinfo=UTC))

    assert owed.day == date(2020, 11, 23)


ZONES = st.sampled_from(
    ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "UTC")
)
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(ZONES, st.times(), st.integers(0, 6), MOMENTS)
def test_the_last_meeting_is_the_one_before_the_next_a_week_apart_by_the_calendar(
    zone: str, start: time, weekday: int, now: datetime
) -> None:
    schedule = Schedule(start.replace(microsecond=0), zone, (weekday,))
    last, following = last_meeting(schedule, now), next_meeting(schedule, now)

    assert last.starts <= now < following.starts
    assert following.day - last.day == timedelta(days=7)
    assert following.day.weekday() == weekday
    assert next_meeting(schedule, last.starts) == following


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=9), st.randoms())
def test_the_order_of_an_agenda_is_the_same_however_it_is_read(given_: list[tuple[int, int]], random: object) -> None:
    every = [Nomination(f"p{n}", FRIDAY + timedelta(days=age), votes) for n, (votes, age) in enumerate(given_)]
    order = ranked(every)

    assert ranked(reversed(every)) == order
    for one, other in pairwise(order):
        assert (-one.votes, one.at) <= (-other.votes, other.at)


async def test_from_an_opened_paper_in_slack_it_is_nominated_in_the_channel(slack: FakeSlack, store: Store) -> None:
    await take_in(test_slack.DIGEST, store, test_slack.NOON)
    async with test_slack.running(slack, store):
        await slack.answered(await slack.slash(BEGIN))
        page = await slack.answered(await slack.slash("search lidar"))
        await slack.press("Abstract", on=page)
        (view,) = (await slack.until(lambda: slack.views)).values()
        await slack.press("Nominate", on=view)
        await slack.until(lambda: len(slack.views) == 2)
        answer = texts(list(slack.views.values())[-1]["blocks"])

    assert "is nominated, with your vote." in answer
    assert list(await nominated(store)) == ["2011.00001"]


async def test_in_discord_what_is_nominated_is_voted_for_from_the_menu_and_offered_to_who_types(
    discord: FakeDiscord, store: Store
) -> None:
    await take_in(test_discord.DIGEST, store, test_discord.NOON)
    async with test_discord.running(discord, store):
        await discord.slash(discord.ada, discord.papers, "club", action="on", weekday="mon", at="14:00")
        await discord.slash(discord.ben, discord.papers, "club", action="nominate", id="2011.00002")
        await discord.slash(discord.ben, discord.papers, "club", action="nominate", id="2011.00003")
        offered = await discord.autocomplete(discord.ben, discord.papers, "club", "id", "part", action="vote")
        standing = await (await discord.slash(discord.ada, discord.papers, "club")).final()
        line = "Point clouds, part 2 (2011.00002): 1 vote; who nominated it is proposed to present it"
        voted = await (await discord.choose(discord.ada, standing, "Vote …", line)).final()

    assert [value for _, value in offered] == ["2011.00002", "2011.00003"]
    assert "has your vote: 2 votes." in test_discord.said(voted)
