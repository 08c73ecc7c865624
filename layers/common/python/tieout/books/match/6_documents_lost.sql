-- Fees that name a legal document which is not there: its side is nothing. Without any document nothing is proven, and
-- nothing is told.
INSERT INTO document_sides BY NAME
SELECT l.mkp, doc AS number, any_value(l.ccy) AS ccy, min(l.cycle) AS cycle, min(created)::DATE AS day, sum(a) AS log, 0 AS document,
       coalesce(sum(a) FILTER (NOT is_tax), 0) AS log_net, 0 AS document_net, count(*) FILTER (is_tax) AS taxes
FROM l
JOIN cycle c ON c.mkp = l.mkp AND c.id = l.cycle
WHERE is_fee AND doc IS NOT NULL
  AND EXISTS (FROM document d WHERE d.mkp = l.mkp)
  AND NOT EXISTS (FROM document d WHERE d.mkp = l.mkp AND d.number = l.doc)
GROUP BY l.mkp, doc;
