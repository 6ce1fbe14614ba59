"""Messages that nobody asked for just now: paced, each once, and every refusal translated.

Discord drops a message whose nonce it has seen in the past few minutes. So a message is tried again as it is while
that surely holds; after that the room's history is asked whether it arrived. What the ledger says of each delivery
lets it go on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import discord
from aiolimiter import AsyncLimiter
from discord.http import Route, handle_message_parameters
from discord.utils import snowflake_time

from adapters.discord import direct, failures, forums, history, pressed
from adapters.discord.asked import PEOPLE
from adapters.discord.guilds import ERASED_AFTER
from adapters.discord.invalid import InvalidRequests
from adapters.discord.messages import Message, chapters
from adapters.discord.once import request
from adapters.discord.progress import Progress, place, recall, remember
from bot.model import Destination, Reply
from bot.ports import DeliveryError, Ledger

_log = logging.getLogger(__name__)

# "The past few minutes" is all that is documented of how long a nonce is known:
# https://docs.discord.com/developers/resources/message#create-message
_NONCE_HOLDS = timedelta(seconds=120)
_SETTLED = timedelta(seconds=2)  # so long, at most, until a message that was taken stands in the history
_CLOCKS_DIFFER = timedelta(minutes=5)
# A post that nobody writes in is archived after an hour at the earliest, and then no active one any more.
_ACTIVE = timedelta(minutes=55)
# Requests and seconds: 40 a second and five at once, of the 50 in any second that all of a bot may make.
# https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
_PACE = (5, 0.125)
_ANNOUNCEMENTS = discord.ChannelType.news.value


@dataclass(frozen=True, slots=True)
class _Room:
    """Where to post: the channel's number, and what Discord says of it (nothing of direct messages)."""

    to: Destination
    channel: str
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """A message of a delivery whose turn has come: all before it is done."""

    room: _Room
    message: Message
    reply: Reply
    entry: str
    progress: Progress
    forgotten: str  # since when the ledger may not know of attempts at it, "" if it does: a backup was restored

    @property
    def is_forgotten(self) -> bool:
        """Say whether it was never tried, as far as the ledger knows, and may have been all the same."""
        return bool(self.forgotten) and self.progress.tried == self.forgotten

    @property
    def opens(self) -> bool:
        """Say whether it opens a post in a forum: that takes no nonce."""
        return forums.is_forum(self.room.about) and not self.progress.done


class Posts:
    """Send deliveries: `send` fulfils `bot.ports.Platform.post`."""

    def __init__(
        self,
        client: discord.Client,
        guard: InvalidRequests,
        ledger: Ledger,
        clock: Callable[[], datetime],
        left: Callable[[str], bool],
    ) -> None:
        self._client = client
        self._guard = guard
        self._ledger = ledger
        self._clock = clock
        self._left = left
        self._pace = AsyncLimiter(*_PACE)

    async def send(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        """Post a delivery's messages, from where an earlier attempt has left off; or raise `DeliveryError`."""
        messages = chapters(reply, key=key)
        entry = place(to, key)
        progress, forgotten = await self._recall(entry, uncertain=uncertain)
        if progress.done >= len(messages) and not progress.unpublished:
            return
        try:
            room = await self._room(to, progress)
            for message in messages[progress.done :]:
                doubtful = uncertain and bool(progress.tried)
                step = _Step(room, message, reply, entry, progress, forgotten)
                progress = await self._deliver(step, doubtful=doubtful)
                room = replace(room, channel=progress.channel)
            await self._publish(room, entry, progress)
        except DeliveryError as error:
            if not _has_ended(error, to, progress):
                error.begun = progress.done > 0
                raise
            _log.warning("post_ended", extra={"code": error.code, "platform": to.platform})

    async def _recall(self, entry: str, *, uncertain: bool) -> tuple[Progress, str]:
        """Return how far a delivery has come, and since when the ledger may not know of its attempts, "" if it does."""
        now = self._clock()
        progress = await recall(self._ledger, entry, now)
        gap = await self._ledger.gap(now) if uncertain else None
        if gap is None:
            return progress, ""
        forgotten = gap.isoformat()
        return (progress if progress.tried else replace(progress, since=forgotten, tried=forgotten)), forgotten

    async def _room(self, to: Destination, progress: Progress) -> _Room:
        if to.is_person:
            known = await direct.known(self._ledger, _user(to), self._clock())
            return _Room(to, known or await self._open(to), {})
        await self._turn()
        channel = progress.channel or to.name
        about = await self._ask(to, Route("GET", "/channels/{channel_id}", channel_id=channel))
        if about.get("guild_id") != to.workspace:
            # Somebody may have named any channel at all: not every one is known when a room is set up.
            raise DeliveryError("not a channel of this server", "gone")
        return _Room(to, channel, about)

    async def _open(self, person: Destination) -> str:
        await self._turn()
        try:
            return await direct.open_direct(self._client, _user(person))
        except Exception as error:
            raise _unwritten(await self._failed(error, person)) from error

    async def _deliver(self, step: _Step, *, doubtful: bool) -> Progress:
        """See that a message stands, whatever became of it before; return how far that brings the delivery."""
        room, progress = step.room, step.progress
        before = progress if doubtful else replace(progress, since="", tried="")
        stands = found = ""
        if doubtful and (step.opens or not self._is_remembered(before)):
            stands, is_open = await self._look(step)
            found = stands
            if is_open and step.is_forgotten and not found:
                # Who lets it go knows that it may be a repeat, and it says so.
                await self._remember(step.entry, replace(progress, tried=self._clock().isoformat()))
                raise DeliveryError("restored", "unknowable")
            if is_open:
                step = replace(step, message=step.message.repeated())
        if not stands:
            whose = f"{room.to.workspace}/{room.to.name}" if room.to.is_person else room.to.workspace
            await pressed.remember(step.message.lines, whose, self._ledger, self._clock())
            await self._turn()
            now = self._clock().isoformat()
            await self._remember(step.entry, replace(progress, since=before.since or now, tried=now))
            try:
                stands = await self._write(step)
            except DeliveryError as error:
                if error.kind != "uncertain":  # it has not arrived this time
                    await self._remember(step.entry, before)
                if error.kind != "content" or not progress.done:
                    raise
                # The first message has arrived, and those after this one can.
                _log.error("chapter_refused", extra={"code": error.code, "platform": room.to.platform})
        if room.to.is_person and not progress.done:
            await direct.works(self._ledger, _user(room.to), room.channel, self._clock())
        news = (stands,) if stands and room.about.get("type") == _ANNOUNCEMENTS else ()
        # The post that a message opens in a forum is a channel that has the message's own number.
        channel = stands if step.opens else room.channel
        # What was sent and forgotten goes on as far as it stands.
        forgotten = step.forgotten if step.is_forgotten and found else ""
        progress = Progress(progress.done + 1, channel, progress.unpublished + news, forgotten, forgotten)
        await self._remember(step.entry, progress)
        return progress

    def _is_remembered(self, progress: Progress) -> bool:
        """Say whether Discord surely knows the nonces of what it has taken. A clock that was put back tells nothing."""
        return timedelta() <= self._clock() - datetime.fromisoformat(progress.since) < _NONCE_HOLDS

    async def _write(self, step: _Step) -> str:
        """Send a message; return its number, "" where it was taken and then deleted."""
        room, payload = step.room, _payload(step.message, nonce=None if step.opens else step.message.nonce)
        if step.opens:
            route = Route("POST", "/channels/{channel_id}/threads", channel_id=room.channel)
            answer = await self._ask(room.to, route, forums.opening(room.about, step.reply, payload))
        else:
            route = Route("POST", "/channels/{channel_id}/messages", channel_id=room.channel)
            answer = await self._ask(room.to, route, payload, settled=(failures.UNKNOWN_MESSAGE,))
        return str(answer.get("id") or "")

    async def _look(self, step: _Step) -> tuple[str, bool]:
        """Look for a message that may have arrived: return its number, or "" and whether that leaves it open."""
        now, tried = self._clock(), datetime.fromisoformat(step.progress.tried)
        # A clock that was put back must not make it wait until it is as late again.
        if timedelta() <= now - tried < _SETTLED:
            raise DeliveryError("unconfirmed", "uncertain", (tried + _SETTLED - now).total_seconds())
        since = datetime.fromisoformat(step.progress.since)
        after = min(since, now) - _CLOCKS_DIFFER
        await self._turn()
        try:
            if not step.opens:
                return await self._look_in_history(step, after)
            route = Route("GET", "/guilds/{guild_id}/threads/active", guild_id=step.room.to.workspace)
            threads = (await request(self._client, route))["threads"]
        except Exception as error:
            if isinstance(error, discord.HTTPException) and error.code in failures.GONE:
                return "", True
            failed = await self._failed(error, step.room.to)
            raise DeliveryError(failed.code, "uncertain", failed.retry_after, known=failed.known) from error
        return forums.opened(threads, step.room.channel, step.reply, self._me, after), now - since > _ACTIVE

    async def _look_in_history(self, step: _Step, after: datetime) -> tuple[str, bool]:
        stands, seen = await history.find(self._client, step.room.channel, after, step.message.stands)
        # An empty history may be one that cannot be read. The channel tells whether it can be empty.
        last = step.room.about.get("last_message_id")
        is_hidden = not seen and not step.room.to.is_person and (last is None or snowflake_time(int(last)) > after)
        return stands, is_hidden or seen == history.MOST

    async def _publish(self, room: _Room, entry: str, progress: Progress) -> None:
        """Show an announcement to the servers that follow the channel. It stands, whatever becomes of that."""
        for number in progress.unpublished:
            await self._turn()
            route = Route(
                "POST",
                "/channels/{channel_id}/messages/{message_id}/crosspost",
                channel_id=room.channel,
                message_id=number,
            )
            try:
                await self._ask(room.to, route, settled=(failures.ALREADY_PUBLISHED, failures.UNKNOWN_MESSAGE))
            except DeliveryError as error:
                if error.__cause__ is None or failures.passes(error.__cause__):
                    raise _unwritten(error) from error
                _log.warning("unpublished", extra={"code": error.code, "platform": room.to.platform})
            progress = replace(progress, unpublished=progress.unpublished[1:])
            await self._remember(entry, progress)

    @property
    def _me(self) -> int:
        return self._client.user.id if self._client.user else 0

    async def _remember(self, entry: str, progress: Progress) -> None:
        await remember(self._ledger, entry, progress, self._clock())

    async def _turn(self) -> None:
        """Wait for the next request's turn; raise where nothing is to be sent for now."""
        await self._pace.acquire()
        self._guard.check()

    async def _ask(
        self,
        to: Destination,
        route: Route,
        payload: Mapping[str, Any] | None = None,
        *,
        settled: Collection[int] = (),
    ) -> Mapping[str, Any]:
        """Make a request; return the answer, nothing for a refusal which says that all is done (`settled`)."""
        try:
            return await request(self._client, route, payload)
        except Exception as error:
            if isinstance(error, discord.HTTPException) and error.code in settled:
                return {}
            failed = await self._failed(error, to)
            raise (_unwritten(failed) if route.method == "GET" else failed) from error

    async def _failed(self, error: Exception, to: Destination) -> DeliveryError:
        failed = failures.translated(error)
        if failures.stops(error):
            self._guard.hold(failures.STOPPED_WAIT)
            _log.error("discord_refuses", extra={"code": failed.code, "platform": to.platform})
        if failed.kind != "gone":
            return failed
        if to.is_person:
            await direct.forget(self._ledger, _user(to))
            if isinstance(error, discord.HTTPException) and error.code not in failures.CLOSED:
                return DeliveryError(failed.code, "later")
        elif to.workspace != PEOPLE and self._left(to.workspace):
            now = self._clock()
            await self._ledger.close(to.workspace, "removed", now, erase_at=now + ERASED_AFTER)
            # It waits with all that is owed there, for the case that the bot is let in again.
            return DeliveryError(failed.code, "later")
        return failed


def _unwritten(failed: DeliveryError) -> DeliveryError:
    """Return a failure of what posts nothing: it leaves nothing uncertain."""
    kind = "later" if failed.kind == "uncertain" else failed.kind
    return DeliveryError(failed.code, kind, failed.retry_after, known=failed.known)


def _has_ended(error: DeliveryError, to: Destination, progress: Progress) -> bool:
    """Say whether a post that a delivery has opened in a forum takes nothing more."""
    cause, within = error.__cause__, progress.done and not to.is_person and progress.channel != to.name
    return bool(within) and isinstance(cause, discord.HTTPException) and cause.code in failures.ENDED


def _user(person: Destination) -> str:
    return person.name.removeprefix("@")


def _payload(message: Message, *, nonce: str | None) -> Mapping[str, Any]:
    view = message.view()
    below: dict[str, Any] = {} if view is None else {"view": view}
    with handle_message_parameters(
        content=message.content,
        embeds=message.embeds,
        nonce=nonce,
        allowed_mentions=discord.AllowedMentions.none(),
        **below,
    ) as made:
        return made.payload or {}
