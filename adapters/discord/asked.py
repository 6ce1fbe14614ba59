"""Who asked, where, and the ways back to them that an interaction gives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import discord

from adapters.discord import failures, messages, pressed
from bot.model import Destination, Reply, Text
from bot.ports import Ledger

PEOPLE = "dm"
"""The workspace of people: a person is the same one in every server."""

_BELOW = Reply(Text("The answer is below, for everybody to see."), private=True)
_LIGHT = 256 * 1024  # bytes of a file that can be sent within the time that Discord waits
_AT_ONCE = 0.5  # seconds: an answer that is not ready by then is put off; the first word is due within three
_ALREADY_ANSWERED = 40060

_Done = TypeVar("_Done")


class Asked:
    """An interaction and its answers: the first within three seconds, others for fifteen minutes.

    https://docs.discord.com/developers/interactions/receiving-and-responding
    """

    def __init__(self, interaction: discord.Interaction[Any], ledger: Ledger) -> None:
        self.interaction = interaction
        self.user = str(interaction.user.id)
        self._ledger = ledger
        self._turns = pressed.shown(interaction.data or {}) == "instead"
        self._begun = False
        self._put_off = False

    @property
    def workspace(self) -> str:
        return str(self.interaction.guild_id or PEOPLE)

    @property
    def person(self) -> str:
        """Whose an entry of the ledger is that is of who asked."""
        return f"{PEOPLE}/@{self.user}"

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
        return Destination("discord", self.workspace, str(self._forum or self.interaction.channel_id))

    @property
    def _forum(self) -> int | None:
        """The forum that is asked in: each delivery there is a post of its own, in which people speak of the forum's.

        A post that somebody else has opened is a room like any other thread.
        """
        place, me = self.interaction.channel, self.interaction.client.user
        if not isinstance(place, discord.Thread) or me is None or place.owner_id != me.id:
            return None
        return place.parent_id if isinstance(place.parent, discord.ForumChannel) else None

    @property
    def may_write(self) -> bool:
        """Say whether who asked may write here themselves: else nothing of theirs is shown to everybody."""
        if self.interaction.guild_id is None:
            return True
        may = self.interaction.permissions
        in_thread = isinstance(self.interaction.channel, discord.Thread)
        return may.send_messages_in_threads if in_thread else may.send_messages

    @property
    def is_open(self) -> bool:
        """Say whether an answer can be for everybody: what one has brought along to a place, one has for oneself."""
        return self.is_alone or (self.interaction.is_guild_integration() and self.may_write)

    async def soon(self, work: Coroutine[Any, Any, _Done]) -> _Done:
        """Do what an answer needs; should it take longer than Discord may be left without a word, say that."""
        if self._begun:
            return await work
        working = asyncio.create_task(work)
        try:
            await asyncio.wait({working}, timeout=_AT_ONCE)
            if not working.done():
                await self._put_answer_off()
            return await working
        except BaseException:
            working.cancel()
            raise

    async def below(self, reply: Reply) -> None:
        """Answer below what was asked or pressed; a private reply for the eyes of who asked alone."""
        private = reply.private or not self.is_open
        said = await self._message(reply, share=private and not self.is_alone, own=private)
        if not self._put_off:
            await self._say(said, private=private)
        elif private or self.is_alone:
            await self._edit(said)
        else:
            # What was put off for who asked alone stays theirs alone.
            await self._edit(messages.message(_BELOW))
            await self._say(said, private=False)

    async def instead(self, reply: Reply, *, by: str) -> None:
        """Put an answer in the place of the message whose button was pressed; `by` can turn its pages."""
        there = self.interaction.message
        own = there is not None and there.flags.ephemeral
        said = await self._message(reply, by=by, share=own and not self.is_alone, own=own)
        if self._begun:
            await self._edit(said)
        else:
            await self._begin(lambda: self.interaction.response.edit_message(**_edited(said)))

    async def share(self, reply: Reply) -> None:
        """Show an answer to everybody in the channel, and say who wanted that."""
        said = await self._message(reply, note=f"shared by {self.interaction.user.display_name}")
        if self._put_off:
            await self._edit(messages.message(_BELOW))
        await self._say(said, private=False)

    async def failed(self, why: str) -> None:
        """Say why there is no answer: to who types on, by offering nothing."""
        if self.interaction.type is discord.InteractionType.autocomplete:
            await self.interaction.response.autocomplete([])
        else:
            await self.below(error(why))

    async def _message(
        self, reply: Reply, *, by: str = "", note: str = "", share: bool = False, own: bool = False
    ) -> messages.Message:
        share = share and self.may_write
        largest = self.interaction.filesize_limit
        said = messages.message(reply, by=by or self.user, note=note, share=share, largest=largest)
        if said.lines:
            whose = self.person if own or self.is_alone else self.workspace
            await self.soon(pressed.remember(said.lines, whose, self._ledger, self.interaction.created_at))
        if said.file and len(said.file.content) > _LIGHT and not self._begun:
            await self._put_answer_off()
        return said

    async def _put_answer_off(self) -> None:
        """Say that the answer takes longer: to who asked alone, or, where a page is turned, by the page itself."""
        if self._turns:
            await self._begin(self.interaction.response.defer)
        else:
            await self._begin(partial(self.interaction.response.defer, thinking=True, ephemeral=True))
            self._put_off = True

    async def _say(self, said: messages.Message, *, private: bool) -> None:
        if self._begun:
            await self.interaction.followup.send(**_new(said, private=private))
        else:
            await self._begin(lambda: self.interaction.response.send_message(**_new(said, private=private)))

    async def _begin(self, answer: _Step) -> None:
        """Give the first answer. Discord takes only one: where that of an earlier try stands, all is well."""
        try:
            await _repeated(answer)
        except discord.HTTPException as refused:
            if refused.code != _ALREADY_ANSWERED:
                raise
        self._begun = True

    async def _edit(self, said: messages.Message) -> None:
        await _repeated(lambda: self.interaction.edit_original_response(**_edited(said)))


def error(text: str) -> Reply:
    return Reply(Text(text), error=text, private=True)


def noted(reply: Reply, note: str) -> Reply:
    """Return a reply with a line more below it."""
    return replace(reply, note=Text("\n".join(filter(None, [str(reply.note), note]))))


def _new(said: messages.Message, *, private: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"content": said.content, "embeds": said.embeds, "ephemeral": private}
    if view := said.view():
        content["view"] = view
    return content | ({"files": said.upload()} if said.file else {})


def _edited(said: messages.Message) -> dict[str, Any]:
    return {"content": said.content, "embeds": said.embeds, "view": said.view(), "attachments": said.upload()}


_Step = Callable[[], Awaitable[object]]


async def _repeated(step: _Step) -> None:
    """Do what does no harm when done twice, and do it again where no answer came."""
    try:
        await step()
    except failures.FAILURES as lost:
        if isinstance(lost, discord.HTTPException | discord.RateLimited):
            raise
        await step()
