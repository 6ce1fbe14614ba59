"""Replies as Discord messages: a line or more of content, a paper in each embed, buttons and menus below.

Embeds and not Components V2: DESIGN.md says what was measured of both.
https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import discord

from adapters._files import megabytes, name_of
from adapters.discord import markdown, pressed
from adapters.discord.controls import Controls, Row
from adapters.discord.typed import here, prose
from bot.model import Button, Card, File, Item, Reply, Text

_CONTENT = 2_000
_DESCRIPTION = 4_096
_TITLE = 256
_LINE = 512  # of a list
_FOOTER = 300  # of 2,048: it is one small line
_TOGETHER = 6_000  # characters of all embeds; addresses do not count
_EMBEDS = 10
_WIDTHS = (4_000, 2_000, 1_000, 600, 280, 200, 120, 60)  # of a body: each is tried until all fits
_SNIPPET = 280
_FULL = 2 * _EMBEDS  # papers of a delivery in full: of more, those after the first ten are a line or two each
_ADDRESS = 600
_COLOUR = 0xB31B1B
_REPEAT = "(may be a repeat)"
# Bytes of a file, where nobody says otherwise. https://docs.discord.com/developers/reference#uploading-files
_LARGEST = 10 * 2**20

_Shown = tuple[discord.Embed, Reply]  # and what of a reply it shows


@dataclass(frozen=True, slots=True)
class Message:
    """What a message consists of.

    `nonce` tells a delivery's message from every other, in all attempts at it; answers have none. `lines` are the
    command lines of its buttons that are too long for them, by the key that stands in their place.
    """

    content: str
    embeds: tuple[discord.Embed, ...] = ()
    rows: tuple[Row, ...] = ()
    nonce: str = ""
    lines: dict[str, str] = field(default_factory=dict)
    file: File | None = None

    def view(self) -> discord.ui.View | None:
        """Return the buttons and menus as the library sends them.

        It is stopped: discord.py would keep each one in memory for good, to call what ours has not, a callback.
        """
        if not self.rows:
            return None
        view = discord.ui.View(timeout=None)
        for number, row in enumerate(self.rows):
            for item in row:
                item.row = number
                view.add_item(item)
        view.stop()
        return view

    def upload(self) -> list[discord.File]:
        """Return what is attached, as the library sends it: once, for it closes what it has sent."""
        return [discord.File(io.BytesIO(self.file.content), name_of(self.file))] if self.file else []

    def repeated(self) -> Message:
        """Return it as what may have arrived before."""
        return replace(self, content=f"{_REPEAT} {self.content}"[:_CONTENT].rstrip())

    def stands(self, other: discord.Message) -> bool:
        """Say whether a message found in a room is this one: by its nonce, or, if it has no button, by what it says."""
        if not self.rows:
            said = other.content.removeprefix(_REPEAT).lstrip()
            return said == self.content and _said(other.embeds) == _said(self.embeds)
        return any(
            pressed.place(each.custom_id or "").endswith(f".{self.nonce}")
            for row in other.components
            if isinstance(row, discord.ActionRow)
            for each in row.children
        )


def message(reply: Reply, *, by: str = "", note: str = "", share: bool = False, largest: int = _LARGEST) -> Message:
    """Return a reply as one message: texts give way where it would be too long, and papers after that.

    `by` is the person who may turn its pages. `share` offers to show it to the channel. `note` is a line below it.
    `largest` is how many bytes a file may have there: of one that has more, the message says so.
    """
    file = reply.file if reply.file and len(reply.file.content) <= largest else None
    lost = _too_large(reply.file, largest) if reply.file and not file else ""
    shown, left = reply.cards[:_EMBEDS], ""
    while True:
        if len(shown) < len(reply.cards):
            left = f"{len(shown)} of {len(reply.cards)} are shown: together they are too long for one message."
        embeds = _fitting(reply, shown)
        if embeds is not None:
            break
        shown = shown[: len(shown) // 2]
    again = [Button("Share to channel", reply.again.name, reply.again.text)] if share and reply.again else []
    controls = Controls(by)
    controls.open(replace(reply, cards=shown))
    controls.buttons(reply.buttons, again)
    notes = [str(reply.note), left, lost, note]
    content = _content(reply, notes)
    if not embeds and (long := _long(reply, notes)):
        content, embeds = "", long
    return Message(content, embeds, controls.rows, lines=controls.lines, file=file)


def chapters(reply: Reply, *, key: str) -> list[Message]:
    """Return a delivery as its messages, as few as hold all of it, the same ones for the same reply and key."""
    in_full = reply.cards if len(reply.cards) <= _FULL else reply.cards[:_EMBEDS]
    shown = [(_paper(card, _SNIPPET), Reply(cards=(card,))) for card in in_full]
    shown += [(embed, Reply(items=reply.items)) for embed in _listed(reply.items)]
    lists = [[(embed, Reply())] for embed in _lists(reply.cards[len(in_full) :])]
    parts = [*_packed(shown), *lists] or [[]]
    messages = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        nonce = hashlib.blake2b(f"{key}|{number}".encode(), digest_size=12).hexdigest()
        controls = Controls(nonce=nonce)
        controls.open(Reply(cards=tuple(card for _, of in part for card in of.cards)))
        controls.open(Reply(items=tuple(item for _, of in part for item in of.items)))
        controls.buttons(reply.buttons if last else ())
        follows = f" ({number + 1} of {len(parts)})" if len(parts) > 1 else ""
        content = _content(reply, notes=[str(reply.note)]) if not number else f"{_first(reply)}{follows}"
        embeds = tuple(embed for embed, _ in part)
        messages.append(Message(content, embeds, controls.rows, nonce, controls.lines))
    return messages


def _too_large(file: File, largest: int) -> str:
    size = megabytes(len(file.content))
    return f"{name_of(file)} has {size}, and Discord takes {megabytes(largest)} here. Ask for fewer papers at once."


def _first(reply: Reply) -> str:
    return markdown.bold(Text(str(reply.text).partition("\n")[0]).clip(_TITLE).plain)


def _content(reply: Reply, notes: Iterable[str]) -> str:
    """Return what stands above the embeds: it is also all that a notification shows."""
    said, below = str(reply.text).strip("\n"), _below(notes)
    width = _CONTENT
    while True:
        whole = _whole(reply, Text(said).clip(width).plain, below)
        if len(whole) <= _CONTENT:
            return whole
        width = width * 3 // 4
        if width < 200:
            below = below[:_TITLE]


def _long(reply: Reply, notes: Iterable[str]) -> tuple[discord.Embed, ...]:
    """Return what is too long for content as embeds, which hold three times as much; none where they do not either."""
    whole = _whole(reply, str(reply.text).strip("\n"), _below(notes))
    embeds = tuple(discord.Embed(description=each, colour=_COLOUR) for each in _joined(whole.split("\n")))
    fits = len(whole) <= _TOGETHER and all(len(each) <= _DESCRIPTION for each in embeds)
    return embeds if fits and len(whole) > _CONTENT else ()


def _whole(reply: Reply, text: str, below: str) -> str:
    about = f"About <#{reply.about.name}>" if reply.about else ""
    said = prose(text, headed=bool(reply.cards or reply.items), room=reply.about)
    return "\n".join(filter(None, [about, said, below]))


def _below(notes: Iterable[str]) -> str:
    return "\n".join(filter(None, (markdown.small(here(each)) for each in notes)))


def _fitting(reply: Reply, cards: Sequence[Card]) -> tuple[discord.Embed, ...] | None:
    """Return the embeds of a reply with texts as wide as fit together; None where they are too many."""
    if reply.items:
        return _listed(reply.items)
    for width in _WIDTHS:
        embeds = tuple(_paper(card, width) for card in cards)
        if sum(map(len, embeds)) <= _TOGETHER and all(len(each.description or "") <= _DESCRIPTION for each in embeds):
            return embeds
    return None if len(cards) > 1 else tuple(_paper(card, _WIDTHS[-1]) for card in cards)


def _paper(card: Card, width: int) -> discord.Embed:
    body = markdown.marked(card.body.clip(width), "**")
    description = "\n".join(filter(None, [body, " · ".join(_links(card))]))
    said = " · ".join(filter(None, [card.why.plain, *card.facts]))
    embed = discord.Embed(
        title=_within(card.title, "*", _TITLE),
        url=markdown.address(card.url),
        description=description or None,
        colour=_COLOUR,
    )
    return embed.set_footer(text=Text(said).clip(_FOOTER).plain) if said else embed


def _within(text: Text, sign: str, most: int) -> str:
    """Return a text as markdown of at most so many characters, escapes included."""
    width = most
    while len(shown := markdown.marked(text.clip(width), sign)) > most:
        width -= max(1, (len(shown) - most) // 2)
    return shown


def _links(card: Card) -> Iterator[str]:
    # Where a paper sends its readers besides is in its text; a link of ours goes to arXiv and to code hosts only.
    code = [(f"Code ({urlsplit(each.url).hostname})", each.url) for each in card.links if each.kind == "code"]
    for label, url in [("PDF", card.pdf), *code[:3]]:
        if url and len(markdown.address(url)) < _ADDRESS:
            yield markdown.link(label, url)


def _lists(cards: Sequence[Card]) -> list[discord.Embed]:
    """Return papers with a line or two each, as an embed for each of as few messages as hold them."""
    lines = []
    for card in cards:
        why = markdown.small(Text(card.why.plain).clip(_FOOTER).plain)
        title = f"[{_within(card.title, '*', _TITLE)}]({markdown.address(card.url)})"
        lines.append("\n".join(filter(None, [title, why])))
    return [discord.Embed(description=text, colour=_COLOUR) for text in _joined(lines)]


def _listed(items: Sequence[Item]) -> tuple[discord.Embed, ...]:
    """Return a list as an embed: its lines give way where it would be too long."""
    most = min(_LINE, _DESCRIPTION // max(1, len(items)) - 1)
    lines = [_within(item.text, "**", most) for item in items]
    return (discord.Embed(description="\n".join(lines), colour=_COLOUR),) if lines else ()


def _joined(lines: Sequence[str]) -> list[str]:
    """Join lines to as few descriptions as hold them."""
    joined: list[str] = []
    for line in lines:
        if joined and len(joined[-1]) + len(line) < _DESCRIPTION:
            joined[-1] += f"\n{line}"
        else:
            joined.append(line)
    return joined


def _packed(shown: Sequence[_Shown]) -> list[list[_Shown]]:
    """Put embeds into as few messages as hold them, in order."""
    packed: list[list[_Shown]] = []
    taken = 0
    for each in shown:
        size = len(each[0])
        if packed and len(packed[-1]) < _EMBEDS and taken + size <= _TOGETHER:
            packed[-1].append(each)
            taken += size
        else:
            packed.append([each])
            taken = size
    return packed


def _said(embeds: Iterable[discord.Embed]) -> list[tuple[str, str]]:
    return [(each.title or "", each.description or "") for each in embeds]
