-- Effects: bound, each becomes a SELECT of one private function, which runs once and returns rows or an error.

-- Learn one table or query as a new version of a model.
CREATE OR REPLACE TEMP MACRO genesis_fit(model, source, method := 'trees', seed := 0, device := 'auto', options := NULL, constraints := NULL, wait := true) AS TABLE
FROM query(genesis_plan_('fit', CAST(to_json({'model': model, 'source': source, 'method': method, 'seed': seed, 'device': device, 'options': options, 'constraints': constraints, 'wait': wait}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Learn the tables of a schema and the keys between them.
CREATE OR REPLACE TEMP MACRO genesis_fit_database(model, schema := NULL, tables := NULL, relationships := NULL, verbatim := NULL, orphans := 'null', constraints := NULL, method := 'trees', seed := 0, device := 'auto', options := NULL, wait := true) AS TABLE
FROM query(genesis_plan_('fit_database', CAST(to_json({'model': model, 'schema': schema, 'tables': tables, 'relationships': relationships, 'verbatim': verbatim, 'orphans': orphans, 'constraints': constraints, 'method': method, 'seed': seed, 'device': device, 'options': options, 'wait': wait}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Write all tables of a model, with their keys, into another schema.
CREATE OR REPLACE TEMP MACRO genesis_generate_database(model, target := NULL, scale := 1.0, rows := NULL, seed := 0, version := NULL, if_exists := 'error', keys := 'declare', conditions := NULL) AS TABLE
FROM query(genesis_plan_('generate_database', CAST(to_json({'model': model, 'target': target, 'scale': scale, 'rows': rows, 'seed': seed, 'version': version, 'if_exists': if_exists, 'keys': keys, 'conditions': conditions}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Stop what runs for a model.
CREATE OR REPLACE TEMP MACRO genesis_cancel(model) AS TABLE
FROM query(genesis_plan_('cancel', CAST(to_json({'model': model}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Make a version the one that is used where none is named.
CREATE OR REPLACE TEMP MACRO genesis_activate(model, version := NULL) AS TABLE
FROM query(genesis_plan_('activate', CAST(to_json({'model': model, 'version': version}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Remove a model with its versions.
CREATE OR REPLACE TEMP MACRO genesis_drop(model) AS TABLE
FROM query(genesis_plan_('drop', CAST(to_json({'model': model}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Write a model into a file.
CREATE OR REPLACE TEMP MACRO genesis_export(model, path, version := NULL) AS TABLE
FROM query(genesis_plan_('export', CAST(to_json({'model': model, 'path': path, 'version': version}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Store the model of a file.
CREATE OR REPLACE TEMP MACRO genesis_import(path, model := NULL) AS TABLE
FROM query(genesis_plan_('import', CAST(to_json({'path': path, 'model': model}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Remove the schema genesis: models and history.
CREATE OR REPLACE TEMP MACRO genesis_uninstall() AS TABLE
FROM query(genesis_plan_('uninstall', CAST('{}' AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What would be left out or fail, and why.
CREATE OR REPLACE TEMP MACRO genesis_check(source, relationships := NULL, verbatim := NULL) AS TABLE
FROM query(genesis_plan_('check', CAST(to_json({'source': source, 'relationships': relationships, 'verbatim': verbatim}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Set what fits under differential privacy may spend of a table in all.
CREATE OR REPLACE TEMP MACRO genesis_budget(source, epsilon := NULL, delta := NULL) AS TABLE
FROM query(genesis_plan_('budget', CAST(to_json({'source': source, 'epsilon': epsilon, 'delta': delta}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));
