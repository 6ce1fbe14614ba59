"""Alerts: who hears of which paper, and why."""

import logging
from datetime import UTC, datetime

import pytest

from bot import alerts
from bot.model import Destination, Link, Paper, Pick, Subscription
from tests.conftest import MakePaper

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
ANN = Destination.parse("slack:T1/@U1")
BEN = Destination.parse("discord:T1/@U1")


def fired(subscribed: dict[Destination, list[str]], *papers: Paper) -> dict[Destination, tuple[Pick, ...]]:
    return alerts.match(
        [
            Subscription(person, number, line, NOW)
            for person, lines in subscribed.items()
            for number, line in enumerate(lines, 1)
        ],
        papers,
    )


def test_a_person_hears_of_what_matches_with_the_reason(paper: MakePaper) -> None:
    clouds = paper("2011.00001", "Point clouds", "Scanned by lidar.")
    other = paper("2011.00002", "Images")
    assert fired({ANN: ['"point cloud"'], BEN: ["radar"]}, clouds, other) == {
        ANN: (Pick("2011.00001", ("point cloud",), (1,)),)
    }


def test_papers_come_in_the_order_given(paper: MakePaper) -> None:
    papers = [paper(f"2011.0000{n}", "Lidar") for n in (3, 1, 2)]
    assert [pick.paper for pick in fired({ANN: ["lidar"]}, *papers)[ANN]] == [each.id for each in papers]


def test_several_subscriptions_on_one_paper_are_one_pick_with_each_reason_once(paper: MakePaper) -> None:
    lines = ["sonar", "lidar radar", "radar", "title:lidar -medical", "has:code OR lidar", "cat:cs.CV"]
    both = paper(
        "2011.00001",
        "Lidar",
        "and radar",
        categories=("cs.CV",),
        links=(Link("https://github.com/a/b", "code"),),
    )
    assert fired({ANN: lines}, both) == {
        ANN: (
            Pick(
                "2011.00001",
                ("lidar", "radar", "title: lidar", "has code", "category cs.CV"),
                (2, 3, 4, 5, 6),
            ),
        )
    }


def test_the_same_line_fires_for_each_who_typed_it_under_their_own_number(paper: MakePaper) -> None:
    assert fired({ANN: ["sonar", "lidar"], BEN: ["lidar"]}, paper("2011.00001", "Lidar")) == {
        ANN: (Pick("2011.00001", ("lidar",), (2,)),),
        BEN: (Pick("2011.00001", ("lidar",), (1,)),),
    }


@pytest.mark.parametrize(
    ("line", "title", "fires"),
    [
        ("NER", "How we generate", False),
        ("NER", "NER for all", True),
        ("general", "Generative models", False),
        ("GAN", "Organs", False),
        ("GAN", "GANs", True),
        ("gener*", "Generative models", True),
        ("C", "C++", False),
        ("C++", "C++20", True),
        ("pretraining", "Pre-training", True),
        ('"pre training"', "Pre-training", True),
        ("pre-training", "Pretraining", True),
        ("self supervised", "Self-Supervised", True),
        ("GPT-4", "GPT4", True),
        ("GPT-4", "GPT-45", False),
        ("naive", "Naïve", True),
        ("lidar -medical", "Medical lidar", False),
        ("-medical lidar", "Lidar", True),
        ("lidar OR has:code", "Radar", False),
        ("(lidar OR radar) 3d", "3D radar", True),
        ("id:2011.00001", "Anything", True),
        ("after:2020-11-01", "Anything", False),  # not listed at all
    ],
)
def test_an_alert_fires_on_whole_words(paper: MakePaper, line: str, title: str, fires: bool) -> None:
    assert bool(fired({ANN: [line]}, paper("2011.00001", title))) == fires


@pytest.mark.parametrize("line", ['"lidar', "(lidar", "nosuchfield:lidar", "", "-lidar", "x" * 501])
def test_a_line_that_no_longer_parses_does_not_stop_the_others(
    paper: MakePaper, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert fired({ANN: [line, "lidar"], BEN: [line]}, paper("2011.00001", "Lidar")) == {
            ANN: (Pick("2011.00001", ("lidar",), (2,)),)
        }
    assert "subscription_unreadable" in caplog.text
    assert not line or line not in caplog.text


@pytest.mark.parametrize("line", [" lidar ", "lidar\x00", "“lidar”", "LIDAR\u00a0"])
def test_a_line_saved_as_an_older_program_saved_it_still_fires(paper: MakePaper, line: str) -> None:
    assert fired({ANN: [line], BEN: ["lidar"]}, paper("2011.00001", "Lidar")).keys() == {ANN, BEN}


def test_nobody_and_nothing_are_no_trouble(paper: MakePaper) -> None:
    assert fired({}, paper("2011.00001", "Lidar")) == {}
    assert fired({ANN: ["lidar"]}) == {}
    assert fired({ANN: ["lidar"]}, paper("2011.00001", "", "")) == {}
