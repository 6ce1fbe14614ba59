"""The terminal as a platform: a prompt where a person sits at it, lines from a pipe where none does. No token."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import json
import logging
import os
import select
import shutil
import stat
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bot.commands import COMMANDS, call
from bot.config import SettingsError, log_bug, state_folder
from bot.model import Answer, Button, Call, Card, Destination, Reply, Text, UserError
from bot.ports import DeliveryError, StoreError
from bot.query import FIELDS

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History
    from rich.console import RenderableType
    from rich.text import Text as Styled

PERSON = Destination("console", "local", "@me")
ROOM = Destination("console", "local", "terminal")

_LEAVE = ("exit", "quit")
_WIDTH = 100  # of paper text: longer lines are hard to read, however wide the window is
_LINE = 64 * 1024
_CHUNK = 1024 * 1024
# What a terminal would obey instead of showing it: control characters, and those that turn the writing round.
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_LINES = dict.fromkeys(_CONTROLS, "\N{REPLACEMENT CHARACTER}") | dict.fromkeys((0x9, 0x2028, 0x2029), " ") | {0xA: "\n"}
_ONE_LINE = _LINES | dict.fromkeys((0xA, 0xD), " ")

_log = logging.getLogger(__name__)


class Adapter:
    """This terminal and the person at it. `clock` is the time for what is typed here."""

    def __init__(self) -> None:
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone()
        self._writing = asyncio.Lock()
        self._prompting = False

    async def run(self, answer: Answer) -> None:
        """Answer each line that is typed or piped in, until the person leaves or the input ends."""
        lines = self._typed() if _is_terminal(sys.__stdin__) and _is_terminal(sys.__stdout__) else _piped()
        try:
            async for line in lines:
                if line.strip():
                    await self.show(await self._answered(answer, line))
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
        pieces = ["" if uncertain else None, _line(opening, "dim"), _shown(reply), _line(closing, "dim"), "", ""]
        try:
            await self._write("\n".join(piece for piece in pieces if piece is not None))
        except OSError as error:
            raise DeliveryError(errno.errorcode.get(error.errno or 0, "write_failed").lower()) from error

    def call(self, line: str) -> Call:
        """Read a line as a call by the person at this terminal."""
        return call(line, room=ROOM, caller=PERSON, at=self.clock(), may_manage=True)

    async def show(self, reply: Reply, *, typed: str = "") -> None:
        """Print an answer, and before it the line that asked for it where nobody typed that here."""
        asked = f"{_line(f'> {typed}', 'bold')}\n\n" if typed else ""
        await self._write(f"{asked}{_shown(reply)}\n\n")

    async def show_json(self, reply: Reply) -> None:
        """Print an answer as one JSON object, in ASCII: it is faithful so, and no terminal obeys it."""
        await self._write(f"{_json(reply)}\n")

    async def say(self, text: str) -> None:
        """Print words about what is shown."""
        await self._write(f"{_shown(Reply(Text(text)))}\n\n")

    async def _answered(self, answer: Answer, line: str) -> Reply:
        try:
            return await answer(self.call(line))
        except (UserError, StoreError) as error:
            return Reply(error=str(error))
        except Exception as error:  # noqa: BLE001  # a bug in one answer must not end the conversation
            found = log_bug(_log, error)
            return Reply(error=f"This failed, and not through what you typed. It is in the log as {found}.")

    async def _typed(self) -> AsyncIterator[str]:
        """Yield what is typed at the prompt: Ctrl-C clears the line, Ctrl-D or `exit` leaves."""
        from prompt_toolkit.patch_stdout import patch_stdout  # noqa: PLC0415

        session = _session()
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
        if sys.__stdout__ is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sys.__stdout__.flush()
        output = sys.__stdout__.fileno()
        data = text.encode(sys.__stdout__.encoding, "replace")
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


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _json(reply: Reply) -> str:
    return json.dumps(
        {
            "text": str(reply.text),
            "private": reply.private,
            "cards": [
                {
                    "paper": card.paper,
                    "title": str(card.title),
                    "url": card.url,
                    "body": str(card.body),
                    "why": str(card.why),
                    "facts": card.facts,
                    "pdf": card.pdf,
                    "links": [{"url": link.url, "kind": link.kind} for link in card.links],
                    "buttons": [_button(button) for button in card.buttons],
                }
                for card in reply.cards
            ],
            "note": str(reply.note),
            "buttons": [_button(button) for button in reply.buttons],
            "error": reply.error,
        }
    )


def _button(button: Button) -> dict[str, str]:
    return {"label": button.label, "line": _typeable(button)}


def _typeable(button: Button) -> str:
    return f"{button.name} {button.text}".rstrip()


def _shown(reply: Reply) -> str:
    """Return a reply as this terminal shows it: with colours and wrapped, or as plain lines where it is none."""
    return _styled(reply) if _is_terminal(sys.__stdout__) else _plain(reply)


def _plain(reply: Reply) -> str:
    blocks = [reply.error, _said(reply).plain, *("\n".join(_plain_card(card)) for card in reply.cards)]
    blocks += [str(reply.note), "\n".join(_steps(reply.buttons))]
    return "\n\n".join(block.translate(_LINES).strip("\n") for block in blocks if block)


def _said(reply: Reply) -> Text:
    """Return a reply's text, but where that is the error once more."""
    return Text() if reply.text.plain == reply.error else reply.text


def _plain_card(card: Card) -> Iterator[str]:
    yield _flat(str(card.title))
    for line in (str(card.why), " · ".join(card.facts), str(card.body), " · ".join(_addresses(card))):
        if line:
            yield f"    {_flat(line)}"
    for step in _steps(card.buttons):
        yield f"    {step}"


def _addresses(card: Card) -> Iterator[str]:
    yield card.url
    if card.pdf:
        yield f"PDF {card.pdf}"
    for link in card.links:
        yield f"{link.kind} {link.url}"


def _steps(buttons: tuple[Button, ...]) -> Iterator[str]:
    """Yield what to type next: where there is nothing to press, a button is its line."""
    for button in buttons:
        yield _flat(f"{button.label}: {_typeable(button)}")


def _flat(text: str) -> str:
    return text.translate(_ONE_LINE).strip()


def _styled(reply: Reply) -> str:
    from rich.constrain import Constrain  # noqa: PLC0415
    from rich.padding import Padding  # noqa: PLC0415
    from rich.text import Text as Styled  # noqa: PLC0415

    parts: list[RenderableType] = []
    if reply.error:
        parts += [Styled(reply.error.translate(_LINES), "red"), ""]
    if (said := _said(reply)).plain:
        parts += [_marked(said, "", _LINES), ""]
    for card in reply.cards:
        lines = [_marked(card.title, "bold", _ONE_LINE)]
        if card.why.plain:
            lines.append(_marked(card.why, "green", _ONE_LINE))
        lines.append(Styled(_flat(" · ".join(card.facts)), "dim"))
        lines.append(_marked(card.body, "", _ONE_LINE))
        lines.append(Styled(" · ").join(_linked(address) for address in _addresses(card)))
        lines += [Styled(step, "dim") for step in _steps(card.buttons)]
        indented = (Padding(line, (0, 0, 0, 2 if n else 0)) for n, line in enumerate(lines) if line.plain)
        parts += [*(Constrain(line, _WIDTH) for line in indented), ""]
    if reply.note.plain:
        parts += [_marked(reply.note, "italic", _LINES), ""]
    parts += [Styled(step, "cyan") for step in _steps(reply.buttons)]
    return _rendered(*parts)


def _marked(text: Text, style: str, harmless: dict[int, str]) -> Styled:
    from rich.text import Text as Styled  # noqa: PLC0415

    # One character for one: the marks stay where they are.
    shown = Styled(text.plain.translate(harmless), style)
    for start, end in text.marks:
        shown.stylize("bold yellow", start, end)
    return shown


def _linked(address: str) -> Styled:
    from rich.style import Style  # noqa: PLC0415
    from rich.text import Text as Styled  # noqa: PLC0415

    label, _, url = _flat(address).rpartition(" ")
    shown = Styled().append(f"{label} " if label else "", "dim")
    return shown.append(url, Style(color="blue", underline=True, link=url))


def _line(line: str, style: str) -> str:
    if not _is_terminal(sys.__stdout__):
        return _flat(line)
    from rich.text import Text as Styled  # noqa: PLC0415

    return _rendered(Styled(_flat(line), style))


def _rendered(*parts: RenderableType) -> str:
    from rich.console import Console  # noqa: PLC0415

    width = max(20, shutil.get_terminal_size().columns)
    console = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    return "\n".join(line.rstrip(" ") for line in capture.get().split("\n")).strip("\n")


def _session() -> PromptSession[str]:
    from prompt_toolkit import PromptSession  # noqa: PLC0415
    from prompt_toolkit.application import get_app  # noqa: PLC0415
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion  # noqa: PLC0415
    from prompt_toolkit.document import Document  # noqa: PLC0415

    class Words(Completer):
        def get_completions(self, document: Document, _: CompleteEvent) -> Iterator[Completion]:
            for typed, word, about in _completions(document.text_before_cursor):
                yield Completion(word, -len(typed), display_meta=about)

    return PromptSession(
        history=_history(),
        completer=Words(),
        complete_while_typing=False,  # a menu that comes by itself swallows the Tab that asks for it
        bottom_toolbar=lambda: _hint(get_app().current_buffer.text),
    )


def _history() -> History:
    """Return what was typed before, kept for its owner alone; for this time only, where it cannot be kept."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory  # noqa: PLC0415

    class Lasting(FileHistory):
        def store_string(self, string: str) -> None:
            with suppress(OSError):  # a full disk must not end the conversation
                super().store_string(string)

    try:
        folder = state_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "history"
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.open("r+").close()
    except (OSError, SettingsError):
        return InMemoryHistory()
    return Lasting(path)


def _completions(before: str) -> Iterator[tuple[str, str, str]]:
    """Yield `(what is typed of it, word, what it means)` for every word that can stand at the end of a line."""
    verb, space, rest = before.lstrip().partition(" ")
    if not space or verb == "help":
        typed = rest if space else verb
        words = {f"{name} " if command.parameters else name: command.summary for name, command in COMMANDS.items()}
        if not space:
            words |= {"exit": "Leave; so does Ctrl-D"}
    elif verb in COMMANDS and "QUERY" in COMMANDS[verb].usage:
        typed = rest.rpartition(" ")[2].lstrip("-(")
        words = {f"{name}:": about for name, about in FIELDS.items()}
    else:
        return
    for word, about in words.items():
        if word.startswith(typed.lower()):
            yield typed, word, about


def _hint(typed: str) -> str:
    command = COMMANDS.get(typed.split(maxsplit=1)[0].lower() if typed.strip() else "")
    return (
        f"{command.usage}  {command.summary}" if command else "help lists the commands. Tab completes, Ctrl-D leaves."
    )
