"""Socket Mode against a Slack on loopback: the real Bolt app, and lines that are cut, refused, silenced."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import WSCloseCode, web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import sockets
from bot.config import SettingsError
from tests.fakes.slack import FakeSlack, Fault, broken, dropped, limited, refused
from tests.fakes.slack_sockets import Connection


def echo(client: AsyncWebClient, seen: Counter[str]) -> AsyncApp:
    """Return an app of T1 that answers a command with its text, fails where that is `fail`, and counts what it saw."""

    async def authorize(team_id: str) -> Any:
        if team_id != "T1":
            return None
        return AuthorizeResult(enterprise_id=None, team_id=team_id, bot_token="xoxb-T1", bot_user_id="UBOT")

    app = AsyncApp(client=client, authorize=authorize, process_before_response=True, request_verification_enabled=False)

    async def papers(ack: Any, command: dict[str, Any]) -> None:
        seen[command["text"]] += 1
        if command["text"] == "fail":
            raise LookupError
        await ack(command["text"])

    async def mentioned(ack: Any, event: dict[str, Any]) -> None:
        seen[event["text"]] += 1
        await ack()

    app.command("/papers")(papers)
    app.event("app_mention")(mentioned)
    return app


class Running:
    """The connections under test."""

    def __init__(self, slack: FakeSlack, client: AsyncWebClient) -> None:
        self.seen: Counter[str] = Counter()
        self.health = sockets.Health()
        self.task = asyncio.create_task(
            sockets.run(echo(client, self.seen), slack.app_token, client, ping=0.4, health=self.health)
        )


@asynccontextmanager
async def running(slack: FakeSlack, client: AsyncWebClient) -> AsyncIterator[Running]:
    made = Running(slack, client)
    try:
        await slack.until(lambda: made.health.up == 2)
        yield made
    finally:
        made.task.cancel()
        with suppress(asyncio.CancelledError):
            await made.task


async def test_a_command_is_answered_in_its_acknowledgement(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with running(slack, client):
        ack = await slack.slash("hello")
        assert ack.body == {"text": "hello"}


async def test_two_connections_stand_and_either_alone_is_enough(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with running(slack, client) as made:
        assert made.health == sockets.Health(wanted=2, up=2)
        slack.fail("apps.connections.open", broken(), forever=True)
        slack.cut(0)
        await slack.until(lambda: made.health.up == 1 and len(slack.sockets.open) == 1)
        assert (await slack.slash("hello")).body == {"text": "hello"}


async def test_what_fails_is_acknowledged_all_the_same(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with running(slack, client) as made:
        failed = await slack.slash("fail")
        unknown = await slack.slash("x", command="/unknown")
        assert (failed.status, failed.body, unknown.status, unknown.body) == (200, None, 200, None)
        assert made.seen["fail"] == 1
        assert (await slack.slash("and on")).body == {"text": "and on"}


async def test_an_event_is_acknowledged_with_no_more_than_its_name(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with running(slack, client) as made:
        ack = await slack.mention("hello")
        assert (ack.status, ack.body) == (200, None)
        assert made.seen["<@UBOT> hello"] == 1
        # To an event of a team that is not there Bolt has something to say, and Slack would not take it.
        slack.workspace("T2")
        refusal = await slack.mention("hello", team="T2")
        assert (refusal.status, refusal.body) == (200, None)
        assert made.seen["<@UBOT> hello"] == 1


async def test_what_makes_no_sense_is_passed_over(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with running(slack, client) as made:
        slack.expect("never sent was acknowledged")
        for connection in slack.sockets.open:
            for nonsense in ("nonsense", "[]", '{"type": "news"}', '{"type": "x", "envelope_id": "e", "payload": []}'):
                await connection.socket.send_str(nonsense)
            await connection.socket.send_bytes(b"nonsense")
        assert (await slack.slash("hello")).body == {"text": "hello"}
        assert (await slack.slash("again")).body == {"text": "again"}
        assert made.health.up == 2


async def test_a_line_that_is_not_welcomed_is_opened_again(
    slack: FakeSlack, client: AsyncWebClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "disconnect", "reason": "link_disabled"})
        return socket

    served = web.Application()
    served.router.add_get("/", refuse)
    runner = web.AppRunner(served)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    elsewhere = json.dumps({"ok": True, "url": f"ws://127.0.0.1:{runner.addresses[0][1]}/"})
    slack.fail("apps.connections.open", Fault(body=elsewhere, headers={"Content-Type": "application/json"}))
    async with running(slack, client):
        codes = [record.__dict__["code"] for record in caplog.records if record.message == "socket_refused"]
        assert codes == ["link_disabled"]
    await runner.cleanup()


async def test_of_two_hundred_at_once_each_is_acknowledged(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with running(slack, client) as made:
        acks = await asyncio.gather(*(slack.slash(str(number)) for number in range(200)))
        assert [ack.body for ack in acks] == [{"text": str(number)} for number in range(200)]
        assert set(made.seen.values()) == {1}


async def test_while_lines_are_cut_nothing_is_done_twice_and_both_come_back(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    slack.ack_limit = 0.5
    acknowledged = set()
    async with running(slack, client) as made:
        for cut in range(6):
            await slack.connected(2)
            texts = [f"{cut}.{number}" for number in range(10)]
            asked = [asyncio.create_task(slack.slash(text)) for text in texts]
            slack.cut(0)
            acks = await asyncio.gather(*asked)
            acknowledged |= {text for text, ack in zip(texts, acks, strict=True) if ack.status}
        await slack.until(lambda: made.health.up == 2, 30)
        assert (await slack.slash("after")).body == {"text": "after"}
        # What was under way on the line that was cut is lost with it; the other line answered its half.
        slack.problems = [each for each in slack.problems if "not acknowledged within" not in each]
        assert len(acknowledged) >= 30
        assert set(made.seen.values()) == {1}
        assert acknowledged <= made.seen.keys()


async def test_while_slack_refreshes_the_lines_nothing_is_lost(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with running(slack, client) as made:
        opened = slack.sockets.opened
        await slack.disconnect()
        acks = []
        while slack.sockets.opened < opened + 2:
            acks.append(await slack.slash("meanwhile"))
        await slack.until(lambda: made.health.up == 2)
        acks.append(await slack.slash("after"))
        assert {ack.status for ack in acks} == {200}


async def test_refused_handshakes_are_tried_again_with_a_new_ticket(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.refuse_handshakes(3)
    async with running(slack, client):
        assert (await slack.slash("hello")).status == 200
        tickets = [call for call in slack.calls if call.method == "apps.connections.open"]
        assert len(tickets) == 5


async def test_a_slack_that_gives_no_tickets_for_a_while_is_asked_until_it_does(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    async with running(slack, client) as made:
        slack.fail("apps.connections.open", broken(), refused("invalid_auth"), limited("0"))
        slack.cut()
        await slack.until(lambda: made.health.up == 0)
        await slack.until(lambda: made.health.up == 2, 30)
        assert (await slack.slash("hello")).status == 200


async def test_a_line_that_goes_silent_is_noticed_and_replaced(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with running(slack, client) as made:
        silent = list(slack.sockets.open)
        slack.blackhole()
        await slack.until(lambda: len(slack.sockets.open) == 2 and not {*silent} & {*slack.sockets.open}, 20)
        await slack.until(lambda: made.health.up == 2)
        assert (await slack.slash("hello")).status == 200


@pytest.mark.parametrize("error", ["invalid_auth", "not_allowed_token_type", "missing_scope", "some_new_code"])
async def test_a_bad_token_ends_with_one_clear_line(slack: FakeSlack, client: AsyncWebClient, error: str) -> None:
    slack.fail("apps.connections.open", refused(error))
    with pytest.raises(SettingsError) as raised:
        await sockets.run(echo(client, Counter()), slack.app_token, client)
    line = str(raised.value)
    assert "PAPERWIRE_SLACK_APP_TOKEN" in line
    assert error in line
    assert "\n" not in line
    assert slack.app_token not in line


async def test_a_start_without_network_waits_and_says_so_once(
    slack: FakeSlack, client: AsyncWebClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    slack.fail("apps.connections.open", dropped(), broken(), dropped())
    async with running(slack, client):
        events = Counter(record.message for record in caplog.records if record.name == sockets.__name__)
        assert events == {"socket_refused": 1, "socket_connected": 2}


async def test_the_log_tells_what_was_lost_and_how_long_and_never_a_ticket(
    slack: FakeSlack, client: AsyncWebClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(slack, client) as made:
        slack.refuse_handshakes(1)
        slack.cut()
        await slack.until(lambda: made.health.up == 0)
        await slack.until(lambda: made.health.up == 2, 30)
        found = [record.__dict__ for record in caplog.records if record.name == sockets.__name__]
        assert [each["code"] for each in found if each["msg"] == "socket_lost"] == ["closed"] * 2
        assert [each["code"] for each in found if each["msg"] == "socket_refused"] == ["http_503"]
        assert all(each["seconds"] >= 0 for each in found if each["msg"] == "socket_rebuilt")
        # The server's own log is the fake's.
        ours = [record.__dict__ for record in caplog.records if record.name != "aiohttp.access"]
        assert "ticket" not in str(ours)


async def test_cancelling_leaves_no_task_no_thread_and_no_line_behind(slack: FakeSlack, client: AsyncWebClient) -> None:
    threads = set(threading.enumerate())
    before = asyncio.all_tasks()
    async with running(slack, client) as made:
        await slack.slash("hello")
    await slack.until(lambda: not slack.sockets.open)
    ours = {task for task in asyncio.all_tasks() - before if "sockets.py" in repr(task)}
    assert ours - {made.task} == set()
    assert made.health.up == 0
    assert set(threading.enumerate()) <= threads


async def test_a_line_that_is_cancelled_before_it_is_read_is_closed(
    slack: FakeSlack, client: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Running(slack, client)
    lines: list[Connection] = []

    def end(*_: object, **__: object) -> None:  # in place of what is logged when a line stands
        lines.extend(slack.sockets.open)
        made.task.cancel()

    monkeypatch.setattr(sockets._log, "info", end)
    await asyncio.wait([made.task])
    await lines[0].gone.wait()
    assert lines[0].socket.close_code == WSCloseCode.OK
