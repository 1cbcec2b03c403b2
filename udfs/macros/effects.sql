-- Effects: the private function runs once and returns rows or an error; the error is raised here.
-- query, transaction and begun tell an explicit transaction from autocommit, see genesis_sql/transactions.py.

-- Learn one table or query as a new version of a model.
CREATE OR REPLACE TEMP MACRO genesis_fit(model, source, method := 'trees', seed := 0, options := NULL) AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_fit_(CAST(to_json({'model': model, 'source': source, 'method': method, 'seed': seed, 'options': options}) AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);

-- Learn the tables of a schema and the keys between them.
CREATE OR REPLACE TEMP MACRO genesis_fit_database(model, schema := NULL, tables := NULL, relationships := NULL, verbatim := NULL, orphans := 'null', method := 'trees', seed := 0, options := NULL) AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_fit_database_(CAST(to_json({'model': model, 'schema': schema, 'tables': tables, 'relationships': relationships, 'verbatim': verbatim, 'orphans': orphans, 'method': method, 'seed': seed, 'options': options}) AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);

-- Write all tables of a model, with their keys, into another schema.
CREATE OR REPLACE TEMP MACRO genesis_generate_database(model, target := NULL, scale := 1.0, seed := 0, version := NULL, if_exists := 'error', keys := 'declare') AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_generate_database_(CAST(to_json({'model': model, 'target': target, 'scale': scale, 'seed': seed, 'version': version, 'if_exists': if_exists, 'keys': keys}) AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);

-- Make a version the one that is used where none is named.
CREATE OR REPLACE TEMP MACRO genesis_activate(model, version := NULL) AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_activate_(CAST(to_json({'model': model, 'version': version}) AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);

-- Remove a model with its versions.
CREATE OR REPLACE TEMP MACRO genesis_drop(model) AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_drop_(CAST(to_json({'model': model}) AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);

-- Write a model into a file.
CREATE OR REPLACE TEMP MACRO genesis_export(model, path, version := NULL) AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_export_(CAST(to_json({'model': model, 'path': path, 'version': version}) AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);

-- Store the model of a file.
CREATE OR REPLACE TEMP MACRO genesis_import(path, model := NULL) AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_import_(CAST(to_json({'path': path, 'model': model}) AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);

-- Remove the schema genesis: models and history.
CREATE OR REPLACE TEMP MACRO genesis_uninstall() AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_uninstall_(CAST('{}' AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);

-- What would be left out or fail, and why.
CREATE OR REPLACE TEMP MACRO genesis_check(source, relationships := NULL, verbatim := NULL) AS TABLE
SELECT unnest(CASE WHEN done.error IS NULL THEN done."rows" ELSE error(done.error) END, recursive := true)
FROM (SELECT genesis_check_(CAST(to_json({'source': source, 'relationships': relationships, 'verbatim': verbatim}) AS VARCHAR), current_database(), current_schema(), CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())) AS done);
