"""Telling Discord the commands: only where they have changed, here or there, for it counts how often that is done.

https://docs.discord.com/developers/interactions/application-commands#registering-a-command
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import discord

from adapters.discord.commands import payload
from adapters.discord.failures import FAILURES, passes, why
from bot.log import log_bug
from bot.ports import Ledger, StoreError

_log = logging.getLogger(__name__)

_KIND = "commands"
_REMEMBERED = timedelta(days=365)
_SAID = 500  # characters
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 3600.0  # seconds


async def sync(
    client: discord.Client,
    ledger: Ledger,
    clock: Callable[[], datetime],
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Put the commands, unless Discord has them as they were put last; try until it takes them or turns them down.

    The client is logged in. Nothing is raised: to be run beside the rest, which works without it.
    """
    failures = 0
    while True:
        try:
            await _put(client, ledger, clock())
        except (*FAILURES, StoreError) as error:
            if not passes(error):
                _log.error("commands_refused", extra=_fields(error))
                return
            failures += 1
            pause = max(min(_FIRST_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE), _named_wait(error))
            _log.warning("commands_wait", extra={**_fields(error), "seconds": pause})
            await sleep(pause)
        except Exception as error:  # noqa: BLE001  # as above
            log_bug(_log, error)
            return
        else:
            return


async def _put(client: discord.Client, ledger: Ledger, now: datetime) -> None:
    wanted = payload()
    application = client.application_id
    assert application is not None
    put = await ledger.get(_KIND, str(application), now)
    # Discord may store a command otherwise than it was put, so it is not compared with ours: but whatever changes one,
    # such as another program with the same token, gives it another version.
    if put is not None and put == _state(wanted, await client.http.get_global_commands(application)):
        return
    there = await client.http.bulk_upsert_global_commands(application, wanted)
    await ledger.put(_KIND, str(application), _state(wanted, there), until=now + _REMEMBERED)
    _log.info("commands_put", extra={"commands": len(wanted)})


def _state(wanted: list[dict[str, Any]], there: Sequence[Mapping[str, Any]]) -> str:
    """Return what we want and what is there as one text, the same if and only if neither has changed."""
    canonical = json.dumps([wanted, sorted([each["id"], each["version"]] for each in there)], sort_keys=True)
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()


def _named_wait(error: Exception) -> float:
    return error.retry_after if isinstance(error, discord.RateLimited) else 0.0


def _fields(error: Exception) -> dict[str, object]:
    """Say what went wrong. What Discord says of a form is of ours, and nobody's words stand in it."""
    said = {"reason": error.text[:_SAID]} if isinstance(error, discord.HTTPException) and error.text else {}
    return {"code": why(error), **said}
