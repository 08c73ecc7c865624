"""Making one document out of another: POST /{type}/{id}/!transform/{target}."""

from collections.abc import Mapping

from sandbox.calls import ContractViolation
from sandbox.netsuite.answer import Answer, Call
from sandbox.netsuite.documents import Documents
from sandbox.netsuite.record_types import MADE
from sandbox.netsuite.records import Records
from sandbox.netsuite.refusal import Refusal
from sandbox.netsuite.store import Record

# What NetSuite can transform (REST browser 2026.1 and SuiteScript's tables).
_NETSUITES: Mapping[str, tuple[str, ...]] = {
    "salesOrder": ("cashSale", "fulfillmentRequest", "invoice", "itemFulfillment", "returnAuthorization"),
    "returnAuthorization": ("cashRefund", "creditMemo", "itemReceipt"),
    "cashSale": ("cashRefund", "returnAuthorization"),
    "invoice": ("creditMemo", "customerPayment", "returnAuthorization"),
    "vendor": ("purchaseOrder", "vendorBill", "vendorPayment"),
    "estimate": ("salesOrder",),
}


class Transforms:
    """The transforms the twin can do; others are refused as NetSuite does, or said to be missing here."""

    def __init__(self, records: Records, documents: Documents) -> None:
        self._records = records
        self._documents = documents

    def run(self, source: Record, target: str, call: Call) -> Answer:
        """Raises Refusal for a pair NetSuite does not know."""
        if target not in _NETSUITES.get(source.kind, ()):
            detail = f"Record type '{source.kind}' cannot be transformed to '{target}'."
            raise Refusal(400, "INVALID_REQUEST", detail)
        if target not in MADE:
            raise ContractViolation(f"the twin does not transform {source.kind} to {target} yet; NetSuite does")
        if call.query.get("replace"):
            raise ContractViolation("the twin does not know what ?replace means in a transform")
        taken = self._records.taken(MADE[target], call)
        return self._records.written(self._documents.make(source, target, taken), taken, call)
