"""The front doors to the world outside: platforms by name, sources of digests by address."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.doctor import Finding
from bot.model import UserError
from bot.ports import Ledger, Platform, Source

if TYPE_CHECKING:
    from adapters.console import Adapter as Terminal


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


def source(address: str) -> Source:
    """Return the digests' source that an address names: a file or a folder."""
    from adapters._files import Files  # noqa: PLC0415  # a source loads when it is used

    if "://" in address:
        raise UserError(f"{address} is a web address; digests come from files and folders. Name a path.")
    path = Path(address)
    if not os.path.lexists(path):
        raise UserError(f"{address}: there is no such file or folder.")
    return Files(path)


def _part(*path: str) -> ModuleType:
    return import_module(".".join([__name__, *path]))


def _having(part: str) -> tuple[str, ...]:
    """Return the names of the platforms that have a module of this name: not every one needs it."""
    return tuple(name for name in platforms() if (Path(__path__[0]) / name / f"{part}.py").exists())
