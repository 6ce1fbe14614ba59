"""The front doors to the world outside: platforms by name, sources of digests by address."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from bot.model import UserError
from bot.ports import Platform, Source

if TYPE_CHECKING:
    from adapters.console import Adapter as Terminal


def platforms() -> tuple[str, ...]:
    """Return the names of the platforms that exist: the modules here without a leading underscore."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_")))


def platform(name: str) -> Platform:
    """Return a platform's adapter. Its module, and with it the platform's SDK, loads here and not before."""
    if name not in platforms():
        raise UserError(f"There is no platform {name!r}; there are: {', '.join(platforms())}.")
    adapter: Platform = import_module(f"{__name__}.{name}").Adapter()
    return adapter


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
