"""The methods of the fake Slack's Web API: one function each, and one table of the scopes and arguments they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes import block_kit
from tests.fakes.slack_state import Channel, Json, Message, Workspace

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack


class Refused(Exception):  # noqa: N818  # Slack's answer, not a failure of the fake
    """Slack answers `ok: false` with this code."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@dataclass(frozen=True, slots=True)
class Method:
    """What carries a method out, the scope that it needs, the arguments that it must and may have.

    A scope that ends in a colon depends on the kind of the channel: `channels:` with `read` gives `groups:read`.
    """

    run: Callable[[FakeSlack, Workspace, Json], Json]
    scope: str = ""
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


def check(slack: FakeSlack, team: Workspace, name: str, body: Json) -> Method:
    """Return the method, or raise `Refused` as Slack would before carrying it out."""
    method = METHODS[name]
    if method.scope:
        need_scope(team, method.scope)
    if missing := [key for key in method.must if body.get(key) in (None, "")]:
        slack.complain(name, f"argument missing: {', '.join(missing)}")
        raise Refused("invalid_arguments")
    if unknown := sorted(set(body) - {*method.must, *method.may, "team_id", "token"}):
        slack.complain(name, f"arguments unknown: {', '.join(unknown)}")
        raise Refused("invalid_arguments")
    return method


def need_scope(team: Workspace, scope: str) -> None:
    if scope not in team.scopes:
        raise Refused("missing_scope", needed=scope, provided=",".join(sorted(team.scopes)))


def truth(value: Any) -> bool:
    """Read a boolean as it comes in JSON or in a form."""
    return value in (True, 1, "1", "true", "True")


def _auth_test(slack: FakeSlack, team: Workspace, _body: Json) -> Json:
    return {
        "url": f"https://{team.id.lower()}.slack.com/",
        "team": f"Team {team.id}",
        "user": "papers",
        "team_id": team.id,
        "user_id": team.bot,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
        **({"enterprise_id": team.enterprise} if team.enterprise else {}),
    }


def _channel(team: Workspace, id_: Any) -> Channel:
    """Find a channel as the bot may see it."""
    channel = team.channels.get(str(id_))
    if channel is None or (channel.kind != "channels" and team.bot not in channel.members):
        raise Refused("channel_not_found")
    return channel


def _room(slack: FakeSlack, team: Workspace, id_: Any) -> Channel:
    """Find a channel that the bot may post in; a person's id stands for the direct channel."""
    if str(id_) in team.users:
        return team.dm(str(id_))
    channel = _channel(team, id_)
    if channel.archived:
        raise Refused("is_archived")
    if team.bot not in channel.members:
        raise Refused("not_in_channel")
    if not channel.writable:
        raise Refused("restricted_action")
    return channel


def _valid(slack: FakeSlack, method: block_kit.Via, body: Json) -> None:
    if len(str(body.get("text", ""))) > 40_000:
        raise Refused("msg_too_long")
    slack.judge(method, slack.wrong({k: v for k, v in body.items() if k != "team_id"}, "message", via=method))


def _post_message(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    channel = _room(slack, team, body["channel"])
    _valid(slack, "chat.postMessage", body)
    slack.pace_of(team, channel)
    thread = body.get("thread_ts")
    if thread and not any(m.ts == thread for m in slack.messages if m.channel == channel.id):
        raise Refused("thread_not_found")
    message = Message(team.id, channel.id, slack.stamp(), team.bot, thread_ts=thread, metadata=body.get("metadata"))
    message.show(body)
    slack.messages.append(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.public()}


def _post_ephemeral(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    channel = _room(slack, team, body["channel"])
    _valid(slack, "chat.postEphemeral", body)
    if body["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    message = Message(team.id, channel.id, slack.stamp(), team.bot, thread_ts=body.get("thread_ts"), to=body["user"])
    message.show(body)
    slack.ephemerals.append(message)
    return {"message_ts": message.ts}


def _own(slack: FakeSlack, team: Workspace, body: Json, error: str) -> Message:
    channel = _channel(team, body["channel"])
    for message in slack.messages:
        if (message.team, message.channel, message.ts) == (team.id, channel.id, body["ts"]):
            if not message.bot:
                raise Refused(error)
            return message
    raise Refused("message_not_found")


def _update(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    message = _own(slack, team, body, "cant_update_message")
    _valid(slack, "chat.update", body)
    message.show(body)
    message.metadata = body.get("metadata", message.metadata)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": message.public()}


def _delete(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    message = _own(slack, team, body, "cant_delete_message")
    slack.messages.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def _unfurl(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    found = []
    if not isinstance(body["unfurls"], Mapping) or not body["unfurls"]:
        found = ["unfurls: is no object with links"]
    else:
        for url, unfurl in body["unfurls"].items():
            found += [f"unfurls[{url}].{what}" for what in slack.wrong(unfurl, "unfurl")]
    slack.judge("chat.unfurl", found)
    if ("unfurl_id" in body) != ("source" in body) or ("channel" in body) != ("ts" in body):
        slack.complain("chat.unfurl", "wants unfurl_id and source, or channel and ts")
        raise Refused("invalid_arguments")
    if "ts" in body and not any((m.channel, m.ts) == (body["channel"], body["ts"]) for m in slack.messages):
        raise Refused("cannot_unfurl_message")
    if not set(body["unfurls"]) <= slack.shared:
        raise Refused("cannot_unfurl_url")
    slack.unfurls.append(body)
    return {}


def _open_dm(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    user = team.users.get(str(body["users"]))
    if user is None:
        raise Refused("user_not_found")
    if user.deleted:
        raise Refused("user_disabled")
    if user.bot:
        raise Refused("cannot_dm_bot")
    return {"channel": {"id": team.dm(user.id).id}}


def _seen(slack: FakeSlack, team: Workspace, body: Json, right: str) -> Channel:
    known = team.channels.get(str(body["channel"]))
    need_scope(team, f"{known.kind if known else 'channels'}:{right}")
    return _channel(team, body["channel"])


def _info(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    channel = _seen(slack, team, body, "read")
    return {
        "channel": {
            "id": channel.id,
            "name": channel.name,
            "is_channel": channel.kind == "channels",
            "is_private": channel.kind != "channels",
            "is_im": channel.kind == "im",
            "is_archived": channel.archived,
            "is_member": team.bot in channel.members,
        }
    }


def _members(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    channel = _seen(slack, team, body, "read")
    return _page("members", sorted(channel.members), body, 100)


def _history(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    channel = _seen(slack, team, body, "history")
    if team.bot not in channel.members:
        raise Refused("not_in_channel")
    found = [m for m in slack.messages if (m.team, m.channel) == (team.id, channel.id) and _between(m, body)]
    top = [m for m in found if m.thread_ts in (None, m.ts)]
    shown = [m.public(metadata=truth(body.get("include_all_metadata"))) for m in reversed(top)]
    return _page("messages", shown, body, slack.history_limit)


def _replies(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    channel = _seen(slack, team, body, "history")
    mine = [m for m in slack.messages if (m.team, m.channel) == (team.id, channel.id)]
    if not any(m.ts == body["ts"] for m in mine):
        raise Refused("thread_not_found")
    found = [m for m in mine if m.ts == body["ts"] or (m.thread_ts == body["ts"] and _between(m, body))]
    shown = [m.public(metadata=truth(body.get("include_all_metadata"))) for m in found]
    return _page("messages", shown, body, slack.history_limit)


def _between(message: Message, body: Json) -> bool:
    oldest, latest, ts = float(body.get("oldest") or 0), float(body.get("latest") or "inf"), float(message.ts)
    return oldest < ts < latest or (truth(body.get("inclusive")) and ts in (oldest, latest))


def _page(key: str, found: list[Any], body: Json, most: int) -> Json:
    start = int(body.get("cursor") or 0)
    end = start + min(int(body.get("limit") or 100), most)
    more = str(end) if end < len(found) else ""
    return {key: found[start:end], "has_more": bool(more), "response_metadata": {"next_cursor": more}}


def _user_info(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    user = team.users.get(str(body["user"]))
    if user is None:
        raise Refused("user_not_found")
    return {
        "user": {
            "id": user.id,
            "team_id": team.id,
            "name": user.id.lower(),
            "deleted": user.deleted,
            "is_admin": user.admin or user.owner,
            "is_owner": user.owner,
            "is_primary_owner": False,
            "is_bot": user.bot,
            "tz": user.tz,
        }
    }


def _judge_view(slack: FakeSlack, method: str, view: Any, surface: block_kit.Surface) -> None:
    if not isinstance(view, Mapping):
        slack.complain(method, "view: is no object")
        raise Refused("invalid_arguments")
    slack.judge(method, slack.wrong(view, surface))


def _views_open(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    slack.modals.spend(body["trigger_id"])
    _judge_view(slack, "views.open", body["view"], "modal")
    return {"view": slack.modals.keep(team, body["view"])}


def _views_update(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    key, value = ("id", body["view_id"]) if body.get("view_id") else ("external_id", body.get("external_id"))
    old = next((view for view in slack.views.values() if view["team_id"] == team.id and view.get(key) == value), None)
    if old is None:
        raise Refused("not_found")
    if body.get("hash") not in (None, old["hash"]):
        raise Refused("hash_conflict")
    _judge_view(slack, "views.update", body["view"], "modal")
    return {"view": slack.modals.keep(team, body["view"], name=old["id"])}


def _views_publish(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    if body["user_id"] not in team.users:
        raise Refused("invalid_arguments")
    _judge_view(slack, "views.publish", body["view"], "home")
    old = slack.homes.get((team.id, body["user_id"]))
    if body.get("hash") not in (None, old["hash"] if old else None):
        raise Refused("hash_conflict")
    return {"view": slack.modals.publish(team, body["user_id"], body["view"])}


def _upload_url(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    return _taken(slack.files.ticket(team, body))


def _complete_upload(slack: FakeSlack, team: Workspace, body: Json) -> Json:
    def room(id_: str) -> Channel:
        if id_ in team.users:  # a person's id, which posts take, is no channel here
            raise Refused("channel_not_found")
        return _room(slack, team, id_)

    return _taken(slack.files.share(team, body, room))


def _taken(answer: Json) -> Json:
    if "error" in answer:
        raise Refused(answer["error"])
    return answer


_SAYING = ("text", "blocks", "metadata", "parse", "link_names", "mrkdwn", "reply_broadcast")
_PAGING = ("cursor", "limit", "oldest", "latest", "inclusive", "include_all_metadata")

METHODS: Mapping[str, Method] = {
    "auth.test": Method(_auth_test),
    "chat.postMessage": Method(
        _post_message, "chat:write", ("channel",), (*_SAYING, "thread_ts", "unfurl_links", "unfurl_media")
    ),
    "chat.postEphemeral": Method(_post_ephemeral, "chat:write", ("channel", "user"), (*_SAYING, "thread_ts")),
    "chat.update": Method(_update, "chat:write", ("channel", "ts"), _SAYING),
    "chat.delete": Method(_delete, "chat:write", ("channel", "ts")),
    "chat.unfurl": Method(_unfurl, "links:write", ("unfurls",), ("channel", "ts", "unfurl_id", "source")),
    "conversations.open": Method(_open_dm, "im:write", ("users",), ("return_im", "prevent_creation")),
    "conversations.info": Method(_info, "", ("channel",), ("include_locale", "include_num_members")),
    "conversations.members": Method(_members, "", ("channel",), ("cursor", "limit")),
    "conversations.history": Method(_history, "", ("channel",), _PAGING),
    "conversations.replies": Method(_replies, "", ("channel", "ts"), _PAGING),
    "files.getUploadURLExternal": Method(
        _upload_url, "files:write", ("filename", "length"), ("alt_txt", "snippet_type")
    ),
    "files.completeUploadExternal": Method(
        _complete_upload, "files:write", ("files", "channel_id"), ("thread_ts", "initial_comment")
    ),
    "users.info": Method(_user_info, "users:read", ("user",), ("include_locale",)),
    "views.open": Method(_views_open, "", ("trigger_id", "view")),
    "views.push": Method(_views_open, "", ("trigger_id", "view")),
    "views.update": Method(_views_update, "", ("view",), ("view_id", "external_id", "hash")),
    "views.publish": Method(_views_publish, "", ("user_id", "view"), ("hash",)),
}
