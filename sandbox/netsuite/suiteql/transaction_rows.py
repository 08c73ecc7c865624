"""Rows of a document: its header, its lines, its tax details and where it ships to."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.netsuite.fulfilment_fields import SHIPPED, TRACKING
from sandbox.netsuite.gl import extras_of, is_posted, postings
from sandbox.netsuite.periods import period_of
from sandbox.netsuite.record_types import MADE, RECORD_TYPES
from sandbox.netsuite.settlement_fields import SETTLED
from sandbox.netsuite.store import Record, Store
from sandbox.netsuite.suiteql.tables import PARCELS
from sandbox.netsuite.suiteql.values import Row, SqlValue, day_in, flag_in, id_in, number_in, text_in

# Transactions that post to the ledger as soon as they are saved.
_NON_POSTING = ("SalesOrd", "RtnAuth")
_GIVEN_BACK = ("CustCred", "CashRfnd", "CustRfnd")
_ADDRESS = ("addressee", "attention", "addr1", "addr2", "city", "state", "zip", "country", "addrPhone")


_COMING_BACK = ("creditMemo", "returnAuthorization", "itemReceipt", "cashRefund")
# What NetSuite calls the link between two documents, where that is known.
_LINKS = {
    ("salesOrder", "itemFulfillment"): "ShipRcpt",
    ("salesOrder", "invoice"): "OrdBill",
    ("returnAuthorization", "itemReceipt"): "ShipRcpt",
    ("returnAuthorization", "creditMemo"): "OrdBill",
}


class TransactionRows:
    """Writes documents; `moment` puts a moment into the user's time zone."""

    def __init__(self, store: Store, moment: Callable[[datetime], str]) -> None:
        self._store = store
        self.moment = moment

    def of(self, record: Record) -> Iterator[tuple[str, Row]]:
        values, kind = record.values, RECORD_TYPES[record.kind]
        total, tax = values.get("total", Decimal(0)), values.get("taxTotal", Decimal(0))
        rate = values.get("exchangeRate") or Decimal(1)
        number = int(record.id)
        # Purchases and what is given back are negative in SuiteQL's header, sales positive.
        sign = -1 if kind.suiteql_type.startswith("Vend") or kind.suiteql_type in _GIVEN_BACK else 1
        row: Row = {
            "id": number,
            "tranid": values.get("tranId"),
            "transactionnumber": values.get("transactionNumber"),
            "externalid": record.external_id,
            "type": kind.suiteql_type,
            "recordtype": record.kind.lower(),
            "abbrevtype": kind.suiteql_type,
            "status": values.get("shipStatus") or values.get("status"),
            "entity": id_in(values.get("entity")),
            "currency": id_in(values.get("currency")),
            "exchangerate": number_in(rate),
            "trandate": day_in(values.get("tranDate")),
            "trandisplayname": f"{kind.label} #{values.get('tranId')}",
            "foreigntotal": number_in(sign * total),
            "total": number_in(sign * (total * rate).quantize(Decimal("0.01"))),
            "taxtotal": number_in(sign * tax),
            "otherrefnum": values.get("otherRefNum"),
            "memo": values.get("memo"),
            "createddate": self.moment(record.created),
            "lastmodifieddate": self.moment(record.modified),
            "posting": flag_in(_posts(kind.suiteql_type, record)),
            "voided": "F",
            "postingperiod": id_in(values.get("postingPeriod") or self._period(values.get("tranDate"))),
            "source": values.get("source"),
            "shipdate": day_in(values.get("shipDate")),
            "customform": id_in(values.get("customForm")),
            "shipmethod": id_in(values.get("shipMethod")),
            "approvalstatus": id_in(values.get("approvalStatus")),
            "reversaldate": day_in(values.get("reversalDate")),
            "reversal": id_in(values.get("reversalEntry")),
            "isreversal": flag_in(values.get("isReversal")),
        }
        if values.get("shippingAddress"):
            row["shippingaddress"] = number
            address = values["shippingAddress"]
            yield (
                "transactionshippingaddress",
                {"nkey": number} | {one.lower(): text_in(address.get(one)) for one in _ADDRESS},
            )
        for name, known in self._store.body_fields.items():
            row[name] = self._custom(known.kind, values.get(name))
        yield "transaction", row
        if record.kind == "salesOrder" or record.kind in MADE:
            yield from self._lines(record, number)
        yield from self._ledger(record, number)
        if record.kind in MADE:
            yield from self._links(record, number)
        if record.kind == "itemFulfillment":
            yield from _tracking(record, number)

    def _lines(self, record: Record, number: int) -> Iterator[tuple[str, Row]]:
        values = record.values
        subsidiary, entity = id_in(values.get("subsidiary")), id_in(values.get("entity"))
        rate = values.get("exchangeRate") or Decimal(1)
        modified = self.moment(record.modified)
        common: Row = {
            "transaction": number,
            "subsidiary": subsidiary,
            "entity": entity,
            "createdfrom": id_in(values.get("createdFrom")),
            "linelastmodifieddate": modified,
            **dict.fromkeys(("mainline", "taxline", "isclosed", "iscogs", "assemblycomponent", "kitcomponent"), "F"),
        }

        # Sales and what leaves the house are negative on their lines; credits and what comes back are positive.
        sign = 1 if record.kind in _COMING_BACK else -1

        def amounts(amount: Decimal) -> Row:
            base = (amount * rate).quantize(Decimal("0.01"))
            return {"foreignamount": number_in(amount), "netamount": number_in(base)}

        main: Row = {"id": 0, "linesequencenumber": 0, "mainline": "T", "location": id_in(values.get("location"))}
        yield "transactionline", common | main | amounts(-sign * values.get("total", Decimal(0))) | _left(record)
        last = 0
        for line in record.sublists.get("item", []):
            last = max(last, line["line"])
            row: Row = {
                "id": line["line"],
                "linesequencenumber": line["line"],
                "uniquekey": id_in(line.get("lineUniqueKey")),
                "item": id_in(line["item"]),
                "itemtype": line.get("itemType"),
                "quantity": number_in(sign * line["quantity"]),
                "rate": number_in(line.get("rate")),
                "location": id_in(line.get("location") or values.get("location")),
                "isclosed": flag_in(line.get("isClosed")),
                "memo": line.get("description"),
                "price": id_in(line.get("price")),
                "taxamount": _signed(sign, line.get("taxAmount")),
                "grossamt": _signed(sign, line.get("grossAmt")),
                "taxdetailsreference": line.get("taxDetailsReference"),
                "quantityshiprecv": number_in(line.get("quantityFulfilled", line.get("quantityReceived", Decimal(0)))),
                "quantitybilled": number_in(line.get("quantityBilled", Decimal(0))),
                **amounts(sign * line.get("amount", Decimal(0))),
            }
            for name, known in self._store.line_fields.items():
                row[name] = self._custom(known.kind, line.get(name))
            yield "transactionline", common | row
        if record.kind == "itemFulfillment" and values.get("shipStatus") == SHIPPED:
            # The cost of each line, beside it: who forgets to leave these out counts everything twice.
            for line in record.sublists.get("item", []):
                last += 1
                cost = {"id": last, "linesequencenumber": last, "item": id_in(line["item"]), "iscogs": "T"}
                yield (
                    "transactionline",
                    common | cost | {"quantity": number_in(line["quantity"]), **amounts(Decimal(0))},
                )
        for kind, amount, _ in () if record.kind == "itemFulfillment" else extras_of(record):
            last += 1
            row = {"id": last, "linesequencenumber": last, "itemtype": kind, "taxline": flag_in(kind == "TaxItem")}
            yield "transactionline", common | row | amounts(sign * amount)
        for place, detail in enumerate(record.sublists.get("taxDetails", []), start=1):
            yield (
                "transactiontaxdetail",
                {
                    "id": place,
                    "transaction": number,
                    "taxdetailsreference": detail["taxDetailsReference"],
                    "taxcode": id_in(detail["taxCode"]),
                    "taxbasis": number_in(detail["taxBasis"]),
                    "taxrate": number_in(detail.get("taxRate")),
                    "taxamount": number_in(detail["taxAmount"]),
                },
            )

    def _ledger(self, record: Record, number: int) -> Iterator[tuple[str, Row]]:
        """The general ledger's lines; where they are all that a form has for lines, the form's lines too."""
        values = record.values
        rate, posting = number_in(values.get("exchangeRate") or Decimal(1)), flag_in(is_posted(record))
        for one in postings(self._store, record):
            debit, credit = max(one.base, Decimal(0)), max(-one.base, Decimal(0))
            yield (
                "transactionaccountingline",
                {
                    "accountingbook": 1,
                    "transaction": number,
                    "transactionline": one.line,
                    "account": id_in(one.account),
                    "amount": number_in(one.base),
                    "netamount": number_in(one.base),
                    "debit": number_in(debit) if debit else None,
                    "credit": number_in(credit) if credit else None,
                    "exchangerate": rate,
                    "posting": posting,
                },
            )
            if record.kind in SETTLED:
                row: Row = {
                    "id": one.line,
                    "transaction": number,
                    "linesequencenumber": one.line,
                    "mainline": flag_in(one.line == 0 and record.kind != "journalEntry"),
                    "taxline": "F",
                    "foreignamount": number_in(one.amount),
                    "netamount": number_in(one.base),
                    "entity": id_in(one.entity or values.get("entity")),
                    "subsidiary": id_in(values.get("subsidiary")),
                    "memo": one.memo or values.get("memo"),
                    "expenseaccount": id_in(one.account),
                    **dict.fromkeys(("isclosed", "iscogs", "assemblycomponent", "kitcomponent"), "F"),
                }
                yield "transactionline", row | (_left(record) if one.line == 0 else {})

    def _links(self, record: Record, number: int) -> Iterator[tuple[str, Row]]:
        """Line by line where a document comes from."""
        source = self._store.get("transaction", record.values.get("createdFrom", ""))
        for line in record.sublists.get("item", []) if source is not None else ():
            if source is not None and line.get("orderLine") is not None:
                yield (
                    "previoustransactionlinelink",
                    {
                        "previousdoc": int(source.id),
                        "previousline": line["orderLine"],
                        "previoustype": RECORD_TYPES[source.kind].suiteql_type,
                        "nextdoc": number,
                        "nextline": line["line"],
                        "nexttype": RECORD_TYPES[record.kind].suiteql_type,
                        "linktype": _LINKS.get((source.kind, record.kind)),
                        "foreignamount": number_in(line.get("amount", Decimal(0))),
                    },
                )

    def _period(self, day: str | None) -> str | None:
        period = period_of(self._store, day)
        return None if period is None else period.id

    def _custom(self, kind: str, value: Any) -> SqlValue:
        if value is None:
            return None
        if kind == "moment":
            return self.moment(value) if isinstance(value, datetime) else None
        if kind == "day":
            return day_in(value)
        if kind == "flag":
            return flag_in(value)
        return number_in(value) if isinstance(value, Decimal) else value


def _posts(code: str, record: Record) -> bool:
    shipped = record.values.get("shipStatus", SHIPPED) == SHIPPED
    return code not in _NON_POSTING and shipped and is_posted(record)


def _left(record: Record) -> Row:
    """What is still open: of what is owed, or of a credit that can be used."""
    left = record.values.get("amountRemaining")
    if left is None:
        return {}
    owed = record.kind in ("invoice", "vendorBill")
    return {"foreignamountunpaid" if owed else "foreignpaymentamountunused": number_in(left)}


def _tracking(record: Record, number: int) -> Iterator[tuple[str, Row]]:
    """One row a parcel, whichever list it stands in."""
    for name, tracking in TRACKING.items():
        for parcel in record.sublists.get(name, []):
            if parcel.get(tracking) and parcel.get("_tracking"):
                yield PARCELS, {"transaction": number, "id": parcel["_tracking"], "number": parcel[tracking]}


def _signed(sign: int, amount: Decimal | None) -> SqlValue:
    return None if amount is None else number_in(sign * amount)
