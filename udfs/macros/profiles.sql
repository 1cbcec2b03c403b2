-- Profiles, their runs, and the cohorts that runs leave.

-- Save what a person wrote as a new version of a profile.
CREATE OR REPLACE TEMP MACRO genesis_save_profile(profile, spec, description := NULL, tags := NULL) AS TABLE
FROM query(genesis_ask_('save_profile', {'model': profile, 'spec': spec, 'description': description, 'tags': tags}));

-- Profiles that are saved, found by tags, text or product.
CREATE OR REPLACE TEMP MACRO genesis_profiles(tags := NULL, search := NULL, product := NULL) AS TABLE
FROM query(genesis_ask_('profiles', {'tags': tags, 'search': search, 'product': product}));

-- What a profile says, as saved and with all defaults, by name or by a run of it.
CREATE OR REPLACE TEMP MACRO genesis_profile_spec(profile := NULL, version := NULL, execution := NULL) AS TABLE
FROM query(genesis_ask_('profile_spec', {'model': profile, 'version': version, 'execution': execution}));

-- Write every table of a profile, recorded so that it can be run again.
CREATE OR REPLACE TEMP MACRO genesis_run(profile, cohort := NULL, seed := NULL, count := NULL, version := NULL, target := NULL, if_exists := 'error') AS TABLE
FROM query(genesis_ask_('run', {'model': profile, 'cohort': cohort, 'seed': seed, 'count': count, 'version': version, 'target': target, 'if_exists': if_exists}));

-- Draw a run again and prove its rows the same.
CREATE OR REPLACE TEMP MACRO genesis_replay(execution) AS TABLE
FROM query(genesis_ask_('replay', {'execution': execution}));

-- What a run keeps of its profile, and what chance allows for that many rows.
CREATE OR REPLACE TEMP MACRO genesis_validate(cohort := NULL, execution := NULL) AS TABLE
FROM query(genesis_ask_('validate', {'cohort': cohort, 'execution': execution}));

-- Cohorts: tables of runs and others, found by tags or text.
CREATE OR REPLACE TEMP MACRO genesis_cohorts(tags := NULL, search := NULL) AS TABLE
FROM query(genesis_ask_('cohorts', {'tags': tags, 'search': search}));

-- Keep the tables of a schema as a cohort.
CREATE OR REPLACE TEMP MACRO genesis_save_cohort(cohort, schema := NULL, tables := NULL, tags := NULL, description := NULL) AS TABLE
FROM query(genesis_ask_('save_cohort', {'cohort': cohort, 'schema': schema, 'tables': tables, 'tags': tags, 'description': description}));

-- Give a cohort another name.
CREATE OR REPLACE TEMP MACRO genesis_rename_cohort(cohort, new_name) AS TABLE
FROM query(genesis_ask_('rename_cohort', {'cohort': cohort, 'new_name': new_name}));

-- Add tags to a cohort, take others away, describe it.
CREATE OR REPLACE TEMP MACRO genesis_tag_cohort(cohort, tags := NULL, remove := NULL, description := NULL) AS TABLE
FROM query(genesis_ask_('tag_cohort', {'cohort': cohort, 'tags': tags, 'remove': remove, 'description': description}));

-- Copy a cohort, tables and keys.
CREATE OR REPLACE TEMP MACRO genesis_clone_cohort(cohort, new_name, schema := NULL) AS TABLE
FROM query(genesis_ask_('clone_cohort', {'cohort': cohort, 'new_name': new_name, 'schema': schema}));

-- Put the rows of several cohorts into a new one, their ids kept apart.
CREATE OR REPLACE TEMP MACRO genesis_merge_cohorts(cohorts, new_name, schema := NULL) AS TABLE
FROM query(genesis_ask_('merge_cohorts', {'cohorts': cohorts, 'new_name': new_name, 'schema': schema}));

-- Rows, numbers and labels of the tables of a cohort.
CREATE OR REPLACE TEMP MACRO genesis_summarise_cohort(cohort) AS TABLE
FROM query(genesis_ask_('summarise_cohort', {'cohort': cohort}));

-- Write a cohort into a folder of Parquet or CSV files, or a DuckDB file.
CREATE OR REPLACE TEMP MACRO genesis_export_cohort(cohort, path, format := NULL, if_exists := 'error') AS TABLE
FROM query(genesis_ask_('export_cohort', {'cohort': cohort, 'path': path, 'format': format, 'if_exists': if_exists}));

-- Drop a cohort's tables and forget it.
CREATE OR REPLACE TEMP MACRO genesis_delete_cohort(cohort, keep_tables := false) AS TABLE
FROM query(genesis_ask_('delete_cohort', {'cohort': cohort, 'keep_tables': keep_tables}));
