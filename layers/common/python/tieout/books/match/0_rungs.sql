-- Documents that do not name their order, and how they were found to be one's (`domain.reconcile.ladder`).
CREATE TABLE rung (mkp VARCHAR, order_id VARCHAR, number VARCHAR, how VARCHAR);
