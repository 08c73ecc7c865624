-- Lines of few types out of Parquet, a partition a cycle: of each the newest version.
SELECT id, type, amount, currency, created, updated, CASE WHEN cycle IN ('none', 'unread') THEN NULL ELSE cycle END AS cycle, document,
       coalesce(psp, '') AS psp, coalesce(shop, '') AS shop, coalesce(state, '') AS state, order_id, fee_code, description
FROM (
    SELECT * FROM read_parquet($files, hive_partitioning = true, hive_types = {'cycle': VARCHAR})
    WHERE id IN (SELECT id FROM read_parquet($files) WHERE type IN (SELECT unnest($types::VARCHAR[])))
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated DESC, cycle IN ('none', 'unread')) = 1
)
WHERE type IN (SELECT unnest($types::VARCHAR[]))
ORDER BY created, id;
