"""Long answers page by page, and counts in words."""

from __future__ import annotations

from bot.model import Button, UserError

PAGE = 10


def check_page(page: int, total: int) -> None:
    pages = max(1, -(-total // PAGE))
    if page > pages:
        raise UserError(f"There is no page {page}: the last is page:{pages}")


def place(page: int, total: int) -> str:
    pages = -(-total // PAGE)
    return f"Page {page} of {pages}" if pages > 1 else ""


def turn(name: str, text: str, page: int, total: int) -> tuple[Button, ...]:
    pages = -(-total // PAGE)
    before = (Button("Previous", name, paged(text, page - 1), "instead"),) if page > 1 else ()
    after = (Button("Next", name, paged(text, page + 1), "instead"),) if page < pages else ()
    return before + after


def paged(text: str, page: int) -> str:
    """Return a command's text with the page that it asks for."""
    return f"{text} page:{page}".strip() if page > 1 else text


def papers(count: int) -> str:
    return number(count, "paper")


def number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
