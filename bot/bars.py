"""A bar on a terminal, for work that takes a while; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Show a bar; yield what to call with what is new.

    It takes `advance`, `completed`, `total` and `description`, as rich does. Without a total the bar only shows that
    something goes on.
    """
    if not sys.stderr.isatty():
        yield lambda **_: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as shown:
        yield partial(shown.update, shown.add_task(what, total=total))
