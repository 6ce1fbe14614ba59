"""The command line as people and supervisors meet it: real processes, their output and their exit codes."""

import asyncio
import json
import os
import pty
import re
import select
import shlex
import signal
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import Settings
from bot.doctor import diagnose
from bot.model import Destination, Following
from bot.search.grammar import parse
from storage import connect
from tests.fakes.command_line import DIGEST, ROOT, Paperwire
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack, silent


@pytest.fixture
def paperwire(tmp_path: Path) -> Paperwire:
    return Paperwire(tmp_path)


def test_ingest_counts_reports_what_it_refused_and_changes_nothing_the_second_time(paperwire: Paperwire) -> None:
    first = paperwire("ingest", paperwire.digest())
    assert first.returncode == 0
    assert first.stdout.splitlines()[0] == (
        "Digests: 1. Papers: 1 new, 0 known, 0 of them corrected. Entries: 2, 1 refused. Deliveries owed: 0."
    )
    assert re.search(r"^paperwire: digest\.md:4: .+", first.stderr, re.MULTILINE)
    second = paperwire("ingest", "digest.md")
    assert second.stdout.startswith("Digests: 1. Papers: 0 new, 1 known, 0 of them corrected. Entries: 2, 1 refused.")


def test_a_bad_file_does_not_stop_the_rest_and_is_told_by_the_exit_code(paperwire: Paperwire) -> None:
    paperwire.digest("bad.md", "no digest at all")
    done = paperwire("ingest", "bad.md", "nothing.md", paperwire.digest())
    assert done.returncode == 65
    assert "Papers: 1 new" in done.stdout
    assert re.search(r"^paperwire: bad\.md:1: ", done.stderr, re.MULTILINE)
    assert "paperwire: nothing.md: there is no such file or folder." in done.stderr


def test_an_empty_digest_is_said_and_is_none(paperwire: Paperwire) -> None:
    paperwire("ingest", paperwire.digest())
    paperwire.digest("friday.md", "# ArXiv cs.CV --Fri, 27 Nov 2020\n")
    paperwire.digest("monday.md", "# ArXiv cs.CV --Mon, 30 Nov 2020\n")
    done = paperwire("ingest", "friday.md", "monday.md")
    assert (done.returncode, done.stdout[:11]) == (0, "Digests: 0.")
    why = "arXiv usually announces nothing on the evening of Thanksgiving"
    assert done.stderr.splitlines() == [
        f"paperwire: friday.md: no papers in cs.CV of Fri 27 Nov 2020: {why}",
        "paperwire: monday.md: no papers in cs.CV of Mon 30 Nov 2020 so far",
    ]
    assert "from 1 digest, Fri 20 Nov 2020" in paperwire("ask", "status").stdout


def test_a_folder_with_a_stray_file_is_no_failure_and_one_without_a_digest_is(paperwire: Paperwire) -> None:
    for folder in ("mixed", "bad", "none"):
        (paperwire.folder / folder).mkdir()
    paperwire.digest("mixed/readme.md", "stray")
    paperwire.digest("mixed/digest.md")
    paperwire.digest("bad/readme.md", "stray")
    assert paperwire("ingest", "mixed").returncode == 0
    assert paperwire("ingest", "bad").returncode == 65
    assert paperwire("ingest", "none").returncode == 0


def test_ask_answers_in_plain_lines_and_the_day_that_was_taken_in(paperwire: Paperwire) -> None:
    paperwire("ingest", paperwire.digest())
    done = paperwire("ask", "today 2020-11-20", FORCE_COLOR="1", TERM="xterm-256color")
    assert done.returncode == 0
    assert "Purple Elephants at Home" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_ask_as_json_is_one_object(paperwire: Paperwire) -> None:
    paperwire("ingest", paperwire.digest())
    shown = json.loads(paperwire("ask", "--json", "search elephant").stdout)
    assert (shown["error"], shown["private"]) == (None, True)
    (card,) = shown["cards"]
    assert (card["paper"], card["title"]) == ("2011.10043", "Purple Elephants at Home")
    assert (card["url"], card["body"]) == ("https://arxiv.org/abs/2011.10043", "Elephants are large.")


def test_a_mistake_is_answered_on_stderr_with_exit_code_2(paperwire: Paperwire) -> None:
    done = paperwire("ask", 'search "point cloud')
    assert (done.returncode, done.stdout) == (2, "")
    assert "quotation mark" in done.stderr
    as_json = paperwire("ask", "--json", 'search "point cloud')
    assert as_json.returncode == 2
    assert "quotation mark" in json.loads(as_json.stdout)["error"]


def test_what_click_does_not_understand_is_exit_code_2(paperwire: Paperwire) -> None:
    assert paperwire("ask").returncode == 2
    assert paperwire("sing").returncode == 2
    wrong = paperwire("ask", "--database", "postgres://reader:hunter2@db", "today")
    assert wrong.returncode == 2
    assert "hunter2" not in wrong.stderr
    assert paperwire("--help").returncode == paperwire("--version").returncode == 0


def test_a_bad_setting_is_one_line_that_names_it_and_exit_code_78(paperwire: Paperwire) -> None:
    done = paperwire("ask", "today", PAPERWIRE_DATABASE="postgres://reader:hunter2@db")
    assert done.returncode == 78
    assert done.stderr.startswith("paperwire: PAPERWIRE_DATABASE ")
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr


def test_an_unknown_setting_is_a_warning_with_the_likely_name(paperwire: Paperwire) -> None:
    done = paperwire("ask", "help", PAPERWIRE_LGO="debug")
    assert done.returncode == 0
    assert done.stderr == "paperwire: PAPERWIRE_LGO is no setting. Did you mean PAPERWIRE_LOG?\n"


def test_a_file_of_another_kind_is_exit_code_78_and_stays_as_it_is(paperwire: Paperwire) -> None:
    paperwire.database.write_text("my thesis " * 1000)
    done = paperwire("ask", "today")
    assert done.returncode == 78
    assert len(done.stderr.splitlines()) == 1
    assert paperwire.database.read_text() == "my thesis " * 1000


def test_a_database_where_none_can_be_is_exit_code_74(paperwire: Paperwire) -> None:
    done = paperwire("ask", "today", PAPERWIRE_DATABASE="sqlite:////dev/null/papers.db")
    assert done.returncode == 74
    assert len(done.stderr.splitlines()) == 1


def test_an_answer_that_a_full_disk_cannot_take_is_exit_code_74(paperwire: Paperwire) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            paperwire.line("ask", "help"), stdout=full, stderr=subprocess.PIPE, env=paperwire.environment, check=False
        )
    assert done.returncode == 74
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("closed", [">&-", "1</dev/null"])
def test_an_output_that_is_closed_is_said_to_be_with_exit_code_74(paperwire: Paperwire, closed: str) -> None:
    line = shlex.join(paperwire.line("ask", "help"))
    done = subprocess.run(
        ["sh", "-c", f"{line} {closed}"], stderr=subprocess.PIPE, text=True, env=paperwire.environment, check=False
    )
    assert done.returncode == 74
    assert "bug" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_store_that_cannot_be_used_is_told_as_json_too(paperwire: Paperwire) -> None:
    done = paperwire("ask", "--json", "today", PAPERWIRE_DATABASE="sqlite:////dev/null/papers.db")
    assert done.returncode == 74
    assert "/dev/null/papers.db" in json.loads(done.stdout)["error"]


def test_the_name_of_a_file_cannot_command_the_terminal_or_write_a_line_of_its_own(paperwire: Paperwire) -> None:
    for name in ("--\x1b]0;owned\x07", "a\npaperwire: all is well\x9b31m"):
        done = paperwire("ingest", name)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stderr)
        assert "paperwire: all is well" not in done.stderr.splitlines()
    bad = paperwire.digest("\x1b[2J\n\u202e.md", "no digest")
    assert r"\x1b[2J\n\u202e.md" in paperwire("ingest", bad).stderr


def test_a_bug_is_one_line_with_an_id_that_the_log_has_too(paperwire: Paperwire) -> None:
    (paperwire.folder / "sitecustomize.py").write_text(
        "import bot.commands\n"
        "def broken(call, store): raise RuntimeError('what a person typed')\n"
        "bot.commands.answer = broken\n"
    )
    broken = {"PYTHONPATH": f"{paperwire.folder}:{ROOT}"}
    done = paperwire("ask", "today", **broken)
    assert done.returncode == 70
    *_, line = done.stderr.splitlines()
    event = json.loads(done.stderr.splitlines()[0])
    assert re.search(r"\((\w{8})\)", line)[1] == event["id"]  # type: ignore[index]
    assert "typed" not in done.stderr
    assert "Traceback" not in done.stderr
    debugged = paperwire("ask", "today", PAPERWIRE_LOG="debug", **broken)
    assert debugged.returncode == 70
    assert "RuntimeError: what a person typed" in debugged.stderr


def test_a_reader_who_leaves_early_is_no_bug(paperwire: Paperwire) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        paperwire.line("ask", "help"), stdout=writing, stderr=subprocess.PIPE, env=paperwire.environment, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_what_is_written_is_for_its_owner_alone(paperwire: Paperwire) -> None:
    del paperwire.environment["PAPERWIRE_DATABASE"]
    paperwire("ingest", paperwire.digest())
    folder = paperwire.folder / ".local/share/paperwire"
    files = list(folder.iterdir())
    assert folder / "paperwire.db" in files
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_migrate_makes_the_database_and_says_its_schema(paperwire: Paperwire) -> None:
    done = paperwire("migrate")
    assert done.returncode == 0
    assert re.search(r"paper wire\.db has schema \d+\.$", done.stdout.strip())


def test_doctor_finds_a_healthy_database_healthy(paperwire: Paperwire) -> None:
    paperwire("ingest", paperwire.digest())
    done = paperwire("doctor")
    assert done.returncode == 0, done.stdout
    assert {line[:4].strip() for line in done.stdout.splitlines()} == {"ok"}


def test_doctor_says_what_is_wrong_and_what_to_do(paperwire: Paperwire) -> None:
    nothing = paperwire("doctor")
    assert nothing.returncode == 0
    assert re.search(r"^warn +Database: there is none yet", nothing.stdout, re.MULTILINE)
    paperwire("migrate")
    paperwire.database.chmod(0o644)
    assert f"chmod 600 {paperwire.database}" in paperwire("doctor").stdout
    with sqlite3.connect(paperwire.database) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    newer = paperwire("doctor")
    assert newer.returncode == 78
    assert re.search(r"^FAIL +Schema: is 999", newer.stdout, re.MULTILINE)
    paperwire.database.write_text("my thesis " * 1000)
    assert paperwire("doctor").returncode == 78


def test_doctor_names_another_programs_database_as_a_matter_of_configuration(paperwire: Paperwire) -> None:
    with sqlite3.connect(paperwire.database) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    db.close()
    done = paperwire("doctor")
    assert done.returncode == 78
    assert re.search(r"^FAIL +Database: .*another program", done.stdout, re.MULTILINE)


def test_doctor_says_where_it_may_not_even_look(paperwire: Paperwire) -> None:
    # Like a folder that may not be entered, it makes every question about the file an error; also for root.
    done = paperwire("doctor", "--database", f"sqlite:///{paperwire.folder}/{'x' * 5000}.db")
    assert done.returncode == 74, done.stderr
    assert re.search(r"^FAIL +Database: .*File name too long", done.stdout, re.MULTILINE)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter and write anything")
def test_doctor_says_what_may_not_be_entered_or_written(paperwire: Paperwire) -> None:
    paperwire("migrate")
    paperwire.database.chmod(0o444)
    assert paperwire("doctor").returncode == 74
    folder = paperwire.folder / "locked"
    folder.mkdir(0o600)
    done = paperwire("doctor", "--database", f"sqlite:///{folder}/paperwire.db")
    assert done.returncode == 74
    assert re.search(rf"^FAIL +Folder: {re.escape(str(folder))} cannot be written", done.stdout, re.MULTILINE)


def test_doctor_says_that_a_file_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "paperwire.db"
    path.touch()
    monkeypatch.setattr(os, "access", lambda where, _: Path(where).is_dir())
    failed = [each for each in diagnose(Settings(f"sqlite:///{path}"), path, lambda: None) if each.state == "FAIL"]
    assert [(each.about, each.text) for each in failed] == [
        ("disk", f"Database: {path} cannot be written; type: chmod 600 {path}")
    ]


def test_doctor_finds_a_broken_database(paperwire: Paperwire) -> None:
    paperwire("ingest", paperwire.digest())
    size = paperwire.database.stat().st_size
    with paperwire.database.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(4096))
    done = paperwire("doctor")
    assert done.returncode == 74
    assert "FAIL" in done.stdout


def subscribed(paperwire: Paperwire) -> None:
    assert paperwire("ask", "subscribe elephants").returncode == 0
    assert paperwire("ask", "settings on").returncode == 0
    assert "Deliveries owed: 2." in paperwire("ingest", paperwire.digest()).stdout


def test_run_once_delivers_what_is_owed_and_ends(paperwire: Paperwire) -> None:
    subscribed(paperwire)
    done = paperwire("run", "--once")
    assert done.returncode == 0
    assert done.stdout.count("Purple Elephants at Home") == 2
    assert len(set(re.findall(r"^-- paperwire \w{16} --$", done.stdout, re.MULTILINE))) == 2
    assert "\x1b" not in done.stdout
    assert paperwire("run", "--once").stdout == ""


def until(process: subprocess.Popen[str], wanted: str) -> str:
    """Read a process's output up to a line with what is wanted."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if wanted in line:
            return "".join(lines)
    raise AssertionError(f"{wanted!r} never came: {lines}")


@pytest.fixture
def service(paperwire: Paperwire) -> Iterator[subprocess.Popen[str]]:
    subscribed(paperwire)
    process = paperwire.start("run")
    until(process, "-- paperwire")
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_within_seconds_and_leaves_nothing_open(
    paperwire: Paperwire, service: subprocess.Popen[str], number: signal.Signals
) -> None:
    # Its input has ended long ago, and yet it is there: it is a service.
    assert service.poll() is None
    service.send_signal(number)
    rest, errors = service.communicate(timeout=5)
    assert service.returncode == 0
    assert "Traceback" not in errors
    assert not paperwire.database.with_name("paper wire.db-wal").exists()
    # What it had begun it finished, and what it had not it left whole: two messages are owed, the first had come.
    again = paperwire("run", "--once")
    assert again.returncode == 0
    assert (rest + again.stdout).count("-- paperwire") == 1
    assert "may be a repeat" not in again.stdout


@pytest.mark.usefixtures("service")
def test_a_second_service_on_the_same_database_is_exit_code_75(
    paperwire: Paperwire, service: subprocess.Popen[str]
) -> None:
    done = paperwire("run")
    assert done.returncode == 75
    assert str(service.pid) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert paperwire("ask", "status").returncode == 0


def test_the_service_answers_the_lines_of_a_pipe(paperwire: Paperwire) -> None:
    process = subprocess.Popen(
        paperwire.line("run"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=paperwire.environment,
    )
    assert process.stdin is not None
    process.stdin.write("nonsense\nhelp search\n")
    process.stdin.flush()
    assert "nonsense is no command" in until(process, "search QUERY")
    process.terminate()
    process.communicate(timeout=5)
    assert process.returncode == 0


def test_the_demo_off_a_terminal_is_the_tour_in_plain_text_and_leaves_nothing_behind(paperwire: Paperwire) -> None:
    del paperwire.environment["PAPERWIRE_DATABASE"]
    before = set(paperwire.folder.iterdir())
    done = paperwire("demo", TERM="xterm-256color")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert re.findall(r"^> (\w+)", done.stdout, re.MULTILINE) == ["today", "search", "subscribe", "settings"]
    assert "-- to you --" in done.stdout
    assert set(paperwire.folder.iterdir()) == before


def test_the_demo_runs_on_any_digests_and_says_where_there_are_none(paperwire: Paperwire) -> None:
    done = paperwire("demo", "--digests", paperwire.digest())
    assert done.returncode == 0
    assert "Purple Elephants at Home" in done.stdout
    assert paperwire("demo", "--digests", "nothing").returncode == 65
    (paperwire.folder / "empty").mkdir()
    assert paperwire("demo", "--digests", "empty").returncode == 65
    assert paperwire("demo", "--digests", paperwire.digest("bad.md", "no digest")).returncode == 65


class Terminal:
    """A process on a terminal of its own."""

    def __init__(self, line: list[str], environment: dict[str, str]) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execve(line[0], line, environment | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"})
        self.seen = ""

    def until(self, condition: Callable[[str], bool], seconds: float = 60) -> str:
        """Read until the text that was shown since the last time fulfils a condition."""
        end = time.monotonic() + seconds
        while not condition(self.seen):
            ready, _, _ = select.select([self.descriptor], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"did not come in time: {self.seen!r}")
            self.seen += os.read(self.descriptor, 65536).decode("utf-8", "replace")
        seen, self.seen = self.seen, ""
        return seen

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def ended(self, seconds: float = 10) -> int:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.descriptor], [], [], 0.05)[0]:
                try:
                    os.read(self.descriptor, 65536)
                except OSError:
                    break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def prompted(seen: str) -> bool:
    return "paperwire>" in written(seen)


def written(seen: str) -> str:
    """Return the text of what a terminal was sent: a word may come in pieces, with movements of the cursor between."""
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", seen)


def test_the_prompt_completes_remembers_and_leaves(paperwire: Paperwire) -> None:
    paperwire("ingest", paperwire.digest())
    terminal = Terminal(paperwire.line("run"), paperwire.environment)
    terminal.until(prompted)
    terminal.type("sea\t")
    terminal.until(lambda seen: "search" in written(seen))
    terminal.type("elephants\r")
    shown = terminal.until(lambda seen: "2011.10043" in written(seen) and seen.rstrip().endswith(("\x1b[?25h", ">")))
    assert "\x1b[1;33mElephants\x1b[0m" in shown
    terminal.type("half a line\x03")
    terminal.until(prompted)
    terminal.type("\x1b[A")  # up: the line before, and not the one that Ctrl-C cleared
    terminal.until(lambda seen: "search elephants" in written(seen))
    terminal.type("\x15exit\r")
    assert terminal.ended() == 0
    history = paperwire.folder / ".local/state/paperwire/history"
    assert "+search elephants" in history.read_text().splitlines()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_ctrl_d_leaves_and_a_signal_restores_the_terminal(paperwire: Paperwire) -> None:
    terminal = Terminal(paperwire.line("demo"), paperwire.environment)
    terminal.until(prompted)
    terminal.type("\x04")
    assert terminal.ended() == 0
    terminal = Terminal(paperwire.line("run"), paperwire.environment)
    terminal.until(prompted)
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.until(lambda seen: "\x1b[?2004l" in seen)  # bracketed paste is off again
    assert terminal.ended() == 0


def test_the_database_may_be_named_before_the_verb_or_after_it(paperwire: Paperwire) -> None:
    address = f"sqlite:///{paperwire.folder}/other.db"
    assert paperwire("--database", address, "ingest", paperwire.digest()).returncode == 0
    assert "1 paper from 1 digest" in paperwire("ask", "status", "--database", address).stdout
    assert "No digest has been taken in" in paperwire("ask", "status").stdout


def test_to_find_nothing_is_exit_code_0_and_stands_on_stdout(paperwire: Paperwire) -> None:
    paperwire("ingest", paperwire.digest())
    for line in ("search zebras", "today 2019-01-01"):
        done = paperwire("ask", line)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("No ")


def test_an_archive_is_taken_in_silently(paperwire: Paperwire) -> None:
    assert paperwire("ask", "subscribe elephants").returncode == 0
    assert "1 new" in paperwire("ingest", "--silent", paperwire.digest()).stdout
    assert paperwire("run", "--once").stdout == ""


def test_the_alerts_of_a_batch_come_as_one_message_and_at_once_when_it_is_in(paperwire: Paperwire) -> None:
    assert paperwire("ask", "subscribe elephants").returncode == 0
    paperwire.digest("a.md")
    paperwire.digest("b.md", DIGEST.replace("cs.CV", "cs.CL").replace("Purple", "Green").replace("10043", "10044"))
    assert paperwire("ingest", "a.md", "b.md").returncode == 0
    done = paperwire("run", "--once").stdout
    assert done.count("-- to you --") == 1
    assert "Purple Elephants" in done
    assert "Green Elephants" in done


def test_alerts_are_not_held_after_a_batch_that_broke_off(paperwire: Paperwire) -> None:
    assert paperwire("ask", "subscribe elephants").returncode == 0
    (paperwire.folder / "sitecustomize.py").write_text(
        "import bot.digest\n"
        "parse, read = bot.digest.parse, []\n"
        "def broken(text, source):\n"
        "    if read: raise RuntimeError\n"
        "    read.append(source)\n"
        "    return parse(text, source)\n"
        "bot.digest.parse = broken\n"
    )
    done = paperwire("ingest", paperwire.digest("a.md"), "a.md", PYTHONPATH=f"{paperwire.folder}:{ROOT}")
    assert done.returncode == 70
    assert "Purple Elephants" in paperwire("run", "--once").stdout


def test_the_manifest_is_json_and_says_where_slack_can_call(paperwire: Paperwire) -> None:
    done = paperwire("manifest", "slack", "--url", "https://papers.example/", PAPERWIRE_SLACK_EXTRAS="unfurl")
    assert (done.returncode, done.stderr) == (0, "")
    shown = json.loads(done.stdout)
    assert shown["settings"]["interactivity"]["request_url"] == "https://papers.example/slack/events"
    assert "links:read" in shown["oauth_config"]["scopes"]["bot"]
    assert "links:read" not in paperwire("manifest", "slack").stdout


def test_a_manifest_for_nothing_known_or_for_no_address_is_exit_code_2(paperwire: Paperwire) -> None:
    for platform in ("console", "irc"):
        done = paperwire("manifest", platform)
        assert done.returncode == 2
        assert done.stderr == f"paperwire: There is no manifest for '{platform}'; there is one for: slack.\n"
    for url in ("http://papers.example", "papers.example", "https://papers.example/slack"):
        assert paperwire("manifest", "slack", "--url", url).returncode == 2


async def test_doctor_asks_slack_about_its_tokens(paperwire: Paperwire) -> None:
    paperwire("migrate")
    async with FakeSlack() as slack:
        given = {
            "PAPERWIRE_SLACK_API": slack.api,
            "PAPERWIRE_SLACK_BOT_TOKEN": slack.token,
            "PAPERWIRE_SLACK_APP_TOKEN": slack.app_token,
        }
        good = await asyncio.to_thread(paperwire, "doctor", **given)
        assert good.returncode == 0, good.stdout
        assert "ok    Slack: the bot token is for Team T1" in good.stdout
        bad = await asyncio.to_thread(paperwire, "doctor", **given | {"PAPERWIRE_SLACK_APP_TOKEN": "xapp-canary"})
        assert bad.returncode == 78
        assert re.search(r"^FAIL  Slack: the app-level token is refused \(invalid_auth\)", bad.stdout, re.MULTILINE)
        assert "canary" not in bad.stdout + bad.stderr


async def test_doctor_asks_discord_about_its_application(paperwire: Paperwire) -> None:
    paperwire("migrate")
    async with FakeDiscord() as discord:
        given = {"PAPERWIRE_DISCORD_API": discord.api, "PAPERWIRE_DISCORD_TOKEN": discord.token}
        good = await asyncio.to_thread(paperwire, "doctor", **given)
        assert (good.returncode, good.stderr) == (0, "")
        assert f"ok    Discord: the token is for {discord.world.bot.name}" in good.stdout
        bad = await asyncio.to_thread(paperwire, "doctor", **given | {"PAPERWIRE_DISCORD_TOKEN": "MTIz.canary.x"})
    assert bad.returncode == 78
    assert re.search(r"^FAIL  Discord: the token is refused", bad.stdout, re.MULTILINE)
    assert "canary" not in bad.stdout + bad.stderr


@pytest.mark.parametrize("line", ["run", "run --once"])
async def test_a_token_that_discord_refuses_ends_the_service_with_one_line_and_exit_code_78(
    paperwire: Paperwire, line: str
) -> None:
    async with FakeDiscord() as discord:
        given = {"PAPERWIRE_DISCORD_API": discord.api, "PAPERWIRE_DISCORD_TOKEN": "MTIz.canary.x"}
        done = await asyncio.to_thread(paperwire, *line.split(), **given)
    assert done.returncode == 78
    (said,) = done.stderr.splitlines()
    assert said.startswith("paperwire: Discord refuses PAPERWIRE_DISCORD_TOKEN")
    assert "canary" not in said


async def test_a_discord_that_is_not_there_ends_the_start_with_exit_code_69(paperwire: Paperwire) -> None:
    async with FakeDiscord() as discord:
        given = {"PAPERWIRE_DISCORD_API": discord.api, "PAPERWIRE_DISCORD_TOKEN": discord.token}
    done = await asyncio.to_thread(paperwire, "run", **given)
    assert done.returncode == 69
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"paperwire: Discord does not answer at {given['PAPERWIRE_DISCORD_API']}")


async def test_a_discord_that_is_not_there_does_not_keep_slack_from_its_people(paperwire: Paperwire) -> None:
    async with connect(f"sqlite:///{paperwire.database}") as store:
        for person in ("slack:T1/@U1", "discord:dm/@1"):
            await store.subscribe(Destination.parse(person), parse("elephants"), datetime.now(UTC))
    paperwire.digest()
    paperwire("ingest", "digest.md")
    async with FakeDiscord() as discord:
        paperwire.environment |= {"PAPERWIRE_DISCORD_API": discord.api, "PAPERWIRE_DISCORD_TOKEN": discord.token}
    async with FakeSlack() as slack:
        paperwire.environment |= {
            "PAPERWIRE_SLACK_API": slack.api,
            "PAPERWIRE_SLACK_BOT_TOKEN": slack.token,
            "PAPERWIRE_SLACK_APP_TOKEN": slack.app_token,
        }
        once = await asyncio.to_thread(paperwire, "run", "--once")
        process = paperwire.start("run")
        await slack.connected()
        answered = await slack.answered(await slack.slash("status"))
        process.terminate()
        _, errors = await asyncio.to_thread(process.communicate, timeout=10)
    assert (once.returncode, once.stdout) == (0, "")
    assert once.stderr.startswith(f"paperwire: Discord does not answer at {discord.api}")
    assert once.stderr.endswith("paperwire: 1 delivered, 1 failed, 0 uncertain\n")
    assert "Deliveries here and to you: 0 owed, 1 sent" in str(answered.blocks)
    assert "discord:dm/@1" in paperwire("outbox", "list", "--state", "pending").stdout
    assert process.returncode == 0, errors
    assert errors.startswith(f"paperwire: Discord does not answer at {discord.api}")


async def test_the_service_tells_discord_its_commands_and_answers_them(paperwire: Paperwire) -> None:
    async with FakeDiscord() as discord:
        paperwire.environment |= {"PAPERWIRE_DISCORD_API": discord.api, "PAPERWIRE_DISCORD_TOKEN": discord.token}
        process = paperwire.start("run")
        await discord.connected()
        await discord.until(lambda: discord.commands)
        answered = await discord.slash(discord.ben, discord.papers, "help")
        assert "/papers search" in str(await answered.final())
        process.terminate()
        _, errors = await asyncio.to_thread(process.communicate, timeout=10)
    assert process.returncode == 0, errors
    assert {json.loads(line)["level"] for line in errors.splitlines()} == {"info"}


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("run", "PAPERWIRE_SLACK_BOT_TOKEN", "xoxb-canary"),
        ("run --once", "PAPERWIRE_SLACK_BOT_TOKEN", "xoxb-canary"),
        ("run", "PAPERWIRE_SLACK_APP_TOKEN", "xapp-canary"),
    ],
)
async def test_a_token_that_slack_refuses_ends_the_service_with_one_line_and_exit_code_78(
    paperwire: Paperwire, line: str, name: str, value: str
) -> None:
    async with FakeSlack() as slack:
        given = {
            "PAPERWIRE_SLACK_API": slack.api,
            "PAPERWIRE_SLACK_BOT_TOKEN": slack.token,
            "PAPERWIRE_SLACK_APP_TOKEN": slack.app_token,
        }
        done = await asyncio.to_thread(paperwire, *line.split(), **given | {name: value})
    assert done.returncode == 78
    (said,) = done.stderr.splitlines()
    assert name in said
    assert "canary" not in said


async def test_what_is_owed_on_a_configured_platform_is_delivered_there(paperwire: Paperwire) -> None:
    async with connect(f"sqlite:///{paperwire.database}") as store:
        await store.subscribe(Destination("slack", "T1", "@U1"), parse("elephants"), datetime.now(UTC))
    paperwire.digest()
    async with FakeSlack() as slack:
        given = {
            "PAPERWIRE_SLACK_API": slack.api,
            "PAPERWIRE_SLACK_BOT_TOKEN": slack.token,
            "PAPERWIRE_SLACK_APP_TOKEN": slack.app_token,
        }
        assert "Deliveries owed: 1." in (await asyncio.to_thread(paperwire, "ingest", "digest.md", **given)).stdout
        assert slack.calls == []
        done = await asyncio.to_thread(paperwire, "run", "--once", **given)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr.endswith("paperwire: 1 delivered, 0 failed, 0 uncertain\n")
        assert "Purple Elephants at Home" in slack.posts[0].text


async def test_a_signal_ends_a_service_that_still_waits_for_slack(paperwire: Paperwire) -> None:
    async with FakeSlack() as slack:
        paperwire.environment |= {
            "PAPERWIRE_SLACK_API": slack.api,
            "PAPERWIRE_SLACK_BOT_TOKEN": slack.token,
            "PAPERWIRE_SLACK_APP_TOKEN": slack.app_token,
        }
        slack.fail("auth.test", silent(), forever=True)
        process = paperwire.start("run")
        await slack.until(lambda: slack.calls)
        process.terminate()
        _, errors = await asyncio.to_thread(process.communicate, timeout=5)
    assert (process.returncode, errors) == (-signal.SIGTERM, "")


async def test_a_signal_lets_what_is_on_its_way_to_slack_arrive_and_begins_nothing_more(paperwire: Paperwire) -> None:
    rooms = [f"C{number}" for number in range(1, 41)]
    async with FakeSlack() as slack:
        paperwire.environment |= {
            "PAPERWIRE_SLACK_API": slack.api,
            "PAPERWIRE_SLACK_BOT_TOKEN": slack.token,
            "PAPERWIRE_SLACK_APP_TOKEN": slack.app_token,
        }
        async with connect(f"sqlite:///{paperwire.database}") as store:
            for name in rooms:
                slack.teams["T1"].channel(name)
                await store.follow(Following(Destination("slack", "T1", name)))
        paperwire("ingest", paperwire.digest())
        process = paperwire.start("run", "--once")
        await slack.until(lambda: slack.posts)
        process.terminate()
        _, errors = await asyncio.to_thread(process.communicate, timeout=10)
        arrived = {each.channel for each in slack.posts}
        assert process.returncode == 0
        assert f"{len(arrived)} delivered, 0 failed, 0 uncertain" in errors
        assert len(arrived) < len(rooms)
        await asyncio.to_thread(paperwire, "run", "--once")
    assert sorted(each.channel for each in slack.posts if not each.thread_ts) == sorted(rooms)
    assert not any("may be a repeat" in each.text for each in slack.posts)


def test_slack_settings_that_lack_another_end_every_command_with_one_line(paperwire: Paperwire) -> None:
    done = paperwire("run", PAPERWIRE_SLACK_BOT_TOKEN="xoxb-canary")
    assert done.returncode == 78
    assert done.stderr.startswith("paperwire: PAPERWIRE_SLACK_BOT_TOKEN alone hears nothing")
    assert "canary" not in done.stderr
