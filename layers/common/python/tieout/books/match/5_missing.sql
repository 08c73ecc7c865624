-- What the log lacks altogether belongs to the first cycle that closed after its day, as far as anybody can tell.
CREATE TABLE lacking AS
SELECT 'MISSING_IN_TL' AS code, f.mkp, f.key, f.order_id, coalesce(s.received, f.day) AS day, f.ccy,
       coalesce(s.gross, f.amount) AS gross, coalesce(s.tax, 0) AS tax, coalesce(s.commission, 0) AS fee, coalesce(s.commission_tax, 0) AS fee_tax,
       coalesce(s.lines, 1) AS lines, CASE WHEN s.commission IS NULL THEN 2 ELSE 0 END AS slack, 1 AS sign
FROM finding f LEFT JOIN sold_order s ON s.mkp = f.mkp AND s.order_id = f.order_id
WHERE f.code = 'MISSING_IN_TL'
UNION ALL
SELECT 'CREDIT_WITHOUT_REFUND', f.mkp, f.key, f.order_id, f.day, f.ccy, f.amount, coalesce(c.tax, 0),
       coalesce(r.commission, 0), coalesce(r.commission_tax, 0), coalesce(r.lines, 1),
       CASE WHEN r.commission IS NULL THEN 2 ELSE 0 END, -1
FROM finding f
LEFT JOIN (SELECT mkp, refund_id, sum(commission) AS commission, sum(commission_tax) AS commission_tax, count(*) AS lines FROM sold_refund GROUP BY ALL) r
       ON r.mkp = f.mkp AND r.refund_id = f.refund_id
LEFT JOIN credited c ON c.mkp = f.mkp AND c.key = f.refund_id
LEFT JOIN sold_order s ON s.mkp = f.mkp AND s.order_id = f.order_id
-- A refund that the order itself knows nothing of was never given: no line of it is lacking.
WHERE f.code = 'CREDIT_WITHOUT_REFUND' AND (r.refund_id IS NOT NULL OR s.order_id IS NULL);

-- An order whose sale is not all in the log: the difference of its gross is what is lacking.
INSERT INTO effect BY NAME
SELECT 'AMOUNT_DIFF' AS code, f.mkp, f.key, f.order_id, f.cycle,
       CASE WHEN f.refund_id IS NULL THEN 'total_payable_orders' ELSE 'total_refund_payable_orders' END AS bucket,
       -- by as much as its tax is short, where tax has lines of its own
       coalesce(f.refund_id IS NULL AND u.is_split AND b.log_tax - b.sold_tax = f.theirs - f.ours, FALSE) AS is_tax,
       CASE WHEN f.refund_id IS NULL THEN f.theirs - f.ours ELSE f.ours - f.theirs END AS a
FROM finding f
LEFT JOIN both_sides b ON b.mkp = f.mkp AND b.order_id = f.key
LEFT JOIN usual u ON u.mkp = f.mkp
WHERE f.code = 'AMOUNT_DIFF';
INSERT INTO effect BY NAME
SELECT 'TAX_DIFF' AS code, mkp, key, order_id, cycle, '?' AS bucket, theirs - ours AS a
FROM finding WHERE code = 'TAX_DIFF' AND ours IS NOT NULL;

INSERT INTO effect BY NAME
WITH placed AS (
    SELECT l.*, arg_min(c.id, c.closed) AS cycle
    FROM lacking l LEFT JOIN cycle c ON c.mkp = l.mkp AND c.ccy = l.ccy AND c.closed::DATE > l.day
    GROUP BY ALL
),
documented AS (
    -- Where the log shows tax inside the price, its lines have none of their own.
    SELECT p.* REPLACE (CASE WHEN u.is_split IS FALSE THEN 0 ELSE p.tax END AS tax), coalesce(d.number, '?') AS doc,
           CASE p.sign WHEN 1 THEN 'total_payable_orders' ELSE 'total_refund_payable_orders' END AS goods,
           CASE p.sign WHEN 1 THEN 'total_commissions' ELSE 'total_refund_commissions' END AS fees
    FROM placed p
    LEFT JOIN usual u ON u.mkp = p.mkp
    LEFT JOIN (SELECT mkp, cycle, min(number) AS number FROM document WHERE NOT is_credit AND (type LIKE '%AUTO%' OR type LIKE 'FEES%') GROUP BY ALL) d
           ON d.mkp = p.mkp AND d.cycle = p.cycle
)
SELECT code, mkp, key, order_id, day, cycle, NULL AS doc, goods AS bucket, FALSE AS is_tax, -sign * (gross - tax) AS a, lines, 0 AS slack, FALSE AS placed FROM documented
UNION ALL
SELECT code, mkp, key, order_id, day, cycle, NULL, goods, TRUE, -sign * tax, lines, 0, FALSE FROM documented
UNION ALL
SELECT code, mkp, key, order_id, day, cycle, doc, fees, FALSE, sign * fee, lines, slack, FALSE FROM documented
UNION ALL
SELECT code, mkp, key, order_id, day, cycle, doc, fees, TRUE, sign * fee_tax, lines, slack, FALSE FROM documented;
