"""What is sold and given back where NetSuite holds no invoices: revenue and its tax, in a journal or in cash sales.

A principal's books have the same lines from the other side: what the goods cost, as a bill of the shop's.

Tax inside the price is taken out by the order's own taxes, never by a rate of ours: price and shipping of an order line
that come together have its tax to the cent; a part of it has its share, rounded half-up.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tieout.domain.ledger.journal import Part, Unit
from tieout.domain.ledger.payments import memo_of
from tieout.domain.ledger.periods import period_of
from tieout.domain.ledger.piles import Pile
from tieout.domain.ledger.proof import Held
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import Mode
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry, seller_as_vendor
from tieout.domain.ledger.sorting import Sorter
from tieout.domain.money import ZERO, rounded
from tieout.domain.reconcile.breaks import Code

Group = tuple[date, str, str]
"""Day, order and refund; of a journal the day alone."""


class Goods:
    """Units for the journals, and cash sales with their refunds. Raises UnmappedRoleError."""

    def __init__(self, run: Run, sorter: Sorter) -> None:
        self._run = run
        self._cycle = sorter.cycle
        self._goods = sorter.out.goods
        self._sums: dict[Group, dict[Part, Decimal]] = {}
        self._piles: dict[Group, Pile] = {}
        self.records: list[Record] = []
        self.rest: dict[date, list[Unit]] = {}
        self.held: list[Held] = []

    def make(self) -> None:
        """Sum up by account; then one unit a day, or one cash sale or refund each."""
        by_order = self._run.rules.mode is Mode.CASH_SALE
        priced: dict[tuple[date, str, str, str], list[tuple[str, Part, Decimal]]] = {}
        for (day, order_id, refund_id, part, order_line, kind), pile in self._goods.items():
            group = (day, order_id, refund_id) if by_order else (day, "", "")
            self._piles.setdefault(group, Pile()).put(pile)
            if order_line:
                priced.setdefault((day, order_id, refund_id, order_line), []).append((kind, part, pile.amount))
            else:
                self._count(group, part, pile.amount)
        for (day, order_id, refund_id, order_line), prices in priced.items():
            group = (day, order_id, refund_id) if by_order else (day, "", "")
            self._take_tax_out(group, order_id, order_line, sorted(prices))
        if self.held:
            return
        for group in sorted(self._piles):
            self._book(group)

    def _count(self, group: Group, part: Part, amount: Decimal) -> None:
        sums = self._sums.setdefault(group, {})
        sums[part] = sums.get(part, ZERO) + amount

    def _take_tax_out(
        self, group: Group, order_id: str, order_line: str, prices: list[tuple[str, Part, Decimal]]
    ) -> None:
        """Price and shipping of an order line in turn, so that what was rounded for one is made up by the other."""
        sold = self._run.sold_line(order_id, order_line)
        if sold is None or not sold.gross:
            words = f"the tax inside the price of order line {order_line} is not known: its order was not read"
            self.held.append(Held(Code.TAX_PRESENTATION_UNKNOWN, order_id, words))
            return
        day, currency = group[0], self._cycle.currency
        so_far = ZERO
        taken = dict.fromkeys(sold.taxes, ZERO)
        for _, part, amount in prices:
            so_far += amount
            net = amount
            for code, whole in sold.taxes.items():
                tax = rounded(whole * so_far / sold.gross, currency) - taken[code]
                taken[code] += tax
                net -= tax
                account = self._run.accounts.account(Role.VAT_OUTPUT, currency, day)
                self._count(group, Part(role=Role.VAT_OUTPUT, account=account, tax_code=code), tax)
            self._count(group, part, net)

    def _book(self, group: Group) -> None:
        pile = self._piles[group]
        parts = tuple(sorted(self._sums.get(group, {}).items()))
        day, order_id, refund_id = group
        is_sale = not refund_id and pile.amount > 0
        is_refund = bool(refund_id) and pile.amount < 0
        if self._run.rules.mode is Mode.OPERATOR_PRINCIPAL and pile.amount:
            self._buy(group, pile, parts)
        elif self._run.rules.mode is Mode.CASH_SALE and order_id and (is_sale or is_refund):
            self._add(group, pile, parts)
        else:
            self.rest.setdefault(day, []).append(Unit(parts=parts, pile=pile))

    def _add(self, group: Group, pile: Pile, parts: tuple[tuple[Part, Decimal], ...]) -> None:
        run, currency = self._run, self._cycle.currency
        day, order_id, refund_id = group
        source = f"{refund_id or order_id}-{self._cycle.id}-{period_of(day)}"
        clearing = run.accounts.account(run.side.control, currency, day)
        entries = [
            entry(part.role, part.account, -amount, tax_code=part.tax_code or None) for part, amount in parts if amount
        ]
        self.records.append(
            Record(
                external_id=run.id_of("CR" if refund_id else "CS", source),
                type=RecordType.CASH_REFUND if refund_id else RecordType.CASH_SALE,
                marketplace=run.rules.marketplace,
                cycle=self._cycle.id,
                day=day,
                currency=currency,
                entries=(entry(run.side.control, clearing, pile.amount), *entries),
                source_line_ids=tuple(sorted(pile.ids)),
                entity=run.rules.customer or None,
                memo=memo_of(self._cycle.voucher, self._cycle.id),
                order_id=order_id,
            )
        )

    def _buy(self, group: Group, pile: Pile, parts: tuple[tuple[Part, Decimal], ...]) -> None:
        run, currency = self._run, self._cycle.currency
        day = group[0]
        supplier = seller_as_vendor(run.rules, self._cycle.shop)
        payable = run.accounts.account(run.side.control, currency, day)
        gives_back = pile.amount < 0
        self.records.append(
            Record(
                external_id=run.id_of("VC" if gives_back else "BILL", f"{self._cycle.id}-{period_of(day)}"),
                type=RecordType.VENDOR_CREDIT if gives_back else RecordType.VENDOR_BILL,
                marketplace=run.rules.marketplace,
                cycle=self._cycle.id,
                day=day,
                currency=currency,
                entries=(
                    *(entry(part.role, part.account, amount) for part, amount in parts if amount),
                    entry(run.side.control, payable, -pile.amount, entity=supplier),
                ),
                source_line_ids=tuple(sorted(pile.ids)),
                entity=supplier,
                memo=memo_of(self._cycle.voucher, self._cycle.id),
            )
        )
