"""The environment as settings."""

import os
import subprocess
import sys

import pytest

from bot.config import Settings, SettingsError, settings, unknown_settings

KEY = "A" * 43 + "="
# Every secret there is, each with a canary in it.
SECRETS = {
    "PAPERWIRE_SLACK_BOT_TOKEN": "xoxb-1-canary",
    "PAPERWIRE_SLACK_APP_TOKEN": "xapp-1-canary",
    "PAPERWIRE_SLACK_SIGNING_SECRET": "signing-canary",
    "PAPERWIRE_SLACK_CLIENT_SECRET": "client-canary",
    "PAPERWIRE_DISCORD_TOKEN": "MTIz.canary.x-Yz",
    "PAPERWIRE_SECRET_KEY": "canary" * 7 + "A=," + KEY,
}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("PAPERWIRE_", "XDG_", "SLACK_", "DISCORD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/home/reader")


def test_without_any_variable_everything_has_a_default() -> None:
    assert settings() == Settings("sqlite:////home/reader/.local/share/paperwire/paperwire.db", "auto", "auto")


def test_variables_set_the_settings_and_empty_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERWIRE_DATABASE", "sqlite:///x.db")
    monkeypatch.setenv("PAPERWIRE_LOG", "DEBUG")
    monkeypatch.setenv("PAPERWIRE_LOG_FORMAT", "")
    assert settings() == Settings("sqlite:///x.db", "debug", "auto")


def test_the_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERWIRE_DATABASE", "sqlite:///x.db")
    assert settings("sqlite:///y.db").database == "sqlite:///y.db"


def test_every_bad_variable_is_named_with_an_example_and_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERWIRE_DATABASE", "postgres://reader:hunter2@db/papers")
    monkeypatch.setenv("PAPERWIRE_LOG", "hunter2")
    with pytest.raises(SettingsError) as caught:
        settings()
    first, second = str(caught.value).splitlines()
    assert "PAPERWIRE_DATABASE=sqlite:///" in first
    assert second == "PAPERWIRE_LOG must be one of auto, debug, info, warning, error. Write it like PAPERWIRE_LOG=info"
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_an_unknown_variable_is_answered_with_the_likely_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERWIRE_DATABSE", "hunter2")
    monkeypatch.setenv("PAPERWIRE_ZZZ", "hunter2")
    first, second = unknown_settings()
    assert first == "PAPERWIRE_DATABSE is no setting. Did you mean PAPERWIRE_DATABASE?"
    assert second.startswith("PAPERWIRE_ZZZ is no setting. There are: PAPERWIRE_DATABASE, PAPERWIRE_LOG,")
    assert "hunter2" not in first + second


def test_a_setting_in_small_letters_is_none_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("paperwire_log", "loud")
    monkeypatch.setenv("PAPERWIRE_LOG_FORMAT", "JSON")
    assert settings("sqlite:///x.db") == Settings("sqlite:///x.db", "auto", "json")
    assert list(unknown_settings()) == ["paperwire_log is no setting. Did you mean PAPERWIRE_LOG?"]


def test_data_goes_where_the_environment_says_unless_that_is_no_absolute_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert settings().database == "sqlite:////srv/data/paperwire/paperwire.db"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert settings().database.startswith("sqlite:////home/reader/")


def test_pydantic_does_not_load_where_nothing_is_set() -> None:
    code = "import sys; from bot.config import settings; settings(); assert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"PAPERWIRE_{name}", value)


def test_slack_is_configured_by_a_token_or_by_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings("sqlite:///x.db").platforms == ("console",)
    environment(monkeypatch, SLACK_BOT_TOKEN=" xoxb-1-a\n", SLACK_APP_TOKEN="xapp-1-a")
    assert settings("sqlite:///x.db").slack_bot_token == "xoxb-1-a"
    assert settings("sqlite:///x.db").platforms == ("console", "slack")
    assert Settings("sqlite:///x.db", slack_client_id="1.2").platforms == ("console", "slack")


def test_discord_is_configured_by_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, DISCORD_TOKEN=" MTIz.AbCd.x-_Yz\n")
    assert settings("sqlite:///x.db").discord_token == "MTIz.AbCd.x-_Yz"
    assert settings("sqlite:///x.db").platforms == ("console", "discord")
    environment(monkeypatch, SLACK_BOT_TOKEN="xoxb-1-a", SLACK_APP_TOKEN="xapp-1-a")
    assert settings("sqlite:///x.db").platforms == ("console", "discord", "slack")


def test_lists_are_read_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(
        monkeypatch,
        SLACK_EXTRAS="history, unfurl",
        SOURCES="/b, arxiv:cs.CV ,/b",
        SECRET_KEY=f"{KEY} ,{KEY[::-1][1:]}=",
    )
    read = settings("sqlite:///x.db")
    assert read.extras == {"unfurl", "history"}
    assert read.secret_keys == (KEY, KEY)
    assert read.every_source == ("/b", "arxiv:cs.CV")
    assert settings("sqlite:///x.db").extras != Settings("sqlite:///x.db").extras == frozenset()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLACK_BOT_TOKEN", "xapp-canary", "is no bot token: those begin with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-canary canary", "is no bot token"),
        ("SLACK_APP_TOKEN", "xoxb-canary", "is no app-level token: those begin with xapp-"),
        ("SLACK_SIGNING_SECRET", "canary", "is no signing secret"),
        ("SLACK_CLIENT_ID", "canary", "is no client id"),
        ("SLACK_CLIENT_SECRET", "canary canary", "is no client secret"),
        ("SLACK_API", "http://canary.example/api/", "is no https address"),
        ("SLACK_API", "http://localhost.canary.example/", "is no https address"),
        ("SLACK_API", "https://user@canary.example/", "is no https address"),
        ("SLACK_API", "https://canary.example/api", "ends in /"),
        ("SLACK_LISTEN", "canary", "is no host:port"),
        ("SLACK_LISTEN", "canary:65536", "is no host:port"),
        ("SLACK_MANAGERS", "canary", "must be one of members, admins"),
        ("SLACK_EXTRAS", "unfurl,canary", "knows only unfurl, history"),
        ("DISCORD_TOKEN", "canary", "https://discord.com/developers/applications shows one under Bot, Reset Token"),
        ("DISCORD_TOKEN", "Bot MTIz.canary.x", "is no bot token"),
        ("DISCORD_TOKEN", "MTIz.canary", "is no bot token"),
        ("DISCORD_TOKEN", "MTIz.canary.", "is no bot token"),
        ("DISCORD_API", "http://canary.example/api/v10", "is no https address"),
        ("DISCORD_API", "https://canary.example/api/v10/", "without a / at its end"),
        ("DISCORD_API", "https://user@canary.example/api", "is no https address"),
        ("SECRET_KEY", "canary", "Fernet.generate_key()"),
        ("SECRET_KEY", f"{KEY},canary", "is no Fernet key"),
        ("SOURCES", "/canary digests", "is no list of addresses with commas between"),
        ("PRIVATE_SOURCES", "canary", "must be one of refuse, allow"),
        ("AUTHORS", "canary", "must be one of sources, arxiv"),
        ("ARXIV_FEEDS", "http://canary.example", "is no https address"),
        ("ARXIV_OAI", "https://canary.example/oai/", "without a / at its end"),
        ("ARXIV_API", "https://user@canary.example/api", "is no https address"),
        ("ADMIN", "canary", "is no destination, a room or a person"),
        ("ADMIN", "slack:T1/canary,slack:T1/C2", "is no destination, a room or a person"),
        ("HEALTH_LISTEN", "canary", "is no host:port"),
        ("FEEDS", "http://canary.example", "is no https address"),
        ("FEEDS", "https://canary.example/", "without a / at its end"),
        ("FEEDS_LISTEN", "canary", "is no host:port"),
    ],
)
def test_what_cannot_be_used_is_said_with_an_example_and_never_shown(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, **{name: value})
    with pytest.raises(SettingsError) as caught:
        settings()
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"PAPERWIRE_{name} ")
    assert said in line
    assert f"Write it like PAPERWIRE_{name}=" in line
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize("api", ["https://slack-gov.com/api/", "http://127.0.0.1:80/api/", "http://[::1]:1/"])
def test_another_slack_may_be_named_and_one_on_this_machine_without_tls(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, SLACK_API=api, SLACK_LISTEN="[::]:0")
    assert settings("sqlite:///x.db").slack_api == api


@pytest.mark.parametrize(
    "api", ["https://proxy.example/discord/api/v10", "http://127.0.0.1:80/api/v10", "http://[::1]:1"]
)
def test_another_way_to_discord_may_be_named_and_one_on_this_machine_without_tls(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, DISCORD_API=api)
    assert settings("sqlite:///x.db").discord_api == api


BOT, APP = {"SLACK_BOT_TOKEN": "xoxb-canary"}, {"SLACK_APP_TOKEN": "xapp-canary"}
SIGNING, CLIENT = {"SLACK_SIGNING_SECRET": "canarycanary"}, {"SLACK_CLIENT_ID": "1.2"}
CLIENT_SECRET, SECRET_KEY = {"SLACK_CLIENT_SECRET": "canarycanary"}, {"SECRET_KEY": KEY}
MANY = CLIENT | CLIENT_SECRET | SIGNING | SECRET_KEY


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (BOT, "PAPERWIRE_SLACK_BOT_TOKEN alone hears nothing: set PAPERWIRE_SLACK_APP_TOKEN for Socket Mode, or "),
        (APP, "PAPERWIRE_SLACK_APP_TOKEN does nothing alone"),
        (SIGNING, "PAPERWIRE_SLACK_SIGNING_SECRET does nothing alone"),
        (CLIENT_SECRET, "PAPERWIRE_SLACK_CLIENT_SECRET does nothing alone"),
        (MANY | BOT, "PAPERWIRE_SLACK_BOT_TOKEN is for one workspace and PAPERWIRE_SLACK_CLIENT_ID for many"),
        (CLIENT | SIGNING | SECRET_KEY, "and needs PAPERWIRE_SLACK_CLIENT_SECRET too."),
        (CLIENT | CLIENT_SECRET | SECRET_KEY, "and needs PAPERWIRE_SLACK_SIGNING_SECRET too."),
        ({"ADMIN": "slack:T1/C2"}, "PAPERWIRE_ADMIN names slack, which is not configured. There is: console."),
        (CLIENT | CLIENT_SECRET | SIGNING, "and needs PAPERWIRE_SECRET_KEY too. Make a key: python -c "),
    ],
)
def test_settings_that_do_not_go_together_are_one_sentence(
    given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, **given)
    with pytest.raises(SettingsError) as caught:
        settings("sqlite:///x.db")
    (line,) = str(caught.value).splitlines()
    assert said in line
    assert "canary" not in line


DISCORD = {"DISCORD_TOKEN": "MTIz.AbCd.x-Yz"}
ADMIN, ROOM = {"ADMIN": "console:local/@me"}, {"ADMIN": "slack:T1/C2"}


@pytest.mark.parametrize(
    "given", [BOT | APP, BOT | SIGNING, BOT | APP | SIGNING, MANY, SECRET_KEY, DISCORD, ADMIN, BOT | APP | ROOM]
)
def test_settings_that_go_together_are_taken(given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, **given)
    assert settings("sqlite:///x.db").database == "sqlite:///x.db"


def test_a_platforms_variable_without_the_prefix_is_pointed_out_unless_the_right_one_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN"):
        monkeypatch.setenv(name, "canary")
    environment(monkeypatch, **APP)
    assert list(unknown_settings()) == [
        "SLACK_BOT_TOKEN is not read. Did you mean PAPERWIRE_SLACK_BOT_TOKEN?",
        "DISCORD_TOKEN is not read. Did you mean PAPERWIRE_DISCORD_TOKEN?",
    ]


def test_secrets_are_not_in_the_settings_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: value for name, value in SECRETS.items() if "CLIENT" not in name}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert settings("sqlite:///x.db").secret_key.startswith("canary")
    assert "canary" not in repr(settings("sqlite:///x.db"))
