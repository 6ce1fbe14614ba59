"""Many queries against a day's papers at once: a percolator.

All queries are one graph in which whatever several of them ask for stands once. Its leaves are words, phrases,
categories and the like; every other node is AND, OR or NOT of nodes before it. What a node is true of is one integer
with a bit for each paper. So a day costs one pass over its words, and an operation or two for each distinct query,
however many papers and people there are.

What is kept is numbers and strings in few flat containers: the garbage collector, which stops every thread, has nothing
to walk through.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial, reduce
from itertools import chain, compress, pairwise, repeat
from operator import and_, itemgetter, lshift, or_, xor

from bot.search.query import And, Announced, Category, Folded, HasCode, Id, Node, Not, Or, Query, Term, category_word

NOTHING = 0  # the node that no paper matches

_EVERYTHING = 1  # the node that every paper matches
_BITS = 32  # of a node's number
_AT_ONCE = 10_000  # nodes: an operation on more of them would keep other threads waiting
_CODE = "has:code"
_OPERATORS = (and_, or_, xor)
_AND, _OR, _XOR = range(len(_OPERATORS))
_Part = tuple["itemgetter[tuple[int, ...]]", "itemgetter[tuple[int, ...]]", tuple[int, ...]]


class Percolator:
    """Queries that papers are held against together. They cannot be taken out again."""

    def __init__(self) -> None:
        # For each node how many operations it stands above the leaves.
        self._depths = array("H", [0, 0])
        self._phrases = _Phrases(self._depths)
        # A phrase's node is true where the title or the abstract has it; with a field, it has another one for that.
        self._fields: dict[str, dict[int, int]] = {"title": {}, "abstract": {}, "author": {}}
        self._facts: dict[str, int] = {}
        self._days: dict[tuple[date, date], int] = {}
        self._known: dict[int, int] = {}
        self._made: defaultdict[tuple[int, int], _Operands] = defaultdict(_Operands)

    def add(self, query: Query) -> int:
        """Return the node that is true of what a query matches; the same one for equal queries."""
        return self._node(query.root)

    def match(self, papers: Sequence[Folded]) -> Sequence[int]:
        """Return for each node the papers that it is true of: an integer whose n-th bit stands for the n-th paper."""
        true = [0] * len(self._depths)
        begun = _Begun(self._phrases)
        titles: defaultdict[int, int] = defaultdict(int)
        authors: defaultdict[int, int] = defaultdict(int)
        days: defaultdict[date, int] = defaultdict(int)
        for number, paper in enumerate(papers):
            bit = 1 << number
            for node in self._phrases.found(paper.abstract_words, paper.abstract, begun):
                true[node] |= bit
            for node in self._phrases.found(paper.title_words, paper.title, begun):
                titles[node] |= bit
            if self._fields["author"]:
                for node in self._phrases.found(paper.author.split(), paper.author, begun):
                    authors[node] |= bit
            for node in filter(None, map(self._facts.get, _facts(paper))):
                true[node] |= bit
            for day in paper.days:
                days[day] |= bit
        for phrase, node in self._fields["abstract"].items():
            true[node] = true[phrase]
        for phrase, mask in titles.items():
            true[phrase] |= mask
        for field, found in (("title", titles), ("author", authors)):
            for phrase, node in self._fields[field].items():
                true[node] = found.get(phrase, 0)
        for (first, last), node in self._days.items():
            true[node] = reduce(or_, (each for day, each in days.items() if first <= day <= last), 0)
        true[NOTHING], true[_EVERYTHING] = 0, (1 << len(papers)) - 1
        for (_, operator), operands in sorted(self._made.items(), key=lambda each: each[0]):
            for left, right, nodes in operands.parts():
                for node, value in zip(nodes, map(_OPERATORS[operator], left(true), right(true)), strict=True):
                    if value:
                        true[node] = value
        return true

    def _node(self, node: Node) -> int:
        match node:
            case Term(phrases, field=field):
                return self._all(_OR, (self._phrase(each, field) for each in phrases))
            case Category(code):
                return self._fact(f"cat:{category_word(code)}")
            case Id(arxiv_id):
                return self._fact(f"id:{arxiv_id}")
            case HasCode():
                return self._fact(_CODE)
            case Announced(first, last):
                return self._days.get((first, last)) or self._days.setdefault((first, last), _new(self._depths))
            case Not(inner):
                return self._of(_XOR, _EVERYTHING, self._node(inner))
            case And(nodes):
                return self._all(_AND, map(self._node, nodes))
            case Or(nodes):
                return self._all(_OR, map(self._node, nodes))

    def _phrase(self, phrase: Sequence[str], field: str | None) -> int:
        node = self._phrases.add(phrase)
        if field is None:
            return node
        nodes = self._fields[field]
        return nodes.get(node) or nodes.setdefault(node, _new(self._depths))

    def _fact(self, fact: str) -> int:
        return self._facts.get(fact) or self._facts.setdefault(fact, _new(self._depths))

    def _all(self, operator: int, nodes: Iterable[int]) -> int:
        return reduce(partial(self._of, operator), sorted(set(nodes)))

    def _of(self, operator: int, left: int, right: int) -> int:
        key = (operator << _BITS | left) << _BITS | right
        node = self._known.get(key)
        if node is None:
            # What is deeper is evaluated later: what it is made of is known then.
            depth = 1 + max(self._depths[left], self._depths[right])
            node = self._known[key] = _new(self._depths, depth)
            self._made[depth, operator].add(left, right, node)
        return node


class _Phrases:
    """The phrases that are looked for: a trie of words, whose every node is one of the graph.

    `words` is its first level, and `alone` what of it is looked for by itself; `pairs` is the second, by the two words;
    `steps` lead on from there, from a node by a word, which its node of the first level stands for. `begun` are
    beginnings of words, `lengths` theirs. `late` are beginnings behind other words: by the node of these, each as it
    stands in a text, and its own node.
    """

    def __init__(self, depths: array[int]) -> None:
        self._depths = depths
        self._words: dict[str, int] = {}
        self._alone: dict[str, int] = {}
        self._pairs: dict[tuple[str, str], int] = {}
        self._steps: dict[int, int] = {}
        self._late: dict[int, dict[str, int]] = {}
        self.begun: dict[str, int] = {}
        self.lengths: set[int] = set()

    def add(self, phrase: Sequence[str]) -> int:
        *before, last = phrase
        if not last.endswith("*"):
            return self._path(phrase)
        begun = last.removesuffix("*")
        if before:
            late = self._late.setdefault(self._path(before), {})
            text = f" {' '.join(before)} {begun}"
            return late.get(text) or late.setdefault(text, _new(self._depths))
        self.lengths.add(len(begun))
        return self.begun.get(begun) or self.begun.setdefault(begun, _new(self._depths))

    def found(self, words: Sequence[str], text: str, begun: _Begun) -> set[int]:
        """Return the nodes of what stands in a text: also of what a longer phrase only begins with.

        All sequences of a length go on together, by one word at a time, and without a loop in Python over all words.
        """
        different = set(words)
        found: set[int] = set(filter(None, map(self._alone.get, different)))
        if self.begun:
            found.update(chain.from_iterable(map(begun.__getitem__, different)))
        nodes = list(map(self._pairs.get, pairwise(words)))
        following = list(compress(range(2, len(words) + 1), nodes))
        while following:
            known = list(filter(None, nodes))
            found.update(known)
            if following[-1] == len(words):
                del following[-1], known[-1]
            number = map(self._words.get, map(words.__getitem__, following), repeat(NOTHING))
            nodes = list(map(self._steps.get, map(or_, map(lshift, known, repeat(_BITS)), number)))
            following = [place + 1 for place in compress(following, nodes)]
        for before in self._late.keys() & found:
            found.update(node for late, node in self._late[before].items() if late in text)
        return found

    def _path(self, phrase: Sequence[str]) -> int:
        numbers = [self._words.get(word) or self._words.setdefault(word, _new(self._depths)) for word in phrase]
        if len(numbers) == 1:
            self._alone[phrase[0]] = numbers[0]
            return numbers[0]
        pair = phrase[0], phrase[1]
        node = self._pairs.get(pair) or self._pairs.setdefault(pair, _new(self._depths))
        for number in numbers[2:]:
            step = node << _BITS | number
            node = self._steps.get(step) or self._steps.setdefault(step, _new(self._depths))
        return node


class _Operands:
    """Nodes that are made of two others each by the same operator, and those others, in parts of bounded size."""

    def __init__(self) -> None:
        self._new: list[tuple[int, int, int]] = []
        self._parts: list[_Part] = []

    def add(self, left: int, right: int, node: int) -> None:
        self._new.append((left, right, node))
        if len(self._new) == _AT_ONCE:
            self._end_part()

    def parts(self) -> Sequence[_Part]:
        """Return the parts: getters of the two sides' values, and the nodes."""
        if self._new:
            self._end_part()
        return self._parts

    def _end_part(self) -> None:
        # A getter of one number alone returns no sequence.
        left, right, nodes = zip(*sorted(self._new), (NOTHING, NOTHING, NOTHING), strict=True)
        self._parts.append((itemgetter(*left), itemgetter(*right), nodes))
        self._new.clear()


class _Begun(dict[str, tuple[int, ...]]):
    """The nodes of the beginnings that a word has, looked up once for each word."""

    def __init__(self, phrases: _Phrases) -> None:
        self._begun = phrases.begun
        self._parts = [slice(length) for length in sorted(phrases.lengths)]

    def __missing__(self, word: str) -> tuple[int, ...]:
        found = self[word] = tuple(filter(None, map(self._begun.get, map(word.__getitem__, self._parts))))
        return found


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, lowest first."""
    text = f"{mask:b}"[::-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)


def _new(depths: array[int], depth: int = 0) -> int:
    depths.append(depth)
    return len(depths) - 1


def _facts(paper: Folded) -> Iterator[str]:
    yield f"id:{paper.id}"
    if paper.has_code:
        yield _CODE
    for word in paper.categories:
        yield f"cat:{word}"
