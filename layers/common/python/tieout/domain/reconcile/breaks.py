"""A break: two sources that should agree and do not, named by the code of the reason and the key it was found under."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Code(StrEnum):
    """Why two sources differ (docs/finance/breaks.md). A key may bear several."""

    MISSING_IN_NS = "MISSING_IN_NS"
    MISSING_IN_TL = "MISSING_IN_TL"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    AMOUNT_DIFF = "AMOUNT_DIFF"
    TAX_DIFF = "TAX_DIFF"
    TAX_SPLIT_ROUNDING = "TAX_SPLIT_ROUNDING"
    TAX_PRESENTATION_UNKNOWN = "TAX_PRESENTATION_UNKNOWN"
    DUPLICATE_TL = "DUPLICATE_TL"
    DUPLICATE_NS = "DUPLICATE_NS"
    TIMING_CUTOFF = "TIMING_CUTOFF"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    UNMAPPED_TYPE = "UNMAPPED_TYPE"
    COMMISSION_RATE = "COMMISSION_RATE"
    COMMISSION_NOT_REFUNDED = "COMMISSION_NOT_REFUNDED"
    FEE_VAT_REGIME = "FEE_VAT_REGIME"
    COMMISSION_VAT_DIFF = "COMMISSION_VAT_DIFF"
    REFUND_UNMATCHED = "REFUND_UNMATCHED"
    CREDIT_WITHOUT_REFUND = "CREDIT_WITHOUT_REFUND"
    CYCLE_NOT_TIED = "CYCLE_NOT_TIED"
    DOC_NOT_TIED = "DOC_NOT_TIED"
    CHAIN_GAP = "CHAIN_GAP"
    SIGN_ANOMALY = "SIGN_ANOMALY"
    WASH_NOT_ZERO = "WASH_NOT_ZERO"
    LATE_LINE_CLOSED_PERIOD = "LATE_LINE_CLOSED_PERIOD"
    SOURCE_CHANGED_AFTER_POST = "SOURCE_CHANGED_AFTER_POST"
    GL_TAMPERED = "GL_TAMPERED"
    OVER_APPLIED = "OVER_APPLIED"
    UNDER_APPLIED = "UNDER_APPLIED"
    PAYOUT_FAILED = "PAYOUT_FAILED"
    PAYOUT_NOT_IN_BANK = "PAYOUT_NOT_IN_BANK"
    PAYOUT_DIFF = "PAYOUT_DIFF"
    RESERVE_DIFF = "RESERVE_DIFF"
    MANUAL_UNCLASSIFIED = "MANUAL_UNCLASSIFIED"
    NEGATIVE_CYCLE = "NEGATIVE_CYCLE"
    NOT_APPLICABLE_POSTED = "NOT_APPLICABLE_POSTED"
    UNEXPLAINED = "UNEXPLAINED"


class Break(Struct, frozen=True, kw_only=True):
    """One finding of a run; amounts in major units of the currency, never below zero."""

    code: Code
    key: str
    """Order id, refund id, document number or cycle id, as fits the code."""
    marketplace: str
    currency: str
    amount: Decimal
    order_id: str | None = None
    refund_id: str | None = None
    cycle: str | None = None
    day: date | None = None
    """Of the transaction: the first line's, the document's or the cycle's; ages are counted from it too."""
    blocks_close: bool = True
    explanation: str = ""
    """Both figures and the lines concerned, in one sentence."""
    proposal: str = ""
    """What to do, and by whom."""
