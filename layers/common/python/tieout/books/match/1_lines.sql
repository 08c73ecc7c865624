-- Stage 2: each line by itself. `l.worth` is what a line should have been worth: what is wrong with it is not counted
-- again as a difference of its order, refund, document or cycle.

INSERT INTO finding
SELECT 'UNMAPPED_TYPE', mkp, coalesce(order_id, doc, cycle, id) AS key, any_value(ccy), sum(abs(a)), any_value(order_id),
       any_value(refund_id), any_value(cycle), min(created)::DATE, sum(a), NULL, string_agg(DISTINCT type, ', ' ORDER BY type), FALSE
FROM line LEFT JOIN kind USING (type)
WHERE kind.type IS NULL AND a <> 0
GROUP BY mkp, coalesce(order_id, doc, cycle, id);

-- The same content, of the same instant, under two ids: units that were debited apart bear another debit or shipment.
CREATE TABLE doubled AS
SELECT mkp, id
FROM line
WHERE a <> 0 AND type <> 'PAYMENT'
QUALIFY row_number() OVER (
    PARTITION BY mkp, type, a, created, order_id, line_id, refund_id, tax_code, debit_id, shipment_id, fee_code, cycle, doc, shop
    ORDER BY id
) > 1;

CREATE TABLE l AS
SELECT line.*, k.sign, k.grp, k.bucket, k.is_tax, k.type IS NULL AS unmapped,
       CASE
           WHEN d.id IS NOT NULL THEN 0
           WHEN sign(a) = -k.sign AND NOT k.either THEN -a
           ELSE a
       END AS worth,
       d.id IS NOT NULL AS is_double,
       d.id IS NULL AND sign(a) = -k.sign AND NOT k.either AS is_turned,
       state = 'NOT_APPLICABLE' AND k.grp IN ('sale', 'refund', 'remitted', 'wash') AS is_memo,
       k.grp IN ('fee', 'manual') AS is_fee,
       coalesce(order_id, doc, cycle, line.id) AS key
FROM line
LEFT JOIN kind k USING (type)
LEFT JOIN doubled d ON d.mkp = line.mkp AND d.id = line.id
WHERE a <> 0;

INSERT INTO finding
SELECT 'DUPLICATE_TL', mkp, key, any_value(ccy), sum(abs(a)), any_value(order_id), any_value(refund_id), any_value(cycle),
       min(created)::DATE, sum(a), 0, string_agg(DISTINCT type, ', ' ORDER BY type), FALSE
FROM l WHERE is_double GROUP BY mkp, key;

INSERT INTO finding
SELECT 'SIGN_ANOMALY', mkp, key, any_value(ccy), sum(abs(2 * a)), any_value(order_id), any_value(refund_id),
       any_value(cycle), min(created)::DATE, sum(a), sum(-a), string_agg(DISTINCT type, ', ' ORDER BY type), FALSE
FROM l WHERE is_turned GROUP BY mkp, key;

INSERT INTO effect
SELECT CASE WHEN is_double THEN 'DUPLICATE_TL' ELSE 'SIGN_ANOMALY' END, mkp, key, cycle, CASE WHEN is_fee THEN doc END,
       bucket, is_tax, a - worth, TRUE
FROM l WHERE is_double OR is_turned;

-- What has an unknown type was moved all the same, but in no bucket that we know, and on the document as we cannot tell.
INSERT INTO effect
SELECT 'UNMAPPED_TYPE', mkp, key, NULL, doc, '?', NULL, -a, TRUE FROM l WHERE unmapped;
