"""The words of a text, as search, alerts and highlighting all see them.

One tokenizer for the index, the query and the alert is what lets a dry run promise what will fire. A text becomes
folded words in order, then, after a barrier each, its hyphenated words written as one: "Pre-training of C++" is
`pre training of cplusplus ¶ pretraining`. So `pre-training`, `"pre training"` and `pretraining` all find it, and no
phrase reaches across a barrier. Case, accents, plural and British spelling do not matter. Stemming goes no further
than the plural: Porter's stems put "generative" and "general" in one, and an alert must not fire on that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

BARRIER = "¶"

# A letter may be followed by its accent as a character of its own (U+0300 to U+036F), as PDFs and macOS write them.
_WORD = r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*"
_RUN = re.compile(rf"[hH][tT][tT][pP][sS]?://\S+|{_WORD}(?:\+\+|(?<=\b[A-Za-z])#|(?:[-‐‑]{_WORD})+)?")
_HYPHEN = re.compile(r"[-‐‑]")
# Letters with a stroke are letters to Unicode, accents to who types Lukasz for Łukasz.
_STROKES = str.maketrans(
    {"æ": "ae", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "œ": "oe", "þ": "th", "ŧ": "t"}
)
_IRREGULAR = {
    "aliases": "alias",
    "analyses": "analysis",
    "atlases": "atlas",
    "axes": "axis",
    "biases": "bias",
    "buses": "bus",
    "canvases": "canvas",
    "children": "child",
    "corpora": "corpus",
    "corpuses": "corpus",
    "crises": "crisis",
    "criteria": "criterion",
    "diagnoses": "diagnosis",
    "foci": "focus",
    "focuses": "focus",
    "gases": "gas",
    "hypotheses": "hypothesis",
    "indices": "index",
    "lenses": "lens",
    "matrices": "matrix",
    "mice": "mouse",
    "nuclei": "nucleus",
    "phenomena": "phenomenon",
    "radii": "radius",
    "radiuses": "radius",
    "statuses": "status",
    "stimuli": "stimulus",
    "syntheses": "synthesis",
    "theses": "thesis",
    "vertices": "vertex",
    "viruses": "virus",
}
# Words in s that are no plurals, and without it would be another word, or half of one.
_SINGULAR = frozenset({
    "abbas", "adas", "aids", "alas", "alias", "atlas", "axis", "bias", "blas", "canvas", "chaos", "christmas",
    "cmos", "cosmos", "does", "goes", "hans", "hers", "iaas", "iris", "laos", "lens", "mars", "news", "nlos",
    "oops", "ours", "paas", "pancreas", "perhaps", "plus", "saas", "sans", "sars", "says", "texas", "this",
    "thus", "yours",
})  # fmt: skip
# What is spelt so in British English wherever it stands in a word, and in no word or name that is another's.
_AMERICAN = {
    **{f"{stem}our": f"{stem}or" for stem in (
        "behavi", "col", "endeav", "fav", "flav", "harb", "hon", "hum", "lab", "neighb", "od", "rig", "rum", "tum",
        "vap", "vig",
    )},
    **{f"{stem}l{end}": f"{stem}{end}" for end in ("ed", "er", "ing") for stem in (
        "cancel", "channel", "counsel", "fuel", "label", "level", "model", "ravel", "rival", "signal", "total",
        "tunnel",
    )},
    "aesthe": "esthe", "ageing": "aging", "aluminium": "aluminum", "apnoea": "apnea", "archaeo": "archeo",
    "artefact": "artifact", "benefitt": "benefit", "catalogued": "cataloged", "cataloguing": "cataloging",
    "centred": "centered", "centring": "centering", "defence": "defense", "dgement": "dgment",
    "enrolment": "enrollment", "focuss": "focus", "fulfilment": "fulfillment", "greyscale": "grayscale",
    "gynaec": "gynec", "haemat": "hemat", "haemo": "hemo", "licence": "license", "manoeuvrab": "maneuverab",
    "manoeuvred": "maneuvered", "manoeuvring": "maneuvering", "offence": "offense", "paed": "ped",
    "practis": "practic", "queueing": "queuing", "sceptic": "skeptic",
}  # fmt: skip
# The same where it ends a word.
_AMERICAN_END = {
    "alogue": "alog", "centre": "center", "distil": "distill", "enrol": "enroll", "fibre": "fiber",
    "fulfil": "fulfill", "grey": "gray", "instil": "instill", "learnt": "learned", "litre": "liter",
    "manoeuvre": "maneuver", "metre": "meter", "ologue": "olog", "theatre": "theater",
}  # fmt: skip
# The s of -ise and -yse, as far as verbs end so: noise, praise, wise and supervise keep it. Words that need no z get
# one too (precize), and are told apart from others as before.
_VERB_S = r"(?<=..[^aeiouvw]i|..ly)s"
_VERB_ENDS = ("e", "ed", "er", "ing", "able", "ably", "ability", "ation", "ational")
_BRITISH = re.compile(
    "|".join((f"(?:{'|'.join(_AMERICAN_END)})$", *_AMERICAN, rf"{_VERB_S}(?=(?:{'|'.join(_VERB_ENDS)})$)"))
)
_BRITISH_BEGUN = re.compile(rf"{_VERB_S}(?=(?:{'|'.join(end[:n] for end in _VERB_ENDS for n in range(len(end)))})$)")
# A piece of each, that few other words have: to look for all of them in every word takes ten times as long.
_PERHAPS_BRITISH = re.compile(
    r"our|ll[ei]|[iy]s(?:e[dr]?|ing|ab.+|ation.*)$|[hnp]ae|aest|actis|centr|dgem|eing|fence|cence|efitt"
    r"|grey|lment|logu|nium|noe|ocuss|rtef|scep|(?:fil|rol|til|[bt]re|rnt)$"
)


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order, then its hyphenated words as one, a barrier before each."""
    found: list[str] = []
    joined: list[str] = []
    for run in _RUN.findall(text):
        parts, whole = _read(run)
        found += parts
        if whole:
            joined += (BARRIER, whole)
    return found + joined


def padded(text: str) -> str:
    """Return the folded words as one string, a space around each, so that a phrase is found by plain `in`."""
    return f" {' '.join(words(text))} "


class Runs:
    """The runs of a text, read word for word at once; where one stands is looked up only when it is asked for.

    `parts` are the folded words in order, `joined` the hyphenated ones as one, by the number of each of their parts.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs = _RUN.findall(text)
        self._ends: list[int] = []  # of each run, how many parts there are up to it
        self.parts: list[str] = []
        self.joined: dict[int, str] = {}
        for parts, whole in map(_read, self._runs):
            if whole:
                self.joined |= dict.fromkeys(range(len(self.parts), len(self.parts) + len(parts)), whole)
            self.parts += parts
            self._ends.append(len(self.parts))

    def located(self, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Yield where the parts of some numbers stand, in order: start and end of each run, or of a piece of it."""
        wanted = sorted(numbers, reverse=True)
        first = at = 0
        for run, end in zip(self._runs, self._ends, strict=True):
            if not wanted:
                return
            # What begins as the run does would have been a run itself, so the next one is it.
            at = self._text.index(run, at)
            if wanted[-1] < end:
                for number, place in zip(range(first, end), _places(run, at), strict=True):
                    if wanted and wanted[-1] == number:
                        wanted.pop()
                        yield place
            first, at = end, at + len(run)


def _places(run: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield where each part of a run stands."""
    pieces = _HYPHEN.split(run) if _read(run)[1] else [run]
    for piece in pieces:
        for _ in _read(piece)[0]:
            yield at, at + len(piece)
        at += len(piece) + 1


def spans(text: str) -> Iterator[tuple[tuple[str, ...], str, int, int]]:
    """Yield each run of a text as `(folded parts, hyphenated parts as one or "", start, end)`, for highlighting."""
    for match in _RUN.finditer(text):
        parts, whole = _read(match.group())
        if not parts:
            continue
        if not whole:
            yield parts, "", match.start(), match.end()
            continue
        at = match.start()
        for piece in _HYPHEN.split(match.group()):
            for part in _read(piece)[0]:
                yield (part,), whole, at, at + len(piece)
            at += len(piece) + 1


def phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways in which a typed word or phrase may stand in a text: each a sequence of folded words.

    One hyphenated word also stands as one: `GPT-4` is `gpt 4` or `gpt4`. Empty where there is no word in it.
    """
    runs = [_read(run) for run in _RUN.findall(text)]
    split = tuple(part for parts, _ in runs for part in parts)
    if len(runs) == 1 and runs[0][1]:
        return split, (runs[0][1],)
    return (split,) if split else ()


def beginnings(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways in which words may stand whose last one begins as typed: that one ends in `*`.

    A beginning is not folded as a plural (`clas*` is not `cla*`). Where a word that begins so is folded to one that
    does not, that one is a way too: `matric*` is `matric*` or `matrix`, `colou*` is `colou*` or `color*`.
    """
    runs = [_HYPHEN.split(run) for run in _RUN.findall(text) if "://" not in run]
    pieces = [piece for run in runs for piece in run if _plain(piece)]
    if not pieces:
        return ()
    before = tuple(map(_fold, pieces[:-1]))
    ways = [(*before, last) for last in _begun(_plain(pieces[-1]))]
    if len(runs) == 1 and len(pieces) > 1:
        ways += [(last,) for last in _begun(_plain("".join(pieces))) if last.endswith("*")]
    return tuple(ways)


def _begun(begun: str) -> Iterator[str]:
    """Yield what a word that begins so may be folded to, each once: a word, or with `*` how it begins."""
    # What `begun` may be the beginning of, as far as folding would change how it begins.
    grown = [begun, begun + "s", begun + "es", *(plural for plural in _IRREGULAR if plural.startswith(begun))]
    found = [f"{begun}*", *map(_singular, grown), _BRITISH_BEGUN.sub("z", _american(begun)) + "*"]
    for table, star in ((_AMERICAN, "*"), (_AMERICAN_END, "")):
        for british, american in table.items():
            # Three letters in the middle of a word are too few to tell that it is British: progre* is not grey.
            sizes = (size for size in range(2, len(british)) if size > 3 or size == len(begun))
            found += (begun[:-size] + american + star for size in sizes if begun.endswith(british[:size]))
    yield from dict.fromkeys(each for each in found if each == found[0] or not each.startswith(begun))


@lru_cache(maxsize=1 << 17)
def _read(run: str) -> tuple[tuple[str, ...], str]:
    """Return a run's folded parts, and for a hyphenated one the parts as one word. An address has none."""
    if "://" in run:
        return (), ""
    pieces = _HYPHEN.split(run)
    if len(pieces) == 1:
        return tuple(filter(None, [_fold(run)])), ""
    # Most pieces of a new hyphenated word are known already.
    parts = tuple(part for piece in pieces for part in _read(piece)[0])
    return parts, _fold("".join(pieces)) if len(parts) > 1 else ""


def _fold(word: str) -> str:
    return _american(_singular(_plain(word)))


def _plain(word: str) -> str:
    """Return a word without case and accents."""
    if word.isascii():
        word = word.lower()
        if word.endswith("++"):
            return word[:-2] + "plusplus"
        if word.endswith("#"):
            return word[:-1] + "sharp"
    else:
        plain = unicodedata.normalize("NFKD", word).casefold()
        word = "".join(c for c in unicodedata.normalize("NFKD", plain) if c.isalnum()).translate(_STROKES)
    return word


def _singular(word: str) -> str:
    """Return one spelling for a word and its plural: Harman's S stemmer (1991), mended where it splits a pair.

    "cache", "caches" and "branches" lose the e that only some of them owe to the plural; a word of four letters
    loses its s whatever stands before it (GPUs, ROIs), a longer one keeps it after s, u and i (class, corpus, basis).
    """
    word = _IRREGULAR.get(word, word)
    if len(word) < 4 or word in _SINGULAR:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and (len(word) == 4 or not word.endswith(("us", "is"))):
        word = word[:-1]
    if word.endswith("ie") and len(word) > 4:
        return word[:-2] + "y"
    if word.endswith(("xe", "che", "she", "sse")):
        return word[:-1]
    return word


def _american(word: str) -> str:
    """Return a word without plural as it is spelt in American English, -ise and -yse as -ize and -yze."""
    return _BRITISH.sub(_respelt, word) if _PERHAPS_BRITISH.search(word) else word


def _respelt(match: re.Match[str]) -> str:
    british = match[0]
    return _AMERICAN_END.get(british) or _AMERICAN.get(british, "z")
