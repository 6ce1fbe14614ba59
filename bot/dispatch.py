"""Typed lines to commands: the registry, how arguments are read, and what becomes of mistakes.

A command's parameters are its function's, after the call and the store; what each accepts stands in its `Parameter`,
from which the usage line, the help and a platform's typed options are made.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from keyword import iskeyword
from typing import Any, get_type_hints

from bot.model import Call, Destination, Reply, Suggestion, Text, UserError
from bot.ports import Store

_OFFERED = 25  # as many as fit on a screen, and as Discord takes
_OFFERED_LENGTH = 100
_QUOTED = 80
_REPEATED = 400
_TELLING = "type(?: instead| there| one like)?|did you mean|usage|for example|remove one|what to keep"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a command accepts in one place: `read` turns a typed word into its value, or None if it is not one.

    `words` is how many words a value may take. `rest` takes all that is left of the line. `named` is written
    `name:value`, anywhere in it.

    Where a platform has a field for each parameter: `choices` are all the values there are; `most` makes it a whole
    number from 1 to that; any other takes a text of at most `length` characters, while which `suggest` offers values.
    """

    shown: str
    about: str
    read: Callable[[str, Call], Any] = lambda word, _: word
    words: int = 1
    rest: bool = False
    named: bool = False
    choices: Collection[str] = ()
    most: int = 0
    length: int = 100
    suggest: Callable[[str, Call, Store], Awaitable[Iterable[Suggestion]]] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A command as people see it, read off its function.

    `manages` says that it asks who manages the room and whether it can be posted there: `may_manage` and `obstacle` of
    a call, which cost a platform a look-up. `elsewhere` says that it can be given for another room: it tells nothing of
    what people do there, for not all who may name a room can read in it.
    """

    name: str
    summary: str
    help: str
    parameters: Mapping[str, Parameter]
    required: frozenset[str]
    run: Callable[..., Awaitable[Reply]]
    manages: bool = False
    elsewhere: bool = False

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


def command(
    function: Callable[..., Awaitable[Reply]], *, manages: bool = False, elsewhere: bool = False
) -> Callable[..., Awaitable[Reply]]:
    """Register a function as the command of its name, with a hyphen for each underscore."""
    hints = get_type_hints(function, include_extras=True)
    # Python's own words are parameters with an underscore: `as_` is typed `as:ris`.
    parameters = {
        name.rstrip("_"): hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")
    }
    signature = inspect.signature(function).parameters
    required = frozenset(
        name.rstrip("_") for name, each in signature.items() if each.default is inspect.Parameter.empty
    )
    required &= parameters.keys()
    text = inspect.cleandoc(function.__doc__ or "")
    name = function.__name__.replace("_", "-")
    COMMANDS[name] = Command(name, text.partition("\n")[0], text, parameters, required, function, manages, elsewhere)
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
        given = {f"{name}_" * iskeyword(name) or name: each for name, each in arguments(found, call).items()}
        asked = await _at_home(call, store)
        reply = await found.run(asked, store, **given)
        # Who asked elsewhere in the same instant has moved: what was written here is to follow.
        await store.home(asked.caller)
    except UserError as error:
        return Reply(Text(str(error)), error=str(error), private=True)
    if asked.shared and reply.again and reply.cards:
        await store.share(asked.room, asked.caller, [each.paper for each in reply.cards], asked.at)
    return reply


async def _at_home(call: Call, store: Store) -> Call:
    """Return a call as of who it is, where one person has several addresses."""
    home = await store.home(call.caller)
    return call if home == call.caller else replace(call, caller=home, room=home if call.room.is_person else call.room)


def told(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text tells one to type a command: behind `_TELLING` and a colon, to the end of the line.

    Every answer here writes it so ("To find papers, type: search lidar"): a platform can show it as it is typed there.
    A colon alone says nothing: papers are called "Neural agents: search and planning".
    """
    for match in re.finditer(rf"\b(?:{_TELLING}): ((?:{'|'.join(COMMANDS)})\b.*)", text, re.IGNORECASE):
        yield match.span(1)


def named(call: Call) -> Command:
    """Return the command that a call names; raise `UserError` with the likeliest one where there is none."""
    if call.name in COMMANDS:
        return COMMANDS[call.name]
    from rapidfuzz import process  # noqa: PLC0415  # only a mistake needs it

    # Of "unfollow" the nearest is its opposite.
    alike = [each for each in COMMANDS if each.startswith("un") or not call.name.startswith("un")]
    near = process.extractOne(call.name, alike, score_cutoff=60)
    if near is not None:
        line = Text(f"{near[0]} {call.text}".rstrip()).clip(_REPEATED)
        raise UserError(f"{quoted(call.name)} is no command. Did you mean: {line}")
    line = Text(f"{call.name} {call.text}".strip()).clip(_REPEATED)
    raise UserError(
        f"{quoted(call.name)} is no command. To find papers, type: search {line}\nFor all commands, type: help"
    )


def quoted(typed: str) -> str:
    """Return what was typed as an error repeats it: of a long one the beginning, or what to type would be far below."""
    return Text(typed).clip(_QUOTED).plain


def places(name: str, text: str) -> dict[str, str]:
    """Return which words of a command's text belong to which of its parameters, by name, in the registry's order.

    A word that only stands for a value (`DATE`, `NUMBER`) belongs to the parameter that is shown so. What belongs
    nowhere is left out, and all that stands behind it.
    """
    found = COMMANDS.get(name)
    if found is None:
        return {}
    nowhere = Destination("", "", "")
    asked = Call(name, text, nowhere, nowhere, datetime.now(UTC))

    def read(parameter: Parameter, words: str) -> object:
        if parameter.named or words == parameter.shown:
            return words
        try:
            return parameter.read(words, asked)
        except UserError:
            return None

    placed: dict[str, str] = {}
    with suppress(UserError):
        for each, words, _ in _placed(found, found.parameters, text, read):
            placed[each] = words  # noqa: PERF403  # what comes before a mistake is kept
    return {each: placed[each] for each in found.parameters if each in placed}


async def suggest(call: Call, parameter: str, typed: str, store: Store) -> tuple[Suggestion, ...]:
    """Return what to offer for a parameter of a call that is still being typed: few, short, each once, best first."""
    asked = named(call).parameters[parameter]
    if len(typed) > _OFFERED_LENGTH:
        return ()
    if asked.choices:
        begun = typed.strip().lower()
        offered: Iterable[Suggestion] = [Suggestion(each, each) for each in asked.choices if each.startswith(begun)]
    else:
        offered = await asked.suggest(typed, await _at_home(call, store), store) if asked.suggest else ()
    labels: dict[str, str] = {}
    for each in offered:
        if 0 < len(each.value) <= _OFFERED_LENGTH:
            labels.setdefault(each.value, Text(each.label).clip(_OFFERED_LENGTH).plain)
    return tuple(Suggestion(label, value) for value, label in islice(labels.items(), _OFFERED))


def arguments(found: Command, call: Call) -> dict[str, Any]:
    """Read a call as a command's arguments; raise `UserError`, with the usage, where it cannot be.

    What stands in a parameter's own field is read as its value and nothing else; the text is read for the others.
    """
    if unknown := call.options.keys() - found.parameters.keys():
        raise ValueError(f"{found.name} has no parameter {', '.join(sorted(unknown))}")
    given = {name: typed.strip() for name, typed in call.options.items()}
    values = {name: _value(found.parameters[name], typed, call) for name, typed in given.items() if typed}
    others = {name: each for name, each in found.parameters.items() if name not in values}

    def read(parameter: Parameter, words: str) -> object:
        return _value(parameter, words, call) if parameter.named else parameter.read(words, call)

    values |= {name: value for name, _, value in _placed(found, others, call.text, read)}
    if missing := found.required - values.keys():
        raise UserError(f"{found.name} needs more. Usage: {found.usage}\n{expected(found, missing)}")
    return values


def _value(parameter: Parameter, typed: str, call: Call) -> object:
    """Read what can only be this parameter's; raise `UserError` where it is no value of it."""
    value = parameter.read(typed if parameter.rest else " ".join(typed.split()), call)
    if value is None:
        raise UserError(f"{quoted(typed)} is not understood as {parameter.shown}: {parameter.about}")
    return value


_Read = Callable[[Parameter, str], Any]


def _placed(
    found: Command, parameters: Mapping[str, Parameter], text: str, read: _Read
) -> Iterator[tuple[str, str, Any]]:
    """Yield `(name, words, value)` for each of the parameters that has words in a text.

    Raise `UserError` where some of it belongs to none.
    """
    for name, each in parameters.items():
        if each.named:
            text, words = _named(name, text)
            if words:
                yield name, words, read(each, words)
    open_ = {name: each for name, each in parameters.items() if not each.named and not each.rest}
    rest = next((name for name, each in parameters.items() if each.rest), None)
    while text.strip():
        fitting = ((name, *_begun(each, text, read)) for name, each in open_.items())
        place = next((each for each in fitting if each[2] is not None), None)
        if place is not None:
            name, words, value, text = place
            yield name, words, value
            del open_[name]
        elif rest is not None:
            yield rest, text, text
            return
        else:
            raise UserError(f"{quoted(text.split()[0])} does not fit here. Usage: {found.usage}\n{expected(found)}")


def _begun(parameter: Parameter, text: str, read: _Read) -> tuple[str, Any, str]:
    """Read a value off the beginning of a text, the longest that fits: its words, it or None, and what is left."""
    for count in range(parameter.words, 0, -1):
        pieces = text.split(maxsplit=count)
        words = " ".join(pieces[:count])
        value = read(parameter, words)
        if value is not None:
            return words, value, "".join(pieces[count:])
    return "", None, text


def _named(name: str, text: str) -> tuple[str, str]:
    """Take `name:value` out of a text, where it stands outside quotes; return what is left, and the value."""
    pieces = text.split('"')
    for number, piece in enumerate(pieces[::2]):
        # In a text that is pasted, "Project page: ..." and "page:https://..." name nothing.
        match = re.search(rf"(?<!\S){name}:(?!https?:)(\S+)", piece, re.IGNORECASE)
        if match:
            pieces[2 * number] = piece[: match.start()].rstrip() + piece[match.end() :]
            return '"'.join(pieces).strip(), match[1]
    return text, ""


def expected(found: Command, names: frozenset[str] = frozenset()) -> str:
    return "\n".join(
        f"{each.shown}: {each.about}" for name, each in found.parameters.items() if name in (names or found.parameters)
    )
