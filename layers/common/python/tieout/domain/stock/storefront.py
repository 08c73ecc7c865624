"""A storefront: the offers of one shop at one marketplace. Quantities are kept, pushed and followed by storefront.

A seller's access is to one shop: its storefront has the marketplace's name. An operator may have several shops of its
own; each is named `<marketplace>/<shop>`, always, so that a shop that is added renames no other. Names of marketplaces
have no slash.
"""

from __future__ import annotations

_SLASH = "/"


def named(marketplace: str, shop: str = "") -> str:
    """The name of a storefront; `shop` is Mirakl's id of an operator's own shop."""
    return f"{marketplace}{_SLASH}{shop}" if shop else marketplace


def marketplace_of(storefront: str) -> str:
    """Whose access, clock, orders and exports it shares."""
    return storefront.partition(_SLASH)[0]


def shop_of(storefront: str) -> str:
    """Mirakl's id of an operator's own shop; empty for a seller, whose access says it."""
    return storefront.partition(_SLASH)[2]


def thread_of(storefront: str, thread: str) -> str:
    """What postings of a storefront are about, a SKU or its files, by marketplace: two shops may share a SKU."""
    shop = shop_of(storefront)
    return f"{shop}{_SLASH}{thread}" if shop else thread


def within(storefront: str, thread: str) -> str | None:
    """The SKU, or what else it is, of a posting's thread; None: it is another storefront's."""
    shop = shop_of(storefront)
    if not shop:
        return thread
    found, slash, rest = thread.partition(_SLASH)
    return rest if slash and found == shop else None
