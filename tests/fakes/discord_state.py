"""What the fake Discord knows: people, guilds, channels, messages."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from tests.fakes.discord_messages import Json, Message
from tests.fakes.discord_permissions import ASKED, EVERY_PERMISSION, EVERYONE, NOTHING, Permission

Dms = Literal["open", "closed", "no mutual server"]

TEXT, DM, GROUP, ANNOUNCEMENT, ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 0, 1, 3, 5, 10, 11, 12, 15
THREADS = (ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD)

# https://docs.discord.com/developers/reference#snowflakes
_EPOCH = 1_420_070_400
# A day in 2020: what was there before the test has ids that are older than those it makes.
_LONG_AGO = (1_600_000_000 - _EPOCH) * 1000


@dataclass(eq=False, slots=True)
class User:
    """An account. `installed`: the app is with it wherever it goes; `dms` is what it lets the bot write to it."""

    id: int
    name: str
    dms: Dms = "open"
    locale: str = "en-US"
    installed: bool = False
    bot: bool = False


@dataclass(eq=False, slots=True)
class Member:
    """A user in a guild, with what they may do beyond what everybody may."""

    user: User
    permissions: Permission = NOTHING


@dataclass(eq=False, slots=True)
class Tag:
    """A tag of a forum; one that is `moderated` takes Manage Threads to set."""

    id: int
    name: str
    moderated: bool = False


@dataclass(eq=False, slots=True)
class Channel:
    """A place for messages: `kind` is Discord's number. `allowed` and `denied` are overrides for the bot alone.

    `newest` is the number of the last message that came, whatever became of it, or of a forum's last post.
    `joined`: the bot is in that thread, without which it does not see a private one. `owner` opened it; where nobody is
    named, the bot.
    """

    id: int
    kind: int
    world: World
    guild: Guild | None = None
    name: str = ""
    parent: Channel | None = None
    owner: User | None = None
    tags: list[Tag] = field(default_factory=list)
    require_tag: bool = False
    applied: list[int] = field(default_factory=list)
    recipients: list[User] = field(default_factory=list)
    allowed: Permission = NOTHING
    denied: Permission = NOTHING
    archived: bool = False
    locked: bool = False
    joined: bool = False
    deleted: bool = False
    newest: int | None = None

    @property
    def is_thread(self) -> bool:
        return self.kind in THREADS

    @property
    def messages(self) -> list[Message]:
        """What stands here, oldest first."""
        return [message for message in self.world.messages if message.channel is self]

    def allow(self, what: Permission) -> None:
        self.allowed, self.denied = self.allowed | what, self.denied & ~what

    def deny(self, what: Permission) -> None:
        self.allowed, self.denied = self.allowed & ~what, self.denied | what

    def permissions(self, user: User) -> Permission:
        """Return what somebody may do here; a thread has its parent's overrides."""
        if self.guild is None:
            return EVERYONE
        member = self.guild.members.get(user.id)
        if member is None:
            return NOTHING
        has = self.guild.everyone | member.permissions
        if has & Permission.ADMINISTRATOR or self.guild.owner is user:
            return EVERY_PERMISSION
        if user is self.world.bot:
            place = self.parent if self.is_thread and self.parent else self
            has = (has & ~place.denied) | place.allowed
            if self.kind == PRIVATE_THREAD and not self.joined and Permission.MANAGE_THREADS not in has:
                return NOTHING
        # https://docs.discord.com/developers/topics/permissions#implicit-permissions
        return has if has & Permission.VIEW_CHANNEL else NOTHING


@dataclass(eq=False, slots=True)
class Guild:
    """A server. `everyone` is what its @everyone role may; `unavailable`: Discord has an outage there."""

    id: int
    name: str
    world: World
    everyone: Permission = EVERYONE
    locale: str = "en-US"
    owner: User | None = None
    unavailable: bool = False
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)

    @property
    def has_bot(self) -> bool:
        return self.world.bot.id in self.members

    @property
    def bot(self) -> Member:
        """The bot's membership; its permissions are those of the role that came with the install."""
        return self.members[self.world.bot.id]

    def join(self, user: User, *, manage: bool = False, permissions: Permission = NOTHING) -> Member:
        """Let somebody in; `manage` gives Manage Server."""
        extra = Permission.MANAGE_GUILD if manage else NOTHING
        member = self.members[user.id] = Member(user, permissions | extra)
        return member

    def text(self, name: str = "papers") -> Channel:
        return self._channel(TEXT, name)

    def announcement(self, name: str = "news") -> Channel:
        return self._channel(ANNOUNCEMENT, name)

    def forum(
        self,
        name: str = "reading",
        *,
        tags: Sequence[str] = (),
        moderated: Sequence[str] = (),
        require_tag: bool = False,
    ) -> Channel:
        """Make a forum; its tags that are `moderated` come after the others."""
        forum = self._channel(FORUM, name)
        forum.tags = [Tag(self.world.old_id(), each) for each in tags]
        forum.tags += [Tag(self.world.old_id(), each, moderated=True) for each in moderated]
        forum.require_tag = require_tag
        return forum

    def thread(
        self,
        parent: Channel,
        name: str = "thread",
        *,
        private: bool = False,
        archived: bool = False,
        locked: bool = False,
        owner: User | None = None,
        id: int | None = None,  # noqa: A002
    ) -> Channel:
        public = ANNOUNCEMENT_THREAD if parent.kind == ANNOUNCEMENT else PUBLIC_THREAD
        thread = self._channel(PRIVATE_THREAD if private else public, name, id)
        thread.parent, thread.archived, thread.locked, thread.owner = parent, archived, locked, owner
        return thread

    def _channel(self, kind: int, name: str, id_: int | None = None) -> Channel:
        channel = Channel(id_ or self.world.old_id(), kind, self.world, self, name)
        self.channels[channel.id] = self.world.channels[channel.id] = channel
        return channel


@dataclass(slots=True)
class World:
    """All that is there. `ahead` is by how many seconds its clock is put forward.

    `largest_file` is how many bytes a file of an answer may have: Discord says so in each interaction.
    """

    complain: Callable[[str, str], None]
    bot: User = field(init=False)
    token: str = "MTIz.AbCd.of-the-fake"
    ahead: float = 0.0
    largest_file: int = 10 * 2**20
    users: dict[int, User] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    ephemerals: list[Message] = field(default_factory=list)
    commands: list[Json] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.bot = self.user("paperwire", bot=True)

    def now(self) -> float:
        return time.time() + self.ahead

    def new_id(self) -> int:
        """Return a snowflake of this moment, greater than any before."""
        return (int((self.now() - _EPOCH) * 1000) << 22) | next(self._ids)

    def old_id(self) -> int:
        """Return the snowflake of something that was there before; guilds' spread evenly over shards."""
        return (_LONG_AGO + next(self._ids)) << 22

    def user(self, name: str, *, dms: Dms = "open", installed: bool = False, bot: bool = False) -> User:
        if dms not in get_args(Dms):
            raise ValueError(f"dms is one of {get_args(Dms)}, not {dms!r}")
        user = User(self.old_id(), name, dms, installed=installed, bot=bot)
        self.users[user.id] = user
        return user

    def guild(self, name: str, id_: int | None = None, *, bot: bool = True, owner: User | None = None) -> Guild:
        guild = Guild(id_ or self.old_id(), name, self, owner=owner)
        self.guilds[guild.id] = guild
        if bot:
            guild.join(self.bot, permissions=ASKED)
        return guild

    def dm(self, user: User, *others: User) -> Channel:
        """Return the direct channel of the bot and a person; with `others`, a group of people without the bot."""
        wanted, kind = [user, *others], GROUP if others else DM
        for channel in self.channels.values():
            if channel.kind == kind and channel.recipients == wanted:
                return channel
        channel = Channel(self.old_id(), kind, self, recipients=wanted, name="group" if others else "")
        self.channels[channel.id] = channel
        return channel

    def stand(self, message: Message) -> None:
        """Let a message be seen where it belongs."""
        if message.ephemeral:
            self.ephemerals.append(message)
        else:
            self.messages.append(message)
            message.channel.newest = message.id

    def standing(self, channel: Channel, message: int) -> Message | None:
        return next((each for each in self.messages if each.id == message and each.channel is channel), None)
