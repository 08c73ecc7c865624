"""What Mirakl's public material leaves open, or leaves to the operator's back office, as switches."""

from sandbox.behaviours import Switch

SWITCHES = {
    "debit_request_minutes": Switch(5.0, "WAITING_DEBIT lasts until the operator's payment system picks the order up"),
    "debit_minutes": Switch(5.0, "WAITING_DEBIT_PAYMENT lasts until the payment system confirms"),
    "partial_acceptance": Switch(
        default=True, why="an operator may forbid a shop to accept some lines and refuse others"
    ),
    "details_before_acceptance": Switch(
        default=False, why="PC01 shipping_and_billing_details_before_acceptance; off, addresses wait for acceptance"
    ),
    "sellers_see_staging_orders": Switch(
        default=True, why="the seller's contract lists STAGING among the states one may ask for"
    ),
    "update_window_delta_seconds": Switch(
        60.0, "Mirakl subtracts a time delta from start_update_date; how much is not documented"
    ),
    "frequencies_enforced": Switch(
        default=True, why="each operation documents a maximum frequency; above it comes 429"
    ),
    "frequencies_by_the_hour": Switch(
        default=False, why="429 is described as too many requests in the last hour; off, each interval counts alone"
    ),
    "external_partner": Switch(
        default=False, why="OR11 has a stricter persona, once in 15 minutes; who counts as one is not documented"
    ),
    "listing_pages_count": Switch(
        default=False, why="whether following the pages of one listing counts as calls is not documented"
    ),
    "order_lookups_count": Switch(
        default=False, why="OR11 by order_ids is the synchronous use (at each order page display), which has no maximum"
    ),
    "wrong_shop_status": Switch(403.0, "403 or 404 for a shop the key does not belong to: both are documented codes"),
    "multi_shipment": Switch(
        default=False, why="PC01 shipment.multi_shipment; on, orders ship in parts with ST01 and its kin"
    ),
    "multi_shipment_at": Switch(
        "",
        "each marketplace chooses for itself; the names of those that multi_shipment is for, comma-separated; "
        "empty: all",
    ),
    "alternative_carriers_disabled": Switch(
        default=False, why="PC01 disable_seller_alternative_carrier; on, a shop names registered carriers only"
    ),
    "ship_needs_tracking": Switch(
        default=True, why="OR24 is documented as the step after OR23; whether it is refused without is not"
    ),
    "received_minutes": Switch(4320.0, "SHIPPED lasts until the buyer confirms, or an operator's delay is over"),
    "closed_minutes": Switch(20160.0, "RECEIVED lasts for an operator's delay; CLOSED forbids refunds"),
    "refund_request_minutes": Switch(5.0, "WAITING_REFUND lasts until the operator's payment system picks it up"),
    "refund_minutes": Switch(5.0, "WAITING_REFUND_PAYMENT lasts until the payment system confirms"),
    "shop_partial_cancelation": Switch(
        default=True, why="OR30 is for shops whose operator enabled the partial cancelation of orders"
    ),
    "order_level_tax_calculation": Switch(
        default=False, why="on, OR28 and OR30 refuse taxes with TAX_EXCLUDED: Mirakl calculates them on the order"
    ),
    "returns_accepted_automatically": Switch(
        default=False, why="an operator may accept returns without asking the shop; they start IN_PROGRESS then"
    ),
    "custom_fields": Switch("", "codes of the custom fields an order takes, comma-separated; empty: any code"),
}
