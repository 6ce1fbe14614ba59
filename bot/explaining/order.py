"""What a person's own taste does for the place of a paper among those of an alert."""

from __future__ import annotations

from collections.abc import Iterator

from bot.alerts.alerting import Chosen
from bot.model import Paper


def by_taste(paper: Paper, alert: Chosen) -> Iterator[str]:
    """Yield in a sentence a paper's place in an alert, without the taste too, and why; nothing where there is none."""
    best, plain = ([pick.paper for pick in order] for order in (alert.best, alert.plain))
    if alert.own.taste is None or paper.id not in best or len(best) == 1:
        return
    at, otherwise = best.index(paper.id) + 1, plain.index(paper.id) + 1
    moved = f", {otherwise} without your taste" if at != otherwise else ", with your taste or without"
    lift = alert.own.lifts[paper.id]
    little = "a little like what you liked" if lift > 0 else "less than others like what you liked"
    why = "others are more like what you liked" if at > otherwise else alert.own.why(paper) or little
    yield f"Place {at} of {len(best):,} there{moved}: {why} ({lift:+.2f}, where each subscription that matches adds 1)."
