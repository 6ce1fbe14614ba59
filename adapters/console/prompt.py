"""The prompt: history, completion, and a line of help below."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from bot.commands import COMMANDS, places
from bot.config import SettingsError, state_folder
from bot.model import Suggestion
from bot.search.grammar import FIELDS

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History


# What to offer for a parameter of the command on a line, by its name, and what is typed of it.
Offer = Callable[[str, str, str], Awaitable[tuple[Suggestion, ...]]]


def session(offer: Offer) -> PromptSession[str]:
    from prompt_toolkit import PromptSession  # noqa: PLC0415
    from prompt_toolkit.application import get_app  # noqa: PLC0415
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion  # noqa: PLC0415
    from prompt_toolkit.document import Document  # noqa: PLC0415

    class Words(Completer):
        def get_completions(self, document: Document, _: CompleteEvent) -> Iterator[Completion]:
            for typed, word, about in completions(document.text_before_cursor):
                yield Completion(word, -len(typed), display_meta=about)

        async def get_completions_async(
            self, document: Document, event: CompleteEvent
        ) -> AsyncGenerator[Completion, None]:
            async for typed, found in offered(document.text_before_cursor, offer):
                yield Completion(found.value, -len(typed), display=found.label)
            for each in self.get_completions(document, event):
                yield each

    return PromptSession(
        history=_history(),
        completer=Words(),
        complete_while_typing=False,  # a menu that comes by itself swallows the Tab that asks for it
        bottom_toolbar=lambda: hint(get_app().current_buffer.text),
    )


def completions(before: str) -> Iterator[tuple[str, str, str]]:
    """Yield `(what is typed of it, word, what it means)` for every word that can stand at the end of a line."""
    verb, space, rest = before.lstrip().partition(" ")
    if not space:
        typed = verb
        words = {f"{name} " if command.parameters else name: command.summary for name, command in COMMANDS.items()}
        words |= {"exit": "Leave; so does Ctrl-D"}
    elif verb in COMMANDS and "QUERY" in COMMANDS[verb].usage:
        typed = rest.rpartition(" ")[2].lstrip("-(")
        words = {f"{name}:": about for name, about in FIELDS.items()}
    else:
        return
    for word, about in words.items():
        if word.startswith(typed.lower()):
            yield typed, word, about


async def offered(before: str, offer: Offer) -> AsyncIterator[tuple[str, Suggestion]]:
    """Yield `(what is typed of it, value)` for every value that can stand at the end of a line."""
    for parameter, typed in _being_typed(before).items():
        for each in await offer(before, parameter, typed):
            yield typed, each


def hint(typed: str) -> str:
    command = COMMANDS.get(typed.split(maxsplit=1)[0].lower() if typed.strip() else "")
    return (
        f"{command.usage}  {command.summary}" if command else "help lists the commands. Tab completes, Ctrl-D leaves."
    )


def _being_typed(before: str) -> dict[str, str]:
    """Return the parameters that the end of a line may belong to, each with what is typed of it."""
    verb, space, rest = before.lstrip().partition(" ")
    command = COMMANDS.get(verb.lower())
    if not space or command is None:
        return {}
    done, apart, last = rest.rpartition(" ")
    name, colon, value = last.partition(":")
    if colon and name in command.parameters and command.parameters[name].named:
        return {name: value}
    placed = places(command.name, done)
    found = {}
    for name, each in command.parameters.items():
        if each.rest and name in placed:
            # A page:2 in the middle is no part of it: then it is not one piece that could be replaced.
            typed = f"{placed[name]}{apart}{last}"
            return {name: typed} if before.endswith(typed) else {}
        if not each.named and name not in placed:
            found[name] = last
    return found


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
