-- Stage 6: what the operator charged against the contract, as the order states it; one minor unit a line for rounding.
CREATE TABLE charged AS
SELECT mkp, order_id, line_id, any_value(ccy) AS ccy,
       -coalesce(sum(worth) FILTER (type = 'COMMISSION_FEE'), 0) AS fee,
       -coalesce(sum(worth) FILTER (type = 'COMMISSION_VAT'), 0) AS vat,
       bool_or(unmapped) AS unmapped,
       coalesce(sum(worth) FILTER (grp = 'sale'), 0) AS sale,
       min(created)::DATE AS day
FROM l WHERE refund_id IS NULL AND order_id IS NOT NULL AND line_id IS NOT NULL
GROUP BY mkp, order_id, line_id
HAVING count(*) FILTER (type IN ('ORDER_AMOUNT', 'COMMISSION_FEE')) > 0;

CREATE TABLE off_contract AS
SELECT c.*, s.commission, s.commission_tax, c.fee - s.commission AS fee_off, c.vat - s.commission_tax AS vat_off,
       -- VAT that is right on a fee that is wrong
       abs(c.fee - s.commission) > 1 AND s.commission > 0
           AND abs(c.vat - c.fee * s.commission_tax / s.commission) <= 1 + abs(c.fee) / s.commission / 2 AS vat_follows
FROM charged c
JOIN sold s ON s.mkp = c.mkp AND s.order_id = c.order_id AND s.line_id = c.line_id
WHERE NOT c.unmapped AND s.commission IS NOT NULL
  AND (s.order_state IN ('RECEIVED', 'CLOSED') OR c.sale = s.gross)
  AND (abs(c.fee - s.commission) > 1 OR abs(c.vat - s.commission_tax) > 1);

-- Cycle and document of the few that differ.
CREATE TABLE against_contract AS
SELECT c.*, p.* EXCLUDE (mkp, order_id, line_id)
FROM off_contract c
JOIN (
    SELECT l.mkp, l.order_id, l.line_id,
           coalesce(min(cycle) FILTER (type = 'COMMISSION_FEE'), min(cycle)) AS cycle,
           coalesce(min(doc) FILTER (type = 'COMMISSION_FEE'), min(doc)) AS doc,
           coalesce(min(cycle) FILTER (type = 'COMMISSION_VAT'), min(cycle)) AS vat_cycle,
           coalesce(min(doc) FILTER (type = 'COMMISSION_VAT'), min(doc)) AS vat_doc
    FROM l SEMI JOIN off_contract o ON o.mkp = l.mkp AND o.order_id = l.order_id AND o.line_id = l.line_id
    WHERE l.refund_id IS NULL GROUP BY ALL
) p ON p.mkp = c.mkp AND p.order_id = c.order_id AND p.line_id = c.line_id;

INSERT INTO finding
SELECT 'COMMISSION_RATE', mkp, order_id, any_value(ccy), sum(abs(fee_off)), order_id, NULL, min(cycle), min(day), sum(fee),
       sum(commission), string_agg(line_id, ', ' ORDER BY line_id), FALSE
FROM against_contract WHERE abs(fee_off) > 1 GROUP BY mkp, order_id;

INSERT INTO effect BY NAME
SELECT 'COMMISSION_RATE' AS code, mkp, order_id AS key, order_id, cycle, doc, 'total_commissions' AS bucket, FALSE AS is_tax, -fee_off AS a
FROM against_contract WHERE abs(fee_off) > 1;

INSERT INTO finding
WITH order_vat AS (SELECT mkp, order_id, sum(vat) AS vat FROM charged GROUP BY mkp, order_id)
SELECT CASE WHEN any_value(v.vat) = 0 THEN 'FEE_VAT_REGIME' ELSE 'COMMISSION_VAT_DIFF' END, c.mkp, c.order_id, any_value(ccy),
       sum(abs(vat_off)), c.order_id, NULL, min(vat_cycle), min(day), sum(c.vat), sum(commission_tax),
       string_agg(line_id, ', ' ORDER BY line_id), FALSE
FROM against_contract c JOIN order_vat v ON v.mkp = c.mkp AND v.order_id = c.order_id
WHERE abs(vat_off) > 1 AND NOT vat_follows GROUP BY c.mkp, c.order_id;

INSERT INTO effect BY NAME
SELECT CASE WHEN vat_follows THEN 'COMMISSION_RATE' ELSE 'COMMISSION_VAT_DIFF' END AS code, mkp, order_id AS key, order_id,
       vat_cycle AS cycle, vat_doc AS doc, 'total_commissions' AS bucket, TRUE AS is_tax, -vat_off AS a,
       CASE WHEN vat = 0 THEN 1 ELSE 0 END AS lines
FROM against_contract WHERE abs(vat_off) > 1;

-- Where we account for the tax ourselves (reverse charge), or there is none, the operator charges none.
INSERT INTO finding
SELECT 'FEE_VAT_REGIME', mkp, key, min(ccy), abs(sum(worth)), min(order_id), NULL, min(cycle), min(created)::DATE, sum(worth), 0,
       any_value(r.fee_vat), FALSE
FROM l JOIN rules r USING (mkp)
WHERE is_fee AND is_tax AND r.fee_vat IN ('reverse_charge', 'out_of_scope')
GROUP BY mkp, key HAVING sum(worth) <> 0;

-- Commission of what was refunded comes back, where the order says so; else where the marketplace gives it back on others.
CREATE TABLE kept AS
WITH back AS (
    SELECT mkp, refund_id, order_id, line_id, any_value(ccy) AS ccy, min(cycle) AS cycle, min(created)::DATE AS day,
           -sum(worth) FILTER (type = 'REFUND_ORDER_AMOUNT') AS price,
           coalesce(sum(worth) FILTER (type = 'REFUND_COMMISSION_FEE'), 0) AS fee,
           coalesce(sum(worth) FILTER (type = 'REFUND_COMMISSION_VAT'), 0) AS vat,
           coalesce(min(doc) FILTER (is_fee), min(doc)) AS doc,
           bool_or(unmapped) AS unmapped
    FROM l WHERE refund_id IS NOT NULL GROUP BY ALL
),
given AS (SELECT mkp, count(*) FILTER (fee > 0) > 0 AS usually FROM back GROUP BY mkp),
sale_price AS (
    SELECT l.mkp, l.order_id, l.line_id, sum(worth) AS price
    FROM l SEMI JOIN back b ON b.mkp = l.mkp AND b.order_id = l.order_id
    WHERE l.refund_id IS NULL AND l.type = 'ORDER_AMOUNT' GROUP BY ALL
)
SELECT b.*,
       coalesce(r.commission, CASE WHEN g.usually AND r.refund_id IS NULL AND p.price > 0 THEN round(s.commission * b.price / p.price)::BIGINT END, 0) AS expected,
       CASE WHEN r.refund_id IS NULL OR r.commission IS NULL THEN 2 ELSE 0 END AS slack,
       coalesce(r.commission_tax, CASE WHEN g.usually AND r.refund_id IS NULL AND p.price > 0 THEN round(s.commission_tax * b.price / p.price)::BIGINT END, 0) AS expected_vat
FROM back b
JOIN given g ON g.mkp = b.mkp
LEFT JOIN sold_refund r ON r.mkp = b.mkp AND r.refund_id = b.refund_id AND r.line_id = b.line_id
LEFT JOIN sold s ON s.mkp = b.mkp AND s.order_id = b.order_id AND s.line_id = b.line_id
LEFT JOIN sale_price p ON p.mkp = b.mkp AND p.order_id = b.order_id AND p.line_id = b.line_id
-- Of a refund of shipping alone only the order can say what comes back.
WHERE NOT b.unmapped AND (b.price > 0 OR r.refund_id IS NOT NULL);

INSERT INTO finding
SELECT 'COMMISSION_NOT_REFUNDED', mkp, refund_id, any_value(ccy), sum(expected - fee), any_value(order_id), refund_id, min(cycle),
       min(day), sum(fee), sum(expected), string_agg(line_id, ', ' ORDER BY line_id), FALSE
FROM kept WHERE expected - fee > 1 GROUP BY mkp, refund_id;

INSERT INTO effect BY NAME
SELECT 'COMMISSION_NOT_REFUNDED' AS code, mkp, refund_id AS key, order_id, cycle, doc, 'total_refund_commissions' AS bucket,
       FALSE AS is_tax, fee - expected AS a, 0 AS lines, slack
FROM kept WHERE expected - fee > 1
UNION ALL
SELECT 'COMMISSION_NOT_REFUNDED', mkp, refund_id, order_id, cycle, doc, 'total_refund_commissions', TRUE, vat - expected_vat,
       CASE WHEN vat = 0 THEN 1 ELSE 0 END, slack
FROM kept WHERE expected - fee > 1 AND expected_vat <> vat;
