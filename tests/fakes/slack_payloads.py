"""What Slack sends when people do something: the payloads, and how to find the button that they press."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.slack_state import Json, Message, Workspace

APP = "A1"
View = Json


def person(team: Workspace, user: str) -> Json:
    return {"id": user, "username": user.lower(), "name": user.lower(), "team_id": team.id}


def tenant(team: Workspace) -> Json:
    enterprise = {"id": team.enterprise, "name": "Enterprise"} if team.enterprise else None
    return {
        "team": {"id": team.id, "domain": team.id.lower()},
        "enterprise": enterprise,
        "is_enterprise_install": team.org_wide,
    }


def slash(team: Workspace, command: str, text: str, user: str, channel: str) -> Json:
    """Return the form of a slash command, still without trigger_id and response_url."""
    room = team.channels.get(channel)
    return {
        "token": "verification",
        "team_id": team.id,
        "team_domain": team.id.lower(),
        **({"enterprise_id": team.enterprise, "enterprise_name": "Enterprise"} if team.enterprise else {}),
        "channel_id": channel,
        "channel_name": room.name if room else "privategroup",
        "user_id": user,
        "user_name": user.lower(),
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": str(team.org_wide).lower(),
    }


def interaction(team: Workspace, kind: str, user: str) -> Json:
    return {
        "type": kind,
        "token": "verification",
        "api_app_id": APP,
        "user": person(team, user),
        **tenant(team),
    }


def block_actions(team: Workspace, user: str, action: Json, on: Message | View) -> Json:
    """Return what a press on an element of a message or a view sends.

    Of an ephemeral message Slack sends the container alone: its text and blocks do not come back.
    """
    payload = interaction(team, "block_actions", user) | {"actions": [action]}
    if isinstance(on, Message):
        room = team.channels.get(on.channel)
        payload["container"] = {
            "type": "message",
            "message_ts": on.ts,
            "channel_id": on.channel,
            "is_ephemeral": on.ephemeral,
            **({"thread_ts": on.thread_ts} if on.thread_ts else {}),
        }
        payload["channel"] = {"id": on.channel, "name": room.name if room else "privategroup"}
        payload["state"] = {"values": state(on.blocks)}
        if not on.ephemeral:
            payload["message"] = on.public()
        return payload
    return payload | {"container": {"type": "view", "view_id": on["id"]}, "view": on}


def event(team: Workspace, event_id: str, inner: Mapping[str, Any], at: float) -> Json:
    """Return an event as the Events API wraps it."""
    return {
        "type": "event_callback",
        "token": "verification",
        "team_id": team.id,
        "api_app_id": APP,
        "event": dict(inner),
        "event_id": event_id,
        "event_time": int(at),
        "event_context": f"4-{event_id}",
        "is_ext_shared_channel": False,
        "authorizations": [
            {
                "enterprise_id": team.enterprise,
                "team_id": team.id,
                "user_id": team.bot,
                "is_bot": True,
                "is_enterprise_install": team.org_wide,
            }
        ],
    }


def press(label: str, on: Message | View, *, choose: str = "", nth: int = 0, at: float = 0) -> Json:
    """Return the action that a press on an element sends.

    `label` is a button's text, an option's text, or the placeholder or action_id of a select whose option `choose` is
    picked. Where several fit, `nth` tells which. LookupError names what there is.
    """
    blocks = on.blocks if isinstance(on, Message) else on["blocks"]
    found = [action for action in _actions(blocks, choose) if label in action[0]]
    if len(found) <= nth:
        there = sorted({name for names, _ in _actions(blocks, choose) for name in names})
        raise LookupError(f"no {label!r} (number {nth}) to press; there are {there}")
    return found[nth][1] | {"action_ts": f"{at:.6f}"}


def _actions(blocks: list[Json], choose: str) -> Iterator[tuple[set[str], Json]]:
    """Yield every possible press: the names that it goes by, and the action."""
    for index, block in enumerate(blocks):
        parts = [*block.get("elements", []), *filter(None, [block.get("accessory"), block.get("element")])]
        for number, part in enumerate(each for each in parts if isinstance(each, dict)):
            ids = {
                "type": part.get("type"),
                "block_id": block.get("block_id", f"b{index}"),
                "action_id": part.get("action_id", f"a{number}"),
            }
            if part.get("type") == "button":
                kept = {key: part[key] for key in ("text", "value", "style", "url") if key in part}
                yield {part["text"]["text"]}, ids | kept
                continue
            names = {part.get("placeholder", {}).get("text", ""), part.get("action_id", "")} - {""}
            if choose and str(part.get("type")).startswith(("users", "conversations", "channels", "date", "time")):
                yield names, ids | {picked_key(part["type"]): choose}
            for option in options(part):
                if choose and option["text"]["text"] != choose:
                    continue
                many = part["type"] == "checkboxes" or part["type"].startswith("multi_")
                picked = {"selected_options": [option]} if many else {"selected_option": option}
                yield {option["text"]["text"], *(names if choose else ())}, ids | picked


def options(part: Mapping[str, Any]) -> list[Json]:
    """Return the options of an element, those of its groups too."""
    groups = [group.get("options", []) for group in part.get("option_groups", [])]
    return [*part.get("options", []), *(option for group in groups for option in group)]


def picked_key(kind: str) -> str:
    """Return the key under which Slack says what was picked in an element of a kind."""
    return {
        "users_select": "selected_user",
        "conversations_select": "selected_conversation",
        "channels_select": "selected_channel",
        "datepicker": "selected_date",
        "timepicker": "selected_time",
        "checkboxes": "selected_options",
        "multi_static_select": "selected_options",
        "multi_external_select": "selected_options",
        "multi_users_select": "selected_users",
        "multi_conversations_select": "selected_conversations",
        "plain_text_input": "value",
        "number_input": "value",
        "url_text_input": "value",
        "email_text_input": "value",
    }.get(kind, "selected_option")


def state(blocks: list[Json], filled: Mapping[str, Any] | None = None) -> Json:
    """Return the values of the elements: what `filled` gives by block_id, action_id or label, else the initial ones.

    An option is given by its text or value, several as a list.
    """
    left = dict(filled or {})
    values: Json = {}
    for index, block in enumerate(blocks):
        inputs = [block["element"]] if block.get("type") == "input" else block.get("elements", [])
        inputs = [*inputs, *filter(None, [block.get("accessory")])]
        for number, part in enumerate(each for each in inputs if isinstance(each, dict)):
            if part.get("type") in (None, "button", "overflow", "image", "mrkdwn", "plain_text") or "rich_text" in str(
                part.get("type")
            ):
                continue
            block_id, action_id = block.get("block_id", f"b{index}"), part.get("action_id", f"a{number}")
            label = block.get("label", {}).get("text", "")
            given = next((left.pop(name) for name in (block_id, action_id, label) if name in left), None)
            values.setdefault(block_id, {})[action_id] = {"type": part["type"]} | _value(part, given)
    if left:
        raise LookupError(f"no input goes by {sorted(left)}")
    return values


def _value(part: Json, given: Any) -> Json:
    key = picked_key(part["type"])
    if given is None:
        initial = {
            "value": "initial_value",
            "selected_option": "initial_option",
            "selected_options": "initial_options",
        }.get(key, key.replace("selected", "initial"))
        return {key: part.get(initial, [] if key.endswith("s") else None)}
    if key == "selected_options":
        return {key: [_option(part, each) for each in given]}
    return {key: _option(part, given) if key == "selected_option" else given}


def _option(part: Json, given: str) -> Json:
    for option in options(part):
        if given in (option["text"]["text"], option["value"]):
            return option
    raise LookupError(f"no option {given!r} in {part.get('action_id')!r}")
