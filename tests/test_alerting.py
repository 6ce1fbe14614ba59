"""How people are alerted: when a message may come, what it says, and that it says nothing twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import daily, delivery
from bot.alerts.alerting import when
from bot.digest import parse as digests
from bot.model import Alerting, Destination, Digest, Paper, Reply, Schedule
from bot.ports import DeliveryError, Store
from bot.search.grammar import parse
from tests.fakes.recorder import Clock, Recorder

ANN = Destination.parse("slack:T1/@ANN")
BOB = Destination.parse("slack:T1/@BOB")
THURSDAY, FRIDAY, MONDAY = date(2020, 11, 19), date(2020, 11, 20), date(2020, 11, 23)
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
NIGHT = (time(22), time(7))
EVERY_DAY = tuple(range(7))


# When


@pytest.mark.parametrize(
    ("pace", "schedule", "quiet", "at", "expected"),
    [
        # Fri 20 Nov 2020; Berlin is an hour ahead of UTC.
        ("instant", Schedule(), None, "2020-11-20T03:00", None),
        ("instant", Schedule(zone="Europe/Berlin"), NIGHT, "2020-11-20T20:59", None),
        ("instant", Schedule(zone="Europe/Berlin"), NIGHT, "2020-11-20T21:00", "2020-11-21T06:00"),
        ("instant", Schedule(zone="Europe/Berlin"), NIGHT, "2020-11-21T05:59", "2020-11-21T06:00"),
        ("instant", Schedule(zone="Europe/Berlin"), NIGHT, "2020-11-21T06:00", None),
        ("instant", Schedule(), (time(12), time(13, 30)), "2020-11-20T12:00", "2020-11-20T13:30"),
        ("instant", Schedule(), (time(12), time(13, 30)), "2020-11-20T13:30", None),
        ("instant", Schedule(), (time(12), time(12)), "2020-11-20T12:00", None),
        ("daily", Schedule(time(9)), None, "2020-11-20T08:59", "2020-11-20T09:00"),
        ("daily", Schedule(time(9)), None, "2020-11-20T09:00", None),
        ("daily", Schedule(time(9)), None, "2020-11-20T09:01", "2020-11-21T09:00"),
        ("daily", Schedule(time(9), days=(0, 1, 2, 3, 4)), None, "2020-11-20T09:01", "2020-11-23T09:00"),
        ("daily", Schedule(time(9), "Europe/Berlin"), None, "2020-11-20T07:59", "2020-11-20T08:00"),
        ("weekly", Schedule(time(9), days=(0,)), None, "2020-11-20T09:01", "2020-11-23T09:00"),
        ("weekly", Schedule(time(9), days=(0,)), None, "2020-11-23T09:01", "2020-11-30T09:00"),
        # A slot in quiet hours is their end, also for what comes between the two.
        ("daily", Schedule(time(6)), NIGHT, "2020-11-20T05:00", "2020-11-20T07:00"),
        ("daily", Schedule(time(6)), NIGHT, "2020-11-20T06:30", "2020-11-20T07:00"),
        ("daily", Schedule(time(6)), NIGHT, "2020-11-20T07:01", "2020-11-21T07:00"),
        ("weekly", Schedule(time(23), days=(0,)), NIGHT, "2020-11-24T03:00", "2020-11-24T07:00"),
        # The clocks skip 02:00 to 03:00.
        ("daily", Schedule(time(2, 30), "Europe/Berlin"), None, "2024-03-31T00:00", "2024-03-31T01:00"),
        ("instant", Schedule(zone="Europe/Berlin"), (time(22), time(2, 30)), "2024-03-31T00:00", "2024-03-31T01:00"),
        # What is left of that day is quiet.
        ("instant", Schedule(zone="Europe/Berlin"), (time(3), time(2, 30)), "2024-03-31T00:59", "2024-04-01T00:30"),
        # They show 02:00 to 03:00 twice: quiet hours that end there end twice.
        ("daily", Schedule(time(2, 30), "Europe/Berlin"), None, "2024-10-27T00:00", "2024-10-27T00:30"),
        ("daily", Schedule(time(2, 30), "Europe/Berlin"), None, "2024-10-27T01:15", "2024-10-28T01:30"),
        ("instant", Schedule(zone="Europe/Berlin"), (time(22), time(2, 30)), "2024-10-27T00:10", "2024-10-27T00:30"),
        ("instant", Schedule(zone="Europe/Berlin"), (time(22), time(2, 30)), "2024-10-27T00:40", None),
        ("instant", Schedule(zone="Europe/Berlin"), (time(22), time(2, 30)), "2024-10-27T01:10", "2024-10-27T01:30"),
        # Samoa had no 30 December 2011.
        ("daily", Schedule(time(9), "Pacific/Apia"), None, "2011-12-29T20:00", "2011-12-30T19:00"),
        ("instant", Schedule(zone="Pacific/Apia"), NIGHT, "2011-12-30T09:00", "2011-12-30T17:00"),
    ],
)
def test_what_comes_in_is_told_when_the_person_wants_it(
    pace: str, schedule: Schedule, quiet: tuple[time, time] | None, at: str, expected: str | None
) -> None:
    found = when(Alerting(pace, schedule, quiet), datetime.fromisoformat(at).replace(tzinfo=UTC))  # type: ignore[arg-type]

    assert found == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


CHANGES = {  # a zone, and instants at which its clocks change
    "Europe/Berlin": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "America/New_York": ("2024-03-10T07:00", "2024-11-03T06:00"),
    "Australia/Lord_Howe": ("2024-10-05T15:30", "2024-04-06T15:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2012-03-31T14:00"),
    "Africa/Casablanca": ("2024-03-10T02:00", "2024-04-14T02:00"),
    "America/Havana": ("2024-03-10T05:00", "2024-11-03T05:00"),
    "America/St_Johns": ("2010-03-14T03:31", "2010-11-07T02:31"),  # a minute past midnight
    "Asia/Kathmandu": ("2024-01-01T00:00", "2024-06-01T00:00"),
}
changes = st.sampled_from([(zone, change) for zone, each in CHANGES.items() for change in each])
minutes = st.integers(-4 * 24 * 60, 2 * 24 * 60)
times = st.times().map(lambda each: each.replace(second=0, microsecond=0))
spans = st.tuples(times, times)
some_days = st.sets(st.integers(0, 6), min_size=1).map(lambda each: tuple(sorted(each)))


def moment(change: str, offset: int) -> datetime:
    return datetime.fromisoformat(change).replace(tzinfo=UTC) + timedelta(minutes=offset)


def is_quiet(at: datetime, zone: str, quiet: tuple[time, time]) -> bool:
    """Say whether the clocks show a quiet hour, going round them from the first to the last."""
    first, last, now = (each.hour * 60 + each.minute for each in (*quiet, at.astimezone(ZoneInfo(zone)).time()))
    return (now - first) % 1440 < (last - first) % 1440


@given(changes, minutes, st.sampled_from(["instant", "daily"]), times, some_days, spans)
def test_nothing_is_told_early_or_in_quiet_hours(
    change: tuple[str, str], offset: int, pace: str, start: time, days: tuple[int, ...], quiet: tuple[time, time]
) -> None:
    at = moment(change[1], offset)
    schedule = Schedule(start, change[0], days)

    found = when(Alerting(pace, schedule, quiet), at)  # type: ignore[arg-type]

    assert found is None or found > at
    assert not is_quiet(found or at, change[0], quiet)


@given(changes, minutes, spans)
def test_what_is_told_instantly_waits_no_longer_than_it_is_quiet(
    change: tuple[str, str], offset: int, quiet: tuple[time, time]
) -> None:
    at = moment(change[1], offset)
    found = when(Alerting("instant", Schedule(zone=change[0]), quiet), at) or at

    while (found := found - timedelta(minutes=1)) >= at:
        # Quiet hours that end as the clocks go back may go on through what these show again.
        assert is_quiet(found, change[0], quiet) or found.astimezone(ZoneInfo(change[0])).fold


@given(changes, minutes, times, some_days)
def test_each_chosen_day_has_one_slot(change: tuple[str, str], offset: int, start: time, days: tuple[int, ...]) -> None:
    zone = ZoneInfo(change[0])
    wishes = Alerting("daily", Schedule(start, change[0], days))
    at = first = moment(change[1], offset)
    slots: list[datetime] = []
    while at < first + timedelta(days=8):
        at = when(wishes, at) or at
        slots.append(at)
        at += timedelta(minutes=1)

    told = [each.astimezone(zone).date() for each in slots]
    assert len(set(told)) == len(told)
    assert all(each.weekday() in days for each in told)
    # What is on a chosen day, and had its start still before it, was told then, and not a day later.
    hours = (first + timedelta(minutes=15 * n) for n in range(8 * 24 * 4))
    begun = {each.astimezone(zone).date() for each in hours if each.astimezone(zone).time() >= start}
    today = first.astimezone(zone).date()
    assert {each for each in begun if each.weekday() in days and each > today} <= set(told)


# What


class People:
    """A store, a platform and a clock, and days that come."""

    def __init__(self, store: Store) -> None:
        self.store, self.slack, self.clock = store, Recorder(), Clock()

    async def take_in(self, *taken: Digest) -> None:
        for each in taken:
            await daily.take_in(each, self.store, self.clock())

    async def deliver(self) -> list[Reply]:
        """Deliver what is due; return what it was."""
        before = len(self.slack.posts)
        await delivery.deliver(self.store, {"slack": self.slack}, self.clock)
        return [reply for _, reply in self.slack.posts[before:]]

    async def at(self, when_: str) -> list[Reply]:
        self.clock.now = datetime.fromisoformat(when_).replace(tzinfo=UTC)
        return await self.deliver()

    async def alert(self, wishes: Alerting) -> None:
        await self.store.alert(ANN, wishes, when(wishes, self.clock()))


@pytest.fixture
async def people(store: Store) -> People:
    await store.subscribe(ANN, parse("transformer"), NOW)
    return People(store)


def study(number: int, title: str = "", abstract: str = "It has a transformer.", day: date = FRIDAY) -> Paper:
    return Paper(f"{day:%y%m}.{day:%d}{number:03}", title or f"Study {number}", abstract)


def of(day: date, *papers: Paper, category: str = "cs.CV") -> Digest:
    return Digest("test", category, day, papers)


def shown(replies: Iterable[Reply]) -> list[list[str]]:
    return [[card.title.plain for card in reply.cards] for reply in replies]


async def test_the_best_come_first_and_no_more_than_one_wants(people: People) -> None:
    await people.alert(Alerting(most=3))
    await people.store.subscribe(ANN, parse("lidar OR radar"), NOW)
    await people.take_in(
        of(
            FRIDAY,
            study(1),
            study(2, "A transformer"),
            study(3, abstract="A transformer for lidar."),
            study(4),
            study(5, "A transformer for radar"),
        )
    )
    (alert,) = await people.deliver()

    assert alert.text.plain == "5 new papers match what you subscribed to, in cs.CV of Fri 20 Nov 2020"
    assert shown([alert]) == [["A transformer for radar", "Study 3", "A transformer"]]
    assert alert.note.plain == "and 2 more: to see all, type: matches 2020-11-20"
    assert [(each.label, each.name, each.text) for each in alert.buttons] == [
        ("All of Fri 20 Nov 2020", "matches", "2020-11-20"),
        ("Unsubscribe from transformer", "unsubscribe", "1"),
        ("Unsubscribe from lidar OR radar", "unsubscribe", "2"),
    ]


async def test_ways_out_that_begin_alike_are_told_apart_by_their_numbers(people: People) -> None:
    alike = f"transformer -medical -({' OR '.join(f'word{n}' for n in range(9))})"
    for line in (f"{alike} -zebra", f"{alike} -quagga"):
        await people.store.subscribe(ANN, parse(line), NOW)
    await people.take_in(of(FRIDAY, study(1)))
    (alert,) = await people.deliver()

    assert [each.label[:40] for each in alert.buttons] == [
        "Unsubscribe from transformer",
        "Unsubscribe from 2. transformer -medical",
        "Unsubscribe from 3. transformer -medical",
    ]


async def test_ten_are_shown_where_nobody_said_how_many(people: People) -> None:
    await people.take_in(of(FRIDAY, *map(study, range(10))))
    (alert,) = await people.deliver()
    assert (len(alert.cards), alert.note.plain) == (10, "")
    await people.take_in(of(MONDAY, *(study(each, day=MONDAY) for each in range(11))))
    (alert,) = await people.deliver()
    assert (len(alert.cards), alert.note.plain) == (10, "and 1 more: to see all, type: matches 2020-11-23")


async def test_the_parts_of_a_day_share_what_is_shown_of_it(people: People) -> None:
    await people.alert(Alerting(most=3))
    await people.take_in(of(FRIDAY, study(1), study(2)))
    first = await people.deliver()
    await people.take_in(of(FRIDAY, study(3), study(4), category="cs.RO"))
    second = await people.deliver()
    await people.take_in(of(FRIDAY, study(5), category="cs.LG"))
    third = await people.deliver()
    await people.take_in(of(MONDAY, study(6, day=MONDAY)))
    next_day = await people.deliver()

    assert shown(first + second + third + next_day) == [["Study 1", "Study 2"], ["Study 3"], [], ["Study 6"]]
    assert second[0].note.plain == "and 1 more: to see all, type: matches 2020-11-20"
    assert third[0].text.plain == "1 new paper matches what you subscribed to, in cs.LG of Fri 20 Nov 2020"
    assert third[0].note.plain == "At most 3 a day are shown: to see all, type: matches 2020-11-20"


async def test_a_part_that_was_not_sent_has_shown_nothing(people: People) -> None:
    await people.alert(Alerting(most=2))
    await people.take_in(of(FRIDAY, study(1), study(2)))
    people.slack.errors = [DeliveryError("msg_too_long", "content")]
    assert await people.deliver() == []
    await people.take_in(of(FRIDAY, study(3), study(4), category="cs.RO"))

    assert shown(await people.deliver()) == [["Study 3", "Study 4"]]


async def test_what_else_lists_a_paper_by_the_time_it_is_sent_is_not_its_day(people: People) -> None:
    await people.alert(Alerting(most=1))
    papers = tuple(study(n) for n in range(4))
    await people.take_in(of(THURSDAY, study(9, day=THURSDAY)), of(FRIDAY, *papers))
    people.slack.errors = [DeliveryError("internal_error", "uncertain")]
    await people.deliver()
    await people.take_in(of(MONDAY, *papers, category="cs.RO"))
    (alert,) = await people.at("2020-11-20T09:05")

    assert alert.note.plain.splitlines() == ["and 4 more: to see those of a day, type: matches 2020-11-20"]


async def test_one_persons_parts_are_not_anothers(people: People) -> None:
    await people.store.subscribe(BOB, parse("sonar"), NOW)
    for person in (ANN, BOB):
        await people.store.alert(person, Alerting(most=1))
    await people.take_in(of(FRIDAY, study(1)))
    await people.deliver()
    await people.take_in(of(FRIDAY, study(2, "Sonar", ""), category="cs.RO"))

    assert shown(await people.deliver()) == [["Sonar"]]


async def test_a_week_is_one_message_that_says_its_days(people: People) -> None:
    await people.alert(Alerting("weekly", Schedule(time(9), days=(5,)), most=2))
    for offset in range(5):
        day = date(2020, 11, 16) + timedelta(days=offset)
        assert await people.at(f"{day}T01:00") == []
        await people.take_in(of(day, *(study(n, f"{day:%a} {n}", day=day) for n in range(5 - offset))))
    assert await people.at("2020-11-21T08:59") == []
    (alert,) = await people.at("2020-11-21T09:00")
    assert await people.at("2020-11-28T09:00") == []

    assert alert.text.plain == "15 new papers match what you subscribed to, Mon 16 to Fri 20 Nov 2020"
    assert shown([alert]) == [["Mon 0", "Mon 1"]]
    said = "and 13 more: to see those of a day, type: matches 2020-11-17"
    assert alert.note.plain.splitlines()[0] == said
    assert alert.buttons[0].text == "2020-11-17"


async def test_what_comes_after_the_days_slot_waits_for_the_next(people: People) -> None:
    await people.alert(Alerting("daily", Schedule(time(9))))
    await people.at("2020-11-20T08:00")
    await people.take_in(of(FRIDAY, study(1)))
    first = await people.at("2020-11-20T09:00")
    late = await people.at("2020-11-20T09:01")
    await people.take_in(of(FRIDAY, study(2), category="cs.RO"))
    late += await people.at("2020-11-20T18:00")
    second = await people.at("2020-11-21T09:00")

    assert (shown(first), late, shown(second)) == ([["Study 1"]], [], [["Study 2"]])


IMAGES = [study(n, f"Image restoration {n}") for n in range(7)]
OTHERS = [study(10 + n) for n in range(11)]
# What has no transformer, so that others are what tells.
REST = [study(100 + n, f"Proof {n}", "By induction.") for n in range(60)]


@pytest.mark.parametrize(
    ("lines", "said", "tighter"),
    [
        (["transformer"], "transformer alone brought 16 of them", 'transformer "image restoration" instead:1'),
        (
            ["transformer OR proof title:zebra"],
            "transformer OR proof title:zebra alone brought 16 of them",
            '(transformer OR proof title:zebra) "image restoration" instead:1',
        ),
        (
            ["restoration", "transformer"],
            "transformer alone brought 11 of them",
            'transformer "image restoration" instead:2',
        ),
        (["transformer", "transformers -zebra"], "", ""),  # not by one alone
        (['"a transformer" "image restoration" OR "a transformer" study'], "", ""),  # all that tells is asked for
    ],
)
async def test_what_alone_brings_most_of_the_rest_is_named_and_how_to_hear_less(
    store: Store, lines: list[str], said: str, tighter: str
) -> None:
    people = People(store)
    for line in lines:
        await store.subscribe(ANN, parse(line), NOW)
    await people.alert(Alerting(most=2))
    await people.take_in(of(FRIDAY, *IMAGES, *OTHERS, *REST))
    (alert,) = await people.deliver()

    rest = alert.note.plain.splitlines()
    assert rest[0] == "and 16 more: to see all, type: matches 2020-11-20"
    assert rest[1:] == ([f"{said}. To hear less, type: subscribe {tighter}"] if said else [])
    steps = [(each.label, each.text) for each in alert.buttons if each.name == "subscribe"]
    assert steps == ([('Tighten with "image restoration"', tighter)] if said else [])


async def test_what_brings_half_of_the_rest_is_not_behind_most_of_it(store: Store) -> None:
    people = People(store)
    for line in ("restoration", "segmentation"):
        await store.subscribe(ANN, parse(line), NOW)
    await people.alert(Alerting(most=1))
    found = [
        study(n, f"{'Image' if n % 2 else 'Video'} {'restoration' if n < 13 else 'segmentation'}") for n in range(25)
    ]
    await people.take_in(of(FRIDAY, *found, *REST))
    (alert,) = await people.deliver()
    await people.take_in(of(MONDAY, *(replace(each, id=f"{each.id}9") for each in found[1:]), *REST))
    (later,) = await people.deliver()

    assert alert.note.plain == "and 24 more: to see all, type: matches 2020-11-20"
    assert "restoration alone brought" not in later.note.plain
    assert "segmentation alone brought 12 of them" in later.note.plain


async def test_quiet_hours_hold_when_a_message_is_sent_late(people: People) -> None:
    await people.take_in(of(FRIDAY, study(1)))
    # It was wanted at once, and nobody was there to send it before the night.
    await people.store.alert(ANN, Alerting(quiet=NIGHT))
    assert await people.at("2020-11-20T22:30") == []
    assert await people.at("2020-11-21T06:59") == []

    assert shown(await people.at("2020-11-21T07:01")) == [["Study 1"]]


async def test_a_message_that_was_tried_before_is_tried_again_in_quiet_hours(people: People) -> None:
    await people.alert(Alerting(quiet=NIGHT))
    await people.take_in(of(FRIDAY, study(1)))
    people.slack.errors = [DeliveryError("internal_error", "uncertain")]
    assert await people.at("2020-11-20T21:59") == []
    await people.alert(Alerting(quiet=(time(21), time(7))))

    assert shown(await people.at("2020-11-20T22:05")) == [["Study 1"]]


@pytest.mark.parametrize(
    ("wishes", "due"),
    [
        (Alerting(), "2020-11-20T12:00"),
        (Alerting("daily", Schedule(time(15))), "2020-11-20T15:00"),
        (Alerting(quiet=(time(11), time(13))), "2020-11-20T13:00"),
    ],
)
async def test_what_waits_comes_as_one_wants_it_now(people: People, wishes: Alerting, due: str) -> None:
    await people.alert(Alerting("weekly", Schedule(time(9), days=(0,))))
    await people.at("2020-11-20T12:00")
    await people.take_in(of(FRIDAY, study(1)))
    await people.alert(wishes)
    before = datetime.fromisoformat(due) - timedelta(minutes=1)

    assert (await people.at(str(before)) if before.hour >= 12 else []) == []
    assert shown(await people.at(due)) == [["Study 1"]]


async def test_what_is_overdue_waits_no_longer_for_another_number(people: People) -> None:
    await people.alert(Alerting("daily", Schedule(time(9)), NIGHT))
    people.clock.now = NOW - timedelta(hours=1)
    await people.take_in(of(FRIDAY, *map(study, range(3))))
    people.clock.now = NOW + timedelta(minutes=5)  # others came first
    await people.alert(Alerting("daily", Schedule(time(9)), NIGHT, most=2))

    assert shown(await people.deliver()) == [["Study 0", "Study 1"]]


async def test_who_hears_of_nothing_any_more_gets_no_message(people: People) -> None:
    await people.alert(Alerting("daily", Schedule(time(15))))
    await people.take_in(of(FRIDAY, study(1)))
    await people.store.unsubscribe(ANN, 1)

    assert await people.at("2020-11-20T15:00") == []
    assert await people.store.alerting(ANN) == Alerting("daily", Schedule(time(15)))


async def test_how_alerts_come_goes_with_the_workspace(store: Store) -> None:
    other = Destination.parse("slack:T2/@ANN")
    for person in (ANN, other):
        await store.alert(person, Alerting(most=3))
    await store.ledger("slack").close("T1", "app_uninstalled", NOW, erase_at=NOW)
    await store.erase(NOW)

    assert await store.alerting(ANN) == Alerting()
    assert await store.alerting(other) == Alerting(most=3)


# Once


def feed(title: str, day: str, *items: tuple[str, str, str, str]) -> str:
    """Return a feed of rss.arxiv.org: of `(id with version, announce type, categories, abstract)`."""
    listed = "".join(
        f"<item><title>Transformer {id_[:10]}</title><link>https://arxiv.org/abs/{id_[:10]}</link>"
        f"<description>arXiv:{id_} Announce Type: {kind} \nAbstract: {abstract}</description>"
        f"<guid>oai:arXiv.org:{id_}</guid>{''.join(f'<category>{each}</category>' for each in categories.split())}"
        f"<arxiv:announce_type>{kind}</arxiv:announce_type></item>"
        for id_, kind, categories, abstract in items
    )
    return (
        "<rss xmlns:arxiv='http://arxiv.org/schemas/atom' version='2.0'><channel>"
        f"<title>{title} updates on arXiv.org</title><pubDate>{day} 00:00:00 -0500</pubDate>{listed}</channel></rss>"
    )


def listing(day: str, category: str, *ids: str, abstract: str = "One.") -> str:
    entries = "".join(
        f"### {n}.Transformer {id_}  [ :arrow_down: ](https://arxiv.org/pdf/{id_}.pdf)\n>  {abstract}\n"
        for n, id_ in enumerate(ids, 1)
    )
    return f"# ArXiv {category} --{day}\n{entries}"


A, B, C, D = (f"2011.1000{n}" for n in range(4))
COMING = [
    ("2020-11-20T01:00", feed("cs.CV", "Fri, 20 Nov 2020", (f"{A}v1", "new", "cs.CV", "One."))),
    # Once more from another place, in another format, then with a text that was put right.
    ("2020-11-20T02:00", listing("Fri, 20 Nov 2020", "cs.CV", A)),
    ("2020-11-20T03:00", listing("Fri, 20 Nov 2020", "cs.CV", A, B, abstract="Two.")),
    # Cross-listed on its first day, and in a feed of both categories.
    ("2020-11-20T12:00", listing("Fri, 20 Nov 2020", "cs.RO", B)),
    (
        "2020-11-20T13:00",
        feed(
            "cs.CV+cs.RO",
            "Fri, 20 Nov 2020",
            (f"{A}v1", "cross", "cs.CV cs.RO", "One."),
            (f"{C}v1", "new", "cs.CV cs.RO", "One."),
        ),
    ),
    # Replaced on Monday, and cross-listed anew.
    (
        "2020-11-23T01:00",
        feed(
            "cs.CV+cs.LG",
            "Mon, 23 Nov 2020",
            (f"{A}v2", "replace", "cs.CV cs.RO", "Three."),
            (f"{B}v2", "replace-cross", "cs.RO cs.LG", "Three."),
            (f"{C}v1", "cross", "cs.CV cs.RO cs.LG", "One."),
            (f"{D}v1", "new", "cs.LG", "One."),
        ),
    ),
    # A listing that knows no replacements has them as if they were new.
    ("2020-11-23T12:00", listing("Mon, 23 Nov 2020", "cs.CV", A, C, D, abstract="Three.")),
    ("2020-11-24T01:00", listing("Mon, 23 Nov 2020", "cs.LG", B, A, abstract="Four.")),
    ("2020-11-24T02:00", listing("Fri, 20 Nov 2020", "cs.CV", A, B, C)),
]


@pytest.mark.parametrize(
    ("wishes", "messages"),
    [
        # Friday in three, as each digest brings something new; Monday in one.
        (Alerting(), [[A], [B], [C], [D]]),
        (Alerting("daily", Schedule(time(9))), [[A, B], [C], [D]]),
        (Alerting("weekly", Schedule(time(9), days=(2,))), [[A, B, C, D]]),
        (Alerting("instant", Schedule(), (time(0), time(8))), [[A, B], [C], [D]]),
    ],
)
async def test_a_paper_is_announced_once_whatever_lists_it_again(
    people: People, wishes: Alerting, messages: list[list[str]]
) -> None:
    await people.alert(wishes)
    for at, text in COMING:
        await people.at(at)
        await people.take_in(*digests(text, "test"))
        await people.deliver()
    for day in range(24, 31):
        await people.at(f"2020-11-{day}T09:00")

    told = [sorted(card.paper for card in reply.cards) for reply in people.slack.to(ANN)]
    assert told == messages
    assert len(set(people.slack.keys)) == len(messages)
