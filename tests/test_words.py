"""Words: what folds together, what must not, and that index, query and highlighting see the same."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search.words import _AMERICAN, _AMERICAN_END, BARRIER, beginnings, padded, phrases, spans, words

# What texts are made of, joined at random; and any text at all, halves of surrogate pairs and NUL among it.
PIECES = [
    "-",
    "‐",
    "‑",
    "+",
    "#",
    " ",
    "_",
    ".",
    "é",
    "e\u0301",
    "C++",
    "3D",
    "s",
    "es",
    "ies",
    "İ",
    "ß",
    "²",
    "http://a.b/c",
]
MADE = st.lists(st.sampled_from(PIECES) | st.text(st.characters(), max_size=3), max_size=12).map("".join)
TEXTS = st.text(st.characters()) | MADE
LETTERS = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # case
        ("LIDAR", "lidar"),
        ("YOLOv5", "yolov5"),
        ("straße", "STRASSE"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        # plural
        ("GPU", "GPUs"),
        ("ROI", "ROIs"),
        ("CNN", "CNNs"),
        ("cloud", "clouds"),
        ("cache", "caches"),
        ("branch", "branches"),
        ("class", "classes"),
        ("loss", "losses"),
        ("box", "boxes"),
        ("mesh", "meshes"),
        ("patch", "patches"),
        ("image", "images"),
        ("house", "houses"),
        ("query", "queries"),
        ("movie", "movies"),
        ("corpus", "corpora"),
        ("axis", "axes"),
        ("analysis", "analyses"),
        ("matrix", "matrices"),
        ("vertex", "vertices"),
        ("hypothesis", "hypotheses"),
        ("bias", "biases"),
        ("child", "children"),
        ("lens", "lenses"),
        ("virus", "viruses"),
        ("phenomenon", "phenomena"),
        # accents: composed, as characters of their own, and strokes
        ("naïve", "naive"),
        ("nai\u0308ve", "naive"),
        ("cafe\u0301", "café"),
        ("Schölkopf", "Scholkopf"),
        ("Scho\u0308lkopf", "Schölkopf"),
        ("Łukasz", "Lukasz"),
        ("Ørsted", "orsted"),
        ("Işıl", "ISIL"),
        # British and American
        ("colour", "color"),
        ("colourful", "colorful"),
        ("Behaviours", "behavior"),
        ("multicolour", "multicolor"),
        ("neighbourhood", "neighborhood"),
        ("generalise", "generalize"),
        ("generalises", "generalizes"),
        ("optimisation", "optimization"),
        ("optimisers", "optimizer"),
        ("generalisability", "generalizability"),
        ("organisational", "organizational"),
        ("analyse", "analyzes"),
        ("analysing", "analyzing"),
        ("modelling", "modeling"),
        ("unlabelled", "unlabeled"),
        ("centre", "centers"),
        ("datacentres", "datacenter"),
        ("fibre", "fibers"),
        ("dialogues", "dialog"),
        ("catalogue", "catalogs"),
        ("catalogued", "cataloged"),
        ("tumour", "tumors"),
        ("grey", "gray"),
        ("ageing", "aging"),
        ("paediatric", "pediatric"),
        # compatibility forms
        ("ﬁne", "fine"),
        ("x²", "x2"),
        ("CO₂", "co2"),
        ("ＧＰＴ", "gpt"),
        # hyphens
        ("self-supervised", "self‑supervised"),
        ("self-supervised", "self‐supervised"),
    ],
)
def test_a_word_folds_to_the_same_as_its_other_spelling(one: str, other: str) -> None:
    assert words(one) == words(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NER", "generate"),
        ("general", "generative"),
        ("generation", "generative"),
        ("university", "universe"),
        ("organ", "organization"),
        ("policy", "police"),
        ("relate", "relative"),
        ("class", "clas"),
        ("focus", "focu"),
        ("as", "a"),
        ("is", "i"),
        ("gas", "ga"),
        ("news", "newer"),
        ("C", "C++"),
        ("C", "C#"),
        ("C++", "C#"),
        ("3D", "2D"),
        ("YOLOv5", "YOLOv4"),
        ("segmentation", "segment"),
        # ends like a British spelling, and is none
        ("our", "or"),
        ("four", "for"),
        ("hour", "hor"),
        ("timbre", "timber"),
        ("tire", "tier"),
        ("filling", "filing"),
        ("polled", "poled"),
        ("storey", "story"),
        ("cypher", "cipher"),
        ("vae", "ve"),
        ("moe", "me"),
        ("does", "des"),
        ("rogue", "rog"),
        ("fence", "fense"),
        ("programming", "programing"),
        ("prise", "prize"),
        ("raise", "raize"),
        ("analyses", "analyzes"),
    ],
)
def test_two_words_stay_two(one: str, other: str) -> None:
    assert words(one) != words(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ?! – _ ", []),
        ("Point clouds", ["point", "cloud"]),
        ("Pre-training of C++", ["pre", "training", "of", "cplusplus", BARRIER, "pretraining"]),
        ("GPT-4", ["gpt", "4", BARRIER, "gpt4"]),
        ("state-of-the-art", ["state", "of", "the", "art", BARRIER, "stateoftheart"]),
        ("a-b c-d", ["a", "b", "c", "d", BARRIER, "ab", BARRIER, "cd"]),
        ("C# and F#, g++", ["csharp", "and", "fsharp", "gplusplus"]),
        ("issue#5", ["issue", "5"]),
        ("3D, 2.5D", ["3d", "2", "5d"]),
        ("snake_case", ["snake", "case"]),
        ("x-", ["x"]),
        ("-x", ["x"]),
        ("a--b", ["a", "b"]),
        ("don't", ["don", "t"]),
        ("see https://github.com/a-b/C++?q=x#y now", ["see", "now"]),
        ("HTTP://EXAMPLE.ORG/x", []),
        ("(https://a.b/c) d", ["d"]),
        ("深度 学习", ["深度", "学习"]),
        ("a\x00b\ud800c", ["a", "b", "c"]),
    ],
)
def test_a_text_becomes_these_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("typed", "ways"),
    [
        ("", ()),
        ("?!", ()),
        ("https://a.b/c", ()),
        ("Clouds", (("cloud",),)),
        ("point clouds", (("point", "cloud"),)),
        ("GPT-4", (("gpt", "4"), ("gpt4",))),
        ("pre-trained GPT-4", (("pre", "trained", "gpt", "4"),)),
    ],
)
def test_a_typed_phrase_may_stand_in_these_ways(typed: str, ways: tuple[tuple[str, ...], ...]) -> None:
    assert phrases(typed) == ways


@pytest.mark.parametrize("word", ["noise", "wise", "otherwise", "supervised", "raise", "praising", "vision", "thesis"])
def test_a_word_in_ise_that_is_no_verb_of_two_spellings_keeps_its_s(word: str) -> None:
    assert words(word) == [word]


@pytest.mark.parametrize(("british", "american"), [*_AMERICAN.items(), *_AMERICAN_END.items()])
def test_every_british_spelling_that_is_known_is_folded(british: str, american: str) -> None:
    assert words(british) == words(american) == [american]


@pytest.mark.parametrize(
    ("typed", "finds", "not_found"),
    [
        ("colo*", ("colour", "colors"), "cold"),
        ("colou*", ("colour", "colors"), "colony"),
        ("modell*", ("modelling", "modeled", "modeller"), "models"),
        ("generalis*", ("generalisation", "generalizes", "generalist"), "generality"),
        ("generaliz*", ("generalisation", "generalizes", "generalizability"), "generalist"),
        ("optimisati*", ("optimisation", "optimizations"), "optimiser"),
        ("analys*", ("analysing", "analyzed", "analyst"), "analogy"),
        ("centr*", ("centre", "centers", "central"), "centerpiece"),
        ("grey*", ("grey", "gray", "greyscale"), "green"),
        ("gre*", ("grey", "gray", "great"), "grab"),
        ("multi-colou*", ("multicolour", "multi-colored"), "multicolumn"),
    ],
)
def test_a_beginning_finds_words_of_both_spellings(typed: str, finds: tuple[str, ...], not_found: str) -> None:
    def found(text: str) -> bool:
        ways = (f" {' '.join(way)} ".removesuffix("* ") for way in beginnings(typed))
        return any(way in padded(text) for way in ways)

    assert [word for word in finds if not found(word)] == []
    assert not found(not_found)


def test_a_beginning_that_is_half_a_british_word_by_chance_is_that_only() -> None:
    assert beginnings("progre*") == (("progre*",),)


def test_no_phrase_reaches_from_the_text_into_its_joined_words() -> None:
    text = padded("We test pre-training")
    assert " training pretraining " not in text
    assert " pretraining " in text


def test_a_joined_word_is_marked_where_its_parts_stand() -> None:
    assert list(spans("a GPT-4s!")) == [(("a",), "", 0, 1), (("gpt",), "gpt4", 2, 5), (("4s",), "gpt4", 6, 8)]


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_has_words_of_letters_and_digits_only(text: str) -> None:
    found = words(text)
    assert all(word == BARRIER or word.isalnum() for word in found)
    assert padded(text) == f" {' '.join(found)} "


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_spans_lie_in_the_text_in_order_and_hold_its_words(text: str) -> None:
    runs = list(spans(text))
    places = [(start, end) for _, _, start, end in runs]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    parts = [part for found, _, _, _ in runs for part in found]
    assert words(text)[: len(parts)] == parts
    assert words(text)[len(parts) : len(parts) + 1] in ([], [BARRIER])
    for found, _, start, end in runs:
        assert tuple(words(text[start:end])) == found


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_a_phrase_copied_from_a_text_is_found_in_it(text: str) -> None:
    for way in phrases(text)[:1]:
        assert f" {' '.join(way)} " in padded(text)


@given(TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_the_words_of_a_line_are_those_of_its_halves(one: str, other: str) -> None:
    assert sorted(words(f"{one}\n{other}")) == sorted([*words(one), *words(other)])


@given(LETTERS)
@settings(max_examples=300, deadline=None)
def test_case_makes_no_difference(word: str) -> None:
    assert words(word) == words(word.upper()) == words(word.lower()) == words(word.title()) == words(word.casefold())


def test_case_makes_no_difference_for_any_letter() -> None:
    letters = [c for c in map(chr, range(0x110000)) if c.isalpha() and (c.lower(), c.upper()) != (c, c)]
    different = [c for c in letters if not words(f"{c}x") == words(f"{c}x".upper()) == words(f"{c}x".lower())]
    assert different == []


@given(st.text(st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_composed_and_decomposed_accents_are_one(word: str) -> None:
    assert words(unicodedata.normalize("NFC", word)) == words(unicodedata.normalize("NFD", word))


@given(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=9).filter(
        lambda word: not word.endswith(("s", "e", "y"))
    )
)
@settings(max_examples=200, deadline=None)
def test_an_s_at_the_end_makes_no_difference_where_it_is_a_plural(word: str) -> None:
    if words(word) == [word] and not word.endswith(("u", "i", "x", "ch", "sh")):
        assert words(f"{word}s") == words(word)


@pytest.mark.parametrize("word", ["news", "SARS", "AIDS", "ours", "Mars", "lens", "bias", "canvas", "ADAS"])
def test_a_word_in_s_that_is_no_plural_is_not_cut(word: str) -> None:
    assert words(word) == [word.lower()]
    assert words(word) != words(word[:-1])
