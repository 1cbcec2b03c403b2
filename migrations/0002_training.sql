-- What networks tell while they are trained, and the state from which a stopped training goes on.

CREATE TABLE genesis.training_log (
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL, -- numbers the rows of a version
  table_name VARCHAR NOT NULL,
  step BIGINT NOT NULL,
  epoch DOUBLE NOT NULL,
  loss DOUBLE, -- NULL where nothing was learnt since the row before
  validation_loss DOUBLE, -- NULL between validations
  rows_per_s DOUBLE,
  seconds DOUBLE NOT NULL,
  note VARCHAR NOT NULL
);

CREATE TABLE genesis.checkpoints (
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL, -- the one that was in training
  table_name VARCHAR NOT NULL,
  method VARCHAR NOT NULL,
  about JSON NOT NULL, -- what has to be the same where training goes on
  position INTEGER NOT NULL, -- numbers the pieces
  data BLOB NOT NULL, -- at most 64 MiB
  updated_at TIMESTAMP NOT NULL
);
