"""Digests from a git checkout: brought up to date before its files are read."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from adapters._sources.files import Files
from bot.ports import Document

_PULLS_WITHIN = 120.0
_DIES_WITHIN = 5.0
_LONGEST_REASON = 200

# What a repository can make git start is not started, and what is fetched is digests: no submodules.
_CONFIG = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.askPass=", "protocol.ext.allow=never"),
    *(
        "submodule.recurse=false",
        "fetch.recurseSubmodules=false",
        "gc.autoDetach=false",
        "maintenance.autoDetach=false",
    ),
)
# These name another repository than the one that is asked for: https://git-scm.com/docs/git-rev-parse#--local-env-vars.
_OTHERS = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS"),
)
_ASKING = ("GIT_ASKPASS", "SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY")
_ADDRESS = re.compile(r"[\w+.-]+://[^\s']+")


class Git:
    """A folder in a checkout, or one file there, as `Files` reads them. Its remote is pulled from before each round.

    Raise FileNotFoundError where the path is in no checkout. What cannot be pulled is said, and what is there is read.
    """

    every = timedelta(minutes=15)
    delay = timedelta(hours=24)

    def __init__(self, path: Path, *, within: float = _PULLS_WITHIN) -> None:
        self.address = f"git:{path}"
        self._path = Path(os.path.abspath(path))  # noqa: PTH100  # as it is named: links are judged later
        self._checkout = _checkout(self._path)
        self._files = Files(path)
        # Not those that are read, until they are: what they list beforehand they would not list after the pull.
        self._counted = Files(path)
        self._within = within

    def __len__(self) -> int:
        return len(self._counted)

    async def documents(self) -> AsyncIterator[Document]:
        if reason := await self._pull():
            yield Document(self.address, error=reason)
        if not await asyncio.to_thread(self._is_inside):
            yield Document(self.address, error="a link that leads elsewhere; name its target instead")
            return
        async for document in self._files.documents():
            self._counted = self._files
            yield document

    def _is_inside(self) -> bool:
        """Tell whether the path is what it says: who writes to the remote could put a link in its place."""
        inside = self._path.relative_to(self._checkout)
        return os.path.realpath(self._path) == str(Path(os.path.realpath(self._checkout)) / inside)

    async def _pull(self) -> str:
        """Bring the checkout up to date; return why that was not possible, or nothing."""
        try:
            async with asyncio.timeout(self._within):
                code, remotes, errors = await self._git("remote")
                if code == 0 and remotes.strip():
                    code, _, errors = await self._git("pull", "--ff-only", "--quiet")
        except TimeoutError:
            return f"git pull took longer than {self._within:g} s"
        except OSError as error:
            return "git is not installed" if isinstance(error, FileNotFoundError) else f"git: {error.strerror}"
        return _reason(errors, self._checkout) if code else ""

    async def _git(self, *arguments: str) -> tuple[int, str, str]:
        """Run git in the checkout, in a session of its own: no terminal to ask on, and all it starts ends with it."""
        settings = (part for each in _CONFIG for part in ("-c", each))
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *("git", *settings, "-C", str(self._checkout), *arguments),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                env=_environment(),
                start_new_session=True,
            )
        )
        try:
            # A start that is cancelled half-way would end git and leave what it has started by then.
            process = await asyncio.shield(starting)
            out, errors = await process.communicate()
        finally:
            await asyncio.shield(_end(starting))
        return process.returncode or 0, out.decode(errors="replace"), errors.decode(errors="replace")


def _checkout(path: Path) -> Path:
    for folder in (path, *path.parents):
        if (folder / ".git").exists():
            return folder
    raise FileNotFoundError(f"{path}: no git checkout")


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in (*_OTHERS, *_ASKING)}
    return inherited | {"GIT_TERMINAL_PROMPT": "0", "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}


async def _end(starting: asyncio.Future[Process]) -> None:
    """End git and all that it started, if it still runs: first in a way that lets it take its locks away."""
    with suppress(OSError):
        await starting
    if starting.exception() is not None or (process := starting.result()).returncode is not None:
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _DIES_WITHIN)


def _reason(errors: str, checkout: Path) -> str:
    """Return what git complains of as one line, without the remote's address: that may hold a password."""
    if "dubious ownership" in errors:
        return f"belongs to another user; git config --global --add safe.directory {checkout}"
    if "fast-forward" in errors or "diverg" in errors.lower():
        return "the checkout and its remote went separate ways: git pull --ff-only cannot join them"
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "failed")
    said = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in _ADDRESS.sub("…", said))
    return f"git pull: {said[:_LONGEST_REASON]}"
