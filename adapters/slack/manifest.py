"""What Slack makes the app of: commands, shortcuts, scopes and events, as its app manifest.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import bot.commands  # noqa: F401  # registers them
from bot.config import Settings
from bot.dispatch import COMMANDS

COMMAND = "/papers"
BOT = "papers"
INVITATION = f"I am not in this channel. Type: /invite @{BOT}"
FIRST = ("search", "today", "similar", "subscribe", "saved", "settings", "link", "help")  # what one needs first
EVENTS_PATH = "/slack/events"
REDIRECT_PATH = "/slack/oauth_redirect"
SIMILAR, SUBSCRIBE = "similar", "subscribe"

# Each scope and what it is needed for; the README's table is this one.
SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "commands": "the command /papers and the shortcuts",
        "chat:write": "post the highlights in channels and alerts in direct messages",
        "im:write": "open the direct message that an alert goes to",
        "im:history": "answer what you write to it, and after a crash look whether an alert has arrived",
        "files:write": "send the file that an export makes, there or in your direct messages",
        "app_mentions:read": "answer where it is mentioned",
        "reactions:read": "learn from 👍, ❤️ and 👎 on a message of its own that shows one paper",
        "channels:read": "know whether it is in the public channel that wants highlights",
        "groups:read": "the same for private channels that it was invited to",
        "users:read": "know who is an admin; only where PAPERWIRE_SLACK_MANAGERS is admins",
        "links:read": "see arXiv links in messages; only with the extra unfurl",
        "links:write": "show the paper below such a link; only with the extra unfurl",
        "channels:history": "after a crash look whether a message has arrived in a public channel; "
        "only with the extra history",
        "groups:history": "the same in private channels; only with the extra history",
    }
)
_EXTRA_SCOPES = {"unfurl": ("links:read", "links:write"), "history": ("channels:history", "groups:history")}
_EVENTS = (
    *("app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked"),
    *("reaction_added", "reaction_removed"),
)
_LONG = """\
Paperwire reads the daily digests of new research papers and brings the right ones to you, once, each with the reason \
why. Search with /papers search, subscribe to a query with /papers subscribe and be told of every new paper that \
matches, or let a channel have the highlights of each day with /papers settings on."""


def scopes(settings: Settings) -> tuple[str, ...]:
    """Return the bot scopes that these settings need."""
    conditional = {
        "users:read": settings.slack_managers == "admins",
        **{scope: extra in settings.extras for extra, some in _EXTRA_SCOPES.items() for scope in some},
    }
    return tuple(scope for scope in SCOPES if conditional.get(scope, True))


def manifest(settings: Settings, url: str = "") -> str:
    """Return the app manifest as JSON: for Socket Mode, or for HTTP where `url` is what Slack can reach us at."""
    request = {"request_url": url + EVENTS_PATH} if url else {}
    unfurl = "unfurl" in settings.extras
    made: dict[str, Any] = {
        "display_information": {
            "name": "Paperwire",
            "description": "The daily research-paper digest: search, subscribe, and the highlights of each day.",
            "long_description": _LONG,
            "background_color": "#7a1f1f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                # A tab that is read-only takes no direct messages.
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": BOT, "always_online": True},
            "slash_commands": [
                {
                    "command": COMMAND,
                    "description": "Search papers, subscribe, and choose this channel's highlights",
                    "usage_hint": " | ".join(FIRST),  # one line in the message box, of which the end may be cut
                    "should_escape": False,
                    **({"url": url + EVENTS_PATH} if url else {}),
                }
            ],
            "shortcuts": [
                {
                    "name": "Find papers like this",
                    "type": "message",
                    "callback_id": SIMILAR,
                    "description": "Search for papers on what a message is about",
                },
                {
                    "name": "Subscribe to papers",
                    "type": "global",
                    "callback_id": SUBSCRIBE,
                    "description": COMMANDS["subscribe"].summary.rstrip("."),
                },
            ],
            **({"unfurl_domains": ["arxiv.org"]} if unfurl else {}),
        },
        "oauth_config": {
            "scopes": {"bot": list(scopes(settings))},
            **({"redirect_urls": [url + REDIRECT_PATH]} if url else {}),
        },
        "settings": {
            "event_subscriptions": {
                "bot_events": sorted([*_EVENTS, *(["link_shared"] if unfurl else [])]),
                **request,
            },
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": True,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }
    return json.dumps(made, indent=2)
