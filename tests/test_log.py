"""The log: what it says, and what it never does."""

import inspect
import json
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Literal

import pytest

from bot.config import Settings
from bot.log import log_bug, start_log
from tests.test_config import KEY, SECRETS


@pytest.fixture(autouse=True)
def log_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    for package in ("bot", "adapters", "storage", "slack_bolt", "slack_sdk", "discord", "aiohttp"):
        logging.getLogger(package).setLevel(logging.NOTSET)


def failing(log: logging.Logger) -> str:
    try:
        raise ValueError("what a person typed")
    except ValueError as error:
        return log_bug(log, error)


def test_a_bug_is_logged_once_by_id_kind_and_place_but_not_in_its_own_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_log(Settings("sqlite:///x.db"))
    found = failing(logging.getLogger("bot.test"))
    event = json.loads(capsys.readouterr().err)
    assert event["id"] == found
    assert (event["event"], event["error"], event["level"]) == ("bug", "ValueError", "error")
    assert event["place"].startswith("test_log.py:")
    assert "typed" not in json.dumps(event)


def test_a_bug_is_logged_with_what_is_known_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(Settings("sqlite:///x.db"))
    found = log_bug(logging.getLogger("bot.test"), ValueError("typed"), delivery=7, kind="alert")
    event = json.loads(capsys.readouterr().err)
    assert (event["id"], event["delivery"], event["kind"]) == (found, 7, "alert")


def test_at_debug_level_a_bug_comes_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(Settings("sqlite:///x.db", log="debug", log_format="text"))
    failing(logging.getLogger("bot.test"))
    first, *trace = capsys.readouterr().err.splitlines()
    assert "level=error event=bug" in first
    assert trace[0] == "Traceback (most recent call last):"


def test_an_event_comes_out_with_its_fields_and_without_what_an_error_quotes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_log(Settings("sqlite:///x.db"))
    log = logging.getLogger("bot.test")
    log.info("quiet")
    log.warning("delivery_failed", extra={"code": "gone"})
    try:
        raise ValueError("what a person typed")
    except ValueError:
        log.exception("delivery_bug")
    failed, bug = map(json.loads, capsys.readouterr().err.splitlines())
    assert (failed["event"], failed["code"], failed["level"]) == ("delivery_failed", "gone", "warning")
    assert (bug["event"], bug["error"]) == ("delivery_bug", "ValueError")
    assert "typed" not in json.dumps(bug)


class Failing:
    def __del__(self) -> None:
        raise ValueError("xoxb-1-canary")


def raising() -> None:
    raise ValueError("xoxb-1-canary")


def test_what_nobody_catches_is_a_bug_in_the_log_without_what_it_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(Settings("sqlite:///x.db", log="debug"))
    sys.excepthook(ValueError, ValueError("xoxb-1-canary"), None)
    thread = threading.Thread(target=raising)
    thread.start()
    thread.join()
    Failing()
    said = capsys.readouterr().err
    events = [json.loads(line) for line in said.splitlines()]
    assert [each["event"] for each in events] == ["bug"] * 3
    assert all("ValueError: [redacted]" in each["exception"] for each in events)
    assert "canary" not in said


@pytest.mark.parametrize(("service", "heard"), [(True, True), (False, False)])
def test_the_service_logs_what_it_does_and_the_other_commands_what_is_wrong(
    service: bool, heard: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    start_log(Settings("sqlite:///x.db"), service=service)
    logging.getLogger("bot.test").info("delivered")
    assert bool(capsys.readouterr().err) == heard


def test_libraries_are_not_heard_below_info_even_when_debugging(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(Settings("sqlite:///x.db", log="debug"))
    logging.getLogger("some.library").debug("token=hunter2")
    logging.getLogger("bot.test").debug("heard")
    assert "hunter2" not in (err := capsys.readouterr().err)
    assert "heard" in err


# Of the form that Discord gives them: https://docs.discord.com/developers/reference#authentication
ANOTHER_TOKEN = f"MTA{'1' * 17}canary.Gcanar.{'canary' * 6}"


def everything_logged(log_format: Literal["json", "text"]) -> None:
    """Let every secret of the settings, and others of Slack's and Discord's, reach the log in every way there is."""
    given = {name.removeprefix("PAPERWIRE_").lower(): value for name, value in SECRETS.items()}
    start_log(replace(Settings("sqlite:///x.db", log="debug", log_format=log_format), **given))  # type: ignore[arg-type]
    log = logging.getLogger("bot.test")
    secrets = [
        *(part for value in SECRETS.values() for part in value.split(",")),
        *("xoxp-2-canary", "xoxe-1-canary", "xoxe.xoxb-1-canary", "xapp-2-A1-canary"),
        *("wss://wss.example/link/?ticket=canary-1&app_id=2", "https://hooks.slack-gov.com/actions/T1/2/canary"),
        f"https://papers.example/feed/canary{'x' * 37}",
        json.dumps({"token": "aW50ZXJhY3Rpb246canary%3D"}),
        "https://hooks.slack.com/commands/T1/2/canary",
        *("https://discord.com/api/v10/webhooks/100/aW50-canary_1/messages/@original", f"Bot {ANOTHER_TOKEN}"),
        "https://discord.com/api/v10/interactions/200/aW50-canary%3D/callback?with_response=1",
    ]
    for each in secrets:
        log.info("said %s", each, extra={"field": f"Bearer {each}"})
        try:
            raise ValueError(each)
        except ValueError:
            log.exception("failed")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_no_secret_reaches_the_log_not_even_in_a_traceback(
    log_format: Literal["json", "text"], capsys: pytest.CaptureFixture[str]
) -> None:
    everything_logged(log_format)
    logged = capsys.readouterr().err
    assert "canary" not in logged
    assert KEY not in logged
    assert logged.count("Traceback") == logged.count("ValueError: ") == 19
    if log_format == "json":
        events = [json.loads(line) for line in logged.splitlines()]
        assert events[0]["event"] == "said [redacted]"
        hook, _, answer, _, token, _, callback, _ = (each.get("field") for each in events[-8:])
        assert hook == "Bearer https://hooks.slack.com/[redacted]"
        assert answer == "Bearer https://discord.com/api/v10/webhooks/[redacted]/messages/@original"
        assert token == "Bearer Bot [redacted]"
        assert callback == "Bearer https://discord.com/api/v10/interactions/[redacted]/callback?with_response=1"


@pytest.mark.parametrize("library", ["slack_bolt.AsyncApp", "slack_sdk.web", "discord.http", "aiohttp.access"])
@pytest.mark.parametrize("level", [logging.NOTSET, logging.INFO])
def test_libraries_that_log_what_people_type_are_heard_from_warning_on_whatever_level_they_set(
    library: str, level: int, capsys: pytest.CaptureFixture[str]
) -> None:
    start_log(Settings("sqlite:///x.db", log="debug"))
    logging.getLogger(library).setLevel(level)
    logging.getLogger(library).info("the whole body")
    logging.getLogger(library).warning("something is wrong")
    assert json.loads(capsys.readouterr().err)["event"] == "something is wrong"
    start_log(Settings("sqlite:///x.db", log="error"))
    logging.getLogger(library).warning("something is wrong")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("level", "lines"), [("info", 1), ("debug", 3)])
def test_a_traceback_in_a_librarys_own_text_is_for_debugging(
    level: Literal["info", "debug"], lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = "Shard ID %s heartbeat blocked for more than %s seconds."
    # What the library logs, word for word: another version may say it otherwise.
    assert blocked in (source := inspect.getsource(import_module("discord.gateway")))
    assert r"{self.block_msg}\nLoop thread traceback (most recent call last):\n{stack}" in source
    start_log(Settings("sqlite:///x.db", log=level))
    logging.getLogger("discord.gateway").warning(f"{blocked}\nLoop thread traceback:\n  File x", 0, 10)  # noqa: G004
    event = json.loads(capsys.readouterr().err)
    assert event["event"].startswith("Shard ID 0 heartbeat blocked for more than 10 seconds.")
    assert len(event["event"].splitlines()) == lines


def test_an_error_of_a_library_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(Settings("sqlite:///x.db", log_format="text"))
    try:
        raise OSError("what a person typed")
    except OSError:
        logging.getLogger("discord.gateway").exception("An error occurred while stopping the gateway. Ignoring.")
    (line,) = capsys.readouterr().err.splitlines()
    assert "level=error" in line
    assert "error=OSError" in line
    assert "typed" not in line
