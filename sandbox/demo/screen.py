"""The last screen: what moved, what is parked and why, and where to look."""

from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.demo.agreement import COUNTED
from sandbox.demo.books import SALES_ORDER
from sandbox.demo.outcome import Outcome
from sandbox.demo.twin_control import rows

_LONGEST = 12


def show(console: Console, outcome: Outcome, summary: dict[str, Any], out: Path, folder: Path, *, keep: bool) -> None:
    """Print the evening's report."""
    console.print()
    console.print(_moved(outcome))
    console.print(_afterwards(summary))
    if summary.get("settlement"):
        console.print(_settled(summary["settlement"]))
    if summary.get("stock"):
        console.print(_stocked(summary["stock"], summary.get("flash_sale")))
    if outcome.parked:
        console.print(_parked(outcome))
    console.print(_figures(summary))
    for problem in outcome.problems:
        console.print(f"[red]✗[/red] {problem}", highlight=False)
    _where_to_look(console, out, folder, keep=keep)


def _moved(outcome: Outcome) -> Table:
    table = Table(title="What moved", title_justify="left")
    for name in ("marketplace", "sales orders", "currency", "gross"):
        table.add_column(name, justify="right" if name in ("sales orders", "gross") else "left")
    count: Counter[tuple[str, str]] = Counter()
    gross: Counter[tuple[str, str]] = Counter()
    for row in rows(outcome.books.netsuite[SALES_ORDER]):
        key = str(row.get("custbody_tieout_marketplace") or "(another system)"), _currency(row)
        count[key] += 1
        gross[key] += row.get("total") or 0
    for (marketplace, currency), times in sorted(count.items()):
        table.add_row(marketplace, str(times), currency, f"{gross[marketplace, currency]:,.2f}")
    return table


def _afterwards(summary: dict[str, Any]) -> Table:
    """Dispatch, refunds and returns: what one side did, and beside it what the other knows of it."""
    table = Table(title="What left, and what came back", title_justify="left")
    counts: dict[str, dict[str, int]] = summary["counts"]["dispatch_and_returns"]
    table.add_column("")
    for marketplace in counts:
        table.add_column(marketplace, justify="right")
    for name in COUNTED:
        if any(counted.get(name) for counted in counts.values()):
            table.add_row(name, *(str(counted.get(name, 0)) for counted in counts.values()))
    return table


def _settled(told: dict[str, Any]) -> Table:
    """Billing cycles: what was booked, and what the clearing accounts hold before and after the payout."""
    table = Table(title="What was settled", title_justify="left")
    for name in (
        "marketplace",
        "cycles",
        "lines",
        "settled",
        "clearing before the payout",
        "paid out",
        "clearing after",
    ):
        table.add_column(name, justify="left" if name == "marketplace" else "right")
    for name, after in told["after_payout"].items():
        before = told["before_payout"].get(name, after)
        lines = f"{after['lines']:,}"
        figures = (after["settled"], before["clearing"], after["paid_out"], after["clearing"])
        table.add_row(name, str(after["cycles"]), lines, *figures)
    records = ", ".join(f"{times} {kind}" for kind, times in sorted(told["records"].items()))
    table.caption = records or "no records"
    return table


def _stocked(told: dict[str, Any], rush: dict[str, Any] | None) -> Table:
    """What marketplaces show at the end, and how the rush went beside a plain hourly push."""
    table = Table(title="What was shown and sold", title_justify="left", show_header=False)
    table.add_row("offers that show what they should", f"{told['as_they_should_be']:,} of {told['mapped']:,}")
    table.add_row("offers of no item of ours, not touched", f"{told['offers'] - told['mapped']:,}")
    table.add_row("pushes that the brake held and a person let go", str(told["pushes_let_go"]))
    faults = ", ".join(f"{times} {fault.replace('_', ' ')}" for fault, times in told.get("mapping", {}).items())
    table.add_row("offers against items (`tieout audit mapping`)", faults or "nothing to see to")
    if rush:
        ours, plain = rush["tieout"], rush["plain_hourly_push"]
        meanwhile = plain["with_a_full_hour_in_the_sale"]
        table.add_row("flash sale: tries, orders, units", f"{ours['attempts']}, {ours['orders']}, {ours['units_sold']}")
        table.add_row("units sold that were not there", f"{ours['oversold_units']}")
        table.add_row("the same rush with a plain hourly push", f"{plain['oversold_units']}")
        table.add_row("and where that push comes in mid-sale", f"{meanwhile['oversold_units']}")
        table.add_row("units left while buyers still wanted them", f"{ours['units_left_with_buyers_waiting']}")
        stock, orders = plain["stock_pushed_every_minutes"], plain["orders_polled_every_minutes"]
        table.caption = (
            f"The same {ours['attempts']} buyers, twice: with Tieout on the deployed stack, and with a plain connector "
            f"that sends all stock every {stock} minutes and reads orders every {orders}, on Mirakl and NetSuite twins "
            "of its own. Counted is what the marketplaces took."
        )
    return table


def _currency(row: dict[str, Any]) -> str:
    currency = row.get("currency") or {}
    return str(currency.get("refName") or currency.get("id") or "")


def _parked(outcome: Outcome) -> Table:
    table = Table(title="What is parked, and why", title_justify="left")
    for name in ("orders", "why", "for example", "facts"):
        table.add_column(name, justify="right" if name == "orders" else "left", overflow="fold")
    reasons: dict[str, list[dict[str, Any]]] = {}
    for line in outcome.parked:
        reasons.setdefault(str(line["sentence"]), []).append(line)
    for sentence, lines in sorted(reasons.items(), key=lambda pair: -len(pair[1]))[:_LONGEST]:
        facts = ", ".join(f"{name} {value}" for name, value in lines[0]["facts"].items())
        table.add_row(str(len(lines)), sentence, f"{lines[0]['marketplace']} {lines[0]['order_id']}", facts)
    return table


def _figures(summary: dict[str, Any]) -> Table:
    table = Table(title="In figures", title_justify="left", show_header=False)
    counts, calls = summary["counts"], summary["calls"]
    plain = {name.replace("_", " "): value for name, value in counts.items() if not isinstance(value, dict)}
    figures: dict[str, Any] = {
        **plain,
        "Mirakl's events delivered": summary["webhooks"]["delivered"],
        **{f"NetSuite's events {name}": times for name, times in summary["netsuite_events"].items() if times},
        **{name: times for name, times in summary["people"].items() if times},
        "schedules fired": sum(summary["schedules_fired"].values()),
        "NetSuite calls a sales order": calls["netsuite_calls_per_sales_order"],
        "most NetSuite calls at once": calls["netsuite_peak_concurrency"],
        "Mirakl calls a hundred orders": calls["mirakl_calls_per_100_orders"],
        "seconds": summary["seconds"],
    }
    if summary["faults"]["struck"]:
        struck = summary["faults"]["struck"]
        figures["faults that struck"] = ", ".join(f"{kind} {times}" for kind, times in sorted(struck.items()))
        figures["workers killed"] = summary["faults"]["workers_killed"]
    for name, value in figures.items():
        table.add_row(name, str(value))
    return table


def _where_to_look(console: Console, out: Path, folder: Path, *, keep: bool) -> None:
    console.print("\n[bold]Where to look[/bold]")
    live = (
        ("first: speak to this stack", f". {_short(folder / 'environment')}"),
        ("what waits for a person", ".venv/bin/tieout parked"),
        ("the life of one order", ".venv/bin/tieout explain ORDER"),
        ("whether everything is connected", ".venv/bin/tieout doctor"),
    )
    for what, command in (
        *(live if keep else ()),
        ("the parked postings, one a line", f"less {_short(out / 'parked.ndjson')}"),
        ("what NetSuite has, a file a record type", f"ls {_short(out / 'netsuite')}"),
        ("what the cycles were to become, as it was reviewed", f"less {_short(out / 'settlement.txt')}"),
        ("the close pack of the month", f"ls {_short(out / 'close-pack')}"),
        ("orders, shipments and returns of Mirakl", f"ls {_short(out / 'mirakl')}"),
        ("what the functions logged", f"less {_short(folder / 'ministack.log')}"),
        ("what an alarm means and what to do", "ls docs/on-call"),
    ):
        console.print(f"  {command:<45} {what}", highlight=False)
    if keep:
        console.print("\nEverything still runs; use another terminal. Ctrl-C ends it.")
    else:
        console.print(
            "\n`make demo KEEP=1` leaves it running, for `tieout parked`, `tieout explain ORDER` and the rest."
        )


def _short(place: Path) -> Path:
    """From where the person stands, if it is below."""
    return place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place
