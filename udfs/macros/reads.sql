-- Reads: the plan function returns SQL text when the statement is bound.

-- What all others ask: a macro of one call is made in half the time.
CREATE OR REPLACE TEMP MACRO genesis_ask_(kind, given) AS
genesis_plan_(kind, CAST(to_json(given) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now()));

-- Rows of a model, streamed into any query.
CREATE OR REPLACE TEMP MACRO genesis_generate(model, part := NULL, rows := NULL, first_row := 0, scale := NULL, seed := 0, version := NULL, conditions := NULL) AS TABLE
FROM query(genesis_ask_('generate', {'model': model, 'part': part, 'rows': rows, 'first_row': first_row, 'scale': scale, 'seed': seed, 'version': version, 'conditions': conditions}));

-- The same rows as SQL text that needs no Python.
CREATE OR REPLACE TEMP MACRO genesis_compile(model, part := NULL, rows := NULL, first_row := 0, scale := NULL, seed := 0, version := NULL, dialect := 'duckdb', data := 'values') AS TABLE
FROM query(genesis_ask_('compile', {'model': model, 'part': part, 'rows': rows, 'first_row': first_row, 'scale': scale, 'seed': seed, 'version': version, 'dialect': dialect, 'data': data}));

-- What such a text reads where its data stand in a table or a Parquet file.
CREATE OR REPLACE TEMP MACRO genesis_compile_data(model, part := NULL, rows := NULL, first_row := 0, scale := NULL, seed := 0, version := NULL, dialect := 'duckdb') AS TABLE
FROM query(genesis_ask_('compile_data', {'model': model, 'part': part, 'rows': rows, 'first_row': first_row, 'scale': scale, 'seed': seed, 'version': version, 'dialect': dialect}));

-- Models and their versions.
CREATE OR REPLACE TEMP MACRO genesis_models() AS TABLE
FROM query(genesis_ask_('models', MAP {}));

-- How every column of a model is made.
CREATE OR REPLACE TEMP MACRO genesis_describe(model, version := NULL) AS TABLE
FROM query(genesis_ask_('describe', {'model': model, 'version': version}));

-- What was run, with which arguments, and how it ended.
CREATE OR REPLACE TEMP MACRO genesis_history(model := NULL) AS TABLE
FROM query(genesis_ask_('history', {'model': model}));

-- What was checked of the tables written last, and how many rows break it.
CREATE OR REPLACE TEMP MACRO genesis_integrity(model := NULL) AS TABLE
FROM query(genesis_ask_('integrity', {'model': model}));

-- The methods of a fit, and what each can.
CREATE OR REPLACE TEMP MACRO genesis_methods() AS TABLE
FROM query(genesis_ask_('methods', MAP {}));

-- What runs, how far it is, and what has run in this session.
CREATE OR REPLACE TEMP MACRO genesis_jobs() AS TABLE
FROM query(genesis_ask_('jobs', MAP {}));

-- How the training of a model's networks went, or goes.
CREATE OR REPLACE TEMP MACRO genesis_training_log(model, version := NULL) AS TABLE
FROM query(genesis_ask_('training_log', {'model': model, 'version': version}));

-- What fits under differential privacy have spent of each table, and the budgets.
CREATE OR REPLACE TEMP MACRO genesis_ledger() AS TABLE
FROM query(genesis_ask_('ledger', MAP {}));
