-- What was measured of models: a row per number. The execution says when, with which arguments and which split.

CREATE TABLE genesis.measurements (
  execution BIGINT NOT NULL,
  position INTEGER NOT NULL, -- numbers the rows of an execution
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  uuid VARCHAR NOT NULL, -- of the version that was judged
  fingerprint VARCHAR NOT NULL, -- of the source as it was then
  seed BIGINT NOT NULL,
  part VARCHAR NOT NULL, -- the group of metrics it belongs to
  about VARCHAR NOT NULL, -- what else the group was asked: targets, sensitive columns
  scope VARCHAR NOT NULL,
  table_name VARCHAR NOT NULL,
  columns VARCHAR[] NOT NULL,
  metric VARCHAR NOT NULL,
  score DOUBLE, -- NULL where it could not be measured: the note says why
  baseline DOUBLE,
  low DOUBLE,
  high DOUBLE,
  n BIGINT NOT NULL,
  verdict VARCHAR NOT NULL,
  note VARCHAR NOT NULL,
  PRIMARY KEY (execution, position)
);
