"""The terminal as a platform: a prompt where a person sits at it, lines from a pipe where none does. No token."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import select
import stat
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

from adapters.console import files, prompt, render
from bot.commands import call
from bot.config import Settings
from bot.model import Answer, Call, Destination, Reply, Suggest, Text
from bot.ports import DeliveryError, Ledger

PERSON = Destination("console", "local", "@me")
ROOM = Destination("console", "local", "terminal")

_LEAVE = ("exit", "quit")
_LINE = 64 * 1024
_CHUNK = 1024 * 1024


class Adapter:
    """This terminal and the person at it. `clock` is the time for what is typed here."""

    def __init__(self) -> None:
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone()
        self._writing = asyncio.Lock()
        self._prompting = False

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, ledger: Ledger) -> AsyncIterator[Adapter]:
        """Open the terminal: it needs no settings and remembers nothing."""
        del settings, ledger
        yield cls()

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        """Answer each line that is typed or piped in, until the person leaves or the input ends."""
        lines = (
            self._typed(suggest)
            if render.is_terminal(sys.__stdin__) and render.is_terminal(sys.__stdout__)
            else _piped()
        )
        try:
            async for line in lines:
                if line.strip():
                    await self.show(files.saved(await answer(self.call(line))))
        except BrokenPipeError:
            return  # nobody reads the answers any more

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        """Print a message in one write. It closes with a line that bears its id: all before it has arrived."""
        if (to.platform, to.workspace) != (ROOM.platform, ROOM.workspace):
            raise DeliveryError("unknown_destination", "gone")
        closing = f"-- paperwire {hashlib.blake2b(key.encode(), digest_size=8).hexdigest()} --"
        arrived = _stands(closing) if uncertain else False
        if arrived:
            return
        repeat = " (may be a repeat)" if arrived is None else ""
        opening = f"-- to {'you' if to.is_person else 'this terminal'}{repeat} --"
        # After a crash the output may end in the middle of a line.
        pieces = [
            "" if uncertain else None,
            render.line(opening, "dim"),
            render.shown(reply),
            render.line(closing, "dim"),
            "",
            "",
        ]
        try:
            await self._write("\n".join(piece for piece in pieces if piece is not None))
        except OSError as error:
            raise DeliveryError(errno.errorcode.get(error.errno or 0, "write_failed").lower()) from error

    def call(self, line: str) -> Call:
        """Read a line as a call by the person at this terminal."""
        return call(line, room=ROOM, caller=PERSON, at=self.clock(), may_manage=True)

    async def show(self, reply: Reply, *, typed: str = "") -> None:
        """Print an answer, and before it the line that asked for it where nobody typed that here."""
        asked = f"{render.line(f'> {typed}', 'bold')}\n\n" if typed else ""
        await self._write(f"{asked}{render.shown(reply)}\n\n")

    async def give(self, reply: Reply) -> None:
        """Print an answer and leave its file in this folder; where the output goes elsewhere, it is the file."""
        if reply.file is None or render.is_terminal(sys.__stdout__):
            await self.show(files.saved(reply))
            return
        await self._put(reply.file.content)
        if sys.__stderr__ is not None:
            sys.__stderr__.write(f"{render.plain(Reply(reply.text, note=reply.note))}\n")

    async def show_json(self, reply: Reply) -> None:
        """Print an answer as one JSON object, in ASCII: it is faithful so, and no terminal obeys it."""
        await self._write(f"{render.as_json(reply)}\n")

    async def say(self, text: str) -> None:
        """Print words about what is shown."""
        await self._write(f"{render.shown(Reply(Text(text)))}\n\n")

    async def _typed(self, suggest: Suggest) -> AsyncIterator[str]:
        """Yield what is typed at the prompt: Ctrl-C clears the line, Ctrl-D or `exit` leaves."""
        from prompt_toolkit.patch_stdout import patch_stdout  # noqa: PLC0415

        session = prompt.session(lambda line, parameter, typed: suggest(self.call(line), parameter, typed))
        while True:
            self._prompting = True
            try:
                # The log may speak meanwhile; Ctrl-C is a key here, and the signal is the service's to obey.
                with patch_stdout(raw=True):
                    line = await session.prompt_async("paperwire> ", handle_sigint=False)
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            finally:
                self._prompting = False
            if line.strip().lower() in _LEAVE:
                return
            yield line

    async def _write(self, text: str) -> None:
        await self._put(text.encode(sys.__stdout__.encoding if sys.__stdout__ else "utf-8", "replace"))

    async def _put(self, data: bytes) -> None:
        if sys.__stdout__ is None:
            raise OSError(errno.EBADF, "Standard output is closed")
        sys.__stdout__.flush()
        output = sys.__stdout__.fileno()
        async with self._writing, self._above_the_prompt():
            if _is_file(output):
                _write_all(output, data)
            else:
                await _aside(lambda: _write_all(output, data))

    def _above_the_prompt(self) -> AbstractAsyncContextManager[None]:
        if not self._prompting:
            return nullcontext()
        from prompt_toolkit.application import in_terminal  # noqa: PLC0415

        return in_terminal()


async def _piped() -> AsyncIterator[str]:
    """Yield standard input line by line, each no longer than a line can sensibly be."""
    if sys.__stdin__ is None:
        return
    descriptor = sys.__stdin__.fileno()
    rest = b""
    while True:
        await _readable(descriptor)
        chunk = os.read(descriptor, _LINE)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines if chunk else [rest]:
            yield line[:_LINE].decode("utf-8", "replace")
        if not chunk:
            return
        rest = rest[:_LINE]


async def _readable(descriptor: int) -> None:
    """Wait for input without a thread: one that is stuck in a read keeps the process from ending."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:  # a regular file never makes anybody wait
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


async def _aside(write: Callable[[], None]) -> None:
    """Write to a pipe or terminal in a thread that may be left behind: its reader may have stopped reading."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: OSError | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error = None
        try:
            write()
        except OSError as raised:
            error = raised
        with suppress(RuntimeError):  # the loop did not wait for this and has ended
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, daemon=True).start()
    await done


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:  # whoever shares the descriptor has made it non-blocking
            select.select([], [descriptor], [])


def _stands(closing: str) -> bool | None:
    """Say whether a message's closing line stands in the output; None where that cannot be known."""
    wanted = f"\n{closing}\n".encode()
    if sys.__stdout__ is None or not _is_file(sys.__stdout__.fileno()):
        return None
    try:
        with Path(f"/dev/fd/{sys.__stdout__.fileno()}").open("rb") as file:
            before = b""
            while chunk := file.read(_CHUNK):
                if wanted in before + chunk:
                    return True
                before = chunk[-len(wanted) :]
    except OSError:
        return None
    return False


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)
