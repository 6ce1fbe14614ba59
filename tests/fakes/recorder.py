"""A platform at its edge that keeps what it is given, and a clock that stands still."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.model import Answer, Destination, Reply, Suggest


class Recorder:
    """A platform at its edge: keeps what is posted, fails when told to."""

    def __init__(self) -> None:
        self.posts: list[tuple[Destination, Reply]] = []
        self.keys: list[str] = []
        self.uncertain: list[bool] = []
        self.errors: list[Exception] = []
        self.failing: dict[Destination, list[Exception]] = {}

    async def run(self, answer: Answer, suggest: Suggest) -> None: ...

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        self.uncertain.append(uncertain)
        if errors := self.failing.get(to) or self.errors:
            raise errors.pop(0)
        self.posts.append((to, reply))
        self.keys.append(key)

    def to(self, destination: Destination) -> list[Reply]:
        return [reply for to, reply in self.posts if to == destination]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2020, 11, 20, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Crowd(Recorder):
    """A platform that posts when `go` is set, and knows how many it was given at once."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.waiting = self.most = 0

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            await self.go.wait()
        finally:
            self.waiting -= 1
        await super().post(to, reply, key=key, uncertain=uncertain)
