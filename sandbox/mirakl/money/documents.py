"""Legal documents: the operator's bill of a cycle (IV01, or DR11 where it bills so), manual credits and invoices."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from sandbox.clock import text_of
from sandbox.mirakl.money.log import NOT_SPECIFIED, Account, Json, Log
from sandbox.mirakl.money.summary import FEE_TAXES, FEES

_CENT, _ZERO = Decimal("0.01"), Decimal(0)
_FIRST_MANUAL = 9_000_000
_DAYS_TO_PAY = 30
_DR_KINDS = {
    "COMMISSION_FEE": "FEES_DEBIT_COMMISSION",
    "REFUND_COMMISSION_FEE": "FEES_CREDIT_COMMISSION_REFUND",
    "SUBSCRIPTION_FEE": "FEES_DEBIT_SUBSCRIPTION",
    "SELLER_FEE_ON_ORDER": "FEES_DEBIT_SELLER_FEE_ON_ORDER",
    "SELLER_PENALTY_FEE": "FEES_DEBIT_SELLER_PENALTY_FEE",
}
_DR_TAX_OF = {
    "COMMISSION_VAT": "COMMISSION_FEE",
    "REFUND_COMMISSION_VAT": "REFUND_COMMISSION_FEE",
    "SUBSCRIPTION_VAT": "SUBSCRIPTION_FEE",
    "SELLER_FEE_ON_ORDER_TAX": "SELLER_FEE_ON_ORDER",
    "SELLER_PENALTY_FEE_TAX": "SELLER_PENALTY_FEE",
}

_Taxes = dict[str, tuple[Decimal, object]]
_Rows = dict[str, tuple[Decimal, _Taxes]]
"""By type of fee: net amount, and tax and rate by code."""


class Period(NamedTuple):
    start: datetime
    end: datetime


def bill_of_cycle(
    log: Log, account: Account, cycle_id: str, lines: Iterable[Json], period: Period, *, new_id: str, by_document: bool
) -> Json:
    """AUTO_INVOICE: commissions and fees less what was given back.

    `by_document` works the tax out on the whole net amount; else it is the sum of the lines' taxes, each rounded.
    """
    net: dict[str, Decimal] = {}
    taxes: dict[tuple[str, str], Decimal] = {}
    rates: dict[str, Decimal] = {}
    for line in lines:
        kind = str(line["type"])
        if kind in FEES:
            net[FEES[kind]] = net.get(FEES[kind], _ZERO) - Decimal(line["amount"])
        elif kind in FEE_TAXES:
            tax = (line.get("entities") or {}).get("shop_tax") or {}
            key = (FEE_TAXES[kind], str(tax.get("code") or "TAXDEFAULT"))
            taxes[key] = taxes.get(key, _ZERO) - Decimal(line["amount"])
            if tax.get("rate") is not None:
                rates[key[1]] = Decimal(tax["rate"])
    if by_document:
        taxes = {
            (words, code): (net.get(words, _ZERO) * rates[code] / 100).quantize(_CENT, ROUND_HALF_UP)
            if code in rates
            else amount
            for (words, code), amount in taxes.items()
        }
    details = [
        _detail(words, amount, {code: tax for (of, code), tax in taxes.items() if of == words})
        for words, amount in net.items()
    ]
    first = account.shop * 100_000 + 1
    number = log.next_number((one["invoice_id"] for one in log.documents), first)
    return _document(account, "AUTO_INVOICE", details, number=number, new_id=new_id, at=period.end) | {
        "start_time": text_of(period.start),
        "end_time": text_of(period.end),
        "seller_billing_cycle_id": cycle_id,
        "payment": {"state": "PENDING", "reference": None, "transaction_date": None},
    }


def manual_document(log: Log, account: Account, kind: str, items: list[Json], *, at: datetime, new_id: str) -> Json:
    """MANUAL_CREDIT or MANUAL_INVOICE of items {description, amount, taxes: [{code, amount}], order_id}."""
    number = log.next_number((one["invoice_id"] for one in log.documents), _FIRST_MANUAL)
    details = [
        _detail(
            str(item.get("description") or ""),
            Decimal(item["amount"]),
            {str(tax["code"]): Decimal(tax["amount"]) for tax in item.get("taxes") or []},
        )
        | ({"order_id": item["order_id"]} if item.get("order_id") else {})
        for item in items
    ]
    return _document(account, kind, details, number=number, new_id=new_id, at=at)


def _document(account: Account, kind: str, details: list[Json], *, number: int, new_id: str, at: datetime) -> Json:
    net = sum((detail["amount_excl_taxes"] for detail in details), _ZERO)
    taxes: dict[str, Decimal] = {}
    for detail in details:
        for tax in detail["taxes"]:
            taxes[tax["code"]] = taxes.get(tax["code"], _ZERO) + tax["amount"]
    gross = net + sum(taxes.values(), _ZERO)
    by_hand = kind != "AUTO_INVOICE"
    return {
        "id": new_id,
        "invoice_id": number,
        "type": kind,
        "state": "COMPLETE",
        "currency_iso_code": account.currency,
        "date_created": text_of(at),
        "issue_date": text_of(at),
        "due_date": text_of(at + timedelta(days=_DAYS_TO_PAY)),
        "shop_id": account.shop,
        "shop_model": "MARKETPLACE",
        "pay_out_psp_code": NOT_SPECIFIED,
        "issuing_user": {
            "type": "OPERATOR" if by_hand else "BATCH",
            "information": "Back office" if by_hand else "Automatic action",
        },
        "details": details,
        "total_amount_excl_taxes": net,
        "total_amount_incl_taxes": gross,
        "total_charged_amount": gross,
        "total_taxes": [{"code": code, "amount": amount} for code, amount in taxes.items()],
    }


def _detail(description: str, amount: Decimal, taxes: dict[str, Decimal]) -> Json:
    rows = [{"code": code, "amount": tax} for code, tax in taxes.items()]
    return {"description": description, "quantity": 1, "amount_excl_taxes": amount, "taxes": rows}


def requests_of_cycle(
    log: Log, account: Account, cycle_id: str, lines: Iterable[Json], period: Period, *, new_ids: tuple[str, str]
) -> list[Json]:
    """DR11 with DR12 rows as {request, lines}: an invoice of what is charged, a credit note of what is given back."""
    groups: dict[str, _Rows] = {"INVOICE": {}, "CREDIT_NOTE": {}}
    for line in lines:
        kind = str(line["type"])
        fee = _DR_TAX_OF.get(kind, kind)
        if fee not in _DR_KINDS:
            continue
        rows = groups["CREDIT_NOTE" if fee.startswith("REFUND_") else "INVOICE"]
        net, taxes = rows.get(fee, (_ZERO, {}))
        amount = abs(Decimal(line["amount"]))
        if kind == fee:
            net += amount
        else:
            tax = (line.get("entities") or {}).get("shop_tax") or {}
            code = str(tax.get("code") or "TAXDEFAULT")
            taxes = {**taxes, code: (taxes.get(code, (_ZERO, None))[0] + amount, tax.get("rate"))}
        rows[fee] = (net, taxes)
    return [
        _request(log, account, cycle_id, kind, rows, period=period, new_id=new_id)
        for (kind, rows), new_id in zip(groups.items(), new_ids, strict=True)
        if rows
    ]


def _request(
    log: Log,
    account: Account,
    cycle_id: str,
    kind: str,
    rows: _Rows,
    *,
    period: Period,
    new_id: str,
) -> Json:
    prefix = "FI" if kind == "INVOICE" else "FC"
    place = 1 + sum(1 for one in log.requests if str(one["request"]["document_number"]).startswith(prefix))
    totals: dict[str, tuple[Decimal, object]] = {}
    for _, taxes in rows.values():
        for code, (amount, rate) in taxes.items():
            totals[code] = (totals.get(code, (_ZERO, None))[0] + amount, rate)
    net = sum((amount for amount, _ in rows.values()), _ZERO)
    tax = sum((amount for amount, _ in totals.values()), _ZERO)
    at, span = text_of(period.end), {"date_from": text_of(period.start), "date_to": text_of(period.end)}
    request = {
        "id": new_id,
        "document_number": f"{prefix}-{account.shop}-{place:05d}",
        "type": kind,
        "state": "ISSUED",
        "entity_type": "FEES",
        "entity_id": cycle_id,
        "entities": {"shop_billing_cycle": {"id": cycle_id, **span}},
        "currency_iso_code": account.currency,
        "date_created": at,
        "last_updated": at,
        "issue_date": at,
        "due_date": text_of(period.end + timedelta(days=_DAYS_TO_PAY)),
        "document_details": [{"format": "PDF"}],
        "initial_payment_state": "NOT_PAID",
        "issuer": {"type": "OPERATOR", "organization": {"name": "The operator"}},
        "recipient": {"type": "SHOP", "id": str(account.shop)},
        "taxes": [{"code": code, "rate": rate, "total_amount": amount} for code, (amount, rate) in totals.items()],
        "total_amount_excluding_taxes": net,
        "total_amount_including_taxes": net + tax,
        "total_tax_amount": tax,
    }
    lines = [
        {
            "id": f"{new_id}-{place}",
            "entity_type": _DR_KINDS[fee],
            "entity_id": cycle_id,
            "period": span,
            "quantity": 1,
            "price_excluding_taxes": amount,
            "unit_price_excluding_taxes": amount,
            "taxes": [{"code": code, "rate": rate, "amount": each} for code, (each, rate) in taxes.items()],
            "total_price_including_taxes": amount + sum((each for each, _ in taxes.values()), _ZERO),
            "shop": {"id": account.shop},
        }
        for place, (fee, (amount, taxes)) in enumerate(rows.items())
    ]
    return {"request": request, "lines": lines}
