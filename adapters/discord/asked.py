"""Who asked, where, and the ways back to them that an interaction gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord

from adapters.discord import messages, pressed
from bot.model import Destination, Reply, Text
from bot.ports import Ledger

PEOPLE = "dm"
"""The workspace of people: a person is the same one in every server."""

_BELOW = Reply(Text("The answer is below, for everybody to see."), private=True)


class Asked:
    """An interaction and its answers: the first within three seconds, others for fifteen minutes.

    https://docs.discord.com/developers/interactions/receiving-and-responding
    """

    def __init__(self, interaction: discord.Interaction[Any], ledger: Ledger) -> None:
        self.interaction = interaction
        self.user = str(interaction.user.id)
        self._ledger = ledger
        self._put_off = False

    @property
    def workspace(self) -> str:
        return str(self.interaction.guild_id or PEOPLE)

    @property
    def caller(self) -> Destination:
        return Destination("discord", PEOPLE, f"@{self.user}")

    @property
    def is_alone(self) -> bool:
        """Say whether nobody else reads along: in a direct message with the bot."""
        return self.interaction.guild_id is None and not self.interaction.context.private_channel

    @property
    def room(self) -> Destination:
        if self.is_alone:
            return self.caller
        return Destination("discord", self.workspace, str(self.interaction.channel_id))

    async def put_off(self, *, turning: bool = False) -> None:
        """Say that the answer takes longer: to who asked alone, or, where a page is turned, by the page itself."""
        if turning:
            await self.interaction.response.defer()
        else:
            await self.interaction.response.defer(thinking=True, ephemeral=True)
            self._put_off = True

    async def below(self, reply: Reply) -> None:
        """Answer below what was asked or pressed; a private reply for the eyes of who asked alone."""
        said = await self._message(reply, share=reply.private and not self.is_alone)
        if not self._put_off:
            await self._say(said, private=reply.private)
        elif reply.private or self.is_alone:
            await self.interaction.edit_original_response(**_edited(said))
        else:
            # What was put off for who asked alone stays theirs alone.
            await self.interaction.edit_original_response(**_edited(messages.message(_BELOW)))
            await self._say(said, private=False)

    async def instead(self, reply: Reply, *, by: str) -> None:
        """Put an answer in the place of the message whose button was pressed; `by` can turn its pages."""
        there = self.interaction.message
        share = there is not None and there.flags.ephemeral and not self.is_alone
        said = await self._message(reply, by=by, share=share)
        if self.interaction.response.is_done():
            await self.interaction.edit_original_response(**_edited(said))
        else:
            await self.interaction.response.edit_message(**_edited(said))

    async def share(self, reply: Reply) -> None:
        """Show an answer to everybody in the channel, and say who wanted that."""
        said = await self._message(reply, note=f"shared by {self.interaction.user.display_name}")
        if self._put_off:
            await self.interaction.edit_original_response(**_edited(messages.message(_BELOW)))
        await self._say(said, private=False)

    async def failed(self, found: str) -> None:
        """Say that an answer failed through a bug, by the id that finds it in the log."""
        if self.interaction.type is discord.InteractionType.autocomplete:
            await self.interaction.response.autocomplete([])
        else:
            said = f"This failed, and not through what you typed. It is in the log as {found}."
            await self._say(messages.message(error(said)), private=True)

    async def _message(self, reply: Reply, *, by: str = "", note: str = "", share: bool = False) -> messages.Message:
        said = messages.message(reply, by=by or self.user, note=note, share=share)
        await pressed.remember(said.lines, self.workspace, self._ledger, self.interaction.created_at)
        return said

    async def _say(self, said: messages.Message, *, private: bool) -> None:
        content: dict[str, Any] = {"content": said.content, "embeds": said.embeds, "ephemeral": private}
        if view := said.view():
            content["view"] = view
        if self.interaction.response.is_done():
            await self.interaction.followup.send(**content)
        else:
            await self.interaction.response.send_message(**content)


def error(text: str) -> Reply:
    return Reply(Text(text), error=text, private=True)


def noted(reply: Reply, note: str) -> Reply:
    """Return a reply with a line more below it."""
    return replace(reply, note=Text("\n".join(filter(None, [str(reply.note), note]))))


def _edited(said: messages.Message) -> dict[str, Any]:
    return {"content": said.content, "embeds": said.embeds, "view": said.view()}
