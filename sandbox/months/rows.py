"""A month in the vendors' own shapes: OR11, TL02, SBC11, IV01, OF21, and NetSuite's rows as SuiteQL gives them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import text_of
from sandbox.invented.catalogue import Article
from sandbox.months.model import Booked, Cycle, Entry, Order, OrderLine, Paper, Refund, Shop, Tax
from sandbox.months.money import half_up, number

Row = dict[str, Any]
_PSP = "NOT_SPECIFIED"
_STATES = ("PENDING", "PAYABLE", "PAID")


def rate(basis_points: int) -> Decimal | int:
    return number(basis_points, 2)


class Rows:
    """Writes one marketplace's month; amounts at the currency's exponent."""

    def __init__(self, shop: Shop, articles: list[Article]) -> None:
        self._shop, self._market, self._articles = shop, shop.market, articles
        self._orders: dict[str, Row] = {}

    def orders(self) -> list[Row]:
        return [self._order(order) for order in self._shop.orders if order.id not in self._shop.unknown]

    def lines(self) -> list[Row]:
        return [self._entry(entry) for entry in self._shop.entries]

    def cycles(self) -> list[Row]:
        return [self._cycle(cycle) for cycle in self._shop.cycles]

    def documents(self) -> list[Row]:
        return [self._paper(paper) for paper in self._shop.papers]

    def accounts(self) -> list[Row]:
        """A01, as far as money goes: what is in each state, and what of the reserve was funded and not settled."""
        entries = self._shop.entries
        held = -sum(entry.amount for entry in entries if entry.type.startswith("RESERVE_"))
        states = {each: sum(entry.amount for entry in entries if entry.state == each) for each in _STATES}
        return [
            {
                "shop_id": self._market.shop,
                "currency_iso_code": self._market.currency,
                "payment_details": {f"{each.lower()}_balance": self._money(states[each]) for each in _STATES}
                | {"reserve_balance": self._money(held + self._shop.reserve_off), "sub_balances": []},
            }
        ]

    def offers(self) -> list[Row]:
        return [
            {
                "offer_id": 1_000_000 + int(article.sku[:5]),
                "shop_sku": article.sku,
                "product_sku": f"P{article.sku}",
                "product_title": article.title,
                "price": self._money(half_up(int(article.price * 100) * self._market.unit, 100)),
                "quantity": article.stock,
                "state_code": "11",
                "active": article.active,
                "currency_iso_code": self._market.currency,
            }
            for article in self._articles
        ]

    def booked(self) -> list[Row]:
        return [self._booked(each) for each in self._shop.booked]

    def _money(self, minor: int) -> Decimal | int:
        return number(minor, self._market.exponent)

    def _entry(self, entry: Entry) -> Row:
        market, at = self._market, text_of(entry.created)
        cycle = None if entry.cycle is None else self._shop.cycles[entry.cycle]
        row = {
            "id": entry.id,
            "type": entry.type,
            "date_created": at,
            "last_updated": at,
            "currency_iso_code": market.currency,
            "amount": self._money(entry.amount),
            "amount_credited": self._money(max(entry.amount, 0)),
            "amount_debited": self._money(max(-entry.amount, 0)),
            "balance": self._money(entry.balance),
            "psp_balance": self._money(entry.balance),
            "payment_state": entry.state,
            "seller_billing_cycle_id": cycle.id if cycle else None,
            "payment_voucher_number": cycle.voucher if cycle else None,
            "pay_out_psp_code": _PSP,
            "shop": {
                "id": market.shop,
                "model": "MARKETPLACE",
                "operator_internal_id": f"OP-{market.shop}",
                "domains": ["PRODUCT"],
            },
            "entities": self._entities(entry),
        }
        if entry.document:
            row |= {"accounting_document_number": entry.document, "accounting_document_creation_date": at}
        return row

    def _entities(self, entry: Entry) -> Row:
        coded = {"fee": entry.fee_code, "order_fee": entry.order_fee_code}
        taxes = {"order_tax": entry.order_tax, "shop_tax": entry.shop_tax}
        named: Row = {"refund": {"id": entry.refund}} if entry.refund else {}
        named |= {name: {"code": tax.code, "rate": rate(tax.rate)} for name, tax in taxes.items() if tax}
        named |= {name: {"code": code} for name, code in coded.items() if code}
        if entry.order:
            named |= {"domain": "PRODUCT", "order": self._named(entry.order)}
        if entry.line:
            named["order_line"] = {"id": entry.line}
        if entry.debit:
            named |= {"debit": {"id": entry.debit}, "shipment": {"id": entry.debit.replace("-D", "-S")}}
        if entry.manual:
            named["manual_accounting_document"] = {"number": entry.manual, "emission_date": text_of(entry.created)}
        if entry.one_off:
            named["one_off_item"] = {"description": entry.one_off, "quantity": 1}
        return named

    def _named(self, order: Order) -> Row:
        known = self._orders.get(order.id)
        if known is None:
            known = self._orders[order.id] = {
                "id": order.id,
                "commercial_id": str(order.number),
                "creation_date": text_of(order.created),
                "payment_info": {"payment_type": "CARD", "imprint_number": None},
                "references": _references(order),
            }
        return known

    def _cycle(self, cycle: Cycle) -> Row:
        market = self._market
        paid: Row = {"state": cycle.state}
        if cycle.reference and cycle.paid_at:
            paid |= {"reference": cycle.reference, "transaction_date": text_of(cycle.paid_at)}
        if cycle.failure:
            paid["failure_reason"] = cycle.failure
        return {
            "id": cycle.id,
            "date_created": text_of(cycle.end),
            "currency_iso_code": market.currency,
            "payment_voucher_number": cycle.voucher,
            "amount_transferred_to_seller": self._money(cycle.to_seller),
            "amount_transferred_to_operator": self._money(cycle.to_operator),
            "pay_out": paid,
            "pay_out_psp_code": _PSP,
            "shop": {
                "shop_id": market.shop,
                "shop_name": "The Gift Shop",
                "shop_corporate_name": "Gift Shop Ltd",
                "shop_model": "MARKETPLACE",
                "shop_operator_internal_id": f"OP-{market.shop}",
            },
            "summary": {name: self._money(total) for name, total in cycle.summary.items()},
        }

    def _paper(self, paper: Paper) -> Row:
        cycle, issued = self._shop.cycles[paper.cycle], text_of(paper.issued)
        taxes = [{"code": "TAXDEFAULT", "amount": self._money(paper.vat)}] if paper.vat else []
        detail: Row = {
            "description": paper.description,
            "quantity": 1,
            "amount_excl_taxes": self._money(paper.net),
            "taxes": taxes,
        }
        row: Row = {
            "id": paper.id,
            "invoice_id": int(paper.number),
            "type": paper.type,
            "state": "COMPLETE",
            "currency_iso_code": self._market.currency,
            "date_created": issued,
            "issue_date": issued,
        }
        fees = paper.type == "AUTO_INVOICE"
        if fees:
            row |= {
                "due_date": text_of(cycle.end + timedelta(days=2)),
                "start_time": text_of(cycle.start),
                "end_time": text_of(cycle.end),
            }
        else:
            detail["operation_date"] = issued
        row |= {
            "seller_billing_cycle_id": cycle.id,
            "shop_id": self._market.shop,
            "shop_name": "The Gift Shop",
            "shop_model": "MARKETPLACE",
            "pay_out_psp_code": _PSP,
            "issuing_user": {"type": "BATCH", "information": "Automatic action"}
            if fees
            else {"type": "OPERATOR", "information": "Marketplace support"},
        }
        if fees:
            row["payment"] = {
                "state": "PAID" if cycle.paid_at else "PENDING",
                "reference": cycle.reference,
                "transaction_date": text_of(cycle.paid_at) if cycle.paid_at else None,
            }
        gross = self._money(paper.net + paper.vat)
        return row | {
            "details": [detail],
            "total_amount_excl_taxes": self._money(paper.net),
            "total_amount_incl_taxes": gross,
            "total_charged_amount": gross,
            "total_taxes": taxes,
        }

    def _booked(self, each: Booked) -> Row:
        row: Row = {
            "externalid": each.external_id,
            "type": each.type,
            "tranid": each.number,
            "trandate": each.day.isoformat(),
            "currency": each.currency,
            "entity": self._market.name,
            "otherrefnum": each.order_id,
            "custbody_tieout_order": each.order_id,
        }
        if each.refund_id:
            row["custbody_tieout_refund"] = each.refund_id
        return row | {
            "foreigntotal": self._money(each.total),
            "taxtotal": self._money(each.tax),
            "status": each.status,
        }

    def _order(self, order: Order) -> Row:
        created, debited = text_of(order.created), text_of(order.created + timedelta(minutes=30))
        live = order.state not in {"REFUSED", "CANCELED"} or order.kind == "cancelled"
        lines = [self._line(order, place, line, created, debited) for place, line in enumerate(order.lines, start=1)]
        sums = {
            name: sum(row[name] for row in lines)
            for name in ("price", "shipping_price", "total_price", "total_commission")
        }
        shipped = order.shipped if order.invoiced else None
        row: Row = {
            "order_id": order.id,
            "commercial_id": str(order.number),
            "created_date": created,
            "last_updated_date": text_of(order.received if order.settled else order.created + timedelta(minutes=31)),
            "order_state": order.state,
            "order_state_reason_code": None if live else "OUT_OF_STOCK",
            "order_tax_mode": "TAX_INCLUDED" if self._market.tax_included else "TAX_EXCLUDED",
            "currency_iso_code": self._market.currency,
            "can_cancel": False,
            "can_shop_ship": live,
            "channel": None,
            "customer": order.customer,
            "customer_notification_email": f"notification+{order.number:016x}@notification.example",
            "customer_debited_date": debited if live and order.kind != "direct" else None,
            "acceptance_decision_date": text_of(order.created + timedelta(minutes=10)),
            "customer_directly_pays_seller": order.kind == "direct",
            "fulfillment": {"center": {"code": "DEFAULT"}},
            "fully_refunded": False,
            "has_customer_message": False,
            "has_incident": False,
            "has_invoice": False,
            "leadtime_to_ship": 2,
            "shipping_deadline": text_of(order.created + timedelta(days=3)),
            "payment_type": "CARD",
            "payment_workflow": "PAY_ON_SHIPMENT" if order.kind == "parts" else "PAY_ON_ACCEPTANCE",
            "transaction_number": f"TX{order.number}",
            "transaction_date": debited if live else None,
            **sums,
            "order_additional_fields": [],
            "order_lines": lines,
            "promotions": self._promotions(order),
            "references": _references(order),
            "shipping_type_code": "STD",
            "shipping_type_label": "Standard",
            "shipping_zone_code": "DOM",
            "shipping_carrier_code": "ROYALMAIL" if shipped else None,
            "shipping_company": "Royal Mail" if shipped else None,
            "shipping_tracking": f"RM{order.number}GB" if shipped else None,
            "shipping_tracking_url": None,
        }
        return row

    def _promotions(self, order: Order) -> Row:
        applied = [
            {"id": f"OP-{line.id}", "deduced_amount": self._money(line.promotion), "offered_quantity": 0}
            for line in order.lines
            if line.promotion
        ]
        total = sum(line.promotion for line in order.lines)
        return {"applied_promotions": applied, "total_deduced_amount": self._money(total)}

    def _line(self, order: Order, place: int, line: OrderLine, created: str, debited: str) -> Row:
        article, market = self._articles[line.article], self._market
        fee, vat = self._money(line.commission), self._money(line.commission_vat)
        reached = order.state in {"RECEIVED", "CLOSED", "SHIPPED"}
        live = order.state not in {"REFUSED", "CANCELED"} or order.kind == "cancelled"
        return {
            "order_line_id": line.id,
            "order_line_index": place,
            "offer_id": 1_000_000 + int(article.sku[:5]),
            "offer_sku": article.sku,
            "offer_state_code": "11",
            "product_sku": f"P{article.sku}",
            "product_shop_sku": article.sku,
            "product_title": article.title,
            "description": None,
            "product_medias": [],
            "category_code": "gifts",
            "category_label": "Gifts",
            "quantity": line.quantity,
            "price_unit": self._money(line.unit),
            "price": self._money(line.price),
            "shipping_price": self._money(line.shipping),
            "total_price": self._money(line.price + line.shipping),
            "taxes": [self._tax(tax) for tax in line.taxes],
            "shipping_taxes": [self._tax(tax) for tax in line.shipping_taxes],
            "commission_fee": fee,
            "commission_vat": vat,
            "commission_rate_vat": rate(market.fee_vat),
            "commission_taxes": [{"amount": vat, "code": "TAXDEFAULT", "rate": rate(market.fee_vat)}],
            "total_commission": self._money(line.commission + line.commission_vat),
            "created_date": created,
            "last_updated_date": created,
            "debited_date": debited if live else None,
            "order_line_state": order.state,
            "order_line_state_reason_code": None if live else "OUT_OF_STOCK",
            "refunds": [self._refund(order, each) for each in line.refunds if not each.cancelation],
            "cancelations": [self._cancelation(each) for each in line.refunds if each.cancelation],
            "promotions": [{"id": f"OP-{line.id}", "deduced_amount": self._money(line.promotion)}]
            if line.promotion
            else [],
            "order_line_additional_fields": [],
            "can_refund": reached,
            "received_date": text_of(order.received) if order.settled else None,
            "shipped_date": text_of(order.shipped) if reached else None,
        }

    def _tax(self, tax: Tax) -> Row:
        rule = "PROPORTIONAL_TO_AMOUNT"
        return {
            "amount": self._money(tax.amount),
            "code": tax.code,
            "rate": rate(tax.rate),
            "tax_calculation_rule": rule,
        }

    def _refund(self, order: Order, refund: Refund) -> Row:
        vat, at = self._money(refund.commission_vat), text_of(refund.at)
        return {
            "id": refund.id,
            "order_refund_id": f"GC{order.number}",
            "quantity": refund.quantity,
            "amount": self._money(refund.price),
            "shipping_amount": self._money(refund.shipping),
            "commission_amount": self._money(refund.commission),
            "commission_tax_amount": vat,
            "commission_taxes": [{"amount": vat, "code": "TAXDEFAULT"}],
            "commission_total_amount": self._money(refund.commission + refund.commission_vat),
            "reason_code": "14",
            "refund_state": "REFUNDED",
            "state": "REFUNDED",
            "created_date": at,
            "transaction_date": at,
            "transaction_number": f"RT{refund.id}",
            "taxes": [_plain(self._tax(tax)) for tax in refund.taxes],
            "shipping_taxes": [_plain(self._tax(tax)) for tax in refund.shipping_taxes],
            "fees": [],
        }

    def _cancelation(self, refund: Refund) -> Row:
        return {
            "id": refund.id,
            "quantity": refund.quantity,
            "amount": self._money(refund.price),
            "shipping_amount": self._money(refund.shipping),
            "commission_amount": self._money(refund.commission),
            "reason_code": "OUT_OF_STOCK",
            "created_date": text_of(refund.at),
            "taxes": [_plain(self._tax(tax)) for tax in refund.taxes],
            "shipping_taxes": [_plain(self._tax(tax)) for tax in refund.shipping_taxes],
        }


def _plain(tax: Row) -> Row:
    return {name: value for name, value in tax.items() if name != "tax_calculation_rule"}


def _references(order: Order) -> Row:
    return {"order_reference_for_customer": f"WEB-{order.number}", "order_reference_for_seller": None}
