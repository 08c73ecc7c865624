"""Months with known truth: the same seed gives the same month, clean ones are clean, and each fault is found."""

import gzip
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import decimal_json
from sandbox.months.invariants import check
from sandbox.months.market import DEFAULT
from sandbox.months.month import month, truth, write
from sandbox.months.regimes import Regime
from sandbox.months.settings import write_settings
from tests.shared import shared
from tieout.books.reconcile import Reconciled, reconcile_folder
from tieout.cli.settle import settled_files
from tieout.config import read_config
from tieout.domain.ledger.proof import Status
from tieout.domain.reconcile.breaks import Code

WITHOUT_CENTS = ("nihon-jp", "souk-kw")
FILES = ("orders", "transaction_lines", "billing_cycles", "accounting_documents", "offers")


def rows(file: Path) -> list[dict[str, Any]]:
    return [decimal_json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def a_month(folder: Path, seed: int, regime: Regime, orders: int = 60, names: tuple[str, ...] = DEFAULT) -> Path:
    return write(month(seed, regime, orders, names), seed, folder)


def reconciled(folder: Path, names: tuple[str, ...] = DEFAULT) -> Reconciled:
    return reconcile_folder(folder, read_config(write_settings(names, folder)), names, date(2026, 11, 30))


def told(found: Reconciled) -> set[tuple[str, str]]:
    return {(str(each.code), each.key) for each in found.breaks}


def expected(folder: Path) -> set[tuple[str, str]]:
    faults = decimal_json.loads((folder / "truth.json").read_bytes())["faults"]
    return {(fault["code"], fault["key"]) for fault in faults}


@pytest.mark.parametrize("regime", list(Regime))
def test_the_same_seed_gives_the_same_month_byte_for_byte(regime: Regime, tmp_path: Path) -> None:
    one, other = a_month(tmp_path / "one", 5, regime), a_month(tmp_path / "other", 5, regime)
    files = sorted(file.relative_to(one) for file in one.rglob("*") if file.is_file())
    assert len(files) == 15
    for file in files:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file


def test_rows_have_the_fields_of_the_vendors_rows(tmp_path: Path) -> None:
    made, real = a_month(tmp_path, 3, Regime.R0), shared("worlds/gift-shop-settled")
    for name in FILES:
        ours = rows(made / "mirakl" / "maison-eu" / f"{name}.ndjson.gz")
        theirs = rows(real / "mirakl" / "maison-eu" / f"{name}.ndjson.gz")
        if name == "accounting_documents":
            theirs += rows(real / "mirakl" / "brightside-uk" / f"{name}.ndjson.gz")
        known = {frozenset(row) for row in theirs}
        assert {frozenset(row) for row in ours} <= known, name
    assert {frozenset(row) for row in rows(made / "netsuite" / "documents.ndjson.gz")} <= {
        frozenset(row) for row in rows(real / "netsuite" / "documents.ndjson.gz")
    }


@pytest.mark.parametrize("names", [DEFAULT, WITHOUT_CENTS])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clean_month_has_no_break_and_every_cycle_of_it_ties_out(
    seed: int, names: tuple[str, ...], tmp_path: Path
) -> None:
    folder = a_month(tmp_path, seed, Regime.R0, 150, names)
    settled = settled_files(folder, read_config(write_settings(names, folder)))
    assert [proof for proof in settled.proofs if proof.residual or proof.status is not Status.TIED_OUT] == []
    assert settled.problems == ()
    found = reconciled(folder, names)
    assert (found.breaks, found.problems) == ([], [])


def test_every_line_of_a_clean_month_that_moves_money_is_posted_once(tmp_path: Path) -> None:
    folder = a_month(tmp_path, 4, Regime.R0, 150)
    settled = settled_files(folder, read_config(write_settings(DEFAULT, folder)))
    posted: Counter[str] = Counter()
    for record in settled.records:
        if {"1115", "1116"} & {entry.account for entry in record.entries}:
            posted.update(record.source_line_ids)
    lines = [line for name in DEFAULT for line in rows(folder / "mirakl" / name / "transaction_lines.ndjson.gz")]
    assert {line["id"]: posted[line["id"]] for line in lines} == {
        line["id"]: int(
            line["amount"] != 0
            and line["seller_billing_cycle_id"] is not None
            and line["payment_state"] != "NOT_APPLICABLE"
        )
        for line in lines
    }


def test_clean_months_hold_every_oddity_that_is_no_fault() -> None:
    shops = [shop for seed in range(6) for shop in month(seed, Regime.R0, 200).shops]
    entries = [entry for shop in shops for entry in shop.entries]
    kinds = {order.kind for shop in shops for order in shop.orders}
    assert kinds == {"plain", "direct", "parts", "refused", "cancelled", "fee", "carrier", "remitted"}
    types = {entry.type for entry in entries}
    assert types >= {
        *("SUBSCRIPTION_FEE", "MANUAL_CREDIT", "MANUAL_INVOICE", "MANUAL_INVOICE_VAT", "INVOICEABLE_ONE_OFF_DEBIT"),
        *("RESERVE_FUNDING", "RESERVE_SETTLEMENT", "SELLER_PENALTY_FEE", "SELLER_FEE_ON_ORDER", "ORDER_FEE_AMOUNT"),
        *("OPERATOR_REMITTED_ORDER_AMOUNT_TAX", "OPERATOR_PAID_ORDER_SHIPPING_AMOUNT", "REFUND_ORDER_AMOUNT"),
    }
    assert {shop.market.embedded for shop in shops} == {True, False}
    assert any(cycle.closing < 0 for shop in shops for cycle in shop.cycles), "a cycle that carries a debt on"
    assert any(cycle.failure and cycle.state == "PAID" for shop in shops for cycle in shop.cycles), "failed, then paid"
    assert any(entry.amount == 0 for entry in entries), "a line of nothing"
    assert any(entry.state == "PENDING" for entry in entries), "money that is in no cycle yet"
    assert any(paper.vat != paper.log_vat for shop in shops for paper in shop.papers), "tax rounded by document"
    orders = [order for shop in shops for order in shop.orders]
    assert any(order.rounded_by for order in orders), "an invoice whose tax is rounded as a whole"
    assert any(line.promotion for order in orders for line in order.lines), "a promotion that the operator pays"
    assert any(len(line.taxes) > 1 for order in orders for line in order.lines), "two taxes on a line"
    assert any(
        one.price == other.price and one.article == other.article
        for order in orders
        for one in order.lines
        for other in order.lines
        if one.id < other.id
    ), "the same article twice"


def test_a_month_that_breaks_an_invariant_is_not_handed_out() -> None:
    shop = month(1, Regime.R0, 60).shops[0]
    shop.cycles[0].to_seller += 1
    with pytest.raises(AssertionError, match="I3"):
        check(shop, contract_kept=True)
    other = month(1, Regime.R0, 60).shops[0]
    other.booked[0].total += 1
    with pytest.raises(AssertionError, match="I10"):
        check(other, contract_kept=True)


@pytest.mark.parametrize("regime", [regime for regime in Regime if regime is not Regime.R0])
def test_the_truth_speaks_of_what_is_there(regime: Regime) -> None:
    made = month(11, regime, 200)
    assert len(made.faults) > 30
    keys = {(each.code, each.key) for each in made.faults}
    assert len(keys) == len(made.faults)
    orders = {order.id for shop in made.shops for order in shop.orders}
    for each in made.faults:
        assert Code(each.code)
        assert each.amount > 0
        assert each.order_id is None or each.order_id in orders
    told = truth(made)["faults"]
    assert [Decimal(row["amount"]) for row in told] == [Decimal(each.amount).scaleb(-2) for each in made.faults]


def test_a_small_month_with_one_fault_an_order_is_told_exactly(tmp_path: Path) -> None:
    folder = a_month(tmp_path, 23, Regime.R1)
    assert told(reconciled(folder)) == expected(folder)


def test_faults_that_offset_each_other_are_told_all_the_same(tmp_path: Path) -> None:
    folder = a_month(tmp_path, 21, Regime.R3)
    assert told(reconciled(folder)) == expected(folder)


def test_untidy_pages_hold_the_same_month(tmp_path: Path) -> None:
    folder = a_month(tmp_path, 9, Regime.R4)
    lines = rows(folder / "mirakl" / "brightside-uk" / "transaction_lines.ndjson.gz")
    newest = {line["id"]: line for line in sorted(lines, key=lambda line: str(line["last_updated"]))}
    assert len(lines) > len(newest), "some lines come more than once"
    counts = decimal_json.loads((folder / "truth.json").read_bytes())["counts"]
    assert len(newest) == counts["brightside-uk"]["transaction_lines"]


def test_other_months_and_other_currencies(tmp_path: Path) -> None:
    made = month(2, Regime.R0, 60, WITHOUT_CENTS, datetime(2027, 2, 1, tzinfo=UTC))
    folder = write(made, 2, tmp_path)
    cycles = rows(folder / "mirakl" / "souk-kw" / "billing_cycles.ndjson.gz")
    assert [cycle["date_created"][:10] for cycle in cycles] == ["2027-02-11", "2027-02-21", "2027-03-01"]
    assert set(read_config(write_settings(WITHOUT_CENTS, folder)).marketplaces) == set(WITHOUT_CENTS)
    with pytest.raises(ValueError, match="needs as many orders"):
        month(1, Regime.R0, 1)
