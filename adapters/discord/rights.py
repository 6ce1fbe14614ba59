"""What a person may change in a channel, and whether we can post there."""

from __future__ import annotations

from dataclasses import replace

import discord
from discord.abc import PrivateChannel

from adapters.discord.asked import Asked
from adapters.discord.install import NAMES, link
from bot.model import Call

_THREADS = (discord.ChannelType.public_thread, discord.ChannelType.private_thread, discord.ChannelType.news_thread)
_FORUMS = (discord.ChannelType.forum, discord.ChannelType.media)


def authorised(call: Call, asked: Asked) -> Call:
    """Return a call with what its caller may do in the room, and whether messages can be posted there.

    Who may change a room has Manage Server. Discord checks permissions for a whole command, of which `settings` is a
    part, and administrators can change that check: so it is made here.
    """
    if asked.is_alone:
        return replace(call, may_manage=True)
    # In a group nobody manages, and the obstacle is what there is to say.
    manages = asked.interaction.guild_id is None or asked.interaction.permissions.manage_guild
    return replace(call, may_manage=manages, obstacle=_obstacle(asked, int(call.room.name)))


def is_here(channel_id: str, asked: Asked) -> bool:
    """Say whether a channel that was named can be of the server where it was named.

    Whoever manages one server has nothing to say in another, and nobody but Discord's apps keeps them from naming it.
    """
    here = asked.interaction.guild_id
    found = asked.interaction.client.get_channel(int(channel_id))
    # An archived thread is not known; it is for the post to find out.
    return here is not None and (found is None or (not isinstance(found, PrivateChannel) and found.guild.id == here))


def _obstacle(asked: Asked, channel_id: int) -> str:
    interaction = asked.interaction
    if interaction.guild_id is None:
        return "In a group nothing can be posted unasked. Type it in a server, or in a direct message to the bot."
    if not interaction.is_guild_integration():
        return (
            "Paperwire is not in this server, only on your account, and can post nothing here by itself. "
            f"Who manages the server can add it: {link(interaction.application_id)}"
        )
    kind, granted = _granted(asked, channel_id)
    if granted is None:
        return ""  # posting will tell
    spared = "" if kind in _FORUMS else "Send Messages" if kind in _THREADS else "Send Messages in Threads"
    lacking = [name for each, name in NAMES.items() if name != spared and not getattr(granted, each)]
    if not lacking:
        return ""
    return f"The bot lacks the permissions {', '.join(lacking)} in that channel. Give it those, and type it again."


def _granted(asked: Asked, channel_id: int) -> tuple[discord.ChannelType | None, discord.Permissions | None]:
    """Return a channel's kind and what the bot may do there; None where that is not known."""
    interaction = asked.interaction
    if channel_id == interaction.channel_id:
        return interaction.channel.type if interaction.channel else None, interaction.app_permissions
    guild = interaction.client.get_guild(interaction.guild_id or 0)
    channel = guild.get_channel_or_thread(channel_id) if guild else None
    if guild is None or channel is None or guild.me is None:
        return None, None
    return channel.type, channel.permissions_for(guild.me)
