"""What is counted of papers and days, kept as digests are taken in: who asks how many there are walks nothing."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Mapping

import aiosqlite

from bot.model import Listing, Paper

# The papers of a span of days, each once: those of each day, but those that an earlier day of the span has as well.
OF_DAYS = """
    SELECT coalesce((SELECT sum(papers) FROM edition WHERE category = '' AND day BETWEEN ? AND ?), 0)
         - coalesce((SELECT sum(papers) FROM relisting WHERE day BETWEEN ? AND ? AND before >= ?), 0)
"""


async def count_in(
    db: aiosqlite.Connection, listing: Listing, known: Mapping[str, Paper], after: Mapping[str, Paper]
) -> None:
    """Count a digest in, by its papers as they are now and, of those that were `known`, as they were before."""
    day, category = listing.day.isoformat(), listing.category
    listings = {id_: known[id_].listings if id_ in known else () for id_ in after}
    days = {id_: {each.day for each in of_paper} for id_, of_paper in listings.items()}
    new_of_day = [id_ for id_ in after if listing.day not in days[id_]]
    await db.execute(
        """
        UPDATE tally SET papers = papers + ?, with_authors = with_authors + ?,
            digests = digests + NOT EXISTS (SELECT 1 FROM edition WHERE (category, day) = (?, ?))
        """,
        (
            len(after) - len(known),
            sum(bool(each.authors) for each in after.values()) - sum(bool(each.authors) for each in known.values()),
            category,
            day,
        ),
    )
    await db.executemany(
        """
        INSERT INTO edition (category, day, papers) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET papers = papers + excluded.papers
        """,
        [(category, day, sum(listing not in each for each in listings.values())), ("", day, len(new_of_day))],
    )
    # A day between two others of a paper parts them; a day before or after all is one more pair.
    pairs: Counter[tuple[str, str]] = Counter()
    for id_ in new_of_day:
        others = sorted(each.isoformat() for each in days[id_])
        at = bisect(others, day)
        before, later = others[:at][-1:], others[at:][:1]
        pairs.update((day, each) for each in before)
        pairs.update((each, day) for each in later)
        pairs.subtract((after_it, before_it) for after_it in later for before_it in before)
    await db.executemany(
        """
        INSERT INTO relisting (day, before, papers) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET papers = papers + excluded.papers
        """,
        [(*pair, papers) for pair, papers in pairs.items()],
    )
