"""Which NetSuite account stands for a role on a day, and which lines are booked otherwise; never a guess."""

from __future__ import annotations

from datetime import date

from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules, Override


class UnmappedRoleError(Exception):
    """No version of the account map names the role: the cycle is held until finance says."""

    def __init__(self, role: Role, currency: str, day: date) -> None:
        super().__init__(f"no account for {role.value} in {currency} on {day}: name it in settlement.accounts")
        self.role = role


class AccountMap:
    """The account map of a marketplace, read by role, currency and posting day; answers are kept."""

    def __init__(self, rules: BookingRules) -> None:
        self._versions = sorted(rules.accounts, key=lambda version: version.since, reverse=True)
        self._overrides = rules.overrides
        self._known: dict[tuple[Role, str, date], str] = {}
        self._fitting: dict[tuple[str, str | None, str | None, date], Override | None] = {}

    def account(self, role: Role, currency: str, day: date) -> str:
        """The account. A version for the currency wins over one for all; of each, the newest that has begun.

        Raises UnmappedRoleError.
        """
        key = (role, currency, day)
        found = self._known.get(key)
        if found is None:
            found = self._search(role, currency, day)
            self._known[key] = found
        return found

    def _search(self, role: Role, currency: str, day: date) -> str:
        for wanted in (currency, None):
            version = next((each for each in self._versions if each.currency == wanted and each.since <= day), None)
            if version is not None and version.accounts.get(role):
                return version.accounts[role]
        raise UnmappedRoleError(role, currency, day)

    def override(self, kind: str, fee_code: str | None, description: str | None, day: date) -> Override | None:
        """The first override that fits a line of this type, fee code and description; None where none does."""
        if not self._overrides:
            return None
        key = (kind, fee_code, description, day)
        if key not in self._fitting:
            self._fitting[key] = next(
                (each for each in self._overrides if _fits(each, kind, fee_code, description, day)), None
            )
        return self._fitting[key]


def _fits(override: Override, kind: str, fee_code: str | None, description: str | None, day: date) -> bool:
    return (
        override.since <= day
        and (override.type is None or override.type == kind)
        and (override.fee_code is None or override.fee_code == fee_code)
        and (override.description is None or override.description.search(description or "") is not None)
    )
