"""OUT as an export folder: what both vendors hold at the end, as anybody may settle, reconcile and close it offline."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox import decimal_json
from sandbox.demo.ledger_reading import GeneralLedger
from sandbox.demo.twin_control import TwinControl, rows
from tieout.config import Config
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked

MONEY = ("transaction_lines", "billing_cycles", "accounting_documents")
Row = dict[str, Any]


def write_export(
    out: Path, config: Config, control: TwinControl, ledger: GeneralLedger, external_ids: Sequence[str]
) -> Path:
    """mirakl/<marketplace>/{orders, transaction_lines, billing_cycles, accounting_documents}.ndjson and
    netsuite/{documents, gl_lines, items}.ndjson; answers the folder."""
    order_ids: list[str] = []
    for name in config.marketplaces:
        orders = control.orders(name)
        order_ids += [str(order["order_id"]) for order in rows(orders)]
        _write(out / "mirakl" / name / "orders.ndjson", orders)
        for kind in MONEY:
            _write(out / "mirakl" / name / f"{kind}.ndjson", control.money(name, kind))
    documents = [_document_row(one) for one in ledger.documents(order_ids)]
    _write(out / "netsuite" / "documents.ndjson", decimal_json.ndjson(documents))
    lines = [_ledger_row(one) for one in ledger.lines(external_ids)]
    _write(out / "netsuite" / "gl_lines.ndjson", decimal_json.ndjson(lines))
    _write(out / "netsuite" / "items.ndjson", _items(control))
    return out


def _items(control: TwinControl) -> bytes:
    listed: Iterable[Row] = rows(control.records("inventoryItem"))
    kept = [{"id": row.get("id"), "itemid": row.get("itemId"), "upccode": row.get("upcCode")} for row in listed]
    return decimal_json.ndjson(kept)


def _document_row(one: Booked) -> Row:
    """As SuiteQL gives a transaction."""
    return {
        "id": one.id,
        "externalid": one.external_id,
        "type": one.type,
        "tranid": one.number,
        "trandate": _day(one.day),
        "currency": one.currency,
        "entity": one.entity,
        "otherrefnum": one.order_id,
        "custbody_tieout_order": one.order_id,
        "custbody_tieout_refund": one.refund_id,
        "foreigntotal": one.total,
        "taxtotal": one.tax,
        "foreignamountunpaid": one.unpaid,
        "status": one.status,
    }


def _ledger_row(one: GlLine) -> Row:
    """As SuiteQL gives a line of the general ledger."""
    return {
        "id": one.transaction,
        "externalid": one.external_id,
        "type": one.type,
        "trandate": _day(one.day),
        "currency": one.currency,
        "acctnumber": one.account,
        "transactionline": one.line,
        "debit": Decimal(one.debit),
        "credit": Decimal(one.credit),
        "amount": one.base,
        "posting": "T" if one.posts else "F",
        "entity": one.entity,
        "memo": one.memo,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _write(file: Path, text: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
