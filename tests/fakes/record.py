"""What the NetSuite account in memory keeps of a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from tieout.domain.exchange import PostedTransaction


class Record(Struct, frozen=True):
    """A transaction as NetSuite keeps it, with the draft it was made of."""

    transaction: PostedTransaction
    draft: Any
    """`SalesOrder`, `InvoiceDraft` and so on."""
    created_at: datetime
