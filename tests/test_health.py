"""Health and metrics over real HTTP, on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence

import aiohttp
import pytest

from adapters._health import listening
from bot.config import SettingsError
from bot.ports import StoreError


class Service:
    """What is asked: what is wrong with it, and what it has counted."""

    def __init__(self) -> None:
        self.wrong: Sequence[str] = ()
        self.error: Exception | None = None
        self.metrics = b"paperwire_outbox_owed 3.0\n"

    async def check(self) -> Sequence[str]:
        if self.error:
            raise self.error
        return self.wrong

    async def measure(self) -> bytes:
        if self.error:
            raise self.error
        return self.metrics


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def http(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        listening("127.0.0.1:0", service.check, service.measure) as address,
        aiohttp.ClientSession(f"http://{address}") as session,
    ):
        yield session


async def test_all_is_well_and_says_ok(http: aiohttp.ClientSession) -> None:
    async with http.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
    async with http.head("/healthz") as answer:
        assert answer.status == 200


async def test_what_is_wrong_is_said_in_words_that_say_no_more(http: aiohttp.ClientSession, service: Service) -> None:
    service.wrong = ("delivering", "slack")
    async with http.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (503, "delivering slack\n")


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
@pytest.mark.parametrize(
    ("error", "word"), [(StoreError("/secret/papers.db is damaged"), "store"), (KeyError("secret"), "bug")]
)
async def test_an_error_is_a_word_and_nothing_of_the_inside(
    http: aiohttp.ClientSession, service: Service, path: str, error: Exception, word: str
) -> None:
    service.error = error
    async with http.get(path) as answer:
        assert (answer.status, await answer.text()) == (503, f"{word}\n")


async def test_metrics_are_what_prometheus_reads(http: aiohttp.ClientSession, service: Service) -> None:
    async with http.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert await answer.read() == service.metrics


async def test_it_can_only_be_read(http: aiohttp.ClientSession) -> None:
    for path in ("/healthz", "/metrics"):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            async with http.request(method, path, data=b"x") as answer:
                assert answer.status == 405
    async with http.get("/") as answer:
        assert answer.status == 404


async def test_no_answer_says_what_serves_it(http: aiohttp.ClientSession) -> None:
    for path in ("/healthz", "/metrics", "/nothing"):
        async with http.get(path) as answer:
            assert answer.headers["Server"] == "paperwire"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9464", 200),
        ("127.0.0.1", 200),
        ("127.9.9.9:1", 200),
        ("[::1]:9464", 200),
        ("rebound.example", 421),
        ("rebound.example:9464", 421),
        ("127.0.0.1.rebound.example", 421),
        ("192.168.0.7", 421),
        ("[", 421),
        ("", 421),
    ],
)
async def test_a_page_whose_name_was_made_to_mean_this_machine_is_refused(
    http: aiohttp.ClientSession, host: str, status: int
) -> None:
    for path in ("/healthz", "/metrics"):
        async with http.get(path, headers={"Host": host}) as answer:
            assert answer.status == status


async def test_who_opens_it_to_a_network_is_asked_by_any_name(service: Service) -> None:
    async with listening("0.0.0.0:0", service.check, service.measure) as address:
        port = address.rpartition(":")[2]
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/healthz", headers={"Host": "paperwire:9464"}) as answer,
        ):
            assert answer.status == 200


async def test_a_supervisor_that_names_no_host_is_answered(service: Service) -> None:
    async with listening("127.0.0.1:0", service.check, service.measure) as address:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"200"
        writer.close()
        await writer.wait_closed()


async def test_a_port_in_use_is_the_operators_affair(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(SettingsError, match="PAPERWIRE_HEALTH_LISTEN"):
            async with listening(address, service.check, service.measure):
                pass


@pytest.mark.parametrize("host", ["papers..example", f"{'x' * 64}.example"])
async def test_a_host_that_no_name_can_be_is_the_operators_affair(service: Service, host: str) -> None:
    with pytest.raises(SettingsError, match="PAPERWIRE_HEALTH_LISTEN"):
        async with listening(f"{host}:0", service.check, service.measure):
            pass


async def test_the_port_is_free_again_at_the_end(service: Service) -> None:
    async with listening("127.0.0.1:0", service.check, service.measure) as address:
        pass
    async with listening(address, service.check, service.measure) as again:
        assert again == address
