"""Everything that a running service writes, searched for each of its secrets.

It runs as it is started, at debug level, on both platforms, by socket and by HTTP, with an installation through the
browser, while requests go wrong. Then again with its libraries as loud as they can be, which no setting makes them:
what they log then goes through the same redaction.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from cryptography.fernet import Fernet

from adapters.slack.manifest import EVENTS_PATH, REDIRECT_PATH
from adapters.slack.oauth import INSTALL_PATH
from benchmarks.faults.row import Found, Row, Trial
from tests.fakes.command_line import Paperwire
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord import refused as discord_refused
from tests.fakes.faults import broken, dropped, reset, truncated
from tests.fakes.slack import FakeSlack, refused

_LOUD = """
import logging, sys
from bot import log
start = log.start_log
def loud(settings, **more):
    start(settings, **more)
    for each in (None, 'slack_bolt', 'slack_sdk', 'discord', 'aiohttp'):
        logging.getLogger(each).setLevel(logging.DEBUG)
log._may_speak = lambda record: True
log.start_log = loud
{planted}
from bot import cli
from bot.cli import settings
settings.start_log = loud
cli.main()
"""
_PLANTED = "log._redaction = lambda settings: str"
_ENDS = 30.0  # seconds
_PATIENCE = 60.0
_BROKEN_OFF = (AssertionError, LookupError, TimeoutError, OSError, aiohttp.ClientError)


class _Service:
    """The service in a process of its own, and all that it has written."""

    def __init__(self, folder: Path, given: Mapping[str, str], *, loud: bool, planted: bool) -> None:
        folder.mkdir()
        self._line = Paperwire(folder)
        self._line.environment |= {f"PAPERWIRE_{name}": value for name, value in given.items()}
        self._line.environment |= {
            "PAPERWIRE_LOG": "debug",
            "PAPERWIRE_LOG_FORMAT": "text",
            "PYTHONWARNINGS": "default",
        }
        code = _LOUD.format(planted=_PLANTED if planted else "")
        self._command = [sys.executable, "-c", code, "run"] if loud else self._line.line("run")
        self._said = folder / "said"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with self._said.open("ab") as said:
            process = subprocess.Popen(  # noqa: ASYNC220  # what waits for it waits in a thread
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=self._line.environment,
                cwd=self._line.folder,
            )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, _ENDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def said(self) -> str:
        return self._said.read_text("utf-8", "replace")


Run = Callable[[Path, Callable[[], str], bool, bool], Coroutine[Any, Any, tuple[str, set[str]]]]


async def _by_socket(folder: Path, secret: Callable[[], str], loud: bool, planted: bool) -> tuple[str, set[str]]:
    """Run on Slack by Socket Mode, and on Discord; return what was written, and what must not stand in it."""
    slack, discord = FakeSlack(judging=False), FakeDiscord(judging=False)
    slack.workspace("T1", token=f"xoxb-1-{secret()}")
    slack.app_token = f"xapp-1-A1-{secret()}"
    discord.world.token = f"MTIz.Canary.{secret()}"
    with suppress(AssertionError):  # what the fakes hold against requests that go wrong on purpose
        async with slack, discord:
            given = {
                "SLACK_API": slack.api,
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_APP_TOKEN": slack.app_token,
                "DISCORD_API": discord.api,
                "DISCORD_TOKEN": discord.token,
            }
            service = _Service(folder, given, loud=loud, planted=planted)
            async with service.running():
                await slack.connected()
                await discord.connected()
                await discord.until(lambda: discord.commands, _PATIENCE)
                await _talk(slack, discord)
                slack.fail("*", broken(), dropped(), reset(), truncated(), refused("invalid_auth"))
                slack.refuse_handshakes(1)
                slack.cut()
                discord.fail("POST", "/interactions/*/*/callback", broken(), discord_refused(404, 10062), dropped())
                discord.fail("*", "/webhooks/**", broken(), dropped())
                await _talk(slack, discord)
                slack.revoke()
                await _talk(slack, discord)
    tickets = {f"ticket-{number}" for number in range(1, 50)}
    return service.said(), {slack.token, slack.app_token, discord.token, *discord.interactions, *tickets}


async def _by_http(folder: Path, secret: Callable[[], str], loud: bool, planted: bool) -> tuple[str, set[str]]:
    """Run for many workspaces of Slack; return as `_by_socket` does."""
    slack = FakeSlack(judging=False)
    slack.workspace("T1", token=f"xoxb-1-{secret()}")
    slack.signing_secret, slack.oauth.client_secret, key = secret(), secret(), Fernet.generate_key().decode()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    passing: set[str] = set()
    with suppress(AssertionError):  # as above
        async with slack:
            given = {
                "SLACK_API": slack.api,
                "SLACK_CLIENT_ID": slack.oauth.client_id,
                "SLACK_CLIENT_SECRET": slack.oauth.client_secret,
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "SLACK_LISTEN": address,
                "SECRET_KEY": key,
            }
            service = _Service(folder, given, loud=loud, planted=planted)
            slack.http_target = f"http://{address}{EVENTS_PATH}"
            slack.oauth.redirect_uri = f"http://{address}{REDIRECT_PATH}"
            async with service.running(), aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
                passing |= await _installed(browser, f"http://{address}")
                await _talk(slack)
                slack.fail("oauth.v2.access", refused("invalid_code"), dropped(), truncated(), broken())
                for _ in range(4):
                    passing |= await _installed(browser, f"http://{address}")
                forged = {"X-Slack-Signature": f"v0={secret()}", "X-Slack-Request-Timestamp": "1"}
                await slack.raw(f"token={secret()}&command=/papers".encode(), forged)
                slack.fail("*", broken(), dropped(), reset(), truncated(), refused("token_revoked"))
                await _talk(slack)
                slack.revoke()
                await _talk(slack)
    known = {slack.token, slack.signing_secret, slack.oauth.client_secret, key}
    # What is good once, within minutes, for who has the client secret too, libraries may say: nobody lets them.
    return service.said(), known if loud else known | passing


async def _installed(browser: aiohttp.ClientSession, base: str) -> set[str]:
    """Install through the browser; return the codes and the states that went through its addresses and cookies."""
    url, cookie, passing = f"{base}{INSTALL_PATH}", "", set[str]()
    for _ in range(3):
        async with _patiently(browser, url, cookie) as answer:
            url = answer.headers.get("Location", "")
            for name, morsel in answer.cookies.items():
                cookie = f"{name}={morsel.value}"  # which is for https, so no session would send it
                passing |= {morsel.value} - {""}
        for name in ("code", "state"):
            passing |= set(parse_qs(urlsplit(url).query).get(name, []))
        if not url:
            break
    return passing


@asynccontextmanager
async def _patiently(browser: aiohttp.ClientSession, url: str, cookie: str) -> AsyncIterator[aiohttp.ClientResponse]:
    """Get a page, from a server that may not be up yet."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                answer = await browser.get(url, headers={"Cookie": cookie}, allow_redirects=False)
                break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
    async with answer:
        yield answer


async def _talk(slack: FakeSlack, discord: FakeDiscord | None = None) -> None:
    """Ask for this and that; what comes of it, and whether anything does, is not judged here."""
    for line in ("search lidar", "today", "no such", "settings on cs.CV", "subscribe lidar", "help"):
        with suppress(*_BROKEN_OFF):
            await slack.slash(line)
    for asked in (
        slack.mention("search lidar"),
        slack.dm("today"),
        slack.open_home(),
        slack.share_links("https://a.b/c"),
    ):
        with suppress(*_BROKEN_OFF):
            await asked
    for name, options in (("search", {"query": "lidar"}), ("today", {}), ("show", {"id": "x"}), ("help", {})):
        with suppress(*_BROKEN_OFF):
            if discord:
                await discord.slash(discord.ben, discord.papers, name, **options)


def _check(trial: Trial) -> Found:
    wrong: list[str] = []
    lines = searched = 0
    runs: tuple[Run, ...] = (_by_socket, _by_http)
    for number in range(trial.count):
        for run in runs:
            for loud in (False, True):
                name = f"{run.__name__.strip('_').replace('_', ' ')}{', loud' if loud else ''}"
                secret = partial(_secret, trial.random)
                said, secrets = asyncio.run(run(trial.folder / f"{name} {number}", secret, loud, trial.planted))
                lines, searched = lines + said.count("\n"), searched + len(secrets)
                if "platform=" not in said:
                    wrong.append(f"{name}: nothing was logged: {said[:300]!r}")
                wrong += [f"{name}: {_place(said, each)}" for each in secrets if each in said]
    return Found(f"{lines:,} lines searched, {searched:,} secrets, {len(wrong)} found", tuple(wrong[:20]))


def _secret(random: Random) -> str:
    return f"canary{random.getrandbits(96):024x}"


def _place(said: str, secret: str) -> str:
    at = said.index(secret)
    return f"{secret[:16]}… in {said[max(0, at - 120) : at + 20]!r}"


ROWS = (
    Row(
        number=24,
        name="secrets",
        fault="tokens, keys, tickets, codes in all that a service at debug level writes, while everything goes wrong",
        expected="0 found",
        counts=(1, 10),
        check=_check,
        planted="nothing is redacted",
        planted_count=1,
    ),
)
