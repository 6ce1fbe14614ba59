"""One workspace, with a bot token of its own in the environment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import FAILURES, passes, why
from adapters.slack.workspaces import ERASED_AFTER, Authorize, by_name, not_installed
from bot.config import SettingsError
from bot.ports import Ledger, Unreachable


class OneWorkspace:
    """Fulfil `adapters.slack.workspaces.Workspaces` with one token: requests of any other team are refused."""

    def __init__(self, identity: AuthorizeResult, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._identity = identity
        self._ledger = ledger
        self._clock = clock

    @classmethod
    async def open(
        cls, token: str, client: AsyncWebClient, ledger: Ledger, clock: Callable[[], datetime]
    ) -> OneWorkspace:
        """Ask Slack once whose token this is. Raise `SettingsError` if it is of no use, `Unreachable` for silence."""
        try:
            answer = await client.auth_test(token=token)
        except FAILURES as error:
            if passes(error):
                raise Unreachable(
                    f"Slack does not answer at {client.base_url} ({why(error)}). "
                    "Check this machine's network and PAPERWIRE_SLACK_API, and start again."
                ) from None
            raise SettingsError(_refused(why(error))) from None
        if not answer.get("bot_id"):
            raise SettingsError(_refused("not a bot's"))
        if answer.get("is_enterprise_install"):
            raise SettingsError(
                "PAPERWIRE_SLACK_BOT_TOKEN is for a whole organisation, which has many workspaces: unset it, and let "
                "the organisation install Paperwire, with PAPERWIRE_SLACK_CLIENT_ID and what that needs."
            )
        identity = AuthorizeResult.from_auth_test_response(bot_token=token, auth_test_response=answer)
        opened = cls(identity, ledger, clock)
        await ledger.reopen(opened.workspace)
        return opened

    @property
    def workspace(self) -> str:
        return str(self._identity.team_id)

    async def token(self, workspace: str) -> str:
        if workspace != self.workspace:
            raise await not_installed(workspace, self._ledger, self._clock())
        return str(self._identity.bot_token)

    @property
    def authorize(self) -> Authorize:
        return by_name(self._asked)

    async def uninstalled(
        self, team_id: str | None, enterprise_id: str | None, code: str, at: datetime, *, org_wide: bool = False
    ) -> None:
        if await self._asked(team_id, enterprise_id, org_wide):
            await self._ledger.close(self.workspace, code, at, erase_at=at + ERASED_AFTER)

    async def _asked(self, team_id: str | None, _enterprise_id: str | None, _org_wide: bool) -> AuthorizeResult | None:
        return self._identity if team_id == self.workspace else None


def _refused(reason: str) -> str:
    return (
        f"Slack refuses PAPERWIRE_SLACK_BOT_TOKEN ({reason}). Copy the bot token again, from your app's page "
        "OAuth & Permissions at https://api.slack.com/apps; it begins with xoxb-"
    )
