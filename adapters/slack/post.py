"""Messages that nobody asked for just now: paced, each once, and every refusal translated.

Slack has no key that makes it drop a repeat. So before a message is tried, the ledger says so; once Slack has taken
it, the ledger says that; and where a crash or a lost reply leaves it open, the room's history is asked for the
message's metadata. https://docs.slack.dev/messaging/message-metadata
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from aiolimiter import AsyncLimiter
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import blocks, failures, reacted
from adapters.slack.workspaces import Workspaces
from bot.model import Destination, Reply
from bot.ports import DeliveryError, Ledger

_log = logging.getLogger(__name__)

_EVENT = "paperwire_message"
_REMEMBERED = timedelta(days=7)
_SETTLED = timedelta(seconds=10)  # so long, at most, until a message that was taken stands in the history
_CLOCKS_DIFFER = timedelta(minutes=5)  # by no more: beyond that Slack's own signatures are refused
_HISTORY = 100  # messages a page
_PAGES = 20
# Messages and seconds. Slack takes one a second in a channel, and short bursts: a message and its thread may be one.
# https://docs.slack.dev/apis/web-api/rate-limits
_CHANNEL_PACE = (3, 3.3)
_WORKSPACE_PACE = (10, 1.0)
_SOONEST = timedelta(seconds=_WORKSPACE_PACE[1] / _WORKSPACE_PACE[0])  # after the one before


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far a delivery has come: its messages that Slack has, where, and when the next one was last tried.

    `cursor` is how far the history was searched for that one, when Slack asked to wait.
    """

    done: int = 0
    channel: str = ""
    thread: str = ""
    since: str = ""  # of the first attempt, as ISO 8601
    tried: str = ""
    cursor: str = ""


@dataclass(slots=True)
class _Hold:
    """Until when nothing is sent, and how many deliveries were told to come back after it."""

    until: datetime
    told: int = 0


class Posts:
    """Send deliveries: `send` fulfils `bot.ports.Platform.post`."""

    def __init__(
        self, workspaces: Workspaces, client: AsyncWebClient, ledger: Ledger, clock: Callable[[], datetime]
    ) -> None:
        self._workspaces = workspaces
        self._client = client
        self._ledger = ledger
        self._clock = clock
        # A limiter that is forgotten is one that was long idle: nothing is lost.
        self._channel_pace = lru_cache(10_000)(lambda *_: AsyncLimiter(*_CHANNEL_PACE))
        self._workspace_pace = lru_cache(10_000)(lambda *_: AsyncLimiter(*_WORKSPACE_PACE))
        self._held: dict[tuple[str, ...], _Hold] = {}

    async def send(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        """Post a message and its thread, from where an earlier attempt has left off; or raise `DeliveryError`."""
        self._check_held(to)
        person = to.name.removeprefix("@") if to.is_person else ""
        messages = blocks.chapters(reply, by=person) if reply.private else blocks.thread(reply)
        entry = f"{to.workspace}/{to.name}/{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"
        now = self._clock()
        progress, forgotten = await self._recall(entry, now, uncertain=uncertain)
        room = _Room(to, await self._client_of(to.workspace), progress.channel or person or to.name)
        try:
            for number in range(progress.done, len(messages)):
                identity = f"{entry.rpartition('/')[2]}.{number}"
                stands, repeat = None, False
                is_forgotten = bool(forgotten) and progress.tried == forgotten
                if uncertain and progress.tried:
                    stands, repeat = await self._look(room, entry, progress, identity)
                    if repeat and is_forgotten:
                        # Who lets it go knows that it may be a repeat, and it says so.
                        await self._remember(entry, replace(progress, tried=self._clock().isoformat(), cursor=""))
                        raise DeliveryError("restored", "unknowable")
                # What was sent and forgotten goes on as far as it stands.
                uncertain = is_forgotten and stands is not None
                if stands is None:
                    await self._turn(to)
                    progress = replace(progress, tried=self._clock().isoformat(), cursor="")
                    await self._remember(entry, progress)
                    stands = await self._post(room, messages[number], progress.thread, identity, repeat=repeat)
                await reacted.remember(reply, to, stands.ts, self._ledger, self._clock())
                room = replace(room, channel=stands.channel or room.channel)
                progress = replace(
                    progress,
                    done=number + 1,
                    channel=room.channel,
                    thread=progress.thread or stands.ts,
                    tried=forgotten if uncertain else "",
                )
                await self._remember(entry, progress)
        except DeliveryError as error:
            error.begun = progress.done > 0
            raise

    async def _client_of(self, workspace: str) -> AsyncWebClient:
        return _speaking(self._client, workspace, await self._workspaces.token(workspace))

    async def _recall(self, entry: str, now: datetime, *, uncertain: bool) -> tuple[_Progress, str]:
        """Return how far a delivery has come, and since when the ledger may not know of its attempts, "" if it does."""
        found = await self._ledger.get("posted", entry, now)
        progress = _Progress(**json.loads(found)) if found else _Progress(since=now.isoformat())
        gap = await self._ledger.gap(now) if uncertain else None
        if gap is None:
            return progress, ""
        since = min(gap, datetime.fromisoformat(progress.since)).isoformat()
        return (progress if progress.tried else replace(progress, since=since, tried=gap.isoformat())), gap.isoformat()

    async def _remember(self, entry: str, progress: _Progress) -> None:
        await self._ledger.put("posted", entry, json.dumps(asdict(progress)), until=self._clock() + _REMEMBERED)

    async def _turn(self, to: Destination) -> None:
        """Wait for the room's and the workspace's turn. Slack may have asked to wait longer meanwhile."""
        await self._channel_pace(to.workspace, to.name).acquire()
        await self._workspace_pace(to.workspace).acquire()
        self._check_held(to)

    async def _post(
        self, room: _Room, message: blocks.Message, thread: str, identity: str, *, repeat: bool
    ) -> _Standing:
        try:
            answer = await room.client.chat_postMessage(
                channel=room.channel,
                text=f"(may be a repeat) {message.text}" if repeat else message.text,
                blocks=[*([blocks.words("(may be a repeat)")] if repeat else []), *message.blocks],
                thread_ts=thread or None,
                metadata={"event_type": _EVENT, "event_payload": {"key": identity}},
                unfurl_links=False,
                unfurl_media=False,
            )
        except Exception as error:
            failed = await self._failed(error, room)
            if failed.code == "ratelimited":
                self._hold(room.to, failed.retry_after or 0)
            if thread and failed.kind == "content":
                # The message itself has arrived, and the rest of its thread can.
                _log.error("thread_refused", extra={"code": failed.code, "platform": room.to.platform})
                return _Standing(room.channel, thread)
            raise failed from error
        return _Standing(str(answer.get("channel") or ""), str(answer["ts"]))

    async def _look(self, room: _Room, entry: str, progress: _Progress, identity: str) -> tuple[_Standing | None, bool]:
        """Look for a message that may have arrived: return it, or None and whether that leaves it open."""
        # A clock that was put back must not make it wait for longer.
        early = min(datetime.fromisoformat(progress.tried) + _SETTLED - self._clock(), _SETTLED)
        if early > timedelta():
            raise DeliveryError("unconfirmed", "uncertain", early.total_seconds())
        cursor = progress.cursor
        try:
            channel = room.channel
            if room.to.is_person and not progress.channel:
                opened = await room.client.conversations_open(users=room.channel)
                channel = opened["channel"]["id"]
            for _ in range(_PAGES):
                asked: dict[str, Any] = {
                    "channel": channel,
                    "oldest": str((datetime.fromisoformat(progress.since) - _CLOCKS_DIFFER).timestamp()),
                    "limit": _HISTORY,
                    "include_all_metadata": True,
                    "cursor": cursor or None,
                }
                if progress.thread:
                    page = await room.client.conversations_replies(ts=progress.thread, **asked)
                else:
                    page = await room.client.conversations_history(**asked)
                for each in page["messages"]:
                    if ((each.get("metadata") or {}).get("event_payload") or {}).get("key") == identity:
                        return _Standing(channel, each["ts"]), False
                cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return None, False
        except Exception as error:
            if isinstance(error, SlackApiError) and failures.code(error) in failures.UNREADABLE:
                return None, True
            failed = await self._failed(error, room)
            # Some apps may read a page a minute: from the beginning, they would never come to the end.
            reached = cursor if failed.code == "ratelimited" else ""
            if reached != progress.cursor:
                await self._remember(entry, replace(progress, cursor=reached))
            raise DeliveryError(failed.code, "uncertain", failed.retry_after, known=failed.known) from error
        # There is too much of it: nobody can know.
        return None, True

    async def _failed(self, error: Exception, room: _Room) -> DeliveryError:
        failed = failures.translated(error)
        workspace = room.to.workspace
        if failed.code in failures.REFUSED:
            self._held[(workspace,)] = _Hold(self._clock() + timedelta(seconds=failures.REFUSED_WAIT))
            _log.error("workspace_refused", extra={"code": failed.code, "platform": room.to.platform})
        # A workspace that was installed again meanwhile has another token, which this says nothing of.
        if failed.code in failures.LEFT and await self._workspaces.token(workspace) == room.client.token:
            await self._ledger.close(workspace, failed.code, self._clock())
            _log.error("workspace_closed", extra={"code": failed.code, "platform": room.to.platform})
        return failed

    def _hold(self, to: Destination, seconds: float) -> None:
        """Hold back what Slack has asked to wait for: the room; where another one waits too, the whole workspace."""
        now = self._clock()
        self._held = {scope: hold for scope, hold in self._held.items() if hold.until > now}
        waiting = any(scope[0] == to.workspace and scope != (to.workspace, to.name) for scope in self._held)
        scope = (to.workspace,) if waiting else (to.workspace, to.name)
        self._held[scope] = _Hold(now + timedelta(seconds=seconds))

    def _check_held(self, to: Destination) -> None:
        now = self._clock()
        holds = (self._held.get(scope) for scope in ((to.workspace,), (to.workspace, to.name)))
        hold = max(filter(None, holds), key=lambda each: each.until, default=None)
        if hold is None or hold.until <= now:
            return
        hold.told += 1
        # One after the other: if all came back at once, all but a few would only be told again.
        raise DeliveryError("ratelimited", "held", (hold.until + hold.told * _SOONEST - now).total_seconds())


@dataclass(frozen=True, slots=True)
class _Room:
    """Where to post, and as whom. `channel` is what Slack is told: for a person, until it is known, their own id."""

    to: Destination
    client: AsyncWebClient
    channel: str


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a message stands."""

    channel: str
    ts: str


def _speaking(client: AsyncWebClient, workspace: str, token: str) -> AsyncWebClient:
    """Return a client like another one, for a workspace: an organisation's token has to say for which."""
    return AsyncWebClient(
        token=token,
        team_id=workspace,
        base_url=client.base_url,
        session=client.session,
        proxy=client.proxy,
        ssl=client.ssl,
        retry_handlers=[],
    )
