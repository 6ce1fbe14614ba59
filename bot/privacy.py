"""What is known of a person, in words and as JSON: for who asks for it, and for the operator."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bot.model import Destination, UserError
from bot.ports import Store

Known = Mapping[str, Sequence[Mapping[str, Any]]]

_NOUNS = {
    "subscriptions": "subscription",
    "alerts": "choice of how you are alerted",
    "highlights": "choice of your own highlights",
    "rooms": "room that you set up",
    "reactions": "reaction",
    "saved": "paper that you keep",
    "feeds": "feed of your subscriptions",
    "names": "name that others may call you",
    "shares": "paper that you shared",
    "clubs": "journal club that you set up",
    "nominations": "nomination for a journal club",
    "votes": "vote in a journal club",
    "links": "link to another address of yours",
    "messages": "message that was sent or is owed",
    "told": "paper that you were told of",
    "remembered": "note of where a message to you stands",
}


def counted(counts: Mapping[str, int]) -> str:
    """Say how much is known of a person, of what kind; "" where it is nothing."""
    said = [
        f"{count:,} {noun if count == 1 else _several(noun)}"
        for name, noun in _NOUNS.items()
        if (count := counts.get(name))
    ]
    return ", ".join(said)


async def exported(address: str, store: Store) -> str:
    """Return all that is stored about a person as one JSON object; raise `UserError` where the address is no person."""
    person = _scope(address)
    if not isinstance(person, Destination):
        raise UserError(f"{address} is a workspace. Name a person, like {address}/@U1")
    return written(person, await store.known(person))


def written(person: Destination, known: Known) -> str:
    """Return what is known of a person as one JSON object."""
    return json.dumps({"address": str(person), **known}, indent=2)


async def erasable(address: str | None, store: Store) -> tuple[str, ...]:
    """Return what is to be erased: a person, a workspace, or the workspaces that wait for it."""
    if address is not None:
        _scope(address)
        return (address,)
    return tuple(f"{platform}:{workspace}" for platform, workspace in await store.closing())


async def erase(address: str, store: Store) -> bool:
    """Erase a person or a workspace; return whether anything was stored about it."""
    found = _scope(address)
    gone = await (store.forget(found) if isinstance(found, Destination) else store.erase_workspace(found))
    return any(gone.values())


def _scope(address: str) -> Destination | tuple[str, str]:
    """Read the address of a person, or of a workspace as its platform and name; raise `UserError` where it is none."""
    if workspace := re.fullmatch(r"([a-z]+):([^/\s]+)", address):
        return workspace[1], workspace[2]
    with suppress(ValueError):
        if (found := Destination.parse(address)).is_person:
            return found
    raise UserError(f"{address} is no person and no workspace. Write it like slack:T1/@U1, or slack:T1")


def _several(noun: str) -> str:
    first, _, rest = noun.partition(" ")
    return f"{first}s {rest}".rstrip()
