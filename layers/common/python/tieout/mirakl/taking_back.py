"""What Mirakl is asked and told about what is taken back: cancelations, refunds, returns and their reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.json import Decoder

from tieout.domain.errors import OutcomeUnknown
from tieout.domain.orders.order import TaxAmount
from tieout.domain.returns.goods import FetchedReturn, Return
from tieout.domain.returns.refund import RefundLine
from tieout.mirakl import wire_taking_back as wire
from tieout.mirakl.connection import Calls, Connection, instant, of_order
from tieout.mirakl.refusals import refused_items
from tieout.mirakl.returns import fetched_return, read_return
from tieout.mirakl.seeking import rows
from tieout.mirakl.values import text

MOST_RETURNS = 100
"""Returns an RT25 may carry."""

_REFUNDS = Decoder(wire.MadeRefunds)
_CANCELATIONS = Decoder(wire.MadeCancelations)
_RECEIVED = Decoder(wire.ReceivedReturns)
_REASONS = Decoder(wire.Reasons)


class TakingBack:
    """The part of a connection that has to do with what is taken back."""

    _connection: Connection
    _calls: Calls
    _reasons: Mapping[str, Collection[str]] | None = None

    def cancel_lines(
        self, lines: Sequence[RefundLine], *, tax_included: bool, taxed_as_a_whole: bool = False
    ) -> list[str]:
        """OR30: all of it or nothing; answers the cancelations' ids.

        Raises NeedsAttention(REFUSED_BY_MIRAKL), also where the shop may not cancel in part. Where Mirakl works taxes
        out on the whole order, and amounts exclude them, none may be sent.
        """
        untaxed = taxed_as_a_whole and not tax_included
        cancelations = [_line(line, untaxed=untaxed) for line in lines]
        body = {"order_tax_mode": _mode(tax_included), "cancelations": cancelations}
        made = self._calls.tell(_CANCELATIONS, "OR30", "PUT", "/api/orders/cancel", body).cancelations
        return _ids("OR30", [each.cancelation_id for each in made], len(lines))

    def cancel_order(self, order_id: str) -> None:
        """OR29: all of it. Raises NeedsAttention(REFUSED_BY_MIRAKL)."""
        self._calls.write("OR29", "PUT", of_order(order_id, "cancel"))

    def refund_lines(
        self, lines: Sequence[RefundLine], *, tax_included: bool, taxed_as_a_whole: bool = False
    ) -> list[str]:
        """OR28: all of it or nothing; answers the refunds' ids. Raises NeedsAttention(REFUSED_BY_MIRAKL)."""
        untaxed = taxed_as_a_whole and not tax_included
        refunds = [_line(line, untaxed=untaxed) | _excluded(line) for line in lines]
        body = {"order_tax_mode": _mode(tax_included), "refunds": refunds}
        made = self._calls.tell(_REFUNDS, "OR28", "PUT", "/api/orders/refund", body).refunds
        return _ids("OR28", [each.refund_id for each in made], len(lines))

    def returns_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedReturn]]:
        """RT11 by update window, oldest creation first; a page may come twice."""
        window = {"return_last_updated_from": instant(start), "return_last_updated_to": instant(end)}
        for page in rows(self._calls, "RT11", "/api/returns", window):
            yield [fetched_return(raw) for raw in page]

    def read_return(self, raw: bytes) -> Return:
        """An archived return. Raises NeedsAttention(UNREADABLE_DOCUMENT)."""
        return read_return(raw)

    def receive_returns(self, return_ids: Sequence[str]) -> dict[str, str]:
        """RT25, at most 100. Answers Mirakl's words by refused return."""
        ids = list(dict.fromkeys(return_ids))
        if len(ids) > MOST_RETURNS:
            raise ValueError(f"RT25 takes {MOST_RETURNS} returns a call, not {len(ids)}")
        if not ids:
            return {}
        body = {"returns": [{"id": each} for each in ids]}
        answer = self._calls.tell(_RECEIVED, "RT25", "PUT", "/api/returns/receive", body)
        done = {each.id for each in answer.return_success or []}
        return refused_items(ids, done, {each.id: each.message for each in answer.return_errors or []})

    def reasons(self) -> Mapping[str, Collection[str]]:
        """RE01, once a process: codes that we may give, each with its types; some are the operator's alone."""
        if self._reasons is None:
            ours = self._connection.role == "operator"
            found: dict[str, set[str]] = {}
            for each in self._calls.ask(_REASONS, "RE01", "/api/reasons").reasons:
                if text(each.code) and (ours or each.is_shop_right is not False):
                    found.setdefault(text(each.code), set()).add(each.type or "")
            self._reasons = {code: frozenset(types) for code, types in found.items()}
        return self._reasons


def _mode(tax_included: bool) -> str:
    return "TAX_INCLUDED" if tax_included else "TAX_EXCLUDED"


def _line(line: RefundLine, *, untaxed: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "order_line_id": line.line_id,
        "amount": line.amount,
        "shipping_amount": line.shipping_amount,
        "quantity": line.quantity,
        "reason_code": line.reason_code,
        "currency_iso_code": line.currency,
    }
    if untaxed:
        return body
    taxes = {"taxes": _taxes(line.taxes), "shipping_taxes": _taxes(line.shipping_taxes)}
    return body | {name: listed for name, listed in taxes.items() if listed}


def _taxes(taxes: Sequence[TaxAmount]) -> list[dict[str, Any]]:
    return [{"code": tax.code, "amount": tax.amount} for tax in taxes]


def _excluded(line: RefundLine) -> dict[str, Any]:
    return {"excluded_from_shipment": True} if line.excluded_from_shipment else {}


def _ids(operation: str, ids: Sequence[str | int | None], asked: int) -> list[str]:
    """The ids of what was made. Raises OutcomeUnknown when not every line of ours has one."""
    named = [text(each) for each in ids if text(each)]
    if len(named) != asked:
        raise OutcomeUnknown(f"Mirakl answered {operation} with {len(named)} ids for {asked} lines")
    return named
