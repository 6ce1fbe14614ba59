"""The environment as frozen `Settings`, and the log that they ask for."""

from __future__ import annotations

import logging
import os
import re
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO, get_args, get_type_hints

PREFIX = "PAPERWIRE_"
ADDRESS = r"^sqlite:///.*[^/]$"
SLACK_EXTRAS = ("unfurl", "history")

_OPAQUE = "[!-~]{8,}"
_LISTED = r"\s*,\s*"
_EXTRA = f"({'|'.join(SLACK_EXTRAS)})"
_LOOPBACK = r"(127\.0\.0\.1|localhost|\[::1\])"
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+)"
_PORT = "([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_FERNET = "[0-9A-Za-z_-]{43}="
_MAKE_KEY = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
# Whose log says what people typed, and with which token.
_TALKATIVE = ("slack_bolt", "slack_sdk", "aiohttp")
_CREDENTIAL = re.compile(
    r"(?:xox[a-z]\.)?xox[a-z]-[\w.-]+|xapp-[\w-]+|(?<=ticket=)[^\s&\"']+"
    r"|(?:(?<=hooks\.slack\.com/)|(?<=hooks\.slack-gov\.com/))[\w/.-]+"
)
_REDACTED = "[redacted]"


class SettingsError(Exception):
    """The environment holds what cannot be used; the text names the variables and never shows a value."""


def data_folder() -> Path:
    """Return where this user's data is kept: https://specifications.freedesktop.org/basedir-spec/latest/."""
    return _folder("XDG_DATA_HOME", ".local/share")


def state_folder() -> Path:
    """Return where this user's history is kept."""
    return _folder("XDG_STATE_HOME", ".local/state")


def _of(default: str, example: str, *, pattern: str = "", what: str = "", secret: bool = False) -> Any:  # noqa: ANN401  # as `field`
    """Declare a setting: what fits it, as a pattern for the whole value, and what to say of a value that does not."""
    metadata = {"example": example, "pattern": pattern and f"^{pattern}$", "what": what, "secret": secret}
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says: a field is the variable of its name, in capitals, after `PAPERWIRE_`."""

    database: str = field(
        default_factory=lambda: f"sqlite:///{data_folder() / 'paperwire.db'}",
        metadata={
            "pattern": ADDRESS,
            "what": "is no address of a database",
            "example": "sqlite:////var/lib/paperwire/paperwire.db",
        },
    )
    # "auto" is info in the service, and warning where a person waits for an answer.
    log: Literal["auto", "debug", "info", "warning", "error"] = _of("auto", "info")
    # "auto" is text on a terminal, and JSON anywhere else.
    log_format: Literal["auto", "json", "text"] = _of("auto", "json")
    slack_bot_token: str = _of(
        "", "xoxb-...", pattern="xoxb-[0-9A-Za-z-]+", what="is no bot token: those begin with xoxb-", secret=True
    )
    slack_app_token: str = _of(
        "", "xapp-...", pattern="xapp-[0-9A-Za-z-]+", what="is no app-level token: those begin with xapp-", secret=True
    )
    slack_signing_secret: str = _of("", "0123abcd...", pattern=_OPAQUE, what="is no signing secret", secret=True)
    slack_client_id: str = _of("", "1234567890.1234567890", pattern=r"[0-9]+\.[0-9]+", what="is no client id")
    slack_client_secret: str = _of("", "0123abcd...", pattern=_OPAQUE, what="is no client secret", secret=True)
    slack_api: str = _of(
        "https://slack.com/api/",
        "https://slack-gov.com/api/",
        pattern=rf"(https://{_HOST}|http://{_LOOPBACK})(:{_PORT})?/([!-~]*/)?",
        what="is no https address that ends in /",
    )
    slack_listen: str = _of("127.0.0.1:3000", "0.0.0.0:3000", pattern=f"{_HOST}:{_PORT}", what="is no host:port")
    slack_managers: Literal["members", "admins"] = _of("members", "admins")
    slack_extras: str = _of(
        "", "unfurl,history", pattern=f"{_EXTRA}({_LISTED}{_EXTRA})*", what=f"knows only {', '.join(SLACK_EXTRAS)}"
    )
    secret_key: str = _of(
        "",
        f'"$({_MAKE_KEY})"',
        pattern=f"{_FERNET}({_LISTED}{_FERNET})*",
        what="is no Fernet key, nor a list of them with commas",
        secret=True,
    )

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms that are configured: the terminal needs nothing to be."""
        return ("console", "slack") if self.slack_bot_token or self.slack_client_id else ("console",)

    @property
    def extras(self) -> frozenset[str]:
        """Which of `SLACK_EXTRAS` are wanted."""
        return frozenset(_split(self.slack_extras))

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys that secrets are stored under: the first seals, any reads."""
        return tuple(_split(self.secret_key))


def settings(database: str | None = None) -> Settings:
    """Read the settings; a `database` that the command line names goes before the environment's.

    Raise `SettingsError` with a line for every variable that cannot be used, or that lacks another.
    """
    given: dict[str, Any] = {"database": database} if database else {}
    # Loading pydantic takes longer than answering a search: not where there is nothing to check.
    if not any(os.environ.get(_variable(each.name)) for each in fields(Settings)):
        return Settings(**given)
    from pydantic import BeforeValidator, StringConstraints, ValidationError, create_model  # noqa: PLC0415
    from pydantic_settings import BaseSettings, SettingsConfigDict  # noqa: PLC0415

    class Environment(BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix=PREFIX,
            case_sensitive=True,
            env_ignore_empty=True,
            validate_default=False,
            hide_input_in_errors=True,
        )

    hints = get_type_hints(Settings)
    columns: dict[str, Any] = {}
    for each in fields(Settings):
        if pattern := each.metadata["pattern"]:
            check: Any = StringConstraints(pattern=pattern, strip_whitespace=True)
        else:
            check = BeforeValidator(str.lower)
        columns[each.name.upper()] = (Annotated[hints[each.name] | None, check], None)
    try:
        found = create_model("Environment", __base__=Environment, **columns)()
    except ValidationError as error:
        wrong = {str(each["loc"][0]).lower() for each in error.errors(include_input=False, include_url=False)}
        raise SettingsError("\n".join(map(_complaint, sorted(wrong)))) from None
    named = {name.lower(): value for name, value in found.model_dump(exclude_none=True).items()}
    read = Settings(**named | given)
    if lacking := list(_contradictions(read)):
        raise SettingsError("\n".join(lacking))
    return read


def unknown_settings() -> Iterator[str]:
    """Yield a sentence for each variable that looks like a setting and is none."""
    known = [each.name for each in fields(Settings)]
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name not in map(_variable, known):
            from difflib import get_close_matches  # noqa: PLC0415  # only a mistake needs it

            near = get_close_matches(name[len(PREFIX) :].lower(), known, 1)
            every = ", ".join(map(_variable, known))
            hint = f"Did you mean {_variable(near[0])}?" if near else f"There are: {every}."
            yield f"{name} is no setting. {hint}"
    for each in known:
        if each.startswith("slack_") and os.environ.get(each.upper()) and not os.environ.get(_variable(each)):
            yield f"{each.upper()} is not read. Did you mean {_variable(each)}?"


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


def log_bug(log: logging.Logger, error: BaseException, **fields: object) -> str:
    """Log a bug once, with what `fields` say of it, and return the short id that finds it."""
    found = secrets.token_hex(4)
    log.error("bug", extra=fields | {"id": found}, exc_info=error)
    return found


def _folder(variable: str, default: str) -> Path:
    named = os.environ.get(variable, "")
    if Path(named).is_absolute():
        return Path(named) / "paperwire"
    try:
        return Path.home() / default / "paperwire"
    except RuntimeError:
        raise SettingsError(
            f"This user has no home folder. Set {_variable('database')}, or set {variable} to a folder."
        ) from None


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _complaint(name: str) -> str:
    choices = get_args(get_type_hints(Settings)[name])
    about = next(each.metadata for each in fields(Settings) if each.name == name)
    what = f"must be one of {', '.join(choices)}" if choices else about["what"]
    return f"{_variable(name)} {what}. Write it like {_variable(name)}={about['example']}"


def _contradictions(given: Settings) -> Iterator[str]:
    """Yield a sentence for each setting that cannot be used without another, or beside it."""
    bot, app, signing = map(_variable, ("slack_bot_token", "slack_app_token", "slack_signing_secret"))
    client, client_secret, key = map(_variable, ("slack_client_id", "slack_client_secret", "secret_key"))
    if given.slack_bot_token and given.slack_client_id:
        yield f"{bot} is for one workspace and {client} for many: unset one of them."
    if given.slack_bot_token and not given.slack_app_token and not given.slack_signing_secret:
        yield f"{bot} alone hears nothing: set {app} for Socket Mode, or {signing} for HTTP."
    if given.slack_client_id:
        needed = {client_secret: given.slack_client_secret, signing: given.slack_signing_secret, key: given.secret_key}
        if missing := [name for name, value in needed.items() if not value]:
            made = f" Make a key: {_MAKE_KEY}" if key in missing else ""
            yield f"{client} lets many workspaces install Paperwire, and needs {', '.join(missing)} too.{made}"
    if "slack" in given.platforms:
        return
    for name, value in ((app, given.slack_app_token), (signing, given.slack_signing_secret)):
        if value:
            yield f"{name} does nothing alone: set {bot} too, or {client}."
    if given.slack_client_secret:
        yield f"{client_secret} does nothing alone: set {client} too."


def _split(listed: str) -> list[str]:
    return [each.strip() for each in listed.split(",") if each.strip()]


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
    """Return what takes out of a line the secrets of these settings, and whatever looks like one of Slack's."""
    given = {
        part
        for each in fields(Settings)
        if each.metadata.get("secret")
        for part in _split(getattr(settings, each.name))
    }
    # The longest first: one may begin with another.
    known = re.compile("|".join(map(re.escape, sorted(given, key=len, reverse=True))) or r"(?!)")
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
    """Keep of an error its kind and place: its text can quote what a person typed."""
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
