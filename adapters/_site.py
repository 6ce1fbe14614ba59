"""A web server for a part of the service: it listens on one address while a block runs."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.config import SettingsError

_log = logging.getLogger(__name__)

_LIKE = "127.0.0.1:9464"
_IDLE = 30.0  # seconds
_FINISH_WITHIN = 1.0


@asynccontextmanager
async def site(served: web.Application, address: str, *, setting: str, what: str) -> AsyncIterator[str]:
    """Serve on `host:port` while the block runs; yield the address, with the port that port 0 stands for.

    Raise `SettingsError`, which names the `setting`, where the address cannot be listened on. `what` is what the log
    calls it; what is asked for is not logged.
    """
    host, _, port = address.rpartition(":")
    runner = web.AppRunner(served, access_log=None, keepalive_timeout=_IDLE, shutdown_timeout=_FINISH_WITHIN)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        except (OSError, UnicodeError) as error:  # a name that no host can have is not even looked up
            reason = error.strerror if isinstance(error, OSError) else "no name of a host"
            raise SettingsError(
                f"Nothing can listen on {address} ({reason}). Set {setting} to an address of "
                f"this machine and a free port, like {_LIKE}"
            ) from None
        bound = f"{host}:{runner.addresses[0][1]}"
        _log.info("listening", extra={"address": bound, "what": what})
        yield bound
    finally:
        await runner.cleanup()
