-- The store: models, their versions, and the record of what was run.
-- Read by genesis_sql/store/migrator.py, which parses the statements and puts the database's name in front of
-- each `genesis.<table>`. Times are UTC. Never edited after a release: its checksum is kept in the databases.

CREATE SCHEMA IF NOT EXISTS genesis;

CREATE TABLE genesis.migrations (
  version INTEGER PRIMARY KEY,
  name VARCHAR NOT NULL,
  checksum VARCHAR NOT NULL, -- sha256 of the file's text
  applied_at TIMESTAMP NOT NULL,
  library_version VARCHAR NOT NULL
);

CREATE TABLE genesis.models (
  name VARCHAR PRIMARY KEY,
  active_version INTEGER, -- NULL until a version is ready
  created_at TIMESTAMP NOT NULL
);

CREATE TABLE genesis.model_versions (
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  uuid VARCHAR, -- from the fit's arguments and the source's fingerprint, not from the name
  status VARCHAR NOT NULL, -- fitting, ready, error, interrupted
  kind VARCHAR NOT NULL, -- table, database
  method VARCHAR NOT NULL,
  arguments JSON NOT NULL, -- without secrets
  library_version VARCHAR NOT NULL,
  format_version INTEGER,
  fingerprint VARCHAR, -- of the source
  metrics JSON,
  error VARCHAR,
  created_at TIMESTAMP NOT NULL,
  seconds DOUBLE,
  execution BIGINT, -- NULL where the version was imported
  PRIMARY KEY (model, version)
);

CREATE TABLE genesis.model_tables (
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  table_name VARCHAR NOT NULL,
  rows BIGINT NOT NULL,
  PRIMARY KEY (model, version, position)
);

CREATE TABLE genesis.model_columns (
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  table_position INTEGER NOT NULL,
  position INTEGER NOT NULL,
  column_name VARCHAR NOT NULL,
  type VARCHAR NOT NULL,
  role VARCHAR NOT NULL,
  step VARCHAR NOT NULL,
  inputs VARCHAR[] NOT NULL,
  cells BIGINT, -- NULL where the step has none
  reason VARCHAR NOT NULL,
  PRIMARY KEY (model, version, table_position, position)
);

CREATE TABLE genesis.model_parts (
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  table_name VARCHAR NOT NULL,
  part VARCHAR NOT NULL,
  position INTEGER NOT NULL,
  data BLOB NOT NULL, -- at most 64 MiB
  sha256 VARCHAR NOT NULL,
  PRIMARY KEY (model, version, table_name, part, position)
);

-- Foreign keys of a model (target is '') and of the synthetic tables made from it (target says where), because
-- DuckDB cannot declare every one of them.
CREATE TABLE genesis.relationships (
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  target VARCHAR NOT NULL,
  position INTEGER NOT NULL,
  child VARCHAR NOT NULL,
  child_columns VARCHAR[] NOT NULL,
  parent VARCHAR NOT NULL,
  parent_columns VARCHAR[] NOT NULL,
  declared BOOLEAN NOT NULL,
  orphans BIGINT NOT NULL,
  nulls BIGINT NOT NULL,
  reason VARCHAR NOT NULL, -- why DuckDB does not declare it
  PRIMARY KEY (model, version, target, position)
);

CREATE TABLE genesis.executions (
  id BIGINT PRIMARY KEY,
  kind VARCHAR NOT NULL,
  model VARCHAR,
  version INTEGER,
  arguments JSON NOT NULL, -- without secrets
  seed BIGINT,
  spec JSON, -- the arguments with every default filled in
  fingerprint VARCHAR,
  rows BIGINT,
  seconds DOUBLE,
  status VARCHAR NOT NULL, -- running, done, error, interrupted
  error VARCHAR,
  started_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP,
  instance VARCHAR NOT NULL, -- the process that runs it
  library_version VARCHAR NOT NULL,
  duckdb_version VARCHAR NOT NULL
);

CREATE TABLE genesis.execution_tables (
  execution BIGINT NOT NULL,
  position INTEGER NOT NULL,
  table_name VARCHAR NOT NULL,
  rows BIGINT,
  orphans BIGINT,
  violations BIGINT,
  seconds DOUBLE,
  detail JSON,
  PRIMARY KEY (execution, position)
);
