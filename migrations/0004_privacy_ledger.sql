-- What fits under differential privacy have spent of each source table, and the budgets that were set.

CREATE TABLE genesis.privacy_sources (
  source VARCHAR NOT NULL PRIMARY KEY, -- quoted name; without a database where the store is in the same one
  rho DOUBLE NOT NULL, -- zCDP spent in all
  risk DOUBLE NOT NULL, -- chances, spent in all, that a step shows what it should not
  delta DOUBLE NOT NULL, -- the largest delta of a fit
  budget_epsilon DOUBLE, -- NULL where none was set
  budget_delta DOUBLE
);

CREATE TABLE genesis.privacy_ledger (
  position BIGINT NOT NULL PRIMARY KEY,
  source VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  epsilon DOUBLE NOT NULL,
  delta DOUBLE NOT NULL,
  rho DOUBLE NOT NULL,
  risk DOUBLE NOT NULL,
  at TIMESTAMP NOT NULL
);
