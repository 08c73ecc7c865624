"""The operations about money, by their code."""

from collections.abc import Callable

from starlette.responses import Response

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.money.exports import export_file, export_state, start_export
from sandbox.mirakl.money.payments import list_debits, list_refunds
from sandbox.mirakl.money.queries import list_cycles, list_lines, list_request_lines, list_requests
from sandbox.mirakl.state import Json

ABOUT_MONEY: dict[str, Callable[[Admitted, Desk], Json | Response]] = {
    "TL02": lambda call, _: list_lines(call),
    "TL03": start_export,
    "TL04": export_state,
    "TL05": export_file,
    "SBC11": lambda call, _: list_cycles(call),
    "DR11": lambda call, _: list_requests(call),
    "DR12": lambda call, _: list_request_lines(call),
    "PA11": lambda call, _: list_debits(call),
    "PA12": lambda call, _: list_refunds(call),
}
