"""The Block Kit check refuses what Slack refuses, and what would ring or lead away; it takes the rest."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import slackblocks
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slackblocks.errors import InvalidUsageError

from tests.fakes import block_kit
from tests.fakes.block_kit import problems

Json = dict[str, Any]

ARXIV = "https://arxiv.org/abs/2011.10043"


def plain(text: str = "a") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "a", **more: Any) -> Json:
    return {"type": "mrkdwn", "text": text, **more}


def section(text: str = "a", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def button(text: str = "a", **more: Any) -> Json:
    return {"type": "button", "text": plain(text), **more}


def option(text: str = "a", value: str = "v", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def select(*options: Json, **more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "options": list(options), **more}


def asked(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element, **more}


def rich(*inline: Json, kind: str = "rich_text_section", **more: Any) -> Json:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(inline), **more}]}


def words(text: str = "a", **more: Any) -> Json:
    return {"type": "text", "text": text, **more}


def confirm(**more: Any) -> Json:
    return {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain(), **more}


def message(*blocks: Json, text: str = "a", **more: Any) -> Json:
    return {"text": text, "unfurl_links": False, "unfurl_media": False, "blocks": list(blocks), **more}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(), "submit": plain(), "blocks": list(blocks), **more}


BLOCKS = {
    "section": section("*bold* &lt;b&gt; :tada: > quote", expand=True),
    "section of fields": {"type": "section", "fields": [mrkdwn(), plain()]},
    "section with a button": section(accessory=button(value="1", action_id="x", style="primary")),
    "section with an image": section(accessory={"type": "image", "image_url": ARXIV, "alt_text": "a"}),
    "header": {"type": "header", "text": plain() | {"emoji": True}},
    "divider": {"type": "divider", "block_id": "d"},
    "context": {"type": "context", "elements": [plain(), mrkdwn(f"<{ARXIV}|a>")]},
    "image": {"type": "image", "image_url": ARXIV, "alt_text": "a", "title": plain()},
    "buttons": actions(button(url=ARXIV), button(confirm=confirm(style="danger"), accessibility_label="a")),
    "overflow": actions({"type": "overflow", "options": [option(description=plain()), option(url=ARXIV)]}),
    "select": actions(select(option(), initial_option=option(), placeholder=plain())),
    "groups": actions({"type": "static_select", "option_groups": [{"label": plain(), "options": [option()]}]}),
    "several": section(accessory={"type": "multi_static_select", "options": [option()], "max_selected_items": 2}),
    "boxes": actions({"type": "checkboxes", "options": [option()], "initial_options": [option()]}),
    "radio": actions({"type": "radio_buttons", "options": [option()]}),
    "day and time": actions(
        {"type": "datepicker", "initial_date": "2020-11-20"}, {"type": "timepicker", "initial_time": "09:00"}
    ),
    "people": actions({"type": "users_select"}, {"type": "channels_select"}),
    "rooms": actions({"type": "conversations_select", "filter": {"include": ["public"], "exclude_bot_users": True}}),
    "external": actions({"type": "external_select", "min_query_length": 2}),
    "rich text": rich(
        words(style={"bold": True}),
        {"type": "link", "url": ARXIV, "text": "a"},
        {"type": "emoji", "name": "tada"},
        {"type": "date", "timestamp": 1605830400, "format": "{date}", "fallback": "a"},
        {"type": "channel", "channel_id": "C1"},
    ),
    "list": rich({"type": "rich_text_section", "elements": [words()]}, kind="rich_text_list", style="bullet", indent=1),
    "quote": rich(words(), kind="rich_text_quote"),
    "code": rich(words(), kind="rich_text_preformatted"),
}
INPUTS = {
    "text": asked({"type": "plain_text_input", "multiline": True, "max_length": 200}, hint=plain(), optional=True),
    "typing": asked(
        {"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]}},
        dispatch_action=True,
    ),
    "number": asked({"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}),
    "url": asked({"type": "url_text_input"}),
    "email": asked({"type": "email_text_input"}),
    "rooms": asked({"type": "multi_conversations_select"}),
    "people": asked({"type": "multi_users_select"}),
    "external": asked({"type": "multi_external_select"}),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_good_blocks_are_good_everywhere(name: str) -> None:
    block = BLOCKS[name]
    assert problems(message(block), "message") == []
    assert problems({"blocks": [block]}, "unfurl") == []
    assert problems(modal(block), "modal") == []
    assert problems({"type": "home", "blocks": [block], "private_metadata": ""}, "home") == []


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_are_good_in_views_only(name: str) -> None:
    assert problems(modal(INPUTS[name]), "modal") == []
    assert problems({"type": "home", "blocks": [INPUTS[name]]}, "home") == []
    assert "not allowed here" in problems(message(INPUTS[name]), "message")[0]


def test_every_shape_of_the_table_has_an_example() -> None:
    def kinds(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield str(value.get("type"))
            for inner in value.values():
                yield from kinds(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from kinds(inner)

    seen = set(kinds([*BLOCKS.values(), *INPUTS.values()]))
    assert set(block_kit.SHAPES) - block_kit.UNTYPED - block_kit.RINGS - {"image_element"} <= seen


BAD_BLOCKS = {
    "no object": "section",
    "no type": {"text": plain()},
    "unknown type": {"type": "carousel"},
    "unknown key": section(colour="red"),
    "empty section": {"type": "section"},
    "section text 3001": section("x" * 3001),
    "empty text": section(""),
    "text of no kind": {"type": "section", "text": "a"},
    "emoji in mrkdwn": {"type": "section", "text": mrkdwn(emoji=True)},
    "verbatim in plain": {"type": "section", "text": plain() | {"verbatim": True}},
    "11 fields": {"type": "section", "fields": [plain()] * 11},
    "field 2001": {"type": "section", "fields": [plain("x" * 2001)]},
    "header 151": {"type": "header", "text": plain("x" * 151)},
    "header of mrkdwn": {"type": "header", "text": mrkdwn()},
    "context of 11": {"type": "context", "elements": [plain()] * 11},
    "context of none": {"type": "context", "elements": []},
    "context with a button": {"type": "context", "elements": [button()]},
    "context text 3001": {"type": "context", "elements": [plain("x" * 3001)]},
    "26 buttons": actions(*[button()] * 26),
    "no buttons": actions(),
    "button 76": actions(button("x" * 76)),
    "button without text": actions({"type": "button"}),
    "button of mrkdwn": actions(button() | {"text": mrkdwn()}),
    "value 2001": actions(button(value="x" * 2001)),
    "empty value": actions(button(value="")),
    "url 3001": actions(button(url=ARXIV + "x" * 3001)),
    "style": actions(button(style="default")),
    "accessibility 76": actions(button(accessibility_label="x" * 76)),
    "action_id 256": actions(button(action_id="x" * 256)),
    "action_id twice": actions(button(action_id="a"), button(action_id="a")),
    "block_id 256": section(block_id="x" * 256),
    "placeholder 151": actions(select(option(), placeholder=plain("x" * 151))),
    "no options": actions(select()),
    "neither options nor groups": actions({"type": "static_select"}),
    "both options and groups": actions(select(option(), option_groups=[{"label": plain(), "options": [option()]}])),
    "101 options": actions(select(*[option()] * 101)),
    "option 76": actions(select(option("x" * 76))),
    "option value 151": actions(select(option(value="x" * 151))),
    "option description 76": actions(select(option(description=plain("x" * 76)))),
    "initial option from elsewhere": actions(select(option(), initial_option=option("b", "w"))),
    "group label 76": actions(
        {"type": "static_select", "option_groups": [{"label": plain("x" * 76), "options": [option()]}]}
    ),
    "overflow of 6": actions({"type": "overflow", "options": [option()] * 6}),
    "overflow of none": actions({"type": "overflow", "options": []}),
    "11 boxes": actions({"type": "checkboxes", "options": [option()] * 11}),
    "11 radios": actions({"type": "radio_buttons", "options": [option()] * 11}),
    "several in actions": actions({"type": "multi_static_select", "options": [option()]}),
    "date": actions({"type": "datepicker", "initial_date": "2020-11-200"}),
    "confirm title 101": actions(button(confirm=confirm(title=plain("x" * 101)))),
    "confirm text 301": actions(button(confirm=confirm(text=plain("x" * 301)))),
    "confirm button 31": actions(button(confirm=confirm(confirm=plain("x" * 31)))),
    "confirm without deny": actions(button(confirm={k: v for k, v in confirm().items() if k != "deny"})),
    "image without alt": {"type": "image", "image_url": ARXIV},
    "image title 2001": {"type": "image", "image_url": ARXIV, "alt_text": "a", "title": plain("x" * 2001)},
    "image alt 2001": {"type": "image", "image_url": ARXIV, "alt_text": "x" * 2001},
    "rich text of text": {"type": "rich_text", "elements": [words()]},
    "rich text of none": {"type": "rich_text", "elements": []},
    "empty rich text": rich(words("")),
    "rich text style": rich(words(style={"loud": True})),
    "rich text style of words": rich(words(style={"bold": "yes"})),
    "list style": rich({"type": "rich_text_section", "elements": [words()]}, kind="rich_text_list", style="stars"),
    "list of text": rich(words(), kind="rich_text_list", style="bullet"),
    "list indent 9": rich(
        {"type": "rich_text_section", "elements": [words()]}, kind="rich_text_list", style="bullet", indent=9
    ),
    "code with an emoji": rich({"type": "emoji", "name": "tada"}, kind="rich_text_preformatted"),
    "date without format": rich({"type": "date", "timestamp": 1}),
    "date of words": rich({"type": "date", "timestamp": "1", "format": "{date}"}),
    "a user": rich({"type": "user", "user_id": "U1"}),
    "a group": rich({"type": "usergroup", "usergroup_id": "S1"}),
    "everybody": rich({"type": "broadcast", "range": "here"}),
}


@pytest.mark.parametrize("name", BAD_BLOCKS)
def test_bad_blocks_are_refused(name: str) -> None:
    found = problems(
        {"text": "a", "unfurl_links": False, "unfurl_media": False, "blocks": [BAD_BLOCKS[name]]}, "message"
    )
    assert found
    assert all(each.startswith("blocks[0]") for each in found)


BAD_MESSAGES: dict[str, tuple[Json, str]] = {
    "no text": ({"blocks": [section()]}, "text: is missing"),
    "empty text": ({"text": ""}, "at least 1"),
    "text 4001": ({"text": "x" * 4001}, "at most 4000"),
    "unknown key": (message(colour="red"), "colour: unknown key"),
    "attachments": (message(attachments=[]), "attachments: unknown key"),
    "another way's key": (message(response_type="in_channel"), "response_type: unknown key"),
    "51 blocks": (message(*[section()] * 51), "51 blocks"),
    "blocks as text": ({"text": "a", "blocks": "[]"}, "no array"),
    "block_id twice": (message(section(block_id="b"), section(block_id="b")), "taken"),
    "12001 characters": (message(*[section("x" * 3000)] * 4, section("x")), "msg_blocks_too_long: 12001"),
    "12001 with a rich link": (
        message(*[section("x" * 3000)] * 3, rich({"type": "link", "url": "https://arxiv.org/" + "x" * 2983})),
        "msg_blocks_too_long: 12001",
    ),
    "parse full": (message(parse="full"), "parse: 'full'"),
    "link_names": (message(link_names=True), "link_names"),
    "words for a boolean": (message(mrkdwn="no"), "no boolean"),
    "metadata": (message(metadata={"event_type": "x"}), "metadata"),
    "a text that unfurls": ({"text": f"<{ARXIV}|a>"}, "unfurl_links: must be false"),
    "a bare link that unfurls": ({"text": ARXIV, "unfurl_links": False}, "unfurl_media: must be false"),
    "blocks that unfurl": ({"text": "a", "blocks": [section(f"<{ARXIV}>")]}, "unfurl_links: must be false"),
    "rich text that unfurls": ({"text": "a", "blocks": [rich({"type": "link", "url": ARXIV})]}, "unfurl_media"),
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_bad_messages_are_refused(name: str) -> None:
    payload, what = BAD_MESSAGES[name]
    assert any(what in each for each in problems(payload, "message"))


BAD_VIEWS: dict[str, tuple[Json, str]] = {
    "title 25": (modal(title=plain("x" * 25)), "at most 24"),
    "submit 25": (modal(submit=plain("x" * 25)), "at most 24"),
    "close 25": (modal(close=plain("x" * 25)), "at most 24"),
    "no title": ({"type": "modal", "blocks": []}, "title: is missing"),
    "no blocks": ({"type": "modal", "title": plain()}, "blocks: is missing"),
    "input without submit": ({"type": "modal", "title": plain(), "blocks": [INPUTS["text"]]}, "submit: is missing"),
    "private_metadata 3001": (modal(private_metadata="x" * 3001), "at most 3000"),
    "callback_id 256": (modal(callback_id="x" * 256), "at most 255"),
    "101 blocks": (modal(*[section()] * 101), "101 blocks"),
    "another type": (modal() | {"type": "home"}, "is not 'modal'"),
    "unknown key": (modal(text="a"), "text: unknown key"),
    "label 2001": (modal(asked({"type": "url_text_input"}, label=plain("x" * 2001))), "at most 2000"),
    "hint 2001": (modal(asked({"type": "url_text_input"}, hint=plain("x" * 2001))), "at most 2000"),
    "max_length 3001": (modal(asked({"type": "plain_text_input", "max_length": 3001})), "to 3000"),
    "typing what": (
        modal(asked({"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_paste"]}})),
        "is none of on_enter_pressed",
    ),
    "a button as input": (modal(asked(button())), "not allowed here"),
    "two in focus": (modal(*[asked({"type": "plain_text_input", "focus_on_load": True})] * 2), "focus_on_load"),
}


@pytest.mark.parametrize("name", BAD_VIEWS)
def test_bad_views_are_refused(name: str) -> None:
    payload, what = BAD_VIEWS[name]
    assert any(what in each for each in problems(payload, "modal"))


def test_a_home_has_neither_title_nor_submit() -> None:
    found = problems(modal() | {"type": "home"}, "home")
    assert found == ["submit: unknown key", "title: unknown key"]


def test_only_what_the_web_api_takes_is_summed_up() -> None:
    long = {"text": "a", "blocks": [section("x" * 3000)] * 5}
    assert problems(long, "message", via="response_url") == []
    assert any("msg_blocks_too_long" in each for each in problems(long, "message", via="chat.update"))


def test_a_response_url_may_take_a_message_away_without_a_text() -> None:
    assert problems({"delete_original": True}, "message", via="response_url") == []
    assert problems({"replace_original": True}, "message", via="response_url") == ["text: is missing"]
    assert problems({"text": "a", "response_type": "public"}, "message", via="response_url")


RINGING = (
    *(
        "<!channel>",
        "<!here>",
        "<!everyone>",
        "<!here|here>",
        "<!subteam^S1>",
        "<!subteam^S1|@us>",
        "<@U1>",
        "<@W1|ada>",
    ),
    *("<#C1>", "<#C1|general>", "a <b", "`<!channel>`"),
)
LEADING_AWAY = (
    *("<https://evil.com|arxiv.org>", "<https://evil.com>", "https://evil.com/x", "www.evil.com", "<mailto:a@b.c|a>"),
    *("<https://arxiv.org@evil.com>", "<https://arxiv.org.evil.com>", "<https://evilarxiv.org>", "<javascript:a>"),
    *(
        "<https://evil.com\\@arxiv.org>",
        "<slack://open|a>",
        "<//evil.com|a>",
        "<>",
        "<!date^1^{date}^https://evil.com|a>",
    ),
    *("(https://evil.com)", "HTTPS://EVIL.COM", "<https://[arxiv.org|a>"),
)


@pytest.mark.parametrize("text", [*RINGING, *LEADING_AWAY])
def test_what_rings_or_leads_away_is_found_in_every_mrkdwn(text: str) -> None:
    assert any(each.startswith("text: ") for each in problems(message(text=text), "message"))
    assert any(each.startswith("blocks[0].text.text: ") for each in problems(message(section(text)), "message"))
    assert any(each.startswith("blocks[0].text.text: ") for each in problems(modal(section(text)), "modal"))


@pytest.mark.parametrize(
    "text",
    [
        *("&lt;!channel&gt;", "&lt;@U1&gt; &amp; a", "@channel", "#general", "a@evil.com", "x &gt; y", "> quoted"),
        *(f"<{ARXIV}|a> and {ARXIV}", "<https://github.com/a/b?x=1&amp;y=2>", "<https://sub.github.io/x>"),
        *("<!date^1605830400^{date}|20 Nov>", f"<!date^1605830400^{{date}}^{ARXIV}|20 Nov>", "evil.com", "a://b"),
    ],
)
def test_what_rings_nobody_and_leads_to_papers_is_good(text: str) -> None:
    assert problems(message(section(text), text=text), "message") == []


def test_plain_and_rich_text_neither_ring_nor_link() -> None:
    loud = "<!channel> <@U1> https://evil.com"
    header = {"type": "header", "text": plain(loud)}
    assert problems(message(header, rich(words(loud)), actions(button(loud))), "message") == []


def test_verbatim_text_and_unparsed_text_make_no_links_of_bare_addresses() -> None:
    verbatim = {"type": "section", "text": mrkdwn("https://evil.com", verbatim=True)}
    assert problems(message(verbatim, text="https://evil.com", parse="none"), "message") == []
    ringing = {"type": "section", "text": mrkdwn("<!channel>", verbatim=True)}
    assert len(problems(message(ringing, text="<!channel>", parse="none"), "message")) == 2


@pytest.mark.parametrize(
    "block",
    [
        actions(button(url="https://evil.com")),
        actions({"type": "overflow", "options": [option(url="http://evil.com")]}),
        rich({"type": "link", "url": "https://evil.com", "text": "arxiv.org"}),
        rich({"type": "date", "timestamp": 1, "format": "{date}", "url": "ftp://arxiv.org"}),
        {"type": "image", "image_url": "https://evil.com/spy.png", "alt_text": "a"},
    ],
)
def test_no_link_of_any_kind_leads_away(block: Json) -> None:
    assert any("a link to" in each for each in problems(message(block), "message"))


@pytest.mark.parametrize("name", [*BLOCKS, *INPUTS])
def test_what_the_libraries_refuse_is_refused_here(name: str) -> None:
    block = BLOCKS.get(name) or INPUTS[name]
    assert not refused_by_slack_sdk(block)
    refused = 0
    for spoilt in spoil(block):
        for refuses in (refused_by_slack_sdk, refused_by_slackblocks):
            if refuses(spoilt) and not refuses(block):
                refused += 1
                assert problems(modal(spoilt), "modal"), (refuses.__name__, spoilt)
    assert refused


def spoil(value: Any) -> Iterator[Any]:
    """Yield copies of a payload, each with one thing too long, too many, missing or of the wrong kind."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: each for name, each in value.items() if name != key}
            yield from (value | {key: wrong} for wrong in [*spoil(inner), 7, "nonsense", None])
    elif isinstance(value, list):
        yield from ([], *([copy.deepcopy(value[0]) for _ in range(count)] for count in (6, 11, 26, 101)))
        yield from (
            [*value[:index], wrong, *value[index + 1 :]] for index, each in enumerate(value) for wrong in spoil(each)
        )
    elif isinstance(value, str):
        yield from ("x" * length for length in (0, 31, 76, 101, 151, 256, 301, 2001, 3001))


# Apart from what they refuse in so many words, the libraries stumble over what is of the wrong kind.
STUMBLES = (TypeError, AttributeError, KeyError, ValueError)


def refused_by_slack_sdk(block: Json) -> bool:
    try:
        parsed = Block.parse(copy.deepcopy(block))
        return parsed is None or not parsed.to_dict()
    except (SlackObjectFormationError, *STUMBLES):
        return True


def refused_by_slackblocks(block: Json) -> bool:
    try:
        slackblocks.Block.from_dict(copy.deepcopy(block))
    except NotImplementedError:
        return False
    except (InvalidUsageError, *STUMBLES):
        return True
    return False
