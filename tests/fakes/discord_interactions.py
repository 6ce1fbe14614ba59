"""The interactions of the fake Discord: what answers them, once and in time, and what follows.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.fakes import discord_payloads
from tests.fakes.discord_answers import Refused
from tests.fakes.discord_checks import judge
from tests.fakes.discord_files import Upload, attached
from tests.fakes.discord_http import Incoming, route
from tests.fakes.discord_limits import EPHEMERAL
from tests.fakes.discord_messages import Json, Message
from tests.fakes.discord_posting import change
from tests.fakes.discord_state import Channel, User

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
TOKEN_LIFE = 900.0
# Of an app that is installed by the user alone, in a server without it.
MOST_FOLLOWUPS = 5

AnswerKind = Literal["message", "deferred", "deferred update", "update", "choices", "modal", "none"]
KINDS: dict[int, AnswerKind] = {
    MESSAGE: "message",
    DEFERRED: "deferred",
    DEFERRED_UPDATE: "deferred update",
    UPDATE: "update",
    CHOICES: "choices",
    MODAL: "modal",
}
# How each type of interaction can be answered.
ANSWERS = {
    COMMAND: (MESSAGE, DEFERRED, MODAL),
    COMPONENT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    SUBMIT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE),
}


@dataclass(eq=False, slots=True)
class Interaction:
    """Something that a person did. `source` is the message that it was done on, if it has components.

    `owners` says by whose installs the app is there, `typing` is the type of the option that is being typed, `opener`
    is what the modal answered that is submitted.
    """

    id: int
    kind: int
    user: User
    channel: Channel
    at: float
    source: Message | None = None
    owners: Json = field(default_factory=dict)
    typing: int = 0
    opener: Interaction | None = None
    answer: Json | None = None
    original: Message | None = None
    loading: bool = False
    followups: list[Message] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def token(self) -> str:
        return base64.b64encode(f"interaction:{self.id}:of-the-fake".encode()).decode()


@dataclass(eq=False, slots=True)
class Answered:
    """How the product answered what a person did. `kind` is "none" where nothing came in time."""

    fake: FakeDiscord
    interaction: Interaction

    @property
    def kind(self) -> AnswerKind:
        return KINDS[self.interaction.answer["type"]] if self.interaction.answer else "none"

    @property
    def message(self) -> Message | None:
        """The message that the answer made or changed; None while people see that the bot is thinking."""
        return None if self.interaction.loading else self.interaction.original

    @property
    def ephemeral(self) -> bool:
        """Whether only who asked sees the answer."""
        return self.interaction.original is not None and self.interaction.original.ephemeral

    @property
    def followups(self) -> list[Message]:
        return self.interaction.followups

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """What autocompletion offers: what people read, and what it stands for."""
        return [(each["name"], each["value"]) for each in self._data.get("choices", [])]

    @property
    def modal(self) -> Json:
        return self._data

    async def final(self, seconds: float = 10) -> Message:
        """Wait until a message stands there, and return it: the deferred answer, once it is there."""
        return await self.fake.until(lambda: self.message, seconds)  # type: ignore[no-any-return]

    @property
    def _data(self) -> Json:
        return (self.interaction.answer or {}).get("data") or {}


# What each type of option takes as the value of a choice: strings, integers, numbers.
_OFFERED: dict[int, type | tuple[type, ...]] = {3: str, 4: int, 10: (int, float)}
_CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"


@route("POST", _CALLBACK)
def callback(fake: FakeDiscord, call: Incoming) -> Json | None:
    asked = fake.interactions.get(call.ids["interaction_token"])
    if asked is None or asked.id != call.id("interaction_id"):
        raise Refused(404, 10062)
    if asked.answer is not None:
        raise Refused(400, 40060)
    if fake.now() - asked.at > fake.callback_limit:
        raise Refused(404, 10062)
    judge(fake, "callback", "POST", _CALLBACK, call.body)
    kind = call.body["type"]
    if kind not in ANSWERS[asked.kind] or (kind in (DEFERRED_UPDATE, UPDATE) and asked.source is None):
        fake.complain("callback", f"type {kind} cannot answer an interaction of type {asked.kind}")
        raise Refused(400, 50035, found=["type: cannot answer this interaction"])
    data = call.body.get("data") or {}
    if kind == CHOICES and not all(isinstance(each["value"], _OFFERED[asked.typing]) for each in data["choices"]):
        fake.complain("callback", f"what is offered is not of the option's type, {asked.typing}")
        raise Refused(400, 50035, found=["choices: have values of another type"])
    _carry_out(fake, asked, kind, data, call.files)
    asked.answer = call.body
    asked.answered.set()
    return _said(asked, kind) if call.query.get("with_response") in ("1", "true", "True") else None


def _carry_out(fake: FakeDiscord, asked: Interaction, kind: int, data: Json, files: Mapping[int, Upload]) -> None:
    if kind in (MESSAGE, DEFERRED):
        asked.original = _new(fake, asked, data, files)
        asked.loading = kind == DEFERRED
        if not asked.loading:
            fake.world.stand(asked.original)
    elif kind in (UPDATE, DEFERRED_UPDATE):
        assert asked.source is not None
        asked.original = asked.source
        if kind == UPDATE:
            _change(fake, asked.source, data, files)


def _said(asked: Interaction, kind: int) -> Json:
    said: Json = {"id": str(asked.id), "type": asked.kind}
    if asked.original is not None:
        said |= {
            "response_message_id": str(asked.original.id),
            "response_message_loading": asked.loading,
            "response_message_ephemeral": asked.original.ephemeral,
        }
    if kind not in (MESSAGE, UPDATE) or asked.original is None:
        return {"interaction": said}
    return {
        "interaction": said,
        "resource": {"type": kind, "message": discord_payloads.message(asked.original)},
    }


@route("POST", _WEBHOOK)
def follow_up(fake: FakeDiscord, call: Incoming) -> Json:
    asked = _open(fake, call)
    judge(fake, "followup", "POST", _WEBHOOK, call.body)
    if asked.loading and asked.original is not None:
        # The first follow-up of a deferred answer is the answer itself.
        return _show(fake, asked, asked.original, call)
    if "0" not in asked.owners and len(asked.followups) >= MOST_FOLLOWUPS:
        raise Refused(400, 40094)
    new = _new(fake, asked, call.body, call.files)
    fake.world.stand(new)
    asked.followups.append(new)
    return discord_payloads.message(new)


@route("GET", _WEBHOOK + "/messages/{message_id}")
def get_message(fake: FakeDiscord, call: Incoming) -> Json:
    return discord_payloads.message(_which(_open(fake, call), call))


@route("PATCH", _WEBHOOK + "/messages/{message_id}")
def edit_message(fake: FakeDiscord, call: Incoming) -> Json:
    asked = _open(fake, call)
    which = _which(asked, call)
    name = "@original" if call.ids["message_id"] == "@original" else "{message_id}"
    judge(fake, "edit", "PATCH", f"{_WEBHOOK}/messages/{name}", call.body)
    return _show(fake, asked, which, call)


@route("DELETE", _WEBHOOK + "/messages/{message_id}")
def delete_message(fake: FakeDiscord, call: Incoming) -> None:
    asked = _open(fake, call)
    which = _which(asked, call)
    asked.loading = False
    fake.remove(which)


def _open(fake: FakeDiscord, call: Incoming) -> Interaction:
    asked = fake.interactions.get(call.ids["webhook_token"])
    if asked is None or asked.answer is None or call.id("webhook_id") != fake.world.bot.id:
        raise Refused(404, 10015)
    if fake.now() - asked.at > TOKEN_LIFE:
        raise Refused(401, 50027)
    return asked


def _which(asked: Interaction, call: Incoming) -> Message:
    name = call.ids["message_id"]
    there = [asked.original] if name == "@original" else [asked.original, asked.source, *asked.followups]
    for each in there:
        if each is not None and not each.deleted and name in ("@original", str(each.id)):
            return each
    raise Refused(404, 10008)


def _new(fake: FakeDiscord, asked: Interaction, data: Json, files: Mapping[int, Upload]) -> Message:
    new = Message(fake.world.new_id(), asked.channel, fake.world.bot)
    change(new, data)
    new.files = attached(fake, data, files, [], largest=fake.world.largest_file)
    new.edits = 0
    new.asked = _metadata(asked)
    new.to = asked.user if new.flags & EPHEMERAL else None
    return new


def _metadata(asked: Interaction) -> Json:
    said: Json = {
        "id": str(asked.id),
        "type": asked.kind,
        "user": discord_payloads.user(asked.user),
        "authorizing_integration_owners": asked.owners,
    }
    if asked.kind == COMPONENT and asked.source is not None:
        said["interacted_message_id"] = str(asked.source.id)
    if asked.opener is not None:
        said["triggering_interaction_metadata"] = _metadata(asked.opener)
    return said


def _change(fake: FakeDiscord, which: Message, body: Json, files: Mapping[int, Upload]) -> None:
    there = attached(fake, body, files, which.files, largest=fake.world.largest_file)
    change(which, _kept(which, body))
    which.files = there


def _show(fake: FakeDiscord, asked: Interaction, which: Message, call: Incoming) -> Json:
    _change(fake, which, call.body, call.files)
    if which is asked.original and asked.loading:
        asked.loading = False
        fake.world.stand(which)
    return discord_payloads.message(which)


def _kept(which: Message, body: Json) -> Json:
    """Return a change without a word on who sees it: that is as the first answer said."""
    flags = (body.get("flags") or 0) & ~EPHEMERAL
    return {**body, "flags": flags | (which.flags & EPHEMERAL)}
