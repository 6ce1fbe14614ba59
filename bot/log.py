"""The log: events with fields on stderr, never a secret, never what a person typed."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, TextIO

from bot.config import Settings

_log = logging.getLogger(__name__)

# Whose log says what people typed, and with which token.
_TALKATIVE = ("slack_bolt", "slack_sdk", "discord", "aiohttp")
_CREDENTIAL = re.compile(
    r"(?:xox[a-z]\.)?xox[a-z]-[\w.-]+|xapp-[\w-]+|(?<=ticket=)[^\s&\"']+|(?<=/feed/)[\w-]{43}"
    r"|(?:(?<=hooks\.slack\.com/)|(?<=hooks\.slack-gov\.com/))[\w/.-]+"
    # Discord's: an interaction's token is the base64 of "interaction:" and more, and stands in the address that its
    # answers go to. Then a bot's token.
    r"|aW50ZXJhY3Rpb246[\w%=+/-]*|(?:(?<=/webhooks/)|(?<=/interactions/))\d+/[\w.%-]+"
    r"|[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}"
)
_REDACTED = "[redacted]"


def start_log(settings: Settings, *, service: bool = False) -> None:
    """Send the log to stderr: events with fields, never a secret, never what a person typed."""
    level = {"auto": "info" if service else "warning"}.get(settings.log, settings.log).upper()
    as_json = {"auto": not _on_terminal(sys.stderr)}.get(settings.log_format, settings.log_format == "json")
    handler = _Stderr(level)
    handler.addFilter(_may_speak)
    render = _as_json if as_json else _as_text
    handler.setFormatter(_Fields(render, _redaction(settings), tracebacks=level == "DEBUG"))
    # Below INFO, libraries log tokens and whole requests.
    logging.basicConfig(handlers=[handler], level=max("INFO", level, key=_number), force=True)
    for package in ("bot", "adapters", "storage"):
        logging.getLogger(package).setLevel(level)
    # What nobody catches goes the same way: Python itself would quote all that it says.
    sys.excepthook = lambda _, error, __: _uncaught(error)
    threading.excepthook = lambda failed: _uncaught(failed.exc_value)
    sys.unraisablehook = lambda failed: _uncaught(failed.exc_value)


def log_bug(log: logging.Logger, error: BaseException, **fields: object) -> str:
    """Log a bug once, with what `fields` say of it, and return the short id that finds it."""
    found = secrets.token_hex(4)
    log.error("bug", extra=fields | {"id": found}, exc_info=error)
    return found


def _uncaught(error: BaseException | None) -> None:
    if error is not None:
        log_bug(_log, error)


def _on_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _may_speak(record: logging.LogRecord) -> bool:
    """Let libraries say what is wrong and no more. Their loggers' levels are not enough: Bolt sets its own."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in _TALKATIVE


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level]


class _Stderr(logging.StreamHandler[TextIO]):
    """Write to what `sys.stderr` is at the time: a prompt puts its own in place while it is shown."""

    def __init__(self, level: str) -> None:
        super().__init__()
        self.setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


Render = Callable[[dict[str, Any]], str]
Redact = Callable[[str], str]


def _redaction(settings: Settings) -> Redact:
    """Return what takes out of a line the secrets of these settings, and whatever looks like a platform's."""
    # The longest first: one may begin with another.
    known = re.compile("|".join(map(re.escape, sorted(settings.secrets, key=len, reverse=True))) or r"(?!)")
    return lambda line: _CREDENTIAL.sub(_REDACTED, known.sub(_REDACTED, line))


class _Fields(logging.Formatter):
    """Structlog's rendering, loaded with the first event: most commands end without one."""

    def __init__(self, render: Render, redact: Redact, *, tracebacks: bool) -> None:
        super().__init__()
        self._render = render
        self._redact = redact
        self._tracebacks = tracebacks
        self._formatter: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._formatter is None:
            from structlog import processors, stdlib  # noqa: PLC0415

            self._formatter = stdlib.ProcessorFormatter(
                foreign_pre_chain=[
                    processors.TimeStamper(fmt="iso", utc=True),
                    stdlib.add_log_level,
                    stdlib.add_logger_name,
                    stdlib.ExtraAdder(),
                ],
                processors=[
                    stdlib.ProcessorFormatter.remove_processors_meta,
                    processors.format_exc_info if self._tracebacks else _summarised,
                    lambda _, __, event: self._redact(self._render(dict(event))),
                ],
            )
        return self._formatter.format(record)


def _summarised(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep of an error its kind and place, for its text can quote what a person typed; of a text its first line.

    discord.py writes a traceback into the text where something holds up its heartbeat.
    """
    event["event"] = str(event["event"]).partition("\n")[0]
    found = event.pop("exc_info", None)
    error = found if isinstance(found, BaseException) else found[1] if isinstance(found, tuple) else None
    if error := error or (sys.exc_info()[1] if found else None):
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        event.update(error=type(error).__name__, place=place)
    return event


def _as_json(event: dict[str, Any]) -> str:
    from structlog.processors import JSONRenderer  # noqa: PLC0415

    return str(JSONRenderer()(None, "", event))


def _as_text(event: dict[str, Any]) -> str:
    from structlog.processors import LogfmtRenderer  # noqa: PLC0415

    trace = event.pop("exception", None)
    line = LogfmtRenderer(key_order=["timestamp", "level", "event"])(None, "", event)
    return f"{line}\n{trace}" if trace else line
