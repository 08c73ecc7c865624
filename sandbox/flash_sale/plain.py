"""A plain connector, as many shops run one: the whole stock every full hour, the orders every quarter of an hour.

It does decently what it does. Orders are booked before stock is read; NetSuite's own available units are shown, which
sales orders have taken theirs off; every file is followed until it has landed; no call is beyond Mirakl's frequencies.
What it lacks is what Tieout is about: one shelf is shown whole at each marketplace, and nobody looks in between.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR
from typing import Any

from sandbox import Twins, decimal_json
from tieout.calls import Caller
from tieout.config import Config, Marketplace
from tieout.domain.orders.order import DEAD
from tieout.domain.orders.sales_order import CustomerDraft
from tieout.mirakl.client import Connection as MiraklConnection
from tieout.mirakl.client import Mirakl
from tieout.netsuite.auth import OAuth2
from tieout.netsuite.client import NetSuite
from tieout.netsuite.connection import Connection
from tieout.netsuite.records import RECORDS

Json = dict[str, Any]
PUSH_EVERY = timedelta(hours=1)
POLL_EVERY = timedelta(minutes=15)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass
class PlainConnector:
    """Its calls are real ones, over HTTP; `work` is its scheduler."""

    config: Config
    twins: Twins
    offered: Mapping[str, Collection[str]]
    """SKUs that it has offers of, by marketplace."""
    done: Counter[str] = field(default_factory=Counter)
    """How often it did what."""
    landed: list[timedelta] = field(default_factory=list)
    """How long each file took until Mirakl said that it was over, as seen from here."""
    _pushed: datetime | None = None
    _polled: datetime | None = None
    _under_way: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """Import and when it was sent, by marketplace."""
    _booked: set[str] = field(default_factory=set)
    _now: datetime = _NEVER

    def __post_init__(self) -> None:
        self._netsuite = _netsuite_of(self.twins, lambda: self._now)
        self._mirakl = {name: _mirakl_of(self.twins, name) for name in self.offered}

    def has_work(self, now: datetime) -> bool:
        """Whether anything is due, or a file is still to land."""
        return bool(self._under_way) or self._polled is None or _last(POLL_EVERY, now) > self._polled

    def work(self, now: datetime) -> None:
        """What is due by the clock: orders first, so that the figures it pushes know of them."""
        self._now = now
        self._follow()
        quarter, hour = _last(POLL_EVERY, now), _last(PUSH_EVERY, now)
        if self._polled is None or quarter > self._polled:
            self._collect_orders(self._polled or quarter - POLL_EVERY)
            self._polled = quarter
        if hour != self._pushed:
            self._push()
            self._pushed = hour

    def _collect_orders(self, since: datetime) -> None:
        """OR11 by window of updates; each order that is new becomes a sales order, which commits its units."""
        item_ids = {itemid: item_id for item_id, itemid in self._items().items()}
        for name, mirakl in self._mirakl.items():
            self.done["order polls"] += 1
            for page in mirakl.orders_updated(since, self._now):
                for fetched in page:
                    if fetched.order_id not in self._booked:
                        self._book(name, decimal_json.loads(fetched.raw), item_ids)

    def _book(self, name: str, order: Json, item_ids: Mapping[str, str]) -> None:
        lines = [one for one in order["order_lines"] if one["order_line_state"] not in DEAD]
        if not lines:
            return
        of_orders = self._settings(name).orders.sales_orders
        known = self._netsuite.references()
        customer = CustomerDraft(
            external_id=f"PLAIN-{name}",
            name=f"Plain {name}",
            currency_id=known.currencies[str(order["currency_iso_code"])],
            subsidiary_id=self._subsidiary(of_orders.subsidiary),
        )
        self._netsuite.ensure_customer(customer)
        body = {
            "externalId": f"PLAIN-{order['order_id']}",
            "entity": {"externalId": customer.external_id},
            **({"subsidiary": {"id": customer.subsidiary_id}} if customer.subsidiary_id else {}),
            "currency": {"id": customer.currency_id},
            "location": {"id": self._locations(name)[0]},
            "tranDate": self._now.date().isoformat(),
            "orderStatus": {"id": "B"},
            "item": {
                "items": [
                    {
                        "item": {"id": item_ids[str(one["offer_sku"])]},
                        "quantity": one["quantity"],
                        "price": {"id": "-1"},
                        "rate": one["price_unit"],
                    }
                    for one in lines
                ]
            },
        }
        self._netsuite.connection.write("POST salesOrder", f"{RECORDS}/salesOrder", decimal_json.dumps(body))
        self._booked.add(str(order["order_id"]))
        self.done["orders booked"] += 1

    def _push(self) -> None:
        """All stock by SuiteQL, and one STO01 a marketplace with every offer that is of an item."""
        by_id = self._items()
        for name, mirakl in self._mirakl.items():
            free: Counter[str] = Counter()
            for page in self._netsuite.shelves(self._locations(name)):
                for shelf in page:
                    free[by_id[shelf.item_id]] += int(shelf.units.to_integral_value(ROUND_FLOOR))
            quantities = [(sku, max(0, free[sku])) for sku in sorted(self.offered[name]) if sku in free]
            self._under_way[name] = mirakl.send_stock(quantities), self._now
            self.done["files of stock"] += 1
            self.done["offers in them"] += len(quantities)

    def _follow(self) -> None:
        """STO02, until every file has landed."""
        for name, (import_id, sent) in list(self._under_way.items()):
            told = self._mirakl[name].stock_import(import_id)
            if told.is_over:
                del self._under_way[name]
                self.landed.append(self._now - sent)
                self.done["offers refused"] += told.in_error

    def _items(self) -> dict[str, str]:
        """Every item's name by its id."""
        return {item.id: item.itemid for page in self._netsuite.stock_items() for item in page}

    def _locations(self, name: str) -> list[str]:
        """Those that Tieout sells from as well."""
        settings = self._settings(name)
        wanted = settings.stock.locations if settings.stock else ()
        names = wanted or tuple(rule.location for rule in settings.orders.sales_orders.locations)
        known = self._netsuite.references().locations
        return [known[one] for one in names]

    def _subsidiary(self, named: str | None) -> str | None:
        """None in an account without subsidiaries."""
        if named is None:
            return None
        name = self.config.netsuite.subsidiaries[named].name
        return None if name is None else self._netsuite.references().subsidiaries[name]

    def _settings(self, name: str) -> Marketplace:
        return self.config.marketplaces[name]


def _last(every: timedelta, now: datetime) -> datetime:
    """When the clock last struck."""
    return now - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) % every


def _mirakl_of(twins: Twins, name: str) -> Mirakl:
    here = twins.mirakl.marketplaces[name]
    connection = MiraklConnection(marketplace=name, base_url=here.url, role="seller", shop_id=here.shop_id)
    return Mirakl(connection, lambda: {"api_key": here.api_key})


def _netsuite_of(twins: Twins, now: Callable[[], datetime]) -> NetSuite:
    here, caller = twins.netsuite, Caller(3.05, 30)
    secret = {"client_id": here.client_id, "certificate_id": here.certificate_id, "private_key": here.private_key}
    # Tokens live by the real clock: who signs them and who checks them share this machine's.
    login = OAuth2(here.url, lambda: secret, caller, lambda: datetime.now(UTC))
    return NetSuite(Connection(here.account, here.url, login, caller), now)
