"""What people do in Discord, as calls; and what comes of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import discord
from discord import app_commands

from adapters.discord import failures, rights
from adapters.discord.asked import Asked, error, noted
from adapters.discord.commands import channel_of, command_of, focused_of, is_ours, options_of, text_of
from adapters.discord.pressed import Pressed
from bot import commands
from bot.commands import COMMANDS
from bot.log import log_bug
from bot.model import Answer, Call, Destination, Reply, Suggest
from bot.ports import Ledger, StoreError

_log = logging.getLogger(__name__)

_OLDER = error("This is of an older version. Type the command anew.")
_ELSEWHERE = error("That channel is not of this server. Type it in the server that the channel is in.")
_MAY_NOT_WRITE = error("You may not write in this channel, so nothing is shown to it for you.")
# Open a person's direct messages; return what to tell them if they are closed.
Confirm = Callable[[str], Awaitable[str]]


class Listener:
    """Answer what people do in Discord: `heard` is for every interaction."""

    def __init__(
        self, answer: Answer, suggest: Suggest, ledger: Ledger, clock: Callable[[], datetime], confirm: Confirm
    ) -> None:
        self._answer = answer
        self._suggest = suggest
        self._ledger = ledger
        self._clock = clock
        self._confirm = confirm

    async def heard(self, interaction: discord.Interaction[Any]) -> None:
        """Answer an interaction, of whatever kind."""
        asked = Asked(interaction, self._ledger)
        try:
            await self._heard(asked, interaction.data or {})
        except failures.FAILURES as lost:
            _log.warning("answer_lost", extra={"code": failures.why(lost), "platform": "discord"})
            if isinstance(lost, discord.NotFound):
                return  # it came too late: there is no way to them any more
            why = "The answer was lost on its way to you. Ask again."
        except StoreError as trouble:
            why = str(trouble)
        except Exception as bug:  # noqa: BLE001  # one answer must not end the conversation, nor end in silence
            found = log_bug(_log, bug, platform="discord")
            why = f"This failed, and not through what you typed. It is in the log as {found}."
        else:
            return
        with suppress(*failures.FAILURES):
            await asked.failed(why)

    async def _heard(self, asked: Asked, data: Mapping[str, Any]) -> None:
        kind = asked.interaction.type
        if kind is discord.InteractionType.autocomplete:
            await self._complete(asked, data)
        elif kind is discord.InteractionType.component:
            await self._pressed(asked, data)
        elif kind is discord.InteractionType.application_command:
            await asked.below(await asked.soon(self._commanded(asked, data)))

    async def _complete(self, asked: Asked, data: Mapping[str, Any]) -> None:
        """Offer values for what is being typed: nothing rather than too late, and nothing rather than an error."""
        choices: list[app_commands.Choice[str]] = []
        if focused := focused_of(data):
            name, typing = focused
            others = {each: value for each, value in options_of(data).items() if each != name}
            offered = await self._suggest(self._call(asked, command_of(data), others), name, typing)
            choices = [app_commands.Choice(name=each.label, value=each.value) for each in offered]
        await asked.interaction.response.autocomplete(choices)

    async def _commanded(self, asked: Asked, data: Mapping[str, Any]) -> Reply:
        if data.get("type") == discord.AppCommandType.message.value:
            text = text_of(data)
            if not text.strip():
                return error("This message has no text to go by.")
            return await self._reply(asked, self._call(asked, "similar", {"like": text}))
        if not is_ours(data):
            return _OLDER
        call = self._call(asked, command_of(data), options_of(data))
        if channel := channel_of(data):
            if not rights.is_here(channel, asked):
                return _ELSEWHERE
            call = replace(call, room=Destination("discord", asked.workspace, channel))
        reply = await self._reply(asked, call)
        # What is said of "here" is of another channel then.
        return reply if call.room == asked.room else replace(reply, about=call.room)

    async def _pressed(self, asked: Asked, data: Mapping[str, Any]) -> None:
        try:
            pressed = await asked.soon(Pressed.of(data, asked.workspace, self._ledger, self._clock(), asked.person))
        except ValueError:
            await asked.below(_OLDER)
            return
        if pressed.shown == "instead" and pressed.by not in ("", asked.user):
            await asked.below(error(f"Only who asked can turn these pages. To have your own, type: {pressed.line}"))
            return
        if pressed.shown == "share" and not asked.may_write:
            await asked.below(_MAY_NOT_WRITE)
            return
        call = replace(commands.call(pressed.line, **self._edge(asked)), shared=pressed.shown == "share")
        reply = await asked.soon(self._reply(asked, call))
        if pressed.shown == "instead" and not reply.error:
            await asked.instead(reply, by=pressed.by)
        elif pressed.shown == "share" and reply.again:
            await asked.share(reply)
        else:
            await asked.below(replace(reply, private=True))

    async def _reply(self, asked: Asked, call: Call) -> Reply:
        if call.name in COMMANDS and COMMANDS[call.name].manages:
            call = rights.authorised(call, asked)
        reply = await self._answer(call)
        if call.name == "subscribe" and not reply.error:
            # Whoever cannot be reached should know now, and not in the morning.
            return noted(reply, await self._confirm(asked.user))
        return reply

    def _call(self, asked: Asked, name: str, options: Mapping[str, str]) -> Call:
        return replace(commands.call(name, **self._edge(asked)), options=options, typed=True)

    def _edge(self, asked: Asked) -> dict[str, Any]:
        return {"room": asked.room, "caller": asked.caller, "at": self._clock()}
