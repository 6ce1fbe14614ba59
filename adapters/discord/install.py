"""How Paperwire comes into a server or to a person: the permissions it asks for, and the links.

https://docs.discord.com/developers/topics/oauth2
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

import discord

PORTAL = "https://discord.com/developers/applications"

# Each permission and what it is needed for; the README's table is this one.
PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "View Channel": "know the channel that wants highlights",
        "Send Messages": "post the highlights there, in a forum as a post of each digest",
        "Send Messages in Threads": "the same where that is a thread",
        "Embed Links": "show papers as cards with titles that lead to arXiv",
    }
)
# The same by discord.py's names.
NAMES: Mapping[str, str] = MappingProxyType({name.lower().replace(" ", "_"): name for name in PERMISSIONS})
NEEDED = discord.Permissions(**dict.fromkeys(NAMES, True))

_GUILD, _PERSON = 0, 1  # of ApplicationIntegrationType


def link(application_id: int) -> str:
    """Return the address where who manages a server adds Paperwire to it, with the permissions it needs and no more."""
    return _link(application_id, "bot applications.commands", _GUILD, permissions=NEEDED.value)


def personal_link(application_id: int) -> str:
    """Return the address where people have Paperwire for themselves, in every server and in direct messages."""
    return _link(application_id, "applications.commands", _PERSON)


def _link(application_id: int, scope: str, integration_type: int, **more: int) -> str:
    asked = {"client_id": application_id, "scope": scope, "integration_type": integration_type, **more}
    return f"https://discord.com/oauth2/authorize?{urlencode(asked)}"
