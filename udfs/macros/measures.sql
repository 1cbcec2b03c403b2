-- Measurements: they run when their rows are read, as effects do, and return rows.

-- How good the rows of a model are, beside rows held out.
CREATE OR REPLACE TEMP MACRO genesis_quality(model, version := NULL, metrics := NULL, target := NULL, seed := 0) AS TABLE
FROM query(genesis_plan_('quality', CAST(to_json({'model': model, 'version': version, 'metrics': metrics, 'target': target, 'seed': seed}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- How like each other any two sets of tables or files are.
CREATE OR REPLACE TEMP MACRO genesis_compare(original, synthetic, holdout := NULL, relationships := NULL, metrics := NULL, target := NULL, seed := 0) AS TABLE
FROM query(genesis_plan_('compare', CAST(to_json({'real': original, 'synthetic': synthetic, 'holdout': holdout, 'relationships': relationships, 'metrics': metrics, 'target': target, 'seed': seed}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What the rows of a model give away about the rows it was learnt from.
CREATE OR REPLACE TEMP MACRO genesis_privacy(model, version := NULL, sensitive := NULL, known := NULL, seed := 0) AS TABLE
FROM query(genesis_plan_('privacy', CAST(to_json({'model': model, 'version': version, 'sensitive': sensitive, 'known': known, 'seed': seed}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What any synthetic tables or files give away about the real ones.
CREATE OR REPLACE TEMP MACRO genesis_privacy_audit(original, synthetic, holdout := NULL, sensitive := NULL, known := NULL, relationships := NULL, seed := 0) AS TABLE
FROM query(genesis_plan_('privacy_audit', CAST(to_json({'real': original, 'synthetic': synthetic, 'holdout': holdout, 'sensitive': sensitive, 'known': known, 'relationships': relationships, 'seed': seed}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What is in one table.
CREATE OR REPLACE TEMP MACRO genesis_profile(source) AS TABLE
FROM query(genesis_plan_('profile', CAST(to_json({'source': source}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Everything measured of a model as one page.
CREATE OR REPLACE TEMP MACRO genesis_report(model, path := 'report.html', version := NULL, target := NULL, sensitive := NULL, seed := 0) AS TABLE
FROM query(genesis_plan_('report', CAST(to_json({'model': model, 'path': path, 'version': version, 'target': target, 'sensitive': sensitive, 'seed': seed}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- An error where a model's measurements do not keep a condition.
CREATE OR REPLACE TEMP MACRO genesis_assert(model, condition, version := NULL, target := NULL, sensitive := NULL, seed := 0) AS TABLE
FROM query(genesis_plan_('assert', CAST(to_json({'model': model, 'condition': condition, 'version': version, 'target': target, 'sensitive': sensitive, 'seed': seed}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What was measured and guaranteed of a model, as JSON with hashes.
CREATE OR REPLACE TEMP MACRO genesis_certificate(model, version := NULL, sensitive := NULL, seed := 0) AS TABLE
FROM query(genesis_plan_('certificate', CAST(to_json({'model': model, 'version': version, 'sensitive': sensitive, 'seed': seed}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));
