"""Whose token speaks where: what the rest of the adapter asks of it, be it for one workspace or for many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from slack_bolt.authorization import AuthorizeResult

from bot.ports import DeliveryError, Ledger

# Who removes the app by mistake finds everything as it was, for so long.
ERASED_AFTER = timedelta(days=7)

Authorize = Callable[..., Awaitable[Any]]
# Of a team, an organisation, and whether the request is under an installation in the whole of it.
Identity = Callable[[str | None, str | None, bool], Awaitable[AuthorizeResult | None]]


class Workspaces(Protocol):
    """The workspaces that have the app. Ids are Slack's: a workspace's T..., an organisation's E..."""

    async def token(self, workspace: str) -> str:
        """Return the bot token for a workspace. Where there is none, close it and raise `DeliveryError`."""

    @property
    def authorize(self) -> Authorize:
        """What `AsyncApp(authorize=...)` calls: it returns as whom to answer, None where the app is not installed."""

    async def uninstalled(
        self, team_id: str | None, enterprise_id: str | None, code: str, at: datetime, *, org_wide: bool = False
    ) -> None:
        """Forget a token that is void, and erase what is known of its workspaces in seven days.

        `code` is Slack's word for it and `at` the event's own time: what was installed after it stays. Say it twice,
        in any order, and it is done once.
        """


def by_name(identity: Identity) -> Authorize:
    """Return a function for Bolt, which passes by name, and would fill in a method's `self` too."""

    async def authorize(
        team_id: str | None, enterprise_id: str | None, is_enterprise_install: bool | None
    ) -> AuthorizeResult | None:
        return await identity(team_id, enterprise_id, bool(is_enterprise_install))

    return authorize


async def not_installed(workspace: str, ledger: Ledger, now: datetime) -> DeliveryError:
    """Close a workspace that no token is for, and return what its delivery fails with: it stays owed."""
    await ledger.close(workspace, "not_installed", now)
    return DeliveryError("not_installed")
