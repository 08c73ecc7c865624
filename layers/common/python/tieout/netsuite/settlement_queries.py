"""What the settlement asks in SuiteQL: documents of orders, the general ledger's lines, balances, and the chart.

In `transactionaccountingline` amounts are in the subsidiary's currency; `transactionline.foreignamount` is in the
transaction's. Sides are told by debit and credit, so that nothing hangs on the sign of a foreign amount.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal

from tieout.domain.ledger.gl import Balance, GlLine, VendorBalance
from tieout.domain.ledger.line import Booked
from tieout.domain.money import ZERO, rounded
from tieout.netsuite.booked import spellings
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import KEY, LONGEST_REFERENCE, MARKETPLACE, ORDER_ID
from tieout.netsuite.suiteql import Row, chunks, groups, in_list, rows

KEYS = 500
"""Order ids a question: each is bound twice, and Oracle takes a list of no more than a thousand."""
_ITEM = "TIEOUT-"
_BACK = frozenset({"CustCred", "CashRfnd"})
_STATUS: Mapping[tuple[str, str], str] = {
    ("CustInvc", "A"): "open",
    ("CustInvc", "B"): "paidInFull",
    ("CustCred", "A"): "open",
    ("CustCred", "B"): "fullyApplied",
    ("VendBill", "A"): "open",
    ("VendBill", "B"): "paidInFull",
}

_DOCUMENT = f"""
SELECT t.id, t.externalid, t.type, t.tranid, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS day, c.symbol, t.foreigntotal,
  t.taxtotal, t.status, t.entity, t.otherrefnum, t.{ORDER_ID} AS order_id, t.{KEY} AS key,
  t.{MARKETPLACE} AS marketplace, m.foreignamountunpaid, m.foreignpaymentamountunused
FROM transaction t LEFT JOIN currency c ON c.id = t.currency
LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
"""  # noqa: S608  names of ours, never data
_OF_ORDERS = f"""{_DOCUMENT}
WHERE t.type IN ('CustInvc', 'CustCred', 'CashSale', 'CashRfnd') AND NVL(t.voided, 'F') = 'F'
  AND (t.{ORDER_ID} IN ({{}}) OR t.otherrefnum IN ({{}}))
"""
_OF_MARKETPLACE = f"""{_DOCUMENT}
WHERE t.type IN ('CustInvc', 'CustCred', 'CashSale', 'CashRfnd') AND NVL(t.voided, 'F') = 'F'
  AND t.{MARKETPLACE} = ? AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD') AND t.id > ? ORDER BY t.id
"""
_BY_EXTERNAL_ID = f"{_DOCUMENT} WHERE t.externalid IN ({{}})"
_IDS = "SELECT t.id, t.externalid FROM transaction t WHERE t.externalid IN ({})"

_FOREIGN = """CASE WHEN NVL(tal.credit, 0) <> 0 OR tal.amount < 0 THEN -ABS(NVL(tl.foreignamount, 0))
  WHEN NVL(tal.debit, 0) <> 0 OR tal.amount > 0 THEN ABS(NVL(tl.foreignamount, 0)) ELSE NVL(tl.foreignamount, 0) END"""
_LINES = f"""
SELECT t.id, t.externalid, t.type, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS day, c.symbol, a.acctnumber,
  tal.transactionline AS line, tal.amount, tal.posting, {_FOREIGN} AS moved, tl.entity, tl.memo
FROM transaction t JOIN transactionaccountingline tal ON tal.transaction = t.id
JOIN account a ON a.id = tal.account
LEFT JOIN transactionline tl ON tl.transaction = tal.transaction AND tl.id = tal.transactionline
LEFT JOIN currency c ON c.id = t.currency
WHERE t.externalid IN ({{}}) AND NVL(tal.accountingbook, 1) = 1
  AND t.id > ? ORDER BY t.id, tal.transactionline
"""  # noqa: S608  names of ours, never data
_BALANCES = f"""
SELECT a.acctnumber, c.symbol, SUM({_FOREIGN}) AS moved, SUM(tal.amount) AS base
FROM transactionaccountingline tal JOIN transaction t ON t.id = tal.transaction
JOIN account a ON a.id = tal.account
LEFT JOIN transactionline tl ON tl.transaction = tal.transaction AND tl.id = tal.transactionline
LEFT JOIN currency c ON c.id = t.currency
WHERE a.acctnumber IN ({{}}) AND tal.posting = 'T' AND NVL(tal.accountingbook, 1) = 1{{}}
GROUP BY a.acctnumber, c.symbol
"""  # noqa: S608  names of ours, never data
_VENDORS = f"""
SELECT v.externalid, c.symbol, SUM({_FOREIGN}) AS moved
FROM transactionaccountingline tal JOIN transaction t ON t.id = tal.transaction
JOIN account a ON a.id = tal.account
JOIN transactionline tl ON tl.transaction = tal.transaction AND tl.id = tal.transactionline
JOIN vendor v ON v.id = tl.entity
LEFT JOIN currency c ON c.id = t.currency
WHERE a.acctnumber = ? AND tal.posting = 'T' AND NVL(tal.accountingbook, 1) = 1
  AND t.trandate <= TO_DATE(?, 'YYYY-MM-DD') AND v.externalid IS NOT NULL
GROUP BY v.externalid, c.symbol
"""  # noqa: S608  names of ours, never data
_UNTIL = " AND t.trandate <= TO_DATE(?, 'YYYY-MM-DD')"
_ACCOUNTS = "SELECT id, acctnumber FROM account WHERE isinactive = 'F' AND acctnumber IN ({})"
_ITEMS = """
SELECT i.id, i.itemid, a.acctnumber FROM item i LEFT JOIN account a ON a.id = i.incomeaccount
WHERE i.isinactive = 'F' AND i.itemid IN ({})
"""


def documents_of(connection: Connection, order_ids: Collection[str]) -> list[Booked]:
    """Documents of these orders, by their own field, or by the customer's reference where that field is empty."""
    found: dict[str, Booked] = {}
    for chunk in chunks(order_ids, KEYS):
        whole = {order_id[:LONGEST_REFERENCE]: order_id for order_id in chunk}
        query = _OF_ORDERS.format(in_list(chunk), in_list(chunk))
        for row in rows(connection, query, [*chunk, *(each[:LONGEST_REFERENCE] for each in chunk)]):
            order_id = row.get("order_id") or whole.get(row.get("otherrefnum", ""), "")
            if order_id in whole.values():
                found[row["id"]] = _document(row, order_id)
    return list(found.values())


def documents_of_marketplace(connection: Connection, marketplace: str, since: date) -> Iterator[list[Booked]]:
    """Pages of documents that bear the marketplace's name in their own field; one question a page."""
    for page in groups(connection, _OF_MARKETPLACE, (marketplace, since.isoformat())):
        yield [_document(lines[0], lines[0].get("order_id")) for lines in page]


def documents_by_external_id(connection: Connection, external_ids: Collection[str]) -> dict[str, Booked]:
    """Transactions of any type, by the external id that was asked for."""
    return {
        wanted: _document(row, row.get("order_id"))
        for wanted, row in _by_external_id(connection, external_ids, _BY_EXTERNAL_ID.format)
    }


def ids_by_external_id(connection: Connection, external_ids: Collection[str]) -> dict[str, str]:
    """Internal ids, by the external id that was asked for."""
    found = _by_external_id(connection, external_ids, _IDS.format)
    return {wanted: row["id"] for wanted, row in found}


def gl_lines(connection: Connection, external_ids: Collection[str]) -> list[GlLine]:
    """Lines of the primary accounting book, by transaction."""
    found: list[GlLine] = []
    for spelt in spellings(external_ids):
        for page in groups(connection, _LINES.format(in_list(spelt)), spelt):
            found += [_gl_line(row) for lines in page for row in lines]
    return found


def balances(connection: Connection, accounts: Collection[str], until: date | None) -> list[Balance]:
    """Sums of what is posted, by account and transaction currency; an account without postings is not there."""
    found: list[Balance] = []
    for chunk in chunks(accounts):
        query = _BALANCES.format(in_list(chunk), _UNTIL if until else "")
        for row in rows(connection, query, [*chunk, *([until.isoformat()] if until else [])]):
            currency = row.get("symbol", "")
            found.append(
                Balance(
                    account=row["acctnumber"],
                    currency=currency,
                    # Sums may come back with the dust of binary arithmetic on them.
                    amount=rounded(_number(row, "moved"), currency),
                    base=_number(row, "base").quantize(Decimal("0.001")),
                )
            )
    return found


def vendor_balances(connection: Connection, account: str, until: date) -> list[VendorBalance]:
    """Sums of what is posted on an account, by vendor that has an external id, and by transaction currency."""
    return [
        VendorBalance(
            vendor=row["externalid"],
            currency=row.get("symbol", ""),
            amount=rounded(_number(row, "moved"), row.get("symbol", "")),
        )
        for row in rows(connection, _VENDORS, [account, until.isoformat()])
    ]


def account_ids(connection: Connection, numbers: Collection[str]) -> dict[str, str]:
    """Internal ids of active accounts by number; a number that is not there, or is there twice, is left out."""
    found: dict[str, set[str]] = {}
    for chunk in chunks(numbers):
        for row in rows(connection, _ACCOUNTS.format(in_list(chunk)), chunk):
            found.setdefault(row["acctnumber"], set()).add(row["id"])
    return {number: next(iter(ids)) for number, ids in found.items() if len(ids) == 1}


def item_of(account: str) -> str:
    """Name of the item that stands for an account on forms of sale, which know items only."""
    return _ITEM + account


def account_items(connection: Connection, accounts: Collection[str]) -> dict[str, str]:
    """Internal ids of these items by account; one whose income account is another is left out."""
    names = {item_of(number): number for number in accounts}
    found: dict[str, str] = {}
    for chunk in chunks(names):
        for row in rows(connection, _ITEMS.format(in_list(chunk)), chunk):
            number = names[row["itemid"]]
            if row.get("acctnumber") == number:
                found[number] = row["id"]
    return found


def _by_external_id(
    connection: Connection, external_ids: Collection[str], query: Callable[[str], str]
) -> Iterator[tuple[str, Row]]:
    asked = {external_id.upper(): external_id for external_id in external_ids}
    for spelt in spellings(external_ids):
        for row in rows(connection, query(in_list(spelt)), spelt):
            wanted = asked.get(row["externalid"].upper())
            if wanted is not None:
                yield wanted, row


def _document(row: Row, order_id: str | None) -> Booked:
    kind = row["type"]
    marketplace = row.get("marketplace", "")
    key, memo_of = row.get("key") or row.get("externalid", ""), f"T-{marketplace}-CM-"
    unpaid = row.get("foreignpaymentamountunused" if kind in _BACK else "foreignamountunpaid")
    status = row.get("status", "")
    total = abs(_number(row, "foreigntotal"))
    return Booked(
        external_id=row.get("externalid", ""),
        type=kind,
        number=row.get("tranid", ""),
        day=date.fromisoformat(row["day"]),
        currency=row.get("symbol", ""),
        total=total,
        tax=abs(_number(row, "taxtotal")) if "taxtotal" in row else None,
        entity=row.get("entity", ""),
        order_id=order_id or None,
        refund_id=key.removeprefix(memo_of) if kind == "CustCred" and key.startswith(memo_of) else None,
        status=_STATUS.get((kind, status), status),
        id=row["id"],
        unpaid=abs(Decimal(unpaid)) if unpaid is not None else None,
    )


def _gl_line(row: Row) -> GlLine:
    currency = row.get("symbol", "")
    moved = rounded(_number(row, "moved"), currency)
    return GlLine(
        external_id=row["externalid"],
        account=row.get("acctnumber", ""),
        currency=currency,
        debit=max(moved, ZERO),
        credit=max(-moved, ZERO),
        base=_number(row, "amount"),
        day=date.fromisoformat(row["day"]),
        type=row["type"],
        transaction=row["id"],
        line=int(row["line"]),
        posts=row.get("posting") == "T",
        entity=row.get("entity", ""),
        memo=row.get("memo", ""),
    )


def _number(row: Row, column: str) -> Decimal:
    return Decimal(row.get(column, "0"))
