"""The environment as frozen `Settings`, and the log that they ask for."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO, get_args, get_type_hints

PREFIX = "PAPERWIRE_"
ADDRESS = r"^sqlite:///.*[^/]$"


class SettingsError(Exception):
    """The environment holds what cannot be used; the text names the variables and never shows a value."""


def data_folder() -> Path:
    """Return where this user's data is kept: https://specifications.freedesktop.org/basedir-spec/latest/."""
    return _folder("XDG_DATA_HOME", ".local/share")


def state_folder() -> Path:
    """Return where this user's history is kept."""
    return _folder("XDG_STATE_HOME", ".local/state")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says: a field is the variable of its name, in capitals, after `PAPERWIRE_`."""

    database: str = field(
        default_factory=lambda: f"sqlite:///{data_folder() / 'paperwire.db'}",
        metadata={"pattern": ADDRESS, "example": "sqlite:////var/lib/paperwire/paperwire.db"},
    )
    # "auto" is info in the service, and warning where a person waits for an answer.
    log: Literal["auto", "debug", "info", "warning", "error"] = field(default="auto", metadata={"example": "info"})
    # "auto" is text on a terminal, and JSON anywhere else.
    log_format: Literal["auto", "json", "text"] = field(default="auto", metadata={"example": "json"})


def settings(database: str | None = None) -> Settings:
    """Read the settings; a `database` that the command line names goes before the environment's.

    Raise `SettingsError` with a line for every variable that cannot be used.
    """
    given: dict[str, Any] = {"database": database} if database else {}
    # Loading pydantic takes longer than answering a search: not where there is nothing to check.
    if not any(os.environ.get(_variable(each.name)) for each in fields(Settings)):
        return Settings(**given)
    from pydantic import BeforeValidator, Field, ValidationError, create_model  # noqa: PLC0415
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
        if pattern := each.metadata.get("pattern"):
            check: Any = Field(pattern=pattern)
        else:
            check = BeforeValidator(str.lower)
        columns[each.name.upper()] = (Annotated[hints[each.name] | None, check], None)
    try:
        found = create_model("Environment", __base__=Environment, **columns)()
    except ValidationError as error:
        wrong = {str(each["loc"][0]).lower() for each in error.errors(include_input=False, include_url=False)}
        raise SettingsError("\n".join(map(_complaint, sorted(wrong)))) from None
    named = {name.lower(): value for name, value in found.model_dump(exclude_none=True).items()}
    return Settings(**named | given)


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


def start_log(settings: Settings, *, service: bool = False) -> None:
    """Send the log to stderr: events with fields, never a secret, never what a person typed."""
    level = {"auto": "info" if service else "warning"}.get(settings.log, settings.log).upper()
    as_json = {"auto": not _on_terminal(sys.stderr)}.get(settings.log_format, settings.log_format == "json")
    handler = _Stderr()
    handler.setFormatter(_Fields(_as_json if as_json else _as_text, tracebacks=level == "DEBUG"))
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
    what = f"must be one of {', '.join(choices)}" if choices else "is no address of a database"
    example = next(each.metadata["example"] for each in fields(Settings) if each.name == name)
    return f"{_variable(name)} {what}. Write it like {_variable(name)}={example}"


def _on_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level]


class _Stderr(logging.StreamHandler[TextIO]):
    """Write to what `sys.stderr` is at the time: a prompt puts its own in place while it is shown."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


Render = Callable[[dict[str, Any]], str]


class _Fields(logging.Formatter):
    """Structlog's rendering, loaded with the first event: most commands end without one."""

    def __init__(self, render: Render, *, tracebacks: bool) -> None:
        super().__init__()
        self._render = render
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
                    lambda _, __, event: self._render(dict(event)),
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
