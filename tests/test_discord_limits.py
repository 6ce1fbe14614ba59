"""The table of Discord's limits refuses what is beyond each of them, and takes what is on the edge."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.fakes import discord_schema
from tests.fakes.discord_command_limits import LOCALES
from tests.fakes.discord_limits import Kind, problems

Json = dict[str, Any]
ROUTES: dict[Kind, tuple[str, str]] = {
    "message": ("POST", "/channels/{channel_id}/messages"),
    "edit": ("PATCH", "/channels/{channel_id}/messages/{message_id}"),
    "followup": ("POST", "/webhooks/{webhook_id}/{webhook_token}"),
    "callback": ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"),
    "thread": ("POST", "/channels/{channel_id}/threads"),
    "commands": ("PUT", "/applications/{application_id}/commands"),
}
V2 = 1 << 15


def message(**more: Any) -> Json:
    return {
        "allowed_mentions": {"parse": []},
        **({} if "embeds" in more or "components" in more else {"content": "a"}),
    } | more


def embed(**more: Any) -> Json:
    return message(embeds=[{"type": "rich", "title": "a", **more}])


def field(name: str = "a", value: str = "b") -> Json:
    return {"name": name, "value": value, "inline": False}


def button(custom_id: str = "a", **more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "a", "custom_id": custom_id} | more


def link(url: str = "https://arxiv.org", **more: Any) -> Json:
    return {"type": 2, "style": 5, "label": "a", "url": url} | more


def option(value: str = "a", **more: Any) -> Json:
    return {"label": "a", "value": value} | more


def select(*options: Json, **more: Any) -> Json:
    return {"type": 3, "custom_id": "s", "options": list(options) or [option()]} | more


def row(*parts: Json) -> Json:
    return {"type": 1, "components": list(parts)}


def rows(*parts: Json) -> Json:
    return message(components=[row(*parts)])


def layout(*parts: Json, **more: Any) -> Json:
    return message(components=list(parts), flags=V2, **more)


def said(content: str = "a") -> Json:
    return {"type": 10, "content": content}


def section(*parts: Json, accessory: Json | None = None) -> Json:
    return {"type": 9, "components": list(parts) or [said()], "accessory": accessory or button()}


def box(*parts: Json) -> Json:
    return {"type": 17, "components": list(parts)}


def answer(kind: int, data: Json | None = None) -> Json:
    return {"type": kind} | ({} if data is None else {"data": data})


def offered(*names: str, value: Any = "v") -> Json:
    return answer(8, {"choices": [{"name": name, "value": value} for name in names]})


def entry(**more: Any) -> Json:
    return {"type": 4, "custom_id": "i", "style": 1, **more}


def labelled(**more: Any) -> Json:
    return {"type": 18, "label": "a", "component": entry()} | more


def modal(*parts: Json, **more: Any) -> Json:
    return answer(9, {"custom_id": "m", "title": "a", "components": list(parts) or [labelled()]} | more)


def post(**more: Any) -> Json:
    return {"name": "a", "message": message()} | more


def command(**more: Any) -> Json:
    return {"type": 1, "name": "a", "description": "b"} | more


def param(name: str = "a", kind: int = 3, **more: Any) -> Json:
    return {"type": kind, "name": name, "description": "b"} | more


def sub(name: str = "a", *options: Json) -> Json:
    return {"type": 1, "name": name, "description": "b", "options": list(options)}


def choices(*names: str, value: Any = "v") -> list[Json]:
    return [{"name": name, "value": value} for name in names]


def numbered(count: int) -> list[str]:
    return [f"n{number}" for number in range(count)]


def big(size: int) -> Json:
    """Return a command whose names, descriptions and values have so many characters."""
    options: list[Json] = []
    # Its own name and description, and those of four subcommands.
    left = size - 2 - 4 * 2
    while left > 0:
        # A name of three letters, then a description.
        options.append(param(f"{len(options):03}", description="x" * max(1, min(100, left - 3))))
        left -= 3 + len(options[-1]["description"])
    return command(options=[sub(f"{n}", *options[n * 25 : n * 25 + 25]) for n in range((len(options) + 24) // 25)])


TAKEN: list[tuple[Kind, Json | list[Json]]] = [
    ("message", message()),
    ("message", message(content="x" * 2000, nonce="n" * 25, enforce_nonce=True, tts=False, flags=4 | 4096)),
    ("message", message(embeds=[{"title": "a"}] * 10)),
    ("message", embed(title="x" * 256, description="x" * 4096, color=0xFFFFFF, timestamp="2020-01-01T00:00:00+00:00")),
    ("message", embed(fields=[field("x" * 10, "y" * 10)] * 25)),
    ("message", embed(fields=[field("x" * 256, "y" * 1024)])),
    ("message", embed(footer={"text": "x" * 2048}, author={"name": "x" * 256, "url": "https://arxiv.org"})),
    ("message", embed(title="x" * 256, description="x" * 4096, footer={"text": "x" * 1648})),
    ("message", embed(url="https://arxiv.org/" + "x" * 2030, image={"url": "https://arxiv.org/a.png"})),
    ("message", message(components=[row(*(button(f"{r}{c}") for c in range(5))) for r in range(5)])),
    ("message", rows(button("x" * 100, label="x" * 80))),
    ("message", rows(link("https://arxiv.org/" + "x" * 494), button(label=None, emoji={"name": "x"}))),
    ("message", rows(select(*map(option, numbered(25)), placeholder="x" * 150, min_values=0, max_values=25))),
    ("message", rows(select(option("x" * 100, label="x" * 100, description="x" * 100, default=True)))),
    ("message", rows({"type": 8, "custom_id": "s", "channel_types": [0, 15]})),
    ("message", layout(*[said()] * 40)),
    ("message", layout(said("x" * 3999), said())),
    (
        "message",
        layout(box(section(said(), said(), said()), {"type": 14, "divider": True, "spacing": 2}, row(button("b")))),
    ),
    ("edit", {"components": []}),
    ("edit", {"content": None, "embeds": [{"title": "a"}], "allowed_mentions": {"parse": []}, "tts": False}),
    ("followup", message(flags=64)),
    ("callback", answer(4, message(flags=64))),
    ("callback", answer(5, {"flags": 64})),
    ("callback", answer(5)),
    ("callback", answer(6)),
    ("callback", answer(7, {"components": []})),
    ("callback", offered(*numbered(25))),
    ("callback", offered("x" * 100, value="v" * 100)),
    ("callback", offered("a", value=1)),
    ("callback", offered()),
    ("callback", modal(*(labelled(component=entry(custom_id=n)) for n in numbered(5)), title="x" * 45)),
    ("callback", modal(labelled(label="x" * 45, description="x" * 100), custom_id="x" * 100)),
    ("callback", modal(row(entry(label="x" * 45, value="x" * 4000, placeholder="x" * 100, max_length=4000)))),
    ("thread", post(name="x" * 100, applied_tags=["1"] * 1, auto_archive_duration=1440)),
    ("thread", post(applied_tags=[1, 2, 3, 4, 5])),
    ("commands", [command(name=name, type=1) for name in numbered(100)]),
    ("commands", [command(name="x" * 32, description="x" * 100, options=[param(each) for each in numbered(25)])]),
    ("commands", [command(name=name) for name in ("größe", "検索", "สวัสดี", "नमस्ते", "l'été", "a-b_c", "1")]),
    ("commands", [{"type": 3, "name": "Find Related"}, {"type": 2, "name": "Find Related"}]),
    ("commands", [command(options=[param("a", required=True), param("b")])]),
    ("commands", [command(options=[sub("a"), {"type": 2, "name": "g", "description": "b", "options": [sub("a")]}])]),
    ("commands", [command(options=[param(choices=choices(*numbered(25)))])]),
    (
        "commands",
        [command(options=[param(choices=choices("x" * 100, value="v" * 100), min_length=0, max_length=6000)])],
    ),
    ("commands", [command(options=[param(kind=4, min_value=-5, max_value=5, autocomplete=True)])]),
    ("commands", [command(options=[param(kind=7, channel_types=[0, 5, 15])])]),
    ("commands", [command(name_localizations=dict.fromkeys(sorted(LOCALES), "ä"), contexts=[0, 1, 2])]),
    ("commands", [command(integration_types=[0, 1], default_member_permissions="32", nsfw=False)]),
    ("commands", [big(8000)]),
]


@pytest.mark.parametrize(("kind", "body"), TAKEN, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(TAKEN)])
def test_the_edge_is_taken(kind: Kind, body: Any) -> None:
    assert problems(kind, body) == []
    assert discord_schema.problems(*ROUTES[kind], body) == []


REFUSED: list[tuple[Kind, Any, str]] = [
    ("message", [], "body: is no object"),
    ("message", {}, "content: is empty"),
    ("message", message(content=" \n"), "content: is empty"),
    ("message", message(embeds=[], components=[]), "content: is empty"),
    ("message", message(content="x" * 2001), "content: has 2001"),
    ("message", message(content=1), "content: is no string"),
    ("message", message(unknown=1), "unknown: is unknown"),
    ("message", message(nonce="n" * 26), "nonce: has 26"),
    ("message", message(flags=64), "flags: is 64"),
    ("message", message(tts="no"), "tts: is no boolean"),
    ("message", {"content": "a"}, "allowed_mentions: does not say"),
    ("message", message(allowed_mentions={}), "allowed_mentions: does not say"),
    ("message", message(allowed_mentions={"parse": ["everyone"]}), "allowed_mentions: does not say"),
    ("message", message(allowed_mentions={"parse": [], "users": ["1"]}), "allowed_mentions: does not say"),
    ("message", message(allowed_mentions={"parse": [], "roles": ["1"]}), "allowed_mentions: does not say"),
    ("message", message(allowed_mentions={"parse": ["all"]}), "allowed_mentions.parse[0]: is 'all'"),
    ("message", message(embeds="a"), "embeds: is no array"),
    ("message", message(embeds=[{"title": "a"}] * 11), "embeds: has 11"),
    ("message", message(embeds=[{"type": "rich"}]), "embeds[0]: shows nothing"),
    ("message", embed(title="x" * 257), "title: has 257"),
    ("message", embed(title=""), "title: has 0"),
    ("message", embed(description="x" * 4097), "description: has 4097"),
    ("message", embed(fields=[field()] * 26), "fields: has 26"),
    ("message", embed(fields=[field("x" * 257)]), "fields[0].name: has 257"),
    ("message", embed(fields=[field("a", "x" * 1025)]), "fields[0].value: has 1025"),
    ("message", embed(fields=[field(name=" ")]), "fields[0].name: has 0"),
    ("message", embed(fields=[field(value="")]), "fields[0].value: has 0"),
    ("message", embed(fields=[{"name": "a"}]), "fields[0].value: is missing"),
    ("message", embed(footer={"text": "x" * 2049}), "footer.text: has 2049"),
    ("message", embed(author={"name": "x" * 257}), "author.name: has 257"),
    ("message", embed(color=0x1000000), "color: is 16777216"),
    ("message", embed(url="arxiv.org"), "is no web address"),
    ("message", embed(url="https://arxiv.org/a b"), "is no web address"),
    ("message", embed(url="https://arxiv.org/" + "x" * 2031), "url: has 2049"),
    ("message", embed(timestamp="yesterday"), "timestamp: 'yesterday' is no ISO 8601 time"),
    ("message", message(embeds=[{"description": "x" * 3001}, {"description": "x" * 3000}]), "6001 characters in all"),
    ("message", message(components=[row(button(str(n))) for n in range(6)]), "components: has 6"),
    ("message", rows(), "components[0].components: has 0"),
    ("message", rows(*(button(str(n)) for n in range(6))), "components[0].components: has 6"),
    ("message", rows(select(), select(custom_id="t")), "components[0].components: has 2"),
    ("message", rows(select(), button()), "components[0].components"),
    ("message", message(components=[button()]), "of the second kind"),
    ("message", rows(button("")), "custom_id: has 0"),
    ("message", rows(button("x" * 101)), "custom_id: has 101"),
    ("message", rows(button(), button()), "custom_id 'a' is there more than once"),
    ("message", rows(button(label="x" * 81)), "label: has 81"),
    ("message", rows(button(label=None)), "neither label nor emoji"),
    ("message", rows(button(style=6)), "style: is 6"),
    ("message", rows(button(url="https://arxiv.org")), "a button has a custom_id, or"),
    ("message", rows(button(style=5)), "a button has a custom_id, or"),
    ("message", rows(link(custom_id="a")), "a button has a custom_id, or"),
    ("message", rows(link("https://arxiv.org/" + "x" * 495)), "url: has 513"),
    ("message", rows(select(*map(option, numbered(26)))), "options: has 26"),
    ("message", rows({"type": 3, "custom_id": "s", "options": []}), "options: has 0"),
    ("message", rows(select(option(), option())), "options: value 'a' is there more than once"),
    ("message", rows(select(option(label="x" * 101))), "label: has 101"),
    ("message", rows(select(option("x" * 101))), "value: has 101"),
    ("message", rows(select(option(description="x" * 101))), "description: has 101"),
    ("message", rows(select(placeholder="x" * 151)), "placeholder: has 151"),
    ("message", rows(select(min_values=2, max_values=1)), "min_values is more than max_values"),
    ("message", rows(select(max_values=2)), "max_values is more than there are options"),
    ("message", rows(select(option("a", default=True), option("b", default=True))), "from the start"),
    ("message", rows({"type": 99}), "is of type 99"),
    ("message", layout(*[said()] * 41), "components: has 41"),
    ("message", layout(box(*[said()] * 40)), "components: are 41 in all"),
    ("message", layout(said("x" * 4000), said()), "4001 characters in all"),
    ("message", layout(said(), content="a"), "with components v2 there is no content"),
    ("message", layout(said(), embeds=[{"title": "a"}]), "with components v2 there is no content"),
    ("message", message(components=[said()]), "of the second kind"),
    ("message", {"components": [said()], "flags": V2}, "allowed_mentions: does not say"),
    ("message", layout(section(*[said()] * 4)), "components: has 4"),
    ("message", layout(section(accessory=said())), "accessory: is of type 10"),
    ("edit", {"content": "", "embeds": [], "components": []}, "content: is empty"),
    ("edit", {"content": "a"}, "allowed_mentions: does not say"),
    ("edit", {"nonce": "a"}, "nonce: is unknown"),
    ("followup", message(nonce="a"), "nonce: is unknown"),
    ("followup", message(content=""), "content: is empty"),
    ("callback", answer(3), "is of type 3"),
    ("callback", answer(4), "data: is missing"),
    ("callback", answer(4, {"content": "a"}), "data.allowed_mentions: does not say"),
    ("callback", answer(4, message(content="")), "data.content: is empty"),
    ("callback", answer(4, message(content="x" * 2001)), "data.content: has 2001"),
    ("callback", answer(7, {"content": "", "embeds": [], "components": []}), "data.content: is empty"),
    ("callback", answer(5, {"content": "a"}), "data.content: is unknown"),
    ("callback", answer(6, {"flags": 64}), "data.flags: is unknown"),
    ("callback", offered(*numbered(26)), "choices: has 26"),
    ("callback", offered(""), "name: has 0"),
    ("callback", offered("x" * 101), "name: has 101"),
    ("callback", offered("a", value="v" * 101), "value: has 101"),
    ("callback", offered("a", value=""), "value: has 0"),
    ("callback", offered("a", "a"), "name 'a' is there more than once"),
    ("callback", modal(title="x" * 46), "title: has 46"),
    ("callback", modal(custom_id="x" * 101), "custom_id: has 101"),
    ("callback", modal(*[labelled()] * 6), "components: has 6"),
    ("callback", modal(labelled(label="x" * 46)), "label: has 46"),
    ("callback", modal(row(entry(label="a", value="x" * 4001))), "value: has 4001"),
    ("callback", modal(row(entry(label="a", max_length=4001))), "max_length: is 4001"),
    ("callback", modal(row(entry())), "label: is missing"),
    ("callback", modal(row(button())), "is of type 2"),
    ("thread", post(name="x" * 101), "name: has 101"),
    ("thread", post(message=message(nonce="a")), "message.nonce: is unknown"),
    ("thread", post(message={"content": "a"}), "message.allowed_mentions: does not say"),
    ("thread", post(applied_tags=[1, 2, 3, 4, 5, 6]), "applied_tags: has 6"),
    ("thread", post(auto_archive_duration=61), "auto_archive_duration: is 61"),
    ("thread", {"name": "a"}, "message: is missing"),
    ("commands", {}, "commands: is no array"),
    ("commands", [command(name=name) for name in numbered(101)], "101 are of type 1"),
    ("commands", [{"type": 3, "name": name} for name in numbered(16)], "16 are of type 3"),
    ("commands", [{"type": 2, "name": name} for name in numbered(16)], "16 are of type 2"),
    ("commands", [command(), command()], "'a' of type 1 is there more than once"),
    ("commands", [command(name="x" * 33)], "name: has 33"),
    ("commands", [command(name="")], "name: has 0"),
    ("commands", [command(name="two words")], "a character that a command's name cannot have"),
    ("commands", [command(name="a.b")], "a character that a command's name cannot have"),
    ("commands", [command(name="Papers")], "is not in lower case"),
    ("commands", [command(name_localizations={"de": "Groß"})], "is not in lower case"),
    ("commands", [command(name_localizations=["groß"])], "name_localizations: is no object"),
    ("commands", [command(name_localizations={"de-DE": "groß"})], "'de-DE' is no locale"),
    ("commands", [command(description_localizations={"de": "x" * 101})], "description_localizations.de: has 101"),
    ("commands", [command(description="x" * 101)], "description: has 101"),
    ("commands", [command(description="")], "description: has 0"),
    ("commands", [{"type": 3, "name": "a", "description": "b"}], "description: has 1"),
    ("commands", [command(type=4)], "type: is 4"),
    ("commands", [command(contexts=[])], "contexts: has 0"),
    ("commands", [command(contexts=[3])], "contexts[0]: is 3"),
    ("commands", [command(integration_types=[2])], "integration_types[0]: is 2"),
    ("commands", [command(options=[param(each) for each in numbered(26)])], "options: has 26"),
    ("commands", [command(options=[sub(each) for each in numbered(26)])], "options: has 26"),
    ("commands", [command(options=[param(), param()])], "name 'a' is there more than once"),
    ("commands", [command(options=[sub(), sub()])], "name 'a' is there more than once"),
    ("commands", [command(options=[param("a"), param("b", required=True)])], "comes after an optional one"),
    ("commands", [command(options=[sub("a", param("a"), param("b", required=True))])], "comes after an optional one"),
    ("commands", [command(options=[sub("a"), param("b")])], "is of type 3"),
    ("commands", [command(options=[param("A")])], "is not in lower case"),
    ("commands", [command(options=[param(kind=12)])], "is of type 12"),
    ("commands", [command(options=[param(choices=choices(*numbered(26)))])], "choices: has 26"),
    ("commands", [command(options=[param(choices=choices("a", "a"))])], "name 'a' is there more than once"),
    ("commands", [command(options=[param(choices=choices("x" * 101))])], "name: has 101"),
    ("commands", [command(options=[param(choices=choices("a", value="v" * 101))])], "value: has 101"),
    ("commands", [command(options=[param(choices=choices("a", value=1))])], "value: is no string"),
    ("commands", [command(options=[param(kind=4, choices=choices("a"))])], "value: is no integer"),
    ("commands", [command(options=[param(choices=choices("a"), autocomplete=True)])], "exclude each other"),
    ("commands", [command(options=[param(kind=5, autocomplete=True)])], "autocomplete: is unknown"),
    ("commands", [command(options=[param(max_length=6001)])], "max_length: is 6001"),
    ("commands", [command(options=[param(min_value=1)])], "min_value: is unknown"),
    ("commands", [command(options=[param(min_length=2, max_length=1)])], "min_length is more than max_length"),
    ("commands", [command(options=[param(kind=4, min_value=2, max_value=1)])], "min_value is more than max_value"),
    ("commands", [big(8001)], "8001 characters in all"),
    (
        "commands",
        [big(7999) | {"description_localizations": {"de": "xyz", "fr": "xy"}}],
        "8001 characters in all",
    ),
]


@pytest.mark.parametrize(("kind", "body", "part"), REFUSED, ids=[f"{n}-{each[2]}" for n, each in enumerate(REFUSED)])
def test_what_is_beyond_is_refused(kind: Kind, body: Any, part: str) -> None:
    found = problems(kind, copy.deepcopy(body))
    assert any(part in each for each in found), found
    assert len(found) == len(set(found))


def test_an_unknown_kind_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="there is no kind"):
        problems("unknown", {})  # type: ignore[arg-type]


@pytest.mark.skipif(not discord_schema.SPEC.exists(), reason="Discord's description of its API is not at hand")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("message", embed(title="x" * 257)),
        ("message", rows(button(label="x" * 81))),
        ("edit", embed(fields=[field()] * 26)),
        ("followup", message(content="x" * 2001)),
        ("callback", offered(*numbered(26))),
        ("thread", post(name="x" * 101)),
        ("commands", [command(description="x" * 101)]),
    ],
)
def test_the_official_description_agrees(kind: Kind, body: Any) -> None:
    assert discord_schema.problems(*ROUTES[kind], body)
