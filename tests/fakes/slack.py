"""A Slack on loopback that keeps Slack's rules: what Slack would refuse, it refuses, and the test fails.

    async with FakeSlack() as slack:            # T1 with the bot UBOT, people U1 and U2, the channel C1 (UBOT, U1)
        settings = Settings(slack_api=slack.api, slack_bot_token=slack.token, slack_app_token=slack.app_token)
        ...                                     # start the product
        await slack.connected()                 # Socket Mode; or: slack.http_target = "http://127.0.0.1:.../slack/events"
        ack = await slack.slash("search diffusion")
        page = await slack.answered(ack)        # the Message that came by the ack or by the response_url
        await slack.press("Next", on=page)

Every outgoing payload goes through `block_kit.problems`. What it finds is answered with Slack's error and kept in
`problems`: leaving the context raises AssertionError with all of them. `expect(part)` says that a test wants one. To
measure without what that takes, there is `FakeSlack(judging=False)`.

- The world: `workspace(id, ...)`, `.channel(id, ...)`, `.user(id, ...)`, `revoke(team)`, `ahead` (seconds the clock is
  put forward), `pace` (refuse more than 1 message a second and channel beyond a burst of `burst`).
- What happened: `calls`, `messages` (as people see them now, people's own too; `posts` are ours), `ephemerals`,
  `responses` (every use of a response_url), `views` (open modals by id), `homes` and `home(user)`, `unfurls`; `files`.
  `until(condition)` waits for any of it.
- People: `slash`, `press`, `block_action`, `shortcut`, `global_shortcut`, `submit`, `close`; `event` and `mention`,
  `dm`, `react`, `open_home`, `share_links`, `uninstall`, `revoke_tokens`. Each returns an `Ack`. They go over Socket
  Mode, or as signed HTTP to `http_target` where that is set. `raw` and `wire` send what Slack never would.
- Faults: `fail(method, *faults)` with `refused`, `limited`, `broken`, `dropped`, `reset`, `silent`, `truncated` (and
  `fine` between them); method is a Web API method, "response_url", or "*" for whatever comes next. Sockets: `cut`,
  `disconnect`, `refuse_handshakes`, `blackhole`.
- Installing: `oauth` (client_id, client_secret, consenting, denied) and `authorize_url`.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes import block_kit, slack_http, slack_payloads
from tests.fakes.faults import Fault, broken, dropped, fine, reset, silent, truncated
from tests.fakes.problems import Problems
from tests.fakes.slack_api import Refused
from tests.fakes.slack_faults import limited, refused
from tests.fakes.slack_files import Files
from tests.fakes.slack_oauth import Install, OAuth
from tests.fakes.slack_responses import Responses, ResponseUrl
from tests.fakes.slack_sockets import Sockets
from tests.fakes.slack_state import SCOPES, Ack, Call, Channel, Json, Message, Response, User, Workspace
from tests.fakes.slack_views import Views
from tests.fakes.slack_web import WebApi
from tests.fakes.waiting import until

__all__ = ["SCOPES", "Ack", "Call", "FakeSlack", "Install", "Message", "Response", "Workspace"]
__all__ += ["Fault", "broken", "dropped", "fine", "limited", "refused", "reset", "silent", "truncated"]


class FakeSlack:
    """See the module."""

    def __init__(self, *, judging: bool = True) -> None:
        self.judging = judging
        self.app_token = "xapp-1-A1-fake"
        self.signing_secret = "signing-secret-of-the-fake"
        self.oauth = OAuth()
        self.http_target = ""
        self.ahead = 0.0
        self.pace = False
        self.burst = 3
        self.ack_limit = 3.0
        self.trigger_life = 3.0
        self.history_limit = 999

        self._problems = Problems("Slack")
        self.complain, self.expect, self.check = self._problems.complain, self._problems.expect, self._problems.check
        self.messages: list[Message] = []
        self.ephemerals: list[Message] = []
        self.unfurls: list[Json] = []
        self.shared: set[str] = set()
        self.teams: dict[str, Workspace] = {}
        self.sockets = Sockets(self.complain)
        self.files = Files(self)
        self._web = WebApi(self)
        self.calls = self._web.calls
        self.modals = Views(self)
        self.views = self.modals.open
        self.homes = self.modals.homes
        self._responses = Responses(self)
        self.responses = self._responses.taken

        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._ids = itertools.count(1)

        team = self.workspace("T1")
        team.channel("C1")
        team.user("U1")
        team.user("U2")

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_route("*", "/api/{method}", self._web.serve)
        app.router.add_post("/response/{id}", self._web.serve_response_url)
        app.router.add_post("/upload/v1/{id}", self.files.take)
        app.router.add_get("/link", self.sockets.serve)
        app.router.add_get("/oauth/v2/authorize", self._authorize)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.closing.set()
        await self.sockets.close()
        await self._runner.cleanup()
        self._problems.end(error)

    @property
    def api(self) -> str:
        """The base URL of the Web API."""
        return f"{self.base}/api/"

    @property
    def authorize_url(self) -> str:
        return f"{self.base}/oauth/v2/authorize"

    @property
    def token(self) -> str:
        """The bot token of T1."""
        return self.teams["T1"].token

    @property
    def posts(self) -> list[Message]:
        """The messages that the bot posted, those of all workspaces."""
        return [message for message in self.messages if message.bot]

    def now(self) -> float:
        return time.time() + self.ahead

    def stamp(self) -> str:
        """Return the ts of the next message."""
        return f"{int(self.now())}.{next(self._ids):06d}"

    # The world

    def workspace(
        self,
        id: str,  # noqa: A002
        *,
        token: str | None = None,
        scopes: Iterable[str] | None = None,
        enterprise: str | None = None,
        bot: str = "UBOT",
    ) -> Workspace:
        """Return a workspace, made where there is none; what is given is changed."""
        if id not in self.teams:
            self.teams[id] = Workspace(id, f"xoxb-{id}", enterprise=enterprise, bot=bot)
            self.teams[id].users[bot] = User(bot, bot=True)
        team = self.teams[id]
        team.token = token or team.token
        team.scopes = team.scopes if scopes is None else frozenset(scopes)
        team.enterprise = enterprise or team.enterprise
        return team

    def revoke(self, team: str = "T1", error: str = "token_revoked") -> None:
        """Let a workspace's token be no good any more (or `account_inactive`, `invalid_auth`)."""
        self.teams[team].error = error

    def fail(self, method: str, *faults: Fault, forever: bool = False) -> None:
        """Let the next requests go wrong, one fault each; `forever`: each one from now on, until `mend`."""
        if forever:
            self._web.lasting[method] = faults[0]
        else:
            self._web.faults[method] += faults

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self._web.faults.clear()
        self._web.lasting.clear()

    # What is wrong

    @property
    def problems(self) -> list[str]:
        return self._problems.found

    @problems.setter
    def problems(self, found: list[str]) -> None:
        self._problems.found[:] = found

    def wrong(self, payload: Any, surface: block_kit.Surface, *, via: block_kit.Via = "chat.postMessage") -> list[str]:
        """Return what is wrong with a payload."""
        return block_kit.problems(payload, surface, via=via) if self.judging else []

    def judge(self, where: str, found: Sequence[str]) -> None:
        """Keep what was found wrong in a payload, and refuse it as Slack does."""
        for what in found:
            self.complain(where, what)
        if not found:
            return
        if any("msg_blocks_too_long" in what for what in found):
            raise Refused("msg_blocks_too_long")
        if any(what.startswith("blocks") for what in found):
            raise Refused("invalid_blocks", response_metadata={"messages": list(found)})
        raise Refused("no_text" if "text: is missing" in found else "invalid_arguments")

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> Any:
        """Wait for a condition and return what it gave; AssertionError where it does not come true in time."""
        return await until(condition, seconds, self._seen)

    def _seen(self) -> str:
        return f"calls: {[call.method for call in self.calls]}"

    # Called by the parts of the fake

    def pace_of(self, team: Workspace, channel: Channel) -> None:
        """Refuse a message that comes too soon after others in its channel."""
        if not self.pace:
            return
        left, at = self._buckets.get((team.id, channel.id), (float(self.burst), self.now()))
        left = min(self.burst, left + self.now() - at)
        self._buckets[team.id, channel.id] = (left - 1 if left >= 1 else left, self.now())
        if left < 1:
            raise Refused("ratelimited")

    def take_response(self, name: str, text: str) -> web.Response:
        return self._responses.use(name, text)

    def home(self, user: str = "U1", team: str = "T1") -> Json:
        """Return the App Home that a person sees."""
        return self.homes[team, user]

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        return self.oauth.authorize(request, self.now())

    # Sockets

    async def connected(self, count: int = 1) -> None:
        """Wait until that many Socket Mode connections are open."""
        await self.until(lambda: len(self.sockets.open) >= count, 20)

    def cut(self, which: int | None = None) -> int:
        """Abort the TCP line of one Socket Mode connection, or of all."""
        return self.sockets.cut(which)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every Socket Mode connection to make way (`warning`, `refresh_requested`, `link_disabled`)."""
        await self.sockets.disconnect(reason)

    def refuse_handshakes(self, count: int) -> None:
        """Refuse the next WebSocket handshakes; their tickets are spent all the same."""
        self.sockets.refusals = count

    def blackhole(self) -> None:
        """Let the open Socket Mode connections lead nowhere without a word."""
        self.sockets.blackhole()

    # What people do

    async def slash(
        self, text: str = "", *, user: str = "U1", channel: str = "C1", team: str = "T1", command: str = "/papers"
    ) -> Ack:
        """Type a slash command."""
        url = self._responses.url(team, channel, user)
        payload = slack_payloads.slash(self.teams[team], command, text, user, channel)
        payload |= {"trigger_id": self.modals.trigger(), "response_url": url.address}
        ack = await self._deliver("slash_commands", payload, url)
        if not ack.body:
            return ack
        found = self.wrong(ack.body, "message", via="response_url")
        for what in found:
            self.complain("slash_commands", f"in the acknowledgement: {what}")
        return ack if found else replace(ack, shown=self._responses.show(url, ack.body))

    async def answered(self, ack: Ack, *, count: int = 1) -> Message:
        """Wait for what a command or a press puts up: by its ack, or by the use number `count` of its response_url."""
        if ack.shown is not None:
            return ack.shown
        url = self._responses.urls[ack.response_id]
        return await until(lambda: url.uses >= count and url.shown, 10, self._seen, url.used)  # type: ignore[no-any-return]

    async def press(
        self, label: str, *, on: Message | Json, user: str = "U1", choose: str = "", nth: int = 0, team: str = ""
    ) -> Ack:
        """Press a button of a message or view by its text, or pick an option by its text."""
        action = slack_payloads.press(label, on, choose=choose, nth=nth, at=self.now())
        return await self.block_action(action, on=on, user=user, team=team)

    async def block_action(self, action: Json, *, on: Message | Json, user: str = "U1", team: str = "") -> Ack:
        """Send a block_actions payload; `press` builds the action from what is really there."""
        team = team or (on.team if isinstance(on, Message) else on["team_id"])
        payload = slack_payloads.block_actions(self.teams[team], user, action, on) | {
            "trigger_id": self.modals.trigger()
        }
        url = None
        if isinstance(on, Message):
            url = self._responses.url(team, on.channel, user, on)
            payload["response_url"] = url.address
        ack = await self._deliver("interactive", payload, url)
        return self._silent(ack, "block_actions")

    async def shortcut(
        self, callback_id: str, *, message: Message | str, user: str = "U1", team: str = "T1", **more: Any
    ) -> Ack:
        """Choose a shortcut on a message; a text stands for one of somebody else in C1, `more` is what else it has."""
        if isinstance(message, str):
            message = self.say(message, user="U2", team=team)
        team = message.team
        url = self._responses.url(team, message.channel, user, None)
        payload = slack_payloads.interaction(self.teams[team], "message_action", user) | {
            "callback_id": callback_id,
            "trigger_id": self.modals.trigger(),
            "response_url": url.address,
            "message_ts": message.ts,
            "action_ts": self.stamp(),
            "channel": {"id": message.channel, "name": "general"},
            "message": message.public() | more,
        }
        return self._silent(await self._deliver("interactive", payload, url), "message_action")

    async def global_shortcut(self, callback_id: str, *, user: str = "U1", team: str = "T1") -> Ack:
        """Choose a shortcut that belongs to no message."""
        payload = slack_payloads.interaction(self.teams[team], "shortcut", user) | {
            "callback_id": callback_id,
            "trigger_id": self.modals.trigger(),
            "action_ts": self.stamp(),
        }
        return self._silent(await self._deliver("interactive", payload), "shortcut")

    async def submit(self, view: Json, values: Mapping[str, Any] | None = None, *, user: str = "U1") -> Ack:
        """Submit a modal with values by block_id, action_id or label; what answers it is checked and shown."""
        team = self.teams[view["team_id"]]
        filled = view | {"state": {"values": slack_payloads.state(view["blocks"], values)}}
        payload = slack_payloads.interaction(team, "view_submission", user) | {
            "trigger_id": self.modals.trigger(),
            "view": filled,
            "response_urls": [],
        }
        ack = await self._deliver("interactive", payload)
        if ack.status == 200:
            self.modals.follow(team, view, ack.body or {})
        return ack

    async def close(self, view: Json, *, user: str = "U1") -> Ack:
        """Close a modal; the product hears of it where the view says notify_on_close."""
        payload = slack_payloads.interaction(self.teams[view["team_id"]], "view_closed", user)
        payload |= {"view": view, "is_cleared": False}
        self.views.pop(view["id"], None)
        if not view.get("notify_on_close"):
            return Ack(0, None)
        return self._silent(await self._deliver("interactive", payload), "view_closed")

    async def event(
        self,
        inner: Mapping[str, Any],
        *,
        team: str = "T1",
        event_id: str = "",
        retry: tuple[int, str] | None = None,
    ) -> Ack:
        """Send an event. The same `event_id` again, with `retry` (number, reason), is a redelivery."""
        name = event_id or f"Ev{next(self._ids)}"
        payload = slack_payloads.event(self.teams[team], name, inner, self.now())
        return self._silent(await self._deliver("events_api", payload, retry=retry), str(inner.get("type")))

    def say(self, text: str, *, user: str = "U1", channel: str = "C1", team: str = "T1") -> Message:
        """Let a person write in a channel, without telling the product."""
        message = Message(team, channel, self.stamp(), user, text, bot=False)
        self.messages.append(message)
        return message

    async def mention(self, text: str, *, user: str = "U1", channel: str = "C1", team: str = "T1", **more: Any) -> Ack:
        """Let a person mention the bot in a channel."""
        message = self.say(f"<@{self.teams[team].bot}> {text}", user=user, channel=channel, team=team)
        return await self.event(_written("app_mention", message), team=team, **more)

    async def dm(self, text: str, *, user: str = "U1", team: str = "T1", **more: Any) -> Ack:
        """Let a person write to the bot directly."""
        message = self.say(text, user=user, channel=self.teams[team].dm(user).id, team=team)
        return await self.event(_written("message", message) | {"channel_type": "im"}, team=team, **more)

    async def open_home(self, *, user: str = "U1", team: str = "T1", tab: str = "home", **more: Any) -> Ack:
        """Let a person open the App Home."""
        inner: Json = {"type": "app_home_opened", "user": user, "tab": tab, "event_ts": self.stamp()}
        inner["channel"] = self.teams[team].dm(user).id
        if (team, user) in self.homes and tab == "home":
            inner["view"] = self.homes[team, user]
        return await self.event(inner, team=team, **more)

    async def react(self, emoji: str, on: Message, *, user: str = "U1", gone: bool = False, **more: Any) -> Ack:
        """Let a person put an emoji on a message, or take it away; the product hears of it where its scope lets it."""
        inner = {
            "type": "reaction_removed" if gone else "reaction_added",
            "user": user,
            "reaction": emoji,
            "item_user": on.user,
            "item": {"type": "message", "channel": on.channel, "ts": on.ts},
            "event_ts": self.stamp(),
        }
        if on.ephemeral or "reactions:read" not in self.teams[on.team].scopes:
            raise LookupError("nobody reacts to what one person sees, and without the scope nobody hears of it")
        return await self.event(inner, team=on.team, **more)

    async def share_links(
        self, *urls: str, user: str = "U1", channel: str = "C1", team: str = "T1", composing: bool = False, **more: Any
    ) -> Ack:
        """Let a person post links of a domain that the app unfurls; `composing` is before it is sent."""
        self.shared |= set(urls)
        inner = {
            "type": "link_shared",
            "user": user,
            "links": [{"url": url, "domain": url.split("/")[2]} for url in urls],
            "event_ts": self.stamp(),
        }
        if composing:
            inner |= {"channel": "COMPOSER", "message_ts": f"{user}-composing", "source": "composer"}
        else:
            message = self.say(" ".join(f"<{url}>" for url in urls), user=user, channel=channel, team=team)
            inner |= {"channel": channel, "message_ts": message.ts, "source": "conversations_history"}
        inner["unfurl_id"] = f"{inner['channel']}.{inner['message_ts']}"
        return await self.event(inner, team=team, **more)

    async def uninstall(self, team: str = "T1", **more: Any) -> Ack:
        """Take the app out of a workspace: its token dies first, then the product hears of it."""
        self.revoke(team, "account_inactive")
        return await self.event({"type": "app_uninstalled"}, team=team, **more)

    async def revoke_tokens(self, team: str = "T1", *, users: Sequence[str] = (), **more: Any) -> Ack:
        """Revoke the bot's token, or (with `users`) people's tokens only."""
        if not users:
            self.revoke(team)
        tokens = {"oauth": list(users), "bot": [] if users else [self.teams[team].bot]}
        return await self.event({"type": "tokens_revoked", "tokens": tokens}, team=team, **more)

    # How it reaches the product

    def sign(self, body: bytes, *, at: float | None = None, secret: str | None = None) -> dict[str, str]:
        """Return the headers that sign a body."""
        secret = self.signing_secret if secret is None else secret
        return slack_http.signature(secret, body, self.now() if at is None else at)

    async def raw(self, body: bytes, headers: Mapping[str, str], *, method: str = "POST", url: str = "") -> Ack:
        """Send any HTTP request to the product; nothing about its answer is a problem."""
        return await slack_http.post(url or self.http_target, body, headers, method=method)

    async def wire(self, request: bytes, *, url: str = "") -> bytes:
        """Send any bytes to the product's port, and return what comes back."""
        return await slack_http.wire(url or self.http_target, request)

    async def _deliver(
        self, kind: str, payload: Json, url: ResponseUrl | None = None, *, retry: tuple[int, str] | None = None
    ) -> Ack:
        if self.http_target:
            ack = await self._send(kind, payload, retry)
        else:
            number, reason = retry or (0, "")
            again = {"retry_attempt": number, "retry_reason": reason} if kind == "events_api" else {}
            ack = await self.sockets.deliver(kind, payload, self.ack_limit, **again)
        return replace(ack, response_id=url.id) if url else ack

    async def _send(self, kind: str, payload: Json, retry: tuple[int, str] | None) -> Ack:
        body, content_type = slack_http.encoded(kind, payload)
        headers = {"Content-Type": content_type, **self.sign(body)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        try:
            ack = await slack_http.post(self.http_target, body, headers, limit=self.ack_limit)
        except TimeoutError:
            self.complain(kind, f"not acknowledged within {self.ack_limit:g} s")
            return Ack(self.ack_limit, None, 0)
        if ack.status != 200:
            self.complain(kind, f"answered {ack.status}")
        return ack

    def _silent(self, ack: Ack, kind: str) -> Ack:
        """Complain of an acknowledgement that says something where Slack ignores it."""
        if ack.status == 200 and ack.body:
            self.complain(kind, f"acknowledged with {sorted(ack.body)}, which Slack ignores here")
        return ack


def _written(kind: str, message: Message) -> Json:
    """Return the event of a message that a person wrote."""
    return {
        "type": kind,
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "event_ts": message.ts,
        "channel": message.channel,
        "team": message.team,
        "client_msg_id": f"client-{message.ts}",
    }
