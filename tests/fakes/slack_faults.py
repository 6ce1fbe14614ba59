"""How requests to the fake Slack go wrong in ways of its own."""

from __future__ import annotations

from tests.fakes.faults import Fault


def refused(error: str, *, commit: bool = False) -> Fault:
    """Answer with one of Slack's error codes."""
    return Fault(
        commit=commit, body=f'{{"ok": false, "error": "{error}"}}', headers={"Content-Type": "application/json"}
    )


def limited(retry_after: str | None = "1", body: str = '{"ok": false, "error": "ratelimited"}', at: str = "") -> Fault:
    """Answer 429 with a Retry-After header of that text, or with none; `at` is what time the answer says it is."""
    kind = "text/html" if body.startswith("<") else "application/json"
    headers = {"Content-Type": kind, "Retry-After": retry_after, "Date": at}
    return Fault(status=429, headers={name: value for name, value in headers.items() if value}, body=body)
