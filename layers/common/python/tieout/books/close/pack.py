"""The close pack: sixteen reports of one month as a workbook, CSV files and a page, and a manifest that proves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from tieout.books.close.accruals import accruals_sheet
from tieout.books.close.charges import claims_sheet, fees_sheet, tax_sheet
from tieout.books.close.closing import Closing, accounts_of
from tieout.books.close.currencies import currencies_sheet, exchanges_sheet
from tieout.books.close.custody import custody_sheets
from tieout.books.close.cycles import buckets_sheet, roles_sheet, tie_out_sheet
from tieout.books.close.evidence import changes_sheet, evidence_sheet
from tieout.books.close.gates import Gate, cover_sheet, gates_of, ready
from tieout.books.close.journals import journal_sheet, orders_sheet
from tieout.books.close.manifest import manifest_bytes
from tieout.books.close.open_breaks import breaks_sheets
from tieout.books.close.open_items import balances_sheet, receivables_sheet
from tieout.books.close.page import page_bytes
from tieout.books.close.pictures import breaks_by_age, fees_by_category, waterfall
from tieout.books.close.roll_forward import roll_forward, roll_forward_sheet
from tieout.books.close.sellers import sellers_sheets
from tieout.books.close.sheet import Sheet
from tieout.books.close.workbook import csv_bytes, workbook_bytes

WORKBOOK = "close-pack.xlsx"
PAGE = "close-pack.html"
MANIFEST = "manifest.json"


class Pack(Struct, frozen=True, kw_only=True):
    """A close pack: its files, ready to be written anywhere."""

    files: Mapping[str, bytes]
    """By name, the manifest included."""
    gates: tuple[Gate, ...]
    sheets: tuple[Sheet, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing stands in the way of a sign-off."""
        return ready(self.gates)


def build_pack(closing: Closing) -> Pack:
    """Everything of the month. The same closing gives the same bytes: there is no clock in it."""
    accounts = accounts_of(closing)
    months = [roll_forward(account) for account in accounts]
    gates = gates_of(closing, accounts, months)
    sheets = (
        cover_sheet(closing, accounts, gates),
        roll_forward_sheet(list(zip(accounts, months, strict=True))),
        tie_out_sheet(accounts),
        buckets_sheet(accounts),
        roles_sheet(accounts),
        journal_sheet(accounts),
        orders_sheet(accounts),
        *breaks_sheets(closing),
        receivables_sheet(accounts),
        accruals_sheet(accounts),
        tax_sheet(accounts),
        fees_sheet(accounts),
        claims_sheet(closing),
        balances_sheet(accounts, months),
        currencies_sheet(accounts, months),
        exchanges_sheet(closing, accounts),
        evidence_sheet(closing, accounts),
        changes_sheet(closing),
        *sellers_sheets(accounts),
        *custody_sheets(accounts, months),
    )
    pictures = [waterfall(account, month) for account, month in zip(accounts, months, strict=True)]
    others = [breaks_by_age(closing), fees_by_category(accounts)]
    files = {sheet.file: csv_bytes(sheet) for sheet in sheets}
    files[WORKBOOK] = workbook_bytes(sheets, f"Close pack {closing.entity} {closing.period}")
    files[PAGE] = page_bytes(closing, gates, pictures, others, sheets)
    files[MANIFEST] = manifest_bytes(_facts(closing, gates), closing.inputs, files)
    return Pack(files=files, gates=tuple(gates), sheets=sheets)


def _facts(closing: Closing, gates: Sequence[Gate]) -> dict[str, object]:
    return {
        "entity": closing.entity,
        "period": str(closing.period),
        "as_of": closing.as_of.isoformat(),
        "run": closing.run,
        "code_version": closing.code_version,
        "config_sha256": closing.config_hash,
        "break_history": closing.events[-1].hash if closing.events else None,
        "gates": {gate.id: gate.verdict.value for gate in gates},
        "ready": ready(gates),
    }


def write_pack(pack: Pack, folder: Path) -> None:
    """Write every file whole, the manifest last: a folder without one is not a pack. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    for name in sorted(pack.files, key=lambda each: (each == MANIFEST, each)):
        partial = folder / f".{name}.part"
        partial.write_bytes(pack.files[name])
        partial.replace(folder / name)
