"""The objects that Discord sends, as JSON: users, guilds, channels, messages, interactions.

https://docs.discord.com/developers/reference
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.fakes.discord_messages import Attachment, Json, Message
from tests.fakes.discord_permissions import Permission
from tests.fakes.discord_state import FORUM, GROUP, Channel, Guild, Member, User, World

_JOINED = "2021-01-01T00:00:00+00:00"
_EPOCH_MS = 1_420_070_400_000


def moment(snowflake: int) -> str:
    """Return the ISO 8601 time that a snowflake carries."""
    return datetime.fromtimestamp(((snowflake >> 22) + _EPOCH_MS) / 1000, UTC).isoformat()


def user(who: User) -> Json:
    return {
        "id": str(who.id),
        "username": who.name,
        "global_name": who.name.title(),
        "discriminator": "0",
        "avatar": None,
        "primary_guild": None,
        "bot": who.bot,
        "public_flags": 0,
        "flags": 0,
    }


def member(whose: Member, *, with_user: bool = True) -> Json:
    shown: Json = {"user": user(whose.user)} if with_user else {}
    return shown | {
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [str(whose.user.id + 1)] if whose.permissions else [],
        "joined_at": _JOINED,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }


def role(id_: int, name: str, permissions: Permission) -> Json:
    return {
        "id": str(id_),
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": str(int(permissions)),
        "managed": False,
        "mentionable": False,
        "flags": 0,
        "icon": None,
        "unicode_emoji": None,
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def partial_channel(where: Channel, permissions: Permission) -> Json:
    """Return a channel as interactions show it, with what who asked may do there."""
    hidden = ("permission_overwrites", "available_tags", "applied_tags")
    shown = {key: value for key, value in channel(where).items() if key not in hidden}
    return shown | {"permissions": str(int(permissions))}


def channel(where: Channel) -> Json:
    """Return a channel, thread or direct channel as GET /channels/{id} shows it."""
    shown: Json = {"id": str(where.id), "type": where.kind, "last_message_id": _id(where.newest), "flags": 0}
    if where.guild is None:
        shown |= {"recipients": [user(each) for each in where.recipients]}
        return shown | ({"name": None, "icon": None, "owner_id": "1"} if where.kind == GROUP else {})
    shown |= {
        "guild_id": str(where.guild.id),
        "name": where.name,
        "parent_id": str(where.parent.id) if where.parent else None,
        "rate_limit_per_user": 0,
    }
    if where.is_thread:
        return shown | {
            "owner_id": str((where.owner or where.world.bot).id),
            "message_count": 0,
            "member_count": 1,
            "total_message_sent": 0,
            "applied_tags": [str(each) for each in where.applied],
            "thread_metadata": {
                "archived": where.archived,
                "locked": where.locked,
                "auto_archive_duration": 1440,
                "archive_timestamp": moment(where.id),
                "create_timestamp": moment(where.id),
            },
        }
    overwrite = {
        "id": str(where.world.bot.id),
        "type": 1,
        "allow": str(int(where.allowed)),
        "deny": str(int(where.denied)),
    }
    shown |= {
        "position": 0,
        "topic": None,
        "nsfw": False,
        "permission_overwrites": [overwrite] if where.allowed or where.denied else [],
    }
    if where.kind == FORUM:
        tags = [
            {"id": str(each.id), "name": each.name, "moderated": each.moderated, "emoji_id": None, "emoji_name": None}
            for each in where.tags
        ]
        shown |= {
            # REQUIRE_TAG, https://docs.discord.com/developers/resources/channel#channel-object-channel-flags
            "flags": 1 << 4 if where.require_tag else 0,
            "available_tags": tags,
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
            "default_auto_archive_duration": 1440,
        }
    return shown


def my_guild(which: Guild) -> Json:
    """Return a guild as the list of those shows it that the bot is in."""
    return {
        "id": str(which.id),
        "name": which.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(int(which.everyone | which.bot.permissions)),
        "features": [],
    }


def guild(which: Guild, *, full: bool = True) -> Json:
    """Return a guild: as GUILD_CREATE shows it, or without what is in it."""
    roles = [role(which.id, "@everyone", which.everyone)]
    roles += [role(each.user.id + 1, each.user.name, each.permissions) for each in which.members.values()]
    shown: Json = {
        "id": str(which.id),
        "name": which.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "owner_id": str(which.owner.id if which.owner else 1),
        "description": None,
        "features": [],
        "roles": roles,
        "emojis": [],
        "stickers": [],
        "afk_channel_id": None,
        "afk_timeout": 300,
        "application_id": None,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "preferred_locale": which.locale,
        "premium_progress_bar_enabled": False,
        "premium_tier": 0,
        "public_updates_channel_id": None,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "system_channel_flags": 0,
        "system_channel_id": None,
        "vanity_url_code": None,
        "verification_level": 1,
        "home_header": None,
        "incidents_data": None,
        "max_members": 500_000,
        "max_presences": None,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "nsfw": False,
        "premium_subscription_count": 0,
        "region": "deprecated",
        "widget_channel_id": None,
        "widget_enabled": False,
    }
    if not full:
        return shown
    there = [each for each in which.channels.values() if not each.deleted]
    # Without the intent for members, the bot is the only one that GUILD_CREATE lists.
    return shown | {
        "joined_at": _JOINED,
        "large": False,
        "member_count": len(which.members),
        "members": [member(which.bot)],
        "channels": [channel(each) for each in there if not each.is_thread],
        "threads": [
            channel(each)
            for each in there
            if each.is_thread and not each.archived and each.permissions(which.world.bot)
        ],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def message(which: Message, *, readable: bool = True) -> Json:
    """Return a message; one that is not `readable` has no content, as without the intent for it."""
    shown: Json = {
        "id": str(which.id),
        "channel_id": str(which.channel.id),
        "author": user(which.author),
        "type": 0,
        "content": which.content if readable else "",
        "embeds": [{"type": "rich", **each} for each in which.embeds] if readable else [],
        "components": _numbered(which.components, itertools.count(1)) if readable else [],
        "attachments": [_attachment(each) for each in which.files] if readable else [],
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "pinned": False,
        "tts": False,
        "flags": which.flags,
        "timestamp": moment(which.id),
        "edited_timestamp": moment(which.id) if which.edits else None,
    }
    if which.author.bot:
        shown["application_id"] = str(which.author.id)
    if which.asked:
        shown |= {"type": 20, "interaction_metadata": which.asked}
    return shown


def _attachment(each: Attachment) -> Json:
    address = f"https://cdn.discordapp.com/attachments/1/{each.id}/{each.name}"
    named = {"id": str(each.id), "filename": each.name, "size": len(each.content)}
    return {**named, "url": address, "proxy_url": address}


def _numbered(components: list[Json], ids: Iterator[int]) -> list[Json]:
    """Return components with the ids that Discord gives to those that have none."""
    shown: list[Json] = []
    for each in components:
        new = {"id": next(ids), **each}
        for key in ("components", "accessory"):
            if key in each:
                inside = _numbered(each[key] if key == "components" else [each[key]], ids)
                new[key] = inside if key == "components" else inside[0]
        shown.append(new)
    return shown


def application(world: World, more: Json) -> Json:
    """Return the application, with what a test says differently."""
    people = [each for each in world.users.values() if not each.bot]
    return {
        "id": str(world.bot.id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": user(people[0]),
        "team": None,
        "type": None,
        "flags_new": "0",
        "eligible_oauth2_scopes": [],
        "explicit_content_filter": 0,
        "role_connections_verification_url": None,
        "interactions_endpoint_url": None,
        "integration_types_config": {"0": {}, "1": {}},
        "approximate_guild_count": sum(each.has_bot for each in world.guilds.values()),
        "approximate_user_authorization_count": 0,
        "approximate_user_install_count": sum(each.installed for each in people),
        "redirect_uris": [],
        "tags": [],
        **more,
    }
