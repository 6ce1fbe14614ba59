"""Digests from a web address: one document, read again only when it changed."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus

from adapters._sources.fetch import FetchError, checked, fetch, shown
from bot.ports import Document, Ledger

_KIND = "validators"
_KEPT = timedelta(days=90)
# Of a validator that is longer nobody is reminded: https://www.rfc-editor.org/rfc/rfc9110#name-validator-fields names
# no limit.
_MAX_VALIDATOR = 1024


class Web:
    """One document behind an address. With a ledger, only what is new since it was last read; without, all of it.

    Raise `FetchError` where `fetch` could not read such an address.
    """

    every = timedelta(minutes=15)
    delay = timedelta(hours=24)

    def __init__(self, url: str, *, private: bool = False, ledger: Ledger | None = None) -> None:
        self.address = shown(checked(url, private=private))
        self._url = url
        self._private = private
        self._ledger = ledger
        self._refused = ""
        self._not_before = 0.0

    def __len__(self) -> int:
        return 1

    async def documents(self) -> AsyncIterator[Document]:
        if time.monotonic() < self._not_before:
            yield Document(self.address, error=self._refused)
            return
        last = await self._last()
        try:
            found = await fetch(self._url, etag=last.etag, modified=last.modified, private=self._private)
        except FetchError as error:
            self._refused = str(error)
            self._not_before = time.monotonic() + (error.retry_after or 0.0)
            yield Document(self.address, error=self._refused)
            return
        if found.status == HTTPStatus.NOT_MODIFIED:
            return
        seen = _Seen(_short(found.etag), _short(found.modified), sha256(found.text.encode()).hexdigest())
        # Not every server knows validators, and one that does may send what it sent before.
        if seen.fingerprint != last.fingerprint:
            yield Document(self.address, found.text)
        if self._ledger is not None and seen != last:
            until = datetime.now(UTC) + _KEPT
            await self._ledger.put(_KIND, self.address, json.dumps(asdict(seen)), until=until)

    async def _last(self) -> _Seen:
        kept = await self._ledger.get(_KIND, self.address, datetime.now(UTC)) if self._ledger is not None else None
        return _Seen(**json.loads(kept)) if kept else _Seen()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a server said of the document that was last read, and its fingerprint."""

    etag: str = ""
    modified: str = ""
    fingerprint: str = ""


def _short(validator: str) -> str:
    return validator if len(validator) <= _MAX_VALIDATOR else ""
