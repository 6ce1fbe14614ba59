"""How far long work is, on a terminal; nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_Item = TypeVar("_Item")


def shown(
    items: Iterable[_Item], what: str, total: int, amount: Callable[[_Item], int] = lambda _: 1
) -> Iterator[_Item]:
    """Yield the items, and show on a terminal how much of the total they are so far."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        for each in items:
            yield each
            progress.advance(task, amount(each))
