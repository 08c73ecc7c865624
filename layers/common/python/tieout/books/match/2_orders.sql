-- Stage 5: the log against NetSuite, an order at a time.
CREATE TABLE log_order AS
SELECT mkp, order_id, any_value(ccy) FILTER (is_sale) AS ccy, min(cycle) AS cycle, min(created)::DATE AS day,
       count(*) FILTER (is_sale) AS lines,
       coalesce(sum(worth) FILTER (is_sale), 0) AS gross,
       coalesce(sum(worth) FILTER (is_sale AND is_tax), 0) AS tax,
       count(*) FILTER (is_sale AND is_tax) AS taxes,
       coalesce(sum(worth) FILTER (grp = 'refund' OR (grp = 'remitted' AND NOT is_sale)), 0) AS back,
       bool_or(is_sale AND grp = 'remitted') AS is_remitted,
       coalesce(sum(a) FILTER (unmapped), 0) AS unmapped
FROM (SELECT *, (grp IN ('sale', 'remitted') AND refund_id IS NULL AND type NOT LIKE '%REFUND%') IS TRUE AS is_sale FROM l)
WHERE order_id IS NOT NULL
GROUP BY mkp, order_id;

CREATE TABLE sold_order AS
SELECT mkp, order_id, any_value(ccy) AS ccy, any_value(order_state) AS state, sum(gross) AS gross, sum(tax) AS tax,
       sum(taxes) AS taxes, sum(commission) AS commission, sum(commission_tax) AS commission_tax,
       min(shipped) AS first_shipped, max(shipped) AS last_shipped, max(received) AS received,
       min(tax / gross) FILTER (gross > 0) AS least_share, max(tax / gross) FILTER (gross > 0) AS most_share,
       any_value(direct_pay) AS direct_pay,
       count(*) AS lines,
       any_value(order_state) IN ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')
           OR bool_or(line_state IN ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')) AS has_left
FROM sold GROUP BY mkp, order_id;

-- The key ladder: the document names the order (custom field, else `otherrefnum`); else its number, or what it names, is a
-- name of exactly one order.
CREATE TABLE bill AS
WITH known AS (SELECT mkp, order_id FROM log_order UNION SELECT mkp, order_id FROM sold_order),
     other AS (SELECT mkp, name, min(order_id) AS order_id FROM reference GROUP BY mkp, name HAVING count(DISTINCT order_id) = 1)
SELECT b.* REPLACE (CASE WHEN k.order_id IS NULL THEN coalesce(named.order_id, numbered.order_id, b.order_id) ELSE b.order_id END AS order_id),
       b.type IN ('CustInvc', 'CashSale') AS is_invoice,
       CASE WHEN k.order_id IS NOT NULL THEN 'order id' WHEN named.order_id IS NOT NULL THEN 'reference'
            WHEN numbered.order_id IS NOT NULL THEN 'number' ELSE 'none' END AS match_method
FROM booked b
LEFT JOIN known k ON k.mkp = b.mkp AND k.order_id = b.order_id
LEFT JOIN other named ON named.mkp = b.mkp AND named.name = b.order_id
LEFT JOIN other numbered ON numbered.mkp = b.mkp AND numbered.name = b.number
WHERE b.type IN ('CustInvc', 'CashSale', 'CustCred', 'CashRfnd');

-- Most orders have one invoice: only the others need to be sorted and put together.
CREATE TABLE billed AS
WITH invoice AS (FROM bill WHERE is_invoice AND order_id IS NOT NULL),
     several AS (SELECT mkp, order_id FROM invoice GROUP BY mkp, order_id HAVING count(*) > 1),
     of_several AS (SELECT i.* FROM invoice i SEMI JOIN several s ON s.mkp = i.mkp AND s.order_id = i.order_id),
     each_total AS (
    SELECT mkp, order_id, ccy, total, count(*) AS copies, min(tax) AS tax FROM of_several GROUP BY mkp, order_id, ccy, total
)
SELECT mkp, order_id, 1::BIGINT AS invoices, total::HUGEINT AS gross, coalesce(tax, 0)::HUGEINT AS tax, ccy, 1::BIGINT AS currencies, day,
       day AS last_day, number AS numbers, total AS first_gross, NULL::BIGINT AS same_total, NULL::BIGINT AS copies, NULL::BIGINT AS same_tax
FROM invoice i ANTI JOIN several s ON s.mkp = i.mkp AND s.order_id = i.order_id
UNION ALL
SELECT b.mkp, b.order_id, count(*), sum(b.total), coalesce(sum(b.tax), 0), any_value(b.ccy),
       count(DISTINCT b.ccy), min(b.day), max(b.day),
       string_agg(b.number, ', ' ORDER BY b.day, b.number),
       arg_min(b.total, (b.day, b.number)),
       any_value(t.total), any_value(t.copies), any_value(t.tax)
FROM of_several b
LEFT JOIN (SELECT mkp, order_id, max(total) AS total, arg_max(copies, total) AS copies, arg_max(tax, total) AS tax
           FROM each_total WHERE copies > 1 GROUP BY mkp, order_id) t
       ON t.mkp = b.mkp AND t.order_id = b.order_id
GROUP BY b.mkp, b.order_id;

CREATE TABLE both_sides AS
WITH joined AS (
    SELECT o.mkp, o.order_id, o.ccy, o.cycle, o.day, o.gross AS theirs, o.tax AS log_tax, o.taxes AS log_taxes, o.unmapped,
           o.is_remitted, b.invoices, b.gross, b.tax, b.ccy AS billed_ccy, b.currencies, b.numbers, b.day AS billed_day,
           b.last_day AS last_billed_day, b.same_total, b.copies, b.same_tax,
           s.tax AS sold_tax, s.taxes AS sold_taxes, s.gross AS sold_gross, s.first_shipped, s.last_shipped,
           s.least_share, s.most_share
    FROM log_order o
    JOIN billed b ON b.mkp = o.mkp AND b.order_id = o.order_id
    LEFT JOIN sold_order s ON s.mkp = o.mkp AND s.order_id = o.order_id
    WHERE o.lines > 0
),
-- An invoice that is there more than once, and too much: how often too much.
too_many AS (
    SELECT *,
           CASE WHEN same_total IS NOT NULL AND currencies = 1 AND billed_ccy = ccy AND 2 * (gross - theirs) > same_total
                     AND gross <> theirs + unmapped
                THEN least(copies - 1, greatest(1, round((gross - theirs) / same_total)))::BIGINT ELSE 0 END AS extra
    FROM joined
)
SELECT *, gross - extra * coalesce(same_total, 0) AS ours, tax - extra * coalesce(same_tax, 0) AS ours_tax,
       invoices - extra AS ours_invoices
FROM too_many;

INSERT INTO finding
SELECT CASE WHEN s.order_id IS NULL AND EXISTS (FROM sold z WHERE z.mkp = o.mkp) THEN 'UNKNOWN_ORDER' ELSE 'MISSING_IN_NS' END,
       o.mkp, o.order_id, o.ccy, abs(o.gross), o.order_id, NULL, o.cycle, o.day, NULL, o.gross, s.state, FALSE
FROM log_order o
LEFT JOIN billed b ON b.mkp = o.mkp AND b.order_id = o.order_id
LEFT JOIN sold_order s ON s.mkp = o.mkp AND s.order_id = o.order_id
WHERE o.lines > 0 AND b.order_id IS NULL
  AND (s.order_id IS NULL OR (s.has_left AND NOT s.direct_pay AND (o.gross + o.back <> 0 OR s.first_shipped IS NOT NULL)));

INSERT INTO finding
SELECT 'MISSING_IN_TL', b.mkp, b.order_id, b.ccy, b.first_gross, b.order_id, NULL, NULL, b.day, b.gross, NULL, b.numbers, FALSE
FROM billed b
JOIN rules r ON r.mkp = b.mkp
LEFT JOIN log_order o ON o.mkp = b.mkp AND o.order_id = b.order_id
LEFT JOIN sold_order s ON s.mkp = b.mkp AND s.order_id = b.order_id
LEFT JOIN (SELECT mkp, min(created)::DATE AS day FROM line GROUP BY mkp) log ON log.mkp = b.mkp
WHERE o.order_id IS NULL AND b.day + r.patience <= r.as_of AND (log.day IS NULL OR b.day >= log.day - r.patience)
  AND (s.order_id IS NULL OR (s.state IN ('RECEIVED', 'CLOSED') AND NOT s.direct_pay));

INSERT INTO finding
SELECT 'CURRENCY_MISMATCH', mkp, order_id, ccy, abs(theirs), order_id, NULL, cycle, day, gross, theirs, billed_ccy || ' on ' || numbers, FALSE
FROM both_sides WHERE currencies > 1 OR billed_ccy <> ccy;

INSERT INTO finding
SELECT 'DUPLICATE_NS', mkp, order_id, ccy, extra * same_total, order_id, NULL, cycle, day, gross, theirs, numbers, FALSE
FROM both_sides WHERE extra > 0;

INSERT INTO finding
SELECT 'AMOUNT_DIFF', mkp, order_id, ccy, abs(ours - theirs), order_id, NULL, cycle, day, ours, theirs, numbers, FALSE
FROM both_sides
WHERE currencies = 1 AND billed_ccy = ccy AND ours NOT IN (theirs, theirs + unmapped);

-- Tax: in all, to half a minor unit for each amount that was rounded by itself; by code, where the log has codes.
CREATE TABLE tax_side AS
SELECT *, CASE WHEN log_taxes > 0 THEN log_tax WHEN NOT is_remitted THEN sold_tax END AS theirs_tax,
       CASE WHEN log_taxes > 0 THEN log_taxes ELSE sold_taxes END + ours_invoices AS roundings,
       -- the share of tax in a small order is itself known to a rounding only
       least(abs(ours - theirs) * sold_taxes / nullif(sold_gross, 0), 10) AS share_off
FROM both_sides WHERE currencies = 1 AND billed_ccy = ccy;

INSERT INTO finding
SELECT CASE WHEN 2 * abs(ours_tax - theirs_tax) > roundings THEN 'TAX_DIFF' ELSE 'TAX_SPLIT_ROUNDING' END,
       mkp, order_id, ccy, abs(ours_tax - theirs_tax), order_id, NULL, cycle, day, ours_tax, theirs_tax, numbers,
       2 * abs(ours_tax - theirs_tax) <= roundings
FROM tax_side
WHERE theirs_tax IS NOT NULL AND ours_tax <> theirs_tax
  AND NOT (unmapped <> 0 AND 2 * abs(ours_tax - theirs_tax - unmapped) <= roundings)
  -- a gross that differs was told above, with the tax that is in it; that was rounded by itself as well
  AND NOT (ours <> theirs AND (ours - theirs = ours_tax - theirs_tax
           OR 2 * abs(ours_tax - theirs_tax - (ours - theirs) * least_share) <= roundings + 1 + share_off
           OR 2 * abs(ours_tax - theirs_tax - (ours - theirs) * most_share) <= roundings + 1 + share_off));

INSERT INTO finding
WITH by_code AS (
    SELECT coalesce(t.mkp, s.mkp) AS mkp, coalesce(t.order_id, s.order_id) AS order_id,
           coalesce(t.tax, 0) AS theirs, coalesce(s.tax, 0) AS ours, coalesce(t.taxes, 1) AS taxes
    FROM (SELECT mkp, order_id, tax_code AS code, sum(worth) AS tax, count(*) AS taxes FROM l
          WHERE grp = 'sale' AND is_tax GROUP BY ALL) t
    FULL JOIN (SELECT mkp, order_id, code, sum(tax) AS tax FROM sold_tax GROUP BY ALL) s
           ON s.mkp = t.mkp AND s.order_id = t.order_id AND s.code = t.code
)
SELECT 'TAX_DIFF', c.mkp, c.order_id, any_value(x.ccy), max(abs(c.ours - c.theirs)), c.order_id, NULL, any_value(x.cycle),
       any_value(x.day), NULL, NULL, 'by tax code', FALSE
FROM by_code c
JOIN tax_side x ON x.mkp = c.mkp AND x.order_id = c.order_id
WHERE x.log_taxes > 0 AND x.sold_gross = x.theirs AND x.log_tax = x.sold_tax AND 2 * abs(c.ours - c.theirs) > c.taxes + 1
GROUP BY c.mkp, c.order_id;

INSERT INTO finding
SELECT 'TIMING_CUTOFF', mkp, order_id, ccy, ours, order_id, NULL, cycle, day, NULL, NULL,
       numbers || ' of ' || billed_day || ', shipped ' || last_shipped, FALSE
FROM both_sides
WHERE last_shipped IS NOT NULL
  AND (date_trunc('month', last_billed_day) > date_trunc('month', last_shipped)
       OR date_trunc('month', billed_day) < date_trunc('month', first_shipped));

-- A marketplace shows tax in lines of its own, or inside the price; an order that does otherwise is told.
CREATE TABLE shown AS
SELECT o.mkp, o.order_id, o.ccy, o.cycle, o.day, o.taxes > 0 AS is_split, s.tax
FROM log_order o JOIN sold_order s ON s.mkp = o.mkp AND s.order_id = o.order_id
WHERE o.lines > 0 AND s.tax <> 0 AND o.gross = s.gross;

CREATE TABLE usual AS
SELECT s.mkp, CASE any_value(r.presentation) WHEN 'split' THEN TRUE WHEN 'embedded' THEN FALSE
              ELSE count(*) FILTER (is_split) >= count(*) FILTER (NOT is_split) END AS is_split
FROM shown s JOIN rules r ON r.mkp = s.mkp GROUP BY s.mkp;

INSERT INTO finding
SELECT 'TAX_PRESENTATION_UNKNOWN', s.mkp, s.order_id, s.ccy, s.tax, s.order_id, NULL, s.cycle, s.day, NULL, NULL,
       CASE WHEN s.is_split THEN 'in lines of its own' ELSE 'inside the price' END, FALSE
FROM shown s JOIN usual u ON u.mkp = s.mkp WHERE s.is_split <> u.is_split;

-- What passes through must leave nothing behind, by order and by tax or fee code.
INSERT INTO finding
WITH passing AS (
    SELECT mkp, order_id, type LIKE '%REFUND%' AS goes_back, grp = 'wash' AS is_customers,
           CASE WHEN grp = 'wash' THEN fee_code ELSE tax_code END AS code, sum(worth) AS a,
           bool_or(type LIKE 'OPERATOR_REMITTED%') AS is_taken, any_value(ccy) AS ccy, min(cycle) AS cycle, min(created)::DATE AS day
    FROM l
    WHERE order_id IS NOT NULL AND (grp IN ('wash', 'remitted') OR (grp IN ('sale', 'refund') AND is_tax))
      AND (mkp, order_id) IN (SELECT (mkp, order_id) FROM l WHERE grp IN ('wash', 'remitted') AND order_id IS NOT NULL)
    GROUP BY mkp, order_id, goes_back, is_customers, code
),
takers AS (SELECT mkp, code FROM passing WHERE is_customers GROUP BY ALL HAVING count(*) FILTER (is_taken) > 0)
SELECT 'WASH_NOT_ZERO', p.mkp, p.order_id, any_value(ccy), abs(sum(a)), p.order_id, NULL, min(cycle), min(day), sum(a), 0,
       string_agg(DISTINCT p.code, ', ' ORDER BY p.code), FALSE
FROM passing p LEFT JOIN takers t ON is_customers AND t.mkp = p.mkp AND t.code IS NOT DISTINCT FROM p.code
WHERE (is_taken OR t.mkp IS NOT NULL) AND a <> 0
GROUP BY p.mkp, p.order_id;

-- Billed without any tax, and the log has the tax and no twin that takes it: it was to pass through.
INSERT INTO finding
SELECT 'WASH_NOT_ZERO', x.mkp, x.order_id, ccy, theirs - ours, x.order_id, NULL, cycle, day, theirs - ours, 0, 'tax', FALSE
FROM tax_side x
WHERE NOT is_remitted AND log_taxes > 0 AND ours_tax = 0 AND log_tax > 0 AND theirs - ours = log_tax
  AND EXISTS (FROM l t WHERE t.mkp = x.mkp AND t.grp = 'remitted');

-- More applied to an invoice than it is worth.
INSERT INTO finding
SELECT 'OVER_APPLIED', mkp, order_id, any_value(ccy), -sum(unpaid), order_id, NULL, NULL, min(day), sum(unpaid), 0,
       string_agg(number, ', ' ORDER BY number), FALSE
FROM bill WHERE is_invoice AND unpaid < 0 AND order_id IS NOT NULL GROUP BY mkp, order_id;

-- The customer pays the shop directly, and the log moves the shop's balance by the sale.
INSERT INTO finding
SELECT 'NOT_APPLICABLE_POSTED', l.mkp, l.order_id, any_value(l.ccy), abs(sum(worth)), l.order_id, NULL, min(l.cycle),
       min(created)::DATE, NULL, sum(worth), NULL, FALSE
FROM l JOIN sold_order s ON s.mkp = l.mkp AND s.order_id = l.order_id
WHERE s.direct_pay AND grp = 'sale' AND l.state IN ('PAYABLE', 'PAID')
GROUP BY l.mkp, l.order_id;
