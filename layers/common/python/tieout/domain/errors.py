"""Three kinds of failure, by who acts.

    TieoutError
    ├── Retryable            the schedule acts: time-outs, 429, locked records, maintenance
    │   ├── Throttled        the other side said "not so fast", perhaps with how long to wait
    │   ├── OutcomeUnknown   a write may have happened: read back before trying again
    │   └── SystemDown       nobody is home; counts towards the system's breaker
    ├── NeedsAttention       a person acts: unknown SKU, missing address, refused by NetSuite
    ├── AlreadyExists        the external id is taken: by us earlier, or by something else
    └── CredentialsRefused   nothing will work until a person renews a key: opens the breaker at once

Anything else is a bug: it fails loudly, comes back by SQS, ends in `<queue>-given-up` and pages somebody.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class TieoutError(Exception):
    """Root of what Tieout raises on purpose."""


class Retryable(TieoutError):
    """Comes back by itself. `after_seconds` is the other side's word on how long to wait, if it gave one."""

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class Throttled(Retryable):
    """The other side refused for now (429); nothing was written."""


class OutcomeUnknown(Retryable):
    """A write was sent and no answer came: it may have been committed, or may be later."""


class SystemDown(Retryable):
    """Maintenance, refused connections, 5xx on a read: the system as a whole does not answer."""


class AlreadyExists(TieoutError):
    """NetSuite has a record with this external id."""


class CredentialsRefused(TieoutError):
    """401, 403 or `invalid_grant`: retrying would only fill the login audit trail."""


class Reason(StrEnum):
    """Why a posting is parked. The value is stored; `sentence` is what a person reads."""

    UNKNOWN_SKU = "unknown_sku"
    AMBIGUOUS_SKU = "ambiguous_sku"
    SHORT_STOCK = "short_stock"
    ACCEPTANCE_IS_MANUAL = "acceptance_is_manual"
    MISSING_ADDRESS = "missing_address"
    UNKNOWN_COUNTRY = "unknown_country"
    CURRENCY_NOT_CONFIGURED = "currency_not_configured"
    SUBSIDIARY_NOT_CONFIGURED = "subsidiary_not_configured"
    LOCATION_NOT_CONFIGURED = "location_not_configured"
    TAX_CODE_NOT_CONFIGURED = "tax_code_not_configured"
    FIGURES_DISAGREE = "figures_disagree"
    TOTAL_MISMATCH = "total_mismatch"
    REFUSED_BY_NETSUITE = "refused_by_netsuite"
    REFUSED_BY_MIRAKL = "refused_by_mirakl"
    EXTERNAL_ID_TAKEN = "external_id_taken"
    UNREADABLE_ORDER = "unreadable_order"
    UNREADABLE_DOCUMENT = "unreadable_document"
    SHIPPED_TWICE = "shipped_twice"
    FULFILMENT_UNDONE = "fulfilment_undone"
    PARTIAL_SHIPMENT = "partial_shipment"
    NOT_SHIPPABLE = "not_shippable"
    PERIOD_CLOSED = "period_closed"
    NOTHING_TO_CREDIT = "nothing_to_credit"
    REASON_NOT_CONFIGURED = "reason_not_configured"
    REFUND_TOO_LARGE = "refund_too_large"
    ALREADY_SHIPPED = "already_shipped"
    SETTLEMENT_TO_REVIEW = "settlement_to_review"
    CYCLE_HELD = "cycle_held"
    ACCOUNT_NOT_FOUND = "account_not_found"
    OFFER_REFUSED = "offer_refused"
    OFFER_UNKNOWN = "offer_unknown"
    STOCK_HELD = "stock_held"
    SKU_MISMATCHED = "sku_mismatched"

    @property
    def sentence(self) -> str:
        """What happened and who acts, in one sentence."""
        return _SENTENCES[self]


_SENTENCES: Mapping[Reason, str] = {
    Reason.UNKNOWN_SKU: "NetSuite has no active item for a SKU of this order: create or map it, then resubmit.",
    Reason.AMBIGUOUS_SKU: "More than one NetSuite item fits a SKU of this order: name the right one in sku.aliases.",
    Reason.SHORT_STOCK: "The stock cannot serve this order whole: decide in Mirakl, or restock and resubmit.",
    Reason.ACCEPTANCE_IS_MANUAL: "This marketplace is set to manual acceptance: accept or refuse the order in Mirakl.",
    Reason.MISSING_ADDRESS: "The order is to be shipped but has no delivery address: ask the marketplace.",
    Reason.UNKNOWN_COUNTRY: "The delivery country is not one that NetSuite knows: correct it with the marketplace.",
    Reason.CURRENCY_NOT_CONFIGURED: "The order's currency is not set up for this marketplace.",
    Reason.SUBSIDIARY_NOT_CONFIGURED: "The subsidiary of this marketplace is not found in NetSuite.",
    Reason.LOCATION_NOT_CONFIGURED: "No location rule fits this order, or its location is not found in NetSuite.",
    Reason.TAX_CODE_NOT_CONFIGURED: "A tax code of this order has no NetSuite tax code: add it to tax.codes.",
    Reason.FIGURES_DISAGREE: "Mirakl's own figures for this order do not add up: ask the marketplace first.",
    Reason.TOTAL_MISMATCH: "The record exists in NetSuite, but not with Mirakl's figures: correct it there, resubmit.",
    Reason.REFUSED_BY_NETSUITE: "NetSuite refused the record; its words are in the facts.",
    Reason.REFUSED_BY_MIRAKL: "Mirakl refused the call; its words are in the facts.",
    Reason.EXTERNAL_ID_TAKEN: "Another NetSuite record owns this external id: find out which system wrote it.",
    Reason.UNREADABLE_ORDER: "The order does not read as Mirakl documents it: the archived copy shows why.",
    Reason.UNREADABLE_DOCUMENT: "A shipment or return does not read as Mirakl documents it: see its archived copy.",
    Reason.SHIPPED_TWICE: "More was shipped in NetSuite than this order line still has: correct the fulfilment.",
    Reason.FULFILMENT_UNDONE: "A fulfilment that Mirakl was told of was changed, unshipped or deleted in NetSuite.",
    Reason.PARTIAL_SHIPMENT: "This marketplace takes whole orders only, and a part has left: ship the rest, or decide.",
    Reason.NOT_SHIPPABLE: "Mirakl does not let this order be shipped in the state it is in.",
    Reason.PERIOD_CLOSED: "The accounting period of this day is closed: open it, or choose next_open_period.",
    Reason.NOTHING_TO_CREDIT: "Mirakl refunded what NetSuite has not billed: see which document should be credited.",
    Reason.REASON_NOT_CONFIGURED: "No Mirakl reason code is set for this: add it to returns.reasons.",
    Reason.REFUND_TOO_LARGE: "NetSuite gives back more than Mirakl still lets be refunded on this order line.",
    Reason.ALREADY_SHIPPED: "What was closed on one side had been shipped on the other: decide which is right.",
    Reason.SETTLEMENT_TO_REVIEW: "A billing cycle ties out and waits for a review: `tieout settle` shows its records.",
    Reason.ACCOUNT_NOT_FOUND: "NetSuite has no such active account, item or document: see the facts, then resubmit.",
    Reason.OFFER_REFUSED: "Mirakl did not take the quantity of this offer; its words are in the facts.",
    Reason.OFFER_UNKNOWN: "Mirakl has no offer with this SKU any more: create it again there, or let it go.",
    Reason.STOCK_HELD: "A push of stock would change so much that it may be a mistake: look, then resubmit or restock.",
    Reason.SKU_MISMATCHED: "The audit doubts that an offer is of its item: `tieout audit mapping` says why.",
    Reason.CYCLE_HELD: "A billing cycle does not tie out or cannot be booked: nothing of it is posted; see the facts.",
}


class NeedsAttention(TieoutError):
    """A person must act. `facts` name what they need (ids, SKUs, amounts, a vendor's words); never a buyer's data."""

    def __init__(self, reason: Reason, facts: Mapping[str, str] | None = None) -> None:
        self.reason = reason
        self.facts = dict(facts or {})
        detail = ", ".join(f"{key}={value}" for key, value in self.facts.items())
        super().__init__(f"{reason.sentence} ({detail})" if detail else reason.sentence)
