-- Deliveries: a model's tables into another database, or into files.

-- Write all tables of a model into a PostgreSQL, MariaDB, MySQL or SQLite database that has them.
CREATE OR REPLACE TEMP MACRO genesis_fill(model, url, rows := NULL, scale := 1.0, seed := 0, version := NULL, if_exists := 'error', commit := 'all', schema := NULL, conditions := NULL, dry_run := false) AS TABLE
FROM query(genesis_ask_('fill', {'model': model, 'url': url, 'rows': rows, 'scale': scale, 'seed': seed, 'version': version, 'if_exists': if_exists, 'commit': commit, 'schema': schema, 'conditions': conditions, 'dry_run': dry_run}));

-- Write all tables of a model into files.
CREATE OR REPLACE TEMP MACRO genesis_export_database(model, path, format := NULL, dialect := NULL, rows := NULL, scale := 1.0, seed := 0, version := NULL, if_exists := 'error', conditions := NULL) AS TABLE
FROM query(genesis_ask_('export_database', {'model': model, 'path': path, 'format': format, 'dialect': dialect, 'rows': rows, 'scale': scale, 'seed': seed, 'version': version, 'if_exists': if_exists, 'conditions': conditions}));
