"""What each break means in one sentence, what to do about it, and whether it stands in the way of the close."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tieout.domain.reconcile.breaks import Code


class Advice(Struct, frozen=True):
    """Words and weight of a code; `{ours}`, `{theirs}`, `{what}` and `{amount}` stand for what was found."""

    explanation: str
    proposal: str
    blocks_close: bool = True


ADVICE: Mapping[Code, Advice] = {
    Code.MISSING_IN_NS: Advice(
        "The log has {theirs} for this order; NetSuite has no invoice of it.",
        "Import the order and bill it in the open period.",
    ),
    Code.MISSING_IN_TL: Advice(
        "NetSuite billed {ours} ({what}); the log has no line of this order.",
        "Look the order up in Mirakl: cancelled there, credit the invoice; else dispute it with the operator.",
    ),
    Code.UNKNOWN_ORDER: Advice(
        "The log has {theirs} for an order that neither the shop nor NetSuite knows.",
        "Check the shop and its key; ask the operator whose order it is.",
    ),
    Code.AMOUNT_DIFF: Advice(
        "NetSuite has {ours} ({what}), the log {theirs}.",
        "Compare price, quantity and shipping of its lines; credit or bill the difference.",
    ),
    Code.TAX_DIFF: Advice(
        "The gross agrees, the tax does not: NetSuite has {ours}, Mirakl {theirs} ({what}).",
        "Correct the map of tax codes and issue the document again; never plug it.",
    ),
    Code.TAX_SPLIT_ROUNDING: Advice(
        "The same gross, split by rounding: NetSuite has {ours} tax, Mirakl {theirs}.",
        "Nothing: the legal document counts.",
        blocks_close=False,
    ),
    Code.TAX_PRESENTATION_UNKNOWN: Advice(
        "Tax is shown {what}, other than on the marketplace's other orders.",
        "Ask the operator; set settlement.tax_presentation when the marketplace has changed.",
    ),
    Code.DUPLICATE_TL: Advice(
        "{what} stands in the log again under another id.",
        "Hold the second line and ask the operator; if confirmed, expect a manual credit or invoice.",
    ),
    Code.DUPLICATE_NS: Advice(
        "NetSuite has the same document more than once: {what}.",
        "Void or credit the later one.",
    ),
    Code.TIMING_CUTOFF: Advice(
        "Billed in another month than it left: {what}.",
        "Accrue and reverse; correct the invoice's date while its period is open.",
        blocks_close=False,
    ),
    Code.CURRENCY_MISMATCH: Advice(
        "The log is in another currency than NetSuite's document ({what}).",
        "Issue the document again in the log's currency.",
    ),
    Code.UNMAPPED_TYPE: Advice(
        "Nobody has said how {what} is booked; its cycle is held.",
        "Map it in settlement.overrides after a second person agreed.",
    ),
    Code.COMMISSION_RATE: Advice(
        "Commission of {ours} was charged; the order says {theirs} (order lines {what}).",
        "Book what was charged; claim the difference from the operator.",
        blocks_close=False,
    ),
    Code.COMMISSION_NOT_REFUNDED: Advice(
        "Commission of {theirs} should have come back with the refund; {ours} did (order lines {what}).",
        "Claim it from the operator.",
        blocks_close=False,
    ),
    Code.FEE_VAT_REGIME: Advice(
        "VAT on the commission is {ours}; {theirs} is expected ({what}).",
        "The legal document wins: correct settlement.fee_vat, or ask the operator for a corrected invoice.",
    ),
    Code.COMMISSION_VAT_DIFF: Advice(
        "VAT on the commission is {ours}; the order says {theirs} (order lines {what}).",
        "The legal document wins; ask the operator for a corrected invoice.",
    ),
    Code.REFUND_UNMATCHED: Advice(
        "Mirakl gave {theirs} back; NetSuite has no credit memo for it.",
        "Create the credit memo in the open period.",
    ),
    Code.CREDIT_WITHOUT_REFUND: Advice(
        "NetSuite credited {ours} ({what}); the log has no refund for it.",
        "Look the refund up in Mirakl: refund it there, or take the credit memo back.",
    ),
    Code.CYCLE_NOT_TIED: Advice(
        "Lines and cycle differ by {amount} that no other break explains ({what}).",
        "Fetch the cycle again, find the lines that are missing; it is not booked before it ties out.",
    ),
    Code.DOC_NOT_TIED: Advice(
        "The document says {theirs}, its lines {ours}; {amount} of it no other break explains ({what}).",
        "List lines without a document and rows without a line; ask the operator for a corrected document.",
    ),
    Code.CHAIN_GAP: Advice(
        "The running balance jumps by {amount} before a line of this key ({what}).",
        "Fetch the log of that day again.",
    ),
    Code.SIGN_ANOMALY: Advice(
        "{what} has the other sign: {ours} instead of {theirs}.",
        "Ask the operator; it is booked as signed once it is confirmed.",
    ),
    Code.WASH_NOT_ZERO: Advice(
        "What should pass through leaves {ours} on the account ({what}).",
        "Find the line that is missing its twin; check the tax profile of the order.",
    ),
    Code.LATE_LINE_CLOSED_PERIOD: Advice(
        "Lines came after their period was closed: {what}.",
        "Nothing: they are booked in the first open period, their own day in the memo, or held if the settings say so.",
        blocks_close=False,
    ),
    Code.SOURCE_CHANGED_AFTER_POST: Advice(
        "A line changed after its cycle was booked: {what}.",
        "Reverse the records of the cycle and book it again.",
    ),
    Code.GL_TAMPERED: Advice(
        "The general ledger differs from what was booked: {what}.",
        "See the record's system notes; restore it, or accept it with a reason.",
    ),
    Code.OVER_APPLIED: Advice("More was applied than the document is worth: {what}.", "Apply it again."),
    Code.UNDER_APPLIED: Advice("A settled document is still open: {what}.", "Apply its payment."),
    Code.PAYOUT_FAILED: Advice(
        "The payout of {theirs} failed ({what}): the money is still with the operator.",
        "Complete what the operator asks for; it stays on the clearing account until it is paid.",
    ),
    Code.PAYOUT_NOT_IN_BANK: Advice("No statement shows this payout ({what}).", "Chase the operator or the bank."),
    Code.PAYOUT_DIFF: Advice(
        "The log pays {ours}, the cycle says {theirs}.",
        "Ask the operator; nothing is booked for it until it is clear.",
    ),
    Code.RESERVE_DIFF: Advice(
        "The operator holds a reserve of {theirs}; what was funded less what was settled is {ours}.",
        "Read the log and the account again, on one day; ask the operator for the reserve's statement.",
    ),
    Code.MANUAL_UNCLASSIFIED: Advice(
        "No rule says what this is: {what}.",
        "Add an override to settlement.overrides that fits its description, and names the role or account.",
    ),
    Code.NEGATIVE_CYCLE: Advice(
        "The cycle ends below zero and carries {ours} on.",
        "Nothing: the next payout is less by it; a balance in credit is shown as a payable at month end.",
        blocks_close=False,
    ),
    Code.NOT_APPLICABLE_POSTED: Advice("An order that the customer pays directly was booked.", "Reverse it."),
    Code.UNEXPLAINED: Advice(
        "NetSuite has {ours} ({what}), the log {theirs}; {amount} of that no other break of it explains.",
        "Look at its lines, and tell us: a code is missing here.",
    ),
}
