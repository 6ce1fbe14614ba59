"""What the fake Slack knows: workspaces, people, channels, messages; and what went through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]

SCOPES = frozenset({
    *("commands", "chat:write", "im:write", "im:history", "app_mentions:read", "channels:read", "groups:read"),
    *("files:write", "reactions:read"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class User:
    id: str
    admin: bool = False
    owner: bool = False
    tz: str = "Europe/London"
    bot: bool = False
    deleted: bool = False


@dataclass(slots=True)
class Channel:
    """A room. `writable` is False where only some may post; `private` ones are seen by their members alone."""

    id: str
    members: set[str]
    archived: bool = False
    private: bool = False
    writable: bool = True
    name: str = "general"

    @property
    def kind(self) -> Literal["im", "groups", "channels"]:
        if self.id.startswith("D"):
            return "im"
        return "groups" if self.private else "channels"


@dataclass(slots=True)
class Workspace:
    """A team with our app in it: `error` is what its token answers once it is no good (`token_revoked`, ...).

    `org_wide` says that the app is installed in the whole of its enterprise.
    """

    id: str
    token: str
    scopes: frozenset[str] = SCOPES
    enterprise: str | None = None
    bot: str = "UBOT"
    bot_id: str = "BBOT"
    org_wide: bool = False
    error: str = ""
    channels: dict[str, Channel] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def channel(
        self,
        id: str,  # noqa: A002
        *,
        members: Iterable[str] = ("UBOT", "U1"),
        archived: bool = False,
        private: bool = False,
        writable: bool = True,
        name: str = "general",
    ) -> Channel:
        """Make a channel, in place of the one that is there."""
        channel = self.channels[id] = Channel(id, set(members), archived, private, writable, name)
        return channel

    def user(
        self,
        id: str,  # noqa: A002
        *,
        admin: bool = False,
        owner: bool = False,
        tz: str = "Europe/London",
        deleted: bool = False,
    ) -> User:
        """Make a person, in place of the one that is there."""
        user = self.users[id] = User(id, admin, owner, tz, deleted=deleted)
        return user

    def dm(self, user: str) -> Channel:
        """Return the direct channel of a person and the bot; make it where there is none."""
        id_ = f"D{user}"
        return self.channels.get(id_) or self.channel(id_, members=(self.bot, user), name="directmessage")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the Web API as it came in: `at` in seconds of the fake's clock; `error` is empty where it went well."""

    method: str
    body: Json
    token: str
    at: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file in a message: everybody who sees that sees it."""

    id: str
    name: str
    title: str
    content: bytes


@dataclass(slots=True)
class Message:
    """A message as people see it now. `to` is the only one who sees an ephemeral one. `bot`: it is ours."""

    team: str
    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    files: list[SharedFile] = field(default_factory=list)
    bot: bool = True
    to: str | None = None

    @property
    def ephemeral(self) -> bool:
        return self.to is not None

    def public(self, *, metadata: bool = False) -> Json:
        """Return the message as Slack's history shows it."""
        shown: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        if self.blocks:
            shown["blocks"] = self.blocks
        if self.bot:
            shown |= {"bot_id": "BBOT", "app_id": "A1"}
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        if self.metadata and metadata:
            shown["metadata"] = self.metadata
        return shown

    def show(self, body: Mapping[str, Any]) -> None:
        """Show something else from now on."""
        self.text, self.blocks = body.get("text", ""), body.get("blocks") or []


@dataclass(frozen=True, slots=True)
class Response:
    """A use of a response_url: `status` is what it was answered."""

    id: str
    body: Json
    at: float
    status: int


@dataclass(frozen=True, slots=True)
class Ack:
    """How the product answered a delivery: seconds it took, the body (None where empty), the HTTP status.

    Over Socket Mode the status is 200, and 0 where no answer came. `response_id` is that of the response_url handed
    out, `shown` the message that the body itself put up.
    """

    elapsed: float
    body: Json | None
    status: int = 200
    response_id: str = ""
    shown: Message | None = None
    text: str = ""
