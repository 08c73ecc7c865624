"""What an operator's connection adds, and the events of any."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from tieout.settings.base import Settings, Text


class Operator(Settings):
    """What only an operator of a marketplace needs: who fulfils, by shop."""

    own_shops: tuple[int, ...] = ()
    """Shops that are the operator's own: their lines are stock items that NetSuite ships, and their offers show its
    stock, shared as between marketplaces."""
    close_sales_orders: Literal["received", "closed", "never"] = "closed"
    """When a sales order of another seller's goods is closed in NetSuite, which bills nothing for it."""
    marketplace_item: Text | None = None
    """Non-inventory item (`itemid`) for the lines of all other shops; left out: lines are matched by SKU."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = sorted({shop for shop in self.own_shops if self.own_shops.count(shop) > 1})
        if twice:
            raise ValueError(f"own_shops names shop {twice[0]} twice")
        return self


class Webhooks(Settings):
    """Doorbells from the marketplace; polling stays the truth."""

    enabled: bool = False
    """Whether the deployment takes this marketplace's webhooks."""
    allowed_ips: tuple[str, ...] = ()
    """Senders (CIDR blocks) that may call; empty: any sender with a valid signature."""
    cloud_events_principal: str | None = None
    """IAM principal ARN that may send to the Mirakl Cloud Events queue; left out: no such queue."""

    @model_validator(mode="after")
    def _networks(self) -> Self:
        from ipaddress import ip_network  # noqa: PLC0415  only needed where the list is used

        for block in self.allowed_ips:
            try:
                ip_network(block)
            except ValueError as error:
                raise ValueError(f"allowed_ips: {block!r} is not an address block such as 203.0.113.0/24") from error
        return self
