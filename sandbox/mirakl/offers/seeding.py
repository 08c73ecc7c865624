"""The offers and products that a world brings: mirakl/<marketplace>/offers.ndjson and products.ndjson."""

from datetime import datetime, timedelta

from sandbox.mirakl.offers.catalogue import Catalogue
from sandbox.mirakl.state import SHOP_ID
from sandbox.world import World


def catalogue_of(world: World, marketplace: str, opens_at: datetime) -> Catalogue:
    """Offers as OF21 has them (`shop_id` for another shop's), products a reference a row as P31 does.

    Raises ValueError for an offer that is none.
    """
    catalogue = Catalogue()
    before = opens_at - timedelta(hours=1)
    for product in world.mirakl(marketplace, "products"):
        catalogue.add_product(product)
    for row in world.mirakl(marketplace, "offers"):
        catalogue.add(row, SHOP_ID, before)
    return catalogue
