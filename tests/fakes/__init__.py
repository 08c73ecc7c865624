"""In-memory stand-ins for everything that flows ask for (`tieout.flows.ports`), one file a port, on one virtual clock.

They hold what the real ones hold and refuse what the real ones refuse; a test asserts what they hold in the end.
"""

from tests.fakes.archive import MemoryArchive
from tests.fakes.clock import START, VirtualClock
from tests.fakes.doorbells import Delivery, MemoryDoorbells
from tests.fakes.house import House, a_config, a_house
from tests.fakes.ledger import MemoryLedger
from tests.fakes.marketplace import MemoryMarketplace
from tests.fakes.meter import MemoryMeter
from tests.fakes.orders import a_line, an_address, an_item, an_order, fetched
from tests.fakes.postings import MemoryPostings
from tests.fakes.settlement_log import MemorySettlementLog
from tests.fakes.switches import MemorySwitches
from tests.fakes.watermarks import MemoryWatermarks

__all__ = [
    "START",
    "Delivery",
    "House",
    "MemoryArchive",
    "MemoryDoorbells",
    "MemoryLedger",
    "MemoryMarketplace",
    "MemoryMeter",
    "MemoryPostings",
    "MemorySettlementLog",
    "MemorySwitches",
    "MemoryWatermarks",
    "VirtualClock",
    "a_config",
    "a_house",
    "a_line",
    "an_address",
    "an_item",
    "an_order",
    "fetched",
]
