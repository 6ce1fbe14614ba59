"""The errors that cross a port."""

from __future__ import annotations

from typing import Literal


class DeliveryError(Exception):
    """A message was not delivered.

    `code` is the platform's word for it. `kind` says what follows: "gone" pauses the destination and tells who set it
    up, "content" gives up this message, "later" tries again (after `retry_after` seconds where the platform named a
    time), "uncertain" tries again knowing that it may have arrived, and "held" was not tried: its turn is to come.
    "unknowable" may have arrived, and nobody can look: an operator says whether it is sent.

    Who does not know the code says so: it may pass, but not for ever. `begun` says that a part of the message has
    arrived, by this attempt or an earlier one.
    """

    def __init__(
        self,
        code: str,
        kind: Literal["gone", "content", "later", "uncertain", "held", "unknowable"] = "later",
        retry_after: float | None = None,
        *,
        known: bool = True,
        begun: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind
        self.retry_after = retry_after
        self.known = known
        self.begun = begun


class TooMany(Exception):  # noqa: N818  # a state: the cap is reached
    """There are as many of something as there can be: `count`."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class OnItsWay(Exception):  # noqa: N818  # a state: it passes
    """A message may be arriving just now, and what it is made of cannot be changed."""


class Unreachable(Exception):  # noqa: N818  # a state, named as the exit code names it
    """A platform does not answer, and may later; the text is for the operator."""


class StoreError(Exception):
    """The store cannot go on; the text is for the operator."""


class DiskError(StoreError):
    """Reading or writing failed below the database: no space, no permission, a broken file."""


class SchemaError(StoreError):
    """The file is not a Paperwire database, or of a schema that this program does not know."""


class AlreadyRunning(StoreError):  # noqa: N818  # a state, named as the exit code names it
    """Another process delivers from this database."""
