"""The environment as frozen `Settings`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

PREFIX = "PAPERWIRE_"
ADDRESS = r"^sqlite:///.*[^/]$"
SLACK_EXTRAS = ("unfurl", "history")

_OPAQUE = "[!-~]{8,}"
_LISTED = r"\s*,\s*"
_EXTRA = f"({'|'.join(SLACK_EXTRAS)})"
_LOOPBACK = r"(127\.0\.0\.1|localhost|\[::1\])"
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+)"
_PORT = "([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_API = rf"(https://{_HOST}|http://{_LOOPBACK})(:{_PORT})?(/[!-~]*[!-.0-~])?"
_NO_API = "is no https address without a / at its end"
_PART = "[0-9A-Za-z_-]+"
_FERNET = "[0-9A-Za-z_-]{43}="
_MAKE_KEY = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


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
    discord_token: str = _of(
        "",
        "MTIz.AbCd.x-Yz",
        pattern=rf"{_PART}\.{_PART}\.{_PART}",
        what="is no bot token: those have three parts with dots between, and "
        "https://discord.com/developers/applications shows one under Bot, Reset Token",
        secret=True,
    )
    discord_api: str = _of(
        "https://discord.com/api/v10",
        "https://discord.example/api/v10",
        pattern=_API,
        what=_NO_API,
    )
    sources: str = _of(
        "",
        "arxiv:cs.CV+cs.CL,/var/lib/digests",
        pattern=rf"[^\s,]+({_LISTED}[^\s,]+)*",
        what="is no list of addresses with commas between",
    )
    private_sources: Literal["refuse", "allow"] = _of("refuse", "allow")
    authors: Literal["sources", "arxiv"] = _of("sources", "arxiv")
    arxiv_feeds: str = _of("https://rss.arxiv.org", "https://rss.arxiv.org", pattern=_API, what=_NO_API)
    arxiv_oai: str = _of("https://oaipmh.arxiv.org/oai", "https://oaipmh.arxiv.org/oai", pattern=_API, what=_NO_API)
    arxiv_api: str = _of(
        "https://export.arxiv.org/api/query", "https://export.arxiv.org/api/query", pattern=_API, what=_NO_API
    )
    admin: str = _of(
        "",
        "slack:T1/C2",
        pattern=r"[a-z]+:[^/\s,]+/[^\s,]+",
        what="is no destination, a room or a person",
    )
    health_listen: str = _of("", "127.0.0.1:9464", pattern=f"{_HOST}:{_PORT}", what="is no host:port")
    # Where people read feeds from; behind it, something that speaks TLS passes on to `feeds_listen`.
    feeds: str = _of("", "https://papers.example", pattern=_API, what=_NO_API)
    feeds_listen: str = _of("127.0.0.1:3001", "0.0.0.0:3001", pattern=f"{_HOST}:{_PORT}", what="is no host:port")
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
        configured = {
            "console": True,
            "discord": bool(self.discord_token),
            "slack": bool(self.slack_bot_token or self.slack_client_id),
        }
        return tuple(name for name, is_configured in configured.items() if is_configured)

    @property
    def every_source(self) -> tuple[str, ...]:
        """The addresses of the sources, each once."""
        return tuple(dict.fromkeys(_split(self.sources)))

    @property
    def extras(self) -> frozenset[str]:
        """Which of `SLACK_EXTRAS` are wanted."""
        return frozenset(_split(self.slack_extras))

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys that secrets are stored under: the first seals, any reads."""
        return tuple(_split(self.secret_key))

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret that is set; of a list, each."""
        named = (each.name for each in fields(self) if each.metadata.get("secret"))
        return frozenset(part for name in named for part in _split(getattr(self, name)))


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
        if (
            each.startswith(("slack_", "discord_"))
            and os.environ.get(each.upper())
            and not os.environ.get(_variable(each))
        ):
            yield f"{each.upper()} is not read. Did you mean {_variable(each)}?"


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
    if given.admin and (named := given.admin.partition(":")[0]) not in given.platforms:
        yield f"{_variable('admin')} names {named}, which is not configured. There is: {', '.join(given.platforms)}."
    if "slack" in given.platforms:
        return
    for name, value in ((app, given.slack_app_token), (signing, given.slack_signing_secret)):
        if value:
            yield f"{name} does nothing alone: set {bot} too, or {client}."
    if given.slack_client_secret:
        yield f"{client_secret} does nothing alone: set {client} too."


def _split(listed: str) -> list[str]:
    return [each.strip() for each in listed.split(",") if each.strip()]
