"""The front doors to the world outside: platforms by name, sources of digests by address."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.doctor import Finding
from bot.model import Digest, UserError
from bot.ports import Ledger, Lookup, Platform, Source

if TYPE_CHECKING:
    from adapters._feeds import Find
    from adapters._health import Check, Metrics
    from adapters.console import Adapter as Terminal

# How many seconds a file must be left alone before it counts as written.
_SETTLE = 1.0


def platforms() -> tuple[str, ...]:
    """Return the names of the platforms that exist: the modules here without a leading underscore."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_")))


def platform(name: str, settings: Settings, ledger: Ledger) -> AbstractAsyncContextManager[Platform]:
    """Open a platform's adapter. Its module, and with it the platform's SDK, loads here and not before.

    Entering raises `SettingsError` where the platform turns the settings down.
    """
    if name not in platforms():
        raise UserError(f"There is no platform {name!r}; there are: {', '.join(platforms())}.")
    opened: AbstractAsyncContextManager[Platform] = _part(name).Adapter.open(settings, ledger)
    return opened


def manifest(name: str, settings: Settings, url: str = "") -> str:
    """Return what a platform makes an app of, as JSON; with a `url` it will call us there."""
    if name not in _having("manifest"):
        raise UserError(f"There is no manifest for {name!r}; there is one for: {', '.join(_having('manifest'))}.")
    made: str = _part(name, "manifest").manifest(settings, url)
    return made


async def checks(name: str, settings: Settings) -> AsyncIterator[Finding]:
    """Yield what is to be said of a platform's settings, having asked the platform itself."""
    if name in _having("checks"):
        async for found in _part(name, "checks").findings(settings):
            yield found


def terminal() -> Terminal:
    """Return this terminal, which can do more than a platform must: show an answer, as text or as JSON."""
    from adapters.console import Adapter  # noqa: PLC0415  # as above

    return Adapter()


def source(address: str, settings: Settings | None = None, ledger: Ledger | None = None) -> Source:
    """Return the digests' source that an address names: arXiv itself, a git checkout, a web address, or a path.

    With a ledger it is watched: what was read is remembered, and a file that is being written can wait. Without, it is
    read once, all of it.
    """
    settings = settings or Settings()
    kind, colon, rest = address.partition(":")
    match kind.lower() + colon:
        case "arxiv:":
            from adapters._sources.arxiv import Arxiv  # noqa: PLC0415  # a source loads when it is used

            return Arxiv.at(address, settings)
        case "git:":
            return _checkout(address, rest)
        case "https:" | "http:":
            return _web(address, settings, ledger)
    if rest.startswith("//"):
        raise UserError(f"{kind}:// is no address of digests. Write https://..., git:/path, arxiv:cs.CV, or a path.")
    from adapters._sources.files import Files  # noqa: PLC0415  # as above

    path = Path(address)
    # What is watched may be a folder that is mounted later; until then it does not answer.
    if ledger is None and not os.path.lexists(path):
        raise UserError(f"{address}: there is no such file or folder.")
    return Files(path, settle=0.0 if ledger is None else _SETTLE)


def backfill(
    categories: Sequence[str],
    first: date,
    last: date,
    settings: Settings,
    *,
    progress: Callable[[date, int], None] | None = None,
) -> AsyncIterator[Digest]:
    """Return the digests of days that are past, from arXiv: see `adapters._sources.oai.backfill`."""
    from adapters._sources import oai  # noqa: PLC0415  # as above

    return oai.backfill(categories, first, last, settings, progress=progress)


def lookup(settings: Settings) -> Lookup:
    """Return who knows papers by their ids: arXiv's API."""
    from adapters._sources.lookup import ArxivLookup  # noqa: PLC0415  # as above

    return ArxivLookup(settings)


def _checkout(address: str, path: str) -> Source:
    from adapters._sources.git import Git  # noqa: PLC0415  # as above

    if path and "://" not in path:
        with suppress(OSError):
            return Git(Path(path))
    raise UserError(f"{_shown(address)}: there is no git checkout. Clone it there, or name a folder in one.")


def _web(address: str, settings: Settings, ledger: Ledger | None) -> Source:
    from adapters._sources.fetch import FetchError  # noqa: PLC0415  # as above
    from adapters._sources.web import Web  # noqa: PLC0415  # as above

    try:
        return Web(address, private=settings.private_sources == "allow", ledger=ledger)
    except FetchError as error:
        raise UserError(f"{_shown(address)} is {error}. Write an address like https://example.org/digest.md.") from None


def _shown(address: str) -> str:
    """Return a web address without what may be a password or a token."""
    return re.sub("//.*@", "//...@", address.partition("?")[0], flags=re.DOTALL)


def health(address: str, check: Check, metrics: Metrics) -> AbstractAsyncContextManager[str]:
    """Answer monitoring on `host:port`: see `adapters._health.listening`."""
    from adapters._health import listening  # noqa: PLC0415  # as above

    return listening(address, check, metrics)


def feeds(address: str, base: str, find: Find, clock: Callable[[], datetime]) -> AbstractAsyncContextManager[str]:
    """Serve feeds on `host:port`: see `adapters._feeds.listening`."""
    from adapters._feeds import listening  # noqa: PLC0415  # as above

    return listening(address, base, find, clock)


def _part(*path: str) -> ModuleType:
    return import_module(".".join([__name__, *path]))


def _having(part: str) -> tuple[str, ...]:
    """Return the names of the platforms that have a module of this name: not every one needs it."""
    return tuple(name for name in platforms() if (Path(__path__[0]) / name / f"{part}.py").exists())
