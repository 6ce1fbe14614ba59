"""Codes that are used once: made, read as they are typed, and spelled as they are read."""

from __future__ import annotations

import re
import secrets

# Without those that are taken for one another: 40 bits, of which somebody can try twenty a minute.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 8


def make() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def spelled(code: str) -> str:
    """Return a code as it is shown: `K7QF-2M9T`."""
    return f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}"


def read(typed: str) -> str | None:
    """Return the code that is typed, in whatever case, with or without its hyphen; None where it cannot be one."""
    code = typed.upper().replace("-", "")
    return code if re.fullmatch(f"[{_LETTERS}]{{{_LENGTH}}}", code) else None
