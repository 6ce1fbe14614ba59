"""Whose token speaks where: one workspace, or many, against a Slack on loopback and a real ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.installations import ManyWorkspaces
from adapters.slack.oauth import States
from adapters.slack.single import OneWorkspace
from adapters.slack.workspaces import Workspaces
from bot.config import SettingsError
from bot.model import Destination
from bot.ports import DeliveryError, Ledger, Store, Unreachable
from tests.fakes import slack_payloads
from tests.fakes.slack import FakeSlack, Fault, broken, dropped, refused

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
KEY = Fernet.generate_key().decode()


class Watch:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.ledger("slack", [KEY])


@pytest.fixture
def many(ledger: Ledger, watch: Watch) -> ManyWorkspaces:
    return ManyWorkspaces(ledger, watch)


def installation(
    team: str | None, token: str, *, enterprise: str | None = None, org_wide: bool = False
) -> Installation:
    return Installation(
        app_id="A1",
        team_id=team,
        enterprise_id=enterprise,
        is_enterprise_install=org_wide,
        bot_token=token,
        bot_id="BBOT",
        bot_user_id="UBOT",
        bot_scopes="commands,chat:write",
        user_id="U1",
        user_token="xoxp-canary",
    )


def said(**answer: Any) -> Fault:
    """Let Slack give another answer than the fake would."""
    return Fault(body=json.dumps({"ok": True, **answer}), headers={"Content-Type": "application/json"})


def raw(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def closed(store: Store, workspace: str) -> str:
    """Return the code with which a workspace was closed, "" where it is open."""
    pause = await store.paused(Destination("slack", workspace, "C1"))
    return pause.code if pause else ""


async def answered_as(
    workspaces: Workspaces, client: AsyncWebClient, slack: FakeSlack, team: str, **more: Any
) -> str | None:
    """Let the real Bolt take a command; return the token that its answer would be given with, None if refused."""
    app = AsyncApp(client=client, authorize=workspaces.authorize, process_before_response=True)
    tokens: list[str | None] = []

    async def papers(ack: Any, context: Any) -> None:
        tokens.append(context.client.token)
        await ack()

    app.command("/papers")(papers)
    body = slack_payloads.slash(slack.workspace(team), "/papers", "help", "U1", "C1") | more
    await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    return next(iter(tokens), None)


# One workspace


async def test_one_workspace_is_asked_for_once_and_answered_with_its_token(
    slack: FakeSlack, client: AsyncWebClient, ledger: Ledger, watch: Watch
) -> None:
    one = await OneWorkspace.open(slack.token, client, ledger, watch)
    assert one.workspace == "T1"
    assert [await answered_as(one, client, slack, team) for team in ("T1", "T2", "T1")] == ["xoxb-T1", None, "xoxb-T1"]
    assert await one.token("T1") == "xoxb-T1"
    assert [call.method for call in slack.calls] == ["auth.test"]


async def test_a_good_start_opens_what_an_uninstallation_had_closed(
    slack: FakeSlack, client: AsyncWebClient, ledger: Ledger, watch: Watch, store: Store
) -> None:
    one = await OneWorkspace.open(slack.token, client, ledger, watch)
    await one.uninstalled("T2", None, "app_uninstalled", NOW)
    assert await closed(store, "T1") == ""
    await one.uninstalled("T1", None, "app_uninstalled", NOW)
    assert await closed(store, "T1") == "app_uninstalled"
    await OneWorkspace.open(slack.token, client, ledger, watch)
    assert await closed(store, "T1") == ""
    assert await store.erase(NOW + WEEK) == 0


async def test_what_is_owed_to_a_workspace_of_an_earlier_token_waits(
    slack: FakeSlack, client: AsyncWebClient, ledger: Ledger, watch: Watch, store: Store
) -> None:
    one = await OneWorkspace.open(slack.token, client, ledger, watch)
    with pytest.raises(DeliveryError) as raised:
        await one.token("T0")
    assert (raised.value.code, raised.value.kind) == ("not_installed", "later")
    assert await closed(store, "T0") == "not_installed"


@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked", "not_allowed_token_type"])
async def test_a_bad_token_ends_with_one_clear_line(
    slack: FakeSlack, client: AsyncWebClient, ledger: Ledger, watch: Watch, error: str
) -> None:
    slack.fail("auth.test", refused(error))
    with pytest.raises(SettingsError) as raised:
        await OneWorkspace.open(slack.token, client, ledger, watch)
    line = str(raised.value)
    assert "PAPERWIRE_SLACK_BOT_TOKEN" in line
    assert error in line
    assert "\n" not in line
    assert slack.token not in line


async def test_a_start_without_network_says_so_and_blames_no_token(
    slack: FakeSlack, client: AsyncWebClient, ledger: Ledger, watch: Watch
) -> None:
    for fault in (dropped(), broken(503), refused("internal_error")):
        slack.fail("auth.test", fault)
        with pytest.raises(Unreachable, match="again") as raised:
            await OneWorkspace.open(slack.token, client, ledger, watch)
        assert "PAPERWIRE_SLACK_BOT_TOKEN" not in str(raised.value)


async def test_a_persons_token_is_no_bots(
    slack: FakeSlack, client: AsyncWebClient, ledger: Ledger, watch: Watch
) -> None:
    slack.fail("auth.test", said(team_id="T1", user_id="U1"))
    with pytest.raises(SettingsError, match="not a bot's"):
        await OneWorkspace.open("xoxp-canary", client, ledger, watch)


async def test_a_token_for_a_whole_organisation_is_sent_to_oauth(
    slack: FakeSlack, client: AsyncWebClient, ledger: Ledger, watch: Watch
) -> None:
    slack.fail("auth.test", said(team_id="T1", enterprise_id="E1", is_enterprise_install=True, bot_id="BBOT"))
    with pytest.raises(SettingsError, match="PAPERWIRE_SLACK_CLIENT_ID"):
        await OneWorkspace.open("xoxb-org", client, ledger, watch)


# Many workspaces


async def test_each_workspace_is_answered_with_its_own_token_and_a_stranger_with_none(
    slack: FakeSlack, client: AsyncWebClient, many: ManyWorkspaces
) -> None:
    await many.async_save(installation("T1", "xoxb-one"))
    await many.async_save(installation("T2", "xoxb-two"))
    found = [await answered_as(many, client, slack, team) for team in ("T1", "T2", "T3")]
    assert found == ["xoxb-one", "xoxb-two", None]
    assert [await many.token("T1"), await many.token("T2")] == ["xoxb-one", "xoxb-two"]
    assert slack.calls == []


async def test_the_bots_token_lies_sealed_and_a_persons_nowhere(many: ManyWorkspaces, tmp_path: Path) -> None:
    await many.async_save(installation("T1", "xoxb-canary"))
    assert b"canary" not in raw(tmp_path)
    found = await many.async_find_installation(enterprise_id=None, team_id="T1")
    assert found is not None
    assert (found.bot_token, found.user_token, found.user_id) == ("xoxb-canary", None, "U1")
    assert await many.async_find_installation(enterprise_id=None, team_id="T1", user_id="U2") is None
    bot = await many.async_find_bot(enterprise_id=None, team_id="T1")
    assert bot is not None
    assert (bot.bot_scopes, bot.installed_at) == (["commands", "chat:write"], NOW.timestamp())


async def test_where_no_token_is_a_delivery_waits_and_the_workspace_is_closed_until_it_installs(
    many: ManyWorkspaces, store: Store
) -> None:
    with pytest.raises(DeliveryError, match="not_installed") as raised:
        await many.token("T1")
    assert raised.value.kind == "later"
    assert await closed(store, "T1") == "not_installed"
    await many.async_save(installation("T1", "xoxb-one"))
    assert await closed(store, "T1") == ""
    assert await many.token("T1") == "xoxb-one"


@pytest.mark.parametrize(
    "codes", [("app_uninstalled", "tokens_revoked"), ("tokens_revoked", "app_uninstalled"), ("app_uninstalled",) * 3]
)
async def test_in_whatever_order_it_is_said_an_uninstalled_workspace_is_refused_and_erased_in_a_week(
    codes: tuple[str, ...],
    slack: FakeSlack,
    client: AsyncWebClient,
    many: ManyWorkspaces,
    store: Store,
) -> None:
    await many.async_save(installation("T1", "xoxb-one"))
    await many.async_save(installation("T2", "xoxb-two"))
    for minutes, code in enumerate(codes):
        await many.uninstalled("T1", None, code, NOW + timedelta(minutes=minutes))
    assert await answered_as(many, client, slack, "T1") is None
    assert await closed(store, "T1") == codes[0]
    assert await answered_as(many, client, slack, "T2") == "xoxb-two"
    assert await store.erase(NOW + WEEK - timedelta(seconds=1)) == 0
    assert await store.erase(NOW + WEEK) == 1


async def test_what_is_said_of_an_earlier_installation_does_not_end_a_later_one(
    many: ManyWorkspaces, store: Store, watch: Watch
) -> None:
    await many.async_save(installation("T1", "xoxb-old"))
    await many.uninstalled("T1", None, "app_uninstalled", NOW + timedelta(minutes=1))
    watch.now += timedelta(minutes=2)
    await many.async_save(installation("T1", "xoxb-new"))
    await many.uninstalled("T1", None, "tokens_revoked", NOW + timedelta(minutes=1))
    assert await many.token("T1") == "xoxb-new"
    assert await closed(store, "T1") == ""
    assert await store.erase(NOW + 2 * WEEK) == 0


async def test_the_sdks_own_ways_to_delete_forget_the_bot_and_never_for_one_person(many: ManyWorkspaces) -> None:
    await many.async_save(installation("T1", "xoxb-one"))
    await many.async_delete_installation(enterprise_id=None, team_id="T1", user_id="U1")
    assert await many.token("T1") == "xoxb-one"
    await many.async_delete_installation(enterprise_id=None, team_id="T1")
    assert await many.async_find_bot(enterprise_id=None, team_id="T1") is None
    await many.async_save(installation("T1", "xoxb-two"))
    await many.async_delete_all(enterprise_id=None, team_id="T1")
    assert await many.async_find_bot(enterprise_id=None, team_id="T1") is None


async def test_a_token_that_will_end_is_reported(many: ManyWorkspaces, caplog: pytest.LogCaptureFixture) -> None:
    rotating = installation("T1", "xoxe.xoxb-one")
    rotating.bot_refresh_token = "xoxe-canary"
    await many.async_save(rotating)
    assert [record.message for record in caplog.records] == ["token_rotation_unsupported"]


# A whole organisation


@pytest.fixture
async def org(many: ManyWorkspaces, slack: FakeSlack) -> ManyWorkspaces:
    for team in ("T1", "T2"):
        slack.workspace(team, enterprise="E1")
    await many.async_save(installation(None, "xoxb-org", enterprise="E1", org_wide=True))
    return many


async def test_an_organisations_token_speaks_in_each_of_its_workspaces_also_for_deliveries(
    org: ManyWorkspaces, slack: FakeSlack, client: AsyncWebClient, ledger: Ledger, watch: Watch
) -> None:
    org_wide = {"is_enterprise_install": "true"}
    found = [await answered_as(org, client, slack, team, **org_wide) for team in ("T1", "T2")]
    assert found == ["xoxb-org", "xoxb-org"]
    assert await answered_as(org, client, slack, "T1", team_id=None, **org_wide) == "xoxb-org"
    assert await answered_as(org, client, slack, "T1") is None
    after_a_restart = ManyWorkspaces(ledger, watch)
    assert [await after_a_restart.token(key) for key in ("T1", "T2", "E1")] == ["xoxb-org"] * 3
    with pytest.raises(DeliveryError):
        await after_a_restart.token("T3")


async def test_when_an_organisation_leaves_all_its_workspaces_are_closed_and_come_back_with_it(
    org: ManyWorkspaces, slack: FakeSlack, client: AsyncWebClient, store: Store
) -> None:
    for team in ("T1", "T2"):
        await answered_as(org, client, slack, team, is_enterprise_install="true")
    await org.async_save(installation("T2", "xoxb-own", enterprise="E1"))
    await org.uninstalled("T1", "E1", "app_uninstalled", NOW, org_wide=True)
    await org.uninstalled(None, "E1", "tokens_revoked", NOW)
    assert [await closed(store, key) for key in ("E1", "T1", "T2")] == ["app_uninstalled", "app_uninstalled", ""]
    assert await org.token("T2") == "xoxb-own"
    assert await answered_as(org, client, slack, "T1", is_enterprise_install="true") is None

    await org.async_save(installation(None, "xoxb-again", enterprise="E1", org_wide=True))
    assert [await closed(store, key) for key in ("E1", "T1", "T2")] == ["", "", ""]
    assert await org.token("T1") == "xoxb-again"


async def test_a_workspace_that_drops_its_own_installation_keeps_its_organisations(
    org: ManyWorkspaces, slack: FakeSlack, client: AsyncWebClient, store: Store
) -> None:
    await answered_as(org, client, slack, "T1", is_enterprise_install="true")
    await org.async_save(installation("T1", "xoxb-own", enterprise="E1"))
    await org.uninstalled("T1", "E1", "app_uninstalled", NOW)
    assert await closed(store, "T1") == ""
    assert await org.token("T1") == "xoxb-org"


# The state of an installation that has begun


async def test_a_state_is_good_once_for_ten_minutes(ledger: Ledger, watch: Watch) -> None:
    states = States(ledger, watch)
    first, second = await states.async_issue(), await states.async_issue()
    assert first != second
    assert [await states.async_consume(first), await states.async_consume(first)] == [True, False]
    assert await states.async_consume("") is False
    watch.now += timedelta(minutes=10)
    assert await states.async_consume(second) is False


async def test_a_state_that_was_only_asked_for_is_not_written_down(
    ledger: Ledger, watch: Watch, tmp_path: Path
) -> None:
    states = States(ledger, watch)
    asked = await states.async_issue()
    assert asked.encode() not in raw(tmp_path)
    assert await states.async_consume(asked)
    assert asked.encode() in raw(tmp_path)


async def test_a_state_that_was_changed_or_made_elsewhere_is_refused(ledger: Ledger, watch: Watch) -> None:
    states = States(ledger, watch)
    until, said, signature = (await states.async_issue()).split(".")
    for forged in (
        f"{int(until) + 60}.{said}.{signature}",
        f"{until}.{said}",
        f"{until}.{said}.\u00e9",
        await States(ledger, watch).async_issue(),
    ):
        assert await states.async_consume(forged) is False
