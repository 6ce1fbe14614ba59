"""What a text is about, in the words that tell it from others: so are papers like it found."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date

from bot.ports import Store
from bot.query import Or, Query, Term
from bot.words import spans

_MOST = 14  # words
_LONE = 6  # words besides that one paper has: where that is the paper asked about, they must not crowd out others
_RARE = 5  # a telling word is in no more than one in so many papers
# What the figures say of these anyway; but most papers have them, and to count those takes longer than to search.
TELL_NOTHING = frozenset({
    "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "in", "is", "it", "of", "on", "or", "our",
    "that", "the", "these", "this", "to", "we", "which", "while", "with",
})  # fmt: skip


async def telling(text: str, store: Store) -> Query | None:
    """Return a query for any of a text's most telling words, those first that tell most; None where there are none.

    A word tells the more, the more often the text has it and the fewer papers do (tf-idf). The query's line is these
    words as the text spells them, and means the same again.
    """
    spelled: dict[str, str] = {}
    times: Counter[str] = Counter()
    for (word, *_), _, start, end in spans(text):
        if len(word) > 1 and not word.isdecimal() and word not in TELL_NOTHING:
            times[word] += 1
            spelled.setdefault(word, text[start:end])
    papers = await store.count(date.min, date.max)
    found = await store.frequencies(times)
    weight = {
        word: (1 + math.log(times[word])) * math.log(papers / count)
        for word, count in found.items()
        if count <= max(2, papers / _RARE)
    }
    ranked = sorted(weight, key=lambda word: (-weight[word], word))
    lone = [word for word in ranked if found[word] == 1]
    chosen = lone[:_LONE] + [word for word in ranked if found[word] > 1][:_MOST]
    if not chosen:
        return None
    return Query(
        " ".join(spelled[word] for word in chosen), Or(tuple(Term(((word,),), spelled[word]) for word in chosen))
    )
