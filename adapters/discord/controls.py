"""The buttons and menus of a message: a paper or a line of a list has the steps for it alone in one or the other.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import discord

from adapters.discord import pressed
from bot.model import Button, Reply, Text

Row = tuple[discord.ui.Item[Any], ...]
Shown = Literal["below", "instead", "aside", "share"]

_LABEL, _LONGEST = 38, 80  # so much of a label is shown well; so much it can have
_OPTION = 100
_PLACEHOLDER = 150
_OPTIONS = 25
_ROWS, _IN_ROW = 5, 5


class Controls:
    """The buttons and menus of one message, row by row."""

    def __init__(self, by: str = "", nonce: str = "") -> None:
        self._by = by
        self._nonce = nonce
        self._count = 0
        self.lines: dict[str, str] = {}
        self.rows: tuple[Row, ...] = ()

    def open(self, reply: Reply) -> None:
        """Offer the steps of each paper or item: of one in buttons, of several in a menu for each kind of step.

        Those that are one sign are one kind: what people make of a paper, more or less of it.
        """
        owners = [(str(each.title), each.buttons) for each in reply.cards] or [
            (str(each.text), each.buttons) for each in reply.items
        ]
        if len(owners) == 1:
            self.buttons(owners[0][1])
            return
        signs = {step.sign: step.label for _, steps in owners for step in steps if step.sign}
        opinions = ", ".join(f"{sign} {label}" for sign, label in signs.items())
        kinds: dict[tuple[str, Shown], list[tuple[str, Button]]] = {}
        for name, steps in owners:
            for step in steps:
                # Of several papers, each has these alone: more is noise.
                if step.sign:
                    kinds.setdefault((opinions, step.shown), []).append((f"{step.sign} {name}", step))
                elif reply.items or step.shown == "aside":
                    kinds.setdefault((f"{step.label} …", step.shown), []).append((name, step))
        for (label, shown), offers in kinds.items():
            options = {self._value(step): _label(name, _OPTION) for name, step in offers[:_OPTIONS]}
            menu: discord.ui.Select[Any] = discord.ui.Select(
                custom_id=self._id(shown),
                placeholder=_label(label, _PLACEHOLDER),
                options=[discord.SelectOption(label=name, value=value) for value, name in options.items()],
            )
            self.rows += ((menu,),)

    def buttons(self, steps: Sequence[Button], shared: Sequence[Button] = ()) -> None:
        short = Counter(_label(each.label, _LABEL) for each in steps)
        items = [self._button(each, each.shown, alone=short[_label(each.label, _LABEL)] == 1) for each in steps]
        items += [self._button(each, "share") for each in shared]
        for start in range(0, len(items), _IN_ROW):
            self.rows += (tuple(items[start : start + _IN_ROW]),)
        if len(self.rows) > _ROWS:
            raise ValueError(f"{len(self.rows)} rows of buttons, of which a message has {_ROWS}")

    def _button(self, step: Button, shown: Shown, *, alone: bool = True) -> discord.ui.Button[Any]:
        # The next step of most readers stands out from those beside it.
        style = discord.ButtonStyle.primary if step.label == "Next" else discord.ButtonStyle.secondary
        return discord.ui.Button(
            # Two that begin alike are told apart by their ends.
            label=_label(step.label, _LABEL if alone else _LONGEST),
            custom_id=self._id(shown, pressed.line(step)),
            style=style,
        )

    def _id(self, shown: Shown, line: str = "") -> str:
        place = str(self._count) + (f".{self._nonce}" if self._nonce and not self._count else "")
        self._count += 1
        by = self._by if shown == "instead" else ""
        made, long = pressed.custom_id(shown, place, by, line)
        self.lines |= long
        return made

    def _value(self, step: Button) -> str:
        made, long = pressed.short(pressed.line(step), _OPTION)
        self.lines |= long
        return made


def _label(text: str, most: int) -> str:
    return Text(text).clip(most).plain.strip() or "…"
