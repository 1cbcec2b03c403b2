-- Measurements: they run when their rows are read, as effects do, and return rows.

-- How good the rows of a model are, beside rows held out.
CREATE OR REPLACE TEMP MACRO genesis_quality(model, version := NULL, metrics := NULL, target := NULL, seed := 0) AS TABLE
FROM query(genesis_ask_('quality', {'model': model, 'version': version, 'metrics': metrics, 'target': target, 'seed': seed}));

-- How like each other any two sets of tables or files are.
CREATE OR REPLACE TEMP MACRO genesis_compare(original, synthetic, holdout := NULL, relationships := NULL, metrics := NULL, target := NULL, seed := 0) AS TABLE
FROM query(genesis_ask_('compare', {'real': original, 'synthetic': synthetic, 'holdout': holdout, 'relationships': relationships, 'metrics': metrics, 'target': target, 'seed': seed}));

-- What the rows of a model give away about the rows it was learnt from.
CREATE OR REPLACE TEMP MACRO genesis_privacy(model, version := NULL, sensitive := NULL, known := NULL, seed := 0) AS TABLE
FROM query(genesis_ask_('privacy', {'model': model, 'version': version, 'sensitive': sensitive, 'known': known, 'seed': seed}));

-- What any synthetic tables or files give away about the real ones.
CREATE OR REPLACE TEMP MACRO genesis_privacy_audit(original, synthetic, holdout := NULL, sensitive := NULL, known := NULL, relationships := NULL, seed := 0) AS TABLE
FROM query(genesis_ask_('privacy_audit', {'real': original, 'synthetic': synthetic, 'holdout': holdout, 'sensitive': sensitive, 'known': known, 'relationships': relationships, 'seed': seed}));

-- What is in one table.
CREATE OR REPLACE TEMP MACRO genesis_profile(source) AS TABLE
FROM query(genesis_ask_('profile', {'source': source}));

-- Everything measured of a model as one page.
CREATE OR REPLACE TEMP MACRO genesis_report(model, path := 'report.html', version := NULL, target := NULL, sensitive := NULL, seed := 0) AS TABLE
FROM query(genesis_ask_('report', {'model': model, 'path': path, 'version': version, 'target': target, 'sensitive': sensitive, 'seed': seed}));

-- An error where a model's measurements do not keep a condition.
CREATE OR REPLACE TEMP MACRO genesis_assert(model, condition, version := NULL, target := NULL, sensitive := NULL, seed := 0) AS TABLE
FROM query(genesis_ask_('assert', {'model': model, 'condition': condition, 'version': version, 'target': target, 'sensitive': sensitive, 'seed': seed}));

-- What was measured and guaranteed of a model, as JSON with hashes.
CREATE OR REPLACE TEMP MACRO genesis_certificate(model, version := NULL, sensitive := NULL, seed := 0) AS TABLE
FROM query(genesis_ask_('certificate', {'model': model, 'version': version, 'sensitive': sensitive, 'seed': seed}));
