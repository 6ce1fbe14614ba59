"""Check payloads for Slack against one table of Block Kit's rules.

Sources of the limits: https://docs.slack.dev/reference/block-kit, the models of slack_sdk, the limits of slackblocks;
of the sum over a message's blocks, https://github.com/slackapi/bolt-js/issues/2509. Kinds of blocks and elements that
the table does not know are refused: add them with their limits before the product uses them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes import mrkdwn

Surface = Literal["message", "modal", "home", "unfurl"]
Via = Literal["chat.postMessage", "chat.postEphemeral", "chat.update", "response_url"]


@dataclass(frozen=True, slots=True)
class Words:
    """A string of `least` to `most` characters; `shown` ones count to the sum over a message."""

    most: int
    least: int = 1
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Url:
    """A web address of a known host; `counted` ones count to the sum over a message."""

    most: int = 3000
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    least: int = 0
    most: int = 2**53


@dataclass(frozen=True, slots=True)
class Flag:
    pass


@dataclass(frozen=True, slots=True)
class OneOf:
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text object of at most `most` characters, of one of the kinds."""

    most: int
    kinds: tuple[str, ...] = ("plain_text",)


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of a shape; with several shapes, its `type` tells which."""

    shapes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """An array of `least` to `most` of the same."""

    each: Rule
    most: int
    least: int = 1


Rule = Words | Url | Number | Flag | OneOf | Phrase | Thing | Many


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys that an object must have and those that it may have, besides `type`."""

    must: Mapping[str, Rule]
    may: Mapping[str, Rule] = field(default_factory=dict)
    either: tuple[str, ...] = ()


ANY = ("plain_text", "mrkdwn")
ID = Words(255)
PLACEHOLDER = Phrase(150)
OPTION = Thing(("option",))
ONE_PICKED: Mapping[str, Rule] = {
    "action_id": ID,
    "confirm": Thing(("confirm",)),
    "focus_on_load": Flag(),
    "placeholder": PLACEHOLDER,
}
MANY_PICKED: Mapping[str, Rule] = {**ONE_PICKED, "max_selected_items": Number(1)}
WRITTEN: Mapping[str, Rule] = {
    "action_id": ID,
    "placeholder": PLACEHOLDER,
    "focus_on_load": Flag(),
    "dispatch_action_config": Thing(("dispatch",)),
}
CHOSEN: Mapping[str, Rule] = {"options": Many(OPTION, 100), "option_groups": Many(Thing(("option_group",)), 100)}
STYLED: Mapping[str, Rule] = {"style": Thing(("style",))}

PICKERS = (
    *("static_select", "external_select", "users_select", "conversations_select", "channels_select"),
    *("overflow", "datepicker", "timepicker", "checkboxes", "radio_buttons"),
)
MULTI = ("multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select")
TYPED = ("plain_text_input", "number_input", "url_text_input", "email_text_input")
INLINE = ("text", "link", "emoji", "user", "channel", "usergroup", "broadcast", "date")

SHAPES: Mapping[str, Shape] = {
    # Blocks
    "section": Shape(
        {},
        {
            "text": Phrase(3000, ANY),
            "fields": Many(Phrase(2000, ANY), 10),
            "accessory": Thing(("button", "image_element", *PICKERS, *MULTI)),
            "expand": Flag(),
            "block_id": ID,
        },
        either=("text", "fields"),
    ),
    "header": Shape({"text": Phrase(150)}, {"block_id": ID}),
    "divider": Shape({}, {"block_id": ID}),
    "context": Shape({"elements": Many(Thing(("plain_text", "mrkdwn", "image_element")), 10)}, {"block_id": ID}),
    "actions": Shape({"elements": Many(Thing(("button", *PICKERS)), 25)}, {"block_id": ID}),
    "image": Shape({"image_url": Url(), "alt_text": Words(2000, shown=True)}, {"title": Phrase(2000), "block_id": ID}),
    "input": Shape(
        {
            "label": Phrase(2000),
            "element": Thing((*TYPED, *(each for each in PICKERS if each != "overflow"), *MULTI)),
        },
        {"hint": Phrase(2000), "optional": Flag(), "dispatch_action": Flag(), "block_id": ID},
    ),
    "rich_text": Shape(
        {
            "elements": Many(
                Thing(("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")), 1000
            )
        },
        {"block_id": ID},
    ),
    # Elements
    "button": Shape(
        {"text": Phrase(75)},
        {
            "action_id": ID,
            "value": Words(2000),
            "url": Url(),
            "style": OneOf(("primary", "danger")),
            "confirm": Thing(("confirm",)),
            "accessibility_label": Words(75),
        },
    ),
    "image_element": Shape({"image_url": Url(), "alt_text": Words(2000, shown=True)}),
    "overflow": Shape({"options": Many(OPTION, 5)}, {"action_id": ID, "confirm": Thing(("confirm",))}),
    "static_select": Shape({}, {**ONE_PICKED, **CHOSEN, "initial_option": OPTION}, either=tuple(CHOSEN)),
    "multi_static_select": Shape(
        {}, {**MANY_PICKED, **CHOSEN, "initial_options": Many(OPTION, 100)}, either=tuple(CHOSEN)
    ),
    "external_select": Shape({}, {**ONE_PICKED, "initial_option": OPTION, "min_query_length": Number()}),
    "multi_external_select": Shape(
        {}, {**MANY_PICKED, "initial_options": Many(OPTION, 100), "min_query_length": Number()}
    ),
    "users_select": Shape({}, {**ONE_PICKED, "initial_user": ID}),
    "multi_users_select": Shape({}, {**MANY_PICKED, "initial_users": Many(ID, 100)}),
    "conversations_select": Shape(
        {},
        {
            **ONE_PICKED,
            "initial_conversation": ID,
            "default_to_current_conversation": Flag(),
            "response_url_enabled": Flag(),
            "filter": Thing(("filter",)),
        },
    ),
    "multi_conversations_select": Shape({}, {**MANY_PICKED, "filter": Thing(("filter",))}),
    "channels_select": Shape({}, {**ONE_PICKED, "initial_channel": ID, "response_url_enabled": Flag()}),
    "checkboxes": Shape(
        {"options": Many(OPTION, 10)},
        {
            "action_id": ID,
            "initial_options": Many(OPTION, 10),
            "confirm": Thing(("confirm",)),
            "focus_on_load": Flag(),
        },
    ),
    "radio_buttons": Shape(
        {"options": Many(OPTION, 10)},
        {"action_id": ID, "initial_option": OPTION, "confirm": Thing(("confirm",)), "focus_on_load": Flag()},
    ),
    "datepicker": Shape({}, {**ONE_PICKED, "initial_date": Words(10, 10)}),
    "timepicker": Shape({}, {**ONE_PICKED, "initial_time": Words(5, 5), "timezone": ID}),
    "plain_text_input": Shape(
        {},
        {
            **WRITTEN,
            "initial_value": Words(3000, 0),
            "multiline": Flag(),
            "min_length": Number(0, 3000),
            "max_length": Number(1, 3000),
        },
    ),
    "number_input": Shape(
        {"is_decimal_allowed": Flag()},
        {**WRITTEN, "initial_value": Words(64), "min_value": Words(64), "max_value": Words(64)},
    ),
    "url_text_input": Shape({}, {**WRITTEN, "initial_value": Words(3000)}),
    "email_text_input": Shape({}, {**WRITTEN, "initial_value": Words(3000)}),
    # Rich text
    "rich_text_section": Shape({"elements": Many(Thing(INLINE), 1000)}),
    "rich_text_quote": Shape({"elements": Many(Thing(INLINE), 1000)}, {"border": Number(0, 1)}),
    "rich_text_preformatted": Shape({"elements": Many(Thing(("text", "link")), 1000)}, {"border": Number(0, 1)}),
    "rich_text_list": Shape(
        {"elements": Many(Thing(("rich_text_section",)), 1000), "style": OneOf(("bullet", "ordered"))},
        {"indent": Number(0, 8), "offset": Number(), "border": Number(0, 1)},
    ),
    "text": Shape({"text": Words(12_000, shown=True)}, STYLED),
    "link": Shape({"url": Url(counted=True)}, {"text": Words(12_000, shown=True), "unsafe": Flag(), **STYLED}),
    "emoji": Shape({"name": Words(255)}, {"skin_tone": Number(1, 6), "unicode": Words(64), **STYLED}),
    "date": Shape(
        {"timestamp": Number(), "format": Words(255)},
        {"url": Url(counted=True), "fallback": Words(3000, shown=True), **STYLED},
    ),
    "user": Shape({"user_id": ID}, STYLED),
    "channel": Shape({"channel_id": ID}, STYLED),
    "usergroup": Shape({"usergroup_id": ID}, STYLED),
    "broadcast": Shape({"range": OneOf(("channel", "here", "everyone"))}, STYLED),
    "style": Shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), Flag())),
    # Composition objects
    "plain_text": Shape({"text": Words(3000, shown=True)}, {"emoji": Flag()}),
    "mrkdwn": Shape({"text": Words(3000, shown=True)}, {"verbatim": Flag()}),
    "option": Shape({"text": Phrase(75, ANY), "value": Words(150)}, {"description": Phrase(75, ANY), "url": Url()}),
    "option_group": Shape({"label": Phrase(75), "options": Many(OPTION, 100)}),
    "confirm": Shape(
        {"title": Phrase(100), "text": Phrase(300, ANY), "confirm": Phrase(30), "deny": Phrase(30)},
        {"style": OneOf(("primary", "danger"))},
    ),
    "dispatch": Shape(
        {"trigger_actions_on": Many(OneOf(("on_enter_pressed", "on_character_entered")), 2)},
    ),
    "filter": Shape(
        {},
        {
            "include": Many(OneOf(("im", "mpim", "private", "public")), 4),
            "exclude_external_shared_channels": Flag(),
            "exclude_bot_users": Flag(),
        },
    ),
}

# Shapes whose objects carry no `type` of their own.
UNTYPED = frozenset({"option", "option_group", "confirm", "style", "filter", "dispatch"})
RINGS = frozenset({"user", "usergroup", "broadcast"})

BLOCKS: Mapping[Surface, tuple[str, ...]] = {
    "message": ("section", "header", "divider", "context", "actions", "image", "rich_text"),
    "modal": ("section", "header", "divider", "context", "actions", "image", "rich_text", "input"),
    "home": ("section", "header", "divider", "context", "actions", "image", "rich_text", "input"),
    "unfurl": ("section", "header", "divider", "context", "actions", "image", "rich_text"),
}
MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100, "unfurl": 50}
MOST_TEXT = 4000
MOST_LETTERS = 12_000

VIEW: Mapping[str, Rule] = {
    "callback_id": ID,
    "external_id": ID,
    "private_metadata": Words(3000, 0),
}
MODAL: Mapping[str, Rule] = {
    **VIEW,
    "title": Phrase(24),
    "submit": Phrase(24),
    "close": Phrase(24),
    "clear_on_close": Flag(),
    "notify_on_close": Flag(),
    "submit_disabled": Flag(),
}
_SAID = {"text", "blocks", "metadata", "parse", "link_names", "mrkdwn"}
_UNFURLED = {"unfurl_links", "unfurl_media"}
KEYS: Mapping[Via, set[str]] = {
    "chat.postMessage": {*_SAID, *_UNFURLED, "channel", "thread_ts", "reply_broadcast"},
    "chat.postEphemeral": {*_SAID, "channel", "user", "thread_ts"},
    "chat.update": {*_SAID, "channel", "ts", "reply_broadcast"},
    "response_url": {*_SAID, *_UNFURLED, "response_type", "replace_original", "delete_original", "thread_ts"},
}


def problems(payload: Mapping[str, Any], surface: Surface, *, via: Via = "chat.postMessage") -> list[str]:
    """Return what is wrong with a payload, each with the place it is at; nothing where Slack and we would take it.

    A "message" is the body of a chat method or of a response_url (`via`), a "modal" and a "home" are views, an "unfurl"
    is what chat.unfurl gives for one link.
    """
    walk = _Walk(surface)
    if surface == "message":
        _message(walk, payload, via)
    elif surface == "unfurl":
        walk.known("", payload, {"blocks"})
        walk.need("", payload, "blocks")
    else:
        _view(walk, payload)
    walk.blocks(payload.get("blocks"))
    if surface in ("message", "unfurl") and via != "response_url" and walk.letters > MOST_LETTERS:
        walk.say("blocks", f"msg_blocks_too_long: {walk.letters} characters over all blocks, at most {MOST_LETTERS}")
    return walk.found


def _message(walk: _Walk, payload: Mapping[str, Any], via: Via) -> None:
    walk.known("", payload, KEYS[via])
    if payload.get("delete_original") is True and via == "response_url":
        return
    text = payload.get("text")
    walk.rule("text", text, Words(MOST_TEXT))
    if isinstance(text, str):
        walk.markup("text", text, bare=payload.get("parse") != "none" and payload.get("mrkdwn") is not False)
    for key in ("response_type", "parse", "metadata"):
        if key in payload:
            walk.envelope(key, payload[key])
    for key in ("replace_original", "delete_original", "mrkdwn", "reply_broadcast", *_UNFURLED, "link_names"):
        if key in payload and not isinstance(payload[key], bool):
            walk.say(key, f"{payload[key]!r} is no boolean")
    if payload.get("link_names"):
        walk.say("link_names", "turns names into live mentions")
    links = isinstance(text, str) and mrkdwn.has_link(text)
    for key in sorted(_UNFURLED) if via == "chat.postMessage" else ():
        if payload.get(key) is not False and (links or walk.leads(payload.get("blocks"))):
            walk.say(key, "must be false where the message holds links")


def _view(walk: _Walk, payload: Mapping[str, Any]) -> None:
    modal = walk.surface == "modal"
    rules = MODAL if modal else VIEW
    walk.known("", payload, {*rules, "type", "blocks"})
    if payload.get("type") != walk.surface:
        walk.say("type", f"{payload.get('type')!r} is not {walk.surface!r}")
    for key in ("title", "blocks") if modal else ("blocks",):
        walk.need("", payload, key)
    for key, rule in rules.items():
        if key in payload:
            walk.rule(key, payload[key], rule)
    blocks = payload.get("blocks")
    asks = isinstance(blocks, Sequence) and any(
        isinstance(each, Mapping) and each.get("type") == "input" for each in blocks
    )
    if modal and asks and "submit" not in payload:
        walk.say("submit", "is missing in a view with input blocks")


@dataclass(slots=True)
class _Walk:
    """One reading of a payload: what was found, the characters seen, the ids taken."""

    surface: Surface
    found: list[str] = field(default_factory=list)
    letters: int = 0
    block_ids: set[str] = field(default_factory=set)
    action_ids: set[str] = field(default_factory=set)
    focused: int = 0

    def say(self, at: str, what: str) -> None:
        self.found.append(f"{at or 'payload'}: {what}")

    def known(self, at: str, value: Mapping[str, Any], keys: set[str]) -> None:
        for key in sorted(set(value) - keys):
            self.say(_under(at, key), "unknown key")

    def need(self, at: str, value: Mapping[str, Any], key: str) -> None:
        if key not in value:
            self.say(_under(at, key), "is missing")

    def blocks(self, blocks: Any) -> None:
        if blocks is None:
            return
        if not isinstance(blocks, Sequence) or isinstance(blocks, str):
            self.say("blocks", "is no array")
            return
        most = MOST_BLOCKS[self.surface]
        if len(blocks) > most:
            self.say("blocks", f"{len(blocks)} blocks, at most {most}")
        for index, block in enumerate(blocks):
            self.action_ids.clear()
            self.rule(f"blocks[{index}]", block, Thing(BLOCKS[self.surface]))
        if self.focused > 1:
            self.say("blocks", "more than one focus_on_load")

    def rule(self, at: str, value: Any, rule: Rule) -> None:
        match rule:
            case Words():
                self._words(at, value, rule)
            case Url():
                self._url(at, value, rule)
            case Number(least, most):
                if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                    self.say(at, f"{value!r} is no whole number from {least} to {most}")
            case Flag():
                if not isinstance(value, bool):
                    self.say(at, f"{value!r} is no boolean")
            case OneOf(values):
                if value not in values:
                    self.say(at, f"{value!r} is none of {', '.join(values)}")
            case Phrase(most, kinds):
                self.rule(at, value, Thing(kinds))
                if isinstance(value, Mapping) and len(str(value.get("text", ""))) > most:
                    self.say(_under(at, "text"), f"{len(value['text'])} characters, at most {most}")
            case Thing():
                self._thing(at, value, rule)
            case Many(each, most, least):
                self._many(at, value, each, least, most)

    def markup(self, at: str, text: str, *, bare: bool) -> None:
        for what in mrkdwn.live(text, bare=bare):
            self.say(at, what)

    def envelope(self, key: str, value: Any) -> None:
        """Check what stands around a message's text."""
        if key == "response_type":
            self.rule(key, value, OneOf(("ephemeral", "in_channel")))
        elif key == "parse" and value != "none":
            self.say(key, f"{value!r} turns names into live mentions")
        elif key == "metadata" and not (
            isinstance(value, Mapping)
            and set(value) == {"event_type", "event_payload"}
            and isinstance(value["event_type"], str)
            and value["event_type"]
            and isinstance(value["event_payload"], Mapping)
        ):
            self.say(key, "is not an event_type with an event_payload")

    def leads(self, value: Any) -> bool:
        """Tell whether a link stands anywhere in some blocks, apart from buttons, which never unfurl."""
        if isinstance(value, Mapping):
            marked = value.get("type") == "mrkdwn" and mrkdwn.has_link(str(value.get("text", "")))
            return marked or value.get("type") == "link" or any(self.leads(each) for each in value.values())
        return isinstance(value, Sequence) and not isinstance(value, str) and any(self.leads(each) for each in value)

    def _words(self, at: str, value: Any, rule: Words) -> None:
        if not isinstance(value, str):
            self.say(at, "is missing" if value is None else f"{value!r} is no string")
            return
        if not rule.least <= len(value) <= rule.most:
            limit = f"at least {rule.least}" if len(value) < rule.least else f"at most {rule.most}"
            self.say(at, f"{len(value)} characters, {limit}")
        if rule.shown:
            self.letters += len(value)

    def _url(self, at: str, value: Any, rule: Url) -> None:
        self._words(at, value, Words(rule.most, shown=rule.counted))
        if isinstance(value, str) and mrkdwn.foreign(value):
            self.say(at, f"a link to {value or 'nowhere'}")

    def _many(self, at: str, value: Any, each: Rule, least: int, most: int) -> None:
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.say(at, "is no array")
            return
        if not least <= len(value) <= most:
            self.say(
                at, f"{len(value)} elements, " + (f"at least {least}" if len(value) < least else f"at most {most}")
            )
        for index, inner in enumerate(value):
            self.rule(f"{at}[{index}]", inner, each)

    def _thing(self, at: str, value: Any, rule: Thing) -> None:
        if not isinstance(value, Mapping):
            self.say(at, "is no object")
            return
        name = rule.shapes[0]
        if name not in UNTYPED:
            name = str(value.get("type"))
            # An image as an element has no title or id: Slack calls both "image".
            name = "image_element" if name == "image" and "image_element" in rule.shapes else name
        if name not in rule.shapes:
            self.say(at, f"type {value.get('type')!r} is not allowed here")
            return
        shape = SHAPES[name]
        self.known(at, value, {*shape.must, *shape.may, *(() if name in UNTYPED else ("type",))})
        for key in shape.must:
            self.need(at, value, key)
        for key, inner in {**shape.must, **shape.may}.items():
            if key in value:
                self.rule(_under(at, key), value[key], inner)
        self._beyond(at, name, shape, value)

    def _beyond(self, at: str, name: str, shape: Shape, value: Mapping[str, Any]) -> None:
        """Check what holds between keys."""
        if shape.either and not any(key in value for key in shape.either):
            self.say(at, f"has none of {', '.join(shape.either)}")
        if "options" in value and "option_groups" in value:
            self.say(at, "has both options and option_groups")
        for key, taken in (("block_id", self.block_ids), ("action_id", self.action_ids)):
            if isinstance(value.get(key), str):
                if value[key] in taken:
                    self.say(_under(at, key), f"{value[key]!r} is taken")
                taken.add(value[key])
        options = value.get("options")
        first = value.get("initial_options", [value["initial_option"]] if "initial_option" in value else [])
        if isinstance(options, list) and isinstance(first, list) and any(each not in options for each in first):
            self.say(_under(at, "initial_option"), "is not one of the options")
        self.focused += value.get("focus_on_load") is True
        if name in RINGS:
            self.say(at, f"a live mention of a {name}")
        if name == "mrkdwn" and isinstance(value.get("text"), str):
            self.markup(_under(at, "text"), value["text"], bare=value.get("verbatim") is not True)


def _under(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
