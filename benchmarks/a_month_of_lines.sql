-- A month of $ORDERS orders of one line each: four transaction lines an order, three cycles, few invoices wrong or missing.
CREATE TABLE o AS
SELECT i, format('{:07}-A', i) AS order_id, i * 3 // $ORDERS AS c, 10000 + i % 977 AS net, (10000 + i % 977) // 5 AS tax,
       (10000 + i % 977) // 8 AS fee, (10000 + i % 977) // 40 AS vat,
       TIMESTAMP '2026-09-01' + to_seconds(i * 2592000 // $ORDERS) AS moment
FROM range($ORDERS) t(i);
INSERT INTO line
SELECT 'brightside-uk', format('{:08}-0000-4000-8000-{:012}', i, n), type, a, 'GBP', moment, 'C' || c, '21010000' || c, '', '2101',
       sum(a) OVER (PARTITION BY c ORDER BY i, n ROWS UNBOUNDED PRECEDING), 'PAID', order_id, order_id || '-1', NULL, NULL,
       NULL, CASE WHEN n = 1 THEN 'VAT-GBR-20' END, NULL
FROM (SELECT *, unnest([0, 1, 2, 3]) AS n, unnest(['ORDER_AMOUNT', 'ORDER_AMOUNT_TAX', 'COMMISSION_FEE', 'COMMISSION_VAT']) AS type,
             unnest([net, tax, -fee, -vat]) AS a FROM o);
INSERT INTO line
SELECT 'brightside-uk', 'P' || c, 'PAYMENT', -sum(net + tax - fee - vat), 'GBP', max(moment) + INTERVAL 1 SECOND, 'C' || c, NULL, '', '2101', 0,
       'PAID', NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM o GROUP BY c;
INSERT INTO sold
SELECT 'brightside-uk', order_id, order_id || '-1', 'GBP', 'CLOSED', 'CLOSED', net + tax, tax, 1, fee, vat, moment::DATE, moment::DATE, FALSE FROM o;
INSERT INTO sold_tax SELECT 'brightside-uk', order_id, 'VAT-GBR-20', tax FROM o;
INSERT INTO booked
SELECT 'brightside-uk', 'INV' || i, 'CustInvc', moment::DATE, 'GBP', net + tax + CASE WHEN i % 1000 = 0 THEN 5 ELSE 0 END, tax, order_id, NULL, NULL
FROM o WHERE i % 1003 <> 1;
INSERT INTO document
SELECT 'brightside-uk', '21010000' || c, 'AUTO_INVOICE', 'GBP', 'C' || c, sum(fee), sum(fee + vat), FALSE, max(moment)::DATE FROM o GROUP BY c;
INSERT INTO cycle
SELECT 'brightside-uk', 'C' || c, 'GBP', '', '2101', max(moment) + INTERVAL 1 HOUR, sum(net + tax - fee - vat), sum(fee + vat), 'PAID' FROM o GROUP BY c;
INSERT INTO total
SELECT 'brightside-uk', 'C' || c, 'total_commissions_excl_tax', -sum(fee) FROM o GROUP BY c;
