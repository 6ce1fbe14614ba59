"""What folding finds more, on the real records, and what it costs; printed alone, what the tables are made from.

python -m benchmarks.folding pairs          every two spellings that British and American folding put in one
python -m benchmarks.folding abbreviations  every abbreviation that is defined often: used, turned down, ambiguous
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import bot.search.words
from benchmarks import scaled
from benchmarks.bars import Bar, against
from benchmarks.material import CORPUS
from benchmarks.timing import Watch, interleaved
from bot.search.abbreviations import ABBREVIATIONS, same
from bot.search.words import padded, phrases, words

_FEWEST = 20  # papers that define an abbreviation
_FEWEST_OF_TWO_LETTERS = 500
_SHARE = 0.94  # of them that mean the same
_CAPITALS = 0.95  # of the papers that have it
# They pass, and are left out all the same.
TURNED_DOWN = {
    "BEV": "battery electric vehicle",
    "CBF": "cerebral blood flow",
    "GAN": "GaN, gallium nitride",
    "ICL": "intracluster light",
    "LMM": "linear mixed model",
    "LRM": "large reconstruction model",
    "MRI": "magnetorotational instability",
    "MTL": "metric temporal logic",
    "NVS": "NVs, nonverbal vocalizations",
    "ROI": "return on investment",
    "SFT": "string field theory",
    "SNR": "supernova remnant",
    "SOTA": "a fifth of all papers say that they are; who types it looks for something else",
    "VLA": "Very Large Array",
}

_WORD = re.compile(r"[^\W_]+(?:[-‐‑][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_DEFINED = re.compile(r"\(\s*([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)\s*[,;)]")
_COMPOUND = re.compile(r"(?:[^\W_]+[-‐‑])*$")
_CLAUSE_END = re.compile(r"[.;:?!()]\s|\(")
_SMALL = frozenset({"a", "and", "by", "for", "from", "in", "of", "on", "s", "the", "to", "via", "with"})

# What is folded into one, each spelling with the papers that have it.
Group = Mapping[str, frozenset[int]]


def bars(_size: int) -> list[Bar]:
    """Measure on the real records, whatever the size: made ones repeat their words."""
    if not CORPUS.exists():
        return [Bar("folding", "", "there is no corpus beside the checkout", None)]
    texts = [f"{each.title}\n{each.abstract}" for each in scaled.real()]
    return [
        _recall("British and American spelling", _groups(texts, "_american")),
        _recall("plural", _groups(texts, "_singular")),
        _recall("hyphenated words as one", _hyphenated(texts)),
        _recall("abbreviations", _abbreviated(texts)),
        _meaning(texts),
        _cost(texts[::2]),
    ]


def _recall(what: str, groups: Sequence[Group]) -> Bar:
    """Say what share of a group's papers its more frequent spelling alone finds, and the others."""
    every = sum(len(frozenset().union(*each.values())) for each in groups)
    usual = sum(max(map(len, each.values())) for each in groups)
    other = sum(len(frozenset().union(*sorted(each.values(), key=len)[:-1])) for each in groups)
    return Bar(
        f"recall of {what}, {len(groups):,} words",
        "> 1 x unfolded",
        f"{every / usual:.2f} x the papers of the usual spelling, {every / other:.2f} x those of the others",
        every > usual,
    )


def _groups(texts: Iterable[str], rule: str) -> list[Group]:
    """Return what only this rule of `bot.search.words` puts in one."""
    papers: defaultdict[str, set[int]] = defaultdict(set)
    for number, text in enumerate(texts):
        for word in _PART.findall(text.lower()):
            papers[word].add(number)
    folded = {word: "".join(words(word)) for word in papers}
    with _without(rule):
        apart = {word: "".join(words(word)) for word in papers}
    groups: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for word, numbers in papers.items():
        groups[folded[word]][apart[word]] |= numbers
    return [
        {spelling: frozenset(numbers) for spelling, numbers in each.items()}
        for each in groups.values()
        if len(each) > 1
    ]


@contextmanager
def _without(rule: str) -> Iterator[None]:
    """Switch a rule of `bot.search.words` off while the block runs."""
    with mock.patch.object(bot.search.words, rule, lambda word: word):
        bot.search.words._read.cache_clear()  # what was folded with it
        yield
    bot.search.words._read.cache_clear()


def _hyphenated(texts: Iterable[str]) -> list[Group]:
    """Return the words that are written with and without a hyphen."""
    groups: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for number, text in enumerate(texts):
        for word in set(_WORD.findall(text)):
            *_, folded = words(word)  # of a hyphenated word, the parts as one
            groups[folded]["-" if folded != words(word)[0] else ""].add(number)
    return [{how: frozenset(numbers) for how, numbers in each.items()} for each in groups.values() if len(each) > 1]


def _abbreviated(texts: Iterable[str]) -> list[Group]:
    folded = [padded(text) for text in texts]
    groups: list[Group] = []
    for short in ABBREVIATIONS:
        typed = phrases(short)
        ways = {"short": typed, "long": same(typed, quoted=False)}
        groups.append(
            {
                how: frozenset(
                    number for number, text in enumerate(folded) if any(f" {' '.join(way)} " in text for way in each)
                )
                for how, each in ways.items()
            }
        )
    return groups


def _meaning(texts: Iterable[str]) -> Bar:
    """Hold the table of abbreviations against the definitions."""
    known = [each for each in candidates(texts) if each.used]
    missing = {short.upper() for short in ABBREVIATIONS} - {each.short for each in known}
    lowest = min(known, key=lambda each: each.share)
    right = sum(each.share * each.papers for each in known) / sum(each.papers for each in known)
    return Bar(
        f"papers that define one of the {len(ABBREVIATIONS)} abbreviations and mean what the table says",
        f">= {_SHARE} of each, {_FEWEST} papers or more",
        f"{right:.3f} of all, {lowest.share:.3f} of {lowest.short}" + "".join(f"; no {each}" for each in missing),
        not missing and all(each.passes for each in known),
    )


def _cost(texts: Sequence[str]) -> Bar:
    """Compare `words` with and without British folding, both with nothing folded before."""

    def run(watch: Watch) -> None:
        bot.search.words._read.cache_clear()
        with watch:
            for text in texts:
                words(text)

    def run_without(watch: Watch) -> None:
        with _without("_american"):
            run(watch)

    costs = interleaved({"without": run_without, "with": run}, 5)
    ratio = costs["with"].cpu / costs["without"].cpu
    return Bar(
        "words of a paper, British folding to none",
        "<= 1.1 x",
        f"{against(costs['with'], costs['without'])}, {costs['with'].cpu / len(texts) * 1e6:.0f} us a paper",
        ratio <= 1.1,
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """An abbreviation that papers define: how many, what share of them as one thing, what share has it in capitals."""

    short: str
    papers: int
    share: float
    capitals: float
    meanings: tuple[tuple[str, int], ...]

    @property
    def used(self) -> bool:
        return self.short in _LONG_FORMS

    @property
    def passes(self) -> bool:
        fewest = _FEWEST_OF_TWO_LETTERS if len(self.short) == 2 else _FEWEST
        return self.papers >= fewest and self.share >= _SHARE and self.capitals >= _CAPITALS


_LONG_FORMS = {short.upper(): long_forms for short, long_forms in ABBREVIATIONS.items()}


def candidates(texts: Iterable[str]) -> list[Candidate]:
    """Return the abbreviations that papers define, most often defined first.

    Of one that is used, what it means is what the table says; of another, what most papers say.
    """
    defined: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spelt: dict[tuple[str, str], str] = {}
    present: Counter[str] = Counter()
    capitals: Counter[str] = Counter()
    for text in texts:
        for short, long_form in dict(_definitions(text)).items():
            meaning = _solid(long_form)
            defined[short][meaning] += 1
            spelt.setdefault((short, meaning), " ".join(long_form.split()))
        written: dict[str, bool] = {}
        for word in _PART.findall(text):
            short = word.removesuffix("s").upper()
            written[short] = written.get(short, False) or sum(map(str.isupper, word)) > 1
        present.update(written.keys())
        capitals.update(short for short, high in written.items() if high)
    found = []
    for short, meanings in defined.items():
        papers = meanings.total()
        meant = [_solid(each) for each in _LONG_FORMS.get(short, ())] or [meanings.most_common(1)[0][0]]
        # "LSTM networks" are LSTM, too.
        right = sum(count for meaning, count in meanings.items() if any(each in meaning for each in meant))
        told = tuple((spelt[short, meaning], count) for meaning, count in meanings.most_common(4))
        found.append(Candidate(short, papers, right / papers, capitals[short] / max(1, present[short]), told))
    return sorted(found, key=lambda each: -each.papers)


def _solid(long_form: str) -> str:
    """Return a long form without the spaces and hyphens that only some write in it."""
    return "".join(words(" ".join(_PART.findall(long_form))))


def _definitions(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a text defines as "long form (ABBR)", in capitals and without plural."""
    for match in _DEFINED.finditer(text):
        short = match[1].removesuffix("s").replace("-", "")
        if sum(map(str.isupper, short)) > 1:
            clause = _CLAUSE_END.split(text[: match.start()].rstrip())[-1]
            at = _by_initials(short.lower(), clause)
            at = _by_letters(short.lower(), clause) if at is None else at
            if at is not None:
                # multi-modal begins with its m, not with the next one.
                yield short.upper(), clause[len(_COMPOUND.sub("", clause[:at])) :]


def _by_initials(short: str, clause: str) -> int | None:
    """Return where the end of a clause begins whose words begin with an abbreviation's letters; small ones need not."""
    left = short
    for part in reversed(list(_PART.finditer(clause))):
        if part[0][0].lower() == left[-1]:
            left = left[:-1]
            if not left:
                return part.start()
        elif part[0].lower() not in _SMALL or left == short:
            break
    return None


def _by_letters(short: str, clause: str) -> int | None:
    """Return where the shortest end of a clause begins that has the letters in order, the first in front of a word.

    Schwartz and Hearst, 2003: https://psb.stanford.edu/psb-online/proceedings/psb03/schwartz.pdf.
    """
    parts = list(_PART.finditer(clause))[-min(len(short) + 5, 2 * len(short)) :]
    lower, first, at = clause.lower(), parts[0].start() if parts else len(clause), len(clause)
    for place, letter in reversed(list(enumerate(short))):
        at = lower.rfind(letter, first, at)
        while not place and at > first and lower[at - 1].isalnum():
            at = lower.rfind(letter, first, at)
        if at < 0:
            return None
    return at


def _print_pairs(texts: Iterable[str]) -> None:
    for group in sorted(_groups(texts, "_american"), key=min):
        print(" = ".join(f"{spelling} {len(papers)}" for spelling, papers in group.items()))


def _print_abbreviations(texts: Iterable[str]) -> None:
    for each in candidates(texts):
        if each.papers >= _FEWEST:
            why = TURNED_DOWN.get(each.short, "NOT JUDGED YET") if each.passes else "ambiguous"
            told = "; ".join(f"{long_form} {count}" for long_form, count in each.meanings)
            verdict = "used" if each.used else why
            print(f"{each.short} {each.papers}, {each.share:.3f}, capitals {each.capitals:.3f} | {verdict} | {told}")


if __name__ == "__main__":
    _TEXTS = [f"{each.title}\n{each.abstract}" for each in scaled.real()]
    {"pairs": _print_pairs, "abbreviations": _print_abbreviations}[sys.argv[1]](_TEXTS)
