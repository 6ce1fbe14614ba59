"""A Discord on loopback that keeps Discord's rules: what Discord would refuse, it refuses, and the test fails.

    async with FakeDiscord() as fake:  # the guild `home` with the channel `papers`, `ada` (she can manage), `ben`
        settings = Settings(discord_api=fake.api, discord_token=fake.token)
        ...                            # start the product
        await fake.connected()
        answered = await fake.slash(fake.ada, fake.papers, "search", query="diffusion")
        page = await answered.final()           # the Message, once it is there
        await fake.press(fake.ada, page, "Next")

Every outgoing payload goes through `discord_limits.problems` and, where it is at hand, Discord's own description of its
API; every message is searched for live mentions and links to hosts that are not in `hosts` (`on_purpose`: texts that
may be live). What is found is answered with Discord's error and kept in `problems`: leaving the context raises
AssertionError with all of them. `expect(part)` says that a test wants one. To measure without what that takes, there is
`FakeDiscord(judging=False)`.

- The world: `guild(name)`, then `.text()`, `.announcement()`, `.forum(tags=, moderated=, require_tag=)`,
  `.thread(parent)`, `.join(user, manage=)`; `user(name, dms=, installed=)`, `world.dm(user)`; for the bot
  `channel.allow/deny(Permission)`; `guild.everyone`; `application` (what GET /applications/@me says differently),
  `register(commands)`; `ahead` (seconds the clock is put forward), `callback_limit`.
- What happened: `messages` (what stands in channels), `ephemerals`, `requests`, `invalid` (requests that Discord counts
  against the address), `commands`, `puts` (of commands), `opened` (DMs). `until(condition)` waits for any of it.
- People: `slash`, `autocomplete`, `context_menu`, `press`, `choose`, `submit`, `say`. Each returns an `Answered`.
- Servers: `added_to`, `removed_from`, `outage`, `restored`, `delete(channel)`, `remove(message)`. `gateway` is the
  `FakeGateway`, with the faults that its lines have.
- Limits: `limits.pace` (requests, seconds; `PACE` is Discord's for messages), `limits.everywhere` (a second, in all).
- Faults: `fail(method, path, *faults)` with `refused`, `limited`, `broken`, `dropped`, `reset`, `silent`, `truncated`
  (and `fine` between them); the path is below /api/v10, with `*` for one part of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes import discord_payloads
from tests.fakes.discord_asking import People
from tests.fakes.discord_faults import dropped, limited, pattern, refused, reset
from tests.fakes.discord_gateway import FakeGateway
from tests.fakes.discord_http import Request, RestApi
from tests.fakes.discord_interactions import Answered, Interaction
from tests.fakes.discord_messages import Json, Message
from tests.fakes.discord_permissions import ASKED, Permission
from tests.fakes.discord_rest import Nonces
from tests.fakes.discord_state import Channel, Dms, Guild, User, World
from tests.fakes.faults import Fault, broken, fine, silent, truncated
from tests.fakes.hosts import HOSTS
from tests.fakes.problems import Problems
from tests.fakes.waiting import until

__all__ = ["PACE", "Answered", "Channel", "FakeDiscord", "Guild", "Message", "Permission", "Request", "User"]
__all__ += ["Fault", "broken", "dropped", "fine", "limited", "refused", "reset", "silent", "truncated"]

# What Discord was seen to allow for the messages of a channel.
PACE = (5, 5.0)


class FakeDiscord:
    """See the module."""

    def __init__(self, *, judging: bool = True) -> None:
        self.judging = judging
        self._problems = Problems("Discord")
        self.problems = self._problems.found
        self.complain, self.expect, self.check = self._problems.complain, self._problems.expect, self._problems.check
        self.hosts: set[str] = set(HOSTS)
        self.on_purpose: set[str] = set()
        self.application: Json = {}
        self.callback_limit = 3.0
        self.puts = 0
        self.opened: list[User] = []
        self.nonces = Nonces()
        self.interactions: dict[str, Interaction] = {}
        self.rest = RestApi(self)
        self.limits = self.rest.limits
        self.requests = self.rest.requests

        self.world = World(self.complain)
        self.messages = self.world.messages
        self.ephemerals = self.world.ephemerals
        self.ada = self.user("ada")
        self.ben = self.user("ben")
        self.home = self.guild("Lab")
        self.home.join(self.ada, manage=True)
        self.home.join(self.ben)
        self.papers = self.home.text("papers")
        self.gateway = FakeGateway(
            ready=self._ready, guilds=self._guilds, token=lambda: self.token, url=lambda: self.gateway_url
        )
        self.gateway.problems = self.problems

        people = People(self)
        self.slash = people.slash
        self.autocomplete = people.autocomplete
        self.context_menu = people.context_menu
        self.press = people.press
        self.choose = people.choose
        self.submit = people.submit

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=26 * 2**20)
        app.router.add_route("*", "/api/v10/{path:.*}", self.rest.serve)
        app.router.add_get("/gateway", self.gateway.handle)
        # discord.py asks for the address with a slash at its end.
        app.router.add_get("/gateway/", self.gateway.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._host = f"127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rest.closing.set()
        await self.gateway.stop()
        await self._runner.cleanup()
        self._problems.end(error)

    @property
    def api(self) -> str:
        """The base URL of the REST API, no slash at its end."""
        return f"http://{self._host}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://{self._host}/gateway"

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def commands(self) -> list[Json]:
        """The application commands that are registered."""
        return self.world.commands

    @property
    def invalid(self) -> list[Request]:
        """The requests that Discord counts against the address."""
        return [each for each in self.requests if each.is_invalid]

    @property
    def ahead(self) -> float:
        """By how many seconds the clock is put forward."""
        return self.world.ahead

    @ahead.setter
    def ahead(self, seconds: float) -> None:
        self.world.ahead = seconds

    def now(self) -> float:
        return self.world.now()

    # The world

    def guild(
        self,
        name: str = "Server",
        *,
        id: int | None = None,  # noqa: A002
        bot: bool = True,
        owner: User | None = None,
    ) -> Guild:
        """Make a server; `bot` tells whether the bot is in it. One that is joined later is `added_to`."""
        return self.world.guild(name, id, bot=bot, owner=owner)

    def user(self, name: str, *, dms: Dms = "open", installed: bool = False) -> User:
        """Make a person; `installed` gives them the app wherever they go."""
        return self.world.user(name, dms=dms, installed=installed)

    def register(self, commands: Sequence[Json]) -> list[Json]:
        """Put the application's commands, those of the same name and type under the id that they have."""
        kept = {(each["type"], each["name"]): each for each in self.commands}
        new: list[Json] = []
        for each in commands:
            old = kept.get((each.get("type", 1), each["name"]), {})
            command = {
                "type": 1,
                "description": "",
                "default_member_permissions": None,
                "nsfw": False,
                **each,
                "id": old.get("id") or str(self.world.new_id()),
                "application_id": str(self.world.bot.id),
            }
            same = old and {**old, "version": ""} == {**command, "version": ""}
            new.append(command | {"version": old["version"] if same else str(self.world.new_id())})
        self.commands[:] = new
        return new

    def say(self, user: User, channel: Channel, text: str) -> Message:
        """Let a person write in a channel; without the intent for messages the product does not hear of it."""
        message = Message(self.world.new_id(), channel, user, text)
        self.world.stand(message)
        return message

    def remove(self, message: Message) -> None:
        """Delete a message, as a moderator does."""
        message.deleted = True
        kept = self.ephemerals if message.ephemeral else self.messages
        if message in kept:
            kept.remove(message)

    def fail(self, method: str, path: str, *faults: Fault, forever: bool = False) -> None:
        """Let the next requests go wrong, one fault each; `forever`: each one from now on, until `mend`."""
        if forever:
            self.rest.lasting.append((method, pattern(path), faults[0]))
        else:
            self.rest.faults.append((method, pattern(path), deque(faults)))

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self.rest.faults.clear()
        self.rest.lasting.clear()

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> Any:
        """Wait for a condition and return what it gave; AssertionError where it does not come true in time."""
        return await until(
            condition,
            seconds,
            lambda: f"the last requests: {[(each.method, each.path, each.status) for each in self.requests[-20:]]}",
        )

    # Servers

    async def connected(self, shards: int = 1) -> None:
        """Wait until so many shards have their sessions and guilds."""
        await self.gateway.connected(shards)

    async def added_to(self, guild: Guild) -> None:
        """Let the bot join a server."""
        guild.join(self.world.bot, permissions=ASKED)
        await self.gateway.dispatch("GUILD_CREATE", discord_payloads.guild(guild), guild_id=guild.id)

    async def removed_from(self, guild: Guild) -> None:
        """Let the bot be thrown out of a server."""
        del guild.members[self.world.bot.id]
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id)

    async def outage(self, guild: Guild) -> None:
        """Let a server be unavailable: the bot is still in it."""
        guild.unavailable = True
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild_id=guild.id)

    async def restored(self, guild: Guild) -> None:
        """Let an outage end."""
        guild.unavailable = False
        data = discord_payloads.guild(guild) | {"unavailable": False}
        await self.gateway.dispatch("GUILD_CREATE", data, guild_id=guild.id)

    async def delete(self, channel: Channel) -> None:
        """Let a channel or thread be deleted, with the threads in it, and the product hear of it."""
        for each in self.world.channels.values():
            each.deleted = each.deleted or channel in (each, each.parent)
        self.messages[:] = [each for each in self.messages if not each.channel.deleted]
        kind = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        guild = channel.guild.id if channel.guild else None
        await self.gateway.dispatch(kind, discord_payloads.channel(channel), guild_id=guild)

    # What the gateway tells

    def _ready(self, shard: int, shards: int) -> Json:
        bot = discord_payloads.user(self.world.bot) | {"verified": True, "mfa_enabled": False}
        return {"user": bot, "application": {"id": str(self.world.bot.id), "flags": 0}}

    def _guilds(self, shard: int, shards: int) -> list[Json]:
        here = [each for each in self.world.guilds.values() if each.has_bot and (each.id >> 22) % shards == shard]
        return [
            {"id": str(each.id), "unavailable": True} if each.unavailable else discord_payloads.guild(each)
            for each in here
        ]
