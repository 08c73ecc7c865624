-- Stage 5, refunds: what the log gives back against what NetSuite credited; the key is Mirakl's refund id.
CREATE TABLE log_refund AS
SELECT mkp, refund_id, any_value(order_id) AS order_id, any_value(ccy) AS ccy, min(cycle) AS cycle, min(created)::DATE AS day,
       count(*) FILTER (is_back) AS lines,
       -coalesce(sum(worth) FILTER (is_back), 0) AS gross,
       -coalesce(sum(a) FILTER (unmapped), 0) AS unmapped
FROM (SELECT *, (grp IN ('refund', 'remitted')) IS TRUE AS is_back FROM l)
WHERE refund_id IS NOT NULL
GROUP BY mkp, refund_id;

CREATE TABLE credited AS
WITH memo AS (SELECT *, coalesce(refund_id, number) AS key FROM bill WHERE NOT is_invoice)
SELECT m.mkp, m.key, any_value(m.order_id) AS order_id, any_value(m.refund_id) AS refund_id, any_value(m.ccy) AS ccy,
       count(DISTINCT m.ccy) AS currencies, count(*) AS memos, sum(m.total) AS gross, coalesce(sum(m.tax), 0) AS tax, min(m.day) AS day,
       string_agg(m.number, ', ' ORDER BY m.day, m.number) AS numbers, max(t.total) AS same_total, max(t.copies) AS copies,
       min(m.total) AS least
FROM memo m
LEFT JOIN (SELECT mkp, key, ccy, total, count(*) AS copies FROM memo GROUP BY ALL HAVING count(*) > 1) t
       ON t.mkp = m.mkp AND t.key = m.key
GROUP BY m.mkp, m.key;

CREATE TABLE refund_sides AS
SELECT r.*, c.gross AS credited, c.ccy AS credited_ccy, c.currencies, c.numbers, c.same_total,
       CASE WHEN c.same_total IS NOT NULL AND 2 * (c.gross - r.gross) > c.same_total
            THEN least(c.copies - 1, greatest(1, round((c.gross - r.gross) / c.same_total)))::BIGINT ELSE 0 END AS extra
FROM log_refund r JOIN credited c ON c.mkp = r.mkp AND c.key = r.refund_id
WHERE r.lines > 0;

INSERT INTO finding
SELECT 'REFUND_UNMATCHED', r.mkp, r.refund_id, r.ccy, abs(r.gross), r.order_id, r.refund_id, r.cycle, r.day, NULL, r.gross, NULL, FALSE
FROM log_refund r
LEFT JOIN credited c ON c.mkp = r.mkp AND c.key = r.refund_id
LEFT JOIN billed b ON b.mkp = r.mkp AND b.order_id = r.order_id
LEFT JOIN sold_order s ON s.mkp = r.mkp AND s.order_id = r.order_id
LEFT JOIN log_order o ON o.mkp = r.mkp AND o.order_id = r.order_id
WHERE r.lines > 0 AND r.gross <> 0 AND c.key IS NULL AND NOT coalesce(s.direct_pay, FALSE)
  -- what never left was never billed, and there is nothing to credit
  AND (b.order_id IS NOT NULL OR coalesce(s.has_left, TRUE) AND (o.gross + o.back <> 0 OR s.first_shipped IS NOT NULL));

INSERT INTO finding
SELECT 'CREDIT_WITHOUT_REFUND', c.mkp, coalesce(c.refund_id, c.order_id, c.key), c.ccy, c.gross, c.order_id, c.refund_id, NULL, c.day, c.gross, NULL, c.numbers, FALSE
FROM credited c
JOIN rules r ON r.mkp = c.mkp
LEFT JOIN log_refund l ON l.mkp = c.mkp AND l.refund_id = c.key AND l.lines > 0
LEFT JOIN sold_order s ON s.mkp = c.mkp AND s.order_id = c.order_id
LEFT JOIN (SELECT mkp, min(created)::DATE AS day FROM line GROUP BY mkp) log ON log.mkp = c.mkp
WHERE l.refund_id IS NULL AND c.day + 30 <= r.as_of AND (log.day IS NULL OR c.day >= log.day - r.patience)
  AND NOT coalesce(s.direct_pay, FALSE);

INSERT INTO finding
SELECT 'CURRENCY_MISMATCH', mkp, refund_id, ccy, abs(gross), order_id, refund_id, cycle, day, credited, gross, credited_ccy || ' on ' || numbers, FALSE
FROM refund_sides WHERE currencies > 1 OR credited_ccy <> ccy;

INSERT INTO finding
SELECT 'DUPLICATE_NS', mkp, refund_id, ccy, extra * same_total, order_id, refund_id, cycle, day, credited, gross, numbers, FALSE
FROM refund_sides WHERE extra > 0 AND currencies = 1 AND credited_ccy = ccy;

INSERT INTO finding
SELECT 'AMOUNT_DIFF', mkp, refund_id, ccy, abs(credited - extra * coalesce(same_total, 0) - gross), order_id, refund_id,
       cycle, day, credited, gross, numbers, FALSE
FROM refund_sides
WHERE currencies = 1 AND credited_ccy = ccy
  AND credited - extra * coalesce(same_total, 0) NOT IN (gross, gross + unmapped);
