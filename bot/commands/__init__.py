"""The commands: one function each, whose name, usage and help come from itself.

`answer`, `call`, `places`, `suggest` and `told` are all that an adapter needs. To add a command, write one function in
a module here: its first line becomes the summary, its docstring the help, its annotated parameters the usage and a
platform's typed options.
"""

from __future__ import annotations

# In the order in which help lists them.
from bot.commands import papers, subscriptions, follow, alerts, pausing, feeds, why, room, reactions, taste  # isort: skip
from bot.commands import shelf, takeaway, team, club, link, privacy, deliveries, about  # isort: skip
from bot.commands.room import MAX_ROOMS
from bot.commands.subscriptions import MAX_SUBSCRIPTIONS
from bot.dispatch import COMMANDS, answer, call, places, suggest, told

__all__ = [
    "COMMANDS",
    "MAX_ROOMS",
    "MAX_SUBSCRIPTIONS",
    "about",
    "alerts",
    "answer",
    "call",
    "club",
    "deliveries",
    "feeds",
    "follow",
    "link",
    "papers",
    "pausing",
    "places",
    "privacy",
    "reactions",
    "room",
    "shelf",
    "subscriptions",
    "suggest",
    "takeaway",
    "taste",
    "team",
    "told",
    "why",
]
