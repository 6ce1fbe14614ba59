"""A message of the fake Discord as people see it, and the components that it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.discord_state import Channel, User

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that hangs on a message."""

    id: int
    name: str
    content: bytes


@dataclass(eq=False, slots=True)
class Message:
    """A message as people see it now. `to` is the only one who sees an ephemeral one."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    flags: int = 0
    to: User | None = None
    edits: int = 0
    deleted: bool = False
    asked: Json | None = None

    @property
    def ephemeral(self) -> bool:
        return self.to is not None

    @property
    def parts(self) -> list[Json]:
        """Every component, those inside others too, in reading order."""
        return list(walk(self.components))

    @property
    def buttons(self) -> dict[str, str]:
        """The custom_id of each button by its label; of a link button, its URL."""
        found: dict[str, str] = {}
        for each in self.parts:
            if each["type"] == 2:
                found.setdefault(label(each), each.get("custom_id") or each.get("url", ""))
        return found

    @property
    def selects(self) -> list[Json]:
        return [each for each in self.parts if each["type"] in (3, 5, 6, 7, 8)]

    @property
    def text(self) -> str:
        """All of its words in reading order, markdown and all, a line for each part."""
        said = [self.content]
        for embed in self.embeds:
            said += [embed.get("author", {}).get("name", ""), embed.get("title", ""), embed.get("description", "")]
            said += [f"{each['name']}\n{each['value']}" for each in embed.get("fields", [])]
            said.append(embed.get("footer", {}).get("text", ""))
        said += [each["content"] for each in self.parts if each["type"] == 10]
        return "\n".join(filter(None, said))


def walk(components: Sequence[Json]) -> Iterator[Json]:
    for each in components:
        yield each
        inside = [*each.get("components", []), *filter(None, [each.get("accessory"), each.get("component")])]
        yield from walk(inside)


def label(button: Json) -> str:
    """Return what a button reads: its label, else its emoji."""
    return str(button.get("label") or (button.get("emoji") or {}).get("name", ""))
