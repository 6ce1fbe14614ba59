"""Subscriptions as feeds: their addresses, which nobody can guess, and what is read there."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from bot.alerts import readable
from bot.ports import Feed, Store

PATH = "/feed/"

_LEDGER, _BASE = "feeds", "base"
_BYTES = 32  # of chance in an address
_MOST = 100  # papers
_MONTH = timedelta(days=29)  # and the day itself


@dataclass(frozen=True, slots=True)
class Edition:
    """What a feed has now: an opaque mark that changes with it, when that was last, and how to have it as Atom."""

    mark: str
    modified: datetime
    compose: Callable[[], Awaitable[bytes]]


async def switch(base: str, store: Store) -> None:
    """Say where feeds are read, for whoever is asked for an address; "" switches them off."""
    ledger = store.ledger(_LEDGER)
    await (ledger.put(_BASE, "", base) if base else ledger.delete(_BASE, ""))


async def base(store: Store, now: datetime) -> str:
    """Return where feeds are read, "" where they are switched off."""
    return await store.ledger(_LEDGER).get(_BASE, "", now) or ""


def secret() -> str:
    """Return what a new address ends with."""
    return secrets.token_urlsafe(_BYTES)


def hashed(secret: str) -> str:
    """Return what is stored of a secret: of 256 bits of chance nothing can be told by its hash.

    It is looked up by its hash in an index. How long that takes says something of the hash, and nothing of the secret:
    there is nothing to compare in constant time.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


async def edition(secret: str, store: Store, now: datetime) -> Edition | None:
    """Return what the feed of a secret has now; None where there is none."""
    key = hashed(secret)
    feed = await store.feed(key)
    if feed is None:
        return None
    where = await base(store, now)
    last = now.astimezone(UTC).date()
    # All of which it is made: the same again is the same feed, and need not be looked for.
    newest = await store.newest(until=last)
    made_of = f"{feed.subscription.query}\n{feed.changed}\n{newest}\n{where}"
    mark = hashlib.sha256(made_of.encode()).hexdigest()[:32]
    return Edition(mark, feed.changed, partial(_composed, feed, f"{where}{PATH}{secret}", key, store, now))


async def _composed(feed: Feed, address: str, key: str, store: Store, now: datetime) -> bytes:
    """Return the newest papers of the last 30 days that there are."""
    newest = await store.newest(until=now.astimezone(UTC).date())
    query = readable(feed.subscription.query)
    found = (
        await store.search(replace(query, sort="new"), limit=_MOST, since=newest - _MONTH, until=newest)
        if query and newest
        else None
    )
    title = f"{feed.subscription.query}: new papers"
    # A number that is this feed's own, stays, and opens nothing.
    id_ = UUID(key[:32], version=4).urn
    from bot.feeds.atom import atom  # noqa: PLC0415  # only who is read needs XML

    return atom(title, id_, address, found.papers if found else (), feed.changed)
