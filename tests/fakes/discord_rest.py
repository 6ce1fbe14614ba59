"""The fake Discord's REST routes of the bot itself: application, commands, guilds, channels, messages.

https://docs.discord.com/developers/reference
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes import discord_payloads
from tests.fakes.discord_answers import Refused
from tests.fakes.discord_checks import judge
from tests.fakes.discord_http import Incoming, route
from tests.fakes.discord_messages import Json, Message
from tests.fakes.discord_permissions import Permission
from tests.fakes.discord_posting import (
    admit,
    change,
    channel_of,
    embedded,
    guild_of,
    may,
    message_of,
    publish,
    seen,
    sees,
)
from tests.fakes.discord_state import ANNOUNCEMENT, FORUM

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

CROSSPOSTED = 1 << 0
# "The past few minutes". https://docs.discord.com/developers/resources/message#create-message
NONCE_LIFE = 180.0


@dataclass(slots=True)
class Nonces:
    """The nonces that were enforced, with when and for which message."""

    kept: dict[str, tuple[float, Message]] = field(default_factory=dict)

    def standing(self, nonce: str, now: float) -> Message | None:
        """Return the message that a nonce stands for, deleted or not, while Discord remembers it."""
        at, message = self.kept.get(nonce, (0.0, None))
        return message if now - at <= NONCE_LIFE else None


@route("GET", "/users/@me")
def me(fake: FakeDiscord, _: Incoming) -> Json:
    return discord_payloads.user(fake.world.bot) | {"verified": True, "mfa_enabled": False, "locale": "en-US"}


@route("GET", "/users/@me/guilds")
def my_guilds(fake: FakeDiscord, call: Incoming) -> list[Json]:
    mine = [each for each in fake.world.guilds.values() if each.has_bot]
    after = int(call.query.get("after", 0))
    mine = sorted((each for each in mine if each.id > after), key=lambda each: each.id)
    return [discord_payloads.my_guild(each) for each in mine[: call.limit(200, most=200)]]


@route("GET", "/users/{user_id}")
def user(fake: FakeDiscord, call: Incoming) -> Json:
    found = fake.world.users.get(call.id("user_id"))
    if found is None:
        raise Refused(404, 10013)
    return discord_payloads.user(found)


@route("GET", "/oauth2/applications/@me")
@route("GET", "/applications/@me")
def application(fake: FakeDiscord, _: Incoming) -> Json:
    return discord_payloads.application(fake.world, fake.application)


@route("GET", "/gateway/bot")
def gateway(fake: FakeDiscord, _: Incoming) -> Json:
    limit = fake.gateway.session_start_limit
    return {"url": fake.gateway_url, "shards": fake.gateway.shards, "session_start_limit": limit}


_COMMANDS = "/applications/{application_id}/commands"


@route("GET", _COMMANDS)
def commands(fake: FakeDiscord, _: Incoming) -> list[Json]:
    return fake.commands


@route("PUT", _COMMANDS)
def put_commands(fake: FakeDiscord, call: Incoming) -> list[Json]:
    judge(fake, "commands", "PUT", _COMMANDS, call.body)
    fake.puts += 1
    return fake.register(call.body)


@route("GET", "/guilds/{guild_id}")
def guild(fake: FakeDiscord, call: Incoming) -> Json:
    return discord_payloads.guild(guild_of(fake, call), full=False)


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def guild_member(fake: FakeDiscord, call: Incoming) -> Json:
    found = guild_of(fake, call).members.get(call.id("user_id"))
    if found is None:
        raise Refused(404, 10007)
    return discord_payloads.member(found)


@route("GET", "/guilds/{guild_id}/threads/active")
def active_threads(fake: FakeDiscord, call: Incoming) -> Json:
    threads = [each for each in guild_of(fake, call).channels.values() if each.is_thread]
    seen = [each for each in threads if not each.archived and not each.deleted and sees(fake, each)]
    return {"threads": [discord_payloads.channel(each) for each in seen], "members": [], "has_more": False}


@route("POST", "/users/@me/channels")
def open_dm(fake: FakeDiscord, call: Incoming) -> Json:
    wanted = fake.world.users.get(int((call.body or {}).get("recipient_id", 0)))
    if wanted is None or wanted.bot:
        raise Refused(400, 50033)
    fake.opened.append(wanted)
    return discord_payloads.channel(fake.world.dm(wanted))


@route("GET", "/channels/{channel_id}")
def channel(fake: FakeDiscord, call: Incoming) -> Json:
    return discord_payloads.channel(channel_of(fake, call))


_MESSAGES = "/channels/{channel_id}/messages"


@route("GET", _MESSAGES)
def history(fake: FakeDiscord, call: Incoming) -> list[Json]:
    where = channel_of(fake, call)
    if not may(fake, where, Permission.READ_MESSAGE_HISTORY):
        return []
    before, after = int(call.query.get("before", 2**63)), int(call.query.get("after", 0))
    limit = call.limit(50, most=100)
    there = [each for each in where.messages if after < each.id < before]
    kept = there[:limit] if "after" in call.query else there[-limit:]
    return [seen(fake, each) for each in reversed(kept)]


@route("GET", _MESSAGES + "/{message_id}")
def message(fake: FakeDiscord, call: Incoming) -> Json:
    where = channel_of(fake, call)
    if not may(fake, where, Permission.READ_MESSAGE_HISTORY):
        raise Refused(403, 50001)
    return seen(fake, message_of(fake, where, call))


@route("POST", _MESSAGES)
def post(fake: FakeDiscord, call: Incoming) -> Json:
    where = channel_of(fake, call)
    admit(fake, where)
    judge(fake, "message", "POST", _MESSAGES, call.body)
    nonce = call.body.get("nonce")
    enforced = nonce is not None and bool(call.body.get("enforce_nonce"))
    if enforced and (made := fake.nonces.standing(str(nonce), fake.now())):
        if made.channel is not where:
            fake.complain(f"POST {_MESSAGES}", f"nonce: {nonce!r} was used for another channel just now")
        if made.deleted:
            raise Refused(404, 10008)
        return discord_payloads.message(made)
    where.archived = False
    new = publish(fake, where, call.body)
    if enforced:
        fake.nonces.kept[str(nonce)] = (fake.now(), new)
    # Who posted it sees the nonce; nothing says that histories have it.
    return discord_payloads.message(new) | ({} if nonce is None else {"nonce": nonce})


@route("PATCH", _MESSAGES + "/{message_id}")
def edit(fake: FakeDiscord, call: Incoming) -> Json:
    where = channel_of(fake, call)
    which = message_of(fake, where, call)
    if which.author is not fake.world.bot:
        raise Refused(403, 50005)
    if where.archived:
        raise Refused(400, 50083)
    judge(fake, "edit", "PATCH", _MESSAGES + "/{message_id}", call.body)
    change(which, embedded(fake, where, call.body))
    return discord_payloads.message(which)


@route("DELETE", _MESSAGES + "/{message_id}")
def delete(fake: FakeDiscord, call: Incoming) -> None:
    where = channel_of(fake, call)
    which = message_of(fake, where, call)
    if which.author is not fake.world.bot and not may(fake, where, Permission.MANAGE_MESSAGES):
        raise Refused(403, 50013)
    fake.remove(which)


@route("POST", _MESSAGES + "/{message_id}/crosspost")
def crosspost(fake: FakeDiscord, call: Incoming) -> Json:
    where = channel_of(fake, call)
    if where.kind != ANNOUNCEMENT:
        raise Refused(400, 50024)
    which = message_of(fake, where, call)
    needed = Permission.SEND_MESSAGES if which.author is fake.world.bot else Permission.MANAGE_MESSAGES
    if not may(fake, where, needed):
        raise Refused(403, 50013)
    if which.flags & CROSSPOSTED:
        raise Refused(400, 40033)
    fake.rest.limits.crosspost(where.id, fake.now())
    which.flags |= CROSSPOSTED
    return discord_payloads.message(which)


_THREADS = "/channels/{channel_id}/threads"


@route("POST", _THREADS)
def start_post(fake: FakeDiscord, call: Incoming) -> Json:
    """Start a post in a forum; its first message has the id of the thread."""
    where = channel_of(fake, call)
    if where.kind != FORUM:
        raise Refused(400, 50024)
    if not may(fake, where, Permission.SEND_MESSAGES):
        raise Refused(403, 50013)
    judge(fake, "thread", "POST", _THREADS, call.body)
    moderates = may(fake, where, Permission.MANAGE_THREADS)
    tags = [int(each) for each in call.body.get("applied_tags") or []]
    if where.require_tag and not tags:
        raise Refused(400, 40066 if where.tags and all(each.moderated for each in where.tags) else 40067)
    known = {each.id: each for each in where.tags}
    if set(tags) - set(known):
        raise Refused(400, 10087)
    if not moderates and any(known[each].moderated for each in tags):
        raise Refused(403, 50013)
    assert where.guild is not None
    thread = where.guild.thread(where, call.body["name"], id=fake.world.new_id())
    thread.applied, where.newest = tags, thread.id
    first = publish(fake, thread, call.body["message"], id_=thread.id)
    return discord_payloads.channel(thread) | {"message": discord_payloads.message(first)}
