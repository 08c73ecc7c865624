"""What NetSuite's general ledger says, asked by SuiteQL with a client and a login of the demo's own."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property

from sandbox.netsuite.twin import NetSuiteAccess
from tieout.calls import Caller
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked
from tieout.netsuite.auth import OAuth2
from tieout.netsuite.client import NetSuite
from tieout.netsuite.connection import Connection

ONCE = 200
"""External ids a question is asked for."""


@dataclass(frozen=True)
class GeneralLedger:
    """Reads the books back, as an auditor would."""

    access: NetSuiteAccess

    @cached_property
    def _client(self) -> NetSuite:
        here, caller = self.access, Caller(3.05, 30)
        secret = {
            "client_id": here.client_id,
            "certificate_id": here.certificate_id,
            "private_key": here.private_key,
        }
        login = OAuth2(here.url, lambda: secret, caller, lambda: datetime.now(UTC))
        return NetSuite(Connection(here.account, here.url, login, caller), lambda: datetime.now(UTC))

    def balances(self, accounts: Collection[str]) -> dict[tuple[str, str], Decimal]:
        """By account number and currency, debit positive; posted lines only."""
        return {(one.account, one.currency): one.amount for one in self._client.balances(sorted(set(accounts)))}

    def owed(self, accounts: Collection[str], until: date) -> dict[tuple[str, str, str], Decimal]:
        """By account number, currency and vendor (its external id in small letters), debit positive."""
        return {
            (number, one.currency, one.vendor.casefold()): one.amount
            for number in sorted(accounts)
            for one in self._client.vendor_balances(number, until)
        }

    def lines(self, external_ids: Iterable[str]) -> list[GlLine]:
        """What these transactions moved."""
        wanted = sorted(set(external_ids))
        parts = [wanted[start : start + ONCE] for start in range(0, len(wanted), ONCE)]
        return [line for part in parts for line in self._client.gl_lines(part)]

    def documents(self, order_ids: Iterable[str]) -> list[Booked]:
        """Invoices, credit memos, cash sales and refunds of these orders."""
        return self._client.documents_of(sorted(set(order_ids)))
