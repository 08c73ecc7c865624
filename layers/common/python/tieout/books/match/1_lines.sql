-- Stage 2: each line by itself. `l.worth` is what a line should have been worth: what is wrong with it is not counted
-- again as a difference of its order, refund, document or cycle.

INSERT INTO finding
SELECT 'UNMAPPED_TYPE', mkp, coalesce(order_id, doc, cycle, id) AS key, any_value(ccy), sum(abs(a)), any_value(order_id),
       any_value(refund_id), any_value(cycle), min(created)::DATE, sum(a), NULL, string_agg(DISTINCT type, ', ' ORDER BY type), FALSE
FROM line LEFT JOIN kind USING (type)
WHERE kind.type IS NULL AND a <> 0
GROUP BY mkp, coalesce(order_id, doc, cycle, id);

-- The same content under two ids. An order line says how often its price may come.
CREATE TABLE doubled AS
WITH twin AS (
    SELECT mkp, id, order_id, line_id, type, a,
           row_number() OVER same AS place,
           count(*) OVER same AS copies
    FROM line
    WHERE a <> 0 AND type <> 'PAYMENT'
    WINDOW same AS (
        PARTITION BY mkp, type, a, created, order_id, line_id, refund_id, tax_code, debit_id, shipment_id, fee_code, cycle, doc, shop
        ORDER BY id
    )
),
suspect AS (SELECT * FROM twin WHERE copies > 1),
priced AS (
    SELECT l.mkp, l.line_id, sum(l.a) AS a
    FROM line l SEMI JOIN suspect s ON l.mkp = s.mkp AND l.line_id = s.line_id
    WHERE l.type = 'ORDER_AMOUNT' GROUP BY l.mkp, l.line_id
)
SELECT s.mkp, s.id
FROM suspect s
LEFT JOIN priced p ON p.mkp = s.mkp AND p.line_id = s.line_id
LEFT JOIN (SELECT mkp, line_id, sum(gross) AS gross FROM sold GROUP BY mkp, line_id) o ON o.mkp = s.mkp AND o.line_id = s.line_id
WHERE s.place > 1 AND NOT (s.type = 'ORDER_AMOUNT' AND o.gross IS NOT NULL AND p.a <= o.gross);

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
