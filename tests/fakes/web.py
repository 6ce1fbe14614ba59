"""A web server on loopback with the pages it is given, and the ways in which they can go wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

from tests.fakes.faults import Fault, go_wrong


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered at a path. With an ETag or Last-Modified, a request that names it is answered 304."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    headers: Mapping[str, str]


class FakeWeb:
    """Serve `pages` by path, at a port of one or more of this machine's addresses; `asked` is every request."""

    def __init__(self, host: str = "127.0.0.1", *others: str, tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Page | Fault] = {}
        self.asked: list[Asked] = []
        self.port = 0
        self._host = host
        self._others = others
        self._tls = tls
        self._closing = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]
        for other in self._others:
            with suppress(OSError):  # not every machine has IPv6
                await web.TCPSite(self._runner, other, self.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    def url(self, path: str = "/", host: str = "") -> str:
        return f"{'https' if self._tls else 'http'}://{host or self._host}:{self.port}{path}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(Asked(request.path_qs, request.headers))
        page = self.pages.get(request.path, Page(status=404))
        if isinstance(page, Fault):
            return await go_wrong(page, request, web.Response(body=b"# ArXiv"), self._closing)
        for validator, condition in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")):
            if (said := page.headers.get(validator)) and request.headers.get(condition) == said:
                return web.Response(status=304, headers=page.headers)
        return web.Response(body=page.body, status=page.status, headers=page.headers)
