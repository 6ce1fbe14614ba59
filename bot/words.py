"""The words of a text, as search, alerts and highlighting all see them.

One tokenizer for the index, the query and the alert is what lets a dry run promise what will fire. A text becomes
folded words in order, then, after a barrier each, its hyphenated words written as one: "Pre-training of C++" is
`pre training of cplusplus ¶ pretraining`. So `pre-training`, `"pre training"` and `pretraining` all find it, and no
phrase reaches across a barrier. Case, accents and plural do not matter. Stemming goes no further than the plural:
Porter's stems put "generative" and "general" in one, and an alert must not fire on that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
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
    does not, that one is a way too: `matric*` is `matric*` or `matrix`, `queri*` is `queri*` or `query`.
    """
    runs = [_HYPHEN.split(run) for run in _RUN.findall(text) if "://" not in run]
    pieces = [piece for run in runs for piece in run if _plain(piece)]
    if not pieces:
        return ()
    before = tuple(map(_fold, pieces[:-1]))
    begun = _plain(pieces[-1])
    # What `begun` may be the beginning of, as far as folding would change how it begins.
    grown = [begun, begun + "s", begun + "es", *(plural for plural in _IRREGULAR if plural.startswith(begun))]
    others = dict.fromkeys(word for word in map(_singular, grown) if not word.startswith(begun))
    ways = [(*before, f"{begun}*"), *((*before, word) for word in others)]
    if len(runs) == 1 and len(pieces) > 1:
        ways.append((_plain("".join(pieces)) + "*",))
    return tuple(ways)


@lru_cache(maxsize=1 << 17)
def _read(run: str) -> tuple[tuple[str, ...], str]:
    """Return a run's folded parts, and for a hyphenated one the parts as one word. An address has none."""
    if "://" in run:
        return (), ""
    parts = tuple(filter(None, map(_fold, _HYPHEN.split(run))))
    return parts, _fold(_HYPHEN.sub("", run)) if len(parts) > 1 else ""


def _fold(word: str) -> str:
    return _singular(_plain(word))


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
