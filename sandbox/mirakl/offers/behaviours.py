"""What Mirakl's public material leaves open about offers, as switches."""

from sandbox.behaviours import Switch

OFFER_SWITCHES = {
    "orders_reduce_offers": Switch(
        default=True,
        why="an order's units leave the offer when it is placed: not in the contract, but widely described; off, only "
        "the shop's files change a quantity",
    ),
    "cancelations_return_units": Switch(
        default=False,
        why="whether units of an order refused, or cancelled before shipping, come back to the offer is not documented",
    ),
    "import_waiting_seconds": Switch(
        5.0, "a file that changes offers is WAITING for a while; how long is nobody's promise"
    ),
    "import_seconds": Switch(15.0, "a file is RUNNING for a while before any of it is applied; not documented"),
    "import_seconds_a_10000_rows": Switch(10.0, "a long file takes longer; not documented"),
    "imports_wait_their_turn": Switch(
        default=True,
        why="a shop may send a file while one of its kind runs; that they run one after the other is not documented; "
        "off, they run side by side, and a short one sent later may be over first",
    ),
    "imports_fail": Switch(default=False, why="a file may end as FAILED, with nothing of it applied"),
    "duplicate_requests_share_an_id": Switch(
        default=True,
        why="OF01, OF24 and OF52 answer a duplicate with the id of the former; that the same request is one as long as "
        "the former is under way is our reading",
    ),
    "warehouses": Switch(
        "", "codes of the shop's warehouses, comma-separated; empty: quantities of offers as a whole only"
    ),
    "price_approval": Switch(
        default=False, why="PRI01: an operator may have to approve prices; on, the ongoing ones remain"
    ),
    "offer_export_seconds": Switch(30.0, "an asynchronous export of offers is PENDING for a while"),
    "offer_export_hours": Switch(24.0, "how long the files of an export of offers stay is not documented"),
    "export_chunks_of_any_size": Switch(
        default=False, why="OF52: TEST and DEV environments take smaller items_per_chunk and megabytes_per_chunk"
    ),
}
