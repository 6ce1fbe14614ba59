"""What people do in the fake Discord: each goes to the product as an interaction, and comes back as its answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes import discord_people
from tests.fakes.discord_interactions import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT, Answered, Interaction
from tests.fakes.discord_messages import Json, Message
from tests.fakes.discord_state import Channel, User

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord


@dataclass(frozen=True, slots=True)
class People:
    fake: FakeDiscord

    async def slash(self, user: User, channel: Channel, command: str, /, **options: Any) -> Answered:
        """Give a slash command: a subcommand ("search") of whichever root has it, or a root's ("root sub").

        Options go by name and are typed as they are declared; a channel option takes a Channel, one with choices the
        label or the value of one. LookupError says what Discord's app would not let a person send.
        """
        root, path = self._spell(command)
        found = discord_people.offered(self.fake.commands, 1, root, channel, user)
        return await self._ask(COMMAND, user, channel, discord_people.command_data(found, path, options, user))

    async def autocomplete(
        self, user: User, channel: Channel, command: str, option: str, typed: str, /, **others: Any
    ) -> list[tuple[str, Any]]:
        """Type into an option, and return what is offered for it: what people read, and what it stands for."""
        root, path = self._spell(command)
        found = discord_people.offered(self.fake.commands, 1, root, channel, user)
        data = discord_people.command_data(found, path, {**others, option: typed}, user, focus=option)
        return (await self._ask(AUTOCOMPLETE, user, channel, data)).choices

    async def context_menu(self, user: User, channel: Channel, name: str, target: Message | User | str) -> Answered:
        """Choose a command in the menu of a message or a user; a text stands for a message of somebody's there."""
        target = self.fake.say(self.fake.ben, channel, target) if isinstance(target, str) else target
        found = discord_people.offered(self.fake.commands, 3 if isinstance(target, Message) else 2, name, channel, user)
        return await self._ask(COMMAND, user, channel, discord_people.menu_data(found, target, channel))

    async def press(self, user: User, message: Message, label: str, *, nth: int = 0) -> Answered:
        """Press a button by its label; `nth` tells which, where several have the same."""
        data = discord_people.button_data(message, label, nth)
        return await self._ask(COMPONENT, user, message.channel, data, message)

    async def choose(self, user: User, message: Message, select: str, *labels: str) -> Answered:
        """Choose options by their labels in a select, which goes by its placeholder or custom_id."""
        data = discord_people.select_data(message, select, labels)
        return await self._ask(COMPONENT, user, message.channel, data, message)

    async def submit(self, answered: Answered, **values: str) -> Answered:
        """Send the modal that was an answer, with values by the labels of its inputs."""
        asked = answered.interaction
        data = discord_people.modal_data(answered.modal, values)
        return await self._ask(SUBMIT, asked.user, asked.channel, data, asked.source, asked)

    def _spell(self, command: str) -> tuple[str, list[str]]:
        words = command.split()
        roots = {each["name"]: each for each in self.fake.commands if each["type"] == 1}
        if words[0] in roots:
            return words[0], words[1:]
        having = (
            name for name, each in roots.items() if any(one["name"] == words[0] for one in each.get("options", []))
        )
        return next(having, "papers"), words

    async def _ask(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        source: Message | None = None,
        opener: Interaction | None = None,
    ) -> Answered:
        if channel.guild is not None and user.id not in channel.guild.members:
            raise LookupError(f"{user.name} is not in {channel.guild.name!r}: guild.join(user)")
        if source is not None and (source.deleted or source.to not in (None, user)):
            raise LookupError(f"{user.name} does not see that message")
        owners = discord_people.owners(channel, user)
        asked = Interaction(self.fake.world.new_id(), kind, user, channel, self.fake.now(), source)
        asked.owners, asked.opener, asked.typing = owners, opener, discord_people.typing(data)
        self.fake.interactions[asked.token] = asked
        data = discord_people.event(self.fake.world, asked, data, owners)
        await self.fake.gateway.dispatch(
            "INTERACTION_CREATE", data, guild_id=channel.guild.id if channel.guild else None
        )
        # A connection may have been waited for.
        asked.at = self.fake.now()
        try:
            await asyncio.wait_for(asked.answered.wait(), self.fake.callback_limit)
        except TimeoutError:
            self.fake.complain("interaction", f"{data['data']} was not answered within {self.fake.callback_limit:g} s")
        return Answered(self.fake, asked)
