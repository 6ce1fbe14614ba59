"""Files and folders as a source of digests, and the front doors of the adapters."""

import gzip
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import adapters
from adapters._sources.files import Files
from bot.config import Settings
from bot.digest.entries import MAX_BYTES
from bot.model import UserError
from bot.ports import Document, Source, Store


async def read(path: Path) -> list[Document]:
    source = adapters.source(str(path))
    documents = [document async for document in source.documents()]
    assert len(source) == len(documents)
    return documents


async def only(path: Path) -> Document:
    (document,) = await read(path)
    return document


async def test_a_folder_is_read_recursively_by_name_and_only_digest_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    names = ["2.md", "1.MD", "b/3.xml", "b/0.txt.gz", "c.atom", "d.rss", "e.markdown"]
    for name in names:
        data = name.encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    for name in ("notes.pdf", "x.gz", ".hidden.md", ".git/x.md"):
        (tmp_path / name).write_text("no digest")
    found = await read(tmp_path)
    assert [document.text for document in found] == sorted(names)
    assert [document.source for document in found] == [str(tmp_path / name) for name in sorted(names)]


async def test_a_file_that_is_named_is_read_whatever_its_name_and_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "digest").write_bytes(b"\xef\xbb\xbf# ArXiv")
    (tmp_path / "link").symlink_to("digest")
    assert await only(tmp_path / "digest") == Document(str(tmp_path / "digest"), "# ArXiv")
    assert await only(tmp_path / "link") == Document(str(tmp_path / "link"), "# ArXiv")


async def test_links_in_a_folder_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "b.md").write_text("secret")
    folder = tmp_path / "digests"
    folder.mkdir()
    (folder / "a.md").symlink_to("../secret.md")
    (folder / "b").symlink_to("../secrets")
    document = await only(folder)
    assert document.text == ""
    assert document.error == "a symbolic link; name its target instead"


async def test_a_link_that_takes_a_files_place_after_the_listing_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "digests").mkdir()
    listed = tmp_path / "digests" / "a.md"
    listed.write_text("harmless")
    source = adapters.source(str(tmp_path / "digests"))
    assert len(source) == 1
    listed.unlink()
    listed.symlink_to("../secret")
    (document,) = [document async for document in source.documents()]
    assert document.text == ""
    assert document.error


async def test_a_fifo_or_a_device_makes_nobody_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.md")
    assert (await only(tmp_path)).error == "not a regular file"
    assert (await only(Path("/dev/zero"))).error == "not a regular file"


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.md", b"", "empty"),
        ("a.md", b"\xef\xbb\xbf \n", "empty"),
        ("a.md", b"# ArXiv\n\xff\xfe", "not UTF-8 text (line 2, byte 8)"),
        ("a.md", b"x" * (MAX_BYTES + 1), "larger than 8 MiB"),
        ("a.md.gz", b"# ArXiv", "not a whole gzip file"),
        ("a.md.gz", gzip.compress(b"# ArXiv" * 99)[:-9], "not a whole gzip file"),
        ("a.md.gz", gzip.compress(b" " * 1_000_000), "larger than 100 times its size once decompressed"),
        (
            "a.md.gz",
            gzip.compress(os.urandom(100_000)) + gzip.compress(b" " * MAX_BYTES),
            "larger than 8 MiB once decompressed",
        ),
    ],
)
async def test_what_cannot_be_a_digest_is_said_in_words(tmp_path: Path, name: str, data: bytes, error: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert await only(tmp_path / name) == Document(str(tmp_path / name), error=error)


async def test_a_file_that_cannot_be_opened_does_not_stop_the_others(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md"):
        (tmp_path / name).write_text(name)
    source = adapters.source(str(tmp_path))
    assert len(source) == 3
    (tmp_path / "b.md").unlink()
    found = [document async for document in source.documents()]
    assert [document.text for document in found] == ["a.md", "", "c.md"]
    assert found[1].error == "No such file or directory"


def test_a_source_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        adapters.source(str(tmp_path / "nothing"))


async def texts(source: Source) -> list[str]:
    return [document.error or document.text async for document in source.documents()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "digests"
    folder.mkdir()
    return folder


@pytest.fixture
def watched(folder: Path, store: Store) -> Source:
    """Return a folder as the service watches it: what was written this second can wait."""
    return adapters.source(str(folder), ledger=store.ledger("sources"))


def write(path: Path, text: str, age: float = 60) -> None:
    """Write a file as if that had been some seconds ago."""
    path.write_text(text)
    written = time.time() - age
    os.utime(path, (written, written))


async def test_a_watched_folder_gives_everything_once_and_then_what_is_new_or_changed(
    folder: Path, watched: Source
) -> None:
    write(folder / "a.md", "first")
    write(folder / "b.md", "second")
    assert await texts(watched) == ["first", "second"]
    assert await texts(watched) == []
    write(folder / "c.md", "third")
    write(folder / "a.md", "other", age=50)
    assert await texts(watched) == ["other", "third"]
    assert len(watched) == 3


async def test_a_change_shows_in_the_time_or_in_the_size_or_in_which_file_it_is(folder: Path, watched: Source) -> None:
    file = folder / "a.md"
    write(file, "first")
    before = file.stat()
    assert await texts(watched) == ["first"]
    os.utime(file, ns=(0, before.st_mtime_ns + 1))
    assert await texts(watched) == ["first"]
    file.write_text("longer")
    os.utime(file, ns=(0, before.st_mtime_ns + 1))
    assert await texts(watched) == ["longer"]
    (folder / "new").write_text("latest")
    os.utime(folder / "new", ns=(0, before.st_mtime_ns + 1))
    (folder / "new").rename(file)
    assert await texts(watched) == ["latest"]
    assert await texts(watched) == []


async def test_a_file_that_is_being_written_waits_until_it_is_left_alone(folder: Path) -> None:
    source = Files(folder, settle=3600)
    write(folder / "a.md", "ha", age=0)
    write(folder / "b.md", "whole", age=7200)
    assert await texts(source) == ["whole"]
    write(folder / "a.md", "half", age=0)
    assert await texts(source) == []
    write(folder / "a.md", "half and", age=7200)  # it grew, and nobody can tell that it is done
    assert await texts(source) == []
    assert await texts(source) == ["half and"]
    write(folder / "a.md", "half and half", age=0)
    assert [await texts(source), await texts(source), await texts(source)] == [[], ["half and half"], []]


async def test_a_file_from_the_future_waits_for_no_clock(folder: Path) -> None:
    source = Files(folder, settle=3600)
    write(folder / "a.md", "far", age=-7200)
    write(folder / "b.md", "near", age=-1800)
    assert [await texts(source), await texts(source)] == [["far"], ["near"]]


async def test_what_is_ingested_once_is_read_as_it_is(folder: Path) -> None:
    write(folder / "a.md", "half", age=0)
    assert await texts(adapters.source(str(folder))) == ["half"]


async def test_a_file_that_changes_or_goes_while_the_others_are_read_is_left_for_later(
    folder: Path, watched: Source
) -> None:
    for name in ("a.md", "b.md", "c.md", "d.md"):
        write(folder / name, name)
    found = []
    async for document in watched.documents():
        found.append(document.text)
        if len(found) == 1:
            write(folder / "b.md", "half", age=30)
            (folder / "c.md").unlink()
    assert found == ["a.md", "d.md"]
    assert await texts(watched) == ["half"]


async def test_a_file_over_which_somebody_failed_is_given_again(folder: Path, watched: Source) -> None:
    for name in ("a.md", "b.md"):
        write(folder / name, name)
    async for document in watched.documents():
        if document.text == "b.md":
            break
    assert await texts(watched) == ["b.md"]


async def test_a_folder_that_has_vanished_is_an_error_each_time_and_read_anew_when_it_is_back(
    folder: Path, watched: Source
) -> None:
    write(folder / "a.md", "first")
    assert await texts(watched) == ["first"]
    os.rename(folder, f"{folder}.away")  # noqa: PTH104  # a path's own would be for a thread, says ruff
    assert [await texts(watched), await texts(watched)] == [["No such file or directory"]] * 2
    os.rename(f"{folder}.away", folder)  # noqa: PTH104  # as above
    assert await texts(watched) == ["first"]


async def test_a_file_that_cannot_be_read_is_an_error_each_time_until_it_can(folder: Path, watched: Source) -> None:
    write(folder / "a.md", " ")
    assert [await texts(watched), await texts(watched)] == [["empty"], ["empty"]]
    write(folder / "a.md", "first", age=50)
    assert await texts(watched) == ["first"]


async def test_a_file_that_is_watched_may_not_be_there_yet_again(folder: Path, store: Store) -> None:
    write(folder / "digest", "first")
    source = adapters.source(str(folder / "digest"), ledger=store.ledger("sources"))
    assert (await texts(source), source.address) == (["first"], str(folder / "digest"))
    (folder / "digest").unlink()
    assert await texts(source) == ["No such file or directory"]
    write(folder / "digest", "second")
    assert await texts(source) == ["second"]


def test_only_platforms_that_are_there_are_offered(store: Store) -> None:
    assert "console" in adapters.platforms()
    assert not any(name.startswith("_") for name in adapters.platforms())
    with pytest.raises(UserError, match=r"no platform 'telegraph'; there are: .*console"):
        adapters.platform("telegraph", Settings(), store.ledger("telegraph"))
    with pytest.raises(UserError):
        adapters.platform("_sources", Settings(), store.ledger("_sources"))


def test_a_platform_loads_only_when_it_is_used_and_its_terminal_libraries_later_still() -> None:
    code = (
        "import sys, adapters; assert 'adapters.console' not in sys.modules; adapters.terminal();"
        "assert 'adapters.console' in sys.modules; assert not {'rich', 'prompt_toolkit'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
