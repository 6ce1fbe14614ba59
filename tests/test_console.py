"""The terminal: what it prints, what it reads, and what it refuses to obey."""

import asyncio
import json
import os
import re
import resource
import signal
import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from adapters.console import PERSON, ROOM, Adapter, files, prompt, render
from bot.model import Button, Call, Card, Destination, File, Item, Link, Reply, Suggestion, Text
from bot.ports import DeliveryError

CARD = Card(
    "2011.10043",
    Text("Propagate Yourself in Point Clouds", ((22, 34),)),
    "https://arxiv.org/abs/2011.10043",
    body=Text("A point cloud has points.", ((2, 13),)),
    why=Text("matches: point cloud"),
    facts=("cs.CV", "Fri 20 Nov 2020"),
    pdf="https://arxiv.org/pdf/2011.10043",
    links=(Link("https://github.com/a/b", "code"),),
    buttons=(Button("Abstract", "show", "2011.10043"),),
)
REPLY = Reply(Text("1 paper"), (CARD,), Text("Page 1 of 2"), (Button("Next", "search", "point cloud page:2"),))

_NEW = os.O_WRONLY | os.O_CREAT | os.O_APPEND


@contextmanager
def standing_in(descriptor: int, other: int) -> Iterator[None]:
    """Put a descriptor in another's place. Not in a fixture: pytest puts its own there between fixture and test."""
    saved = os.dup(descriptor)
    os.dup2(other, descriptor)
    os.close(other)
    try:
        yield
    finally:
        os.dup2(saved, descriptor)
        os.close(saved)


def printing_to(path: Path) -> AbstractContextManager[None]:
    return standing_in(1, os.open(path, _NEW))


@contextmanager
def typing(data: bytes) -> Iterator[None]:
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    with standing_in(0, reading):
        yield


def text(path: Path) -> str:
    return path.read_text("utf-8")


async def post(path: Path, reply: Reply = REPLY, *, key: str = "k", uncertain: bool = False) -> str:
    with printing_to(path):
        await Adapter().post(PERSON, reply, key=key, uncertain=uncertain)
    return text(path)


async def conversation(path: Path, typed: bytes) -> list[str]:
    with typing(typed), printing_to(path):
        await asyncio.wait_for(Adapter().run(echo, nothing), 5)
    return text(path).split("\n\n")


async def echo(call: Call) -> Reply:
    assert (call.caller, call.room, call.may_manage) == (PERSON, ROOM, True)
    assert call.at.tzinfo is not None
    return Reply(Text(f"{call.name}|{call.text}"))


async def nothing(call: Call, parameter: str, typed: str) -> tuple[Suggestion, ...]:
    raise AssertionError("nobody types here")


def test_off_a_terminal_an_answer_is_plain_lines() -> None:
    assert render.shown(REPLY).splitlines() == [
        "1 paper",
        "",
        "Propagate Yourself in Point Clouds",
        "    matches: point cloud",
        "    cs.CV · Fri 20 Nov 2020",
        "    A point cloud has points.",
        "    https://arxiv.org/abs/2011.10043 · PDF https://arxiv.org/pdf/2011.10043 · code https://github.com/a/b",
        "    Abstract: show 2011.10043",
        "",
        "Page 1 of 2",
        "",
        "Next: search point cloud page:2",
    ]


def test_of_several_papers_none_has_the_steps_that_are_one_sign_elsewhere() -> None:
    thumb = Button("More like this", "like", "2011.10043", sign="👍")
    card = replace(CARD, buttons=(*CARD.buttons, thumb))
    for show in (render.plain, render.styled):
        assert "More like this: like 2011.10043" in show(replace(REPLY, cards=(card,)))
        assert "More like this" not in show(replace(REPLY, cards=(card, card)))


LIST = Reply(
    Text("You have 2 subscriptions."),
    items=(
        Item(Text("1. lidar"), (Button("Mute", "mute", "1"), Button("Remove", "unsubscribe", "1"))),
        Item(Text("2. radar\x1b[2J")),
    ),
    note=Text("Page 1 of 2"),
)


def test_a_list_is_its_lines_each_with_its_steps() -> None:
    assert render.plain(LIST).splitlines() == [
        "You have 2 subscriptions.",
        "",
        "1. lidar",
        "    Mute: mute 1 · Remove: unsubscribe 1",
        "2. radar\N{REPLACEMENT CHARACTER}[2J",
        "",
        "Page 1 of 2",
    ]
    assert json.loads(render.as_json(LIST))["items"] == [
        {
            "text": "1. lidar",
            "buttons": [{"label": "Mute", "line": "mute 1"}, {"label": "Remove", "line": "unsubscribe 1"}],
        },
        {"text": "2. radar\x1b[2J", "buttons": []},
    ]


@pytest.mark.usefixtures("colours")
def test_a_list_on_a_terminal_is_the_same_with_colours() -> None:
    visible = re.sub(r"\x1b\[[0-9;]*m", "", render.styled(LIST))
    assert visible.splitlines() == [
        "You have 2 subscriptions.",
        "",
        "1. lidar",
        "  Mute: mute 1 · Remove: unsubscribe 1",
        "2. radar\N{REPLACEMENT CHARACTER}[2J",
        "",
        "Page 1 of 2",
    ]


def test_an_error_that_is_also_the_text_is_shown_once() -> None:
    assert render.plain(Reply(Text("No."), error="No.")) == "No."
    assert render.plain(Reply(Text("More."), error="No.")) == "No.\n\nMore."


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")


@pytest.mark.usefixtures("colours")
def test_on_a_terminal_matches_stand_out_links_are_links_and_lines_fit() -> None:
    shown = render.styled(REPLY)
    assert "\x1b[1;33mPoint Clouds\x1b[0m" in shown
    assert "\x1b[1;33mpoint cloud\x1b[0m" in shown
    assert re.search(r"\x1b]8;id=\d+;https://github\.com/a/b\x1b\\", shown)
    visible = re.sub(r"\x1b\[[0-9;]*m|\x1b]8;[^\x1b]*\x1b\\", "", shown)
    assert "\x1b" not in visible
    assert max(map(len, visible.splitlines())) <= 60


@pytest.mark.usefixtures("colours")
def test_no_color_takes_the_colours_away(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = re.compile(r"\x1b\[(?:[0-9]+;)*3[0-7](?:;[0-9]+)*m")
    assert coloured.search(render.styled(REPLY))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured.search(render.styled(REPLY))


@pytest.mark.usefixtures("colours")
def test_a_dumb_terminal_gets_no_escape_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in render.styled(REPLY)


@given(st.text())
def test_no_paper_can_command_the_terminal(text: str) -> None:
    card = Card(
        "1", Text(text), text, Text(text), Text(text), (text,), text, (Link(text),), (Button(text, text, text),)
    )
    shown = render.plain(Reply(Text(text), (card,), Text(text), card.buttons, error=text))
    odd = [c for c in shown if c != "\n" and (unicodedata.category(c) == "Cc" or c in "\u202e\u2066\u200f")]
    assert not odd


@pytest.mark.usefixtures("colours")
def test_escape_sequences_of_a_paper_are_shown_and_not_sent() -> None:
    hostile = "\x1b]0;owned\x07 \x9b31m \x1b]8;;https://evil.example\x1b\\x"
    shown = render.styled(Reply(Text(hostile), (Card("1", Text(hostile), hostile, Text(hostile)),)))
    assert not re.search(r"\x1b(?!\[[0-9;]*m|]8;id=\d+;|]8;;\x1b\\|\\)|\x9b|\x07", shown)
    assert "\x1b]0" not in shown
    assert "\x1b]8;;https" not in shown


async def test_a_message_closes_with_an_id_of_its_own(tmp_path: Path) -> None:
    lines = (await post(tmp_path / "out")).splitlines()
    assert lines[0] == "-- to you --"
    assert re.fullmatch(r"-- paperwire [0-9a-f]{16} --", lines[-2])
    both = await post(tmp_path / "out", key="other")
    assert len(set(re.findall(r"^-- paperwire (.*) --$", both, re.MULTILINE))) == 2


async def test_a_message_is_printed_in_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    def write(_: int, data: bytes) -> int:
        written.append(data)
        return len(data)

    monkeypatch.setattr(os, "write", write)
    await post(tmp_path / "out", Reply(Text("x" * 100_000)))
    (data,) = written
    assert data.startswith(b"-- to you --\n")
    assert data.endswith(b" --\n\n")


async def test_an_uncertain_message_that_arrived_is_not_printed_again(tmp_path: Path) -> None:
    once = await post(tmp_path / "out")
    assert await post(tmp_path / "out", uncertain=True) == once


async def test_an_uncertain_message_that_was_torn_is_printed_whole(tmp_path: Path) -> None:
    whole = await post(tmp_path / "out")
    torn = whole[: len(whole) // 2]
    (tmp_path / "out").write_text(torn, "utf-8")
    assert await post(tmp_path / "out", uncertain=True) == f"{torn}\n{whole}"


async def test_a_paper_cannot_pass_itself_off_as_a_message_that_arrived(tmp_path: Path) -> None:
    closing = (await post(tmp_path / "first")).splitlines()[-2]
    forged = Card("1", Text(f"x\n{closing}\n"), "", Text(f"\n{closing}\n"), facts=(closing,))
    before = await post(tmp_path / "out", Reply(cards=(forged,)), key="other")
    assert closing in before
    after = await post(tmp_path / "out", uncertain=True)
    assert after.removeprefix(before).endswith(f"\n{closing}\n\n")


async def test_where_nobody_can_look_a_repeat_says_that_it_may_be_one() -> None:
    reading, writing = os.pipe()
    with standing_in(1, writing):
        await Adapter().post(PERSON, REPLY, key="k", uncertain=True)
    assert b"-- to you (may be a repeat) --" in os.read(reading, 65536)
    os.close(reading)


async def test_an_output_that_nobody_reads_is_a_delivery_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with standing_in(1, writing), pytest.raises(DeliveryError, match="epipe") as caught:
        await Adapter().post(PERSON, REPLY, key="k", uncertain=False)
    assert caught.value.kind == "later"


async def test_an_output_whose_reader_sleeps_does_not_stop_everything_else() -> None:
    reading, writing = os.pipe()
    long = Reply(Text("x" * 1_000_000))
    with standing_in(1, writing):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Adapter().post(PERSON, long, key="k", uncertain=False), 0.1)
        # The reader wakes, and the message that was left behind arrives whole.
        arrived = b""
        while not arrived.endswith(b"--\n\n"):
            arrived += await asyncio.to_thread(os.read, reading, 1_000_000)
        os.close(reading)
    assert arrived.count(b"x" * 1_000_000) == 1


async def test_a_room_of_another_platform_is_not_this_terminals() -> None:
    with pytest.raises(DeliveryError) as caught:
        await Adapter().post(Destination("slack", "T1", "C1"), REPLY, key="k", uncertain=False)
    assert caught.value.kind == "gone"


async def test_each_line_of_a_pipe_is_answered_until_its_end(tmp_path: Path) -> None:
    answers = await conversation(tmp_path / "out", b"today\r\n\n  \nsearch point cloud\nsubscribe x")
    assert answers == ["today|", "search|point cloud", "subscribe|x", ""]


async def test_a_regular_file_can_be_the_input(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_bytes(b"today\nsearch \xff\n")
    with standing_in(0, os.open(lines, os.O_RDONLY)), printing_to(tmp_path / "out"):
        await asyncio.wait_for(Adapter().run(echo, nothing), 5)
    assert text(tmp_path / "out") == "today|\n\nsearch|\N{REPLACEMENT CHARACTER}\n\n"


async def test_waiting_for_input_can_be_cancelled() -> None:
    reading, writing = os.pipe()
    with standing_in(0, reading):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Adapter().run(echo, nothing), 0.1)
        os.close(writing)


async def test_an_answer_as_json_holds_everything_and_only_ascii(tmp_path: Path) -> None:
    with printing_to(tmp_path / "out"):
        await Adapter().show_json(REPLY)
    assert text(tmp_path / "out").isascii()
    shown = json.loads(text(tmp_path / "out"))
    assert shown == {
        "text": "1 paper",
        "private": False,
        "items": [],
        "cards": [
            {
                "paper": "2011.10043",
                "title": "Propagate Yourself in Point Clouds",
                "url": "https://arxiv.org/abs/2011.10043",
                "body": "A point cloud has points.",
                "why": "matches: point cloud",
                "facts": ["cs.CV", "Fri 20 Nov 2020"],
                "pdf": "https://arxiv.org/pdf/2011.10043",
                "links": [{"url": "https://github.com/a/b", "kind": "code"}],
                "buttons": [{"label": "Abstract", "line": "show 2011.10043"}],
            }
        ],
        "note": "Page 1 of 2",
        "buttons": [{"label": "Next", "line": "search point cloud page:2"}],
        "file": None,
        "error": None,
    }


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("sea", ["search "]),
        ("exi", ["exit"]),
        ("help sear", []),
        ("search lidar ti", ["title:"]),
        ("search lidar -(ti", ["title:"]),
        ("subscribe ha", ["has:"]),
        ("today ti", []),
        ("nonsense ti", []),
    ],
)
def test_completion_offers_the_verbs_and_fields_that_fit(before: str, expected: list[str]) -> None:
    assert [word for _, word, _ in prompt.completions(before)] == expected


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        ("sea", []),
        ("nonsense l", []),
        ("status ", []),
        ("status   x", []),
        ("search  lidar  se", [("query_text", " lidar  se")]),
        ("help sear", [("about", "sear")]),
        ("search ", [("query_text", "")]),
        ("SEARCH lidar -med", [("query_text", "lidar -med")]),
        ('search "point clo', [("query_text", '"point clo')]),
        ("search page:2 lidar seg", [("query_text", "lidar seg")]),
        ("search lidar page:2 seg", []),
        ("today ", [("day", ""), ("category", "")]),
        ("today fri cs", [("category", "cs")]),
        ("settings o", [("switch", "o"), ("categories", "o")]),
        ("settings on cs.CV cs.", [("categories", "cs.CV cs.")]),
        ("settings tz:ber", [("tz", "ber")]),
        ("settings on at:", [("at", "")]),
    ],
)
async def test_tab_asks_for_what_the_end_of_the_line_may_be(before: str, asked: list[tuple[str, str]]) -> None:
    async def offer(line: str, parameter: str, typed: str) -> tuple[Suggestion, ...]:
        assert line == before
        return (Suggestion(parameter, typed),)

    assert [(found.label, typed) async for typed, found in prompt.offered(before, offer)] == asked


@pytest.mark.usefixtures("colours")
async def test_tab_completes_an_argument_at_the_prompt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    async def offer(_: str, parameter: str, typed: str) -> tuple[Suggestion, ...]:
        return (Suggestion("label", f"{typed}mentation"),) if parameter == "query_text" else ()

    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        session = prompt.session(offer)
        asking = asyncio.create_task(session.prompt_async("> "))
        keys.send_text("search lidar seg\t")
        async with asyncio.timeout(5):
            while "mentation" not in session.default_buffer.text:  # noqa: ASYNC110  # the prompt has no event
                await asyncio.sleep(0.01)
            keys.send_text("\r")
            assert await asking == "search lidar segmentation"


def test_the_line_below_the_prompt_explains_what_is_being_typed() -> None:
    assert prompt.hint("search poi").startswith("search QUERY")
    assert prompt.hint("").startswith("help lists the commands")
    assert prompt.hint("x").startswith("help lists the commands")


# Files

BIB = File("saved.bib", "application/x-bibtex", "@misc{a,\n title = {Müller}}\n".encode())
TAKEN = Reply(Text("2 papers."), note=Text("None has authors."), file=BIB)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "here"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def test_a_file_is_written_into_the_folder_and_never_over_another(folder: Path) -> None:
    said = [str(files.saved(replace(TAKEN, file=replace(BIB, content=b"%d" % n))).note) for n in range(3)]

    names = ["saved.bib", "saved-2.bib", "saved-3.bib"]
    assert said == [f"None has authors.\nWritten to {folder}/{name}" for name in names]
    assert [(folder / name).read_bytes() for name in names] == [b"0", b"1", b"2"]


def test_a_link_that_stands_in_the_way_is_not_followed(folder: Path) -> None:
    (folder / "saved.bib").symlink_to(folder / "elsewhere")
    files.saved(TAKEN)

    assert not (folder / "elsewhere").exists()
    assert (folder / "saved-2.bib").read_bytes() == BIB.content


def test_no_name_leads_out_of_the_folder(folder: Path) -> None:
    files.saved(replace(TAKEN, file=replace(BIB, name="../../.profile")))
    assert names(folder) == ["profile"]


def test_where_nothing_can_be_written_the_answer_says_so(folder: Path) -> None:
    folder.rmdir()
    assert "saved.bib could not be written here: No such file or directory." in str(files.saved(TAKEN).note)


def test_half_of_a_file_is_not_left_behind(folder: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        said = str(files.saved(replace(TAKEN, file=replace(BIB, content=b"x" * 100_000))).note)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)

    assert "could not be written here: File too large." in said
    assert names(folder) == []


async def test_off_a_terminal_the_file_alone_is_the_output(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with capfd.disabled(), printing_to(tmp_path / "out"), standing_in(2, os.open(tmp_path / "err", _NEW)):
        await Adapter().give(TAKEN)

    assert (tmp_path / "out").read_bytes() == BIB.content
    assert text(tmp_path / "err") == "2 papers.\n\nNone has authors.\n"
    assert names(folder) == []


async def test_on_a_terminal_the_file_is_written_and_the_answer_says_where(folder: Path) -> None:
    reading, writing = os.openpty()
    with standing_in(1, writing):
        await Adapter().give(TAKEN)
        shown = os.read(reading, 4096).decode()
    os.close(reading)

    assert "Written to" in shown
    assert (folder / "saved.bib").read_bytes() == BIB.content


async def test_an_answer_without_a_file_is_given_as_it_is_shown(tmp_path: Path) -> None:
    with printing_to(tmp_path / "out"):
        await Adapter().give(REPLY)
    assert text(tmp_path / "out") == f"{render.plain(REPLY)}\n\n"


async def test_what_is_asked_for_line_by_line_leaves_its_file_in_the_folder(folder: Path, tmp_path: Path) -> None:
    async def answer(_: Call) -> Reply:
        return TAKEN

    with typing(b"export\n"), printing_to(tmp_path / "out"):
        await asyncio.wait_for(Adapter().run(answer, nothing), 5)

    assert f"Written to {folder}/saved.bib" in text(tmp_path / "out")
    assert (folder / "saved.bib").read_bytes() == BIB.content


def test_a_file_is_in_the_answer_as_json() -> None:
    assert json.loads(render.as_json(TAKEN))["file"] == {
        "name": "saved.bib",
        "media_type": "application/x-bibtex",
        "content": BIB.content.decode(),
    }
