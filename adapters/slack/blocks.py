"""Replies as Block Kit.

What papers and people wrote goes out as `rich_text` and `plain_text` only. mrkdwn has no escape for its own signs
(`*`, `_`, `~`, a backtick), and in rich text a title that spells `<!channel>` or `:tada:` stays a title.
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

from bot.model import Button, Card, Item, Reply, Text

Block = dict[str, Any]

# Slack refuses a message whose blocks hold about 12,000 characters together, which no page of its documentation says:
# https://github.com/slackapi/bolt-js/issues/2509. The rest is for what it may count besides.
_CHARACTERS = 9_000
_BLOCKS = 45  # of 50
_LABEL = 60  # of 75
_TITLE = 300
_CONTEXT = 300
_FALLBACK = 2_500
_WIDTHS = (_CHARACTERS, 3_000, 1_000, 280, 200, 120, 60)  # of a body: each is tried until all fits
_SNIPPET, _SHORTEST = 280, 60
_VALUE = 2_000
_MODAL_TITLE = 24
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
        blocks = tuple(_whole(reply, [_clipped(card, width) for card in reply.cards], by, note, share=share))
        if _fits(blocks):
            return Message(fallback(reply), blocks)
    shown = reply.cards
    while len(shown) > 1:
        shown = shown[: len(shown) // 2]
        left = f"{len(shown)} of {len(reply.cards)} are shown: together they are too long for one message."
        lines = "\n".join(filter(None, [left, note]))
        blocks = tuple(_whole(reply, [_clipped(card, _SHORTEST) for card in shown], by, lines, share=share))
        if _fits(blocks):
            break
    return Message(fallback(reply), blocks)


def opened(reply: Reply) -> tuple[Block, ...]:
    """Return a reply as the blocks of a view: texts in full length, as far as a view takes them."""
    for width in _WIDTHS:
        blocks = tuple(_whole(reply, [_clipped(card, width) for card in reply.cards], "", ""))
        if _fits(blocks):
            break
    return blocks


def thread(reply: Reply, *, by: str = "") -> list[Message]:
    """Return a reply as a message that has each paper in a line or two, and the messages of its thread with all of it.

    The first message names every paper, however many there are; what does not fit into it comes first in the thread.
    """
    heads = [*_head(reply), *_actions(reply.buttons, by, "end")]
    first, *rest = _packed([_line(card) for card in reply.cards], room=_BLOCKS - len(heads), taken=_size(heads))
    lines = [Message(fallback(reply), (*_head(reply), *first, *_actions(reply.buttons, by, "end")))]
    lines += [Message(fallback(reply), tuple(blocks)) for blocks in rest]
    cards = _packed([list(_card(_clipped(card, _SNIPPET), n)) for n, card in enumerate(reply.cards)])
    return lines + [Message(fallback(reply), tuple(blocks)) for blocks in cards]


def chapters(reply: Reply, *, by: str = "") -> list[Message]:
    """Return a reply with all its papers as one message, and as many in its thread as it takes."""
    cards = [list(_card(_clipped(card, _SNIPPET), n)) for n, card in enumerate(reply.cards)]
    ends = [*_items(reply.items), *_note(reply), *_actions(reply.buttons, by, "end")]
    heads = list(_head(reply))
    first, *rest = _packed(cards, room=_BLOCKS - len(heads) - len(ends), taken=_size([*heads, *ends]))
    if rest:
        shown = sum(block["type"] == "rich_text" for block in first)
        heads += _context(f"{shown} of {len(cards)} are here, the others in the thread of this message.")
    return [
        Message(fallback(reply), (*heads, *first, *ends)),
        *(Message(fallback(reply), tuple(blocks)) for blocks in rest),
    ]


def modal(
    title: str, blocks: Iterable[Block], *, callback: str = "reply", submit: str = "", metadata: str = ""
) -> Block:
    """Return a dialog. Its title is cut to what Slack takes."""
    view: Block = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(Text(title.strip() or "Paperwire").clip(_MODAL_TITLE).plain),
        "close": plain("Close"),
        "blocks": list(blocks)[:100],
        "private_metadata": metadata,
    }
    return view | ({"submit": plain(submit)} if submit else {})


def plain(text: str) -> Block:
    """Return a text object that Slack shows as it is: no markup, no emoji, nobody pinged."""
    return {"type": "plain_text", "text": text, "emoji": False}


def words(text: str) -> Block:
    """Return words of ours or of a person as a block. Columns made with spaces stay columns."""
    kind = "rich_text_preformatted" if "\n" in text and "  " in text else "rich_text_section"
    return _rich({"type": kind, "elements": [_text(Text(text).clip(_CHARACTERS).plain)]})


def header(text: str) -> Block:
    return {"type": "header", "text": plain(Text(text).clip(150).plain)}


def buttons(steps: Sequence[Button], *, by: str = "", group: str) -> list[Block]:
    """Return steps as rows of buttons; `group` tells these from the other buttons of a message or view."""
    return list(_actions(steps, by, group))


def listed(reply: Reply) -> list[Block]:
    """Return a reply with each paper in a line or two."""
    return [
        *_head(reply),
        *_items(reply.items),
        *(block for card in reply.cards for block in _line(card)),
        *_note(reply),
        *_actions(reply.buttons, "", "end"),
    ]


def listing(texts: Iterable[str]) -> Block:
    """Return texts as a bulleted list."""
    return _rich({"type": "rich_text_list", "style": "bullet", "elements": [_section([_text(each)]) for each in texts]})


def unfurled(card: Card) -> list[Block]:
    """Return what stands below a link that somebody posted: the title, the beginning of the abstract, the facts."""
    texts = (card.title.clip(_TITLE).plain, card.body.clip(_SNIPPET).plain)
    blocks = [{"type": "section", "text": plain(each)} for each in texts if each.strip()]
    return [*blocks, *_context(*card.facts)]


def fallback(reply: Reply) -> str:
    """Return a reply as one short mrkdwn text without markup, mention or link: for notifications and readers aloud."""
    said = [str(reply.text), *(str(item.text) for item in reply.items), *(str(card.title) for card in reply.cards)]
    short = Text("\n".join(each for each in (*said, str(reply.note)) if each.strip())).clip(_FALLBACK)
    return escape(short.plain) or "Paperwire"


def escape(text: str) -> str:
    """Return a text as mrkdwn that shows it: the three signs escaped, and no address that Slack makes a link of.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    for mark in ("://", "www.", "mailto:"):
        text = text.replace(mark, f"{mark[0]}\u2060{mark[1:]}")
    return text


def _whole(reply: Reply, cards: Sequence[Card], by: str, note: str, *, share: bool = False) -> Iterator[Block]:
    yield from _head(reply)
    yield from _items(reply.items)
    for number, card in enumerate(cards):
        yield from _card(card, number)
    yield from _note(reply)
    again = [Button("Share to channel", reply.again.name, reply.again.text)] if share and reply.again else []
    yield from _actions(reply.buttons, by, "end", shared=again)
    yield from _context(note)


def _head(reply: Reply) -> Iterator[Block]:
    if reply.about:
        yield _rich(_section([_text("About "), {"type": "channel", "channel_id": reply.about.name}]))
    if reply.text.plain.strip():
        yield words(reply.text.plain) if not reply.text.marks else _rich(_section(_marked(reply.text, "bold")))


def _note(reply: Reply) -> Iterator[Block]:
    yield from _context(reply.note.plain)


def _items(lines: Iterable[Item]) -> Iterator[Block]:
    for number, item in enumerate(lines):
        yield _rich(_section(_marked(item.text.clip(_TITLE * 2), "bold")))
        yield from _actions(item.buttons, "", f"item{number}")


def _card(card: Card, number: int) -> Iterator[Block]:
    pieces = list(_title(card))
    if card.body.plain:
        pieces += [_text("\n"), *_marked(card.body, "bold")]
    yield _rich(_section(pieces))
    about = [*_said(card.why.plain, " · ".join(card.facts)), _addresses(card)]
    yield {"type": "context", "elements": about}
    yield from _actions(card.buttons, "", f"card{number}")


def _line(card: Card) -> list[Block]:
    said = " · ".join(filter(None, [card.why.plain, *card.facts]))
    below = [_text("\n"), _text(Text(said).clip(_CONTEXT).plain, "italic")] if said else []
    return [_rich(_section([*_title(card), *below]))]


def _title(card: Card) -> Iterator[Block]:
    for piece, marked in card.title.clip(_TITLE).pieces():
        yield {"type": "link", "url": _safe(card.url), "text": piece, "style": {"bold": True, "italic": marked}}


def _addresses(card: Card) -> Block:
    # Where a paper sends its readers besides is in its text; a link of ours goes to arXiv and to code hosts only.
    code = [(f"Code ({_host(each.url)})", each.url) for each in card.links if each.kind == "code"]
    named = [(label, _safe(url)) for label, url in [("arXiv", card.url), ("PDF", card.pdf), *code[:3]] if url]
    return {"type": "mrkdwn", "text": "  ".join(f"<{url}|{label}>" for label, url in named if len(url) < _ADDRESS)}


def _host(url: str) -> str:
    return escape(urlsplit(url).hostname or "").replace("\u2060", "")


def _actions(steps: Sequence[Button], by: str, group: str, shared: Sequence[Button] = ()) -> Iterator[Block]:
    elements = [_button(step, f"{step.shown}:{group}:{n}", by) for n, step in enumerate(steps)]
    elements += [_button(step, f"share:{group}:{n}", by) for n, step in enumerate(shared)]
    for start in range(0, len(elements), 25):
        yield {"type": "actions", "elements": elements[start : start + 25]}


def _button(step: Button, action: str, by: str) -> Block:
    value = Press(step.name, step.text, by if step.shown == "instead" else "").dump()
    if len(value) > _VALUE:
        raise ValueError(f"the line of a button has {len(value)} characters")
    return {
        "type": "button",
        "action_id": action,
        "text": plain(Text(step.label).clip(_LABEL).plain),
        "value": value,
    }


def _clipped(card: Card, width: int) -> Card:
    return replace(card, body=card.body.clip(width) if card.body.plain else card.body)


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


def _context(*texts: str) -> Iterator[Block]:
    if said := _said(*texts):
        yield {"type": "context", "elements": said}


def _said(*texts: str) -> list[Block]:
    """Return texts as elements of a context, of which there are ten at most; none for a blank one."""
    return [plain(Text(each).clip(_CONTEXT).plain) for each in texts[:10] if each.strip()]


def _rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(pieces: Iterable[Block]) -> Block:
    return {"type": "rich_text_section", "elements": list(pieces)}


def _marked(text: Text, style: str) -> list[Block]:
    return [_text(piece, style if marked else "") for piece, marked in text.pieces()]


def _text(text: str, style: str = "") -> Block:
    return {"type": "text", "text": text, **({"style": {style: True}} if style else {})}


def _safe(url: str) -> str:
    """Return an address with all that could end it, in mrkdwn or elsewhere, percent-encoded."""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~-._")
