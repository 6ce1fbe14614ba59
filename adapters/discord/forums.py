"""Forums and media channels, which hold nothing but posts: a delivery there is a post of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import discord
from discord.flags import ChannelFlags
from discord.utils import snowflake_time

from bot.model import Reply, Text

_KINDS = (discord.ChannelType.forum.value, discord.ChannelType.media.value)
_NAME = 100  # characters
_TAGS = 5


def is_forum(channel: Mapping[str, Any]) -> bool:
    """Tell a forum, of a channel as Discord describes it."""
    return channel.get("type") in _KINDS


def opening(forum: Mapping[str, Any], reply: Reply, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what opens a reply's post with its first message."""
    return {"name": _name(reply), "applied_tags": _tags(forum, reply), "message": message}


def opened(threads: list[Mapping[str, Any]], forum: str, reply: Reply, by: int, after: datetime) -> str:
    """Return which of a server's active threads is the post of a reply, "" where none is."""
    wanted = (forum, _name(reply), str(by))
    return next(
        (
            str(each["id"])
            for each in threads
            if (each.get("parent_id"), each.get("name"), each.get("owner_id")) == wanted
            and snowflake_time(int(each["id"])) > after
        ),
        "",
    )


def _name(reply: Reply) -> str:
    """Return the name of a post: what it is of. How many papers it shows may be another number at another attempt."""
    first = str(reply.text).strip().partition("\n")[0]
    of = first.partition(": ")[0]
    # "Journal club" alone would be every agenda; its day is behind the colon.
    return Text(of if any(map(str.isdigit, of)) else first).clip(_NAME).plain


def _tags(forum: Mapping[str, Any], reply: Reply) -> list[str]:
    """Return the tags of a post: the digest's category.

    Where the forum wants a tag and has none of that name, it is the first that everybody may set.
    """
    free = [each for each in forum.get("available_tags", ()) if not each.get("moderated")]
    fitting = [str(each["id"]) for each in free if each["name"].strip().casefold() == reply.topic.casefold()]
    if not fitting and int(forum.get("flags", 0)) & ChannelFlags.require_tag.flag:
        fitting = [str(each["id"]) for each in free[:1]]
    return fitting[:_TAGS]
