-- Stages 3 and 4: sums of the log against the legal document and the cycle. What differs goes to the rules that explain it.
CREATE TABLE document_sides AS
WITH log AS (
    SELECT mkp, doc, sum(a) AS a, coalesce(sum(a) FILTER (NOT is_tax), 0) AS net, count(*) FILTER (is_tax) AS taxes, count(*) AS lines
    FROM l WHERE is_fee AND doc IS NOT NULL GROUP BY mkp, doc
)
SELECT d.mkp, d.number, d.ccy, d.cycle, d.day, coalesce(log.a, 0) AS log, CASE WHEN d.is_credit THEN d.gross ELSE -d.gross END AS document,
       coalesce(log.net, 0) AS log_net, CASE WHEN d.is_credit THEN d.net ELSE -d.net END AS document_net, coalesce(log.taxes, 0) AS taxes
FROM document d LEFT JOIN log ON log.mkp = d.mkp AND log.doc = d.number;

CREATE TABLE cycle_sides AS
SELECT c.*, coalesce(s.a, 0) AS log, coalesce(s.lines, 0) AS lines, s.paid, s.payments,
       lag(c.id) OVER (PARTITION BY c.mkp, c.shop, c.ccy, c.psp ORDER BY c.closed, c.id) AS before
FROM cycle c
LEFT JOIN (
    SELECT mkp, cycle, sum(a) FILTER (type <> 'PAYMENT' AND NOT is_memo IS TRUE) AS a, count(*) AS lines,
           sum(a) FILTER (type = 'PAYMENT') AS paid, count(*) FILTER (type = 'PAYMENT') AS payments
    FROM l WHERE cycle IS NOT NULL GROUP BY mkp, cycle
) s ON s.mkp = c.mkp AND s.cycle = c.id
ORDER BY c.mkp, c.closed, c.id;

-- What goes to the operator is the sum of its sides, with the sign turned (I4): the cycle's own figures, no line of the log.
CREATE TABLE operator_sides AS
SELECT c.mkp, c.id, c.to_operator + sum(t.amount) AS off
FROM cycle c JOIN total t ON t.mkp = c.mkp AND t.cycle = c.id
WHERE c.to_operator IS NOT NULL AND t.name IN (
    'total_commissions_incl_tax', 'total_refund_commissions_incl_tax', 'total_subscription_incl_tax',
    'total_other_credits_incl_tax', 'total_other_invoices_incl_tax', 'total_operator_paid_shipping_charges_incl_tax',
    'total_refund_operator_paid_shipping_charges_incl_tax', 'total_operator_remitted_taxes',
    'total_refund_operator_remitted_taxes', 'total_fee_operator_remitted_incl_tax',
    'total_refund_fee_operator_remitted_incl_tax', 'total_seller_fees_on_orders_incl_tax',
    'total_seller_penalty_fees_incl_tax'
)
GROUP BY c.mkp, c.id, c.to_operator
HAVING off <> 0;

CREATE TABLE bucket_sides AS
WITH log AS (
    SELECT mkp, cycle, CASE WHEN is_memo IS TRUE THEN replace(bucket, '_payable', '_non_payable') ELSE bucket END AS bucket,
           sum(a) AS incl, coalesce(sum(a) FILTER (NOT is_tax), 0) AS excl
    FROM l WHERE bucket IS NOT NULL AND cycle IS NOT NULL GROUP BY ALL
),
named AS (
    SELECT t.mkp, t.cycle, t.amount,
           CASE WHEN name LIKE '%_excl_tax' THEN replace(name, '_excl_tax', '') WHEN name LIKE '%_incl_tax' THEN replace(name, '_incl_tax', '') ELSE name END AS bucket,
           name LIKE '%_excl_tax' AS is_net
    FROM total t
)
SELECT n.mkp, n.cycle, n.bucket, n.is_net, CASE WHEN n.is_net THEN coalesce(l.excl, 0) ELSE coalesce(l.incl, 0) END AS log, n.amount AS summary
FROM named n LEFT JOIN log l ON l.mkp = n.mkp AND l.cycle = n.cycle AND l.bucket = n.bucket
-- What is paid to the shop directly moves no balance; its orders are compared one by one.
WHERE n.bucket IN (SELECT bucket FROM kind)
  AND CASE WHEN n.is_net THEN coalesce(l.excl, 0) ELSE coalesce(l.incl, 0) END <> n.amount;
