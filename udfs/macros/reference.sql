-- Reference data: public figures in the schema genesis_reference.

-- Put the shipped tables, or those of a folder that `genesis reference build` wrote, into the database.
CREATE OR REPLACE TEMP MACRO genesis_load_reference(path := NULL, tables := NULL) AS TABLE
FROM query(genesis_plan_('load_reference', CAST(to_json({'path': path, 'tables': tables}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- What there is of reference tables, loaded or not.
CREATE OR REPLACE TEMP MACRO genesis_reference_tables() AS TABLE
FROM query(genesis_plan_('reference_tables', CAST('{}' AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Draw a fictional directory of facilities and the people in charge of them from public counts.
CREATE OR REPLACE TEMP MACRO genesis_make_directory(state := NULL, county := NULL, seed := 0) AS TABLE
FROM query(genesis_plan_('make_directory', CAST(to_json({'state': state, 'county': county, 'seed': seed}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Put a real directory that you downloaded into the database: nppes, pos or care_compare.
CREATE OR REPLACE TEMP MACRO genesis_load_directory(kind, path := NULL, state := NULL) AS TABLE
FROM query(genesis_plan_('load_directory', CAST(to_json({'kind': kind, 'path': path, 'state': state}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Put a code set into the database, from your file, a package, or what ships.
CREATE OR REPLACE TEMP MACRO genesis_load_codes(kind, path := NULL) AS TABLE
FROM query(genesis_plan_('load_codes', CAST(to_json({'kind': kind, 'path': path}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Providers of the directory that was loaded or made.
CREATE OR REPLACE TEMP MACRO genesis_find_providers(state := NULL, city := NULL, county := NULL, specialty := NULL, taxonomy := NULL, most := 100) AS TABLE
FROM query(genesis_plan_('find_providers', CAST(to_json({'state': state, 'city': city, 'county': county, 'specialty': specialty, 'taxonomy': taxonomy, 'most': most}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));

-- Facilities of the directory that was loaded or made.
CREATE OR REPLACE TEMP MACRO genesis_find_facilities(state := NULL, city := NULL, county := NULL, facility_type := NULL, min_beds := NULL, most := 100) AS TABLE
FROM query(genesis_plan_('find_facilities', CAST(to_json({'state': state, 'city': city, 'county': county, 'facility_type': facility_type, 'min_beds': min_beds, 'most': most}) AS VARCHAR), current_database(), current_schema(), current_connection_id(), epoch_us(now())));
