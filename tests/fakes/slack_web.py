"""The HTTP face of the fake Slack's Web API: tokens, faults, and the record of every call."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes import slack_api
from tests.fakes.faults import Fault, fine, go_wrong
from tests.fakes.slack_api import Refused
from tests.fakes.slack_oauth import Install, granted
from tests.fakes.slack_state import Call, Json, Workspace

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

_JSON_FIELDS = ("blocks", "view", "metadata", "unfurls", "files")


@dataclass(slots=True)
class WebApi:
    slack: FakeSlack
    calls: list[Call] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    lasting: dict[str, Fault] = field(default_factory=dict)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _organisations: dict[str, str] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a call of a method, or let it go wrong."""
        method = request.match_info["method"]
        body, token = await _arguments(request)
        fault = self.fault(method) or fine()
        if fault.commit:
            true = self._carry_out(method, request, body, token)
        else:
            true = None
            self.calls.append(Call(method, body, token, self.slack.now(), "fault"))
        return await go_wrong(fault, request, true, self.closing)

    async def serve_response_url(self, request: web.Request) -> web.StreamResponse:
        """Take a use of a response_url, or let it go wrong."""
        fault = self.fault("response_url") or fine()
        true = self.slack.take_response(request.match_info["id"], await request.text()) if fault.commit else None
        return await go_wrong(fault, request, true, self.closing)

    def fault(self, method: str) -> Fault | None:
        """Return the fault that is next for a method, and forget it unless it lasts."""
        for name in (method, "*"):
            if self.faults[name]:
                return self.faults[name].pop(0)
        return self.lasting.get(method) or self.lasting.get("*")

    def _carry_out(self, method: str, request: web.Request, body: Json, token: str) -> web.Response:
        try:
            more, error = self._answer(method, request, body, token), ""
        except Refused as refusal:
            more, error = {"error": refusal.error, **refusal.more}, refusal.error
        self.calls.append(Call(method, body, token, self.slack.now(), error))
        if error == "ratelimited":
            return web.json_response({"ok": False, "error": error}, status=429, headers={"Retry-After": "1"})
        team = self._team_of(token, body)
        headers = {"x-oauth-scopes": ",".join(sorted(team.scopes))} if team else None
        return web.json_response({"ok": not error, **more}, headers=headers)

    def _answer(self, method: str, request: web.Request, body: Json, token: str) -> Json:
        if method == "apps.connections.open":
            if token != self.slack.app_token:
                raise Refused("invalid_auth" if token else "not_authed")
            return {"url": f"{self.slack.base.replace('http', 'ws', 1)}/link?ticket={self.slack.sockets.ticket()}"}
        if method == "oauth.v2.access":
            return self._install(self.slack.oauth.access(request, body, self.slack.now()))
        if method not in slack_api.METHODS:
            self.slack.complain(method, "unknown_method")
            raise Refused("unknown_method")
        team = self._allowed(method, body, token)
        answer = slack_api.check(self.slack, team, method, body).run(self.slack, team, body)
        if method == "auth.test" and token in self._organisations:
            return answer | {"team_id": self._organisations[token], "is_enterprise_install": True}
        return answer

    def _allowed(self, method: str, body: Json, token: str) -> Workspace:
        if not token:
            raise Refused("not_authed")
        team = self._team_of(token, body)
        if team is None:
            raise Refused("invalid_auth")
        if team.error:
            raise Refused(team.error)
        if token in self._organisations and "team_id" not in body and method != "auth.test":
            raise Refused("team_access_not_granted")
        return team

    def _team_of(self, token: str, body: Json) -> Workspace | None:
        organisation = self._organisations.get(token)
        for team in self.slack.teams.values():
            if team.token == token:
                return team
            if organisation and team.enterprise == organisation and body.get("team_id") in (None, team.id):
                return team
        return None

    def _install(self, install: Install) -> Json:
        team = self.slack.workspace(install.team, scopes=install.scopes or None)
        team.error = ""
        token = f"xoxb-{install.team}-{next(self._ids)}"
        if install.org_wide:
            if team.enterprise is None:
                raise AssertionError(f"{team.id} is in no Enterprise: slack.workspace({team.id!r}, enterprise='E1')")
            self._organisations[token] = team.enterprise
            for each in self.slack.teams.values():
                each.org_wide = each.org_wide or each.enterprise == team.enterprise
        else:
            team.token, team.org_wide = token, False
        return granted(install, team, token)


async def _arguments(request: web.Request) -> tuple[Json, str]:
    """Return the arguments of a call (JSON, form or query) and its token."""
    if request.content_type == "application/json":
        body = _read(await request.text())
        body = body if isinstance(body, dict) else {}
    else:
        form = {**request.query, **await request.post()}
        body = {key: value for key, value in form.items() if isinstance(value, str)}
        body |= {key: _read(body[key]) for key in _JSON_FIELDS if key in body}
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return body, str(body.pop("token", "")) or (token if kind == "Bearer" else "")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
