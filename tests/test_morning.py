"""The service as a real process, every morning: from what its sources have to what people and monitoring see."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from bot.model import Report
from storage import connect
from tests.fakes.command_line import DIGEST, ROOT, Paperwire
from tests.fakes.waiting import until

FIRST = "\n".join(DIGEST.splitlines()[:3])
LATER = FIRST.replace("20 Nov", "23 Nov").replace("Fri", "Mon").replace("Purple", "Green").replace("10043", "11043")


@pytest.fixture
def paperwire(tmp_path: Path) -> Paperwire:
    made = Paperwire(tmp_path)
    assert made("ask", "subscribe elephants").returncode == 0
    return made


def put(folder: Path, name: str, text: str) -> None:
    """Put a file there as somebody did a while ago."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    os.utime(folder / name, (1, 1))


class Running:
    """A service that runs, and what it has written so far."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, errors: Path) -> None:
        self.process = process
        self._output = output
        self._errors = errors

    @property
    def said(self) -> str:
        return self._output.read_text()

    @property
    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._errors.read_text().splitlines() if line.startswith("{")]

    async def until(self, condition: Callable[[], object]) -> None:
        await until(condition, 40, lambda: (self.said, self._errors.read_text()))

    async def ended(self, within: float = 10) -> int:
        """Ask it to end; return how it did."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, within)


@asynccontextmanager
async def running(paperwire: Paperwire) -> AsyncIterator[Running]:
    output, errors = paperwire.folder / "output", paperwire.folder / "errors"
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(  # noqa: ASYNC220  # what waits for it waits in a thread
            paperwire.line("run"),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=paperwire.environment,
            cwd=paperwire.folder,
        )
    try:
        yield Running(process, output, errors)
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def monitored(paperwire: Paperwire) -> AsyncIterator[tuple[Running, aiohttp.ClientSession]]:
    paperwire.environment["PAPERWIRE_HEALTH_LISTEN"] = "127.0.0.1:0"
    async with running(paperwire) as service:
        await service.until(lambda: service.events)
        address = next(each["address"] for each in service.events if each["event"] == "listening")
        async with aiohttp.ClientSession(f"http://{address}") as session:
            yield service, session


async def status(http: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with http.get(path) as answer:
        return answer.status, await answer.text()


async def test_what_a_folder_gets_is_delivered_told_of_and_measured(paperwire: Paperwire) -> None:
    there, later = paperwire.folder / "there", paperwire.folder / "later"
    put(there, "a.md", FIRST)
    paperwire.environment |= {"PAPERWIRE_SOURCES": f"{there}, {later}", "PAPERWIRE_ADMIN": "console:local/terminal"}
    async with monitored(paperwire) as (service, http):
        await service.until(lambda: len(re.findall("^-- paperwire", service.said, re.MULTILINE)) == 2)
        assert "Purple Elephants at Home" in service.said
        assert f"-- to this terminal --\n{there} is stale since " in service.said
        # A folder that is not there yet is no end of the service, nor news before an hour has passed.
        unread = next(each for each in service.events if each["event"] == "unread")
        assert (unread["document"], unread["reason"]) == (str(later), "No such file or directory")
        put(later, "b.md", LATER)
        await service.until(lambda: "Green Elephants at Home" in service.said)
        assert await status(http, "/healthz") == (200, "ok\n")
        _, exposed = await status(http, "/metrics")
        assert await service.ended() == 0
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposed)
        for sample in family.samples
    }
    assert found["paperwire_gathered_papers_total",] == 2
    assert found["paperwire_source_state", str(there), "stale"] == 1
    assert found["paperwire_outbox_due", "console"] <= 2
    assert found["paperwire_deliveries_total", "alert", "sent", "console"] >= 1


async def test_a_store_that_cannot_be_read_is_unwell(paperwire: Paperwire) -> None:
    async with monitored(paperwire) as (service, http):
        assert await status(http, "/healthz") == (200, "ok\n")
        for path in ("/healthz", "/metrics"):
            async with asyncio.timeout(30):
                while (said := await status(http, path))[0] == 200:
                    # What the store has in memory it may still answer from, and write again. Nothing is cut short: the
                    # system ends a process that reads where its map of a file (SQLite's index of its log) is no more.
                    for file in paperwire.folder.glob(f"{paperwire.database.name}*"):
                        with file.open("r+b") as spoilt:
                            spoilt.write(b"\xff" * file.stat().st_size)
            assert said == (503, "store\n")
        assert service.process.poll() is None


def test_run_once_gathers_then_delivers_and_ends(paperwire: Paperwire) -> None:
    folder = paperwire.folder / "digests"
    put(folder, "2020-11-20.md", FIRST)
    given = {"PAPERWIRE_SOURCES": str(folder), "PAPERWIRE_ADMIN": "console:local/terminal"}
    first = paperwire("run", "--once", **given)
    assert (first.returncode, first.stderr.splitlines()[-1]) == (0, "paperwire: 2 delivered, 0 failed, 0 uncertain")
    assert "Purple Elephants at Home" in first.stdout
    assert f"{folder} is stale since " in first.stdout
    assert paperwire("run", "--once", **given).stdout == ""
    put(folder, "2020-11-23.md", LATER)
    again = paperwire("run", "--once", **given)
    assert "Green Elephants at Home" in again.stdout
    assert "Purple Elephants at Home" not in again.stdout


@pytest.mark.parametrize("source", ["arxiv:nonsense", "gopher://digests.example", "http://digests.example/x.md"])
@pytest.mark.parametrize("once", [[], ["--once"]])
def test_a_source_that_cannot_be_is_one_line_and_exit_code_78(
    paperwire: Paperwire, source: str, once: list[str]
) -> None:
    done = paperwire("run", *once, PAPERWIRE_SOURCES=source)
    assert done.returncode == 78
    (line,) = done.stderr.splitlines()
    assert line.startswith("paperwire: PAPERWIRE_SOURCES: ")


def test_doctor_names_the_sources_and_shows_no_secret_of_theirs(paperwire: Paperwire) -> None:
    addresses = (
        "arxiv:cs.CV",
        "https://digests.example/x.md?token=hunter2",
        "/nowhere",
        "https://a:hunter2@b.example/",
    )
    done = paperwire("doctor", PAPERWIRE_SOURCES=",".join(addresses))
    assert done.returncode == 78
    found = [line for line in done.stdout.splitlines() if "Source: " in line]
    assert [line.split()[0] for line in found] == ["ok", "ok", "FAIL", "FAIL"]
    assert found[0] == "ok    Source: arxiv:cs.CV"
    assert "hunter2" not in done.stdout + done.stderr


@pytest.fixture
async def arxiv() -> AsyncIterator[tuple[str, list[str]]]:
    """Yield the address of an arXiv with an empty listing and nothing else that answers, and what it is asked."""
    asked: list[str] = []
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path != "/rss/cs.CV":
            await never.wait()
        return web.Response(text="<rss><channel><title>cs.CV updates on arXiv.org</title></channel></rss>")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    await runner.cleanup()


async def test_a_signal_ends_a_service_whose_source_does_not_answer(
    paperwire: Paperwire, arxiv: tuple[str, list[str]]
) -> None:
    address, asked = arxiv
    paperwire.environment |= {"PAPERWIRE_SOURCES": f"{address}/digest.md", "PAPERWIRE_PRIVATE_SOURCES": "allow"}
    async with running(paperwire) as service:
        await service.until(lambda: asked)
        assert await service.ended() == 0


async def test_a_signal_ends_a_service_that_reads_the_days_that_it_missed(
    paperwire: Paperwire, arxiv: tuple[str, list[str]]
) -> None:
    address, asked = arxiv
    now = datetime.now(UTC)
    async with connect(f"sqlite:///{paperwire.database}") as store:
        day = now.date() - timedelta(days=10)
        await store.report(Report("arxiv:cs.CV", "fresh", "", now, now, day))
    paperwire.environment |= {
        "PAPERWIRE_SOURCES": "arxiv:cs.CV",
        "PAPERWIRE_ARXIV_FEEDS": address,
        "PAPERWIRE_ARXIV_OAI": f"{address}/oai",
    }
    async with running(paperwire) as service:
        await service.until(lambda: "/oai" in asked)
        assert await service.ended() == 0


async def test_a_signal_ends_a_service_that_looks_up_a_name_which_nobody_answers_for(paperwire: Paperwire) -> None:
    asked = paperwire.folder / "asked"
    (paperwire.folder / "sitecustomize.py").write_text(
        "import pathlib, socket, time\n"
        "def hang(*_, **__):\n"
        f"    pathlib.Path({str(asked)!r}).touch()\n"
        "    time.sleep(60)\n"
        "socket.getaddrinfo = hang\n"
    )
    paperwire.environment |= {
        "PAPERWIRE_SOURCES": "https://digests.example/x.md",
        "PYTHONPATH": f"{paperwire.folder}:{ROOT}",
    }
    async with running(paperwire) as service:
        await service.until(asked.exists)
        assert await service.ended() == 0
