-- Stage 2: each line by itself. `l.worth` is what a line should have been worth: what is wrong with it is not counted
-- again as a difference of its order, refund, document or cycle.

INSERT INTO finding
SELECT 'UNMAPPED_TYPE', mkp, coalesce(order_id, doc, cycle, id) AS key, min(ccy), sum(abs(a)), min(order_id),
       min(refund_id), min(cycle), min(created)::DATE, sum(a), NULL, string_agg(DISTINCT type, ', ' ORDER BY type), FALSE
FROM line LEFT JOIN kind USING (type)
WHERE kind.type IS NULL AND a <> 0
GROUP BY mkp, coalesce(order_id, doc, cycle, id);

-- The same content, of the same instant, under two ids: units that were debited apart bear another debit or shipment.
CREATE TABLE doubled AS
WITH alike AS (  -- few: most lines need not be sorted
    SELECT hash(mkp, type, a, created, order_id, line_id, refund_id, tax_code, debit_id, shipment_id, fee_code, cycle, doc, shop) AS content
    FROM line WHERE a <> 0 AND type <> 'PAYMENT' GROUP BY content HAVING count(*) > 1
)
SELECT mkp, id,
       -- No line that moved money leaves the balance where its twin did: this one was never added up.
       bal IS NOT NULL AND count(*) OVER (
           PARTITION BY mkp, type, a, created, order_id, line_id, refund_id, tax_code, debit_id, shipment_id, fee_code, cycle, doc, shop, bal
           ORDER BY id
       ) > 1 AS is_copy
FROM line
WHERE a <> 0 AND type <> 'PAYMENT'
  AND hash(mkp, type, a, created, order_id, line_id, refund_id, tax_code, debit_id, shipment_id, fee_code, cycle, doc, shop) IN (FROM alike)
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
       coalesce(d.is_copy, FALSE) AS is_copy,
       d.id IS NULL AND sign(a) = -k.sign AND NOT k.either AS is_turned,
       -- Paid to the shop directly; also what nobody knows, as commission on such an order bears another state.
       state = 'NOT_APPLICABLE' AND coalesce(k.grp IN ('sale', 'refund', 'remitted', 'wash'), TRUE) AS is_memo,
       k.grp IN ('fee', 'manual') AS is_fee,
       coalesce(order_id, doc, cycle, line.id) AS key
FROM line
LEFT JOIN kind k USING (type)
LEFT JOIN doubled d ON d.mkp = line.mkp AND d.id = line.id
WHERE a <> 0;

INSERT INTO finding
SELECT 'DUPLICATE_TL', mkp, key, min(ccy), sum(abs(a)), min(order_id), min(refund_id), min(cycle),
       min(created)::DATE, sum(a), 0, string_agg(DISTINCT type, ', ' ORDER BY type), FALSE
FROM l WHERE is_double GROUP BY mkp, key;

INSERT INTO finding
SELECT 'SIGN_ANOMALY', mkp, key, min(ccy), sum(abs(2 * a)), min(order_id), min(refund_id),
       min(cycle), min(created)::DATE, sum(a), sum(-a), string_agg(DISTINCT type, ', ' ORDER BY type), FALSE
FROM l WHERE is_turned GROUP BY mkp, key;

INSERT INTO effect BY NAME
SELECT CASE WHEN is_double THEN 'DUPLICATE_TL' ELSE 'SIGN_ANOMALY' END AS code, mkp, key, order_id,
       CASE WHEN NOT is_memo THEN cycle END AS cycle, CASE WHEN is_fee THEN doc END AS doc,
       CASE WHEN NOT is_memo THEN bucket END AS bucket, is_tax, a - worth AS a,
       CASE WHEN is_double THEN -1 ELSE 0 END AS lines, is_copy AS sure
FROM l WHERE is_double OR is_turned;


-- What a line of an unknown type stands for, where its order line lacks exactly its amount: it is compared as that, and
-- stays unknown to who books it.
CREATE TABLE stands_for AS
WITH there AS (
    SELECT mkp, order_id, line_id,
           coalesce(sum(worth) FILTER (grp = 'sale'), 0) AS sale,
           coalesce(sum(worth) FILTER (grp = 'sale' AND is_tax), 0) AS tax,
           coalesce(sum(worth) FILTER (type = 'COMMISSION_FEE'), 0) AS fee,
           coalesce(sum(worth) FILTER (type = 'COMMISSION_VAT'), 0) AS vat
    FROM l
    WHERE refund_id IS NULL AND (mkp, order_id) IN (SELECT (mkp, order_id) FROM l WHERE unmapped AND order_id IS NOT NULL)
    GROUP BY ALL
)
SELECT u.mkp, u.id,
       CASE
           WHEN u.tax_code IS NOT NULL AND s.tax - t.tax = u.worth THEN 'ORDER_AMOUNT_TAX'
           WHEN -s.commission - t.fee = u.worth THEN 'COMMISSION_FEE'
           WHEN -s.commission_tax - t.vat = u.worth THEN 'COMMISSION_VAT'
           WHEN s.gross - t.sale = u.worth THEN CASE WHEN u.tax_code IS NULL THEN 'ORDER_AMOUNT' ELSE 'ORDER_AMOUNT_TAX' END
       END AS type
FROM l u
JOIN there t ON t.mkp = u.mkp AND t.order_id = u.order_id AND t.line_id IS NOT DISTINCT FROM u.line_id
JOIN sold s ON s.mkp = u.mkp AND s.order_id = u.order_id AND s.line_id = u.line_id
WHERE u.unmapped AND u.refund_id IS NULL;

UPDATE l SET type = k.type, sign = k.sign, grp = k.grp, bucket = k.bucket, is_tax = k.is_tax, unmapped = FALSE,
             is_fee = k.grp = 'fee', is_memo = is_memo AND k.grp IN ('sale', 'refund', 'remitted', 'wash')
FROM stands_for f JOIN kind k USING (type)
WHERE l.mkp = f.mkp AND l.id = f.id;

-- What is left was moved all the same, but in no bucket that we know, and on the document as we cannot tell.
INSERT INTO effect BY NAME
SELECT 'UNMAPPED_TYPE' AS code, mkp, key, order_id, doc, '?' AS bucket, -a AS a FROM l WHERE unmapped AND NOT is_memo;
