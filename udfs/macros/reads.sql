-- Reads: the plan function returns SQL text when the statement is bound.

-- Rows of a model, streamed into any query.
CREATE OR REPLACE TEMP MACRO genesis_generate(model, part := NULL, rows := NULL, first_row := 0, scale := NULL, seed := 0, version := NULL, conditions := NULL) AS TABLE
FROM query(genesis_plan_('generate', CAST(to_json({'model': model, 'part': part, 'rows': rows, 'first_row': first_row, 'scale': scale, 'seed': seed, 'version': version, 'conditions': conditions}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Models and their versions.
CREATE OR REPLACE TEMP MACRO genesis_models() AS TABLE
FROM query(genesis_plan_('models', CAST('{}' AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- How every column of a model is made.
CREATE OR REPLACE TEMP MACRO genesis_describe(model, version := NULL) AS TABLE
FROM query(genesis_plan_('describe', CAST(to_json({'model': model, 'version': version}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What was run, with which arguments, and how it ended.
CREATE OR REPLACE TEMP MACRO genesis_history(model := NULL) AS TABLE
FROM query(genesis_plan_('history', CAST(to_json({'model': model}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What was checked of the tables written last, and how many rows break it.
CREATE OR REPLACE TEMP MACRO genesis_integrity(model := NULL) AS TABLE
FROM query(genesis_plan_('integrity', CAST(to_json({'model': model}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- The methods of a fit, and what each can.
CREATE OR REPLACE TEMP MACRO genesis_methods() AS TABLE
FROM query(genesis_plan_('methods', CAST('{}' AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What runs, how far it is, and what has run in this session.
CREATE OR REPLACE TEMP MACRO genesis_jobs() AS TABLE
FROM query(genesis_plan_('jobs', CAST('{}' AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- How the training of a model's networks went, or goes.
CREATE OR REPLACE TEMP MACRO genesis_training_log(model, version := NULL) AS TABLE
FROM query(genesis_plan_('training_log', CAST(to_json({'model': model, 'version': version}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What fits under differential privacy have spent of each table, and the budgets.
CREATE OR REPLACE TEMP MACRO genesis_ledger() AS TABLE
FROM query(genesis_plan_('ledger', CAST('{}' AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));
