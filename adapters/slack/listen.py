"""What people do in Slack, each acknowledged in time; what comes of it is for `answers`.

Bolt runs with `process_before_response`, and what takes time runs in tasks of ours: its own way of waiting for an
acknowledgement sleeps 10 ms at a time, and its lazy listeners copy what cannot be copied.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import failures, typed, views
from adapters.slack.answers import SLOW, Answers
from adapters.slack.asked import Asked, Body
from adapters.slack.manifest import COMMAND
from adapters.slack.prose import here
from adapters.slack.workspaces import Workspaces
from bot.config import Settings
from bot.log import log_bug
from bot.model import Answer, Reply, Text
from bot.ports import Ledger

_log = logging.getLogger(__name__)

_IN_ACK = 0.5  # seconds: an answer that is ready by then goes with the acknowledgement, which is due within three
_IN_DIALOG = 2.0
_EVENTS_REMEMBERED = timedelta(hours=1)  # Slack repeats an event for six minutes
_FINISH_WITHIN = 3.0
_ANY = re.compile("")
_OVERTAKEN = ("not_found", "hash_conflict")  # the dialog has been closed meanwhile, or has a newer answer
# The subtypes of what people say: as it is, with a file, from a thread.
_SAID = (None, "file_share", "thread_broadcast")


class Listener:
    """Answer what people do in Slack, until it is closed."""

    def __init__(
        self,
        answer: Answer,
        workspaces: Workspaces,
        settings: Settings,
        ledger: Ledger,
        clock: Callable[[], datetime],
    ) -> None:
        self._answers = Answers(answer, settings, ledger, clock)
        self._workspaces = workspaces
        self._ledger = ledger
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()

    def app(self, client: AsyncWebClient) -> AsyncApp:
        """Return the Bolt app that listens: one listener for each kind of thing that people can do."""
        app = AsyncApp(
            name="paperwire",
            client=client,
            authorize=self._workspaces.authorize,
            process_before_response=True,
            # What reaches it came through a socket that we opened, or through the guard of the web server.
            request_verification_enabled=False,
            user_facing_authorize_error_message="Paperwire is not installed in this workspace any more.",
        )
        app.command(_ANY)(self._command)
        app.action(_ANY)(self._action)
        app.shortcut(_ANY)(self._shortcut)
        app.view(_ANY)(self._submission)
        app.event("app_mention")(self._message)
        app.event("message")(self._message)
        app.event("app_home_opened")(self._home_opened)
        app.event("link_shared")(self._links)
        app.event("reaction_added")(self._reacted)
        app.event("reaction_removed")(self._reacted)
        app.event("app_uninstalled")(self._uninstalled)
        app.event("tokens_revoked")(self._uninstalled)
        app.event(_ANY)(_ignore)
        app.error(_failed)
        return app

    async def close(self) -> None:
        """Let the answers that are on their way arrive."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_FINISH_WITHIN)
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What people do. Each is acknowledged within three seconds, whatever comes of it.

    async def _command(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        asked = Asked.of(body, context)
        line = typed.line(body.get("text") or "", command=COMMAND)
        if line.lower() == "subscribe":
            await ack()
            self._spawn(asked.open(views.subscribe(), otherwise=SLOW))
            return
        answering = self._spawn(self._answers.reply(asked, line, typed=True))
        await asyncio.wait({answering}, timeout=_IN_ACK)
        if answering.done():
            await ack(**asked.payload(answering.result()))
        else:
            await ack()
            self._spawn(_answer_later(answering, asked))

    async def _action(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        self._spawn(self._answers.pressed(Asked.of(body, context), body))

    async def _shortcut(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        asked = Asked.of(body, context)
        if body["type"] == "message_action":
            # The answer is about the message, and for who asked: beside the message, not in its thread.
            self._spawn(self._answers.look_for_similar(replace(asked, thread=""), body["message"]))
        else:
            self._spawn(asked.open(views.subscribe(), otherwise=SLOW))

    async def _submission(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        view = body["view"]
        if view["callback_id"] != views.SUBSCRIBE:
            await ack()
            return
        asked = Asked.of(body, context)
        answering = self._spawn(self._answers.reply(asked, f"subscribe {typed.line(views.query_of(view))}", typed=True))
        await asyncio.wait({answering}, timeout=_IN_DIALOG)
        if not answering.done():
            await ack(response_action="update", view=views.reply("Subscribe", Reply(Text("One moment …"))))
            self._spawn(_update_later(answering, asked, view["id"]))
        elif complaint := answering.result().error:
            await ack(response_action="errors", errors={views.QUERY: Text(here(complaint)).clip(500).plain})
        else:
            await ack(response_action="update", view=views.reply("Subscribed", answering.result()))

    async def _message(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        event = body["event"]
        direct = event.get("channel_type") == "im"
        # A message to the bot in a channel comes as a mention; edits, joins and other bots' words are no questions.
        said_by_a_person = event.get("user") and not event.get("bot_id") and event.get("subtype") in _SAID
        if not said_by_a_person or (event["type"] == "message" and not direct):
            return
        thread = event.get("thread_ts") or ("" if direct else event["ts"])
        asked = replace(Asked.of(body, context), thread=thread)
        line = typed.line(event.get("text") or "", bot=context.bot_user_id or "", command=COMMAND)
        self._spawn(self._once(body, self._answers.converse(asked, line)))

    async def _home_opened(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        if body["event"].get("tab") == "home":
            self._spawn(self._answers.publish(replace(Asked.of(body, context), channel="")))

    async def _links(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        if body["event"].get("user") != context.bot_user_id:  # what we post says all of it already
            self._spawn(self._once(body, self._answers.unfurl(Asked.of(body, context), body["event"])))

    async def _reacted(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        self._spawn(self._once(body, self._answers.take_reaction(Asked.of(body, context), body["event"])))

    async def _uninstalled(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        event = body["event"]
        # Tokens of people are no tokens of ours.
        if event["type"] == "app_uninstalled" or event.get("tokens", {}).get("bot"):
            await self._workspaces.uninstalled(
                body.get("team_id"),
                body.get("enterprise_id"),
                event["type"],
                datetime.fromtimestamp(body["event_time"], UTC),
                org_wide=bool(context.is_enterprise_install),
            )
        await ack()

    async def _once(self, body: Body, work: Coroutine[Any, Any, None]) -> None:
        """Do what an event asks for, unless it has been done: Slack repeats what it has no acknowledgement of."""
        now = self._clock()
        event = f"{body.get('team_id')}/{body.get('event_id')}"
        if await self._ledger.add("event", event, until=now + _EVENTS_REMEMBERED, now=now):
            await work
        else:
            work.close()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        raised = None if task.cancelled() else task.exception()
        if isinstance(raised, SlackApiError) and failures.code(raised) in _OVERTAKEN:
            return
        if raised is not None:
            _tell(raised)


async def _answer_later(answering: asyncio.Task[Reply], asked: Asked) -> None:
    await asked.below(await answering)


async def _update_later(answering: asyncio.Task[Reply], asked: Asked, view: str) -> None:
    await asked.client.views_update(view_id=view, view=views.reply("Subscribe", await answering))


async def _ignore(ack: AsyncAck) -> None:
    await ack()


async def _failed(error: Exception, body: Body) -> None:
    _tell(error, what=str(body.get("type", "")))


def _tell(error: BaseException, **about: object) -> None:
    """Log why somebody has no answer."""
    if isinstance(error, failures.FAILURES):
        _log.warning("answer_lost", extra={"code": failures.why(error), "platform": "slack"} | about)
    else:
        log_bug(_log, error, platform="slack", **about)
