-- What is compared. Amounts are whole minor units of their currency (cents, yen, fils): no fraction is ever added up.
CREATE TABLE line (
    mkp VARCHAR, id VARCHAR, type VARCHAR, a BIGINT, ccy VARCHAR, created TIMESTAMP, cycle VARCHAR, doc VARCHAR,
    psp VARCHAR, shop VARCHAR, bal BIGINT, state VARCHAR, order_id VARCHAR, line_id VARCHAR, refund_id VARCHAR,
    shipment_id VARCHAR, debit_id VARCHAR, tax_code VARCHAR, fee_code VARCHAR
);
CREATE TABLE sold (  -- a line of an order (OR11); taxes by code stand in sold_tax
    mkp VARCHAR, order_id VARCHAR, line_id VARCHAR, ccy VARCHAR, order_state VARCHAR, line_state VARCHAR, gross BIGINT,
    tax BIGINT, taxes INTEGER, commission BIGINT, commission_tax BIGINT, shipped DATE, received DATE, direct_pay BOOLEAN
);
CREATE TABLE sold_tax (mkp VARCHAR, order_id VARCHAR, code VARCHAR, tax BIGINT);
CREATE TABLE sold_refund (
    mkp VARCHAR, order_id VARCHAR, line_id VARCHAR, refund_id VARCHAR, gross BIGINT, commission BIGINT,
    commission_tax BIGINT
);
CREATE TABLE reference (mkp VARCHAR, name VARCHAR, order_id VARCHAR);  -- an order's other names
CREATE TABLE booked (  -- what NetSuite holds
    mkp VARCHAR, number VARCHAR, type VARCHAR, day DATE, ccy VARCHAR, total BIGINT, tax BIGINT, order_id VARCHAR,
    refund_id VARCHAR, unpaid BIGINT
);
CREATE TABLE document (
    mkp VARCHAR, number VARCHAR, type VARCHAR, ccy VARCHAR, cycle VARCHAR, net BIGINT, gross BIGINT, is_credit BOOLEAN,
    day DATE
);
CREATE TABLE cycle (
    mkp VARCHAR, id VARCHAR, ccy VARCHAR, psp VARCHAR, shop VARCHAR, closed TIMESTAMP, to_seller BIGINT,
    to_operator BIGINT, pay_out VARCHAR
);
CREATE TABLE total (mkp VARCHAR, cycle VARCHAR, name VARCHAR, amount BIGINT);  -- SBC11 `summary`
CREATE TABLE kind (type VARCHAR, sign INTEGER, grp VARCHAR, bucket VARCHAR, is_tax BOOLEAN, either BOOLEAN);
CREATE TABLE rules (mkp VARCHAR, as_of DATE, patience INTEGER, materiality BIGINT, fee_vat VARCHAR, presentation VARCHAR);
-- Documents that do not name their order, and how they were found to be one's (`domain.reconcile.ladder`).
CREATE TABLE rung (mkp VARCHAR, order_id VARCHAR, number VARCHAR, how VARCHAR);

-- What is found, and what each finding would change in the log if it were mended: that explains cycles and documents.
CREATE TABLE finding (
    code VARCHAR, mkp VARCHAR, key VARCHAR, ccy VARCHAR, amount BIGINT, order_id VARCHAR, refund_id VARCHAR,
    cycle VARCHAR, day DATE, ours BIGINT, theirs BIGINT, what VARCHAR, information BOOLEAN DEFAULT FALSE
);
CREATE TABLE effect (
    code VARCHAR, mkp VARCHAR, key VARCHAR, order_id VARCHAR, cycle VARCHAR, doc VARCHAR, bucket VARCHAR, is_tax BOOLEAN,
    a BIGINT, lines BIGINT DEFAULT 0,  -- how many lines are lacking by it
    slack BIGINT DEFAULT 0,  -- minor units that a worked-out amount may be beside
    placed BOOLEAN DEFAULT TRUE,  -- FALSE: its cycle and document are a guess
    sure BOOLEAN DEFAULT FALSE,  -- it came about after the log was added up, whatever the running balance says
    day DATE
);
