"""Text as Discord's markdown: what papers and people write stays text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.discord import markdown
from bot.model import Text
from tests.fakes import discord_markdown

HOSTILE = st.lists(
    st.sampled_from(
        [
            *("@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "<#1>", "</papers:1>", "<id:browse>", "<:emoji:1>"),
            *("<a:emoji:1>", "<t:1:R>", "[x](http://evil.example)", "[", "](", ")", "http://evil.example", "https://"),
            *("<https://evil.example>", "discord.gg/x", "discord.com/invite/x", "`", "``", "```", "*", "**", "_", "__"),
            *(
                "~~",
                "||",
                "# ",
                "## ",
                "-# ",
                "- ",
                "1. ",
                "> ",
                ">>> ",
                "\\",
                "\\\\",
                "\n",
                " ",
                "a",
                "GAN",
                "Ω",
                "$x^2$",
            ),
            *("\u202e", "\u200b", "mailto:a@b.example", "ftp://x.example", "hTTps://evil.example", "://"),
        ]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=2000, deadline=None)
@given(st.one_of(HOSTILE, st.text(max_size=60)))
@example("\\[x](http://evil.example)")
@example("1. one\n2. two")
def test_an_escaped_text_is_shown_as_it_was_written_and_does_nothing(text: str) -> None:
    escaped = markdown.escape(text)

    assert discord_markdown.shown(escaped) == text
    assert discord_markdown.links(escaped) == []
    assert discord_markdown.mentions(escaped) == []


@settings(max_examples=1000, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=4), st.sampled_from(["*", "**"]))
def test_marks_neither_end_an_escape_nor_begin_one(words: list[str], sign: str) -> None:
    plain, marks = "", []
    for word in words:
        start = len(plain) + 1
        plain += f" {word} mark"
        marks.append((start + len(word) + 1, len(plain)))
        assert plain[slice(*marks[-1])] == "mark"
    shown = markdown.marked(Text(plain, tuple(marks)), sign)

    assert discord_markdown.links(shown) == []
    assert discord_markdown.mentions(shown) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("search lidar", "`search lidar`"),
        ("search `x`", "`` search `x` ``"),
        ("search ``x``", "search \\`\\`x\\`\\`"),
    ],
)
def test_a_command_is_code_whatever_is_in_it(text: str, shown: str) -> None:
    assert markdown.code(text) == shown
    assert discord_markdown.shown(markdown.code(text)) == text


@settings(max_examples=500, deadline=None)
@given(st.one_of(HOSTILE, st.text(max_size=60)))
def test_code_shows_what_it_is_given(text: str) -> None:
    code = markdown.code(text)

    assert discord_markdown.links(code) == []
    assert discord_markdown.mentions(code) == []


@pytest.mark.parametrize("label", ["PDF", "](http://evil.example)[", "[x", "\\"])
def test_a_link_leads_where_it_says_whatever_its_label(label: str) -> None:
    made = markdown.link(label, "https://arxiv.org/pdf/2011.10043")

    assert discord_markdown.links(made) == ["https://arxiv.org/pdf/2011.10043"]


def test_an_address_cannot_end_its_link() -> None:
    made = markdown.link("PDF", "https://github.com/a)b (c) [d]")

    assert discord_markdown.links(made) == ["https://github.com/a%29b%20%28c%29%20%5Bd%5D"]
