"""Replies as Block Kit: messages, their threads, dialogs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from adapters.slack import parts
from adapters.slack.elements import Block, context, escape, plain
from adapters.slack.parts import CHARACTERS, TITLE
from adapters.slack.prose import here, prose
from bot.model import Button, Card, Reply, Text

_BLOCKS = 45  # of 50
_FALLBACK = 2_500
_WIDTHS = (CHARACTERS, 3_000, 1_000, 280, 200, 120, 60)  # of a body: each is tried until all fits
_SNIPPET, _SHORTEST = 280, 60
MODAL_TITLE = 24


@dataclass(frozen=True, slots=True)
class Message:
    """What a message consists of: its blocks, and the text for where these are not shown, such as a notification."""

    text: str
    blocks: tuple[Block, ...]


def message(reply: Reply, *, by: str = "", note: str = "", share: bool = False) -> Message:
    """Return a reply as one message: snippets give way where it would be too long, and cards after that.

    `by` is the person who may turn its pages. `share` offers to show it to the channel. `note` is a line below it.
    """
    for width in _WIDTHS:
        blocks = tuple(_whole(reply, parts.cut(reply.cards, width), by, note, share=share))
        if _fits(blocks):
            return Message(fallback(reply), blocks)
    shown = reply.cards
    while len(shown) > 1:
        shown = shown[: len(shown) // 2]
        left = f"{len(shown)} of {len(reply.cards)} are shown: together they are too long for one message."
        lines = "\n".join(filter(None, [left, note]))
        blocks = tuple(_whole(reply, parts.cut(shown, _SHORTEST), by, lines, share=share))
        if _fits(blocks):
            break
    return Message(fallback(reply), blocks)


def opened(reply: Reply) -> tuple[Block, ...]:
    """Return a reply as the blocks of a view: texts in full length, as far as a view takes them."""
    for width in _WIDTHS:
        blocks = tuple(_whole(reply, parts.cut(reply.cards, width), "", ""))
        if _fits(blocks):
            break
    return blocks


def thread(reply: Reply) -> list[Message]:
    """Return a reply as a message that has each paper in a line or two, and the messages of its thread with all of it.

    The first message names every paper, however many there are; what does not fit into it comes first in the thread.
    """
    heads = list(parts.head(reply))
    ends = [*parts.items(reply.items), *parts.note(reply), *buttons(reply.buttons, group="end")]
    room = _BLOCKS - len(heads) - len(ends)
    first, *rest = _packed([parts.line(card) for card in reply.cards], room=room, taken=_size([*heads, *ends]))
    cards = _packed([list(parts.paper(card, n)) for n, card in enumerate(parts.cut(reply.cards, _SNIPPET))])
    return [Message(fallback(reply), tuple(blocks)) for blocks in ([*heads, *first, *ends], *rest, *cards)]


def chapters(reply: Reply, *, by: str = "") -> list[Message]:
    """Return a reply with all its papers as one message, and as many in its thread as it takes."""
    cards = [list(parts.paper(card, n)) for n, card in enumerate(parts.cut(reply.cards, _SNIPPET))]
    ends = [*parts.items(reply.items), *parts.note(reply), *parts.actions(reply.buttons, by, "end")]
    heads = list(parts.head(reply))
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
    return prose(Text(text).clip(CHARACTERS).plain)


def buttons(steps: Sequence[Button], *, group: str) -> list[Block]:
    """Return steps as rows of buttons; `group` tells these from the other buttons of a message or view."""
    return list(parts.actions(steps, "", group))


def listed(reply: Reply) -> list[Block]:
    """Return a reply, to stand below a header, with each paper in a line or two."""
    return [
        *parts.head(reply, headed=False),
        *parts.items(reply.items),
        *(block for card in reply.cards for block in parts.line(card)),
        *parts.note(reply),
        *parts.actions(reply.buttons, "", "end"),
    ]


def unfurled(card: Card) -> list[Block]:
    """Return what stands below a link that somebody posted: the title, the beginning of the abstract, the facts."""
    texts = (card.title.clip(TITLE).plain, card.body.clip(_SNIPPET).plain)
    blocks: list[Block] = [{"type": "section", "text": plain(each)} for each in texts if each.strip()]
    return [*blocks, *parts.about(card)]


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
    yield from parts.head(reply)
    yield from parts.items(reply.items)
    for number, card in enumerate(cards):
        yield from parts.paper(card, number)
    yield from parts.note(reply)
    again = [Button("Share to channel", reply.again.name, reply.again.text)] if share and reply.again else []
    yield from parts.actions(reply.buttons, by, "end", shared=again)
    yield from context(note)


def _packed(groups: Sequence[list[Block]], *, room: int = _BLOCKS, taken: int = 0) -> list[list[Block]]:
    """Put groups of blocks into as few messages as they fit in, in order; `room` and `taken` are of the first one."""
    packed: list[list[Block]] = [[]]
    for group in groups:
        size = _size(group)
        if packed[-1] and (len(packed[-1]) + len(group) > room or taken + size > CHARACTERS):
            packed.append([])
            room, taken = _BLOCKS, 0
        packed[-1] += group
        taken += size
    return packed


def _fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= _BLOCKS and _size(blocks) <= CHARACTERS


def _size(part: object) -> int:
    """Count the characters of every text, address and value in blocks: nobody knows which of them Slack counts."""
    if isinstance(part, dict):
        return sum(_size(each) for key, each in part.items() if key not in ("type", "action_id", "block_id"))
    if isinstance(part, list | tuple):
        return sum(map(_size, part))
    return len(part) if isinstance(part, str) else 0
