"""A git checkout as a source of digests, with the real git and a remote beside it."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

import adapters
from adapters._sources.git import Git
from bot.model import UserError
from bot.ports import Source
from tests.fakes.waiting import until


@pytest.fixture(autouse=True)
def _no_settings_of_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gitconfig").write_text(
        "[user]\n name = Test\n email = test@example.org\n[init]\n defaultBranch = main\n"
        # Settings that somebody may have, and that are not to matter.
        "[protocol]\n allow = always\n[pull]\n rebase = false\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def program(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o700)
    return path


def commit(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / "digests" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "digests")


@pytest.fixture
def author(tmp_path: Path) -> Path:
    """Return a checkout from which somebody pushes digests to a bare remote."""
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "remote.git")], check=True)
    subprocess.run(["git", "init", "-q", str(tmp_path / "author")], check=True)
    author = tmp_path / "author"
    git(author, "remote", "add", "origin", str(tmp_path / "remote.git"))
    commit(author, a="first")
    git(author, "push", "-q", "-u", "origin", "main")
    return author


@pytest.fixture
def checkout(author: Path, tmp_path: Path) -> Path:
    """Return the checkout that Paperwire reads."""
    subprocess.run(["git", "clone", "-q", str(tmp_path / "remote.git"), str(tmp_path / "checkout")], check=True)
    return tmp_path / "checkout"


def push(author: Path, **files: str) -> None:
    commit(author, **files)
    git(author, "push", "-q", "--force")


async def texts(source: Source) -> list[str]:
    return [document.error or document.text async for document in source.documents()]


@pytest.mark.parametrize("below", ["", "/digests"])
async def test_what_is_pushed_is_read_and_then_what_is_new_or_changed(author: Path, checkout: Path, below: str) -> None:
    source = adapters.source(f"git:{checkout}{below}")
    assert (source.address, len(source)) == (f"git:{checkout}{below}", 1)
    assert [await texts(source), await texts(source)] == [["first"], []]
    push(author, b="second")
    push(author, a="first again", c="third")
    assert await texts(source) == ["first again", "second", "third"]
    assert await texts(source) == []


async def test_what_is_pulled_before_the_first_round_is_in_it(author: Path, checkout: Path) -> None:
    push(author, b="second")
    source = adapters.source(f"git:{checkout}/digests")
    assert len(source) == 1
    assert await texts(source) == ["first", "second"]


async def test_a_checkout_is_listed_once_a_round_and_not_again_for_each_of_its_files(
    author: Path, checkout: Path
) -> None:
    push(author, b="second", c="third")
    source = adapters.source(f"git:{checkout}/digests")
    counts = []
    async for _ in source.documents():
        counts.append(len(source))
        (checkout / "digests" / f"{len(counts)}.md").touch()
    assert counts == [3, 3, 3]


async def test_one_file_of_a_checkout_is_a_source_too_even_before_it_is_there(author: Path, checkout: Path) -> None:
    source = adapters.source(f"git:{checkout}/digests/b.md")
    assert await texts(source) == ["No such file or directory"]
    push(author, b="second")
    assert await texts(source) == ["second"]


async def test_a_checkout_without_a_remote_is_only_read(author: Path) -> None:
    git(author, "remote", "remove", "origin")
    assert await texts(adapters.source(f"git:{author}/digests")) == ["first"]


async def test_histories_that_went_separate_ways_are_said_and_the_files_are_read(author: Path, checkout: Path) -> None:
    git(author, "commit", "--amend", "-m", "rewritten")
    push(author, b="second")
    commit(checkout, c="third")
    source = adapters.source(f"git:{checkout}/digests")
    said = "the checkout and its remote went separate ways: git pull --ff-only cannot join them"
    assert [await texts(source), await texts(source)] == [[said, "first", "third"], [said]]


async def test_changes_that_a_pull_would_overwrite_stay_and_are_said(author: Path, checkout: Path) -> None:
    push(author, a="pushed")
    (checkout / "digests" / "a.md").write_text("written here")
    said, text = await texts(adapters.source(f"git:{checkout}/digests"))
    assert said.startswith("git pull: error: Your local changes")
    assert text == "written here"


async def test_a_remote_that_is_gone_is_one_line_without_its_address(checkout: Path) -> None:
    git(checkout, "remote", "set-url", "origin", "https://user:hunter2@127.0.0.1:1/x.git?key=hunter2")
    said, text = await texts(adapters.source(f"git:{checkout}/digests"))
    assert said.startswith("git pull: fatal: unable to access '…'")
    assert "hunter2" not in said
    assert said.isprintable()
    assert text == "first"


async def test_what_a_remote_prints_cannot_paint_the_operators_terminal(checkout: Path, tmp_path: Path) -> None:
    long = "x" * 999
    upload = program(tmp_path / "upload", f"printf 'fatal: \\033[31mred\\007{long}\\n' >&2", "exit 1")
    git(checkout, "config", "remote.origin.uploadpack", str(upload))
    said, _ = await texts(adapters.source(f"git:{checkout}/digests"))
    assert said.startswith("git pull: fatal: �[31mred�xxx")
    assert len(said) < 220


async def test_somebody_elses_checkout_is_said_with_what_to_do(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    said, text = await texts(adapters.source(f"git:{checkout}/digests"))
    assert said == f"belongs to another user; git config --global --add safe.directory {checkout}"
    assert text == "first"


async def test_a_machine_without_git_reads_the_files(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert await texts(adapters.source(f"git:{checkout}/digests")) == ["git is not installed", "first"]


async def test_what_a_repository_names_is_not_started(author: Path, checkout: Path, tmp_path: Path) -> None:
    def started() -> set[str]:
        return {path.name for path in tmp_path.glob("*.spy")}

    for hook in ("post-merge", "reference-transaction"):
        program(checkout / ".git" / "hooks" / hook, f"touch {tmp_path}/{hook}.spy")
    git(checkout, "config", "core.fsmonitor", f"touch {tmp_path}/monitor.spy; false")
    (tmp_path / "monitor.spy").unlink(missing_ok=True)
    push(author, b="second")
    assert await texts(adapters.source(f"git:{checkout}/digests")) == ["first", "second"]
    git(checkout, "config", "remote.origin.url", f"ext::sh -c touch% {tmp_path}/ext.spy")
    (tmp_path / "monitor.spy").unlink(missing_ok=True)
    said, *_ = await texts(adapters.source(f"git:{checkout}/digests"))
    assert said == "git pull: fatal: transport 'ext' not allowed"
    assert started() == set()
    # All of them are good: whoever pulls by hand starts them.
    subprocess.run(["git", "-C", str(checkout), "-c", "protocol.ext.allow=always", "pull", "-q"], check=False)  # noqa: ASYNC221
    git(checkout, "config", "remote.origin.url", str(tmp_path / "remote.git"))
    push(author, c="third")
    git(checkout, "pull", "-q")
    assert started() == {"post-merge.spy", "reference-transaction.spy", "monitor.spy", "ext.spy"}


async def test_nobody_is_asked_for_a_password(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    ssh = program(
        tmp_path / "ssh",
        f"(env; echo asked) > {seen}",
        f"if ( : < /dev/tty ) 2>/dev/null; then echo on a terminal >> {seen}; fi",
        "exit 1",
    )
    for name in ("GIT_ASKPASS", "SSH_ASKPASS", "GIT_SSH_COMMAND"):
        monkeypatch.setenv(name, str(ssh))
    git(checkout, "remote", "set-url", "origin", "ssh://nobody@127.0.0.1:1/x.git")
    said, *_ = await texts(adapters.source(f"git:{checkout}/digests"))
    assert said == "git pull: fatal: Could not read from remote repository."
    found = set(seen.read_text().splitlines())
    assert {"asked", "GIT_TERMINAL_PROMPT=0", "SSH_ASKPASS_REQUIRE=never"} <= found
    assert not [each for each in found if each.startswith(("GIT_ASKPASS=", "SSH_ASKPASS="))]
    assert "on a terminal" not in found


async def test_a_repository_that_the_environment_names_is_not_taken_for_the_checkout(
    author: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(author, b="second")
    monkeypatch.setenv("GIT_DIR", str(author / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(author))
    assert await texts(adapters.source(f"git:{checkout}/digests")) == ["first", "second"]


@pytest.fixture
def hanging(checkout: Path, tmp_path: Path) -> Path:
    """Make the remote hang; return the file that will hold the id of a process that git started."""
    pid = tmp_path / "pid"
    upload = program(tmp_path / "upload", f"echo $$ > {pid}.new", f"mv {pid}.new {pid}", "exec sleep 600")
    git(checkout, "config", "remote.origin.uploadpack", str(upload))
    return pid


def has_ended(pid: Path) -> bool:
    """Tell whether the process of that id is gone, or never came."""
    status = Path(f"/proc/{pid.read_text().strip()}/status") if pid.exists() else pid
    return not status.exists() or "zombie" in status.read_text()


async def test_a_pull_that_hangs_is_ended_with_all_that_it_started(checkout: Path, hanging: Path) -> None:
    source = Git(checkout / "digests", within=2)
    assert await texts(source) == ["git pull took longer than 2 s", "first"]
    await until(lambda: has_ended(hanging), 60, lambda: "what git started still runs")
    assert not list((checkout / ".git").glob("*.lock"))


async def test_a_pull_that_is_cancelled_is_ended_with_all_that_it_started(checkout: Path, hanging: Path) -> None:
    task = asyncio.create_task(texts(Git(checkout / "digests")))
    await until(hanging.exists, 60, lambda: "git started nothing")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: has_ended(hanging), 60, lambda: "what git started still runs")


@pytest.mark.parametrize("target", ["secrets", "../secrets"])
async def test_a_link_that_a_push_puts_in_the_folders_place_is_not_followed(
    author: Path, checkout: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "s.md").write_text("secret")
    source = adapters.source(f"git:{checkout}/digests")
    assert await texts(source) == ["first"]
    git(author, "rm", "-rq", "digests")
    (author / "digests").symlink_to(tmp_path / "secrets" if target == "secrets" else target)
    git(author, "add", "-A")
    git(author, "commit", "-qm", "link")
    git(author, "push", "-q")
    assert await texts(source) == ["a link that leads elsewhere; name its target instead"]


def test_what_is_in_no_checkout_is_refused_with_what_to_do(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match=r"there is no git checkout\. Clone it there"):
            adapters.source(f"git:{path}")


@pytest.mark.parametrize("path", ["", "https://me:hunter2@example.org/digests.git", "//example.org/digests"])
def test_what_is_no_path_is_no_checkout_wherever_paperwire_runs(
    path: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    with pytest.raises(UserError, match="there is no git checkout") as caught:
        adapters.source(f"git:{path}")
    assert "hunter2" not in str(caught.value)
