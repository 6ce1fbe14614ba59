"""What a room wants more of and less of, by its reactions to papers: words, and how much they count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.highlights.trends import spelled
from bot.model import Paper
from bot.search.likeness import Vector, different, likeness
from bot.search.spelling import lowered

LASTS = timedelta(days=180)  # what was liked longer ago says nothing any more
_WORDS = 100  # of a taste: the rest is what papers have in common, whatever they are about
_FEWER = 0.2  # a paper that was not liked tells less than one that was: it may be about anything
_USUAL = 0.5  # so much of what a day's papers have in common is left out
_ENOUGH = 20  # voices, after which more of them make a taste finer and not louder
_VOICES = 3  # for a paper: of more, it is not the paper alone that people like
ALIKE = 0.12  # from here on two papers are alike: of a category's pairs, fewer than one in a hundred are
_NAMED = 3  # words that two papers share
# So much of their likeness tells what two papers are about; less of it is enough of a word that the title has.
_TELLS, _TELLS_IN_TITLE = ALIKE / 4, ALIKE / 10
# In titles as well, and rare enough among a few papers.
SAYS_LITTLE = frozenset({
    "about", "across", "after", "all", "any", "been", "before", "beyond", "but", "do", "does", "each", "end", "even",
    "every", "few", "first", "given", "has", "have", "how", "if", "into", "its", "just", "less", "made", "make",
    "many", "meet", "more", "most", "need", "new", "no", "not", "off", "one", "only", "other", "out", "over", "own",
    "part", "per", "same", "second", "self", "set", "should", "so", "some", "such", "than", "their", "them", "there",
    "they", "thing", "through", "thus", "toward", "two", "under", "up", "upon", "use", "used", "using", "via", "was",
    "way", "well", "were", "what", "when", "where", "whether", "who", "why", "will", "within", "without", "you",
    "your",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taste:
    """The words of what is liked, with their weights; the papers liked; and how many voices there are.

    `shown` are the papers that were shown lately, whatever was made of them.
    """

    words: Vector
    liked: tuple[Vector, ...]
    voices: int
    shown: tuple[Vector, ...] = ()

    def liking(self, paper: Vector, usual: float) -> float:
        """Return how much a paper is to the taste, of which `usual` is how like it is to what is common that day.

        Every voice counts, until there are enough.
        """
        return min(self.voices, _ENOUGH) * (likeness(paper, self.words) - _USUAL * usual)

    def alike(self, paper: Paper, vector: Vector) -> tuple[int, tuple[str, ...]]:
        """Return how many papers that were liked are like one, and which words tell why, best first: few, or none.

        Where none is alike, the words are those that it has from any of them.
        """
        near = [each for each in self.liked if likeness(vector, each) >= ALIKE]
        shares = {
            word: weight * max((each.get(word, 0) for each in near or self.liked), default=0)
            for word, weight in vector.items()
            if word not in SAYS_LITTLE
        }
        title = different(paper.title, "")
        telling = (word for word in shares if shares[word] >= (_TELLS_IN_TITLE if word in title else _TELLS))
        return len(near), tuple(sorted(telling, key=lambda word: (-shares[word], word))[:_NAMED])

    def why(self, paper: Paper, vector: Vector, *, whose: str) -> str:
        """Say how many papers that `whose` liked ("you", "this room") one is like, and by which words if these tell."""
        number, words = self.alike(paper, vector)
        little = f"a little like the paper{'s' * (len(self.liked) > 1)}"
        like = {0: little, 1: "like a paper"}.get(number, f"like {number} papers")
        return f"{like} {whose} liked{_named(words, paper)}"


def taste(reactions: Iterable[tuple[Vector, int]]) -> Taste | None:
    """Return the taste that reactions show: each a paper, and the sum of the voices for it; None where none are for.

    It is the mean of what is liked, less a part of the mean of what is not: Rocchio's, kept to its strongest words.
    """
    heard = [(vector, max(-_VOICES, min(_VOICES, voices))) for vector, voices in reactions]
    more = sum(voices for _, voices in heard if voices > 0)
    less = sum(-voices for _, voices in heard if voices < 0)
    if not more:
        return None
    weights: defaultdict[str, float] = defaultdict(float)
    for vector, voices in heard:
        share = voices / more if voices > 0 else _FEWER * voices / less if voices else 0
        for word, weight in vector.items():
            weights[word] += share * weight
    kept = sorted(weights, key=lambda word: (-weights[word], word))[:_WORDS]
    liked = tuple(vector for vector, voices in heard if voices > 0)
    return Taste({word: weights[word] for word in kept}, liked, more)


def usual(papers: Mapping[str, Vector]) -> dict[str, float]:
    """Return for each of a day's papers how like it is to what they have in common, the mean of them."""
    mean: defaultdict[str, float] = defaultdict(float)
    for each in papers.values():
        for word, weight in each.items():
            mean[word] += weight / len(papers)
    return {paper: likeness(vector, mean) for paper, vector in papers.items()}


def _named(folded: Sequence[str], paper: Paper) -> str:
    """Return folded words as a paper writes them, in brackets."""
    text = f"{paper.title}\n{paper.abstract}"
    return f" ({', '.join(lowered(spelled(word, text)) for word in folded)})" if folded else ""
