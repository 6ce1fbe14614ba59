"""What the fake Discord looks for in everything that people are shown, and how a refusal comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.fakes import discord_limits, discord_markdown, discord_schema, hosts
from tests.fakes.discord_answers import Refused
from tests.fakes.discord_limits import Kind
from tests.fakes.discord_messages import Json, walk

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord


def judge(fake: FakeDiscord, kind: Kind, method: str, route: str, body: Any) -> None:
    """Keep all that is wrong with a request's body as problems, and refuse it as Discord does."""
    if not fake.judging:
        return
    where = f"{method} {route}"
    found = discord_limits.problems(kind, body) + discord_schema.problems(method, route, body)
    for each in found:
        fake.complain(where, each)
    if isinstance(body, dict):
        inside = body.get("message") if kind == "thread" else body.get("data") if kind == "callback" else body
        for each in lively(fake, inside or {}):
            fake.complain(where, each)
    if found:
        raise Refused(400, 50035, found=found)


def lively(fake: FakeDiscord, body: Json) -> Iterator[str]:
    """Say where a message has a live mention or leads to a foreign host; malformed parts are not looked at."""
    for path, text in _texts(body):
        for each in discord_markdown.mentions(text):
            if not _meant(fake, each):
                yield f"{path}: a live mention {each}"
        yield from (f"{path}: a link to {each}" for each in discord_markdown.links(text) if _foreign(fake, each))
    for path, url in _addresses(body):
        if _foreign(fake, url):
            yield f"{path}: a link to {url}"


def _texts(body: Json) -> Iterator[tuple[str, str]]:
    """Yield what is read as markdown: footers and names of authors are not."""
    said: list[tuple[str, Any]] = [("content", body.get("content"))]
    for index, embed in enumerate(_objects(body.get("embeds"))):
        said += [(f"embeds[{index}].{key}", embed.get(key)) for key in ("title", "description")]
        for number, field in enumerate(_objects(embed.get("fields"))):
            said += [(f"embeds[{index}].fields[{number}].{key}", field.get(key)) for key in ("name", "value")]
    said += [("components", each.get("content")) for each in _parts(body) if each.get("type") == 10]
    yield from ((path, text) for path, text in said if isinstance(text, str) and text)


def _addresses(body: Json) -> Iterator[tuple[str, str]]:
    said: list[tuple[str, Any]] = [("components", each.get("url")) for each in _parts(body)]
    for index, embed in enumerate(_objects(body.get("embeds"))):
        said.append((f"embeds[{index}].url", embed.get("url")))
        for key in ("author", "image", "thumbnail"):
            inside = embed.get(key)
            said.append((f"embeds[{index}].{key}.url", inside.get("url") if isinstance(inside, dict) else None))
    yield from ((path, url) for path, url in said if isinstance(url, str) and url)


def _objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _parts(body: Json) -> list[Json]:
    try:
        return list(walk(body.get("components") or []))
    except (AttributeError, TypeError):
        return []


def _meant(fake: FakeDiscord, mention: str) -> bool:
    """Tell whether a mention can only be ours: paper text does not know the ids of this world."""
    inside = mention.strip("<>")
    if mention in fake.on_purpose:
        return True
    if inside.startswith("#"):
        channel = fake.world.channels.get(int(inside[1:]))
        return channel is not None and not channel.deleted
    if inside.startswith("/"):
        return any(each["id"] == inside.rpartition(":")[2] for each in fake.commands)
    return False


def _foreign(fake: FakeDiscord, url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket in the place of a host
        return True
    # Links to install the bot and to messages are ours; those to other servers' invitations are not.
    ours = ("/oauth2/authorize", "/channels/")
    if parts.scheme == "https" and parts.netloc == "discord.com" and parts.path.startswith(ours):
        return False
    return url not in fake.on_purpose and hosts.foreign(url, fake.hosts)
