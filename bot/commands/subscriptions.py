"""What a person wants to hear about: subscriptions, and the papers of a day that they match."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot import alerts
from bot.alerts.alerting import absence, local_day, settled
from bot.calendar import instant, moment, spoken
from bot.cards import matched
from bot.commands.days import day_shown
from bot.commands.pages import PAGE, check_page, number, papers, turn
from bot.commands.parameters import Day, Instead, Mine, Page, QueryText, Until, day_ahead, last_day
from bot.commands.trial import dry_run, trial
from bot.dispatch import command, quoted
from bot.highlights.personal import personal
from bot.model import Button, Call, Item, Reply, Subscription, Text, UserError
from bot.ports import Pause, Store, TooMany
from bot.search import grammar
from bot.search.query import Query

MAX_SUBSCRIPTIONS = 50
_WHOLE_DAY = 100_000  # papers, more than any day has
NONE = 'You have no subscriptions. To make one, type: subscribe "point cloud"'


@command
async def subscribe(call: Call, store: Store, query_text: QueryText, instead: Instead = None) -> Reply:
    """Be told of new papers that match a query, and see first what it would have caught.

    subscribe "point cloud" -medical
    subscribe cat:cs.CL (summarization OR "question answering")
    subscribe lidar segmentation instead:2    in place of number 2 of yours

    The language is that of search. Alerts fire on whole words only: NER never fires on "generate". All that match
    on one day come in one message, each with its reason.
    """
    asked = grammar.parse(query_text)
    old = await own(call, store, str(instead)) if instead else None
    tried = await dry_run(asked, store, call.at.date())
    try:
        saved, new = await store.subscribe(
            call.caller, asked, call.at, workspace=call.room.workspace, most=MAX_SUBSCRIPTIONS + bool(old)
        )
    except TooMany as full:
        hint = "the most there can be. Remove one: unsubscribe NUMBER"
        raise UserError(f"You have {full.count} subscriptions, {hint}") from None
    replaced = old if old and old.number != saved.number else None
    if new:
        head = f"Subscribed to {saved.query}, number {saved.number} of yours."
    elif saved.is_silent(call.at):
        head = f"You have this already, muted: number {saved.number}, {saved.query}. Type: unmute {saved.number}"
    else:
        same = "" if replaced else " Nothing changed."
        head = f"You have this already: number {saved.number}, {saved.query}.{same}"
    undo = Button("Undo" if new else "Unsubscribe", "unsubscribe", str(saved.number), "instead")
    if replaced:
        await store.unsubscribe(call.caller, replaced.number)
        head += f"\nYou will not be told of {replaced.query} any more."
        undo = Button(f"Back to {replaced.query}", "subscribe", f"{replaced.query} instead:{saved.number}", "instead")
    buttons = (_unmute(saved), undo) if saved.is_silent(call.at) else (undo,)
    return trial(head, asked, tried, buttons, f" instead:{saved.number}")


@command
async def preview(call: Call, store: Store, query_text: QueryText) -> Reply:
    """See what a subscription would have caught, without subscribing.

    preview "point cloud" -medical
    """
    asked = grammar.parse(query_text)
    tried = await dry_run(asked, store, call.at.date())
    head = f"A preview of {asked.text}; nothing is saved."
    return trial(head, asked, tried, (Button("Subscribe", "subscribe", asked.text),))


@command
async def unsubscribe(call: Call, store: Store, which: Mine) -> Reply:
    """Remove one of your subscriptions, by its number or its query.

    unsubscribe 2
    unsubscribe "point cloud"
    """
    gone = await own(call, store, which)
    await store.unsubscribe(call.caller, gone.number)
    # Subscribing makes one that speaks: for a muted one it undoes too much to be called so.
    undo = Button("Subscribe again" if gone.muted else "Undo", "subscribe", gone.query, "instead")
    head = f"Unsubscribed from {gone.query}. You will not be told of it any more."
    return await _list(call, store, head, beside=gone.number, buttons=(undo,))


@command
async def mute(call: Call, store: Store, which: Mine, until: Until = "") -> Reply:
    """Keep one of your subscriptions, but be told of nothing by it for now.

    mute 2
    mute 2 until 1 Dec         on that day it speaks again by itself
    mute 2 for 2 weeks

    What comes meanwhile is not told later either. To look a day up, unmute it and type: matches DATE
    To have all of them rest, and what comes meanwhile kept, type: pause until monday
    """
    if not until:
        which, until = _until(which, await store.subscriptions(call.caller), call)
    return await _mute(call, store, which, muted=True, until=until)


@command
async def unmute(call: Call, store: Store, which: Mine) -> Reply:
    """Let one of your subscriptions that is muted speak again.

    unmute 2
    """
    return await _mute(call, store, which, muted=False)


@command
async def subscriptions(call: Call, store: Store, page: Page = 1) -> Reply:
    """List your subscriptions, each with its number."""
    return await _list(call, store, page=page)


@command
async def matches(call: Call, store: Store, day: Day = None, page: Page = 1) -> Reply:
    """Show the papers of a day that match your subscriptions.

    matches               today's; where there are none yet, those of the newest day there is
    matches 2020-11-20    a day's; also: 20 Nov 2020, yesterday, fri

    What is muted is left out. What you liked puts papers like it first.
    """
    held = await store.subscriptions(call.caller)
    mine = {each.number: each for each in held if not each.is_silent(call.at)}
    if not mine:
        muted = "Your subscriptions are all muted. To let one speak again, type: unmute NUMBER"
        return Reply(Text(muted if held else NONE), private=True)
    head, shown, _ = await day_shown(call, store, day)
    if shown is None:
        return Reply(Text(head), private=True)
    listed = await store.listed(shown, limit=_WHOLE_DAY)
    # A full day against many queries takes a second, in which others ask, too.
    matching = await asyncio.to_thread(alerts.match, mine.values(), listed.papers)
    picks = matching.get(call.caller, ())
    check_page(page, len(picks))
    by_id = {paper.id: paper for paper in listed.papers}
    own = await personal(call.caller, [by_id[pick.paper] for pick in picks], store, call.at.date())
    if own.taste:
        picks = tuple(sorted(picks, key=own.worth, reverse=True))
    count = f"{len(picks):,} of {papers(listed.total)} of {spoken(shown)} match{'es' * (len(picks) == 1)}"
    return Reply(
        Text("\n".join(filter(None, [head, f"{count} what you subscribed to."]))),
        tuple(
            matched(by_id[pick.paper], pick, mine, own.why(by_id[pick.paper]))
            for pick in picks[(page - 1) * PAGE : page * PAGE]
        ),
        buttons=turn("matches", str(shown), page, len(picks)),
        private=True,
    )


def silence(pause: Pause) -> str:
    """Say that a person's alerts are paused, and what starts them again."""
    return (
        f"Alerts to you are paused since {moment(pause.since)}: {pause.code}. "
        "Once that is put right, they go on when you subscribe to something, also to what you have."
    )


async def own(call: Call, store: Store, which: str) -> Subscription:
    """Return the subscription of the caller's that a number or a query names; raise `UserError` where none does."""
    mine = await store.subscriptions(call.caller)
    if which.isdecimal():
        fitting = [each for each in mine if str(each.number) == which]
    else:
        fitting = same(grammar.parse(which), mine)
    if not fitting:
        shown = [_line(replace(each, query=quoted(each.query)), call) for each in mine[:PAGE]]
        more = ["For all of them, type: subscriptions"] if len(mine) > PAGE else []
        listed = "\n".join(["Yours are:", *shown, *more]) if mine else "You have none at all."
        raise UserError(f"You have no subscription {quoted(which)}. {listed}")
    return fitting[0]


def _until(which: str, mine: Sequence[Subscription], call: Call) -> tuple[str, str]:
    """Part the end of a line that says until when; a query, which may have such words too, is left as it is."""
    match = re.fullmatch(r"(.+)\s+((?:until|for)\b.*)", which, re.IGNORECASE)
    if match is None or match[1].count('"') % 2:
        return which, ""
    if not match[1].isdecimal():
        meaning = _meaning(which)
        if meaning and meaning in [_meaning(each.query) for each in mine]:
            return which, ""
        with suppress(UserError):  # of a day, but none that will do
            if day_ahead(match[2], call.at.date(), call.name) is None:
                return which, ""
    return match[1], match[2]


async def _mute(call: Call, store: Store, which: str, *, muted: bool, until: str = "") -> Reply:
    named = await own(call, store, which)
    back = None
    if until:
        alerting = await store.alerting(call.caller)
        day = last_day(until, local_day(alerting, call.at), f"mute {named.number}")
        back = instant(datetime.combine(day, time()), ZoneInfo(alerting.schedule.zone))
    await store.mute(call.caller, named.number, muted=muted, until=back)
    silent = f"before {moment(back)}" if back else "until it is unmuted"
    told = f"You will not be told of it {silent}." if muted else "You will be told of what comes from now on."
    head = f"{'Muted' if muted else 'Unmuted'} {named.query}. {told}"
    return await _list(call, store, head, beside=named.number)


async def _list(
    call: Call,
    store: Store,
    head: str = "",
    *,
    page: int = 1,
    beside: int = 0,
    buttons: tuple[Button, ...] = (),
) -> Reply:
    """List a page of the caller's subscriptions: the one asked for, or where the number `beside` is or was."""
    mine = await store.subscriptions(call.caller)
    if beside:
        before = sum(each.number < beside for each in mine)
        page = max(0, min(before, len(mine) - 1)) // PAGE + 1
    check_page(page, len(mine))
    pause = await store.paused(call.caller)
    alerting = await store.alerting(call.caller)
    lines = [
        head,
        silence(pause) if pause else "",
        absence(alerting, call.at),
        f"You have {number(len(mine), 'subscription')}." if mine else NONE,
        settled(alerting) if mine and alerting.pace != "instant" else "",
    ]
    return Reply(
        Text("\n".join(filter(None, lines))),
        items=tuple(_item(each, call) for each in mine[(page - 1) * PAGE : page * PAGE]),
        buttons=(*buttons, *turn("subscriptions", "", page, len(mine))),
        private=True,
    )


def _item(each: Subscription, call: Call) -> Item:
    remove = Button("Remove", "unsubscribe", str(each.number), "instead")
    switch = _unmute(each) if each.is_silent(call.at) else Button("Mute", "mute", str(each.number), "instead")
    return Item(Text(_line(each, call)), (switch, remove))


def _unmute(each: Subscription) -> Button:
    return Button("Unmute", "unmute", str(each.number), "instead")


def _line(each: Subscription, call: Call) -> str:
    since = spoken(each.since.astimezone(call.at.tzinfo).date())
    muted = ""
    if each.is_silent(call.at):
        muted = f" (muted until {moment(each.muted_until)})" if each.muted_until else " (muted)"
    return f"{each.number}. {each.query} (since {since}){muted}"


def same(asked: Query, mine: Sequence[Subscription]) -> list[Subscription]:
    """Return which of a person's subscriptions mean what a query does."""
    return [each for each in mine if _meaning(each.query) == asked.key]


def _meaning(line: str) -> str | None:
    try:
        return grammar.parse(line).key
    except UserError:
        return None  # saved under an older grammar: it can still be named by its number
