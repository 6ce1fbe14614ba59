"""A holiday from alerts and a subscription that is silent for a while: what comes meanwhile, and when it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import daily, delivery
from bot.alerts.alerting import resting, when
from bot.calendar import ahead
from bot.commands import answer
from bot.commands.suggestions import returns
from bot.model import Alerting, Call, Destination, Digest, Following, Paper, Reply, Schedule
from bot.ports import DeliveryError, Store
from bot.search.grammar import parse
from tests.fakes.recorder import Clock, Recorder

ANN, BOB = Destination.parse("slack:T1/@ANN"), Destination.parse("slack:T1/@BOB")
MONDAY = date(2020, 11, 16)
NOW = datetime(2020, 11, 16, 12, tzinfo=UTC)


class Office:
    """A store, a platform and a clock; days that come, and what Ann types."""

    def __init__(self, store: Store) -> None:
        self.store, self.slack, self.clock = store, Recorder(), Clock()
        self.clock.now = NOW

    def go_to(self, at: str) -> None:
        self.clock.now = datetime.fromisoformat(at).replace(tzinfo=UTC)

    def call(self, line: str, caller: Destination = ANN) -> Call:
        name, _, text = line.partition(" ")
        return Call(name, text, caller, caller, self.clock())

    async def ask(self, line: str, caller: Destination = ANN) -> Reply:
        return await answer(self.call(line, caller), self.store)

    async def say(self, line: str) -> str:
        return str((await self.ask(line)).text)

    async def take_in(self, day: date, *papers: Paper) -> None:
        await daily.take_in(Digest("test", "cs.CV", day, papers), self.store, self.clock())

    async def deliver(self, at: str = "") -> list[Reply]:
        """Deliver what is due; return what Ann got."""
        if at:
            self.go_to(at)
        before = len(self.slack.to(ANN))
        await delivery.deliver(self.store, {"slack": self.slack}, self.clock)
        return self.slack.to(ANN)[before:]

    async def days(self, count: int, *, papers: int = 1) -> None:
        """Take in a digest on each of the days from Monday on, and deliver what is due."""
        for number in range(count):
            day = MONDAY + timedelta(days=number)
            self.go_to(f"{day}T12:00")
            await self.take_in(day, *(study(each, day) for each in range(papers)))
            await self.deliver()


@pytest.fixture
async def office(store: Store) -> Office:
    await store.subscribe(ANN, parse("transformer"), NOW)
    return Office(store)


def study(number: int, day: date, title: str = "", abstract: str = "It has a transformer.") -> Paper:
    return Paper(f"{day:%y%m}.{day:%d}{number:03}", title or f"Study {number} of {day}", abstract)


def titles(*replies: Reply) -> list[str]:
    return [card.title.plain for reply in replies for card in reply.cards]


# Pausing


async def test_what_comes_in_a_holiday_is_one_message_in_the_morning_after_it(office: Office) -> None:
    said = await office.say("pause until friday")
    assert said == "Alerts to you rest until Fri 20 Nov 2020, 09:00 UTC. What comes meanwhile is kept for then."
    await office.days(4)
    assert office.slack.to(ANN) == []
    assert (await office.say("pause")).endswith("What comes meanwhile is kept for then. So far: 4 papers.")
    assert await office.deliver("2020-11-20T08:59") == []

    (caught_up,) = await office.deliver("2020-11-20T09:00")
    assert caught_up.text.plain == (
        "What came while you were away, the best first: 4 new papers match what you subscribed to, "
        "Mon 16 to Thu 19 Nov 2020"
    )
    assert len(titles(caught_up)) == 4
    await office.take_in(date(2020, 11, 20), study(1, date(2020, 11, 20)))
    (usual,) = await office.deliver()
    assert usual.text.plain == "1 new paper matches what you subscribed to, in cs.CV of Fri 20 Nov 2020"


async def test_what_was_owed_before_a_holiday_waits_for_its_end(office: Office) -> None:
    await office.take_in(MONDAY, study(1, MONDAY))
    await office.say("pause 2 weeks")
    assert await office.deliver() == []

    (caught_up,) = await office.deliver("2020-11-30T09:00")
    assert titles(caught_up) == ["Study 1 of 2020-11-16"]


@pytest.mark.parametrize(("most", "shown"), [(1, 10), (5, 15), (10, 30), (50, 50)])
async def test_a_catch_up_shows_the_best_of_three_days_and_says_where_the_rest_is(
    office: Office, most: int, shown: int
) -> None:
    await office.store.alert(ANN, Alerting(most=most))
    await office.store.subscribe(ANN, parse("lidar OR radar"), NOW)
    await office.say("pause until friday")
    await office.days(4, papers=15)
    thursday = date(2020, 11, 19)
    await office.take_in(
        thursday,
        *(study(each, thursday) for each in range(15)),
        study(90, thursday, "A transformer"),
        study(91, thursday, "A transformer for radar"),
    )

    (caught_up,) = await office.deliver("2020-11-20T09:00")
    assert len(caught_up.cards) == shown
    assert titles(caught_up)[:2] == ["A transformer for radar", "A transformer"]
    assert caught_up.note.plain.startswith(f"and {62 - shown} more: to see those of a day, type: matches 2020-11-1")


async def test_who_comes_back_early_has_at_once_what_was_kept(office: Office) -> None:
    await office.store.alert(ANN, Alerting("weekly", Schedule(time(9), days=(0,))))
    await office.say("pause until 2020-12-01")
    await office.days(2)
    reply = await office.ask("pause off")

    assert reply.private
    assert reply.text.plain == (
        "You are back. What came meanwhile comes now: 2 papers. "
        "Alerts come weekly on Mon at 09:00, UTC, at most 10 papers a day."
    )
    (caught_up,) = await office.deliver()
    assert len(titles(caught_up)) == 2
    await office.take_in(date(2020, 11, 18), study(1, date(2020, 11, 18)))
    assert await office.deliver("2020-11-22T12:00") == []
    assert len(await office.deliver("2020-11-23T09:00")) == 1


async def test_who_comes_back_in_quiet_hours_has_it_after_them(office: Office) -> None:
    await office.store.alert(ANN, Alerting(quiet=(time(11), time(15))))
    await office.say("pause until friday")
    await office.days(1)

    assert "What came meanwhile comes Mon 16 Nov 2020, 15:00 UTC: 1 paper." in await office.say("pause off")
    assert await office.deliver("2020-11-16T14:59") == []
    assert len(await office.deliver("2020-11-16T15:00")) == 1


async def test_a_catch_up_keeps_to_the_schedule_and_to_quiet_hours(office: Office) -> None:
    await office.store.alert(ANN, Alerting("daily", Schedule(time(6), "Europe/Berlin"), (time(22), time(7))))
    said = await office.say("pause until friday")
    assert said.endswith("The next can come Fri 20 Nov 2020, 06:00 UTC.")
    await office.days(2)
    assert await office.deliver("2020-11-20T05:59") == []
    assert len(await office.deliver("2020-11-20T06:00")) == 1


async def test_a_catch_up_leaves_out_what_the_persons_own_highlights_showed(office: Office) -> None:
    await office.store.follow(Following(ANN, (), 1))
    await office.say("pause until friday")
    await office.take_in(MONDAY, study(1, MONDAY), study(2, MONDAY))
    (highlights,) = await office.deliver()
    (seen,) = titles(highlights)

    (caught_up,) = await office.deliver("2020-11-20T09:00")
    assert {seen, *titles(caught_up)} == {"Study 1 of 2020-11-16", "Study 2 of 2020-11-16"}
    assert titles(caught_up) != [seen]
    assert caught_up.text.plain.endswith("; 1 more you have seen already")


async def test_a_catch_up_leaves_out_what_the_person_found_meanwhile_and_not_what_others_did(office: Office) -> None:
    await office.say("pause until friday")
    await office.take_in(MONDAY, *(study(each, MONDAY) for each in range(5)))
    await office.say("save 2011.16001")
    await office.say("dislike 2011.16002")
    await office.ask("save 2011.16003", BOB)
    await office.ask("like 2011.16004", BOB)

    (caught_up,) = await office.deliver("2020-11-20T09:00")
    assert sorted(card.paper for card in caught_up.cards) == ["2011.16000", "2011.16003", "2011.16004"]
    assert caught_up.text.plain.endswith("; 2 more you have seen already")


async def test_a_holiday_longer_than_a_message_lives_loses_nothing(office: Office) -> None:
    await office.say("pause 3 months")
    await office.days(1)
    assert titles(*await office.deliver("2021-02-14T09:00")) == ["Study 0 of 2020-11-16"]


async def test_what_was_on_its_way_when_a_holiday_began_still_arrives_and_is_no_catch_up(office: Office) -> None:
    office.slack.failing[ANN] = [DeliveryError("internal_error", "later", 60)]
    await office.days(1)
    await office.say("pause until friday")
    (late,) = await office.deliver("2020-11-16T12:02")
    assert late.text.plain == "1 new paper matches what you subscribed to, in cs.CV of Mon 16 Nov 2020"


async def test_what_becomes_due_in_a_holiday_by_another_way_is_held_until_its_end(office: Office) -> None:
    await office.take_in(MONDAY, study(1, MONDAY))
    # It was wanted at once, and the store was told of the holiday without a time for what is owed.
    await office.store.alert(ANN, resting(Alerting(), date(2020, 11, 20)))
    assert await office.deliver() == []
    assert await office.deliver("2020-11-20T08:59") == []
    assert len(await office.deliver("2020-11-20T09:00")) == 1


async def test_a_holiday_is_of_its_own_person_and_pauses_no_destination(office: Office) -> None:
    await office.store.subscribe(BOB, parse("transformer"), NOW)
    await office.say("pause until friday")
    await office.days(1)
    assert len(office.slack.to(BOB)) == 1
    assert await office.store.paused(ANN) is None
    listed = await office.say("subscriptions")
    assert "Alerts to you rest until Fri 20 Nov 2020, 09:00 UTC." in listed
    assert "paused" not in listed


async def test_another_hour_for_alerts_is_the_hour_at_which_one_is_back(office: Office) -> None:
    await office.say("pause until friday")
    await office.days(1)
    said = await office.say("alerts daily at:07:00 tz:Europe/Berlin")
    assert "rest until Fri 20 Nov 2020, 06:00 UTC" in said
    assert len(await office.deliver("2020-11-20T06:00")) == 1


async def test_who_is_not_away_is_told_how_to_be(office: Office) -> None:
    reply = await office.ask("pause")
    assert reply.text.plain == ("Alerts to you do not rest. To have a holiday from them, type: pause until monday")
    assert [(each.label, each.name, each.text) for each in reply.buttons] == [
        ("Until Monday", "pause", "until monday"),
        ("A week", "pause", "1 week"),
        ("Two weeks", "pause", "2 weeks"),
    ]
    assert (await office.say("pause off")).startswith("Alerts to you do not rest. Alerts come at once")
    (end,) = (await office.ask("pause a week")).buttons
    assert (end.label, end.text) == ("End it now", "off")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("until 2020-11-16", "Mon 16 Nov 2020 is not after today. Type one like: pause until 2020-11-23"),
        ("until 2019-01-01", "Tue 1 Jan 2019 is not after today. Type one like: pause until 2020-11-23"),
        ("until 2022-01-01", "Sat 1 Jan 2022 is more than a year away. Type one like: pause until 2020-11-23"),
        ("2020-13-45", "2020-13-45 is no date. Type year-month-day, for example: pause until 2020-11-23"),
    ],
)
async def test_a_day_that_cannot_end_a_holiday_is_refused(office: Office, typed: str, error: str) -> None:
    assert (await office.ask(f"pause {typed}")).error == error
    assert (await office.store.alerting(ANN)).away_until is None


async def test_words_that_name_no_day_are_refused(office: Office) -> None:
    for typed in ("until the cows come home", "until 24 dec please", "until", "forever"):
        assert (await office.ask(f"pause {typed}")).error == (
            f"{typed} names no day. Type one like: pause until monday"
        )


async def test_a_day_is_of_the_zone_in_which_the_person_is(office: Office) -> None:
    await office.say("alerts daily at:09:00 tz:Australia/Sydney")
    office.go_to("2020-11-16T23:30")  # Tuesday, 10:30 in Sydney
    (tomorrow, *_) = await returns("tom", office.call("pause"), office.store)
    assert tomorrow.label == "tomorrow, Wed 18 Nov 2020"
    assert (await office.say("pause until tomorrow")).startswith("Alerts to you rest until Tue 17 Nov 2020, 22:00 UTC.")
    assert (await office.ask("pause until 2020-11-17")).error == (
        "Tue 17 Nov 2020 is not after today. Type one like: pause until 2020-11-24"
    )
    assert "not be told of it before Tue 17 Nov 2020, 13:00 UTC" in await office.say("mute 1 until tomorrow")
    (held,) = await office.store.subscriptions(ANN)
    assert held.is_silent(office.clock())


async def test_a_weekly_reader_who_rests_is_told_each_time_when_the_next_can_come(office: Office) -> None:
    await office.say("alerts weekly days:fri at:09:00")
    said = await office.say("pause until thursday")
    assert said.endswith("The next can come Fri 20 Nov 2020, 09:00 UTC.")
    assert await office.say("pause") == said


async def test_what_nobody_wants_any_more_is_not_promised(office: Office) -> None:
    await office.say("pause until friday")
    await office.days(2)
    assert "So far: 2 papers." in await office.say("pause")
    await office.say("mute 1")
    assert "So far" not in await office.say("pause")
    await office.say("unsubscribe 1")
    assert "Nothing came meanwhile." in await office.say("pause off")
    assert await office.deliver() == []


async def test_an_old_digest_that_is_taken_in_later_is_not_what_came_while_away(office: Office) -> None:
    await office.say("pause until tuesday")
    office.go_to("2020-11-18T12:00")
    await office.take_in(date(2019, 1, 7), study(0, date(2019, 1, 7)))
    (told,) = await office.deliver()
    assert told.text.plain == "1 new paper matches what you subscribed to, in cs.CV of Mon 7 Jan 2019"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("monday", date(2020, 11, 23)),
        ("tue", date(2020, 11, 17)),
        ("sunday", date(2020, 11, 22)),
        ("tomorrow", date(2020, 11, 17)),
        ("a day", date(2020, 11, 17)),
        ("2  Weeks", date(2020, 11, 30)),
        ("1 month", date(2020, 12, 16)),
        ("1 Dec 2020", date(2020, 12, 1)),
        ("1 Dec", date(2020, 12, 1)),
        ("16 november", date(2021, 11, 16)),
        ("29 Feb", date(2024, 2, 29)),
        ("Dec 1", date(2020, 12, 1)),
        ("1st December", date(2020, 12, 1)),
        ("December 22nd, 2020", date(2020, 12, 22)),
        ("mon 1", None),
        ("3 weeks ago", None),
        ("2020-12-01", date(2020, 12, 1)),
        ("two weeks", None),
        ("weeks", None),
    ],
)
def test_days_ahead_are_read_as_people_mean_them(typed: str, meant: date | None) -> None:
    assert ahead(typed, MONDAY) == meant


@given(
    st.sampled_from(["instant", "daily", "weekly"]),
    st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"]),
    st.dates(date(2011, 1, 1), date(2030, 1, 1)),
    st.integers(-72, 72),
)
def test_nobody_is_told_before_the_day_on_which_they_are_back(
    pace: str, start: time, zone: str, day: date, hours: int
) -> None:
    away = resting(Alerting(pace, Schedule(start, zone)), day)  # type: ignore[arg-type]
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)
    told = when(away, at) or at
    assert told.astimezone(ZoneInfo(zone)).date() >= day
    assert away.away_until is not None
    if at >= away.away_until:  # then it is as if there had been none
        assert told == (when(replace(away, away_until=None), at) or at)


def test_a_day_that_no_month_has_is_none() -> None:
    with pytest.raises(ValueError, match="day is out of range"):
        ahead("31 Nov", MONDAY)


# Snoozing


async def test_a_snoozed_subscription_is_silent_until_its_day_and_speaks_again_by_itself(office: Office) -> None:
    said = await office.say("mute 1 until thursday")
    assert said.startswith(
        "Muted transformer. You will not be told of it before Thu 19 Nov 2020, 00:00 UTC.\nYou have 1 subscription."
    )
    await office.days(3)
    assert office.slack.to(ANN) == []
    (line,) = (await office.ask("subscriptions")).items
    assert line.text.plain.endswith("(muted until Thu 19 Nov 2020, 00:00 UTC)")
    assert [each.label for each in line.buttons] == ["Unmute", "Remove"]

    thursday = date(2020, 11, 19)
    office.go_to("2020-11-19T12:00")
    (line,) = (await office.ask("subscriptions")).items
    assert "muted" not in line.text.plain
    await office.take_in(thursday, study(1, thursday))
    assert titles(*await office.deliver()) == ["Study 1 of 2020-11-19"]
    (held,) = await office.store.subscriptions(ANN)
    assert (held.muted, held.muted_until) == (False, None)


@pytest.mark.parametrize("line", ["mute 1 for 2 weeks", "mute transformer until 2020-11-30", "mute 1 until:2020-11-30"])
async def test_a_subscription_is_snoozed_as_people_write_it(office: Office, line: str) -> None:
    assert "not be told of it before Mon 30 Nov 2020, 00:00 UTC" in await office.say(line)


async def test_a_snooze_ends_at_midnight_where_the_person_is(office: Office) -> None:
    await office.store.alert(ANN, Alerting(schedule=Schedule(time(9), "Asia/Tokyo")))
    assert "before Wed 18 Nov 2020, 15:00 UTC" in await office.say("mute 1 until thursday")


@pytest.mark.parametrize("query", ['"wait until friday"', "cats for 2 weeks -dogs"])
async def test_a_query_with_such_words_is_muted_whole(office: Office, query: str) -> None:
    await office.store.subscribe(ANN, parse(query), NOW)
    assert "until it is unmuted" in await office.say(f"mute {query}")
    assert [each.muted for each in await office.store.subscriptions(ANN)] == [False, True]


async def test_a_query_that_ends_in_a_day_is_known_by_all_of_it(office: Office) -> None:
    await office.store.subscribe(ANN, parse("lidar until friday"), NOW)
    assert "Muted lidar until friday. You will not be told of it until it is" in await office.say(
        "mute lidar until friday"
    )
    assert "before Thu 19 Nov 2020" in await office.say("mute lidar until friday until thursday")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("mute 1 until whenever", "until whenever names no day. Type one like: mute 1 until monday"),
        ("mute 1 until", "until names no day. Type one like: mute 1 until monday"),
        ("mute 1 until sunday please", "until sunday please names no day. Type one like: mute 1 until monday"),
        ("mute 1 until yesterday", "Sun 15 Nov 2020 is not after today. Type one like: mute 1 until 2020-11-23"),
        (
            "mute transformer until yesterday",
            "Sun 15 Nov 2020 is not after today. Type one like: mute 1 until 2020-11-23",
        ),
        ("mute 1 until:2020-13-45", "2020-13-45 is no date. Type year-month-day, for example: mute 1 until 2020-11-23"),
    ],
)
async def test_a_snooze_until_no_day_is_refused_with_what_to_type(office: Office, line: str, error: str) -> None:
    assert (await office.ask(line)).error == error


async def test_what_is_muted_or_unmuted_by_hand_forgets_its_day(office: Office) -> None:
    await office.say("mute 1 until friday")
    await office.say("mute 1")
    (held,) = await office.store.subscriptions(ANN)
    assert (held.muted, held.muted_until) == (True, None)
    await office.say("mute 1 until friday")
    await office.say("unmute 1")
    (held,) = await office.store.subscriptions(ANN)
    assert (held.muted, held.muted_until) == (False, None)


async def test_one_who_is_silent_until_a_day_wakes_nobody_else(office: Office) -> None:
    await office.store.subscribe(ANN, parse("lidar"), NOW)
    await office.say("mute 1 until thursday")
    await office.say("mute 2 until 2020-12-24")
    await office.days(4)
    assert [each.muted for each in await office.store.subscriptions(ANN)] == [False, True]
