"""What is left of a cycle, a document or the running balance when several things are wrong in one month."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.books.added_up import (
    FIRST,
    LONG,
    Lines,
    Shop,
    a_month,
    again,
    all_of,
    of,
    told,
    with_amount,
    without,
)
from tieout.domain.ledger.line import Books, Document

MONTH = a_month()


def with_document(books: Books, number: str, *, net: str = "0", tax: str = "0") -> Books:
    """The legal document says more than the operator's own lines do."""

    def change(each: Document) -> Document:
        more = {"net": each.net + Decimal(net), "gross": each.gross + Decimal(net) + Decimal(tax)}
        return replace(each, **more) if each.number == number else each

    return replace(books, documents=tuple(change(each) for each in books.documents))


def of_order(number: int):
    return lambda line: line.order_id == f"A-{number}"


def of_refund(number: int):
    return lambda line: line.refund_id == f"R-{number}"


def test_books_that_nothing_is_wrong_with() -> None:
    assert told(MONTH.added_up()) == set()


# --- documents ------------------------------------------------------------------------------------


def test_a_document_is_off_by_its_net_and_the_cents_of_tax_that_the_law_rounds_are_no_part_of_it() -> None:
    books = with_document(MONTH.added_up(), "D2", net="5.33", tax="0.03")

    assert told(books) == {("DOC_NOT_TIED", "D2", "5.33")}


def test_a_line_that_is_lacking_was_rounded_too_and_may_account_for_half_a_cent_of_its_document() -> None:
    # Eight lines of VAT on commission: four cents are rounding, with or without those of the order that is lost.
    books = with_document(MONTH.added_up(without(of_order(10))), "D2", tax="0.04")

    assert told(books) == {("MISSING_IN_TL", "A-10", "84.66")}


def test_commission_that_the_order_itself_gives_back_is_known_to_the_cent_and_hides_nothing() -> None:
    kept = without(of("A-9", "REFUND_COMMISSION_FEE"), of("A-9", "REFUND_COMMISSION_VAT"))
    books = with_document(MONTH.added_up(kept), "D2", net="0.02")

    assert told(books) == {("COMMISSION_NOT_REFUNDED", "R-9", "1.94"), ("DOC_NOT_TIED", "D2", "0.02")}


# --- commission -----------------------------------------------------------------------------------


def test_a_line_that_was_charged_too_much_does_not_make_good_for_one_that_was_charged_too_little() -> None:
    # 1.32 and 4.32 were agreed; 0.80 more on the one and as much less on the other.
    changed = all_of(
        with_amount(of("A-3", "COMMISSION_FEE"), "-2.12"), with_amount(of("A-3", "COMMISSION_FEE", 2), "-3.52")
    )

    assert told(MONTH.added_up(changed)) == {("COMMISSION_RATE", "A-3", "1.60")}


def test_commission_is_compared_where_the_sale_beside_it_is_lost() -> None:
    lost = without(of("A-5", "ORDER_AMOUNT"), of("A-5", "COMMISSION_VAT"))

    assert told(MONTH.added_up(lost)) == {("AMOUNT_DIFF", "A-5", "15.25"), ("FEE_VAT_REGIME", "A-5", "0.30")}


# --- refunds --------------------------------------------------------------------------------------


def test_a_refund_that_its_order_knows_nothing_of_was_never_given_and_no_line_of_it_is_lacking() -> None:
    # Credited 7.40 for goodwill; the summary of the same cycle is off by 7.40.
    shop = a_month()
    shop.bill("CRM-X", "CustCred", "A-8", FIRST + timedelta(days=12), Decimal("7.40"), Decimal("1.23"), refund_id="R-X")
    books = shop.added_up()
    first, second, third = books.cycles
    off = {
        **second.summary,
        "total_refund_payable_orders_incl_tax": second.summary["total_refund_payable_orders_incl_tax"]
        - Decimal("7.40"),
    }
    books = replace(books, cycles=(first, replace(second, summary=off), third))

    assert told(books) == {("CREDIT_WITHOUT_REFUND", "R-X", "7.40"), ("CYCLE_NOT_TIED", "C2", "7.40")}


def test_an_order_that_was_shipped_and_all_given_back_lacks_its_credit_memo_as_it_lacks_its_invoice() -> None:
    books = MONTH.added_up()
    books = replace(books, booked=tuple(each for each in books.booked if each.order_id != "A-2"))

    assert told(books) == {("MISSING_IN_NS", "A-2", "14.59"), ("REFUND_UNMATCHED", "R-2", "14.59")}


# --- orders that the customer pays to the shop directly -------------------------------------------


def a_month_with_a_direct_order() -> Shop:
    shop = a_month()
    at = FIRST + LONG * 2 + timedelta(days=8)
    shop.order(30, 2, at, "31.00", direct=True)
    return shop


def test_a_line_twice_that_moved_no_money_is_missing_from_no_sum() -> None:
    books = a_month_with_a_direct_order().added_up(lambda lines: again(lines, of("A-30", "ORDER_AMOUNT")))

    assert told(books) == {("DUPLICATE_TL", "A-30", "31.00")}


def test_an_unknown_type_of_an_order_that_is_paid_directly_moves_no_balance() -> None:
    def renamed(lines: Lines) -> Lines:
        which = of("A-30", "ORDER_AMOUNT_TAX")
        return [replace(line, type="LOYALTY_SHARE") if which(line) else line for line in lines]

    assert told(a_month_with_a_direct_order().added_up(renamed)) == {("UNMAPPED_TYPE", "A-30", "6.20")}


# --- where a log begins, ends and goes on ---------------------------------------------------------


def test_the_very_first_line_is_lost() -> None:
    assert told(MONTH.added_up(without(of("A-0", "ORDER_AMOUNT")))) == {("AMOUNT_DIFF", "A-0", "10.10")}


def test_the_very_first_line_has_the_wrong_sign() -> None:
    assert told(MONTH.added_up(with_amount(of("A-0", "ORDER_AMOUNT"), "-10.10"))) == {("SIGN_ANOMALY", "A-0", "20.20")}


def test_what_is_still_on_its_way_ends_the_log_though_it_is_older_than_the_last_cycle() -> None:
    # Orders 21 and 22 are of the 28th and 29th, in no cycle yet; a charge of the 30th closes the third one.
    shop = a_month()
    shop.add("SUBSCRIPTION_FEE", "-30.00", FIRST + timedelta(days=29), 2)
    lost = without(of("A-20", "COMMISSION_FEE"), of("A-16", "ORDER_AMOUNT_TAX"))

    assert told(shop.added_up(lost)) == {("COMMISSION_RATE", "A-20", "3.07"), ("AMOUNT_DIFF", "A-16", "5.32")}


def test_the_same_balance_in_two_cycles_hides_no_line_that_is_missing_in_both() -> None:
    # 43.20 is where the first cycle breaks off, and where the second one goes on after the line that it lacks.
    shop = Shop()
    for number in range(20):
        cycle, place = divmod(number, 10)
        net = {0: "40.00", 10: "21.48"}.get(number, "20.00")
        shop.order(number, cycle, FIRST + LONG * cycle + timedelta(hours=20 * place), net)
    whole = shop.added_up()
    breaks_off = next(line.balance for line in whole.lines if of("A-0", "COMMISSION_VAT")(line))
    goes_on = next(line.balance for line in whole.lines if of("A-11", "ORDER_AMOUNT")(line))
    assert breaks_off == goes_on == Decimal("43.20")

    lost = shop.added_up(without(of("A-1", "ORDER_AMOUNT"), of("A-11", "ORDER_AMOUNT")))

    assert told(lost) == {("AMOUNT_DIFF", "A-1", "20.00"), ("AMOUNT_DIFF", "A-11", "20.00")}


def test_a_payout_whose_line_is_lost() -> None:
    lost = without(lambda line: line.id == "paid-C1")

    assert told(MONTH.added_up(lost)) == {("PAYOUT_DIFF", "C1", "133.21")}


def test_a_log_that_shows_no_payouts_lacks_none() -> None:
    assert told(MONTH.added_up(without(lambda line: line.type == "PAYMENT"))) == set()


def test_a_jump_that_nothing_explains_is_told_once_and_not_again_as_its_cycle() -> None:
    shop = a_month()
    shop.add("RESERVE_FUNDING", "-17.00", FIRST + LONG - timedelta(days=1), 0)
    shop.lines.sort(key=lambda line: (line.cycle is None, line.cycle or "", line.created))

    assert told(shop.added_up(without(lambda line: line.type == "RESERVE_FUNDING"))) == {("CHAIN_GAP", "C1", "17.00")}


FAULTS = {
    "A-1": without(of("A-1", "ORDER_AMOUNT")),
    "A-4": with_amount(of("A-4", "COMMISSION_FEE"), "-9.00"),
    "A-5": with_amount(of("A-5", "ORDER_AMOUNT_TAX"), "-3.05"),
    "A-8": without(of("A-8", "COMMISSION_FEE")),
    "A-10": without(of_order(10)),
    "A-12": with_amount(of("A-12", "COMMISSION_VAT"), "-0.90"),
    "R-9": without(of_refund(9)),
    "A-15": lambda lines: again(lines, of("A-15", "ORDER_AMOUNT")),
    "R-16": without(of("A-16", "REFUND_COMMISSION_FEE"), of("A-16", "REFUND_COMMISSION_VAT")),
    "A-18": without(of("A-18", "ORDER_AMOUNT_TAX")),
}


@settings(max_examples=10, deadline=None)
@given(
    st.sets(st.sampled_from(sorted(FAULTS))),
    st.sampled_from(["", "D1", "D2", "D3"]),
    st.integers(1, 5_000),
    st.randoms(use_true_random=False),
)
def test_a_document_is_off_by_as_much_whatever_else_is_wrong_in_its_month(faults, document, more, chance) -> None:
    """Each fault is told on its order, once; the document's amount is its own; the order of pages means nothing."""
    books = MONTH.added_up(all_of(*(FAULTS[each] for each in sorted(faults))))
    books = with_document(books, document, net=str(Decimal(more) / 100))
    books = replace(books, lines=tuple(chance.sample(books.lines, len(books.lines))))

    found = told(books)

    assert {key for code, key, _ in found if code != "DOC_NOT_TIED"} == faults
    assert {each for each in found if each[0] == "DOC_NOT_TIED"} == (
        {("DOC_NOT_TIED", document, f"{Decimal(more) / 100:.2f}")} if document else set()
    )
