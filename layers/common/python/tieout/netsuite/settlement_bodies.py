"""Bodies of the settlement's records: payments, refunds, bills, journals (REST record API, 2026.1).

A `Record` says which accounts move; NetSuite wants to be told that in each form's own words. Where a form moves an
account by itself (receivables, payables), the entry of that account is left out and becomes the form's amount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.json import Encoder

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ledger.record import Entry, Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.money import ZERO
from tieout.domain.orders.sales_order import TaxRules, TaxStrategy
from tieout.netsuite.payloads import CUSTOM_PRICE, LONGEST_REFERENCE, MARKETPLACE, ORDER_ID, Json, text

LONGEST_MEMO = 999
PENDING, APPROVED = {"id": "1"}, {"id": "2"}
_HUNDRED = Decimal(100)
_FOUR_PLACES = Decimal("0.0001")

_encode = Encoder(decimal_format="number").encode


class Setting(Struct, frozen=True, kw_only=True):
    """Ids that a body needs, looked up beforehand."""

    accounts: Mapping[str, str]
    """Internal id by account number."""
    currency_id: str
    subsidiary_id: str | None = None
    approve: bool = False
    routed: bool = False
    """Whether the account routes journals for approval: then `approvalStatus` takes the place of `approved`."""
    applied: Mapping[str, str] = {}
    """Internal id by external id, of what the record is applied to."""
    taxes: TaxRules | None = None
    """How sales are taxed: under SuiteTax VAT stands in tax details; else it is a line of its account's item."""
    items: Mapping[str, str] = {}
    """Internal id of the item of an account, by account number."""


def body_of(record: Record, setting: Setting) -> bytes:
    """The body of a create. Raises NeedsAttention where the record cannot be said in this form."""
    return _encode(_BODIES[record.type](record, setting))


def item_accounts(record: Record, taxes: TaxRules | None) -> list[str]:
    """Accounts whose entries become lines of items: forms of sale know no accounts."""
    if record.type not in _SALES:
        return []
    return list(dict.fromkeys(entry.account for entry in record.entries if _is_sold(entry, taxes)))


def _payment(record: Record, setting: Setting) -> Json:
    """`customerPayment`: debit of the clearing account, credit of receivables; a rest stays unapplied, and is seen."""
    paid, owed = _debits(record), _credits(record)
    body = _head(record, setting) | {
        "customer": _entity(record),
        "payment": sum((entry.debit for entry in paid), ZERO),
        "account": _account(_one(record, paid), setting),
        "arAcct": _account(_one(record, owed), setting),
        "autoApply": False,
    }
    _apply(body, record, setting)
    return body


def _refund(record: Record, setting: Setting) -> Json:
    """`customerRefund`: it is as large as what it is applied to."""
    _check_applied_whole(record)
    body = _head(record, setting) | {
        "customer": _entity(record),
        "account": _account(_one(record, _credits(record)), setting),
        "arAcct": _account(_one(record, _debits(record)), setting),
    }
    _apply(body, record, setting)
    return body


def _vendor_payment(record: Record, setting: Setting) -> Json:
    """`vendorPayment`: it is as large as the bills that it settles."""
    _check_applied_whole(record)
    body = _head(record, setting) | {
        "entity": _entity(record),
        "account": _account(_one(record, _credits(record)), setting),
        "apAcct": _account(_one(record, _debits(record)), setting),
    }
    _apply(body, record, setting)
    return body


def _bill(record: Record, setting: Setting) -> Json:
    """`vendorBill` and `vendorCredit`: an expense line an entry, VAT included; credits of the operator turn the signs.

    An entry with a tax code is taxed by NetSuite: the VAT entry under the same code is then not a line of its own.
    """
    gives_back = record.type is RecordType.VENDOR_CREDIT
    payable = [entry for entry in record.entries if entry.role in _PAYABLE]
    lines: list[Json] = []
    for entry in record.entries:
        if entry.role in _PAYABLE or (entry.tax_code and entry.role is Role.VAT_RECEIVABLE_ON_FEES):
            continue
        amount = entry.debit - entry.credit
        line: Json = {"account": _account(entry, setting), "amount": -amount if gives_back else amount}
        if entry.memo:
            line["memo"] = text(entry.memo)
        if entry.tax_code:
            line["taxCode"] = {"externalId": entry.tax_code}
        lines.append(line)
    body = _head(record, setting) | {"entity": _entity(record), "account": _account(_one(record, payable), setting)}
    body["expense"] = {"items": lines}
    if record.applications:
        _apply(body, record, setting)
    return body


def _journal(record: Record, setting: Setting) -> Json:
    """`journalEntry`, unapproved unless told: then it waits in NetSuite for a person, and posts nothing yet."""
    lines: list[Json] = []
    for entry in record.entries:
        line: Json = {"account": _account(entry, setting)}
        line |= {"debit": entry.debit} if entry.debit else {"credit": entry.credit}
        if entry.memo:
            line["memo"] = text(entry.memo)
        if entry.entity:
            line["entity"] = {"externalId": entry.entity}
        lines.append(line)
    body = _head(record, setting) | {"line": {"items": lines}}
    if setting.routed:
        body["approvalStatus"] = APPROVED if setting.approve else PENDING
    else:
        body["approved"] = setting.approve
    if setting.subsidiary_id is not None:
        body["subsidiary"] = {"id": setting.subsidiary_id}
    if record.exchange_rate is not None:
        body["exchangeRate"] = record.exchange_rate
    if record.reversal_day is not None:
        body["reversalDate"] = record.reversal_day.isoformat()
    return body


def _sale(record: Record, setting: Setting) -> Json:
    """`cashSale`, `cashRefund`, `invoice`, `creditMemo`: lines of items, their taxes beside them."""
    charges = record.type in {RecordType.CASH_SALE, RecordType.INVOICE}
    head = _one(record, _heads(record))
    lines: list[Json] = []
    details: list[Json] = []
    sold = [entry for entry in record.entries if _is_sold(entry, setting.taxes)]
    for place, entry in enumerate(sold, start=1):
        amount = entry.credit - entry.debit
        line: Json = {"item": {"id": setting.items[entry.account]}, "quantity": 1, "price": CUSTOM_PRICE}
        line["amount"] = amount if charges else -amount
        if entry.memo:
            line["description"] = text(entry.memo)
        line["taxDetailsReference"] = f"L{place}"
        lines.append(line)
    net = sum((line["amount"] for line in lines), ZERO)
    for entry in record.entries:
        code = _tax_code(entry, setting.taxes)
        if code is None:
            continue
        amount = entry.credit - entry.debit if charges else entry.debit - entry.credit
        rate = (amount / net * _HUNDRED).quantize(_FOUR_PLACES) if net else ZERO
        details.append(
            {
                "taxDetailsReference": "L1",
                "taxCode": {"externalId": code},
                "taxBasis": net,
                "taxRate": rate,
                "taxAmount": amount,
            }
        )
    body = _head(record, setting) | {
        "entity": _entity(record),
        "account": _account(head, setting),
        "item": {"items": lines},
        "taxDetailsOverride": True,
        "taxDetails": {"items": details},
    }
    body[MARKETPLACE] = record.marketplace
    if record.order_id:
        body |= {ORDER_ID: record.order_id, "otherRefNum": record.order_id[:LONGEST_REFERENCE]}
    if record.applications:
        _apply(body, record, setting)
    return body


# --- parts of all forms ----------------------------------------------------------------------------------------------

_SALES = frozenset({RecordType.CASH_SALE, RecordType.CASH_REFUND, RecordType.INVOICE, RecordType.CREDIT_MEMO})
_HEAD_ROLES = frozenset({Role.MARKETPLACE_CLEARING, Role.MARKETPLACE_AR, Role.SELLER_RECEIVABLE, Role.SELLER_PAYABLE})
_PAYABLE = frozenset({Role.ACCOUNTS_PAYABLE, Role.ACCOUNTS_PAYABLE_SUPPLIER})
_NUMBERED = _SALES | {RecordType.VENDOR_BILL, RecordType.VENDOR_CREDIT}


def _head(record: Record, setting: Setting) -> Json:
    body: Json = {
        "externalId": record.external_id,
        "tranDate": record.day.isoformat(),
        "currency": {"id": setting.currency_id},
    }
    original = record.original_day
    words = [record.memo, f"Belongs to {original.isoformat()}" if original and original != record.day else ""]
    memo = "; ".join(each for each in words if each)
    if memo:
        body["memo"] = text(memo)[:LONGEST_MEMO]
    if record.number and record.type in _NUMBERED:
        body["tranId"] = record.number
    return body


def _entity(record: Record) -> Json:
    if not record.entity:
        raise _unsayable(record, f"a {record.type.value} has a customer or vendor")
    return {"externalId": record.entity}


def _account(entry: Entry, setting: Setting) -> Json:
    return {"id": setting.accounts[entry.account]}


def _debits(record: Record) -> list[Entry]:
    return [entry for entry in record.entries if entry.debit]


def _credits(record: Record) -> list[Entry]:
    return [entry for entry in record.entries if entry.credit]


def _heads(record: Record) -> list[Entry]:
    """The account that the form itself moves: clearing of a cash sale, receivables of an invoice."""
    return [entry for entry in record.entries if entry.role in _HEAD_ROLES]


def _tax_code(entry: Entry, taxes: TaxRules | None) -> str | None:
    """NetSuite's tax code of a VAT entry, by external id; None where it is a line like the others."""
    if entry.role is not Role.VAT_OUTPUT or not entry.tax_code:
        return None
    if taxes is None or taxes.strategy is not TaxStrategy.SUITETAX_OVERRIDE:
        return None
    return taxes.codes.get(entry.tax_code, taxes.default_code)


def _is_sold(entry: Entry, taxes: TaxRules | None) -> bool:
    return entry.role not in _HEAD_ROLES and _tax_code(entry, taxes) is None


def _one(record: Record, entries: Iterable[Entry]) -> Entry:
    """The entry that a form has one account for; several of that account are fine."""
    found = list(entries)
    if len({entry.account for entry in found}) != 1:
        accounts = ", ".join(sorted({entry.account for entry in found})) or "none"
        raise _unsayable(record, f"one account was expected on this side, not {accounts}")
    return found[0]


def _check_applied_whole(record: Record) -> None:
    applied = sum((each.amount for each in record.applications), ZERO)
    moved = sum((entry.credit for entry in record.entries), ZERO)
    if applied != moved:
        words = f"a {record.type.value} is as large as what it is applied to: {applied} of {moved} {record.currency}"
        raise _unsayable(record, words)


def _apply(body: Json, record: Record, setting: Setting) -> None:
    """Keyed by document: of two lines on one document NetSuite would take the last, so their amounts are added."""
    amounts: dict[str, Decimal] = {}
    for each in record.applications:
        document = each.id or setting.applied[each.external_id]
        amounts[document] = amounts.get(document, ZERO) + each.amount
    items = [{"doc": {"id": document}, "apply": True, "amount": amount} for document, amount in amounts.items()]
    body["apply"] = {"items": items}


def _unsayable(record: Record, words: str) -> NeedsAttention:
    return NeedsAttention(Reason.FIGURES_DISAGREE, {"record": record.external_id, "detail": words})


_BODIES: Mapping[RecordType, Callable[[Record, Setting], Json]] = {
    RecordType.CUSTOMER_PAYMENT: _payment,
    RecordType.CUSTOMER_REFUND: _refund,
    RecordType.VENDOR_BILL: _bill,
    RecordType.VENDOR_CREDIT: _bill,
    RecordType.VENDOR_PAYMENT: _vendor_payment,
    RecordType.JOURNAL: _journal,
    RecordType.CASH_SALE: _sale,
    RecordType.CASH_REFUND: _sale,
    RecordType.INVOICE: _sale,
    RecordType.CREDIT_MEMO: _sale,
}
