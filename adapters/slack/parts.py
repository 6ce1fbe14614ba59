"""The parts of a reply as blocks: its head, its papers, its lines, its buttons."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from adapters.slack.elements import Block, address, aside, asides, marked, piece, plain, rich, section
from adapters.slack.prose import here, prose
from bot.model import Button, Card, Item, Reply, Text

# Slack refuses a message whose blocks hold about 12,000 characters together, which no page of its documentation says:
# https://github.com/slackapi/bolt-js/issues/2509. The rest is for what it may count besides.
CHARACTERS = 9_000
TITLE = 300
_LABEL = 60  # of 75
_NOTE = 2_500  # of 3,000
_VALUE = 2_000
_ADDRESS = 600


@dataclass(frozen=True, slots=True)
class Press:
    """What a button carries: the command line it stands for, and who alone may turn the page, if not everybody."""

    name: str
    text: str = ""
    by: str = ""

    def dump(self) -> str:
        return json.dumps([self.name, self.text, self.by], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def load(cls, value: str) -> Press:
        """Read a button's value. Raise ValueError where it is none of ours."""
        found = json.loads(value)
        if not (isinstance(found, list) and len(found) == 3 and all(isinstance(each, str) for each in found)):
            raise ValueError("not the value of a button of ours")
        return cls(*found)


def head(reply: Reply, *, headed: bool = True) -> Iterator[Block]:
    if reply.about:
        yield rich(section([piece("About "), {"type": "channel", "channel_id": reply.about.name}]))
    if reply.text.plain.strip():
        yield prose(reply.text.clip(CHARACTERS).plain, headed=headed and bool(reply.cards or reply.items))


def items(lines: Iterable[Item]) -> Iterator[Block]:
    for number, item in enumerate(lines):
        yield rich(section(marked(item.text.clip(TITLE * 2), "bold")))
        yield from actions(item.buttons, "", f"item{number}")


def paper(card: Card, number: int) -> Iterator[Block]:
    pieces = list(_title(card))
    if card.body.plain:
        pieces += [piece("\n"), *marked(card.body, "bold")]
    yield rich(section(pieces))
    yield from about(card)
    yield from actions(card.buttons, "", f"card{number}")


def line(card: Card) -> list[Block]:
    said = " · ".join(filter(None, [card.why.plain, *card.facts]))
    below = [piece("\n"), piece(aside(said), "italic")] if said else []
    return [rich(section([*_title(card), *below]))]


def about(card: Card) -> Iterator[Block]:
    """Yield the small line below a paper: why it is here, what is known of it, its PDF and its code."""
    # Where a paper sends its readers besides is in its text; a link of ours goes to arXiv and to code hosts only.
    code = [(f"Code ({_host(each.url)})", each.url) for each in card.links if each.kind == "code"]
    named = [(label, address(url)) for label, url in [("PDF", card.pdf), *code[:3]] if url]
    links = "  ".join(f"<{url}|{label}>" for label, url in named if len(url) < _ADDRESS)
    said = asides(card.why.plain, " · ".join(card.facts))
    if elements := [*said, *([{"type": "mrkdwn", "text": links}] if links else [])]:
        yield {"type": "context", "elements": elements}


def note(reply: Reply) -> Iterator[Block]:
    # Whole: what it tells one to type would be of no use without its end.
    if said := Text(here(reply.note.plain)).clip(_NOTE).plain.strip():
        yield {"type": "context", "elements": [plain(said)]}


def actions(steps: Sequence[Button], by: str, group: str, shared: Sequence[Button] = ()) -> Iterator[Block]:
    elements = [_button(step, f"{step.shown}:{group}:{n}", by) for n, step in enumerate(steps)]
    elements += [_button(step, f"share:{group}:{n}", by) for n, step in enumerate(shared)]
    for start in range(0, len(elements), 25):
        yield {"type": "actions", "elements": elements[start : start + 25]}


def cut(cards: Sequence[Card], width: int) -> list[Card]:
    """Return papers with their texts cut to a width.

    Of several, each has the button that opens it, and those that are one sign: more is noise.
    """
    return [
        replace(card, body=card.body.clip(width), buttons=tuple(_few(card) if len(cards) > 1 else _named(card)))
        for card in cards
    ]


def _title(card: Card) -> Iterator[Block]:
    for text, is_marked in card.title.clip(TITLE).pieces():
        yield {"type": "link", "url": address(card.url), "text": text, "style": {"bold": True, "italic": is_marked}}


def _host(url: str) -> str:
    return html.escape(urlsplit(url).hostname or "", quote=False)


def _button(step: Button, action: str, by: str) -> Block:
    value = Press(step.name, step.text, by if step.shown == "instead" else "").dump()
    if len(value) > _VALUE:
        raise ValueError(f"the line of a button has {len(value)} characters")
    label = Text(step.label).clip(_LABEL).plain
    return {
        "type": "button",
        "action_id": action,
        "text": plain(step.sign or label),
        "value": value,
        **({"accessibility_label": label} if step.sign else {}),
    }


def _few(card: Card) -> Iterator[Button]:
    return (each for each in card.buttons if each.shown == "aside" or each.sign)


def _named(card: Card) -> Iterator[Button]:
    return (replace(each, sign="") for each in card.buttons)
