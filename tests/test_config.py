"""The environment as settings, and the log."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bot.config import (
    Settings,
    SettingsError,
    log_bug,
    settings,
    start_log,
    unknown_settings,
)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("PAPERWIRE_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/home/reader")


@pytest.fixture(autouse=True)
def log_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for package in ("bot", "adapters", "storage"):
        logging.getLogger(package).setLevel(logging.NOTSET)


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
    assert event["place"].startswith("test_config.py:")
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
