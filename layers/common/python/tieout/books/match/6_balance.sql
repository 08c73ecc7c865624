-- Stage 2, I2: the running balance of each log (marketplace, shop and currency), and where lines stand in it.

-- Cycles follow one another, and what is in none yet comes last; a payout is booked days later, by its date among the lines
-- of the next cycle. Where the balance goes from a line of a cycle to its payout, lines stand by cycle;
-- else by time, as they do where cycles that follow one another break off oftener than the log as a whole (`books.balance`).
CREATE TABLE stretch AS
WITH piece AS (
    SELECT mkp, shop, ccy, cycle, type = 'PAYMENT' AS is_payout, min(moved) AS first, max(moved) AS last
    FROM (SELECT *, CASE WHEN is_memo IS NOT TRUE THEN created END AS moved FROM l)
    WHERE bal IS NOT NULL AND NOT is_copy GROUP BY ALL
),
paid AS (  -- from what balance a payout goes on, or should
    SELECT p.mkp, p.shop, p.ccy, p.cycle, unnest([p.bal - p.a, p.bal + c.to_seller]) AS bal
    FROM l p JOIN cycle c ON c.mkp = p.mkp AND c.id = p.cycle
    WHERE p.type = 'PAYMENT' AND NOT p.is_copy
),
reached AS (
    SELECT DISTINCT p.mkp, p.shop, p.ccy
    FROM l e JOIN paid p ON p.mkp = e.mkp AND p.cycle = e.cycle AND p.bal = e.bal
    WHERE e.type <> 'PAYMENT'
),
-- The last line before a payout may be of its cycle by chance: a log that runs on without a jump by time stands by time.
ends AS (
    SELECT mkp, shop, ccy, created, bal, sum(visits) AS visits
    FROM (
        SELECT v.mkp, v.shop, v.ccy, created, unnest([bal, bal - a]) AS bal, unnest([1, -1]) AS visits
        FROM l v SEMI JOIN reached r ON r.mkp = v.mkp AND r.shop IS NOT DISTINCT FROM v.shop AND r.ccy = v.ccy
        WHERE bal IS NOT NULL AND NOT is_copy AND is_memo IS NOT TRUE
    ) GROUP BY ALL HAVING sum(visits) <> 0
),
instant AS (
    SELECT mkp, shop, ccy, created, count(*) AS loose, max(bal) FILTER (visits < 0) AS starts, max(bal) FILTER (visits > 0) AS stops
    FROM ends GROUP BY ALL
),
by_time AS (
    SELECT mkp, shop, ccy
    FROM (SELECT *, lag(stops) OVER (PARTITION BY mkp, shop, ccy ORDER BY created) AS before FROM instant)
    GROUP BY ALL HAVING count(*) FILTER (loose > 2 OR before <> starts) = 0
),
by_cycle AS (
    SELECT r.* FROM reached r
    ANTI JOIN by_time t ON t.mkp = r.mkp AND t.shop IS NOT DISTINCT FROM r.shop AND t.ccy = r.ccy
)
SELECT s.*, hash(s.cycle, s.is_payout) AS piece,
       CASE WHEN b.mkp IS NULL THEN 0
            WHEN s.cycle IS NULL THEN 1000000000
            ELSE 2 * dense_rank() OVER (PARTITION BY s.mkp, s.shop, s.ccy ORDER BY s.cycle IS NULL, coalesce(c.closed, s.last), s.cycle) + s.is_payout::INT
       END AS place
FROM piece s
LEFT JOIN by_cycle b ON b.mkp = s.mkp AND b.shop IS NOT DISTINCT FROM s.shop AND b.ccy = s.ccy
LEFT JOIN cycle c ON c.mkp = s.mkp AND c.id = s.cycle;

-- Each line leads from the balance before it to the one after it. A complete log is one unbroken walk: every balance is
-- left as often as it is reached, but for the first and the last one. Whatever order the lines came in.
-- Lines of orders that the customer pays directly may be in it or not: nobody has said; the walk with fewer gaps counts.
CREATE TABLE chain AS
WITH visit AS (  -- both walks in one grouping, of all lines: few balances are left of it
    SELECT mkp, shop, ccy, hash(cycle, type = 'PAYMENT') AS piece, bal, 1 AS visits, is_memo IS NOT TRUE AS is_moved
    FROM l WHERE bal IS NOT NULL AND NOT is_copy
    UNION ALL
    SELECT mkp, shop, ccy, hash(cycle, type = 'PAYMENT'), bal - a, -1, is_memo IS NOT TRUE
    FROM l WHERE bal IS NOT NULL AND NOT is_copy
),
by_piece AS (
    SELECT mkp, shop, ccy, piece, bal, sum(visits)::BIGINT AS of_all, coalesce(sum(visits) FILTER (is_moved), 0)::BIGINT AS of_moved
    FROM visit GROUP BY ALL HAVING of_all <> 0 OR of_moved <> 0
),
loose AS (
    SELECT p.mkp, p.shop, p.ccy, s.place, p.bal, sum(of_all)::BIGINT AS of_all, sum(of_moved)::BIGINT AS of_moved
    FROM by_piece p
    JOIN stretch s ON s.mkp = p.mkp AND s.shop IS NOT DISTINCT FROM p.shop AND s.ccy = p.ccy AND s.piece = p.piece
    GROUP BY ALL HAVING sum(of_all) <> 0 OR sum(of_moved) <> 0
),
better AS (
    SELECT mkp, shop, ccy, count(*) FILTER (of_all <> 0) <= count(*) FILTER (of_moved <> 0) AS with_memo FROM loose GROUP BY ALL
)
SELECT w.mkp, w.shop, w.ccy, w.place, w.bal, CASE WHEN with_memo THEN of_all ELSE of_moved END AS visits, with_memo
FROM loose w JOIN better b ON b.mkp = w.mkp AND b.shop IS NOT DISTINCT FROM w.shop AND b.ccy = w.ccy
WHERE CASE WHEN with_memo THEN of_all ELSE of_moved END <> 0;
