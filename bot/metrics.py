"""What is counted for Prometheus, while somebody wants it: else nothing is loaded, kept or counted.

Labels are platforms, commands, outcomes and sources: no room, no person, no workspace.
https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal, get_args, get_type_hints

from bot.dispatch import COMMANDS
from bot.freshness import redacted
from bot.model import Report
from bot.ports import Backlog, Store

Outcome = Literal["sent", "failed", "expired", "dead", "uncertain", "held"]

# Of the format that every Prometheus reads: https://prometheus.io/docs/instrumenting/exposition_formats/
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Seconds. Slack and Discord wait three for an answer.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
_STATES: tuple[str, ...] = get_args(get_type_hints(Report)["state"])


class _Counts:
    """What has happened since recording began."""

    def __init__(self) -> None:
        import prometheus_client as client  # noqa: PLC0415  # most commands are over before it would have loaded

        client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = client.CollectorRegistry()
        client.ProcessCollector(registry=self.registry)

        def counter(name: str, said: str, *labels: str) -> client.Counter:
            return client.Counter(f"paperwire_{name}", said, labels, registry=self.registry)

        self.deliveries = counter(
            "deliveries", "Attempts to deliver, by what became of them.", "platform", "kind", "outcome"
        )
        self.limited = counter("rate_limited", "Requests that a platform asked to make later.", "platform")
        self.commands = counter("commands", "Commands that were answered.", "platform", "command")
        self.gathered = counter("gathered_papers", "New papers that were taken in.")
        self.seconds = client.Histogram(
            "paperwire_command_seconds",
            "How long the answer to a command took.",
            ("command",),
            buckets=_BUCKETS,
            registry=self.registry,
        )


_counts: _Counts | None = None


@contextmanager
def recording() -> Iterator[None]:
    """Count from here on, from zero, until the end of the block."""
    global _counts  # noqa: PLW0603  # as a log, it is there for everyone or for nobody
    _counts = _Counts()
    try:
        yield
    finally:
        _counts = None


def delivered(platform: str, kind: str, outcome: Outcome) -> None:
    """Count an attempt to deliver a message."""
    if _counts:
        _counts.deliveries.labels(platform, kind, outcome).inc()


def rate_limited(platform: str) -> None:
    """Count a request that a platform asked to make later."""
    if _counts:
        _counts.limited.labels(platform).inc()


def answered(platform: str, command: str, seconds: float) -> None:
    """Count a command that was answered within so many seconds. What is no command is counted without its name."""
    if _counts:
        known = command if command in COMMANDS else "unknown"
        _counts.commands.labels(platform, known).inc()
        _counts.seconds.labels(known).observe(seconds)


def gathered(papers: int) -> None:
    """Count papers that were taken in for the first time."""
    if _counts:
        _counts.gathered.inc(papers)


async def exposition(store: Store, platforms: Iterable[str], now: datetime) -> bytes:
    """Return all that was counted, and how the outbox of these platforms and the sources are, as Prometheus reads it.

    Raise `StoreError` where the store cannot be read, `RuntimeError` where nothing is recorded.
    """
    if _counts is None:
        raise RuntimeError("no metrics are recorded")
    import prometheus_client as client  # noqa: PLC0415  # as above

    found = client.CollectorRegistry()
    backlogs = {each: Backlog(each, 0, 0, 0) for each in platforms} | {
        each.platform: each for each in await store.backlog(now)
    }

    def gauge(name: str, said: str, *labels: str) -> client.Gauge:
        return client.Gauge(f"paperwire_{name}", said, labels, registry=found)

    owed = gauge("outbox_owed", "Messages that are owed.", "platform")
    due = gauge("outbox_due", "Messages that are owed now.", "platform")
    paused = gauge("outbox_paused", "Messages for where nothing can be sent at the moment.", "platform")
    oldest = gauge("outbox_oldest_seconds", "For how long the oldest message is owed that could be sent.", "platform")
    for name, each in backlogs.items():
        owed.labels(name).set(each.owed)
        due.labels(name).set(each.due)
        paused.labels(name).set(each.paused)
        oldest.labels(name).set((now - each.oldest).total_seconds() if each.oldest else 0)
    state = gauge("source_state", "The state that a source of digests is in, as 1.", "source", "state")
    for report in await store.reports():
        for one in _STATES:
            state.labels(redacted(report.source), one).set(one == report.state)
    return client.generate_latest(_counts.registry) + client.generate_latest(found)
