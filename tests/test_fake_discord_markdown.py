"""The tests' reader of Discord's markdown shows what Discord's apps show."""

from __future__ import annotations

import pytest

from tests.fakes.discord_markdown import links, live, mentions, shown
from tests.fakes.hosts import foreign


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain text", "plain text"),
        ("**bold** *it* _it_ __under__ ~~gone~~ ||hidden||", "bold it it under gone hidden"),
        ("***both*** __**all**__", "both all"),
        ("`a*b*c` ``d`e``", "a*b*c d`e"),
        ("```py\nx = *y*\n```", "x = *y*"),
        ("```one line```", "one line"),
        (r"\*a\* \_b\_ \~\~c\~\~ \`d\` \|\|e\|\| \> \# \[f\]\(g\)", "*a* _b_ ~~c~~ `d` ||e|| > # [f](g)"),
        (r"\\ C:\new \ ", "\\ C:\\new \\ "),
        ("snake_case_name 2 * 3 * 4 a*b", "snake_case_name 2 * 3 * 4 a*b"),
        ("**open", "**open"),
        ("# Head\n## Two\n### Three\n-# small", "Head\nTwo\nThree\nsmall"),
        ("#no #### no", "#no #### no"),
        ("\\# a\n\\- b\n1\\. c\n\\-# d\n\\> e", "# a\n- b\n1. c\n-# d\n> e"),
        ("> quoted\n>no\n>>> rest", "quoted\n>no\nrest"),
        ("- one\n* two\n  - inner\n3. three", "• one\n• two\n  • inner\n3. three"),
        ("a - b # c > d", "a - b # c > d"),
        ("**two\nlines**", "two\nlines"),
        ("[**text**](<https://arxiv.org/abs/1>)", "text"),
        ("[text](https://a.org 'title')", "text"),
        ("[text](nowhere) [](https://a.org)", "[text](nowhere) [](https://a.org)"),
        ("<https://a.org>", "https://a.org"),
        ("<@1> <#2> <:cat:3> </papers search:4> <t:0:R>", "@1 #2 :cat: /papers search 1970-01-01 00:00"),
        ("<b> x < y > z <@one>", "<b> x < y > z <@one>"),
        ("<t:99999999999999999>", "Invalid Date"),
    ],
)
def test_a_reader_sees(text: str, seen: str) -> None:
    assert shown(text) == seen


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("see https://a.org/x_y_z?q=1, and", ["https://a.org/x_y_z?q=1"]),
        ("(https://a.org/b_(c))", ["https://a.org/b_(c)"]),
        ("(https://a.org/b).", ["https://a.org/b"]),
        ("<https://a.org/b c", ["https://a.org/b"]),
        ("glued:https://a.org HTTP://B.ORG", ["https://a.org", "HTTP://B.ORG"]),
        ("[a](https://b.org/c) [d](<https://e.org>)", ["https://b.org/c", "https://e.org"]),
        ("[a [b] c](https://b.org)", ["https://b.org"]),
        (r"[a\]](https://b.org/\_)", ["https://b.org/_"]),
        ("[https://a.org](https://b.org)", ["https://a.org](https://b.org)"]),
        ("**https://a.org** `https://b.org`", ["https://a.org"]),
        ("<a@b.org> <+1 555 0100>", ["mailto:a@b.org", "tel:+1 555 0100"]),
        ("www.a.org a.org http:/a https:// ftp://a.org", []),
        (r"https\://a.org https:\//b.org", []),
        (r"\https://a.org", ["https://a.org"]),
        (r"\[a](https\://b.org)", []),
        (r"[a](https\://b.org)", ["https://b.org"]),
        ("```\nhttps://a.org\n```", []),
    ],
)
def test_links_lead(text: str, targets: list[str]) -> None:
    found = links(text)
    # Where the text of a link is an address, the apps differ in how much of it they take.
    assert [each.rstrip("*") for each in found] == targets


@pytest.mark.parametrize(
    "text",
    [
        *("<@1>", "<@!1>", "<@&1>", "<#1>", "</papers:1>", "</papers search:1>", "<id:browse>", "<id:customize>"),
        *("<:cat:1>", "<a:cat:1>", "<t:1>", "<t:-1:F>", "@everyone", "@here"),
    ],
)
def test_mentions_are_alive_anywhere_but_in_code_or_escaped(text: str) -> None:
    assert mentions(f"x {text} y") == [text]
    assert mentions(f"**{text}**") == [text]
    assert mentions(f"# {text}") == [text]
    assert mentions(f"[{text} z](https://arxiv.org)") == [text]
    assert mentions(f"`{text}`") == []
    assert mentions(f"```\n{text}\n```") == []
    assert mentions(f"\\{text[:1]}\u200b{text[1:]}") == []


def test_what_an_escape_takes_the_meaning_from() -> None:
    assert mentions(r"\<@1> \<:cat:1> \<t:1> \<#1>") == []
    # The sign is shown without its backslash, and what is left is no mention.
    assert shown(r"\@everyone") == "@everyone"
    assert mentions(r"\@everyone") == []


def test_live_says_what_rings_and_what_leads_away() -> None:
    assert live("<@1> https://evil.com https://arxiv.org/abs/1 https://export.arxiv.org/x") == [
        "a live mention <@1>",
        "a link to https://evil.com",
    ]
    assert live("https://evil.com", {"evil.com"}) == []


@pytest.mark.parametrize(
    "url",
    [
        *("https://notarxiv.org", "https://arxiv.org.evil.com", "https://arxiv.org@evil.com", "javascript:alert(1)"),
        *("https://evil.com\\@arxiv.org", "https://[", "discord://arxiv.org", "https://arxiv.org/a b", "mailto:a@b.c"),
    ],
)
def test_a_foreign_link_is_told(url: str) -> None:
    assert foreign(url)


@pytest.mark.parametrize("mark", ["*", "_", "[", "(", "`", "|", "~", "> ", "[a](", "<@", "**a", "- ", "\\"])
def test_marks_without_end_are_read_to_their_end(mark: str) -> None:
    assert shown(mark * 1000 + "z").endswith("z")
