-- Reference data: public figures in the schema genesis_reference.

-- Put the shipped tables, or those of a folder that `genesis reference build` wrote, into the database.
CREATE OR REPLACE TEMP MACRO genesis_load_reference(path := NULL, tables := NULL) AS TABLE
FROM query(genesis_plan_('load_reference', CAST(to_json({'path': path, 'tables': tables}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What there is of reference tables, loaded or not.
CREATE OR REPLACE TEMP MACRO genesis_reference_tables() AS TABLE
FROM query(genesis_plan_('reference_tables', CAST('{}' AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));
