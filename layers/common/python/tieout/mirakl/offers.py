"""Offers: which there are (OF52 to OF54), and how they are created, changed and deleted (OF01 to OF03)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tieout.domain.errors import OutcomeUnknown, SystemDown
from tieout.mirakl.connection import Calls, Connection, instant

if TYPE_CHECKING:
    from tieout.domain.listings.listing import Listing
    from tieout.domain.stock.offer import Import, Offer, OfferExport, Rejected

# ruff: noqa: PLC0415  as in `stock`

OFFERS_A_FILE = 200_000
"""Of an export: what is lost where a file breaks off. It is read as it comes, so that its size matters little else."""

REFERENCES_AT_ONCE = 100
"""Products that a P31 answers at most."""

_PARTS = frozenset(",|")
_IMPORTS = "/api/offers/imports"
_EXPORTS = "/api/offers/export/async"


class Offers:
    """The part of a connection that has to do with offers as a whole."""

    _connection: Connection
    _calls: Calls

    # --- which there are ---------------------------------------------------------------------------------------------

    def export_offers(self, changed_since: datetime | None = None) -> str:
        """OF52: ask for a file of all offers, inactive ones too (once a day); or of those that changed since then.

        Changes come with what was deleted, once a minute. Answers the tracking id: of a request that is just like one
        that is under way, that one's. An operator is told every shop's offers.
        """
        from tieout.mirakl.offer_files import FIELDS
        from tieout.mirakl.wire_offers import EXPORT_ASKED

        body: dict[str, object] = {
            "export_type": "application/json",
            "include_fields": FIELDS,
            "items_per_chunk": OFFERS_A_FILE,
        }
        if changed_since is None:
            body["include_inactive_offers"] = True
        else:
            body["last_request_date"] = instant(changed_since)
        asked = self._calls.tell(EXPORT_ASKED, "OF52", "POST", _EXPORTS, body)
        if not asked.tracking_id:
            raise OutcomeUnknown("Mirakl answered OF52 without a tracking id")
        return asked.tracking_id

    def offer_export(self, tracking_id: str) -> OfferExport:
        """OF53: how far the export is; every ten seconds at most."""
        from tieout.domain.stock.offer import OfferExport
        from tieout.mirakl.imports import part
        from tieout.mirakl.wire_offers import EXPORT_STATE

        told = self._calls.ask(EXPORT_STATE, "OF53", f"{_EXPORTS}/status/{part(tracking_id)}")
        if not told.status:
            raise SystemDown("Mirakl answered OF53 without a status")
        error = told.error
        words = ": ".join(word for word in (error.code, error.detail) if word) if error else ""
        return OfferExport(told.status, tuple(told.urls or ()), words)

    def offers_of(self, url: str) -> Iterator[Offer]:
        """OF54: the offers of one file, at whatever address OF53 named, as they come: never the whole file in memory.

        Raises NeedsAttention(UNREADABLE_DOCUMENT) for a file that is not what was asked for, SystemDown where it breaks
        off. Mirakl's own example names its own host without TLS: it is asked with.
        """
        from tieout.mirakl.offer_files import offers_in

        here = self._connection.base_url
        if here.startswith("https://") and url.startswith(f"http://{here.removeprefix('https://')}/"):
            url = "https" + url.removeprefix("http")
        yield from offers_in(self._calls.pieces("OF54", url))

    def products_of(self, references: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """P31, 100 a call: SKU of the marketplace's product by reference, such as ("EAN", "5012345678900").

        A reference that no product has is simply not there. Exports tell of an offer which product it is of, and no
        reference of that.
        """
        from tieout.mirakl.values import text
        from tieout.mirakl.wire_offers import PRODUCTS

        # What would part one reference from the next is in none that a product has.
        wanted = [each for each in dict.fromkeys(references) if each[1] and not _PARTS.intersection(each[0] + each[1])]
        found: dict[tuple[str, str], str] = {}
        for start in range(0, len(wanted), REFERENCES_AT_ONCE):
            some = wanted[start : start + REFERENCES_AT_ONCE]
            asked = {"product_references": ",".join(f"{kind}|{value}" for kind, value in some)}
            for told in self._calls.ask(PRODUCTS, "P31", "/api/products", asked).products:
                reference = (told.product_id_type or "", text(told.product_id))
                if reference in some and told.product_sku:
                    found[reference] = text(told.product_sku)
        return found

    # --- what they should be -----------------------------------------------------------------------------------------

    def send_offers(self, listings: Iterable[Listing], columns: Collection[str]) -> str:
        """OF01, NORMAL: create, update or delete offers; answers the import's id. Once a minute.

        `columns` names the fields of `Listing` that are sent besides the SKU and whether it is a deletion: a column
        that is not in the file is not touched, one that is there and empty is emptied. Mirakl answers a file that it
        has already with that one's id. Raises OutcomeUnknown where no answer came; ValueError for a file without
        lines, a field that no column is for, or a price that is none.
        """
        from tieout.mirakl.imports import take, whose
        from tieout.mirakl.offer_columns import offers_file

        fields = {"import_mode": "NORMAL", **whose(self._connection, "shop")}
        return take(self._calls, "OF01", _IMPORTS, offers_file(listings, columns), fields)

    def offer_import(self, import_id: str) -> Import:
        """OF02: how far it is; once a minute."""
        from tieout.mirakl.imports import followed, part

        return followed(self._calls, "OF02", f"{_IMPORTS}/{part(import_id)}", import_id)

    def offer_errors(self, import_id: str) -> list[Rejected]:
        """OF03: lines that were not taken; once a minute."""
        from tieout.mirakl.imports import part, refused_lines

        return refused_lines(self._calls, "OF03", f"{_IMPORTS}/{part(import_id)}/error_report")
