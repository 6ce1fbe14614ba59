"""The fake Slack keeps Slack's rules: driven with the real slack_sdk and slack_bolt."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from tests.fakes.slack import FakeSlack, Install, broken, dropped, limited, refused, reset, silent, truncated

LINES: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}

# slack_sdk hands aiohttp the client's secret in a way that aiohttp 3.14 calls deprecated.
BASIC = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")


@pytest.fixture
async def client(slack: FakeSlack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield AsyncWebClient(slack.token, base_url=slack.api, session=session, retry_handlers=[])


def button(label: str, action: str = "go", value: str = "") -> dict[str, Any]:
    shown: dict[str, Any] = {"type": "button", "text": {"type": "plain_text", "text": label}, "action_id": action}
    return shown | ({"value": value} if value else {})


def bolt(client: AsyncWebClient) -> AsyncApp:
    """Build an app that knows enough to be spoken to."""

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="UBOT", bot_token=client.token)

    app = AsyncApp(client=client, signing_secret="signing-secret-of-the-fake", authorize=authorize)
    page = {"text": "Page 1", "blocks": [{"type": "actions", "elements": [button("Next", value="2")]}]}

    @app.command("/papers")
    async def command(ack: Any, respond: Any, body: Any) -> None:
        if body["text"] == "soon":
            await ack()
            await respond(**page)
        elif body["text"] != "never":
            await ack(page)

    @app.action("go")
    async def go(ack: Any, respond: Any, body: Any) -> None:
        await ack()
        await respond(text=f"Page {body['actions'][0]['value']}", replace_original=True)

    @app.event("app_mention")
    async def mention(event: Any, say: Any) -> None:
        await say(text=f"You said {event['text'].partition('> ')[2]}", **LINES)

    return app


@contextlib.asynccontextmanager
async def over_socket(slack: FakeSlack, client: AsyncWebClient) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(bolt(client), slack.app_token, web_client=client, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.connected()
    yield
    await handler.close_async()  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def over_http(slack: FakeSlack, client: AsyncWebClient) -> AsyncIterator[None]:
    app = bolt(client)

    async def take(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    async with serving(take) as slack.http_target:
        yield


@contextlib.asynccontextmanager
async def serving(take: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Serve as the product does, and yield the address."""
    site = web.Application()
    site.router.add_post("/slack/events", take)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


@pytest.mark.parametrize("transport", [over_socket, over_http])
async def test_a_dialog_runs_over_both_transports(slack: FakeSlack, client: AsyncWebClient, transport: Any) -> None:
    async with transport(slack, client):
        at_once = await slack.answered(await slack.slash("now"))
        assert (at_once.text, at_once.to) == ("Page 1", "U1")

        later = await slack.answered(await slack.slash("soon"))
        await slack.press("Next", on=later)
        await slack.until(lambda: later.text == "Page 2")
        assert slack.ephemerals == [at_once, later]

        await slack.mention("hello")
        said = await slack.until(lambda: slack.posts)
        assert said[0].text == "You said hello"


async def test_an_http_delivery_carries_a_signature_that_the_sdk_accepts(slack: FakeSlack) -> None:
    taken: list[tuple[str, dict[str, str]]] = []

    async def take(request: web.Request) -> web.Response:
        taken.append((await request.text(), dict(request.headers)))
        return web.Response()

    async with serving(take) as slack.http_target:
        await slack.slash("search a & b")
        await slack.mention("hello", retry=(1, "http_timeout"))
    verifier = SignatureVerifier(slack.signing_secret)
    assert [verifier.is_valid_request(body, headers) for body, headers in taken] == [True, True]
    assert "text=search+a+%26+b" in taken[0][0]
    assert taken[1][1]["X-Slack-Retry-Num"] == "1"
    assert not SignatureVerifier("another secret").is_valid_request(*taken[0])


async def test_what_the_product_says_about_raw_requests_is_handed_over(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    async with over_http(slack, client):
        assert (await slack.raw(b"{}", slack.sign(b"{}", secret="wrong"))).status == 401
        assert (await slack.raw(b"{}", slack.sign(b"{}", at=slack.now() - 301))).status == 401
        assert (await slack.wire(b"POST / HTTP/1.1\r\nNo header\r\n\r\n")).startswith(b"HTTP/1.0 400")


async def test_a_ticket_lets_one_connection_in_once(slack: FakeSlack, client: AsyncWebClient) -> None:
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError, match="408"):
            await session.ws_connect(url)


async def test_envelopes_take_turns_over_the_connections(slack: FakeSlack, client: AsyncWebClient) -> None:
    async with over_socket(slack, client), over_socket(slack, client):
        await slack.connected(2)
        for _ in range(4):
            await slack.slash("now")
        used = sorted(connection.used for connection in slack.sockets.open)
        assert used[1] - used[0] == 1


async def test_the_product_comes_back_after_every_way_to_lose_a_connection(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    async with over_socket(slack, client):
        slack.cut()
        await slack.until(lambda: slack.sockets.opened == 2, 30)
        slack.blackhole()
        await slack.until(lambda: slack.sockets.opened == 3, 30)
        await slack.disconnect()
        await slack.until(lambda: slack.sockets.opened == 4, 30)
        assert (await slack.slash("now")).shown


async def test_a_refused_handshake_spends_the_ticket(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.refuse_handshakes(1)
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        for status in ("503", "408"):
            with pytest.raises(aiohttp.WSServerHandshakeError, match=status):
                await session.ws_connect(url)


@pytest.mark.parametrize("transport", [over_socket, over_http])
async def test_an_unanswered_command_fails_the_test(slack: FakeSlack, client: AsyncWebClient, transport: Any) -> None:
    slack.ack_limit = 0.1
    slack.expect("slash_commands: ")
    async with transport(slack, client):
        ack = await slack.slash("never")
    assert ack.shown is None
    assert len(slack.problems) == 1


async def test_a_response_url_takes_five_uses_within_thirty_minutes(slack: FakeSlack) -> None:
    async def take(_: web.Request) -> web.Response:
        return web.Response()

    async with serving(take) as slack.http_target:
        first, second = await slack.slash(), await slack.slash()
    async with aiohttp.ClientSession() as session:

        async def use(ack: Any) -> tuple[int, str]:
            async with session.post(f"{slack.base}/response/{ack.response_id}", json={"text": "a"}) as answer:
                return answer.status, await answer.text()

        assert [(await use(first))[0] for _ in range(5)] == [200] * 5
        assert await use(first) == (404, '{"ok": false, "error": "used_url"}')
        slack.ahead = 1801
        assert await use(second) == (404, '{"ok": false, "error": "expired_url"}')
    assert [each.status for each in slack.responses] == [*[200] * 5, 404, 404]
    assert len(slack.ephemerals) == 5


async def test_a_wrong_payload_is_refused_and_fails_the_test() -> None:
    async def go_wrong() -> None:
        async with FakeSlack() as slack, aiohttp.ClientSession() as session:
            client = AsyncWebClient(slack.token, base_url=slack.api, session=session)
            with pytest.raises(SlackApiError, match="invalid_arguments"):
                await client.chat_postMessage(channel="C1", text="<!channel>", **LINES)
            assert slack.messages == []

    with pytest.raises(AssertionError, match=r"chat\.postMessage: text: a live mention <!channel>"):
        await go_wrong()


async def test_an_expected_problem_that_does_not_come_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="expected, but not found: evil"):
        async with FakeSlack() as slack:
            slack.expect("evil")


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("chat.postMessage", {"channel": "C1", "text": "a", "blocks": [{"type": "x"}]}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C1", "blocks": []}, "no_text"),
        ("chat.postMessage", {"channel": "C1", "text": "a", "colour": "red"}, "invalid_arguments"),
        ("chat.postMessage", {"text": "a"}, "invalid_arguments"),
        ("views.publish", {"user_id": "U1", "view": {"type": "modal", "blocks": []}}, "invalid_arguments"),
        ("chat.invented", {}, "unknown_method"),
    ],
)
async def test_what_no_product_should_send_is_a_problem(
    slack: FakeSlack, client: AsyncWebClient, method: str, body: dict[str, Any], error: str
) -> None:
    slack.expect(method)
    with pytest.raises(SlackApiError) as raised:
        await client.api_call(method, json=body)
    assert raised.value.response["error"] == error


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C9", "channel_not_found"),
        ("C_OTHER", "not_in_channel"),
        ("C_PRIVATE", "channel_not_found"),
        ("C_OLD", "is_archived"),
        ("C_NEWS", "restricted_action"),
    ],
)
async def test_channels_refuse_as_they_do_in_slack(
    slack: FakeSlack, client: AsyncWebClient, channel: str, error: str
) -> None:
    team = slack.workspace("T1")
    team.channel("C_OTHER", members=("U1",))
    team.channel("C_PRIVATE", members=("U1",), private=True)
    team.channel("C_OLD", archived=True)
    team.channel("C_NEWS", writable=False)
    with pytest.raises(SlackApiError, match=error):
        await client.chat_postMessage(channel=channel, text="a", **LINES)
    assert slack.problems == []


async def test_a_token_opens_its_own_workspace_and_its_own_scopes(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.workspace("T2", bot="UBOT2").channel("C2", members=("UBOT2",))
    assert (await client.auth_test(token="xoxb-T2"))["team_id"] == "T2"
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.chat_postMessage(channel="C2", text="a", **LINES)
    with pytest.raises(SlackApiError) as raised:
        await client.users_info(user="U1")
    assert (raised.value.response["error"], raised.value.response["needed"]) == ("missing_scope", "users:read")
    slack.workspace("T1", scopes=["users:read"])
    assert (await client.users_info(user="U1"))["user"]["is_admin"] is False
    assert (await client.auth_test()).headers["x-oauth-scopes"] == "users:read"
    for error in ("token_revoked", "account_inactive"):
        slack.revoke("T1", error)
        with pytest.raises(SlackApiError, match=error):
            await client.auth_test()
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await client.auth_test(token="xoxb-nobody")


async def test_messages_can_be_looked_up_changed_and_deleted(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.workspace("T1", scopes=["chat:write", "channels:history", "im:write", "channels:read"])
    metadata = {"event_type": "paper", "event_payload": {"key": "k"}}
    posted = await client.chat_postMessage(channel="C1", text="a", metadata=metadata, **LINES)
    await client.chat_postMessage(channel="C1", text="below", thread_ts=posted["ts"], **LINES)
    slack.say("by a person")
    found = (await client.conversations_history(channel="C1", limit=1, include_all_metadata=True)).data
    assert isinstance(found, dict)
    assert ([each["text"] for each in found["messages"]], found["has_more"]) == (["by a person"], True)
    older = await client.conversations_history(channel="C1", cursor="1", include_all_metadata=True)
    assert [each["metadata"] for each in older["messages"]] == [metadata]
    assert (await client.conversations_history(channel="C1", oldest=posted["ts"]))["messages"][0]["user"] == "U1"
    thread = await client.conversations_replies(channel="C1", ts=posted["ts"])
    assert [each["text"] for each in thread["messages"]] == ["a", "below"]
    await client.chat_update(channel="C1", ts=posted["ts"], text="b")
    assert slack.posts[0].text == "b"
    await client.chat_delete(channel="C1", ts=posted["ts"])
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client.chat_update(channel="C1", ts=posted["ts"], text="c")
    room = (await client.conversations_open(users="U1"))["channel"]["id"]
    await client.chat_postMessage(channel=room, text="to you", **LINES)
    assert (slack.posts[-1].channel, slack.posts[-1].text) == (room, "to you")
    assert (await client.conversations_members(channel="C1"))["members"] == ["U1", "UBOT"]
    assert (await client.conversations_info(channel="C1"))["channel"]["is_member"] is True


async def test_a_trigger_opens_one_view_within_three_seconds(slack: FakeSlack, client: AsyncWebClient) -> None:
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Alert"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": [
            {
                "type": "input",
                "block_id": "words",
                "label": {"type": "plain_text", "text": "Words"},
                "element": {"type": "plain_text_input", "action_id": "typed"},
            }
        ],
    }
    trigger = slack.modals.trigger()
    opened = (await client.views_open(trigger_id=trigger, view=view))["view"]
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await client.views_open(trigger_id=trigger, view=view)
    late = slack.modals.trigger()
    slack.ahead += 4
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await client.views_open(trigger_id=late, view=view)
    await client.views_update(view_id=opened["id"], view=view | {"callback_id": "c"})
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=opened["id"], hash=opened["hash"], view=view)

    submitted: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        submitted.append(json.loads(str((await request.post())["payload"])))
        wrong = not submitted[-1]["view"]["state"]["values"]["words"]["typed"]["value"]
        answer = {"response_action": "errors", "errors": {"words": "Type a word."}}
        return web.json_response(answer) if wrong else web.Response()

    async with serving(take) as slack.http_target:
        kept = slack.views[opened["id"]]
        assert ((await slack.submit(kept)).body or {})["errors"] == {"words": "Type a word."}
        assert slack.views
        await slack.submit(kept, {"Words": "graph"})
    assert submitted[-1]["view"]["callback_id"] == "c"
    assert slack.views == {}


async def test_an_app_home_is_published_and_pressed(slack: FakeSlack, client: AsyncWebClient) -> None:
    blocks = [{"type": "actions", "elements": [{"type": "overflow", "action_id": "more", "options": [choice("Mute")]}]}]
    await client.views_publish(user_id="U1", view={"type": "home", "blocks": blocks})
    pressed: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        pressed.append(json.loads(str((await request.post())["payload"])))
        return web.Response()

    async with serving(take) as slack.http_target:
        await slack.press("Mute", on=slack.home())
        with pytest.raises(LookupError, match="there are"):
            await slack.press("Unmute", on=slack.home())
    assert pressed[0]["actions"][0]["selected_option"] == choice("Mute")
    assert (pressed[0]["container"]["type"], "response_url" in pressed[0]) == ("view", False)


async def test_a_press_on_an_ephemeral_message_does_not_bring_the_message_back(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    blocks = [{"type": "actions", "elements": [button("More", value="1"), button("More", "again", "2")]}]
    await client.chat_postEphemeral(channel="C1", user="U1", text="a", blocks=blocks)
    await client.chat_postMessage(channel="C1", text="a", blocks=blocks, **LINES)
    pressed: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        pressed.append(json.loads(str((await request.post())["payload"])))
        return web.Response()

    async with serving(take) as slack.http_target:
        await slack.press("More", on=slack.ephemerals[0])
        await slack.press("More", on=slack.posts[0], nth=1, user="U2")
    assert [each["actions"][0]["value"] for each in pressed] == ["1", "2"]
    assert [each["container"]["is_ephemeral"] for each in pressed] == [True, False]
    assert ["message" in each for each in pressed] == [False, True]
    assert pressed[0]["response_url"] != pressed[1]["response_url"]


async def test_an_answer_where_slack_takes_none_is_a_problem(slack: FakeSlack) -> None:
    async def take(_: web.Request) -> web.Response:
        return web.json_response({"text": "Thank you"})

    async with serving(take) as slack.http_target:
        await slack.dm("hello")
        await slack.open_home()
        await slack.global_shortcut("ask")
        await slack.shortcut("ask", message="lidar")
    ignored = [each.partition(":")[0] for each in slack.problems]
    assert ignored == ["message", "app_home_opened", "shortcut", "message_action"]
    slack.expect("which Slack ignores here")


async def test_links_unfurl_only_where_somebody_posted_them(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.workspace("T1", scopes=["links:write"])
    url = "https://arxiv.org/abs/2011.10043"
    shown = {url: {"blocks": [{"type": "section", "text": {"type": "plain_text", "text": "A title"}}]}}
    with pytest.raises(SlackApiError, match="cannot_unfurl_message"):
        await client.chat_unfurl(channel="C1", ts="1.1", unfurls=shown)
    with pytest.raises(SlackApiError, match="cannot_unfurl_url"):
        await client.chat_unfurl(unfurl_id="C1.1.1", source="composer", unfurls=shown)
    slack.expect("wants unfurl_id and source, or channel and ts")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.api_call("chat.unfurl", json={"channel": "C1", "unfurls": shown})
    events: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        events.append((await request.json())["event"])
        return web.Response()

    async with serving(take) as slack.http_target:
        await slack.share_links(url)
    await client.chat_unfurl(channel="C1", ts=events[0]["message_ts"], unfurls=shown)
    assert slack.unfurls[0]["unfurls"] == shown


async def test_a_channel_takes_one_message_a_second_after_a_burst(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.pace = True
    for _ in range(slack.burst):
        await client.chat_postMessage(channel="C1", text="a", **LINES)
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel="C1", text="a", **LINES)
    assert (raised.value.response.status_code, raised.value.response.headers["Retry-After"]) == (429, "1")
    await client.chat_postMessage(channel="U1", text="another room", **LINES)
    slack.ahead += 1
    await client.chat_postMessage(channel="C1", text="a", **LINES)


async def test_faults_come_one_by_one_and_then_no_more(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", refused("fatal_error"), limited("0.5"), limited(None, "<html>"), broken(503))
    for status, wait in ((200, None), (429, "0.5"), (429, None), (503, None)):
        with pytest.raises(SlackApiError) as raised:
            await client.chat_postMessage(channel="C1", text="a", **LINES)
        answer = raised.value.response
        assert (answer.status_code, answer.headers.get("Retry-After")) == (status, wait)
    assert slack.posts == []
    await client.chat_postMessage(channel="C1", text="a", **LINES)
    assert len(slack.posts) == 1


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("lose", [dropped, reset, broken])
async def test_a_reply_can_be_lost_before_and_after_the_message_is_there(
    slack: FakeSlack, client: AsyncWebClient, lose: Any, commit: bool
) -> None:
    slack.fail("chat.postMessage", lose(commit=commit))
    with pytest.raises((aiohttp.ClientError, SlackApiError)):
        await client.chat_postMessage(channel="C1", text="a", **LINES)
    assert len(slack.posts) == commit


async def test_half_an_answer_and_none_at_all(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", truncated(), silent())
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C1", text="a", **LINES)
    assert len(slack.posts) == 1
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.chat_postMessage(channel="C1", text="a", **LINES), 0.2)
    assert len(slack.posts) == 1


@BASIC
async def test_an_install_gives_a_token_for_a_code_once(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.oauth.consenting = Install("T2", "U7")
    asked = {
        "client_id": slack.oauth.client_id,
        "scope": "commands,chat:write",
        "state": "s",
        "redirect_uri": "http://x/y",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.get(slack.authorize_url, params=asked, allow_redirects=False) as answer,
    ):
        back = URL(answer.headers["Location"])
    assert (back.path, back.query["state"]) == ("/y", "s")
    known = {"client_id": slack.oauth.client_id, "client_secret": slack.oauth.client_secret}
    exchange = known | {"code": back.query["code"], "redirect_uri": "http://x/y"}
    with pytest.raises(SlackApiError, match="bad_client_secret"):
        await client.oauth_v2_access(**exchange | {"client_secret": "guessed"})
    installed = await client.oauth_v2_access(**exchange)
    assert (installed["team"]["id"], installed["scope"]) == ("T2", "chat:write,commands")
    assert (await client.auth_test(token=installed["access_token"]))["team_id"] == "T2"
    with pytest.raises(SlackApiError, match="code_already_used"):
        await client.oauth_v2_access(**exchange)


@BASIC
async def test_an_install_for_a_whole_enterprise_names_the_team_with_each_call(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    slack.workspace("T1", enterprise="E1")
    code = slack.oauth.code(Install("T1", org_wide=True, made=slack.now()))
    installed = await client.oauth_v2_access(
        client_id=slack.oauth.client_id, client_secret=slack.oauth.client_secret, code=code
    )
    assert (installed["team"], installed["enterprise"]["id"], installed["is_enterprise_install"]) == (None, "E1", True)
    token = installed["access_token"]
    assert (await client.auth_test(token=token))["is_enterprise_install"] is True
    with pytest.raises(SlackApiError, match="team_access_not_granted"):
        await client.chat_postMessage(token=token, channel="C1", text="a", **LINES)
    await client.chat_postMessage(token=token, channel="C1", text="a", team_id="T1", **LINES)
    assert slack.posts[0].team == "T1"


async def test_leaving_takes_the_token_first(slack: FakeSlack, client: AsyncWebClient) -> None:
    told: list[str] = []

    async def take(request: web.Request) -> web.Response:
        told.append((await request.json())["event"]["type"])
        with pytest.raises(SlackApiError, match=r"account_inactive|token_revoked"):
            await client.auth_test()
        return web.Response()

    async with serving(take) as slack.http_target:
        await slack.revoke_tokens()
        await slack.uninstall()
    assert told == ["tokens_revoked", "app_uninstalled"]


def choice(label: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": label}, "value": label.lower()}
