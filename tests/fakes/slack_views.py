"""The modals and App Homes of the fake Slack, and the trigger_ids that open them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import Refused
from tests.fakes.slack_payloads import APP
from tests.fakes.slack_state import Json, Workspace

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack


@dataclass(slots=True)
class Views:
    slack: FakeSlack
    open: dict[str, Json] = field(default_factory=dict)
    homes: dict[tuple[str, str], Json] = field(default_factory=dict)
    _triggers: dict[str, float] = field(default_factory=dict)
    _spent: set[str] = field(default_factory=set)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def trigger(self) -> str:
        """Return a trigger_id: for one view, within three seconds."""
        name = f"{next(self._ids)}.2.trigger"
        self._triggers[name] = self.slack.now()
        return name

    def spend(self, trigger: str) -> None:
        """Use up a trigger_id, or raise `Refused`."""
        if trigger not in self._triggers:
            raise Refused("invalid_trigger_id")
        if trigger in self._spent:
            raise Refused("exchanged_trigger_id")
        if self.slack.now() - self._triggers[trigger] > self.slack.trigger_life:
            raise Refused("expired_trigger_id")
        self._spent.add(trigger)

    def keep(self, team: Workspace, view: Mapping[str, Any], *, name: str | None = None) -> Json:
        """Show a modal, in place of the one of that name."""
        full = self._full(team, view, name)
        self.open[full["id"]] = full
        return full

    def publish(self, team: Workspace, user: str, view: Mapping[str, Any]) -> Json:
        """Show an App Home; it keeps its id when it is published again."""
        old = self.homes.get((team.id, user))
        full = self.homes[team.id, user] = self._full(team, view, old["id"] if old else None)
        return full

    def follow(self, team: Workspace, view: Json, answer: Json) -> None:
        """Do what the answer to a submitted modal says."""
        action = answer.get("response_action")
        if not answer:
            self.open.pop(view["id"], None)
        elif action == "clear":
            self.open.clear()
        elif action == "errors":
            inputs = {block.get("block_id") for block in view["blocks"] if block.get("type") == "input"}
            errors = answer.get("errors")
            if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
                self.slack.complain("view_submission", f"errors {errors!r} are not about the inputs {inputs}")
        elif action in ("update", "push"):
            found = self.slack.wrong(answer.get("view") or {}, "modal")
            for what in found:
                self.slack.complain("view_submission", what)
            if not found:
                self.keep(team, answer["view"], name=view["id"] if action == "update" else None)
        else:
            self.slack.complain("view_submission", f"unknown response_action {action!r}")

    def _full(self, team: Workspace, view: Mapping[str, Any], name: str | None) -> Json:
        """Return a view with all that Slack adds to it."""
        return copy.deepcopy(dict(view)) | {
            "id": name or f"V{next(self._ids)}",
            "team_id": team.id,
            "app_id": APP,
            "bot_id": team.bot_id,
            "hash": f"{self.slack.stamp()}.hash",
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "state": {"values": {}},
        }
