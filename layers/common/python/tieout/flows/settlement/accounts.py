"""What Mirakl says of shops' balances is read once a day and kept, to be held against what the log comes to (I18)."""

from __future__ import annotations

import logging

from tieout.domain.errors import CredentialsRefused, NeedsAttention
from tieout.flows.settlement.balances import WHOLE_LOG, keep_balances
from tieout.flows.settlement.once_a_day import Listing, Today

logger = logging.getLogger(__name__)


def read_accounts(today: Today) -> None:
    """After the whole log was read. What Mirakl does not give today is read another day, and keeps nothing waiting.

    The check of the connection asks for the same account (A01), and may have used the day's only call up. A key that is
    refused here, and was good for the log a moment ago, may read no accounts.
    """
    marketplace, at = today.marketplace, today.at
    market = at.marketplace(marketplace)

    def balances() -> None:
        read_at = market.now()
        try:
            for page in market.shop_balances(read_at):
                keep_balances(marketplace, read_at, page, at)
        except (NeedsAttention, CredentialsRefused) as refused:
            why = {"marketplace": marketplace, "why": str(refused)}
            logger.exception("balances of shops may not be read", extra=why)

    today.note(WHOLE_LOG)
    if not today.came("accounts"):  # not twice, whoever asks: it is compared once the log has passed it
        today.read(Listing("accounts", balances))
