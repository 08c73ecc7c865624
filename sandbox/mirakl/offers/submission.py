"""Handing a file in: whose it is, how long it takes, and whether it was handed in already."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.clock import text_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.offers.imports import Import, Kind, Outcome
from sandbox.mirakl.offers.sheets import Unreadable
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import SHOP_ID, Json

_A_LOT = 10_000


def hand_in(
    call: Admitted,
    desk: Desk,
    kind: Kind,
    *,
    request: bytes,
    rows: int,
    apply: Callable[[datetime], Outcome],
    mode: str = "NORMAL",
    number: bool = False,
) -> Import:
    """Queue a file. `request` is all that tells it from another one; `number` says that its id is a number."""
    shop = shop_of(call)
    catalogue = call.marketplace.catalogue
    before = list(catalogue.queue(kind, shop))
    if kind == "offers" and desk.behaviours.is_on("duplicate_requests_share_an_id"):
        same = next((one for one in before if one.request == request and one.mode == mode), None)
        if same is not None:
            return same
    waits, seconds, lot = (
        desk.behaviours.number(name)
        for name in ("import_waiting_seconds", "import_seconds", "import_seconds_a_10000_rows")
    )
    starts = call.at + timedelta(seconds=waits)
    if before and desk.behaviours.is_on("imports_wait_their_turn"):
        starts = max(starts, *(one.ends for one in before))
    ends = starts + timedelta(seconds=seconds + lot * math.floor(rows / _A_LOT))
    work = (lambda _: Outcome(failed="Internal error")) if desk.behaviours.is_on("imports_fail") else apply
    import_id = desk.state.number() if number else desk.state.uuid()
    made = Import(import_id, kind, shop, call.at, starts, ends, request, _told(work), mode)
    catalogue.imports[import_id] = made
    catalogue.under_way.append(made)
    return made


def shop_of(call: Admitted) -> int:
    """A seller's own; an operator names it in the form. Raises MiraklRefusal for none, or for one that is not there."""
    if call.persona == "seller":
        return call.shop
    named = call.form.values.get("shop_id") if call.form else None
    if named is None:
        raise MiraklRefusal(400, "shop_id is required", code="VALIDATION_ERROR", field="shop_id")
    if named not in call.marketplace.catalogue.shops(SHOP_ID):
        raise MiraklRefusal(404, f"Shop {named} does not exist")
    return int(named)


def import_named(call: Admitted, kind: Kind, name: str) -> Import:
    """Raises MiraklRefusal: another shop's import is not there for a seller."""
    named = call.asked.path_values[name]
    found = call.marketplace.catalogue.imports.get(named)
    if found is None or found.kind != kind or (call.persona == "seller" and found.shop != call.shop):
        raise MiraklRefusal(404, f"Import {named} does not exist")
    return found


def report_of(call: Admitted, one: Import) -> bytes:
    """Raises MiraklRefusal where there is none (yet)."""
    if not one.is_over(call.at) or not one.outcome.report:
        raise MiraklRefusal(404, f"Import {one.id} has no error report")
    return one.outcome.report


def state_of(call: Admitted, one: Import) -> Json:
    """What the answers about every kind of import have in common."""
    return {
        "date_created": text_of(one.created),
        "has_error_report": one.is_over(call.at) and bool(one.outcome.report),
        "status": one.status(call.at),
    }


def _told(work: Callable[[datetime], Outcome]) -> Callable[[datetime], Outcome]:
    def done(at: datetime) -> Outcome:
        try:
            return work(at)
        except Unreadable as why:
            return Outcome(failed=str(why))

    return done
