"""Many workspaces, each with the token that its installation gave; on the ledger, sealed."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore

from adapters.slack.workspaces import ERASED_AFTER, Authorize, by_name, not_installed
from bot.ports import Ledger

_log = logging.getLogger(__name__)

# Neither a person's token nor a webhook's address: nothing here needs them.
_KEPT = (
    *("app_id", "enterprise_id", "team_id", "user_id", "is_enterprise_install"),
    *("bot_token", "bot_id", "bot_user_id", "bot_scopes"),
)


class ManyWorkspaces(AsyncInstallationStore):
    """Fulfil `adapters.slack.workspaces.Workspaces`, and the SDK's store, with one entry an installation.

    It is a team's, under the team's id, or an organisation's, under the organisation's. Which teams an organisation's
    token has spoken in is remembered too: deliveries know only the team.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._changing = asyncio.Lock()
        self._seen: dict[str, str] = {}  # team: organisation

    async def token(self, workspace: str) -> str:
        bot = await self._speaker(workspace)
        if bot is None:
            async with self._changing:
                bot = await self._speaker(workspace)
                if bot is None:
                    raise await not_installed(workspace, self._ledger, self._clock())
        return bot.bot_token

    @property
    def authorize(self) -> Authorize:
        return by_name(self._asked)

    async def uninstalled(
        self, team_id: str | None, enterprise_id: str | None, code: str, at: datetime, *, org_wide: bool = False
    ) -> None:
        key = _key(team_id, enterprise_id, org_wide=org_wide)
        async with self._changing:
            entry = await self._entry(key)
            if entry and entry["installed_at"] > at.timestamp():
                return
            await self._ledger.delete("installation", key)
            for workspace in (key, *await self._teams(key)):
                self._seen.pop(workspace, None)
                if await self._speaker(workspace) is None:
                    await self._ledger.close(workspace, code, at, erase_at=at + ERASED_AFTER)

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation, in place of an earlier one, and send to its workspaces again."""
        if installation.bot_refresh_token:
            _log.error("token_rotation_unsupported")  # the token ends in twelve hours, and nothing renews it
        key = _key(installation.team_id, installation.enterprise_id, org_wide=bool(installation.is_enterprise_install))
        entry: dict[str, Any] = {name: getattr(installation, name) for name in _KEPT}
        entry["installed_at"] = float(int(self._clock().timestamp()))  # events tell theirs in whole seconds
        async with self._changing:
            await self._ledger.put("installation", key, json.dumps(entry), secret=True)
            for workspace in (key, *await self._teams(key)):
                await self._ledger.reopen(workspace)

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        return await self._bot(_key(team_id, enterprise_id, org_wide=bool(is_enterprise_install)))

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """Return what is kept of an installation; with a `user_id`, only if that person made it."""
        entry = await self._entry(_key(team_id, enterprise_id, org_wide=bool(is_enterprise_install)))
        return Installation(**entry) if entry and user_id in (None, entry["user_id"]) else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self.uninstalled(team_id, enterprise_id, "uninstalled", self._clock())

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Forget an installation. One person's leaves nothing to forget: no person's token is kept."""
        if user_id is None:
            await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)

    async def _asked(self, team_id: str | None, enterprise_id: str | None, org_wide: bool) -> AuthorizeResult | None:
        bot = await self._bot(_key(team_id, enterprise_id, org_wide=org_wide))
        if bot is None:
            return None
        if bot.is_enterprise_install and bot.enterprise_id and team_id:
            await self._belongs(team_id, bot.enterprise_id)
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=bot.bot_token,
            bot_id=bot.bot_id,
            bot_user_id=bot.bot_user_id,
            bot_scopes=bot.bot_scopes,
        )

    async def _speaker(self, workspace: str) -> Bot | None:
        """Return the bot of a workspace's own installation, or else of its organisation's."""
        if bot := await self._bot(workspace):
            return bot
        enterprise = await self._ledger.get("enterprise", workspace, self._clock())
        return await self._bot(enterprise) if enterprise else None

    async def _bot(self, key: str) -> Bot | None:
        entry = await self._entry(key)
        return Bot(**{name: value for name, value in entry.items() if name != "user_id"}) if entry else None

    async def _entry(self, key: str) -> dict[str, Any]:
        kept = await self._ledger.get("installation", key, self._clock())
        return json.loads(kept) if kept else {}

    async def _teams(self, enterprise: str) -> list[str]:
        kept = await self._ledger.get("teams", enterprise, self._clock())
        return json.loads(kept) if kept else []

    async def _belongs(self, team: str, enterprise: str) -> None:
        """Remember that an organisation's token speaks in a team."""
        if self._seen.get(team) == enterprise:
            return
        async with self._changing:
            if await self._bot(enterprise) is None:
                return  # uninstalled in this very moment
            if team not in (known := await self._teams(enterprise)):
                await self._ledger.put("teams", enterprise, json.dumps(sorted([*known, team])))
            await self._ledger.put("enterprise", team, enterprise)
            await self._ledger.reopen(team)
            self._seen[team] = enterprise


def _key(team_id: str | None, enterprise_id: str | None, *, org_wide: bool) -> str:
    return (enterprise_id if org_wide else team_id) or enterprise_id or ""
