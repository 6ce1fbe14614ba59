"""What Slack's errors mean: for a delivery, for a start, for whoever reads the log.

https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from __future__ import annotations

import asyncio
import json
import math
from email.utils import parsedate_to_datetime

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.ports import DeliveryError

# Whatever a call of the Web API can raise that is no bug of ours.
FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError)

UNNAMED_WAIT = 30.0  # seconds: for a 429 that does not say how long
_LONGEST_WAIT = 86_400.0  # seconds: a number without end must not end all sending
REFUSED_WAIT = 600.0

# What no message can be sent to any more, and who set it up should know.
GONE = frozenset(
    (
        *("channel_not_found", "is_archived", "is_inactive", "not_in_channel"),
        *("user_not_found", "user_disabled", "cannot_dm_bot"),
        *("messages_tab_disabled", "restricted_action", "restricted_action_read_only_channel", "no_permission"),
        *("restricted_action_non_threadable_channel", "restricted_action_thread_only_channel", "user_not_visible"),
        *("posting_to_general_channel_denied", "posting_to_channel_denied", "channel_type_not_supported"),
    )
)
# What Slack will not take, however often it is sent.
CONTENT = frozenset(
    (
        *("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text"),
        *("invalid_arguments", "invalid_arg_name", "invalid_array_arg", "metadata_too_large", "too_many_attachments"),
        *("invalid_metadata_format", "invalid_metadata_schema", "metadata_must_be_sent_from_app"),
        *("thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"),
        "attachment_payload_limit_exceeded",
    )
)
# The workspace has thrown the app out: nothing more until it is installed again.
LEFT = frozenset(("account_inactive", "token_revoked", "token_expired", "team_not_found", "org_login_required"))
# The workspace lets nothing through for now; an administrator can change that without us.
REFUSED = frozenset(
    (
        *("invalid_auth", "not_authed", "missing_scope", "access_denied", "not_allowed_token_type"),
        *("team_access_not_granted", "ekm_access_denied", "accesslimited", "two_factor_setup_required"),
        "enterprise_is_restricted",
    )
)
# Where history is not for us to read.
UNREADABLE = GONE | {"missing_scope", "access_denied", "thread_not_found", "method_not_supported_for_channel_type"}
RATE = frozenset(("ratelimited", "rate_limited", "message_limit_exceeded"))
# Of these Slack says itself that the message may have been taken.
UNCERTAIN = frozenset(("fatal_error", "internal_error", "request_timeout"))


def translated(error: Exception) -> DeliveryError:
    """Say what a failed call of Slack's means for a delivery. A bug of ours is raised as it is."""
    if isinstance(error, SlackApiError):
        return _of_api(error)
    if isinstance(error, aiohttp.ClientConnectorError):  # nothing was sent yet
        return DeliveryError("unreachable", "later")
    if isinstance(error, aiohttp.ClientError | asyncio.TimeoutError | ConnectionError | json.JSONDecodeError):
        return DeliveryError("no_reply", "uncertain")
    raise error


def _of_api(error: SlackApiError) -> DeliveryError:
    named = code(error)
    status = _status(error)
    if named in RATE or status == 429:
        return DeliveryError("ratelimited", "later", retry_after(error))
    if named in GONE:
        return DeliveryError(named, "gone")
    if named in CONTENT:
        return DeliveryError(named, "content")
    if named in REFUSED or named in LEFT:
        return DeliveryError(named, "later", REFUSED_WAIT)
    if named == "service_unavailable":
        return DeliveryError(named, "later")
    # A 503 that is a page is a proxy's, which may have passed the message on.
    if named in UNCERTAIN or not named or status >= 500:
        return DeliveryError(named or f"http_{status}", "uncertain")
    # A code that this version does not know: it may pass, though not for ever; the log has its name.
    return DeliveryError(named, "later", known=False)


def passes(error: Exception) -> bool:
    """Say whether the same call may go well later: Slack was not reached, or could not answer just now."""
    return not isinstance(error, SlackApiError) or code(error) in RATE | UNCERTAIN | {"", "service_unavailable"}


def why(error: Exception) -> str:
    """Name what went wrong, without the address in it: a socket's lets anybody in."""
    if isinstance(error, SlackApiError):
        return code(error) or "unreadable_answer"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"http_{error.status}"
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__


def code(error: SlackApiError) -> str:
    """Return Slack's word for an error, or "" where its answer could not be read."""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def retry_after(error: SlackApiError) -> float:
    """Return for how many seconds Slack asks to wait. The SDK's own handler fails on "0.5" and on no number at all.

    A proxy may name a date: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after.
    """
    headers = {name.lower(): value for name, value in (getattr(error.response, "headers", None) or {}).items()}
    named = headers.get("retry-after", "")
    try:
        seconds = float(named)
    except ValueError:
        seconds = _until(named, headers.get("date", ""))
    return min(seconds, _LONGEST_WAIT) if math.isfinite(seconds) and seconds >= 0 else UNNAMED_WAIT


def _until(named: str, now: str) -> float:
    """Return the seconds between two dates, both by the clock of who answers; -1 where they are none."""
    try:
        return (parsedate_to_datetime(named) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return -1.0


def _status(error: SlackApiError) -> int:
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0) or 0)
