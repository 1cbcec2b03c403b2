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

-- Cohorts: tables of runs and others, found by tags or text.
CREATE OR REPLACE TEMP MACRO genesis_cohorts(tags := NULL, search := NULL) AS TABLE
FROM query(genesis_plan_('cohorts', CAST(to_json({'tags': tags, 'search': search}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));
