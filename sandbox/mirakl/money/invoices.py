"""IV01: the operator's documents, manual ones only if asked for."""

from collections.abc import Callable
from typing import Any

from sandbox.clock import moment_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.listing import page_bounds
from sandbox.mirakl.shipment_listing import sortable
from sandbox.mirakl.state import Json

_SHOWN_STATES = ("GENERATED", "COMPLETE")
_TESTS: dict[str, Callable[[Json, Any], bool]] = {
    "currency": lambda row, wanted: row["currency_iso_code"] == wanted,
    "start_date": lambda row, wanted: moment_of(row["date_created"]) >= wanted,
    "end_date": lambda row, wanted: moment_of(row["date_created"]) <= wanted,
    "invoice_id": lambda row, wanted: str(row["invoice_id"]) in wanted,
    "issuing_user_types": lambda row, wanted: (row.get("issuing_user") or {}).get("type") in wanted,
    "payment_status": lambda row, wanted: _payment_of(row) == wanted,
    "seller_billing_cycle_id": lambda row, wanted: row.get("seller_billing_cycle_id") in wanted,
    "pay_out_psp_codes": lambda row, wanted: row.get("pay_out_psp_code") in wanted,
    "shop": lambda row, wanted: row.get("shop_id") == wanted,
    "shop_operator_internal_id": lambda row, wanted: f"OP-{row.get('shop_id')}" == wanted,
    "shop_model": lambda row, wanted: row.get("shop_model", "MARKETPLACE") in wanted,
}


def list_invoices(call: Admitted) -> tuple[Json, int, int, int]:
    """The page, its offset, its length and how many there are in all; by creation, the oldest first."""
    asked = call.parameters
    offset, most = page_bounds(asked)
    kind, states = asked.get("type", "AUTO_INVOICE"), asked.get("states", _SHOWN_STATES)
    own = call.marketplace.own_shop()
    vouchers = {one["id"]: one.get("payment_voucher_number") for one in call.marketplace.log.cycles}
    voucher = asked.get("payment_voucher_number")
    rows = [
        row
        for row in call.marketplace.log.documents
        if (call.persona == "operator" or row.get("shop_id", own) == own)
        and kind in ("ALL", row["type"])
        and row.get("state", "COMPLETE") in states
        and (voucher is None or vouchers.get(row.get("seller_billing_cycle_id")) == voucher)
        and all(test(row, asked[name]) for name, test in _TESTS.items() if name in asked)
    ]
    rows.sort(key=lambda row: (sortable(row["date_created"]), row["invoice_id"]), reverse=asked.get("order") == "desc")
    return {"invoices": rows[offset : offset + most], "total_count": len(rows)}, offset, most, len(rows)


def _payment_of(row: Json) -> str:
    return str((row.get("payment") or {}).get("state") or "PENDING")
