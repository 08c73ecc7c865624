"""The operator's payment provider: what buyers paid and were given back, as its report has it, a row a payment."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from sandbox.demo.books import ZERO, Life, Row, lives_of, read_books
from sandbox.demo.command_line import CommandLine
from sandbox.demo.money import gross_of_line, gross_of_refund
from sandbox.demo.owing import Taken, is_operators, principals
from sandbox.demo.twin_control import TwinControl
from tieout.config import Config

CAPTURE, REFUND, PAID_BACK = "CAPTURE", "REFUND", "REFUNDED"
Totals = Mapping[tuple[str, str], Taken]
"""By marketplace and currency."""
COLUMNS = ("report", "id", "date", "kind", "currency", "amount", "gift_card", "operator", "vat", "fee")
FEE = Decimal("0.014")
"""Of what customers pay, and nothing of it comes back with a refund."""
CENT = Decimal("0.01")


class Payment(NamedTuple):
    """One row: of an order, or of a refund."""

    id: str
    kind: str
    currency: str
    amount: Decimal
    vat: Decimal

    @property
    def fee(self) -> Decimal:
        """What the provider keeps."""
        return ZERO if self.kind == REFUND else (self.amount * FEE).quantize(CENT)


def reported(people: CommandLine, config: Config, control: TwinControl, day: date, out: Path) -> Totals:
    """What customers paid each operator: the report is shown, and agreed to by its hash. Answers what it adds up to."""
    names = [name for name in config.marketplaces if is_operators(config, name)]
    lives = lives_of(read_books(control, names)) if names else []
    taken: dict[tuple[str, str], Taken] = {}
    for name in names:
        payments = payments_of((one for one in lives if one.marketplace == name), sells=name in principals(config))
        file = out / f"payments-{name}.csv"
        write_report(file, day.isoformat(), day, payments)
        asked = ("bank", "captures", str(file), "--marketplace", name)
        people.tieout(*asked, "--post", str(people.asked(*asked)["hash"]))
        taken |= taken_of(name, payments)
    return taken


def payments_of(lives: Iterable[Life], *, sells: bool) -> list[Payment]:
    """Every order that was debited, and every refund that was paid. `sells`: the operator does, and owes the VAT."""
    return [payment for life in lives for payment in _of(life, sells=sells) if payment.amount]


def write_report(file: Path, name: str, day: date, payments: Iterable[Payment]) -> None:
    """The report as `tieout bank captures` takes it, all of one day."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        for one in payments:
            writer.writerow(
                (name, one.id, day.isoformat(), one.kind, one.currency, one.amount, "", "", one.vat, one.fee)
            )


def taken_of(marketplace: str, payments: Iterable[Payment]) -> Totals:
    """What payments add up to."""
    found: dict[tuple[str, str], Taken] = {}
    for one in payments:
        before = found.get((marketplace, one.currency), Taken())
        is_refund = one.kind == REFUND
        found[marketplace, one.currency] = Taken(
            captured=before.captured + (ZERO if is_refund else one.amount),
            refunded=before.refunded + (one.amount if is_refund else ZERO),
            vat=before.vat + (-one.vat if is_refund else one.vat),
            fees=before.fees + one.fee,
        )
    return found


def _of(life: Life, *, sells: bool) -> Iterator[Payment]:
    currency = str(life.order["currency_iso_code"])
    if life.order.get("customer_directly_pays_seller"):
        return
    lines = [line for line in life.lines if line.get("debited_date")]
    paid = sum((gross_of_line(life, line).total for line in lines), ZERO)
    owed = sum((_vat_of_line(life, line) for line in lines), ZERO) if sells else ZERO
    yield Payment(life.id, CAPTURE, currency, paid, owed)
    for line in lines:
        for refund in line.get("refunds") or []:
            if (refund.get("refund_state") or refund.get("state")) == PAID_BACK:
                amount = gross_of_refund(life, refund).total
                yield Payment(str(refund["id"]), REFUND, currency, amount, _vat(refund) if sells else ZERO)


def _vat_of_line(life: Life, line: Row) -> Decimal:
    if not gross_of_line(life, line).total:
        return ZERO
    return _vat(line) - sum((_vat(one) for one in line.get("cancelations") or []), ZERO)


def _vat(row: Row) -> Decimal:
    taxes = [*(row.get("taxes") or []), *(row.get("shipping_taxes") or [])]
    return sum((Decimal(tax["amount"]) for tax in taxes), ZERO)
