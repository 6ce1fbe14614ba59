"""Print the common words of storage/common_words.txt: `python -m benchmarks.common > storage/common_words.txt`.

They are the folded words that most of the real records have.
"""

from __future__ import annotations

from collections import Counter

from benchmarks import scaled
from bot.search.words import BARRIER, words

_MOST = 2_000


def main() -> None:
    counts: Counter[str] = Counter()
    for each in scaled.real():
        counts.update({*words(each.title), *words(each.abstract)})
    ranked = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if word != BARRIER]
    print("\n".join(sorted([word for word in ranked if not word.isdecimal()][:_MOST])))


if __name__ == "__main__":
    main()
