-- Profiles, their runs, and the cohorts that runs leave.

-- Save what a person wrote as a new version of a profile.
CREATE OR REPLACE TEMP MACRO genesis_save_profile(profile, spec, description := NULL, tags := NULL) AS TABLE
FROM query(genesis_plan_('save_profile', CAST(to_json({'model': profile, 'spec': spec, 'description': description, 'tags': tags}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Profiles that are saved, found by tags, text or product.
CREATE OR REPLACE TEMP MACRO genesis_profiles(tags := NULL, search := NULL, product := NULL) AS TABLE
FROM query(genesis_plan_('profiles', CAST(to_json({'tags': tags, 'search': search, 'product': product}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What a profile says, as saved and with all defaults, by name or by a run of it.
CREATE OR REPLACE TEMP MACRO genesis_profile_spec(profile := NULL, version := NULL, execution := NULL) AS TABLE
FROM query(genesis_plan_('profile_spec', CAST(to_json({'model': profile, 'version': version, 'execution': execution}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Write every table of a profile, recorded so that it can be run again.
CREATE OR REPLACE TEMP MACRO genesis_run(profile, cohort := NULL, seed := NULL, count := NULL, version := NULL, target := NULL, if_exists := 'error') AS TABLE
FROM query(genesis_plan_('run', CAST(to_json({'model': profile, 'cohort': cohort, 'seed': seed, 'count': count, 'version': version, 'target': target, 'if_exists': if_exists}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Draw a run again and prove its rows the same.
CREATE OR REPLACE TEMP MACRO genesis_replay(execution) AS TABLE
FROM query(genesis_plan_('replay', CAST(to_json({'execution': execution}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What a run keeps of its profile, and what chance allows for that many rows.
CREATE OR REPLACE TEMP MACRO genesis_validate(cohort := NULL, execution := NULL) AS TABLE
FROM query(genesis_plan_('validate', CAST(to_json({'cohort': cohort, 'execution': execution}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Cohorts: tables of runs and others, found by tags or text.
CREATE OR REPLACE TEMP MACRO genesis_cohorts(tags := NULL, search := NULL) AS TABLE
FROM query(genesis_plan_('cohorts', CAST(to_json({'tags': tags, 'search': search}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Keep the tables of a schema as a cohort.
CREATE OR REPLACE TEMP MACRO genesis_save_cohort(cohort, schema := NULL, tables := NULL, tags := NULL, description := NULL) AS TABLE
FROM query(genesis_plan_('save_cohort', CAST(to_json({'cohort': cohort, 'schema': schema, 'tables': tables, 'tags': tags, 'description': description}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Give a cohort another name.
CREATE OR REPLACE TEMP MACRO genesis_rename_cohort(cohort, new_name) AS TABLE
FROM query(genesis_plan_('rename_cohort', CAST(to_json({'cohort': cohort, 'new_name': new_name}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Add tags to a cohort, take others away, describe it.
CREATE OR REPLACE TEMP MACRO genesis_tag_cohort(cohort, tags := NULL, remove := NULL, description := NULL) AS TABLE
FROM query(genesis_plan_('tag_cohort', CAST(to_json({'cohort': cohort, 'tags': tags, 'remove': remove, 'description': description}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Copy a cohort, tables and keys.
CREATE OR REPLACE TEMP MACRO genesis_clone_cohort(cohort, new_name, schema := NULL) AS TABLE
FROM query(genesis_plan_('clone_cohort', CAST(to_json({'cohort': cohort, 'new_name': new_name, 'schema': schema}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Put the rows of several cohorts into a new one, their ids kept apart.
CREATE OR REPLACE TEMP MACRO genesis_merge_cohorts(cohorts, new_name, schema := NULL) AS TABLE
FROM query(genesis_plan_('merge_cohorts', CAST(to_json({'cohorts': cohorts, 'new_name': new_name, 'schema': schema}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Rows, numbers and labels of the tables of a cohort.
CREATE OR REPLACE TEMP MACRO genesis_summarise_cohort(cohort) AS TABLE
FROM query(genesis_plan_('summarise_cohort', CAST(to_json({'cohort': cohort}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Write a cohort into a folder of Parquet or CSV files, or a DuckDB file.
CREATE OR REPLACE TEMP MACRO genesis_export_cohort(cohort, path, format := NULL, if_exists := 'error') AS TABLE
FROM query(genesis_plan_('export_cohort', CAST(to_json({'cohort': cohort, 'path': path, 'format': format, 'if_exists': if_exists}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Drop a cohort's tables and forget it.
CREATE OR REPLACE TEMP MACRO genesis_delete_cohort(cohort, keep_tables := false) AS TABLE
FROM query(genesis_plan_('delete_cohort', CAST(to_json({'cohort': cohort, 'keep_tables': keep_tables}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));
