"""What Oracle's public material does not settle about NetSuite, and how the twin answers it."""

from sandbox.behaviours import Switch

SWITCHES: dict[str, Switch] = {
    "concurrency_limit": Switch(5, "requests at once for the whole account; 5 is the smallest tier"),
    "role_lacks": Switch("", "record types the role may not see, comma-separated: for trying out permission gaps"),
    "auth_clock": Switch(
        "real",
        "assertions and TBA timestamps are judged by this machine's clock, as the client signs with it; 'twin': by "
        "the twin's",
    ),
    "suiteql_lag_seconds": Switch(
        0, "real seconds until a write shows in SuiteQL; no lag is documented, and nothing promises there is none"
    ),
    "suiteql_error_words": Switch(
        "field_not_found",
        "an unknown column is 'Field x not found' in one source, 'Unknown identifier' with INVALID_PARAMETER in "
        "others ('unknown_identifier')",
    ),
    "user_time_zone": Switch("GMT", "dates in SuiteQL follow the token user's preference; set up as GMT"),
    "sysdate_time_zone": Switch("America/Los_Angeles", "SYSDATE was seen in the server's Pacific time"),
    "user_date_format": Switch("M/D/YYYY", "plain date columns follow the token user's date format"),
    "price_level_overrides_rate": Switch(
        default=True,
        why="without the custom price level (id -1) the list price is expected to replace a rate that is sent",
    ),
    "legacy_tax": Switch(
        "refused", "Oracle says REST supports SuiteTax only; 'computed' tries an account where tax codes work"
    ),
    "client_tax_references": Switch(
        default=True, why="whether a line keeps the taxDetailsReference chosen by the client on create is undocumented"
    ),
    "tax_details_without_override": Switch(
        "ignored",
        "tax details without taxDetailsOverride are expected to be recalculated away; 'refused' is the other way",
    ),
    "tax_details_need_rate": Switch(
        default=True, why="the REST browser lists taxRate among what a tax detail must carry"
    ),
    "line_numbers": Switch("consecutive", "lines are not promised to be 1..n; 'gaps' numbers them 1, 4, 7"),
    "duplicate_code": Switch(
        "USER_ERROR", "seen live for entities; 'DUP_RCRD' and 'DUP_EXTID' are the codes of SOAP and SuiteScript"
    ),
    "delete_frees_external_id": Switch(default=True, why="a deleted record's external id is expected to be free again"),
    "read_only_refused": Switch(
        default=True, why="writing a calculated property may also be ignored; refusing shows our mistakes"
    ),
    "bare_references": Switch(
        default=False, why='Oracle\'s samples also write "6" for {"id": "6"}; the schema knows objects only'
    ),
    "property_names_any_case": Switch(
        default=False, why="Oracle's samples also write isclosed for isClosed; the schema does not"
    ),
    "shipping_cost_needs_method": Switch(
        default=False, why="whether a shipping cost needs a shipMethod depends on the account"
    ),
    "sales_orders_commit_stock": Switch(
        default=False, why="accounts commit stock to approved orders; off, what is available changes by shipping only"
    ),
    "fulfil_based_on_commitment": Switch(
        "committed",
        "the preference Fulfill Based on Commitment: where stock is committed, a line ships no more than its share; "
        "'ignored' is the other choice",
    ),
    "pick_pack_ship": Switch(default=True, why="without this feature every fulfilment is Shipped at once"),
    "carrier_integration": Switch(
        "", "with NetSuite's carrier labels parcels stand in packageUps, packageFedex or packageUsps: 'Ups', 'Fedex'..."
    ),
    "dates_outside_posting_period": Switch(
        default=False, why="the preference Allow Transaction Date Outside of the Posting Period is off unless set"
    ),
    "transform_refusal_code": Switch(
        "USER_ERROR", "nothing left to make: SuiteScript calls it 'INVALID_INITIALIZE_REF', REST's code is unpublished"
    ),
    "journal_approval": Switch(
        "approved",
        "with approval routing for journals on, approvalStatus takes the place of approved ('routing')",
    ),
    "journal_lines": Switch(1000, "the UI's limit of lines a journal; larger ones are for SuiteScript and CSV"),
    "journal_receivables_need_entity": Switch(
        default=True, why="lines on receivables and payables are expected to name who they are of"
    ),
    "payment_accounts": Switch(
        "any", "the form offers bank accounts and current assets ('cash'); REST's own check is not documented"
    ),
    "payments_apply_by_themselves": Switch(
        default=False, why="autoApply is off unless sent, but its default in REST is not documented"
    ),
    "refunds_need_method": Switch(
        default=False, why="the standard form requires a refund method; accounts set one as the default"
    ),
    "bills_need_approval": Switch(default=False, why="approval routing holds bills as Pending Approval until approved"),
    "duplicate_bill_numbers": Switch(
        "warned",
        "a vendor's reference number that is used twice is a warning by preference; 'refused' is the other way",
    ),
    "credit_memo_needs_apply": Switch(
        default=True, why="Oracle's sample of invoice to credit memo names the invoice in apply; without may work too"
    ),
}
