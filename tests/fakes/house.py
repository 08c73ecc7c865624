"""Settings of a small deployment, and everything a flow works with, built from fakes."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tests.fakes.archive import MemoryArchive
from tests.fakes.clock import VirtualClock
from tests.fakes.doorbells import MemoryDoorbells
from tests.fakes.ledger import MemoryLedger
from tests.fakes.marketplace import MemoryMarketplace
from tests.fakes.meter import MemoryMeter
from tests.fakes.orders import an_item
from tests.fakes.postings import MemoryPostings
from tests.fakes.settlement_log import MemorySettlementLog
from tests.fakes.switches import MemorySwitches
from tests.fakes.watermarks import MemoryWatermarks
from tieout.config import Config, config_from
from tieout.flows.ports import At


def settings(**changes: Any) -> dict[str, Any]:
    """A settings file as a person would write it; `a__b=value` changes the key a.b, and `None` takes a key away."""
    data: dict[str, Any] = {
        "deployment": "test",
        "netsuite": {
            "account": "1234567_SB1",
            "subsidiaries": {"uk": {"name": "Gift Shop UK", "time_zone": "Europe/London"}},
        },
        "marketplaces": {
            "brightside": {
                "role": "seller",
                "url": "https://brightside.mirakl.net",
                "shop_id": 2001,
                "orders": {
                    "since": "2026-01-01T00:00:00Z",
                    "sales_orders": {
                        "subsidiary": "uk",
                        "currencies": ["GBP"],
                        "customer": {"name": "Brightside"},
                        "locations": [{"location": "Main warehouse"}],
                        "tax": {"strategy": "suitetax_override", "default_code": "VAT-MARKETPLACE"},
                    },
                },
            }
        },
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        inner = data
        for key in parents:
            inner = inner.setdefault(key, {})
        if value is None:
            inner.pop(last, None)
        else:
            inner[last] = value
    return data


def a_config(**changes: Any) -> Config:
    """Checked settings of `settings(...)`."""
    return config_from(settings(**changes))


class House(Struct, frozen=True, kw_only=True):
    """A deployment in memory: what flows are given (`at`), and the same fakes by name, to be looked at."""

    at: At
    clock: VirtualClock
    ledger: MemoryLedger
    markets: dict[str, MemoryMarketplace]
    postings: MemoryPostings
    watermarks: MemoryWatermarks
    archive: MemoryArchive
    settlement_log: MemorySettlementLog
    doorbells: MemoryDoorbells
    switches: MemorySwitches
    meter: MemoryMeter

    @property
    def market(self) -> MemoryMarketplace:
        """The first marketplace; most tests have one."""
        return next(iter(self.markets.values()))


def a_house(config: Config | None = None, **changes: Any) -> House:
    """Everything in memory: items MUG, BOWL and JUG, a hundred of each in the main warehouse."""
    config = config or a_config(**changes)
    clock = VirtualClock()
    ledger = MemoryLedger(clock, [an_item(name) for name in ("MUG", "BOWL", "JUG")])
    for item in ledger.items_table:
        ledger.stock[item.id, "1"] += 100
    markets = {name: MemoryMarketplace(clock) for name in config.marketplaces}
    postings = MemoryPostings(config.reliability.lease_seconds)
    watermarks, archive, meter = MemoryWatermarks(), MemoryArchive(), MemoryMeter()
    settlement_log = MemorySettlementLog()
    doorbells = MemoryDoorbells(clock)
    switches = MemorySwitches(config.reliability.breaker_failures, config.reliability.breaker_open_seconds)
    at = At(
        config=config,
        marketplace=markets.__getitem__,
        ledger=ledger,
        postings=postings,
        watermarks=watermarks,
        archive=archive,
        settlement_log=settlement_log,
        doorbells=doorbells,
        switches=switches,
        meter=meter,
        clock=clock,
        jitter=lambda: 1.0,
    )
    return House(
        at=at,
        clock=clock,
        ledger=ledger,
        markets=markets,
        postings=postings,
        watermarks=watermarks,
        archive=archive,
        settlement_log=settlement_log,
        doorbells=doorbells,
        switches=switches,
        meter=meter,
    )
