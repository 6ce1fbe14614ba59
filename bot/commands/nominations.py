"""What is done with one paper of a journal club: the steps of the command `club` that name one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.calendar import spoken
from bot.club import can_carry, is_met, voted
from bot.model import Button, Call, Paper, Reply, Text, UserError
from bot.ports import Nomination, Store, TooMany

MAX_NOMINATIONS = 100  # that wait, of a room

Step = Callable[[Call, Store, Paper, Nomination], Awaitable[Reply]]


async def step(action: str, call: Call, store: Store, paper: Paper) -> Reply:
    """Do with a paper what a word says, one of `STEPS`."""
    if action == "nominate":
        return await _nominate(call, store, paper)
    return await _OF_NOMINATED[action](call, store, paper, await _nominated(call, store, paper))


async def _nominate(call: Call, store: Store, paper: Paper) -> Reply:
    before = await _found(call, store, paper)
    if before and before.meeting and is_met(before, call.at):
        met = f"This club met over {paper.title} on {spoken(before.meeting.day)}."
        raise UserError(f"{met} To see what it met over, type: club archive")
    try:
        new = await store.nominate(call.room, call.caller, paper.id, call.at, most=MAX_NOMINATIONS)
    except TooMany as full:
        raise UserError(
            f"{full.count} papers wait here, the most there can be. To see them and take yours back, type: club"
        ) from None
    now = await _nominated(call, store, paper)
    said = f"{paper.title} is nominated already, and has your vote: {voted(now.votes)}."
    undo = _step("Take back", "unvote", paper)
    if new:
        said = f"{paper.title} is nominated, with your vote. Until somebody presents it, you are proposed to."
        said += _naming(now.person_name)
        undo = _step("Undo", "withdraw", paper)
    return Reply(Text(said), buttons=(_step("Present", "present", paper), undo), private=True)


async def _vote(call: Call, store: Store, paper: Paper, nomination: Nomination) -> Reply:
    _check_open(call, paper, nomination)
    votes = await store.vote(call.room, call.caller, paper.id, wanted=True)
    said = f"{paper.title} has your vote: {voted(votes)}."
    return Reply(Text(said), buttons=(_step("Take back", "unvote", paper),), private=True)


async def _unvote(call: Call, store: Store, paper: Paper, nomination: Nomination) -> Reply:
    _check_open(call, paper, nomination)
    votes = await store.vote(call.room, call.caller, paper.id, wanted=False)
    said = f"{paper.title} does not have your vote: {voted(votes)}."
    return Reply(Text(said), buttons=(_step("Vote", "vote", paper),), private=True)


async def _present(call: Call, store: Store, paper: Paper, nomination: Nomination) -> Reply:
    _check_open(call, paper, nomination)
    if nomination.presenter not in (None, call.caller):
        raise UserError(f"{nomination.presenter_name or 'A member of this room'} presents {paper.title} already.")
    await store.present(call.room, paper.id, call.caller)
    now = await _nominated(call, store, paper)
    said = f"You present {paper.title}.{_naming(now.presenter_name)}"
    return Reply(Text(said), buttons=(_step("Take back", "unpresent", paper),), private=True)


async def _unpresent(call: Call, store: Store, paper: Paper, nomination: Nomination) -> Reply:
    _check_open(call, paper, nomination)
    if nomination.presenter != call.caller and not (nomination.presenter and call.may_manage):
        raise UserError(f"You do not present {paper.title}.")
    await store.present(call.room, paper.id, None)
    said = f"Nobody presents {paper.title} now."
    return Reply(Text(said), buttons=(_step("Present", "present", paper),), private=True)


async def _withdraw(call: Call, store: Store, paper: Paper, nomination: Nomination) -> Reply:
    _check_open(call, paper, nomination)
    _check_own(call, nomination, "withdraw it")
    await store.withdraw(call.room, paper.id)
    said = f"{paper.title} is not nominated any more, and its votes are gone."
    return Reply(Text(said), buttons=(_step("Nominate", "nominate", paper),), private=True)


async def _carry(call: Call, store: Store, paper: Paper, nomination: Nomination) -> Reply:
    if nomination.meeting is None:
        raise UserError(f"{paper.title} is on no agenda: it is carried over by itself.")
    _check_own(call, nomination, "carry it over")
    if not can_carry(nomination, call.at):
        on = f"{paper.title} was on the agenda of {spoken(nomination.meeting.day)}, more than a day ago"
        raise UserError(f"{on}, and stays in the archive. To see that, type: club archive")
    await store.carry(call.room, paper.id)
    return Reply(Text(f"{paper.title} is carried over: it is nominated as before, with its {voted(nomination.votes)}."))


_OF_NOMINATED: Mapping[str, Step] = {
    "vote": _vote,
    "unvote": _unvote,
    "present": _present,
    "unpresent": _unpresent,
    "withdraw": _withdraw,
    "carry": _carry,
}
STEPS = ("nominate", *_OF_NOMINATED)


async def _found(call: Call, store: Store, paper: Paper) -> Nomination | None:
    return next((each for each in await store.nominations(call.room, call.at) if each.paper == paper.id), None)


async def _nominated(call: Call, store: Store, paper: Paper) -> Nomination:
    found = await _found(call, store, paper)
    if found is None:
        raise UserError(f"{paper.title} is not nominated here. To nominate it, type: club nominate {paper.id}")
    return found


def _naming(name: str) -> str:
    """Say how the agenda names a person, and how they change that."""
    if name:
        return f" The agenda names you {name}, as you chose."
    return " The agenda does not name you. To be named, type one like: who named Anna"


def _check_open(call: Call, paper: Paper, nomination: Nomination) -> None:
    """Raise `UserError` where a meeting over a paper has begun."""
    if nomination.meeting and is_met(nomination, call.at):
        raise UserError(
            f"This club met over {paper.title} on {spoken(nomination.meeting.day)}. "
            f"Where it was not reached, type within a day: club carry {paper.id}"
        )


def _check_own(call: Call, nomination: Nomination, what: str) -> None:
    if not call.may_manage and call.caller not in (nomination.person, nomination.presenter):
        raise UserError(f"Only who nominated or presents it can {what}, or who manages this room.")


def _step(label: str, action: str, paper: Paper) -> Button:
    return Button(label, "club", f"{action} {paper.id}")
