"""What Mirakl's public material leaves open, or leaves to the operator's back office, as switches."""

from sandbox.behaviours import Switch
from sandbox.mirakl.offers.behaviours import OFFER_SWITCHES

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
    "seller_roles": Switch(
        "ROLE_SHOP_ADMIN,ROLE_SHOP_ACCOUNTANCY",
        "a key has its user's roles, comma-separated; ROLE_SHOP_ADMIN alone does not open the transaction log",
    ),
    "billing_cycle_days": Switch("1,11,21", "days of the month on which cycles close (UTC); operators choose them"),
    "payout_days": Switch(2.0, "TO_PAY lasts until the operator's payment system pays; a failed payout is tried again"),
    "payouts_fail": Switch("", "INCOMPLETE_KYC or AWAITING_INVOICE_CHECK: why payouts do not succeed; empty: they do"),
    "payment_names_its_cycle": Switch(
        default=True, why="whether a PAYMENT line carries its seller_billing_cycle_id is not documented"
    ),
    "negative_cycles_close": Switch(
        default=True,
        why="on, a negative cycle closes with nothing to transfer and the next one takes what is owed; off, its lines "
        "stay PAYABLE until there is something to pay: neither is documented",
    ),
    "empty_payout_state": Switch("TO_PAY", "pay_out.state of a cycle with nothing to transfer is not documented"),
    "sales_written": Switch(
        "", "debited or received: when an order's lines appear in the log; empty: as the world's log does, else debited"
    ),
    "refunds_written": Switch("paid", "paid or asked: when a refund's lines appear in the log is not documented"),
    "tax_presentation": Switch(
        "",
        "split or embedded: tax in lines of its own or inside the price; empty: as the world's log, else split for "
        "TAX_EXCLUDED and embedded for TAX_INCLUDED",
    ),
    "dropship_at": Switch(
        "",
        "names of marketplaces whose operator buys what shops sell (shop_model DROPSHIP), comma-separated; the lines "
        "that such a sale writes are inferred: no live tenant was seen",
    ),
    "subscription_fee": Switch(0.0, "charged at the close of each cycle, without tax; an operator may charge none"),
    "subscription_tax_rate": Switch(20.0, "percent of tax on the subscription"),
    "fees_by_document_request": Switch(
        default=False, why="operators with e-invoicing issue fees as document requests (DR11) in place of IV01"
    ),
    "bill_taxes_on_the_total": Switch(
        default=False, why="on, a bill's tax is worked out on its net amount and may differ from the lines by cents"
    ),
    "export_minutes": Switch(1.0, "an asynchronous export of the log is PENDING for a while"),
    "exports_fail": Switch(default=False, why="an export may end as FAILED"),
    "export_files_are_signed": Switch(
        default=False, why="whether the address of an export's file wants a credential or is signed is not documented"
    ),
    **OFFER_SWITCHES,
    "custom_fields": Switch("", "codes of the custom fields an order takes, comma-separated; empty: any code"),
}
