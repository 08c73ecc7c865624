"""Rows of the log, cycles and documents in the words of the ledger: read strictly, each mistake by its field.

`Unreadable` names the field; the caller knows where the row came from. Sources: TL02/TL05, SBC11, IV01.
"""

from __future__ import annotations

import re
from decimal import Decimal

from tieout.domain.ledger.line import Cycle, Document, DocumentItem, Line, PayOut
from tieout.domain.money import rounded
from tieout.mirakl import wire_settlement as wire
from tieout.mirakl.values import Unreadable, amount, instant, needed, text, told_amount

__all__ = ["Unreadable", "cycle_of", "document_of", "line_of"]


def line_of(row: wire.TransactionLine) -> Line:
    """A transaction line. Raises Unreadable naming the field, also where its three amounts contradict each other."""
    currency = _currency(row.currency_iso_code)
    balance = row.balance
    entities = row.entities or _NO_ENTITIES
    tax = entities.order_tax or entities.shop_tax
    fee = entities.fee or entities.order_fee
    created = instant(row.date_created, "date_created")
    return Line(
        id=needed(row.id, "id"),
        type=needed(row.type, "type"),
        amount=_bookable(_signed(row), currency, "amount"),
        currency=currency,
        created=created,
        updated=instant(row.last_updated, "last_updated") if row.last_updated else created,
        state=row.payment_state or "",
        cycle=row.seller_billing_cycle_id or None,
        document=text(row.accounting_document_number) or _manual(entities),
        psp=row.pay_out_psp_code or "",
        shop=_shop(row.shop),
        balance=balance if balance is None else amount(balance, "balance"),
        credited=row.amount_credited,
        debited=row.amount_debited,
        order_id=_id(entities.order),
        order_line_id=_id(entities.order_line),
        refund_id=_id(entities.refund),
        shipment_id=_id(entities.shipment),
        debit_id=_id(entities.debit),
        tax_code=tax.code if tax else None,
        tax_rate=told_amount(tax.rate, "entities.order_tax.rate") if tax else None,
        fee_code=fee.code if fee else None,
        description=entities.one_off_item.description if entities.one_off_item else None,
    )


def _signed(row: wire.TransactionLine) -> Decimal | None:
    """What the line moves, told once by itself and once by its two sides; both have to be the same."""
    signed = row.amount
    credited, debited = row.amount_credited, row.amount_debited
    if debited is not None:
        amount(debited, "amount_debited")
    if credited is not None:
        amount(credited, "amount_credited")
        if debited is not None:
            if credited and debited:
                raise Unreadable("amount_credited and amount_debited are both there: a line moves one way")
            if signed is None:
                return credited - debited
            if amount(signed, "amount") != credited - debited:
                raise Unreadable("amount is not amount_credited less amount_debited")
    return signed


_CURRENCY = re.compile(r"[A-Z]{3}")


def _currency(code: str | None) -> str:
    """ISO 4217. A code in other letters would be a currency of its own, that nothing is in."""
    found = needed(code, "currency_iso_code")
    if not _CURRENCY.fullmatch(found):
        raise Unreadable("currency_iso_code is not three capital letters")
    return found


def _bookable(value: Decimal | None, currency: str, name: str) -> Decimal:
    """An amount that can be booked as it stands: to the currency's minor unit, and never rounded."""
    found = amount(value, name)
    if found != rounded(found, currency):
        raise Unreadable(f"{name} has more digits than {currency} has")
    return found


_NO_ENTITIES = wire.Entities()


def _manual(entities: wire.Entities) -> str | None:
    manual = entities.manual_accounting_document
    return text(manual.number) or None if manual else None


def _id(named: wire.Named | None) -> str | None:
    return None if named is None or named.id is None or named.id == "" else str(named.id)


def _shop(shop: wire.Shop | None) -> str:
    if shop is None:
        return ""
    return text(shop.id if shop.id is not None else shop.shop_id)


def cycle_of(row: wire.BillingCycle) -> Cycle:
    """A billing cycle. Raises Unreadable naming the field."""
    pay_out = needed(row.pay_out, "pay_out")
    currency = _currency(row.currency_iso_code)
    return Cycle(
        id=needed(row.id, "id"),
        currency=currency,
        closed_at=instant(row.date_created, "date_created"),
        to_seller=_bookable(row.amount_transferred_to_seller, currency, "amount_transferred_to_seller"),
        to_operator=told_amount(row.amount_transferred_to_operator, "amount_transferred_to_operator"),
        pay_out=PayOut(
            state=needed(pay_out.state, "pay_out.state"),
            reference=pay_out.reference,
            paid_at=instant(pay_out.transaction_date, "pay_out.transaction_date") if pay_out.transaction_date else None,
            failure_reason=pay_out.failure_reason,
        ),
        psp=row.pay_out_psp_code or "",
        voucher=text(row.payment_voucher_number) or None,
        shop=_shop(row.shop),
        shop_name=(row.shop.shop_name or "") if row.shop else "",
        summary={
            name: amount(total, f"summary.{name}") for name, total in (row.summary or {}).items() if total is not None
        },
    )


def document_of(row: wire.AccountingDocument) -> Document:
    """A legal document of IV01. Raises Unreadable naming the field."""
    net = amount(row.total_amount_excl_taxes, "total_amount_excl_taxes")
    kind = needed(row.type, "type")
    taxes: dict[str, Decimal] = {}
    for tax in row.total_taxes or ():
        code = tax.code or ""
        taxes[code] = taxes.get(code, Decimal(0)) + amount(tax.amount, "total_taxes[].amount")
    gross = told_amount(row.total_amount_incl_taxes, "total_amount_incl_taxes")
    return Document(
        number=needed(text(row.invoice_id) or row.id, "invoice_id"),
        type=kind,
        currency=_currency(row.currency_iso_code),
        issued=instant(row.issue_date or row.date_created, "issue_date"),
        net=net,
        gross=net + sum(taxes.values(), Decimal(0)) if gross is None else gross,
        taxes=taxes,
        cycle=row.seller_billing_cycle_id or None,
        items=tuple(_item(detail) for detail in row.details or ()),
        is_credit=kind == "MANUAL_CREDIT",
        shop=text(row.shop_id),
    )


def _item(detail: wire.DocumentDetail) -> DocumentItem:
    return DocumentItem(
        description=detail.description or "",
        net=amount(detail.amount_excl_taxes, "details[].amount_excl_taxes"),
        taxes={tax.code or "": amount(tax.amount, "details[].taxes[].amount") for tax in detail.taxes or ()},
        order_id=detail.order_id,
    )
