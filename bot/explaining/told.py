"""What became of a paper's alerts: the messages that have it, and why a subscription that matches told nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.alerts.alerting import absence, settled
from bot.calendar import moment, span, spoken
from bot.model import Alerting, Subscription
from bot.ports import Owed, Pause

_WHY_GIVEN_UP = {
    "unwanted": "nothing of it was wanted any more when its turn came",
    "dropped": "who runs the bot dropped it",
    "missed": "it was of days that were missed while nothing could be posted there",
    "restored": "it is of before a backup was restored",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of telling a person of a paper, at a moment.

    `came` is when the last digest that lists it was taken in, `owed` are the messages that have it, `folded` the ids of
    those that only count it, `order` what their taste made of its place among their papers, and `pause` why nothing is
    sent to the person.
    """

    at: datetime
    came: datetime
    alerting: Alerting
    owed: tuple[Owed, ...] = ()
    folded: frozenset[int] = frozenset()
    order: str = ""
    pause: Pause | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """How each message stands, in a sentence, the last first; and what the person's taste did."""
        return (*(self._line(each) for each in reversed(self.owed)), *filter(None, [self.order]))

    def silence(self, each: Subscription) -> str:
        """Say why a subscription that matches told nothing, or what it was told by; what to type where that helps."""
        if self.owed:
            return "it matches; the alert is named above"
        if each.is_silent(self.at):
            until = f" until {moment(each.muted_until)}" if each.muted_until else ""
            return f"it matches, but is muted{until}. To let it speak, type: unmute {each.number}"
        if each.since > self.came:
            return f"it matches, but you subscribed {moment(each.since)}, after the paper came, {moment(self.came)}"
        return (
            f"it matches, but nothing was owed for it when the paper came, {moment(self.came)}: "
            "the digest was taken in without alerts, as an archive is, or this was muted then"
        )

    def _line(self, each: Owed) -> str:
        what = f"the alert of {days(each)}"
        if each.state != "sent":
            return f"{what[0].upper()}{what[1:]} has it: {standing(each, self.at, self.pause)}{self._later(each)}."
        when = moment(each.delivery.tried_at or each.created_at)
        if each.delivery.id in self.folded:
            most = "1 paper a day is" if self.alerting.most == 1 else f"{self.alerting.most} papers a day are"
            return f"Told {when}, {what}: counted there and not shown, as at most {most} shown (most:N)."
        return f"Told {when}, {what}. A paper is told once, whatever lists it again."

    def _later(self, each: Owed) -> str:
        """Say why a message that waits is not sent now."""
        due = each.delivery.due
        if each.state != "pending" or self.pause or each.delivery.attempts or due is None or due <= self.at:
            return ""
        return f". {(absence(self.alerting, self.at) or settled(self.alerting)).removesuffix('.')}"


def standing(each: Owed, at: datetime, pause: Pause | None = None) -> str:
    """Say how a message stands that is not sent, as a clause."""
    delivery = each.delivery
    maybe = "; it may have arrived all the same" if delivery.uncertain else ""
    tried = "once" if delivery.attempts == 1 else f"{delivery.attempts} times"
    failed = f", tried {tried} ({each.code})" if delivery.attempts and each.code else ""
    match each.state:
        case "pending" if pause:
            return f"it waits, as messages are paused since {moment(pause.since)}: {pause.code}{maybe}"
        case "pending" if delivery.due and delivery.due > at:
            return f"due {moment(delivery.due)}{failed}{maybe}"
        case "pending" | "sending":
            return f"due now{failed}{maybe}"
        case "held":
            return "held, as it may have arrived: who runs the bot says whether it is sent"
        case "merged":
            return "it became part of a later message, which left this paper out"
        case "expired":
            return f"expired: {_WHY_GIVEN_UP.get(each.code, 'it did not arrive within a day')}{_coded(each)}{maybe}"
        case _:
            return f"given up: {_WHY_GIVEN_UP.get(each.code, 'the platform would not take it')}{_coded(each)}{maybe}"


def days(each: Owed) -> str:
    """Return the days that a message is of."""
    delivery = each.delivery
    return span(delivery.since, delivery.day) if delivery.since else spoken(delivery.day)


def carrying(owed: Sequence[Owed]) -> tuple[Owed, ...]:
    """Return the messages without those that became part of another of them."""
    others = [each for each in owed if each.state != "merged"]
    return tuple(others or owed[-1:])


def _coded(each: Owed) -> str:
    return f" ({each.code})" if each.code and each.code not in _WHY_GIVEN_UP else ""
