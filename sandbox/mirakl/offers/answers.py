"""The operations about offers, by their code."""

from collections.abc import Callable

from starlette.responses import Response

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.offers.exports import export_file, export_state, start_export
from sandbox.mirakl.offers.listing import conditions, list_offers, one_offer, products
from sandbox.mirakl.offers.offer_files import change_offers, import_offers, offer_errors, offer_import
from sandbox.mirakl.offers.prices import import_prices, list_price_imports, price_errors
from sandbox.mirakl.offers.stock import import_stock, stock_errors, stock_import
from sandbox.mirakl.offers.told import Created, Paged
from sandbox.mirakl.state import Json

ABOUT_OFFERS: dict[str, Callable[[Admitted, Desk], Json | Response | Created | Paged]] = {
    "STO01": import_stock,
    "STO02": stock_import,
    "STO03": stock_errors,
    "OF01": import_offers,
    "OF02": offer_import,
    "OF03": offer_errors,
    "OF21": list_offers,
    "OF22": one_offer,
    "OF24": change_offers,
    "OF52": start_export,
    "OF53": export_state,
    "OF54": export_file,
    "OF61": conditions,
    "P31": products,
    "PRI01": import_prices,
    "PRI02": list_price_imports,
    "PRI03": price_errors,
}
