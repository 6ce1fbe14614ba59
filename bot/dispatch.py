"""Typed lines to commands: the registry, how arguments are read, and what becomes of mistakes.

A command's parameters are its function's, after the call and the store; what each accepts stands in its `Parameter`,
from which the usage line, the help and a platform's typed options are made.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_type_hints

from bot.model import Call, Destination, Reply, Text, UserError
from bot.ports import Store


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a command accepts in one place: `read` turns a typed word into its value, or None if it is not one.

    `words` is how many words a value may take. `rest` takes all that is left of the line. `named` is written
    `name:value`, anywhere in it.
    """

    shown: str
    about: str
    read: Callable[[str, Call], Any] = lambda word, _: word
    words: int = 1
    rest: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command as people see it, read off its function.

    `manages` says that it asks who manages the room and whether it can be posted there: `may_manage` and `obstacle` of
    a call, which cost a platform a look-up.
    """

    name: str
    summary: str
    help: str
    parameters: Mapping[str, Parameter]
    required: frozenset[str]
    run: Callable[..., Awaitable[Reply]]
    manages: bool = False

    @property
    def usage(self) -> str:
        """How to type it: `today [DATE] [CATEGORY] [page:N]`."""
        return self._typed(self.parameters)

    @property
    def brief(self) -> str:
        """How to type it, without what is rarely said, the named parameters: `today [DATE] [CATEGORY]`."""
        return self._typed({name: each for name, each in self.parameters.items() if not each.named})

    def _typed(self, parameters: Mapping[str, Parameter]) -> str:
        shown = (p.shown if name in self.required else f"[{p.shown}]" for name, p in parameters.items())
        return " ".join([self.name, *shown])


COMMANDS: dict[str, Command] = {}


def command(function: Callable[..., Awaitable[Reply]], *, manages: bool = False) -> Callable[..., Awaitable[Reply]]:
    """Register a function as the command of its name."""
    hints = get_type_hints(function, include_extras=True)
    parameters = {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}
    signature = inspect.signature(function).parameters
    required = frozenset(name for name in parameters if signature[name].default is inspect.Parameter.empty)
    text = inspect.cleandoc(function.__doc__ or "")
    name = function.__name__
    COMMANDS[name] = Command(name, text.partition("\n")[0], text, parameters, required, function, manages)
    return function


def call(
    line: str, *, room: Destination, caller: Destination, at: datetime, may_manage: bool = False, obstacle: str = ""
) -> Call:
    """Read a typed line as a call: the first word names the command; an empty line asks for help."""
    name, _, text = line.strip().removeprefix("/").partition(" ")
    return Call(name.lower() or "help", text.strip(), room, caller, at, may_manage, obstacle)


async def answer(call: Call, store: Store) -> Reply:
    """Do what a call asks. What the person could do otherwise comes back as the reply's error; a bug raises."""
    try:
        found = named(call)
        return await found.run(call, store, **_arguments(found, call))
    except UserError as error:
        return Reply(Text(str(error)), error=str(error), private=True)


def told(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text tells one to type a command: behind a colon, to the end of the line.

    Every answer here writes it so ("To find papers, type: search lidar"): a platform can show it as it is typed there.
    """
    for match in re.finditer(rf"(?<=: )(?:{'|'.join(COMMANDS)})\b.*", text):
        yield match.span()


def named(call: Call) -> Command:
    """Return the command that a call names; raise `UserError` with the likeliest one where there is none."""
    if call.name in COMMANDS:
        return COMMANDS[call.name]
    from rapidfuzz import process  # noqa: PLC0415  # only a mistake needs it

    near = process.extractOne(call.name, list(COMMANDS), score_cutoff=60)
    if near is not None:
        raise UserError(f"{call.name} is no command. Did you mean: {near[0]} {call.text}".rstrip())
    line = f"{call.name} {call.text}".strip()
    raise UserError(f"{call.name} is no command. To find papers, type: search {line}\nFor all commands, type: help")


def _arguments(found: Command, call: Call) -> dict[str, Any]:
    """Read a call's text as a command's arguments; raise `UserError`, with the usage, where it cannot be."""
    values: dict[str, Any] = {}
    text = call.text
    for name, each in found.parameters.items():
        if each.named:
            text, value = _named(name, each, text, call)
            values |= {} if value is None else {name: value}
    places = {name: each for name, each in found.parameters.items() if not each.named and not each.rest}
    rest = next((name for name, each in found.parameters.items() if each.rest), None)
    while text:
        fitting = ((name, *_begun(each, text, call)) for name, each in places.items())
        place = next(((name, value, after) for name, value, after in fitting if value is not None), None)
        if place is not None:
            name, value, text = place
            values[name] = value
            del places[name]
        elif rest is not None:
            values[rest] = text
            break
        else:
            raise UserError(f"{text.split()[0]} does not fit here. Usage: {found.usage}\n{expected(found)}")
    if missing := found.required - values.keys():
        raise UserError(f"{found.name} needs more. Usage: {found.usage}\n{expected(found, missing)}")
    return values


def _begun(parameter: Parameter, text: str, call: Call) -> tuple[Any, str]:
    """Read a value off the beginning of a text, the longest that fits; return it, or None, and what is left."""
    for count in range(parameter.words, 0, -1):
        words = text.split(maxsplit=count)
        value = parameter.read(" ".join(words[:count]), call)
        if value is not None:
            return value, "".join(words[count:])
    return None, text


def _named(name: str, parameter: Parameter, text: str, call: Call) -> tuple[str, Any]:
    """Take `name:value` out of a text, where it stands outside quotes; return what is left, and the value."""
    pieces = text.split('"')
    for number, piece in enumerate(pieces[::2]):
        # In a text that is pasted, "Project page: ..." and "page:https://..." name nothing.
        match = re.search(rf"(?<!\S){name}:(?!https?:)(\S+)", piece, re.IGNORECASE)
        if match is None:
            continue
        value = parameter.read(match[1], call)
        if value is None:
            raise UserError(f"{match[0]} is not understood: {parameter.about}")
        pieces[2 * number] = piece[: match.start()].rstrip() + piece[match.end() :]
        return '"'.join(pieces).strip(), value
    return text, None


def expected(found: Command, names: frozenset[str] = frozenset()) -> str:
    return "\n".join(
        f"{each.shown}: {each.about}" for name, each in found.parameters.items() if name in (names or found.parameters)
    )
