-- Effects: bound, each becomes a SELECT of one private function, which runs once and returns rows or an error.

-- Learn one table or query as a new version of a model.
CREATE OR REPLACE TEMP MACRO genesis_fit(model, source, method := 'trees', seed := 0, device := 'auto', options := NULL, constraints := NULL, wait := true) AS TABLE
FROM query(genesis_ask_('fit', {'model': model, 'source': source, 'method': method, 'seed': seed, 'device': device, 'options': options, 'constraints': constraints, 'wait': wait}));

-- Learn the tables of a schema and the keys between them.
CREATE OR REPLACE TEMP MACRO genesis_fit_database(model, schema := NULL, tables := NULL, relationships := NULL, verbatim := NULL, orphans := 'null', constraints := NULL, method := 'trees', seed := 0, device := 'auto', options := NULL, wait := true) AS TABLE
FROM query(genesis_ask_('fit_database', {'model': model, 'schema': schema, 'tables': tables, 'relationships': relationships, 'verbatim': verbatim, 'orphans': orphans, 'constraints': constraints, 'method': method, 'seed': seed, 'device': device, 'options': options, 'wait': wait}));

-- Write all tables of a model, with their keys, into another schema.
CREATE OR REPLACE TEMP MACRO genesis_generate_database(model, target := NULL, scale := 1.0, rows := NULL, seed := 0, version := NULL, if_exists := 'error', keys := 'declare', conditions := NULL) AS TABLE
FROM query(genesis_ask_('generate_database', {'model': model, 'target': target, 'scale': scale, 'rows': rows, 'seed': seed, 'version': version, 'if_exists': if_exists, 'keys': keys, 'conditions': conditions}));

-- Stop what runs for a model.
CREATE OR REPLACE TEMP MACRO genesis_cancel(model) AS TABLE
FROM query(genesis_ask_('cancel', {'model': model}));

-- Make a version the one that is used where none is named.
CREATE OR REPLACE TEMP MACRO genesis_activate(model, version := NULL) AS TABLE
FROM query(genesis_ask_('activate', {'model': model, 'version': version}));

-- Remove a model with its versions.
CREATE OR REPLACE TEMP MACRO genesis_drop(model) AS TABLE
FROM query(genesis_ask_('drop', {'model': model}));

-- Write a model into a file.
CREATE OR REPLACE TEMP MACRO genesis_export(model, path, version := NULL) AS TABLE
FROM query(genesis_ask_('export', {'model': model, 'path': path, 'version': version}));

-- Store the model of a file.
CREATE OR REPLACE TEMP MACRO genesis_import(path, model := NULL) AS TABLE
FROM query(genesis_ask_('import', {'path': path, 'model': model}));

-- Write the tables of a model as macros that need no Python.
CREATE OR REPLACE TEMP MACRO genesis_deploy(model, version := NULL, prefix := NULL, if_exists := 'error') AS TABLE
FROM query(genesis_ask_('deploy', {'model': model, 'version': version, 'prefix': prefix, 'if_exists': if_exists}));

-- Remove the macros of a model.
CREATE OR REPLACE TEMP MACRO genesis_undeploy(model) AS TABLE
FROM query(genesis_ask_('undeploy', {'model': model}));

-- Remove the schema genesis: models and history.
CREATE OR REPLACE TEMP MACRO genesis_uninstall() AS TABLE
FROM query(genesis_ask_('uninstall', MAP {}));

-- What would be left out or fail, and why.
CREATE OR REPLACE TEMP MACRO genesis_check(source, relationships := NULL, verbatim := NULL) AS TABLE
FROM query(genesis_ask_('check', {'source': source, 'relationships': relationships, 'verbatim': verbatim}));

-- Set what fits under differential privacy may spend of a table in all.
CREATE OR REPLACE TEMP MACRO genesis_budget(source, epsilon := NULL, delta := NULL) AS TABLE
FROM query(genesis_ask_('budget', {'source': source, 'epsilon': epsilon, 'delta': delta}));
