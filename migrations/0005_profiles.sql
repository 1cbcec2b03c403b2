-- Profiles: models that were written, not learnt; what their runs kept; and the cohorts that runs leave.
-- A profile's text and what became of it stand in genesis.model_parts (table '', part 'profile'); what is searched
-- stands here.

CREATE TABLE genesis.profiles (
  model VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  schema_version INTEGER NOT NULL, -- of the form that the spec is written in
  product VARCHAR,
  description VARCHAR,
  tags VARCHAR[] NOT NULL,
  count BIGINT, -- rows of the first table at scale 1
  reference VARCHAR, -- fingerprint of genesis_reference; NULL where it was not read
  PRIMARY KEY (model, version)
);

CREATE TABLE genesis.runs (
  execution BIGINT PRIMARY KEY,
  uuid VARCHAR NOT NULL, -- of the version that ran; it decides the rows, with the seed and the sizes
  count BIGINT, -- as asked for; NULL is the profile's own
  cohort VARCHAR, -- the name it had then
  target VARCHAR NOT NULL,
  spec JSON NOT NULL, -- as saved
  resolved JSON NOT NULL, -- every distribution that was drawn from
  reference VARCHAR
);

CREATE TABLE genesis.cohorts (
  name VARCHAR PRIMARY KEY,
  schema_name VARCHAR NOT NULL,
  tables VARCHAR[] NOT NULL, -- parents first
  origin VARCHAR NOT NULL, -- run, generated, clone, merge, frames: written here; adopted: not
  profile VARCHAR, -- a fitted model's name too
  version INTEGER,
  execution BIGINT,
  tags VARCHAR[] NOT NULL,
  description VARCHAR,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
