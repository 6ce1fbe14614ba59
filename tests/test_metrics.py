"""Metrics as Prometheus reads them: its own parser reads what is exposed."""

import json
import logging
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import daily, metrics
from bot.commands import COMMANDS
from bot.model import Destination, Following, Report
from bot.ports import Store
from bot.progress import Progress
from bot.search.grammar import parse
from tests.conftest import MakeDigest, MakePaper

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
Sample = tuple[str, frozenset[tuple[str, str]]]


async def exposed(store: Store, *platforms: str, now: datetime = NOW) -> dict[Sample, float]:
    text = (await metrics.exposition(store, platforms, now)).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> Sample:
    return f"paperwire_{name}", frozenset(labels.items())


async def test_what_happens_is_counted_under_the_names_that_are_promised(store: Store) -> None:
    with metrics.recording():
        metrics.delivered("slack", "alert", "sent")
        metrics.delivered("slack", "alert", "sent")
        metrics.delivered("discord", "highlights", "uncertain")
        metrics.rate_limited("discord")
        assert "search" in COMMANDS
        metrics.answered("slack", "search", 0.02)
        metrics.answered("slack", "search", 0.7)
        metrics.gathered(53)
        found = await exposed(store)
    assert found[sample("deliveries_total", platform="slack", kind="alert", outcome="sent")] == 2
    assert found[sample("deliveries_total", platform="discord", kind="highlights", outcome="uncertain")] == 1
    assert found[sample("rate_limited_total", platform="discord")] == 1
    assert found[sample("commands_total", platform="slack", command="search")] == 2
    assert found[sample("command_seconds_count", command="search")] == 2
    assert found[sample("command_seconds_bucket", command="search", le="0.025")] == 1
    assert found[sample("command_seconds_bucket", command="search", le="1.0")] == 2
    assert found[sample("gathered_papers_total")] == 53


async def test_what_a_person_typed_is_no_label(store: Store) -> None:
    with metrics.recording():
        metrics.answered("slack", "my-secret-project", 0.01)
        text = (await metrics.exposition(store, (), NOW)).decode()
        found = await exposed(store)
    assert "secret" not in text
    assert found[sample("commands_total", platform="slack", command="unknown")] == 1


async def test_nothing_is_counted_before_or_after_recording(store: Store) -> None:
    metrics.delivered("slack", "alert", "sent")
    with metrics.recording():
        metrics.gathered(1)
    metrics.rate_limited("slack")
    with pytest.raises(RuntimeError):
        await metrics.exposition(store, (), NOW)
    with metrics.recording():
        found = await exposed(store)
    assert not [name for name, labels in found if labels and name.startswith("paperwire_")]
    assert found[sample("gathered_papers_total")] == 0


async def test_the_outbox_is_read_when_it_is_asked_for(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    for name in ("C1", "C2"):
        await store.follow(Following(Destination("slack", "T1", name)))
    await store.subscribe(Destination("discord", "dm", "@1"), parse("elephant"), NOW)
    await daily.take_in(digest("2026-03-02", "cs.CV", paper("2603.00001", "Elephants")), store, NOW)
    with metrics.recording():
        before = await exposed(store, "slack", "console", now=NOW + timedelta(minutes=5))
        await store.begin_delivery()
        claimed = await store.claim(["slack"], NOW)
        assert claimed
        await store.settle(claimed, "sent")
        after = await exposed(store, "slack", "console", now=NOW + timedelta(minutes=5))
    for name in ("outbox_owed", "outbox_due"):
        assert before[sample(name, platform="slack")] == 2
        assert before[sample(name, platform="discord")] == 1
        assert after[sample(name, platform="slack")] == 1
    assert before[sample("outbox_oldest_seconds", platform="slack")] == 300
    # Zero is a figure; a line that is missing is an alarm that cannot ring.
    for name in ("outbox_owed", "outbox_due", "outbox_paused", "outbox_oldest_seconds"):
        assert before[sample(name, platform="console")] == 0


async def test_a_source_is_in_one_state_and_its_address_shows_no_secret(store: Store) -> None:
    # Of a query a source's address has only what tells it from another.
    addresses = ("arxiv:cs.CV", *(f"https://user:hunter2@host.example/digest.md?~0000000{n}" for n in (1, 2)))
    await store.watch(addresses, NOW)
    await store.report(Report(addresses[0], "late", "It is late.", NOW, NOW, date(2026, 2, 27)))
    with metrics.recording():
        text = (await metrics.exposition(store, (), NOW)).decode()
        found = await exposed(store)
    assert found[sample("source_state", source="arxiv:cs.CV", state="late")] == 1
    assert found[sample("source_state", source="arxiv:cs.CV", state="fresh")] == 0
    for n in (1, 2):
        assert found[sample("source_state", source=f"https://host.example/digest.md?~0000000{n}", state="new")] == 1
    assert "hunter" not in text


async def test_no_label_names_a_room_a_person_or_a_workspace(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.follow(Following(Destination("slack", "TSECRET", "CSECRET")))
    await store.subscribe(Destination("slack", "TSECRET", "@USECRET"), parse("elephant"), NOW)
    await daily.take_in(digest("2026-03-02", "cs.CV", paper("2603.00001", "Elephants")), store, NOW)
    with metrics.recording():
        text = (await metrics.exposition(store, ("slack",), NOW)).decode()
    assert "SECRET" not in text
    assert set(re.findall(r"(\w+)=\"", text)) <= {"platform", "kind", "outcome", "command", "le", "source", "state"}


def test_a_command_on_the_command_line_does_not_load_the_library(tmp_path: Path) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "bot", "ask", "help"]
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(line, capture_output=True, text=True, env=environment, cwd=tmp_path, check=True)
    assert "bot.dispatch" in done.stderr
    assert "prometheus_client" not in done.stderr


async def test_a_line_in_the_log_tells_how_far_sending_has_come(
    store: Store, digest: MakeDigest, paper: MakePaper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.progress")
    await store.follow(Following(Destination("slack", "T1", "C1")))
    await daily.take_in(digest("2026-03-02", "cs.CV", paper("2603.00001", "Elephants")), store, NOW)
    await Progress(store, lambda: NOW).tell(7)
    assert not caplog.records, "a minute has not passed"
    await Progress(store, lambda: NOW + timedelta(minutes=2), every=0).tell(7)
    (record,) = caplog.records
    assert record.message == "delivering"
    said = {name: vars(record)[name] for name in ("platform", "sent", "owed", "due", "oldest")}
    assert said == {"platform": "slack", "sent": 7, "owed": 1, "due": 1, "oldest": 120}
    assert "T1" not in json.dumps({name: str(value) for name, value in vars(record).items()})
