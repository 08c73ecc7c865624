-- A key may bear several labels; one that another one on the same key accounts for is not told again.

-- Tax that should have passed through and did not is the difference between both sides.
DELETE FROM finding WHERE code IN ('AMOUNT_DIFF', 'TAX_DIFF') AND EXISTS (
    FROM finding w WHERE w.code = 'WASH_NOT_ZERO' AND w.mkp = finding.mkp AND w.key = finding.key AND w.amount = finding.amount
);
DELETE FROM effect WHERE code IN ('AMOUNT_DIFF', 'TAX_DIFF') AND NOT EXISTS (
    FROM finding f WHERE f.code = effect.code AND f.mkp = effect.mkp AND f.key = effect.key
);
-- A credit memo of an order whose lines are all missing is missing with them.
DELETE FROM finding WHERE code = 'CREDIT_WITHOUT_REFUND' AND EXISTS (
    FROM finding m WHERE m.code = 'MISSING_IN_TL' AND m.mkp = finding.mkp AND m.key = finding.order_id
);
-- The same total in two codes of tax, and in all: once.
DELETE FROM finding WHERE code = 'TAX_DIFF' AND what = 'by tax code' AND EXISTS (
    FROM finding t WHERE t.code = 'TAX_DIFF' AND t.what <> 'by tax code' AND t.mkp = finding.mkp AND t.key = finding.key
);
