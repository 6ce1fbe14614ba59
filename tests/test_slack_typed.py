"""Slack's spelling of what people type, undone."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack.typed import line, written


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("search “point cloud” -medical", 'search "point cloud" -medical'),
        ("search „point cloud“", 'search "point cloud"'),
        ("search people’s faces", "search people's faces"),
        ("search lidar –medical", "search lidar -medical"),
        ("search 2010–2020 — and on", "search 2010–2020 — and on"),
        ("search R&amp;D &lt;CLS&gt;", "search R&D <CLS>"),
        ("search &amp;lt;", "search &lt;"),
        ("search AT&para", "search AT&para"),
        ("search <@U1|ada> <#C1|general> <!subteam^S1|@team> <!here>", "search @ada #general @team here"),
        ("show <https://arxiv.org/abs/2011.10043>", "show https://arxiv.org/abs/2011.10043"),
        ("show <https://arxiv.org/abs/2011.10043|this paper>", "show https://arxiv.org/abs/2011.10043"),
        ("  search\u00a0lidar ", "search lidar"),
    ],
)
def test_what_was_meant_is_read_from_what_slack_made_of_it(typed: str, meant: str) -> None:
    assert line(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("<@UBOT> search lidar", "search lidar"),
        ("<@UBOT|papers>: search lidar", "search lidar"),
        ("could you <@UBOT> search lidar", "search lidar"),
        ("search lidar <@UBOT>", "search lidar"),
        ("<@UBOT>", ""),
        ("<@UBOT> search <@U2>", "search @U2"),
    ],
)
def test_a_mention_of_the_bot_is_no_part_of_the_command(typed: str, meant: str) -> None:
    assert line(typed, bot="UBOT") == meant


def test_the_commands_name_may_stand_before_it_anywhere() -> None:
    assert line("/papers search lidar", command="/papers") == "search lidar"
    assert line("/papersearch", command="/papers") == "/papersearch"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"text": "See &lt;this&gt;", "blocks": [{"text": "other"}]}, "See <this>"),
        ({"blocks": [{"elements": [{"type": "text", "text": "lidar"}, {"type": "user", "user_id": "U1"}]}]}, "lidar"),
        ({"text": "", "attachments": [{"title": "Lidar", "text": "on roads", "color": "red"}]}, "Lidar\non roads"),
        ({"text": None}, ""),
        ({"text": "see Page:3 and homepage:4"}, "see Page: 3 and homepage:4"),
    ],
)
def test_a_message_says_its_text_or_else_what_its_blocks_say(message: dict[str, Any], said: str) -> None:
    assert written(message) == said
