"""Accounting periods: which one a day falls into, and who may still post there."""

from sandbox.behaviours import Behaviours
from sandbox.netsuite.refusal import invalid_value, user_error
from sandbox.netsuite.store import Record, Store

_RECEIVABLES = ("invoice", "creditMemo", "customerPayment", "customerRefund")
_PAYABLES = ("vendorBill", "vendorCredit", "vendorPayment")


def period_of(store: Store, day: str | None) -> Record | None:
    """The month that contains a day (ISO), whether open or not."""
    for period in store.by_kind.get("accountingPeriod", {}).values():
        values = period.values
        month = not values["isYear"] and not values["isQuarter"] and not values["isAdjust"]
        if day and month and values["startDate"] <= day <= values["endDate"]:
            return period
    return None


def post(store: Store, switches: Behaviours, document: Record) -> None:
    """Put a document into its period. Raises Refusal for a closed or locked one, or for a day outside of it.

    The integration's role cannot override period restrictions, so a locked period is as good as closed. Without the
    preference Allow Transaction Date Outside of the Posting Period, the day decides the period.
    """
    values = document.values
    day = values["tranDate"]
    chosen = values.get("postingPeriod")
    period = period_of(store, day) if chosen is None else store.get("accountingPeriod", chosen)
    if period is None:
        raise user_error("The transaction date you specified is not within any accounting period.", path="tranDate")
    if period.values["isYear"] or period.values["isQuarter"]:
        raise invalid_value(period.id, "postingPeriod", "postingPeriod")
    outside = not period.values["startDate"] <= day <= period.values["endDate"]
    if outside and not switches.is_on("dates_outside_posting_period"):
        raise user_error(
            "The transaction date you specified is not within the date range of your accounting period.",
            path="tranDate",
        )
    refuse_closed(document.kind, period)
    values["postingPeriod"] = period.id


def refuse_closed(kind: str, period: Record) -> None:
    """Raises Refusal when nothing of this type may be posted, changed or deleted in the period."""
    values = period.values
    locked = values.get("allLocked") or (kind in _RECEIVABLES and values.get("arLocked"))
    locked = locked or (kind in _PAYABLES and values.get("apLocked"))
    if values.get("closed") or locked:
        said = "closed" if values.get("closed") else "locked"
        raise user_error(f"The accounting period {values['periodName']} is {said}: transactions cannot be posted.")
