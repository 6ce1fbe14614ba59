"""What people do, as the data of INTERACTION_CREATE: commands as they are registered, presses of what really stands.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes import discord_payloads
from tests.fakes.discord_interactions import Interaction
from tests.fakes.discord_messages import Json, Message, label, walk
from tests.fakes.discord_permissions import EVERYONE, Permission
from tests.fakes.discord_state import DM, GROUP, Channel, User, World

GUILD_CONTEXT, BOT_DM_CONTEXT, PRIVATE_CONTEXT = 0, 1, 2
BY_GUILD, BY_USER = 0, 1
SUBCOMMAND, GROUP_OF_THEM, STRING, INTEGER, BOOLEAN, USER, CHANNEL, NUMBER = 1, 2, 3, 4, 5, 6, 7, 10


def event(world: World, asked: Interaction, data: Json, owners: Json) -> Json:
    """Return the d of INTERACTION_CREATE."""
    channel, user = asked.channel, asked.user
    shown: Json = {
        "id": str(asked.id),
        "application_id": str(world.bot.id),
        "type": asked.kind,
        "token": asked.token,
        "version": 1,
        "data": data,
        "channel_id": str(channel.id),
        "channel": discord_payloads.partial_channel(channel, channel.permissions(user)),
        "locale": user.locale,
        "app_permissions": str(int(app_permissions(world, channel))),
        "entitlements": [],
        "authorizing_integration_owners": owners,
        "context": context(channel),
        "attachment_size_limit": world.largest_file,
    }
    if channel.guild is None:
        shown["user"] = discord_payloads.user(user)
    else:
        permissions = str(int(channel.permissions(user)))
        shown |= {
            "guild_id": str(channel.guild.id),
            "guild": {"id": str(channel.guild.id), "locale": channel.guild.locale, "features": []},
            "guild_locale": channel.guild.locale,
            "member": discord_payloads.member(channel.guild.members[user.id]) | {"permissions": permissions},
        }
    if asked.source is not None:
        shown["message"] = discord_payloads.message(asked.source)
    return shown


def context(channel: Channel) -> int:
    return {DM: BOT_DM_CONTEXT, GROUP: PRIVATE_CONTEXT}.get(channel.kind, GUILD_CONTEXT)


def app_permissions(world: World, channel: Channel) -> Permission:
    """Return what the app may do where an interaction comes from; where it is no member, what everybody may."""
    if channel.guild is None or channel.guild.has_bot:
        return channel.permissions(world.bot)
    return channel.guild.everyone & EVERYONE


def owners(channel: Channel, user: User) -> Json:
    """Return by whose installs the app is there: the server's, the user's. Empty: it is not."""
    found: Json = {}
    if channel.guild is not None and channel.guild.has_bot:
        found["0"] = str(channel.guild.id)
    elif channel.kind == DM:
        found["0"] = "0"
    if user.installed:
        found["1"] = str(user.id)
    return found


def offered(commands: Sequence[Json], kind: int, name: str, channel: Channel, user: User) -> Json:
    """Return a registered command that a person is offered in a place; LookupError says why there is none."""
    there = {each["name"]: each for each in commands if each["type"] == kind}
    if name not in there:
        raise LookupError(f"no command {name!r} of type {kind} is registered; there are {sorted(there)}")
    command = there[name]
    contexts = command.get("contexts")
    if contexts is not None and context(channel) not in contexts:
        raise LookupError(f"{name!r} is not offered in a place of context {context(channel)}, only in {contexts}")
    by = {int(each) for each in owners(channel, user)}
    if not by & set(command.get("integration_types") or [BY_GUILD]):
        raise LookupError(f"{name!r} is not offered: the app is not installed there in a way that brings it")
    needed = Permission(int(command.get("default_member_permissions") or 0))
    if channel.guild is not None:
        has = channel.permissions(user)
        if Permission.USE_APPLICATION_COMMANDS not in has or needed not in has:
            raise LookupError(f"{name!r} is not offered to {user.name}: it takes permissions that they lack")
    return command


def command_data(command: Json, path: Sequence[str], given: Mapping[str, Any], user: User, *, focus: str = "") -> Json:
    """Return the data of a slash command: `path` are its subcommands, `focus` the option that is being typed."""
    node, data = command, _named(command)
    inside: list[Json] = data.setdefault("options", [])
    for step in path:
        options = {each["name"]: each for each in node.get("options", []) if each["type"] in (1, 2)}
        if step not in options:
            raise LookupError(f"{node['name']!r} has no subcommand {step!r}; there are {sorted(options)}")
        node = options[step]
        inside.append({"name": step, "type": node["type"], "options": []})
        inside = inside[-1]["options"]
    declared = {each["name"]: each for each in node.get("options", [])}
    if unknown := set(given) - set(declared):
        raise LookupError(f"{node['name']!r} has no options {sorted(unknown)}; there are {sorted(declared)}")
    missing = {name for name, each in declared.items() if each.get("required")} - set(given)
    if missing and not focus:
        raise LookupError(f"{node['name']!r} takes {sorted(missing)} too")
    resolved: Json = {}
    for name, value in given.items():
        option = declared[name]
        if name == focus:
            if not option.get("autocomplete"):
                raise LookupError(f"{name!r} is not declared with autocomplete")
            inside.append({"name": name, "type": option["type"], "value": str(value), "focused": True})
        else:
            inside.append({"name": name, "type": option["type"], "value": _value(option, value, user, resolved)})
    return data | ({"resolved": resolved} if resolved else {})


def typing(data: Json) -> int:
    """Return the type of the option that is being typed, 0 where none is."""
    inside = data.get("options", [])
    while inside and "options" in inside[0]:
        inside = inside[0]["options"]
    return next((int(each["type"]) for each in inside if each.get("focused")), 0)


def menu_data(command: Json, target: Message | User, channel: Channel) -> Json:
    """Return the data of a context menu's command on a message, all of which it shows, or on a user."""
    if isinstance(target, Message):
        resolved: Json = {"messages": {str(target.id): discord_payloads.message(target)}}
    else:
        resolved = {"users": {str(target.id): discord_payloads.user(target)}}
        if channel.guild is not None and target.id in channel.guild.members:
            member = discord_payloads.member(channel.guild.members[target.id], with_user=False)
            resolved["members"] = {str(target.id): member | {"permissions": str(int(channel.permissions(target)))}}
    return _named(command) | {"target_id": str(target.id), "resolved": resolved}


def button_data(message: Message, name: str, nth: int) -> Json:
    """Return the data of a press on a button, found by its label."""
    found = [each for each in message.parts if each["type"] == 2 and label(each) == name]
    if len(found) <= nth:
        raise LookupError(f"no button {name!r} (number {nth}); there are {list(message.buttons)}")
    button = found[nth]
    if button.get("disabled") or "custom_id" not in button:
        raise LookupError(f"{name!r} cannot be pressed: it is disabled, or leads to {button.get('url')}")
    return {"custom_id": button["custom_id"], "component_type": 2, "id": _number(message, button)}


def select_data(message: Message, name: str, labels: Sequence[str]) -> Json:
    """Return the data of a choice in a select, found by its placeholder or custom_id; options go by their labels."""
    found = [each for each in message.selects if name in (each.get("placeholder"), each["custom_id"])]
    if not found:
        raise LookupError(f"no select {name!r}; there are {[each.get('placeholder') for each in message.selects]}")
    select = found[0]
    values = {each["label"]: each["value"] for each in select.get("options", [])}
    if missing := set(labels) - set(values):
        raise LookupError(f"{name!r} has no options {sorted(missing)}; there are {list(values)}")
    if select.get("disabled") or not select.get("min_values", 1) <= len(labels) <= select.get("max_values", 1):
        raise LookupError(f"{name!r} takes no {len(labels)} options now")
    picked = [values[each] for each in labels]
    return {
        "custom_id": select["custom_id"],
        "component_type": select["type"],
        "values": picked,
        "id": _number(message, select),
    }


def modal_data(modal: Json, values: Mapping[str, str]) -> Json:
    """Return the data of a modal that is sent with values by the labels of its text inputs."""
    left = dict(values)
    rows: list[Json] = []
    for row in modal["components"]:
        for part in walk([row]):
            if part["type"] != 4:
                continue
            typed = left.pop(row.get("label") or part.get("label") or "", part.get("value") or "")
            said = {"type": 4, "custom_id": part["custom_id"], "value": typed, "id": 1}
            inside = {"component": said} if row["type"] == 18 else {"components": [said]}
            rows.append({"type": row["type"], "id": 1, **inside})
    if left:
        raise LookupError(f"no input goes by {sorted(left)}")
    return {"custom_id": modal["custom_id"], "components": rows}


def _number(message: Message, part: Json) -> int:
    """Return the id of a component: its own, else the one that Discord counts out."""
    place = next(place for place, each in enumerate(message.parts, 1) if each is part)
    return int(part.get("id", place))


def _named(command: Json) -> Json:
    return {"id": command["id"], "name": command["name"], "type": command["type"]}


def _value(option: Json, value: Any, user: User, resolved: Json) -> Any:
    """Return what Discord sends for what a person gave, once its app would let it pass."""
    kind, name = option["type"], option["name"]
    if kind == CHANNEL:
        if option.get("channel_types") and value.kind not in option["channel_types"]:
            raise LookupError(f"{name!r} offers no channel of type {value.kind}")
        shown = discord_payloads.partial_channel(value, value.permissions(user))
        resolved.setdefault("channels", {})[shown["id"]] = shown
        return shown["id"]
    if kind == USER:
        resolved.setdefault("users", {})[str(value.id)] = discord_payloads.user(value)
        return str(value.id)
    if choices := option.get("choices"):
        picked = [each["value"] for each in choices if value in (each["name"], each["value"])]
        if not picked:
            raise LookupError(f"{name!r} offers no {value!r}; there are {[each['name'] for each in choices]}")
        return picked[0]
    if kind == BOOLEAN:
        return bool(value)
    value = int(value) if kind == INTEGER else float(value) if kind == NUMBER else str(value)
    size = len(value) if kind == STRING else value
    least, most = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    if not option.get(least, size) <= size <= option.get(most, size):
        raise LookupError(f"{name!r} takes nothing like {value!r}: {option}")
    return value
