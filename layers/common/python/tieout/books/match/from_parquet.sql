-- Lines out of Parquet, a partition a cycle: of each the newest version, in whole minor units of its currency.
INSERT INTO line
SELECT $marketplace, told.id, COALESCE(alias.type, told.type), CAST(told.amount * currency.units AS BIGINT),
    told.currency, told.created, told.cycle, told.document, told.psp, told.shop,
    CAST(told.balance * currency.units AS BIGINT), told.state, told.order_id, told.order_line_id, told.refund_id,
    told.shipment_id, told.debit_id, told.tax_code, told.fee_code
FROM (
    SELECT * REPLACE (CASE WHEN cycle IN ('none', 'unread') THEN NULL ELSE cycle END AS cycle)
    FROM read_parquet($files, hive_partitioning = true, hive_types = {'cycle': VARCHAR})
    -- A line that was in no cycle at first stands there too, in the version of that time.
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated DESC, cycle IN ('none', 'unread')) = 1
) AS told
JOIN currency_units AS currency ON currency.code = told.currency
LEFT JOIN type_alias AS alias ON alias.name = told.type;
