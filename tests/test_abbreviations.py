"""Abbreviations: what finds what, what quotes mean, and what the table must not say."""

from collections import Counter

import pytest

from bot.model import Paper
from bot.search.abbreviations import ABBREVIATIONS, same
from bot.search.grammar import parse
from bot.search.query import Folded, mark
from bot.search.words import phrases

SHORT = Paper("2011.1", "LLMs for lidar", "")
LONG = Paper("2011.2", "A Large Language Model", "")
APART = Paper("2011.3", "A model of a large language", "")


def found(line: str) -> list[str]:
    query = parse(line)
    return [paper.id for paper in (SHORT, LONG, APART) if query.matches(Folded(paper))]


@pytest.mark.parametrize(
    ("line", "papers"),
    [
        ("LLM", ["2011.1", "2011.2"]),
        ("llms", ["2011.1", "2011.2"]),
        ("title:LLM", ["2011.1", "2011.2"]),
        ("abstract:LLM", []),
        ('"large language models"', ["2011.1", "2011.2"]),
        ("large-language-model", ["2011.1", "2011.2"]),
        ("large language model", ["2011.2", "2011.3"]),
        ('"LLM"', ["2011.1"]),
        ("LLM*", ["2011.1"]),
        ("model -LLM", ["2011.3"]),
        ('model -"LLM"', ["2011.2", "2011.3"]),
        ('"a large language model"', ["2011.2"]),
    ],
)
def test_an_abbreviation_and_its_long_form_find_each_other(line: str, papers: list[str]) -> None:
    assert found(line) == papers


def test_an_author_is_no_abbreviation() -> None:
    paper = Paper("2011.4", "", "", authors=("Ai Reinforcement Learning",))
    assert not parse("author:RL").matches(Folded(paper))
    assert parse("author:RL").key == "author:rl"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("SFT", None),
        ("ML", None),
        ("GAN", None),
        ("CLIP", None),
        ("k-NN", "k-nearest neighbours"),
        ("Re-ID", "person reidentification"),
        ("Re-ID", "person re-identification"),
        ("re-identification", "person ReID"),
        ("VAE", "variational auto-encoders"),
        ("VAE", "a variational autoencoder"),
        ("MCTS", "Monte-Carlo tree search"),
        ("CoT", "chain-of-thought"),
        ("PPO", "proximal policy optimisation"),
        ("VLM", "visual language models"),
        ('"visual language model"', "vision-language models"),
        ('"visual language model"', "VLMs"),
        ("CXR", "a chest X-ray"),
        ('"chest xray"', "CXRs"),
    ],
)
def test_what_is_short_for_one_thing_only_finds_it_however_it_is_written(typed: str, text: str | None) -> None:
    query = parse(typed)
    if text is None:
        assert len(query.terms[0].phrases) == 1
    else:
        assert query.matches(Folded(Paper("2011.5", text, "")))


def test_the_reason_is_what_was_typed_and_the_mark_what_was_found() -> None:
    query = parse("LLM")
    assert query.reasons(Folded(LONG)) == ("LLM",)
    assert mark(LONG.title, "title", [query]).render(str, "[", "]") == "A [Large Language Model]"
    assert mark(SHORT.title, "title", [parse('"large language model"')]).render(str, "[", "]") == "[LLMs] for lidar"


def test_both_ways_of_saying_it_are_one_query_and_quoting_the_short_one_is_another() -> None:
    assert parse("LLM").key == parse('"large language models"').key == ":large language model|llm"
    assert parse("VLM").key == parse('"visual language model"').key
    assert parse('"LLM"').key == ":llm"


def test_what_was_typed_comes_first() -> None:
    assert parse("LLM").terms[0].phrases[0] == ("llm",)
    assert parse('"large language model"').terms[0].phrases[0] == ("large", "language", "model")


def test_nothing_in_the_table_is_short_for_two_things_or_has_two_short_forms() -> None:
    ways = Counter(way for each in (*ABBREVIATIONS, *sum(ABBREVIATIONS.values(), ())) for way in set(phrases(each)))
    assert [way for way, times in ways.items() if times > 1] == []


@pytest.mark.parametrize("short", ABBREVIATIONS)
def test_a_long_form_is_more_than_its_abbreviation_and_finds_it(short: str) -> None:
    (way,) = phrases(short)
    assert len(way) == 1
    for long_form in ABBREVIATIONS[short]:
        assert way not in phrases(long_form)
        assert way in same(phrases(long_form), quoted=True)
        assert set(phrases(long_form)) <= {*same(phrases(short), quoted=False)}
