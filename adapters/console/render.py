"""A reply as the terminal shows it: styled and wrapped, as plain lines in a pipe, or as one JSON object."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from bot.model import Button, Card, File, Item, Reply, Text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text as Styled

_WIDTH = 100  # of paper text: longer lines are hard to read, however wide the window is
# What a terminal would obey instead of showing it: control characters, and those that turn the writing round.
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_LINES = dict.fromkeys(_CONTROLS, "\N{REPLACEMENT CHARACTER}") | dict.fromkeys((0x9, 0x2028, 0x2029), " ") | {0xA: "\n"}
_ONE_LINE = _LINES | dict.fromkeys((0xA, 0xD), " ")


def shown(reply: Reply) -> str:
    """Return a reply as this terminal shows it: with colours and wrapped, or as plain lines where it is none."""
    return styled(reply) if is_terminal(sys.__stdout__) else plain(reply)


def as_json(reply: Reply) -> str:
    return json.dumps(
        {
            "text": str(reply.text),
            "private": reply.private,
            "items": [
                {"text": str(item.text), "buttons": [_button(button) for button in item.buttons]}
                for item in reply.items
            ],
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
            "file": _file(reply.file) if reply.file else None,
            "error": reply.error,
        }
    )


def line(line: str, style: str) -> str:
    if not is_terminal(sys.__stdout__):
        return _flat(line)
    from rich.text import Text as Styled  # noqa: PLC0415

    return _rendered(Styled(_flat(line), style))


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def plain(reply: Reply) -> str:
    blocks = [reply.error, _said(reply).plain, "\n".join(line for item in reply.items for line in _plain_item(item))]
    blocks += ["\n".join(_plain_card(card)) for card in _cards(reply)]
    blocks += [str(reply.note), "\n".join(_steps(reply.buttons))]
    return "\n\n".join(block.translate(_LINES).strip("\n") for block in blocks if block)


def styled(reply: Reply) -> str:
    from rich.constrain import Constrain  # noqa: PLC0415
    from rich.padding import Padding  # noqa: PLC0415
    from rich.text import Text as Styled  # noqa: PLC0415

    parts: list[RenderableType] = []
    if reply.error:
        parts += [Styled(reply.error.translate(_LINES), "red"), ""]
    if (said := _said(reply)).plain:
        parts += [_marked(said, "", _LINES), ""]
    for item in reply.items:
        parts.append(_marked(item.text, "", _ONE_LINE))
        parts += [Padding(Styled(_on_one_line(item.buttons), "dim"), (0, 0, 0, 2))] if item.buttons else []
    parts += [""] if reply.items else []
    for card in _cards(reply):
        lines = [_marked(card.title, "bold", _ONE_LINE)]
        if card.why.plain:
            lines.append(_marked(card.why, "green", _ONE_LINE))
        lines.append(Styled(_flat(" · ".join(card.facts)), "dim"))
        lines.append(_marked(card.body, "", _ONE_LINE))
        lines.append(Styled(" · ").join(_linked(address) for address in _addresses(card)))
        lines.append(Styled(_on_one_line(card.buttons), "dim"))
        indented = (Padding(line, (0, 0, 0, 2 if n else 0)) for n, line in enumerate(lines) if line.plain)
        parts += [*(Constrain(line, _WIDTH) for line in indented), ""]
    if reply.note.plain:
        parts += [_marked(reply.note, "italic", _LINES), ""]
    parts += [Styled(step, "cyan") for step in _steps(reply.buttons)]
    return _rendered(*parts)


def _file(file: File) -> dict[str, str]:
    return {"name": file.name, "media_type": file.media_type, "content": file.content.decode("utf-8", "replace")}


def _button(button: Button) -> dict[str, str]:
    return {"label": button.label, "line": _typeable(button)}


def _typeable(button: Button) -> str:
    return f"{button.name} {button.text}".rstrip()


def _said(reply: Reply) -> Text:
    """Return a reply's text, but where that is the error once more; and before it the room that it speaks of."""
    said = Text() if reply.text.plain == reply.error else reply.text
    return Text(f"About {reply.about}\n{said}") if reply.about else said


def _cards(reply: Reply) -> Iterator[Card]:
    """Yield the papers of a reply: of several without the steps that are one sign elsewhere, and a line's half here."""
    for card in reply.cards:
        few = tuple(each for each in card.buttons if not each.sign)
        yield replace(card, buttons=few) if len(reply.cards) > 1 else card


def _plain_card(card: Card) -> Iterator[str]:
    yield _flat(str(card.title))
    for line in (str(card.why), " · ".join(card.facts), str(card.body), " · ".join(_addresses(card))):
        if line:
            yield f"    {_flat(line)}"
    if card.buttons:
        yield f"    {_on_one_line(card.buttons)}"


def _plain_item(item: Item) -> Iterator[str]:
    yield _flat(str(item.text))
    if item.buttons:
        yield f"    {_on_one_line(item.buttons)}"


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


def _on_one_line(buttons: tuple[Button, ...]) -> str:
    return " · ".join(_steps(buttons))


def _flat(text: str) -> str:
    return text.translate(_ONE_LINE).strip()


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


def _rendered(*parts: RenderableType) -> str:
    from rich.console import Console  # noqa: PLC0415

    width = max(20, shutil.get_terminal_size().columns)
    console = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    return "\n".join(line.rstrip(" ") for line in capture.get().split("\n")).strip("\n")
