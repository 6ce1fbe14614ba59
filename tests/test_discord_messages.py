"""Replies as Discord messages: within every limit, and nothing lost of what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.messages import Message, chapters, message
from adapters.discord.pressed import Pressed, remember
from bot.commands import COMMANDS, answer
from bot.daily import take_in
from bot.demo import sample
from bot.model import Button, Card, Item, Link, Reply, Text
from bot.ports import Store
from tests.conftest import MakeCall
from tests.fakes import discord_limits, discord_markdown
from tests.test_discord_markdown import HOSTILE

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)


def body(said: Message) -> dict[str, Any]:
    """Return a message as it is sent."""
    view = said.view()
    return {
        "content": said.content,
        "embeds": [each.to_dict() for each in said.embeds],
        "components": view.to_components() if view else [],
        "allowed_mentions": {"parse": []},
    }


def problems(said: Message) -> list[str]:
    return discord_limits.problems("message", body(said))


def live(said: Message) -> list[str]:
    """Return what of a message would ring, or leads elsewhere than it may."""
    texts = [said.content]
    for each in said.embeds:
        texts += [each.title or "", each.description or ""]
    return [found for text in texts for found in discord_markdown.live(text)]


def text(said: Message) -> str:
    """Return what a message says, whether beside its embeds or in them."""
    return "\n".join(filter(None, [said.content, *(each.description for each in said.embeds)]))


def controls(said: Message) -> dict[str, list[str]]:
    """Return the labels of a message's buttons, and of its menus what they offer."""
    found: dict[str, list[str]] = {}
    for row in body(said)["components"]:
        for each in row["components"]:
            options = [option["label"] for option in each.get("options", [])]
            found[each.get("label") or each["placeholder"]] = options
    return found


def paper(number: int = 1, title: str = "A title", body: str = "An abstract.", why: str = "") -> Card:
    arxiv_id = f"2011.{number:05}"
    steps = (Button("Abstract", "show", arxiv_id, "aside"), Button("Similar", "similar", arxiv_id))
    address = f"https://arxiv.org/abs/{arxiv_id}"
    facts = ("cs.CV", "Fri 20 Nov 2020")
    pdf = f"https://arxiv.org/pdf/{arxiv_id}"
    return Card(arxiv_id, Text(title), address, Text(body), Text(why), facts, pdf, buttons=steps)


async def test_a_page_of_ten_papers_shows_each_snippet_whole(store: Store, call: MakeCall) -> None:
    for digest in sample():
        await take_in(digest, store, NOW)

    for line in ("today 2025-07-01", "search point", "similar 2506.21724"):
        reply = await answer(call(line), store)
        said = message(reply, by="1", share=True)

        assert problems(said) == []
        assert len(said.embeds) == len(reply.cards) > 0
        for card, embed in zip(reply.cards, said.embeds, strict=True):
            assert discord_markdown.shown(embed.title or "") == str(card.title)
            assert str(card.body) in discord_markdown.shown(embed.description or "")
            assert embed.url == card.url
            assert card.pdf in discord_markdown.links(embed.description or "")


async def test_a_paper_that_is_opened_is_shown_whole(store: Store, call: MakeCall) -> None:
    for digest in sample():
        await take_in(digest, store, NOW)

    reply = await answer(call("show 2506.21724"), store)
    said = message(reply)

    assert problems(said) == []
    assert str(reply.cards[0].body) in discord_markdown.shown(said.embeds[0].description or "")
    assert list(controls(said)) == ["Similar", "Save", "Why?", "More like this", "Less like this"]


@pytest.mark.parametrize("line", ["help", "help search", "help settings", "subscriptions", "no such"])
async def test_what_is_no_paper_is_content_with_commands_as_they_are_typed_here(
    store: Store, call: MakeCall, line: str
) -> None:
    said = message(await answer(call(line), store))

    assert problems(said) == []
    assert live(said) == []
    assert "/papers " in text(said) or "/paper " in text(said)


async def test_help_names_every_command_with_all_that_is_said_of_it_under_headings(
    store: Store, call: MakeCall
) -> None:
    said = discord_markdown.shown(text(message(await answer(call("help"), store))))

    assert [each.summary for each in COMMANDS.values() if each.summary not in said] == []
    assert said.startswith("Find and read\n• /papers search  Find papers")
    assert said.endswith("For one of them in full, type: /papers help command:search")


async def test_what_help_says_beside_an_example_is_as_it_is_typed_here_too(store: Store, call: MakeCall) -> None:
    said = message(await answer(call("help club"), store))

    assert "`/papers club action:vote id:2011.10043`  to take it back: `/papers club action:unvote id:" in said.content


def test_a_heading_is_bold_and_the_command_in_it_is_code() -> None:
    said = message(Reply(Text("1 feed. To make one, type: feed"), items=(Item(Text("lidar")),)))

    assert said.content == "**1 feed. To make one, type:** `/papers feed`"


def test_a_first_line_that_is_long_is_no_heading() -> None:
    said = message(Reply(Text("In the last half year " + "lidar, " * 20 + "\nMore."), items=(Item(Text("lidar")),)))

    assert said.content.startswith("In the last half year")
    assert "**" not in said.content


async def test_help_says_every_example_as_it_is_typed_here(store: Store, call: MakeCall) -> None:
    said = message(await answer(call("help search"), store))

    assert '- `/papers search query:"point cloud" -medical`  the phrase, without a word' in said.content
    assert "\npage: which page of the results, for example 2" in said.content


def test_several_papers_are_opened_from_one_menu_and_one_paper_by_its_buttons() -> None:
    thumb = Button("More like this", "like", "1", sign="👍")
    first = replace(paper(1, "First"), buttons=(*paper(1).buttons, thumb))
    several = message(Reply(Text("Two papers"), (first, paper(2, "Second"))))
    one = message(Reply(Text("One paper"), (first,)))

    assert controls(several)["Abstract …"] == ["First", "Second"]
    assert controls(one) == {"Abstract": [], "Similar": [], "More like this": []}


def test_what_people_make_of_several_papers_is_said_in_one_menu() -> None:
    thumbs = (Button("More like this", "like", sign="👍"), Button("Less like this", "dislike", sign="👎"))
    cards = [
        replace(each, buttons=(*each.buttons, *(replace(thumb, text=each.paper) for thumb in thumbs)))
        for each in (paper(n, f"Title {n}") for n in range(10))
    ]
    said = message(Reply(Text("Ten papers"), tuple(cards)))
    offered = controls(said)

    assert problems(said) == []
    assert list(offered) == ["Abstract …", "👍 More like this, 👎 Less like this"]
    assert offered["👍 More like this, 👎 Less like this"][:3] == ["👍 Title 0", "👎 Title 0", "👍 Title 1"]
    assert len(offered["👍 More like this, 👎 Less like this"]) == 20


def test_the_lines_of_a_list_are_changed_from_one_menu_for_each_kind_of_change() -> None:
    steps = [
        (Button("Unmute" if n == 2 else "Mute", "mute", str(n), "instead"), Button("Remove", "unsubscribe", str(n)))
        for n in (1, 2, 3)
    ]
    items = tuple(Item(Text(f"{n}. query {n}"), each) for n, each in enumerate(steps, 1))
    said = message(Reply(Text("You have 3 subscriptions."), items=items), by="1")

    assert problems(said) == []
    assert controls(said) == {
        "Mute …": ["1. query 1", "3. query 3"],
        "Remove …": ["1. query 1", "2. query 2", "3. query 3"],
        "Unmute …": ["2. query 2"],
    }
    assert discord_markdown.shown(said.embeds[0].description or "") == "1. query 1\n2. query 2\n3. query 3"


def test_a_list_is_shown_to_its_last_line_however_long_they_are() -> None:
    items = tuple(Item(Text(f"{n}. {'*query* ' * 70}")) for n in range(1, 11))
    said = message(Reply(Text("You have 10 subscriptions."), items=items))
    lines = discord_markdown.shown(said.embeds[0].description or "").split("\n")

    assert problems(said) == []
    assert [line.partition(".")[0] for line in lines] == [str(n) for n in range(1, 11)]
    assert all(line.endswith("…") for line in lines)


def test_labels_are_as_short_as_they_are_shown_well_and_longer_where_they_would_be_alike() -> None:
    def labels(*queries: str) -> list[str]:
        buttons = tuple(Button(f"Unsubscribe from {each}", "unsubscribe", str(n)) for n, each in enumerate(queries))
        return list(controls(message(Reply(Text("x"), buttons=buttons))))

    same = "graph neural networks for the"
    assert labels("lidar", f"{same} design of proteins") == ["Unsubscribe from lidar", "Unsubscribe from graph neural…"]
    assert labels(f"{same} weather", f"{same} web") == [f"Unsubscribe from {same} {end}" for end in ("weather", "web")]


def test_an_address_of_a_paper_leads_there_and_no_other_does() -> None:
    said = message(
        Reply(Text("arXiv may know it: https://arxiv.org/abs/2011.1 (https://arxiv.org.evil.example/abs/1)"))
    )

    assert discord_markdown.links(said.content) == ["https://arxiv.org/abs/2011.1"]


async def test_a_line_that_is_too_long_for_a_button_is_remembered_and_found_again(store: Store) -> None:
    ledger = store.ledger("discord", ())
    line = f"search {'lidar ' * 60}page:2"
    said = message(Reply(Text("x"), buttons=(Button("Next", "search", line[7:], "instead"),)), by="123")
    await remember(said.lines, "G1", ledger, NOW)
    custom_id = body(said)["components"][0]["components"][0]["custom_id"]

    assert len(custom_id) <= 100
    assert await Pressed.of({"custom_id": custom_id}, "G1", ledger, NOW) == Pressed("instead", "123", line)
    with pytest.raises(ValueError, match="not a button of ours"):
        await Pressed.of({"custom_id": custom_id}, "G2", ledger, NOW)


@pytest.mark.parametrize("custom_id", ["", "x", "below:0:", "elsewhere:0::help", "below:0::"])
async def test_a_button_of_another_making_is_none_of_ours(store: Store, custom_id: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        await Pressed.of({"custom_id": custom_id}, "G1", store.ledger("discord", ()), NOW)


def test_texts_give_way_before_papers_do() -> None:
    cards = tuple(paper(n, "A title " * 20, "word " * 800) for n in range(10))
    said = message(Reply(Text("Ten papers"), cards))

    assert problems(said) == []
    assert len(said.embeds) == 10
    assert all((each.description or "").count("word") >= 8 for each in said.embeds)
    assert "are shown" not in said.content


def test_what_does_not_fit_at_all_is_said() -> None:
    cards = tuple(paper(n, "*" * 256, "*" * 4000, why="?" * 300) for n in range(10))
    said = message(Reply(Text("Ten papers"), cards, note=Text("A note.")))

    assert problems(said) == []
    assert f"{len(said.embeds)} of 10 are shown" in said.content.replace("\\", "")


def test_a_long_text_is_cut_between_words() -> None:
    said = message(Reply(Text("*word* " * 600), note=Text("note " * 400)))

    assert problems(said) == []
    assert said.content.startswith("\\*word\\*")
    assert "…" in said.content


def test_addresses_of_code_are_shown_with_their_host_and_others_not() -> None:
    links = (Link("https://github.com/a/b", "code"), Link("https://evil.example/", "page"))
    card = Card("2011.00001", Text("T"), "https://arxiv.org/abs/2011.00001", pdf="https://arxiv.org/pdf/x", links=links)
    said = message(Reply(Text("One"), (card,)))

    assert said.embeds[0].description == "[PDF](https://arxiv.org/pdf/x) · [Code (github.com)](https://github.com/a/b)"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=12), HOSTILE)
def test_no_title_pings_leads_elsewhere_or_breaks_a_limit(texts: list[tuple[str, str]], head: str) -> None:
    cards = tuple(paper(n, title or "x", text, why=title) for n, (title, text) in enumerate(texts))
    reply = Reply(Text(head), cards, Text(head), (Button(head or "x", "search", head),), again=Button("Share", "today"))

    for said in (message(reply, by="1", note=head, share=True), *chapters(reply, key=head)):
        assert problems(said) == []
        assert live(said) == []


@pytest.mark.parametrize("count", [0, 1, 10, 11, 20, 21, 200])
def test_a_delivery_carries_every_paper_in_as_few_messages_as_hold_them(count: int) -> None:
    cards = tuple(paper(n, f"Title {n:03} of a paper with a name", "word " * 56, "matches: x") for n in range(count))
    said = chapters(Reply(Text("News"), cards, buttons=(Button("All", "today"),)), key="k")
    texts = "\n".join(
        discord_markdown.shown(text or "")
        for each in said
        for embed in each.embeds
        for text in (embed.title, embed.description)
    )

    assert [problems(each) for each in said] == [[]] * len(said)
    assert [n for n in range(count) if f"Title {n:03}" not in texts] == []
    assert len(said) == {0: 1, 1: 1, 10: 1, 11: 2, 20: 2, 21: 2, 200: 5}[count]
    assert "All" in controls(said[-1])
    assert said[0].content == "**News**" if count else "News"


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, {"Papers …": ["gan", "mesh"], "All": []}),
        (1, {"Abstract": [], "Similar": [], "Papers …": ["gan", "mesh"], "All": []}),
        (2, {"Abstract …": ["Title 0", "Title 1"], "Papers …": ["gan", "mesh"], "All": []}),
    ],
)
def test_a_delivery_gives_its_papers_and_its_list_each_the_steps_that_are_theirs(
    count: int, expected: dict[str, list[str]]
) -> None:
    cards = tuple(paper(n, f"Title {n}") for n in range(count))
    items = tuple(Item(Text(each), (Button("Papers", "search", each),)) for each in ("gan", "mesh"))
    (said,) = chapters(Reply(Text("The week"), cards, buttons=(Button("All", "trending"),), items=items), key="k")

    assert problems(said) == []
    assert controls(said) == expected
    assert said.embeds[-1].description == "gan\nmesh"


def test_every_message_of_a_delivery_has_a_nonce_of_its_own_that_stays() -> None:
    reply = Reply(Text("News"), tuple(map(paper, range(20))))
    first, again, other = chapters(reply, key="a"), chapters(reply, key="a"), chapters(reply, key="b")

    nonces = [each.nonce for each in (*first, *other)]
    assert [each.nonce for each in again] == nonces[: len(first)]
    assert len(set(nonces)) == len(nonces)
    assert all(0 < len(each) <= 25 for each in nonces)


def test_a_repeat_says_so_within_the_limits() -> None:
    reply = Reply(Text("x" * 1_990))

    said = chapters(reply, key="k")[0].repeated()
    assert said.content.startswith("(may be a repeat) xxx")
    assert problems(said) == []
