-- What language models proposed for schemas: asked once for the same question, used for nothing ever after.

CREATE TABLE genesis.proposals (
  digest VARCHAR PRIMARY KEY, -- of the schema, the wishes and what decides the model's answer
  language JSON NOT NULL, -- provider, model and settings, without keys and addresses
  columns JSON NOT NULL, -- 'table.column': a plain column, checked and rebuilt
  notes VARCHAR[] NOT NULL, -- what of the answer was left out, and why
  tokens_in BIGINT NOT NULL,
  tokens_out BIGINT NOT NULL,
  cost DOUBLE, -- US dollars; NULL where no price was given
  created_at TIMESTAMP NOT NULL
);
