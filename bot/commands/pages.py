"""Long answers page by page, and counts in words."""

from __future__ import annotations

from bot.model import Button, UserError
from bot.ports import MOST, Found

PAGE = 10


def check_page(page: int, total: int) -> None:
    pages = max(1, -(-total // PAGE))
    if page > pages:
        raise UserError(f"There is no page {page}: the last is page:{pages}")


def turn(name: str, text: str, page: int, total: int, *, more: bool = False) -> tuple[Button, ...]:
    """Return the steps to the pages beside one, and between them the page itself: pressed, it is shown as it is now.

    With `more`, nobody knows how many pages there are.
    """
    pages = -(-total // PAGE)
    here = f"Page {page}" if more else f"Page {page} of {pages}"
    steps = {page - 1: "Previous", page: here, page + 1: "Next"} if pages > 1 else {}
    return tuple(Button(label, name, paged(text, n), "instead") for n, label in steps.items() if 1 <= n <= pages)


def paged(text: str, page: int) -> str:
    """Return a command's text with the page that it asks for."""
    return f"{text} page:{page}".strip() if page > 1 else text


def papers(count: int) -> str:
    return number(count, "paper")


def counted(found: Found) -> str:
    """Say how many papers are found, and where that is not all of them, that there are more or may be."""
    if not found.more:
        return papers(found.total)
    return f"more than {papers(found.total)}" if found.total >= MOST else f"{papers(found.total)} or more"


def number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
