"""Breaks that no sum shows: items that nobody classified, lines of a closed month, a reserve that was not held."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.shared import ROOT
from tests.unit.books.folders import CYCLE, LINES, MARKETPLACE, Folder, a_cycle, a_document, a_line, an_invoice
from tieout.books.break_log import FileBreakLog
from tieout.books.close.closing import Period
from tieout.books.close.folder import closing_of
from tieout.books.export import read_export
from tieout.books.reconcile import Reconciled, reconcile_folder
from tieout.config import Config, read_config
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.settle import settle
from tieout.domain.reconcile.breaks import Code
from tieout.flows.settlement.rules import booking_rules

AS_OF = date(2026, 11, 30)


@pytest.fixture(scope="module")
def config() -> Config:
    return read_config(ROOT / "config/gift-shop.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def with_settings(config: Config, **settings: Any) -> Config:
    """The gift shop's, with other settings of the settlement."""
    shop = config.marketplaces[MARKETPLACE]
    assert shop.settlement is not None
    changed = shop.model_copy(update={"settlement": shop.settlement.model_copy(update=settings)})
    return config.model_copy(update={"marketplaces": {**config.marketplaces, MARKETPLACE: changed}})


def overrides(config: Config, *rows: dict[str, Any]) -> Config:
    settings = config.marketplaces[MARKETPLACE].settlement
    assert settings is not None
    read = type(settings).model_validate({**settings.model_dump(), "overrides": rows})
    return with_settings(config, overrides=read.overrides)


def compared(folder: Folder, config: Config) -> Reconciled:
    return reconcile_folder(folder.root, config, [MARKETPLACE], AS_OF)


def told(found: Reconciled) -> list[tuple[str, str, Decimal]]:
    return [(each.code, each.key, each.amount) for each in found.breaks]


def adverts(folder: Folder, words: str = "Sponsored products, week 36") -> None:
    """The operator charged 50.00 and 10.00 of VAT for advertising, on an invoice that a person wrote."""
    more = {"entities": {}, "accounting_document_number": "9000001"}
    folder.lines(
        [*LINES, a_line(4, "MANUAL_INVOICE", -50.0, **more), a_line(5, "MANUAL_INVOICE_VAT", -10.0, **more)],
    )
    folder.write("billing_cycles", [a_cycle(38.0)])
    manual = {
        **a_document(),
        "id": "d-2",
        "invoice_id": 9000001,
        "type": "MANUAL_INVOICE",
        "total_amount_excl_taxes": 50.0,
        "total_amount_incl_taxes": 60.0,
        "total_taxes": [{"code": "TAXDEFAULT", "amount": 10.0}],
        "details": [{"description": words, "amount_excl_taxes": 50.0, "taxes": []}],
    }
    folder.write("accounting_documents", [a_document(), manual])


class TestWhatAPersonMadeUp:
    def test_an_item_that_no_rule_takes(self, folder: Folder, config: Config) -> None:
        adverts(folder)
        by_words = overrides(config, {"when": {"description": "lost parcel"}, "role": "marketplace_adjustments"})

        (found,) = compared(folder, by_words).breaks

        assert (found.code, found.key, found.amount) == (Code.MANUAL_UNCLASSIFIED, "9000001", Decimal("50.0"))
        assert "Sponsored products, week 36" in found.explanation
        assert (found.cycle, found.blocks_close) == (CYCLE, True)

    @pytest.mark.parametrize(
        "when",
        [{"description": "sponsored|ads"}, {"type": "MANUAL_INVOICE"}],
        ids=["by its words", "whatever has its type"],
    )
    def test_one_that_a_rule_takes_is_none(self, folder: Folder, config: Config, when: dict[str, str]) -> None:
        adverts(folder)

        assert told(compared(folder, overrides(config, {"when": when, "role": "marketing_expense"}))) == []

    def test_a_rule_that_begins_later_does_not_take_it_yet(self, folder: Folder, config: Config) -> None:
        adverts(folder)
        later = {"when": {"description": "sponsored"}, "role": "marketing_expense", "since": "2026-10-01"}

        assert [each.code for each in compared(folder, overrides(config, later)).breaks] == [Code.MANUAL_UNCLASSIFIED]

    def test_commission_and_subscription_need_no_rule(self, folder: Folder, config: Config) -> None:
        assert told(compared(folder, overrides(config))) == []


def operators(config: Config) -> Config:
    """The same marketplace in the books of whoever runs it."""
    shop = config.marketplaces[MARKETPLACE]
    assert shop.settlement is not None
    accounts = tuple(
        each.model_copy(update={"roles": {**each.roles, Role.SELLER_PAYABLE: "2300"}})
        for each in shop.settlement.accounts
    )
    changed = shop.model_copy(
        update={
            "role": "operator",
            "shop_id": None,
            "settlement": shop.settlement.model_copy(update={"accounts": accounts, "overrides": ()}),
        }
    )
    return config.model_copy(update={"marketplaces": {**config.marketplaces, MARKETPLACE: changed}})


def test_two_shops_manual_invoices_of_one_number_are_two_breaks_of_an_operator(folder: Folder, config: Config) -> None:
    """Shops that number their own documents begin at the same number."""
    more = {"entities": {}, "accounting_document_number": "9000001"}
    folder.lines(
        [
            *LINES,
            a_line(4, "MANUAL_INVOICE", -50.0, shop={"id": 2001}, **more),
            a_line(5, "MANUAL_INVOICE", -7.0, shop={"id": 2002}, **more),
            a_line(6, "MANUAL_CREDIT", 3.0, shop={"id": 2002}, **more),
            a_line(7, "MANUAL_CREDIT", 2.0, shop={"id": 2002}, **more | {"accounting_document_number": None}),
        ],
    )

    found = [each for each in compared(folder, operators(config)).breaks if each.code is Code.MANUAL_UNCLASSIFIED]

    assert {each.key: each.amount for each in found} == {
        "2001/9000001": Decimal("50.0"),
        "2002/9000001": Decimal("10.0"),
        CYCLE: Decimal("2.0"),
    }


def held(reserve: float | None, **more: Any) -> dict[str, Any]:
    """The shop's account, as A01 gives it."""
    return {
        "shop_id": 2001,
        "currency_iso_code": "GBP",
        "payment_details": {"paid_balance": 0, "payable_balance": 0, "pending_balance": 0, "reserve_balance": reserve},
        **more,
    }


def with_reserve(folder: Folder) -> None:
    """500.00 were funded and 300.00 settled: 200.00 are held (worked example E11)."""
    more = {"entities": {}, "accounting_document_number": None, "shop": {"id": 2001}}
    folder.lines(
        [*LINES, a_line(4, "RESERVE_FUNDING", -500.0, **more), a_line(5, "RESERVE_SETTLEMENT", 300.0, **more)],
    )
    folder.write("billing_cycles", [a_cycle(0.0, pay_out={"state": "TO_PAY"})])


class TestTheReserve:
    def test_what_the_account_says_is_what_was_funded_less_what_was_settled(
        self, folder: Folder, config: Config
    ) -> None:
        with_reserve(folder)
        folder.write("accounts", [held(200.0)])

        assert Code.RESERVE_DIFF not in {each.code for each in compared(folder, config).breaks}

    def test_another_balance_is_a_break_of_the_shop(self, folder: Folder, config: Config) -> None:
        with_reserve(folder)
        folder.write("accounts", [held(150.0)])

        (found,) = [each for each in compared(folder, config).breaks if each.code is Code.RESERVE_DIFF]

        assert (found.key, found.amount, found.blocks_close) == ("2001", Decimal("50.0"), True)
        assert "150.00 GBP" in found.explanation
        assert "200.00 GBP" in found.explanation

    def test_what_was_held_before_the_log_begins_counts(self, folder: Folder, config: Config) -> None:
        folder.write("accounts", [held(80.0)])

        assert [each.code for each in compared(folder, config).breaks] == [Code.RESERVE_DIFF]
        assert told(compared(folder, with_settings(config, reserve_brought_in=Decimal(80)))) == []

    def test_what_was_held_before_of_one_shop_is_not_anothers(self, folder: Folder, config: Config) -> None:
        folder.write("accounts", [held(80.0), held(80.0, shop_id=2002)])
        known = with_settings(operators(config), reserve_brought_in_by_shop={2001: Decimal(80)})

        found = [each for each in compared(folder, known).breaks if each.code is Code.RESERVE_DIFF]

        assert [(each.key, each.amount) for each in found] == [("2002", Decimal("80.0"))]

    def test_what_came_after_the_account_was_read_is_not_missing_from_it(self, folder: Folder, config: Config) -> None:
        with_reserve(folder)
        folder.write("accounts", [held(0.0, read_at="2026-09-07T04:10:00Z")])

        assert Code.RESERVE_DIFF not in {each.code for each in compared(folder, config).breaks}

    def test_of_several_readings_the_newest_counts(self, folder: Folder, config: Config) -> None:
        folder.write(
            "accounts",
            [held(0.0, last_updated_date="2026-11-02T00:00:00Z"), held(9.0, last_updated_date="2026-10-02T00:00:00Z")],
        )

        assert told(compared(folder, config)) == []

    @pytest.mark.parametrize(
        ("rows", "said"),
        [(None, "There is no file of accounts of brightside-uk"), ([held(None)], "No reserve is told of")],
        ids=["no file", "no reserve in it"],
    )
    def test_what_is_not_compared_is_said(
        self, folder: Folder, config: Config, rows: list[dict[str, Any]] | None, said: str
    ) -> None:
        with_reserve(folder)
        if rows is not None:
            folder.write("accounts", rows)
        found = compared(folder, config)

        assert Code.RESERVE_DIFF not in {each.code for each in found.breaks}
        assert any(each.startswith(said) for each in found.not_compared)

    def test_a_row_that_does_not_read_is_a_problem_with_its_place(self, folder: Folder, config: Config) -> None:
        folder.write("accounts", [{**held(1.0), "shop_id": None}])
        (problem,) = compared(folder, config).problems

        assert (problem.file, problem.line, problem.field) == ("mirakl/brightside-uk/accounts.ndjson", 1, "shop_id")


def test_a_reserve_that_differed_is_not_settled_by_leaving_the_account_out(tmp_path: Path, config: Config) -> None:
    folder, log = Folder(tmp_path / "export"), FileBreakLog(tmp_path / "breaks.ndjson")

    def open_ones() -> list[tuple[str, Decimal]]:
        closing = closing_of(folder.root, config, Period(2026, 9), log, as_of=AS_OF, marketplaces=[MARKETPLACE])
        return [
            (case.found.key, case.found.amount)
            for case in closing.cases.values()
            if case.found.code is Code.RESERVE_DIFF and not case.is_closed
        ]

    folder.write("accounts", [held(80.0)])
    assert open_ones() == [("2001", Decimal("80.0"))]
    folder.path("accounts").unlink()
    assert open_ones() == [("2001", Decimal("80.0"))]
    folder.write("accounts", [held(0.0)])
    assert open_ones() == []


def ledger(folder: Folder, config: Config, day: str | None = None) -> list[dict[str, Any]]:
    """What NetSuite's ledger holds once the cycle is booked; all of it on `day`, if one is given."""
    books = read_export(folder.root, [MARKETPLACE]).books[MARKETPLACE]
    return [
        {
            "externalid": record.external_id,
            "type": "CustPymt",
            "trandate": day or record.day.isoformat(),
            "currency": record.currency,
            "acctnumber": entry.account,
            "debit": float(entry.debit),
            "credit": float(entry.credit),
        }
        for record in settle(books, booking_rules(config, MARKETPLACE)).records
        for entry in record.entries
    ]


SEPTEMBER = {"begins": "2026-09-01", "ends": "2026-09-30", "closed": "T", "alllocked": "T", "arlocked": "T"}


def late(found: Reconciled) -> list[tuple[str, str]]:
    return [(each.key, each.explanation) for each in found.information if each.code is Code.LATE_LINE_CLOSED_PERIOD]


class TestALineOfAClosedMonth:
    def test_what_was_booked_in_its_own_month_is_not_late(self, folder: Folder, config: Config) -> None:
        folder.write("gl_lines", ledger(folder, config))
        folder.write("periods", [SEPTEMBER])

        assert late(compared(folder, config)) == []

    def test_booked_in_the_first_open_month_it_is_told_and_asks_for_nothing(
        self, folder: Folder, config: Config
    ) -> None:
        folder.write("gl_lines", ledger(folder, config, "2026-10-01"))
        found = compared(folder, config)

        ((key, words),) = late(found)
        assert key == CYCLE
        assert "of 2026-09 booked in 2026-10" in words
        assert told(found) == []

    def test_one_that_waits_to_be_booked_is_told_by_the_periods(self, folder: Folder, config: Config) -> None:
        folder.write("periods", [SEPTEMBER])

        ((key, words),) = late(compared(folder, config))
        assert (key, "of 2026-09 not booked yet" in words) == (CYCLE, True)

    @pytest.mark.parametrize(
        "period",
        [{**SEPTEMBER, "closed": "F", "alllocked": "F", "arlocked": "F"}, {**SEPTEMBER, "isquarter": "T"}],
        ids=["open", "a quarter"],
    )
    def test_an_open_month_makes_nothing_late(self, folder: Folder, config: Config, period: dict[str, str]) -> None:
        folder.write("periods", [period])

        assert late(compared(folder, config)) == []


class TestALineThatChangedAfterItWasBooked:
    """The commission was 15.00 with 3.00 of VAT when the cycle was booked; the log says 14.00 and 4.00 now."""

    NOW = (
        a_line(2, "COMMISSION_FEE", -14.0, last_updated="2026-10-02T00:00:00Z"),
        a_line(3, "COMMISSION_VAT", -4.0, last_updated="2026-10-02T00:00:00Z"),
    )

    def test_both_versions_in_the_log_tell_it(self, folder: Folder, config: Config) -> None:
        folder.write("gl_lines", ledger(folder, config))
        folder.lines([*LINES, *self.NOW])

        found = [each for each in compared(folder, config).breaks if each.code is Code.SOURCE_CHANGED_AFTER_POST]

        ((code, key, amount),) = [(each.code, each.key, each.amount) for each in found]
        assert (code, key, amount) == (Code.SOURCE_CHANGED_AFTER_POST, CYCLE, Decimal("2.0"))
        assert "15.00 GBP, now" in found[0].explanation

    def test_and_the_ledger_is_then_not_called_edited(self, folder: Folder, config: Config) -> None:
        folder.write("gl_lines", ledger(folder, config))
        folder.lines([*LINES, *self.NOW])

        assert Code.GL_TAMPERED not in {each.code for each in compared(folder, config).breaks}

    def test_a_line_whose_state_alone_moved_on_has_not_changed(self, folder: Folder, config: Config) -> None:
        folder.write("gl_lines", ledger(folder, config))
        folder.lines([*LINES, {**LINES[1], "payment_state": "PAYABLE", "last_updated": "2026-09-11T00:00:00Z"}])

        assert told(compared(folder, config)) == []

    def test_a_line_that_changed_twice_was_booked_from_its_first_version(self, folder: Folder, config: Config) -> None:
        """The VAT is 4.00 on 2 October and 5.00 on the 3rd: what was booked had neither."""
        folder.write("gl_lines", ledger(folder, config))
        again = a_line(3, "COMMISSION_VAT", -5.0, last_updated="2026-10-03T00:00:00Z")
        folder.lines([*LINES, *self.NOW, again])

        assert (Code.SOURCE_CHANGED_AFTER_POST, CYCLE, Decimal("3.0")) in told(compared(folder, config))

    def test_what_changed_before_it_was_booked_is_not_told(self, folder: Folder, config: Config) -> None:
        """The VAT was 2.00 at first, which the operator put right; what changed since is the commission alone."""
        corrected = a_line(3, "COMMISSION_VAT", -2.0, last_updated="2026-09-11T00:00:00Z")
        folder.write("gl_lines", ledger(folder, config))
        folder.lines([*LINES, corrected, self.NOW[0]])

        found = [each for each in compared(folder, config).breaks if each.code is Code.SOURCE_CHANGED_AFTER_POST]

        assert [(each.key, each.amount) for each in found] == [(CYCLE, Decimal("1.0"))]
        assert "COMMISSION_VAT" not in found[0].explanation

    def test_that_both_were_paid_since_hides_nothing(self, folder: Folder, config: Config) -> None:
        corrected = a_line(3, "COMMISSION_VAT", -2.0, last_updated="2026-09-11T00:00:00Z")
        paid = {"payment_state": "PAID", "last_updated": "2026-10-05T00:00:00Z"}
        folder.write("gl_lines", ledger(folder, config))
        folder.lines([*LINES, corrected, self.NOW[0], {**self.NOW[0], **paid}, {**LINES[2], **paid}])

        found = {code: amount for code, _, amount in told(compared(folder, config))}

        assert (found.get(Code.SOURCE_CHANGED_AFTER_POST), Code.GL_TAMPERED in found) == (Decimal("1.0"), False)

    def test_a_line_of_another_type_moved_the_whole_of_it(self, folder: Folder, config: Config) -> None:
        """What was 15.00 of commission is 15.00 of subscription now."""
        folder.write("gl_lines", ledger(folder, config))
        folder.lines([*LINES, a_line(2, "SUBSCRIPTION_FEE", -15.0, last_updated="2026-10-02T00:00:00Z")])

        assert (Code.SOURCE_CHANGED_AFTER_POST, CYCLE, Decimal("15.0")) in told(compared(folder, config))

    def test_booked_from_the_newest_it_is_no_break(self, folder: Folder, config: Config) -> None:
        folder.lines([*LINES, *self.NOW])
        folder.write("gl_lines", ledger(folder, config))

        assert Code.SOURCE_CHANGED_AFTER_POST not in {each.code for each in compared(folder, config).breaks}


class TestAnInvoiceThatDoesNotNameItsOrder:
    def unnamed(self, **more: Any) -> dict[str, Any]:
        return an_invoice(otherrefnum=None, custbody_tieout_order=None, **more)

    def test_it_is_found_by_its_external_id(self, folder: Folder, config: Config) -> None:
        folder.write("documents", [self.unnamed()])

        assert told(compared(folder, config)) == []

    def test_a_break_of_its_order_says_how_it_was_found(self, folder: Folder, config: Config) -> None:
        folder.write("documents", [self.unnamed(foreigntotal=120.0)])

        (found,) = compared(folder, config).breaks

        assert (found.code, found.key, found.amount) == (Code.AMOUNT_DIFF, "A-1", Decimal("4.00"))
        assert found.explanation.endswith("Found in NetSuite: INV1 by its external id.")

    def test_one_that_nothing_leads_to_is_missing(self, folder: Folder, config: Config) -> None:
        folder.write("documents", [self.unnamed(externalid="T-brightside-uk-INV-5001")])

        assert (Code.MISSING_IN_NS, "A-1", Decimal("116.00")) in told(compared(folder, config))
