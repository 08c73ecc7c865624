-- What the labels of an order or a refund leave of its difference (stage 5): nothing, unless a code is missing from here.
INSERT INTO finding
WITH sides AS (
    SELECT b.mkp, b.order_id AS key, b.order_id, NULL::VARCHAR AS refund_id, b.ccy, o.cycle, o.day, b.gross AS ours,
           o.gross AS theirs, o.unmapped, b.numbers
    FROM billed b JOIN log_order o ON o.mkp = b.mkp AND o.order_id = b.order_id
    WHERE o.lines > 0 AND b.currencies = 1 AND b.ccy = o.ccy
    UNION ALL
    SELECT mkp, refund_id, order_id, refund_id, ccy, cycle, day, credited, gross, unmapped, numbers
    FROM refund_sides WHERE currencies = 1 AND credited_ccy = ccy
),
label AS (
    SELECT mkp, key, coalesce(sum(amount) FILTER (code = 'DUPLICATE_NS'), 0) AS twice,
           coalesce(sum(amount) FILTER (code = 'AMOUNT_DIFF'), 0) AS differs, coalesce(sum(amount) FILTER (code = 'WASH_NOT_ZERO'), 0) AS wash
    FROM finding WHERE code IN ('DUPLICATE_NS', 'AMOUNT_DIFF', 'WASH_NOT_ZERO') GROUP BY mkp, key
),
residual AS (
    SELECT s.*, s.ours - s.theirs - coalesce(twice, 0) AS rest, coalesce(differs, 0) AS differs, coalesce(wash, 0) AS wash
    FROM sides s LEFT JOIN label t ON t.mkp = s.mkp AND t.key = s.key
    WHERE s.ours <> s.theirs
)
SELECT 'UNEXPLAINED', mkp, key, ccy, abs(abs(rest) - differs), order_id, refund_id, cycle, day, ours, theirs, numbers, FALSE
FROM residual WHERE abs(rest) NOT IN (differs, wash) AND rest <> unmapped;
