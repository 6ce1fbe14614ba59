"""Who is subscribed to what: all subscriptions at once, small enough to be kept from one digest to the next."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import islice
from operator import or_
from threading import Lock

from bot.alerts import readable
from bot.alerts.percolator import NOTHING, Percolator, bits
from bot.model import Paper, Pick, Subscription
from bot.search.query import Folded, Query

_SHARED = 1 << 13  # lists of picks that are kept for whoever has the same ones

# A subscription as it is read: the person's address, the platform, the line, the workspace where it was made.
Row = tuple[str, str, str, str]
Tenant = tuple[str, str]


class Lines:
    """The lines that people are subscribed to, each read once."""

    def __init__(self) -> None:
        self.percolator = Percolator()
        self._nodes: dict[str, int] = {}
        self._words: dict[int, str] = {NOTHING: ""}
        # Who subscribes is taken in while others are matched.
        self.lock = Lock()

    def __len__(self) -> int:
        return len(self._nodes)

    def node(self, line: str) -> int:
        """Return the line's node in the percolator."""
        node = self._nodes.get(line)
        if node is None:
            node = self._nodes[line] = self._read(line)
        return node

    def words(self, node: int) -> list[str]:
        """Return the words that the lines of a node look for in titles and abstracts."""
        return self._words[node].split()

    def _read(self, line: str) -> int:
        query = readable(line)
        if query is None:
            return NOTHING
        node = self.percolator.add(query)
        self._words.setdefault(node, " ".join(_words(query)))
        return node


class Subscribers:
    """People and the lines that each is subscribed to, in flat containers: objects would take ten times the room."""

    def __init__(self, lines: Lines | None = None) -> None:
        self.lines = Lines() if lines is None else lines
        self._people: dict[str, int] = {}  # addresses, and how many lines each holds
        self._nodes, self._made_in = array("I"), array("I")
        self._tenants: dict[Tenant, int] = {}

    @classmethod
    def of(cls, subscriptions: Iterable[Subscription]) -> Subscribers:
        """Return who has these subscriptions; those of a person stand one after the other."""
        made = cls()
        made.add((str(each.person), each.person.platform, each.query, each.workspace) for each in subscriptions)
        return made

    def __len__(self) -> int:
        return len(self._people)

    def add(self, rows: Iterable[Row]) -> None:
        """Take in subscriptions; those of a person stand one after the other."""
        with self.lines.lock:
            for person, platform, line, made_in in rows:
                self._people[person] = self._people.get(person, 0) + 1
                self._nodes.append(self.lines.node(line))
                self._made_in.append(self._tenants.setdefault((platform, made_in), len(self._tenants)))

    def match(self, papers: Sequence[Paper]) -> Matching:
        folded = [Folded(paper) for paper in papers]
        with self.lines.lock:
            return Matching(self, papers, self.lines.percolator.match(folded))

    def true(self, masks: Sequence[int]) -> Iterator[tuple[str, int]]:
        """Yield each person's address with the papers of all their lines, by the papers of each node."""
        each = map(masks.__getitem__, self._nodes)
        for person, held in self._people.items():
            mask = next(each)
            if held > 1:
                mask = reduce(or_, islice(each, held - 1), mask)
            yield person, mask

    def made_in(self, tenant: Tenant) -> Iterator[Sequence[int]]:
        """Yield for each person who made any in a workspace the nodes of those lines."""
        wanted = self._tenants.get(tenant)
        start = 0
        for held in self._people.values():
            end = start + held
            nodes = [self._nodes[at] for at in range(start, end) if self._made_in[at] == wanted]
            if nodes:
                yield nodes
            start = end


@dataclass(frozen=True, slots=True)
class Matching:
    """Which papers each subscriber is to hear of. `true` is for each node the papers, as `Percolator.match` has it."""

    subscribers: Subscribers
    papers: Sequence[Paper]
    true: Sequence[int]

    def picks(self) -> Iterator[tuple[str, tuple[Pick, ...]]]:
        """Yield the address of each for whom there are papers, with these in the order given, without reasons."""
        each = [Pick(paper.id) for paper in self.papers]

        # Most people share theirs with others.
        @lru_cache(_SHARED)
        def chosen(mask: int) -> tuple[Pick, ...]:
            return tuple(each[number] for number in bits(mask))

        return ((person, chosen(mask)) for person, mask in self.subscribers.true(self.true) if mask)


def _words(query: Query) -> Iterator[str]:
    wanted = (term for term in query.terms if term.field != "author")
    return iter(dict.fromkeys(word for term in wanted for phrase in term.phrases for word in phrase))
