-- The log charged commission for an order's sale and has no line of the sale itself: its gross there is nothing. What an
-- order lacks before the log begins is none of this, as both are made at the same moment.
INSERT INTO finding
WITH charged AS (
    SELECT mkp, order_id, any_value(ccy) AS ccy
    FROM l WHERE type = 'COMMISSION_FEE' AND refund_id IS NULL AND order_id IS NOT NULL AND worth <> 0 GROUP BY mkp, order_id
)
SELECT 'AMOUNT_DIFF', b.mkp, b.order_id, b.ccy, b.gross, b.order_id, NULL, o.cycle, o.day, b.gross, 0, b.numbers, FALSE
FROM billed b
JOIN log_order o ON o.mkp = b.mkp AND o.order_id = b.order_id
JOIN charged c ON c.mkp = b.mkp AND c.order_id = b.order_id AND c.ccy = b.ccy
LEFT JOIN sold_order s ON s.mkp = b.mkp AND s.order_id = b.order_id
WHERE o.lines = 0 AND o.unmapped = 0 AND b.currencies = 1 AND b.gross > 0 AND NOT coalesce(s.direct_pay, FALSE);
