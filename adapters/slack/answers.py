"""What comes of what people do in Slack, on each of its surfaces: messages, dialogs, the App Home, links, emoji."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from slack_sdk.errors import SlackApiError

from adapters.slack import blocks, files, reacted, typed, views
from adapters.slack.asked import Asked, Body, Pressed, error
from adapters.slack.elements import Block
from adapters.slack.rights import authorised
from bot import commands
from bot.commands import COMMANDS
from bot.config import Settings
from bot.model import Answer, Reply, UserError
from bot.ports import Ledger

SLOW = error("Slack has not opened the dialog in time. Type instead: subscribe QUERY")
_UNFURLED = 5  # papers below a message: more would be a wall


class Answers:
    """Answer on behalf of the commands, where people asked."""

    def __init__(self, answer: Answer, settings: Settings, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._answer = answer
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._reacting = asyncio.Lock()  # what one person puts and takes counts in its order

    async def look_for_similar(self, asked: Asked, message: Body) -> None:
        """Answer below with papers like what a message says."""
        text = typed.written(message).strip()
        found = error("This message has no text to go by.")
        if text:
            found = await self.reply(asked, f"similar {text}", typed=True)
        await asked.below(found)

    async def converse(self, asked: Asked, line: str) -> None:
        """Answer a line that was said, and not typed as a command."""
        reply = await self.reply(asked, line, typed=True)
        room, ts = await asked.say(asked.message(reply), private=reply.private)
        if ts:
            await reacted.remember(reply, room, ts, self._ledger, self._clock())

    async def take_reaction(self, asked: Asked, event: Body) -> None:
        """Do what an emoji stands for, and say nothing: nobody asked."""
        async with self._reacting:
            if line := await reacted.line(event, asked, self._ledger, self._clock()):
                await self.reply(asked, line)

    async def unfurl(self, asked: Asked, event: Body) -> None:
        """Show the papers that links lead to, below the message that has these."""
        found = {}
        for url in dict.fromkeys(str(link["url"]) for link in event["links"]):
            reply = await self.reply(asked, f"show {typed.line(url)}")
            if reply.cards:
                found[url] = {"blocks": blocks.unfurled(reply.cards[0])}
            if len(found) == _UNFURLED:
                break
        if found:
            # While a message is still being written, there is no channel and no ts to name.
            await asked.client.chat_unfurl(unfurl_id=event["unfurl_id"], source=event["source"], unfurls=found)

    async def pressed(self, asked: Asked, body: Body) -> None:
        """Do what a button of a message, a dialog or the App Home stands for."""
        action = body["actions"][0]
        view = body.get("view")
        if view and action["type"] == "plain_text_input":
            await self._try_out(asked, view, action.get("value") or "")
            return
        try:
            pressed = Pressed.of(action)
        except ValueError:
            await asked.below(error("This button is of an older version. Type the command anew."))
            return
        press = pressed.press
        if pressed.group == views.DIALOG:
            await asked.open(views.subscribe(), otherwise=SLOW)
        elif view:
            await self._pressed_in_view(asked, pressed, view)
        elif pressed.shown == "instead" and press.by not in ("", asked.user):
            line = f"{press.name} {press.text}".strip()
            await asked.below(error(f"Only who asked can turn these pages. To have your own, type: {line}"))
        else:
            await self._pressed_in_message(asked, pressed, body["container"])

    async def _pressed_in_message(self, asked: Asked, pressed: Pressed, container: Body) -> None:
        reply = await self.reply(asked, pressed.line, shared=pressed.shown == "share")
        if reply.error or pressed.shown == "below":
            await asked.below(replace(reply, private=True))
        elif pressed.shown == "share":
            await asked.share(reply)
        elif pressed.shown == "instead":
            await asked.instead(reply, container, by=pressed.press.by)
        else:
            await asked.open(views.reply(pressed.label, reply, asked.channel), otherwise=replace(reply, private=True))

    async def _pressed_in_view(self, asked: Asked, pressed: Pressed, view: Body) -> None:
        home, turned = view["type"] == "home", pressed.shown == "instead"
        if home and turned and pressed.press.name in views.HOME_PAGES:
            await self.publish(asked, pages={pressed.press.name: pressed.press.text})
            return
        reply = await self.reply(asked, pressed.line)
        if home and turned and not reply.error:
            await self.publish(asked, said=reply)
        elif home:
            await asked.open(views.reply(pressed.label, reply), otherwise=reply)
        elif turned:
            dialog = views.reply(view["title"]["text"], reply, asked.channel)
            await asked.client.views_update(view_id=view["id"], view=dialog)
        else:
            await self._push(asked, views.reply(pressed.label, reply, asked.channel), view)

    async def _push(self, asked: Asked, dialog: Block, view: Body) -> None:
        try:
            await asked.client.views_push(trigger_id=asked.trigger, view=dialog)
        except SlackApiError:  # three dialogs are the most that can lie on each other
            await asked.client.views_update(view_id=view["id"], view=dialog)

    async def _try_out(self, asked: Asked, view: Body, query: str) -> None:
        """Show in the dialog what a subscription would have caught."""
        line = typed.line(query)
        found = await self.reply(asked, f"preview {line}")
        # With the view's hash, an answer that comes after a newer one is refused.
        await asked.client.views_update(view_id=view["id"], hash=view["hash"], view=views.subscribe(line, found))

    async def publish(self, asked: Asked, *, pages: Mapping[str, str] | None = None, said: Reply | None = None) -> None:
        """Show a person's App Home as it is now: `pages` of its lists, and below its head what was just done."""
        lists = [await self.reply(asked, f"{name} {(pages or {}).get(name, '')}") for name in views.HOME_PAGES]
        await asked.client.views_publish(user_id=asked.user, view=views.home(*lists, said=said))

    async def reply(self, asked: Asked, line: str, *, typed: bool = False, shared: bool = False) -> Reply:
        """Answer a line that was typed, or that a button stands for: that is answered for who pressed it alone."""
        call = commands.call(line, room=asked.room, caller=asked.caller, at=self._clock())
        call = replace(call, typed=typed, shared=shared)
        try:
            if call.name in COMMANDS and COMMANDS[call.name].manages:
                call = await authorised(call, asked, self._settings)
        except UserError as raised:
            return error(str(raised))
        reply = await self._answer(call)
        return await files.sent(reply, asked, private=not shared and (reply.private or not typed))
