"""An export folder by hand: one marketplace, one order, one cycle, written as a person would export them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

MARKETPLACE = "brightside-uk"
CYCLE = "5f2e1c00-0000-0000-0000-00000000000a"


def a_line(number: int, kind: str, amount: float, **more: Any) -> dict[str, Any]:
    """A transaction line of order A-1 in the cycle."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012}",
        "type": kind,
        "amount": amount,
        "amount_credited": max(amount, 0),
        "amount_debited": max(-amount, 0),
        "currency_iso_code": "GBP",
        "date_created": f"2026-09-07T10:{number % 60:02}:00Z",
        "last_updated": "2026-09-12T00:00:00Z",
        "payment_state": "PAID",
        "seller_billing_cycle_id": CYCLE,
        "accounting_document_number": "210100001",
        "entities": {"order": {"id": "A-1"}, "order_line": {"id": "A-1-1"}},
        **more,
    }


def a_cycle(transferred: float = 98.0, **more: Any) -> dict[str, Any]:
    """A paid cycle."""
    return {
        "id": CYCLE,
        "date_created": "2026-09-11T00:00:00Z",
        "currency_iso_code": "GBP",
        "amount_transferred_to_seller": transferred,
        "amount_transferred_to_operator": 18.0,
        "pay_out": {"state": "PAID", "reference": "PO-1", "transaction_date": "2026-09-13T00:00:00Z"},
        "summary": {},
        **more,
    }


def a_document() -> dict[str, Any]:
    """The operator's bill of the cycle: commission of 15.00 with VAT of 3.00."""
    return {
        "id": "d-1",
        "invoice_id": 210100001,
        "type": "AUTO_INVOICE",
        "currency_iso_code": "GBP",
        "issue_date": "2026-09-11T00:00:00Z",
        "seller_billing_cycle_id": CYCLE,
        "total_amount_excl_taxes": 15.0,
        "total_amount_incl_taxes": 18.0,
        "total_taxes": [{"code": "TAXDEFAULT", "amount": 3.0}],
        "details": [{"description": "Commissions", "amount_excl_taxes": 15.0, "taxes": []}],
    }


def an_order() -> dict[str, Any]:
    """An order of 116.00 with tax of 16.00 in it."""
    return {
        "order_id": "A-1",
        "commercial_id": "A",
        "order_state": "CLOSED",
        "order_tax_mode": "TAX_INCLUDED",
        "currency_iso_code": "GBP",
        "created_date": "2026-09-01T09:15:00Z",
        "last_updated_date": "2026-09-07T09:15:00Z",
        "customer_directly_pays_seller": False,
        "order_lines": [
            {
                "order_line_id": "A-1-1",
                "order_line_state": "CLOSED",
                "price": 116.0,
                "shipping_price": 0,
                "taxes": [{"code": "VAT-GBR-20", "amount": 16.0}],
                "shipping_taxes": [],
                "commission_fee": 15.0,
                "commission_taxes": [{"code": "TAXDEFAULT", "amount": 3.0}],
                "cancelations": [],
                "refunds": [],
            }
        ],
    }


def an_invoice(**more: Any) -> dict[str, Any]:
    """The order's invoice in NetSuite."""
    return {
        "externalid": "T-brightside-uk-INV-A-1",
        "type": "CustInvc",
        "tranid": "INV1",
        "trandate": "2026-09-02",
        "currency": "GBP",
        "entity": "brightside-uk",
        "otherrefnum": "A-1",
        "custbody_tieout_order": "A-1",
        "foreigntotal": 116.0,
        "taxtotal": 16.0,
        "status": "open",
        **more,
    }


LINES = [
    a_line(1, "ORDER_AMOUNT", 116.0),
    a_line(2, "COMMISSION_FEE", -15.0),
    a_line(3, "COMMISSION_VAT", -3.0),
]


_PLACES = {
    "documents": "netsuite",
    "items": "netsuite",
    "gl_lines": "netsuite",
    "periods": "netsuite",
    "statement": "bank",
    "rates": "bank",
}


class Folder:
    """An export folder; `write` replaces a file, rows as objects or as bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lines(LINES)
        self.write("billing_cycles", [a_cycle()])
        self.write("accounting_documents", [a_document()])
        self.write("orders", [an_order()])
        self.write("documents", [an_invoice()])

    def path(self, kind: str, *, packed: bool = False) -> Path:
        folder = self.root / _PLACES.get(kind, f"mirakl/{MARKETPLACE}")
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{kind}.ndjson{'.gz' if packed else ''}"

    def lines(self, rows: list[dict[str, Any]]) -> None:
        self.write("transaction_lines", rows)

    def write(self, kind: str, rows: list[Any], *, packed: bool = False) -> Path:
        content = b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)
        return self.store(kind, gzip.compress(content) if packed else content, packed=packed)

    def store(self, kind: str, content: bytes, *, packed: bool = False) -> Path:
        path = self.path(kind, packed=packed)
        path.write_bytes(content)
        return path
