"""Where the bot of the fake Discord may read and write, and what stands there then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.fakes import discord_payloads
from tests.fakes.discord_answers import Refused
from tests.fakes.discord_http import Incoming
from tests.fakes.discord_messages import Json, Message
from tests.fakes.discord_permissions import Permission
from tests.fakes.discord_state import DM, FORUM, GROUP, Channel, Guild, User

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord


def publish(fake: FakeDiscord, where: Channel, body: Json, *, id_: int | None = None) -> Message:
    """Let a message of the bot's stand in a channel."""
    new = Message(id_ or fake.world.new_id(), where, fake.world.bot)
    change(new, embedded(fake, where, body))
    new.edits = 0
    fake.world.stand(new)
    return new


def change(which: Message, body: Json) -> None:
    """Show what a body names; what it does not name stays as it is."""
    # Discord takes the white space around texts away.
    # https://docs.discord.com/developers/resources/message#embed-object-embed-limits
    which.content = (body.get("content") or "").strip() if "content" in body else which.content
    which.embeds = trimmed(body.get("embeds") or []) if "embeds" in body else which.embeds
    which.components = (body.get("components") or []) if "components" in body else which.components
    which.flags |= body.get("flags") or 0
    which.edits += 1


def trimmed(value: Any) -> Any:
    """Return a value of JSON in which no text has white space around it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [trimmed(each) for each in value]
    return {key: trimmed(each) for key, each in value.items()} if isinstance(value, dict) else value


def embedded(fake: FakeDiscord, where: Channel, body: Json) -> Json:
    if not body.get("embeds") or may(fake, where, Permission.EMBED_LINKS):
        return body
    fake.complain("embeds", f"are dropped in {where.name!r}: the bot may not EMBED_LINKS there")
    return body | {"embeds": []}


def seen(fake: FakeDiscord, which: Message) -> Json:
    # https://docs.discord.com/developers/events/gateway#message-content-intent
    readable = which.author is fake.world.bot or which.channel.kind == DM
    return discord_payloads.message(which, readable=readable)


def guild_of(fake: FakeDiscord, call: Incoming) -> Guild:
    found = fake.world.guilds.get(call.id("guild_id"))
    if found is None or not found.has_bot:
        raise Refused(404, 10004)
    return found


def channel_of(fake: FakeDiscord, call: Incoming) -> Channel:
    found = fake.world.channels.get(call.id("channel_id"))
    if found is None or found.deleted:
        raise Refused(404, 10003)
    if not sees(fake, found):
        raise Refused(403, 50001)
    return found


def message_of(fake: FakeDiscord, where: Channel, call: Incoming) -> Message:
    found = fake.world.standing(where, call.id("message_id"))
    if found is None:
        raise Refused(404, 10008)
    return found


def sees(fake: FakeDiscord, where: Channel) -> bool:
    return where.kind != GROUP and may(fake, where, Permission.VIEW_CHANNEL)


def may(fake: FakeDiscord, where: Channel, what: Permission) -> bool:
    return what in where.permissions(fake.world.bot)


def admit(fake: FakeDiscord, where: Channel) -> None:
    """Refuse a message of the bot's where it may not write."""
    if where.kind == DM:
        _admit_to(fake, where)
        return
    if where.kind == FORUM:
        raise Refused(400, 40058)
    needed = Permission.SEND_MESSAGES_IN_THREADS if where.is_thread else Permission.SEND_MESSAGES
    if not may(fake, where, needed):
        raise Refused(403, 50013)
    # A message takes a thread out of the archive, if it is not locked.
    if where.locked and not may(fake, where, Permission.MANAGE_THREADS):
        raise Refused(400, 50083) if where.archived else Refused(403, 160005)


def _admit_to(fake: FakeDiscord, where: Channel) -> None:
    person = where.recipients[0]
    if person.dms == "no mutual server" or not any(_shared(fake, person)):
        raise Refused(403, 50278)
    if person.dms == "closed":
        raise Refused(403, 50007)


def _shared(fake: FakeDiscord, person: User) -> Iterator[bool]:
    yield person.installed
    yield from (each.has_bot for each in fake.world.guilds.values() if person.id in each.members)
