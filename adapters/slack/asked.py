"""Who asked, where, and the ways back to them that Slack gives: each is tried in turn until one takes the answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack import blocks, failures
from adapters.slack.elements import Block
from adapters.slack.parts import Press
from bot.model import Destination, Reply, Text

_log = logging.getLogger(__name__)

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of its sender. What Slack did not give is ""."""

    team: str
    user: str
    name: str
    client: AsyncWebClient
    channel: str = ""
    thread: str = ""
    url: str = ""  # response_url: five times, for half an hour
    trigger: str = ""  # trigger_id: one dialog, within three seconds

    @classmethod
    def of(cls, body: Body, context: AsyncBoltContext) -> Self:
        """Read it off a request, of whatever kind."""
        user = body["user"] if isinstance(body.get("user"), dict) else {}
        return cls(
            context.team_id or context.enterprise_id or "",
            context.user_id or "",
            body.get("user_name") or user.get("username") or user.get("name") or "",
            context.client,
            context.channel_id or body.get("view", {}).get("private_metadata") or "",
            body.get("container", {}).get("thread_ts") or body.get("message", {}).get("thread_ts") or "",
            body.get("response_url") or "",
            body.get("trigger_id") or "",
        )

    @property
    def caller(self) -> Destination:
        return Destination("slack", self.team, f"@{self.user}")

    @property
    def is_alone(self) -> bool:
        """Say whether nobody else reads along: in a direct message, the App Home, and dialogs of these."""
        return self.channel[:1] in ("", "D")

    @property
    def room(self) -> Destination:
        return self.caller if self.is_alone else Destination("slack", self.team, self.channel)

    def message(self, reply: Reply, *, by: str = "", share: bool = True) -> blocks.Message:
        """Return a reply as a message for where it was asked; where others read along it can be shared."""
        share = share and reply.private and not self.is_alone
        return blocks.message(reply, by=by or self.user, share=share)

    def payload(self, reply: Reply) -> dict[str, Any]:
        """Return a reply as an acknowledgement or a response_url takes it; a private one is for who asked alone."""
        return {"response_type": "ephemeral" if reply.private else "in_channel", **_body(self.message(reply))}

    async def below(self, reply: Reply) -> None:
        """Answer below what was asked or pressed."""
        payload = self.payload(reply)
        if not await self._respond(payload | {"replace_original": False}):
            await self.say(self.message(reply), private=reply.private)

    async def instead(self, reply: Reply, container: Body, *, by: str) -> None:
        """Put an answer in the place of the message whose button was pressed; `by` can turn its pages."""
        private = bool(container.get("is_ephemeral"))
        said = self.message(reply, by=by, share=private)
        if await self._respond(_body(said) | {"replace_original": True}):
            return
        if private:
            await self.say(said, private=True)
        else:
            await self.client.chat_update(
                channel=self.channel, ts=container["message_ts"], text=said.text, blocks=said.blocks
            )

    async def share(self, reply: Reply) -> None:
        """Show an answer to everybody in the channel, and say who wanted that."""
        said = blocks.message(reply, by=self.user, note=f"shared by {self.name}" if self.name else "")
        if not await self._respond(_body(said) | {"response_type": "in_channel", "replace_original": False}):
            await self.say(said, private=False)

    async def say(self, said: blocks.Message, *, private: bool) -> tuple[Destination, str]:
        """Post a message: to all in the room, or, where others read along, for the eyes of who asked alone.

        Where we are not in the room, and so can post nothing there, it goes to who asked directly. Return where it
        stands, and its ts, "" where nobody can react to it.
        """
        room: dict[str, Any] = {"channel": self.channel or self.user, "thread_ts": self.thread or None}
        content: dict[str, Any] = {"text": said.text, "blocks": said.blocks}
        try:
            if private and not self.is_alone:
                await self.client.chat_postEphemeral(user=self.user, **room, **content)
                return self.caller, ""
            answer = await self.client.chat_postMessage(unfurl_links=False, unfurl_media=False, **room, **content)
        except SlackApiError as refusal:
            if room["channel"] == self.user or failures.code(refusal) not in failures.GONE:
                raise
            content |= {"unfurl_links": False, "unfurl_media": False}
            answer = await self.client.chat_postMessage(channel=self.user, **content)
            return self.caller, str(answer["ts"])
        return self.room, str(answer["ts"])

    async def open(self, view: Block, *, otherwise: Reply) -> None:
        """Open a dialog; where Slack does not let it, because that took too long, give another answer below."""
        try:
            await self.client.views_open(trigger_id=self.trigger, view=view)
        except SlackApiError as error:
            _log.info("dialog_refused", extra={"code": failures.why(error), "platform": "slack"})
            await self.below(otherwise)

    async def _respond(self, payload: dict[str, Any]) -> bool:
        """Answer through the response_url; return whether Slack took it, which only the status says."""
        if not self.url:
            return False
        thread = {"thread_ts": self.thread} if self.thread else {}
        webhook = AsyncWebhookClient(self.url, session=self.client.session, retry_handlers=[])
        try:
            return (await webhook.send_dict(payload | thread)).status_code == 200
        except failures.FAILURES:
            # It may have arrived. Answered twice is better than not at all: the answer changes nothing.
            return False


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours that was pressed: what stands on it, where its answer goes, its group, what it stands for."""

    label: str
    shown: str
    group: str
    press: Press

    @classmethod
    def of(cls, action: Body) -> Self:
        """Read it off an action. Raise ValueError where it is of an older version, or none of ours."""
        shown, group, _ = action["action_id"].split(":")
        press = Press.load(action.get("value") or "")
        return cls(action["text"]["text"], shown, group, press)

    @property
    def line(self) -> str:
        return f"{self.press.name} {self.press.text}"


def error(text: str) -> Reply:
    return Reply(Text(text), error=text, private=True)


def _body(said: blocks.Message) -> dict[str, Any]:
    return {"text": said.text, "blocks": list(said.blocks), "unfurl_links": False, "unfurl_media": False}
