"""Replies as Block Kit: messages, their threads, dialogs."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from adapters.slack.elements import (
    Block,
    address,
    aside,
    asides,
    context,
    escape,
    marked,
    piece,
    plain,
    rich,
    section,
)
from adapters.slack.prose import here, prose
from bot.model import Button, Card, Item, Reply, Text

# Slack refuses a message whose blocks hold about 12,000 characters together, which no page of its documentation says:
# https://github.com/slackapi/bolt-js/issues/2509. The rest is for what it may count besides.
_CHARACTERS = 9_000
_BLOCKS = 45  # of 50
_LABEL = 60  # of 75
_TITLE = 300
_NOTE = _FALLBACK = 2_500  # of 3,000
_WIDTHS = (_CHARACTERS, 3_000, 1_000, 280, 200, 120, 60)  # of a body: each is tried until all fits
_SNIPPET, _SHORTEST = 280, 60
_VALUE = 2_000
MODAL_TITLE = 24
_ADDRESS = 600


@dataclass(frozen=True, slots=True)
class Message:
    """What a message consists of: its blocks, and the text for where these are not shown, such as a notification."""

    text: str
    blocks: tuple[Block, ...]


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


def message(reply: Reply, *, by: str = "", note: str = "", share: bool = False) -> Message:
    """Return a reply as one message: snippets give way where it would be too long, and cards after that.

    `by` is the person who may turn its pages. `share` offers to show it to the channel. `note` is a line below it.
    """
    for width in _WIDTHS:
        blocks = tuple(_whole(reply, _cards(reply.cards, width), by, note, share=share))
        if _fits(blocks):
            return Message(fallback(reply), blocks)
    shown = reply.cards
    while len(shown) > 1:
        shown = shown[: len(shown) // 2]
        left = f"{len(shown)} of {len(reply.cards)} are shown: together they are too long for one message."
        lines = "\n".join(filter(None, [left, note]))
        blocks = tuple(_whole(reply, _cards(shown, _SHORTEST), by, lines, share=share))
        if _fits(blocks):
            break
    return Message(fallback(reply), blocks)


def opened(reply: Reply) -> tuple[Block, ...]:
    """Return a reply as the blocks of a view: texts in full length, as far as a view takes them."""
    for width in _WIDTHS:
        blocks = tuple(_whole(reply, _cards(reply.cards, width), "", ""))
        if _fits(blocks):
            break
    return blocks


def thread(reply: Reply) -> list[Message]:
    """Return a reply as a message that has each paper in a line or two, and the messages of its thread with all of it.

    The first message names every paper, however many there are; what does not fit into it comes first in the thread.
    """
    heads = list(_head(reply))
    ends = [*_items(reply.items), *_note(reply), *buttons(reply.buttons, group="end")]
    room = _BLOCKS - len(heads) - len(ends)
    first, *rest = _packed([_line(card) for card in reply.cards], room=room, taken=_size([*heads, *ends]))
    cards = _packed([list(_card(card, n)) for n, card in enumerate(_cards(reply.cards, _SNIPPET))])
    return [Message(fallback(reply), tuple(blocks)) for blocks in ([*heads, *first, *ends], *rest, *cards)]


def chapters(reply: Reply, *, by: str = "") -> list[Message]:
    """Return a reply with all its papers as one message, and as many in its thread as it takes."""
    cards = [list(_card(card, n)) for n, card in enumerate(_cards(reply.cards, _SNIPPET))]
    ends = [*_items(reply.items), *_note(reply), *_actions(reply.buttons, by, "end")]
    heads = list(_head(reply))
    first, *rest = _packed(cards, room=_BLOCKS - len(heads) - len(ends), taken=_size([*heads, *ends]))
    if rest:
        shown = sum(block["type"] == "rich_text" for block in first)
        heads += context(f"{shown} of {len(cards)} are here, the others in the thread of this message.")
    return [Message(fallback(reply), tuple(blocks)) for blocks in ([*heads, *first, *ends], *rest)]


def modal(title: str, blocks: Iterable[Block], *, callback: str = "reply", submit: str = "") -> Block:
    """Return a dialog. Its title is cut to what Slack takes."""
    view: Block = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(Text(title.strip() or "Paperwire").clip(MODAL_TITLE).plain),
        "close": plain("Cancel" if submit else "Close"),
        "blocks": list(blocks)[:100],
    }
    return view | ({"submit": plain(submit)} if submit else {})


def words(text: str) -> Block:
    """Return words of ours as a block."""
    return prose(Text(text).clip(_CHARACTERS).plain)


def buttons(steps: Sequence[Button], *, group: str) -> list[Block]:
    """Return steps as rows of buttons; `group` tells these from the other buttons of a message or view."""
    return list(_actions(steps, "", group))


def listed(reply: Reply) -> list[Block]:
    """Return a reply, to stand below a header, with each paper in a line or two."""
    return [
        *_head(reply, headed=False),
        *_items(reply.items),
        *(block for card in reply.cards for block in _line(card)),
        *_note(reply),
        *_actions(reply.buttons, "", "end"),
    ]


def unfurled(card: Card) -> list[Block]:
    """Return what stands below a link that somebody posted: the title, the beginning of the abstract, the facts."""
    texts = (card.title.clip(_TITLE).plain, card.body.clip(_SNIPPET).plain)
    blocks: list[Block] = [{"type": "section", "text": plain(each)} for each in texts if each.strip()]
    return [*blocks, *_about(card)]


def fallback(reply: Reply) -> str:
    """Return a reply as one short mrkdwn text without markup, mention or link: for notifications and readers aloud."""
    said = [
        here(str(reply.text)),
        *(str(item.text) for item in reply.items),
        *(str(card.title) for card in reply.cards),
    ]
    short = Text("\n".join(each for each in (*said, here(str(reply.note))) if each.strip())).clip(_FALLBACK)
    return escape(short.plain) or "Paperwire"


def _whole(reply: Reply, cards: Sequence[Card], by: str, note: str, *, share: bool = False) -> Iterator[Block]:
    yield from _head(reply)
    yield from _items(reply.items)
    for number, card in enumerate(cards):
        yield from _card(card, number)
    yield from _note(reply)
    again = [Button("Share to channel", reply.again.name, reply.again.text)] if share and reply.again else []
    yield from _actions(reply.buttons, by, "end", shared=again)
    yield from context(note)


def _head(reply: Reply, *, headed: bool = True) -> Iterator[Block]:
    if reply.about:
        yield rich(section([piece("About "), {"type": "channel", "channel_id": reply.about.name}]))
    if reply.text.plain.strip():
        yield prose(reply.text.clip(_CHARACTERS).plain, headed=headed and bool(reply.cards or reply.items))


def _note(reply: Reply) -> Iterator[Block]:
    # Whole: what it tells one to type would be of no use without its end.
    if said := Text(here(reply.note.plain)).clip(_NOTE).plain.strip():
        yield {"type": "context", "elements": [plain(said)]}


def _items(lines: Iterable[Item]) -> Iterator[Block]:
    for number, item in enumerate(lines):
        yield rich(section(marked(item.text.clip(_TITLE * 2), "bold")))
        yield from _actions(item.buttons, "", f"item{number}")


def _card(card: Card, number: int) -> Iterator[Block]:
    pieces = list(_title(card))
    if card.body.plain:
        pieces += [piece("\n"), *marked(card.body, "bold")]
    yield rich(section(pieces))
    yield from _about(card)
    yield from _actions(card.buttons, "", f"card{number}")


def _line(card: Card) -> list[Block]:
    said = " · ".join(filter(None, [card.why.plain, *card.facts]))
    below = [piece("\n"), piece(aside(said), "italic")] if said else []
    return [rich(section([*_title(card), *below]))]


def _title(card: Card) -> Iterator[Block]:
    for text, is_marked in card.title.clip(_TITLE).pieces():
        yield {"type": "link", "url": address(card.url), "text": text, "style": {"bold": True, "italic": is_marked}}


def _about(card: Card) -> Iterator[Block]:
    """Yield the small line below a paper: why it is here, what is known of it, its PDF and its code."""
    # Where a paper sends its readers besides is in its text; a link of ours goes to arXiv and to code hosts only.
    code = [(f"Code ({_host(each.url)})", each.url) for each in card.links if each.kind == "code"]
    named = [(label, address(url)) for label, url in [("PDF", card.pdf), *code[:3]] if url]
    links = "  ".join(f"<{url}|{label}>" for label, url in named if len(url) < _ADDRESS)
    said = asides(card.why.plain, " · ".join(card.facts))
    if elements := [*said, *([{"type": "mrkdwn", "text": links}] if links else [])]:
        yield {"type": "context", "elements": elements}


def _host(url: str) -> str:
    return html.escape(urlsplit(url).hostname or "", quote=False)


def _actions(steps: Sequence[Button], by: str, group: str, shared: Sequence[Button] = ()) -> Iterator[Block]:
    elements = [_button(step, f"{step.shown}:{group}:{n}", by) for n, step in enumerate(steps)]
    elements += [_button(step, f"share:{group}:{n}", by) for n, step in enumerate(shared)]
    for start in range(0, len(elements), 25):
        yield {"type": "actions", "elements": elements[start : start + 25]}


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


def _cards(cards: Sequence[Card], width: int) -> list[Card]:
    """Return papers with their texts cut to a width.

    Of several, each has the button that opens it, and those that are one sign: more is noise.
    """
    return [
        replace(card, body=card.body.clip(width), buttons=tuple(_few(card) if len(cards) > 1 else _named(card)))
        for card in cards
    ]


def _few(card: Card) -> Iterator[Button]:
    return (each for each in card.buttons if each.shown == "aside" or each.sign)


def _named(card: Card) -> Iterator[Button]:
    return (replace(each, sign="") for each in card.buttons)


def _packed(parts: Sequence[list[Block]], *, room: int = _BLOCKS, taken: int = 0) -> list[list[Block]]:
    """Put parts together into as few messages as they fit in, in order; `room` and `taken` are of the first one."""
    packed: list[list[Block]] = [[]]
    for part in parts:
        size = _size(part)
        if packed[-1] and (len(packed[-1]) + len(part) > room or taken + size > _CHARACTERS):
            packed.append([])
            room, taken = _BLOCKS, 0
        packed[-1] += part
        taken += size
    return packed


def _fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= _BLOCKS and _size(blocks) <= _CHARACTERS


def _size(part: object) -> int:
    """Count the characters of every text, address and value in blocks: nobody knows which of them Slack counts."""
    if isinstance(part, dict):
        return sum(_size(each) for key, each in part.items() if key not in ("type", "action_id", "block_id"))
    if isinstance(part, list | tuple):
        return sum(map(_size, part))
    return len(part) if isinstance(part, str) else 0
