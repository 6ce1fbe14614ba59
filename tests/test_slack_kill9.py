"""The service is killed while it posts to Slack: nothing is lost, and where history may be read nothing comes twice."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from bot import daily
from bot.model import Destination, Digest, Following, Paper
from storage import connect
from tests.fakes.slack import SCOPES, FakeSlack, fine, silent
from tests.test_cli import Paperwire
from tests.test_kill9 import KILLS, SEED

_ROOMS = [f"C{number}" for number in range(1, 31)]
_PAPERS = tuple(Paper(f"2011.{number:05}", f"Paper {number}", "An abstract. " * 100) for number in range(1, 6))


async def _killed(paperwire: Paperwire, slack: FakeSlack, *, calls: int, after: float) -> bool:
    """Run the service and kill it a while after it has called so often; return whether it was there to be killed."""
    before = len(slack.calls)
    process = await asyncio.to_thread(paperwire.start, "run", "--once")
    await slack.until(lambda: len(slack.calls) >= before + calls or process.poll() is not None, 30)
    await asyncio.sleep(after)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.communicate)
    return process.returncode == -signal.SIGKILL


async def test_killed_while_it_posts_nothing_is_lost_or_comes_twice(tmp_path: Path) -> None:
    paperwire = Paperwire(tmp_path)
    moments = random.Random(SEED)
    address = f"sqlite:///{paperwire.database}"
    async with FakeSlack() as slack, connect(address) as store:
        workspace = slack.workspace("T1", scopes=SCOPES | {"channels:history"})
        paperwire.environment |= {
            "PAPERWIRE_SLACK_API": slack.api,
            "PAPERWIRE_SLACK_BOT_TOKEN": slack.token,
            "PAPERWIRE_SLACK_APP_TOKEN": slack.app_token,
        }
        for name in _ROOMS:
            workspace.channel(name)
            await store.follow(Following(Destination("slack", "T1", name)))
        await daily.take_in(Digest("x", "cs.CV", date(2020, 11, 20), _PAPERS), store, datetime.now(UTC))

        # At the worst moments: before a message is taken, after it was, and after one of its thread was.
        slack.fail("chat.postMessage", *[silent()] * 2, *[silent(commit=True)] * 3, *[fine()] * 3, silent(commit=True))
        kills = int(await _killed(paperwire, slack, calls=10, after=0))
        while kills < max(3, KILLS // 10):
            kills += await _killed(paperwire, slack, calls=2, after=moments.uniform(0, 0.3))
        while (await store.census()).owed:
            await asyncio.to_thread(paperwire, "run", "--once")

    keys = Counter((each.metadata or {})["event_payload"]["key"] for each in slack.posts)
    assert Counter(each.channel for each in slack.posts) == Counter(_ROOMS * 2), f"SEED={SEED} repeats this"
    assert set(keys.values()) == {1}
    assert not any("may be a repeat" in each.text for each in slack.posts)
