"""Installing the app: the page that people consent on, and oauth.v2.access behind it."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.fakes.slack_api import Refused
from tests.fakes.slack_state import Json, Workspace

CODE_LIFE = 600


@dataclass(frozen=True, slots=True)
class Install:
    """What a person consents to: into which workspace, and by whom. `org_wide` installs into a whole Enterprise."""

    team: str = "T1"
    user: str = "U1"
    org_wide: bool = False
    scopes: frozenset[str] = frozenset()
    redirect_uri: str = ""
    made: float = 0


@dataclass(slots=True)
class OAuth:
    """`consenting` is who comes to the page next; `denied` makes them press Cancel."""

    client_id: str = "111.222"
    client_secret: str = "client-secret-of-the-fake"
    redirect_uri: str = ""
    consenting: Install = field(default_factory=Install)
    denied: bool = False
    _codes: dict[str, Install] = field(default_factory=dict)
    _spent: set[str] = field(default_factory=set)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def authorize(self, request: web.Request, now: float) -> web.Response:
        """Redirect as the consent page does: with a code, or with an error, and always with the state."""
        query = request.query
        back = query.get("redirect_uri") or self.redirect_uri
        if query.get("client_id") != self.client_id or not back:
            return web.Response(status=400, text="bad client_id or redirect_uri")
        scopes = frozenset(filter(None, query.get("scope", "").split(",")))
        if self.denied:
            answer = {"error": "access_denied"}
        else:
            install = replace(self.consenting, scopes=scopes, redirect_uri=query.get("redirect_uri", ""), made=now)
            answer = {"code": self.code(install)}
        if "state" in query:
            answer["state"] = query["state"]
        raise web.HTTPFound(f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}")

    def code(self, install: Install) -> str:
        """Return a code for an install; it can be exchanged once, within ten minutes."""
        code = f"code-{next(self._ids)}"
        self._codes[code] = install
        return code

    def access(self, request: web.Request, body: Json, now: float) -> Install:
        """Exchange a code, or raise `Refused`."""
        client, secret = _client(request, body)
        if client != self.client_id:
            raise Refused("invalid_client_id")
        if secret != self.client_secret:
            raise Refused("bad_client_secret")
        code = str(body.get("code", ""))
        if code in self._spent:
            raise Refused("code_already_used")
        install = self._codes.get(code)
        if install is None or now - install.made > CODE_LIFE:
            raise Refused("invalid_code")
        if (body.get("redirect_uri") or "") != install.redirect_uri:
            raise Refused("bad_redirect_uri")
        self._spent.add(code)
        return install


def granted(install: Install, team: Workspace, token: str) -> Json:
    """Return what oauth.v2.access answers."""
    enterprise = {"id": team.enterprise, "name": "Enterprise"} if team.enterprise else None
    return {
        "app_id": "A1",
        "authed_user": {"id": install.user},
        "scope": ",".join(sorted(team.scopes)),
        "token_type": "bot",
        "access_token": token,
        "bot_user_id": team.bot,
        "team": None if install.org_wide else {"id": team.id, "name": f"Team {team.id}"},
        "enterprise": enterprise,
        "is_enterprise_install": install.org_wide,
    }


def _client(request: web.Request, body: Json) -> tuple[Any, Any]:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind == "Basic":
        client, _, secret = base64.b64decode(given).decode().partition(":")
        return client, secret
    return body.get("client_id"), body.get("client_secret")
