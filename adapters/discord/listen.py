"""What people do in Discord, as calls; and what comes of it."""

from __future__ import annotations

import asyncio
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
from adapters.discord.commands import COMMAND, channel_of, command_of, focused_of, options_of
from adapters.discord.pressed import Pressed
from bot import commands
from bot.commands import COMMANDS
from bot.log import log_bug
from bot.model import Answer, Call, Destination, Reply, Suggest
from bot.ports import Ledger

_log = logging.getLogger(__name__)

_AT_ONCE = 0.5  # seconds: an answer that is not ready by then is put off; the first word is due within three
_OLDER = error("This is of an older version. Type the command anew.")

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
        try:
            await self._heard(interaction)
        except failures.FAILURES as lost:
            # Whoever asked sees that nothing came; there is no other way to them.
            _log.warning("answer_lost", extra={"code": failures.why(lost), "platform": "discord"})
        except Exception as bug:  # noqa: BLE001  # one answer must not end the conversation, nor end in silence
            found = log_bug(_log, bug, platform="discord")
            with suppress(*failures.FAILURES):
                await Asked(interaction, self._ledger).failed(found)

    async def _heard(self, interaction: discord.Interaction[Any]) -> None:
        asked = Asked(interaction, self._ledger)
        data: Mapping[str, Any] = interaction.data or {}
        if interaction.type is discord.InteractionType.autocomplete:
            await self._complete(asked, data)
        elif interaction.type is discord.InteractionType.component:
            await self._pressed(asked, data)
        elif interaction.type is discord.InteractionType.application_command:
            answering = asyncio.create_task(self._commanded(asked, data))
            await _soon(answering, asked)
            await asked.below(await answering)

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
            text = _written(data)
            if not text.strip():
                return error("This message has no text to go by.")
            return await self._reply(asked, self._call(asked, "similar", {"like": text}))
        if data.get("name") != COMMAND:
            return _OLDER
        call = self._call(asked, command_of(data), options_of(data))
        if channel := channel_of(data):
            call = replace(call, room=Destination("discord", asked.workspace, channel))
        reply = await self._reply(asked, call)
        # What is said of "here" is of another channel then.
        return reply if call.room == asked.room else replace(reply, about=call.room)

    async def _pressed(self, asked: Asked, data: Mapping[str, Any]) -> None:
        try:
            pressed = await Pressed.of(data, asked.workspace, self._ledger, self._clock())
        except ValueError:
            await asked.below(_OLDER)
            return
        turning = pressed.shown == "instead"
        if turning and pressed.by not in ("", asked.user):
            await asked.below(error(f"Only who asked can turn these pages. To have your own, type: {pressed.line}"))
            return
        answering = asyncio.create_task(self._reply(asked, commands.call(pressed.line, **self._edge(asked))))
        await _soon(answering, asked, turning=turning)
        reply = await answering
        if reply.error or pressed.shown in ("below", "aside"):
            await asked.below(replace(reply, private=True))
        elif turning:
            await asked.instead(reply, by=pressed.by)
        else:
            await asked.share(reply)

    async def _reply(self, asked: Asked, call: Call) -> Reply:
        if call.name in COMMANDS and COMMANDS[call.name].manages:
            call = rights.authorised(call, asked)
        reply = await self._answer(call)
        if call.name == "subscribe" and not reply.error:
            # Whoever cannot be reached should know now, and not in the morning.
            return noted(reply, await self._confirm(asked.user))
        return reply

    def _call(self, asked: Asked, name: str, options: Mapping[str, str]) -> Call:
        return replace(commands.call(name, **self._edge(asked)), options=options)

    def _edge(self, asked: Asked) -> dict[str, Any]:
        return {"room": asked.room, "caller": asked.caller, "at": self._clock()}


async def _soon(answering: asyncio.Task[Reply], asked: Asked, *, turning: bool = False) -> None:
    """Wait for an answer as long as Discord may be left without a word; then say that it takes longer."""
    try:
        await asyncio.wait({answering}, timeout=_AT_ONCE)
        if not answering.done():
            await asked.put_off(turning=turning)
    except BaseException:
        answering.cancel()
        raise


def _written(data: Mapping[str, Any]) -> str:
    """Return what the message says that a context menu was opened on: its text, and that of its embeds."""
    message = data["resolved"]["messages"][data["target_id"]]
    said = [message.get("content", "")]
    for embed in message.get("embeds", []):
        said += [embed.get("title") or "", embed.get("description") or ""]
    return "\n".join(filter(None, said))
