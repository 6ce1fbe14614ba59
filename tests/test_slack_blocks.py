"""Replies as Block Kit: what a person sees, and that no paper can make Slack refuse or obey it.

Every payload here goes through `tests.fakes.block_kit`, which shares no code with the product.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack import blocks, views
from adapters.slack.blocks import Message
from adapters.slack.parts import Press
from bot.model import Button, Card, Item, Link, Reply, Text
from tests.fakes import block_kit

CARD = Card(
    "2011.10043",
    Text("Propagate Yourself: pixel-level learning", ((20, 31),)),
    "https://arxiv.org/abs/2011.10043",
    Text("Contrastive learning of pixels.", ((24, 30),)),
    Text("matches: pixel in the title"),
    ("cs.CV", "Fri 20 Nov 2020"),
    "https://arxiv.org/pdf/2011.10043",
    (Link("https://github.com/zdaxie/PixPro", "code"), Link("https://example.org/page")),
    (
        Button("Abstract", "show", "2011.10043", shown="aside"),
        Button("Similar", "similar", "2011.10043"),
        Button("More like this", "like", "2011.10043", sign="👍"),
        Button("Less like this", "dislike", "2011.10043", sign="👎"),
    ),
)
PAGE = Reply(
    Text("53 papers for pixel"),
    (CARD,) * 10,
    Text("Page 2 of 6"),
    (
        Button("Previous", "search", "pixel page:1", shown="instead"),
        Button("Next", "search", "pixel page:3", shown="instead"),
        Button("Subscribe", "subscribe", "pixel"),
    ),
    private=True,
    again=Button("", "search", "pixel page:2"),
)


def troubles(messages: Iterable[Message]) -> list[str]:
    return [
        trouble
        for each in messages
        for trouble in block_kit.problems(
            {"text": each.text, "blocks": list(each.blocks), "unfurl_links": False, "unfurl_media": False}, "message"
        )
    ]


def texts(part: Any) -> str:
    """Return every text in blocks, in order, as a reader would come by it."""
    if isinstance(part, dict):
        inside = "".join(texts(each) for key, each in part.items() if key not in ("type", "url", "value", "action_id"))
        return inside + ("\n" if part.get("type") in ("rich_text", "context", "actions", "button") else "")
    if isinstance(part, list | tuple):
        return "".join(map(texts, part))
    return part if isinstance(part, str) else ""


def found(part: Any, kind: str) -> list[dict[str, Any]]:
    """Return the elements of a type in blocks."""
    if isinstance(part, dict):
        return [part] * (part.get("type") == kind) + [each for inner in part.values() for each in found(inner, kind)]
    return [each for inner in part for each in found(inner, kind)] if isinstance(part, list | tuple) else []


def test_a_page_of_results_is_one_message_that_slack_takes() -> None:
    said = blocks.message(PAGE, by="U1", share=True)

    assert troubles([said]) == []
    labels = [each["text"]["text"] for each in found(said.blocks, "button")]
    assert labels[-4:] == ["Previous", "Next", "Subscribe", "Share to channel"]
    assert texts(said.blocks[0]) == "53 papers for pixel\n"


def test_a_card_has_its_title_as_link_its_marks_its_reason_and_its_addresses() -> None:
    rich, context, _ = blocks.message(Reply(cards=(CARD,))).blocks

    links = found(rich, "link")
    assert "".join(each["text"] for each in links) == CARD.title.plain
    assert {each["url"] for each in links} == {CARD.url}
    assert [each["text"] for each in links if each["style"]["italic"]] == ["pixel-level"]
    assert [each["text"] for each in found(rich, "text") if each.get("style")] == ["pixels"]
    assert [each["text"] for each in context["elements"]] == [
        "matches: pixel in the title",
        "cs.CV · Fri 20 Nov 2020",
        ("<https://arxiv.org/pdf/2011.10043|PDF>  <https://github.com/zdaxie/PixPro|Code (github.com)>"),
    ]


def test_only_who_asked_may_turn_the_pages() -> None:
    said = blocks.message(PAGE, by="U1")
    presses = [Press.load(each["value"]) for each in found(said.blocks, "button")]

    assert {each.by for each in presses if "page:" in each.text} == {"U1"}
    assert {each.by for each in presses if "page:" not in each.text} == {""}


def test_a_press_of_somebody_elses_making_is_refused() -> None:
    assert Press.load(Press("search", 'a "b" ü', "U1").dump()) == Press("search", 'a "b" ü', "U1")
    for value in ("", "search lidar", '{"name": "search"}', '["search"]', '["search", 1, ""]'):
        with pytest.raises(ValueError, match=r"."):
            Press.load(value)


def test_long_snippets_give_way_before_cards_do() -> None:
    long = replace(CARD, title=Text("A title of many words " * 20), body=Text("Long abstracts are cut. " * 200))
    said = blocks.message(replace(PAGE, cards=(long,) * 10))

    assert troubles([said]) == []
    assert len({each["url"] for each in found(said.blocks, "link")}) == 1
    assert sum(block["type"] == "context" for block in said.blocks) == 11


def test_cards_that_cannot_be_shown_are_counted() -> None:
    wide = replace(CARD, why=Text("because " * 60), facts=("author " * 60,), title=Text("Title " * 60))
    said = blocks.message(replace(PAGE, cards=(wide,) * 40))

    assert troubles([said]) == []
    assert "5 of 40 are shown: together they are too long for one message." in texts(said.blocks)


def test_highlights_are_one_message_with_their_details_in_its_thread() -> None:
    first, *rest = blocks.thread(replace(PAGE, private=False))

    assert troubles([first, *rest]) == []
    assert len(found(first.blocks, "link")) == 3 * 10
    assert "Contrastive learning" not in texts(first.blocks)
    assert texts([each.blocks for each in rest]).count("Contrastive learning") == 10


def test_a_list_beside_papers_stands_in_the_message_of_a_room() -> None:
    messages = blocks.thread(replace(PAGE, items=(Item(Text("What rises"), (Button("Papers", "search", "rises"),)),)))

    assert "What rises" in texts(messages[0].blocks)
    assert troubles(messages) == []


def test_what_is_noted_below_a_message_is_there_in_a_room_and_in_full() -> None:
    steps = f"To hear less, type: subscribe {'x' * 480} instead:1"
    lines = ["and 2 more: to see all, type: matches 2020-11-20", f"{'x' * 480} alone brought 2. {steps}"]
    lines += ["Not delivered: the alert of Fri 20 Nov 2020. To see it, type: matches 2020-11-20"] * 4
    said = replace(PAGE, note=Text("\n".join(lines)))

    for first in (blocks.thread(said)[0], blocks.chapters(said)[0], blocks.message(said)):
        assert troubles([first]) == []
        (noted,) = [each for each in first.blocks if "to see all" in texts(each)]
        assert noted["type"] == "context"
        assert texts(noted).strip().split("\n") == [line.replace("type: ", "type: /papers ") for line in lines]
    assert blocks.thread(replace(PAGE, note=Text()))[0].blocks[-2]["type"] == "rich_text"


def test_an_alert_holds_every_hit_however_many() -> None:
    messages = blocks.chapters(replace(PAGE, cards=(CARD,) * 60, note=Text("")), by="U1")

    assert troubles(messages) == []
    assert sum(texts(each.blocks).count("Contrastive learning") for each in messages) == 60
    assert "of 60 are here, the others in the thread of this message." in texts(messages[0].blocks)
    assert texts(messages[0].blocks).rstrip().endswith("Subscribe")


def test_a_list_keeps_each_lines_buttons_with_it() -> None:
    steps = (Button("Mute", "mute", "2", shown="instead"), Button("Remove", "unsubscribe", "2", shown="instead"))
    said = blocks.message(Reply(Text("Yours are:"), items=(Item(Text("2. lidar"), steps),) * 10))

    assert troubles([said]) == []
    assert texts(said.blocks[1:3]).split("\n")[:3] == ["2. lidar", "Mute", "Remove"]


def test_of_several_papers_each_has_the_button_that_opens_it_and_the_thumbs_as_signs() -> None:
    for several in (blocks.message(PAGE), blocks.chapters(PAGE)[0], blocks.thread(PAGE)[1]):
        of_first = [each for each in found(several.blocks, "button") if ":card0:" in each["action_id"]]
        assert [each["text"]["text"] for each in of_first] == ["Abstract", "👍", "👎"]
        assert [each.get("accessibility_label") for each in of_first] == [None, "More like this", "Less like this"]
    alone = blocks.message(replace(PAGE, cards=(CARD,)))
    shown = [each["text"]["text"] for each in found(alone.blocks, "button")]
    assert shown[:4] == ["Abstract", "Similar", "More like this", "Less like this"]


def test_ten_papers_with_their_thumbs_and_their_first_lines_are_one_message() -> None:
    said = blocks.message(replace(PAGE, cards=(replace(CARD, body=Text("word " * 55)),) * 10))
    assert texts(said.blocks).count("word " * 50) == 10
    assert len(found(said.blocks, "button")) == 33


def test_the_first_line_of_a_reply_stands_out_where_it_heads_papers_or_a_list() -> None:
    (section,) = blocks.message(replace(PAGE, text=Text("53 papers\nTwo days."))).blocks[0]["elements"]

    assert section["elements"] == [
        {"type": "text", "text": "53 papers", "style": {"bold": True}},
        {"type": "text", "text": "\nTwo days."},
    ]
    assert not [each for each in found(blocks.message(Reply(Text("Done."))).blocks, "text") if "style" in each]


def test_views_are_what_slack_takes() -> None:
    listed = Reply(Text("Yours are:"), items=(Item(Text("1. lidar"), (Button("Mute", "mute", "1"),)),))
    home = views.home(listed, PAGE, said=Reply(Text("Muted.")))
    for view, surface in (
        (home, "home"),
        (views.reply("arXiv:hep-th/9901001, and more", Reply(Text("x"), (CARD,))), "modal"),
        (views.subscribe("lidar", PAGE), "modal"),
        (views.subscribe(), "modal"),
    ):
        assert block_kit.problems(view, surface) == []  # type: ignore[arg-type]
    assert "Yours are:" in texts(home["blocks"])
    assert "53 papers for pixel" in texts(home["blocks"])


def test_what_unfurls_below_a_link_is_what_slack_takes() -> None:
    assert block_kit.problems({"blocks": blocks.unfurled(CARD)}, "unfurl") == []


_SIGNS = (
    *("<!channel>", "<!here|x>", "<!subteam^S1>", "<@U1>", "<#C1>", "@everyone", "@channel", "*b*", "_i_", "~s~"),
    *("`c`", "```\nx\n```", "<https://evil.example|arXiv>", "[x](https://evil.example)", "https://evil.example/a"),
    *("www.evil.example", "mailto:a@evil.example", ":tada:", "\u202egnp.exe", "&lt;!channel&gt;", "&amp;", "|>"),
    *("<", ">", "&", "\n", "\t", "  ", "\u200b", "é", "数", "🎉", "$x_1$", "x" * 90),
)
_WORDS = st.lists(st.one_of(st.sampled_from(_SIGNS), st.text(max_size=12)), min_size=1, max_size=30).map(" ".join)


def test_of_ten_thousand_hostile_titles_none_pings_links_elsewhere_or_is_refused() -> None:
    seed = os.environ.get("SEED") or os.urandom(4).hex()
    chance = random.Random(seed)
    titles = (
        "A " + chance.choice(("", " ")).join(chance.choices(_SIGNS, k=chance.randint(1, 40)))[:300]
        for _ in range(10_000)
    )
    cards = (replace(CARD, title=Text(each), body=Text(each), facts=(each,)) for each in titles)
    while page := tuple(islice(cards, 10)):
        said = blocks.message(replace(PAGE, text=page[0].title, cards=page), note=page[0].title.plain)
        assert troubles([said]) == [], f"SEED={seed}"


@given(title=_WORDS, body=_WORDS, url=st.one_of(st.just("https://github.com/a/b"), _WORDS), at=st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_no_paper_pings_links_elsewhere_or_is_refused(title: str, body: str, url: str, at: int) -> None:
    long = Text(f"A {title} ", ((0, 1), (1 + at, 3 + at)) if len(title) > at + 3 else ())
    links = (Link(url, "code" if url == "https://github.com/a/b" else "page"),)
    mean = replace(CARD, title=long, body=Text(body), why=Text(title), facts=(body, title), links=links)
    reply = replace(PAGE, text=Text(title), cards=(mean,) * 10, items=(Item(long, CARD.buttons),), note=Text(body))

    assert troubles([blocks.message(reply, by="U1", share=True, note=title)]) == []
    assert troubles(blocks.thread(reply)) == []
    assert troubles(blocks.chapters(reply)) == []
    assert block_kit.problems(views.home(reply, reply), "home") == []
    assert block_kit.problems(views.reply(title, reply), "modal") == []
    assert block_kit.problems({"blocks": blocks.unfurled(mean)}, "unfurl") == []
