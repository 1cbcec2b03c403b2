-- Reference data: public figures in the schema genesis_reference.

-- Put the shipped tables, or those of a folder that `genesis reference build` wrote, into the database.
CREATE OR REPLACE TEMP MACRO genesis_load_reference(path := NULL, tables := NULL) AS TABLE
FROM query(genesis_ask_('load_reference', {'path': path, 'tables': tables}));

-- What there is of reference tables, loaded or not.
CREATE OR REPLACE TEMP MACRO genesis_reference_tables() AS TABLE
FROM query(genesis_ask_('reference_tables', MAP {}));

-- Draw a fictional directory of facilities and the people in charge of them from public counts.
CREATE OR REPLACE TEMP MACRO genesis_make_directory(state := NULL, county := NULL, seed := 0) AS TABLE
FROM query(genesis_ask_('make_directory', {'state': state, 'county': county, 'seed': seed}));

-- Put a real directory that you downloaded into the database: nppes, pos or care_compare.
CREATE OR REPLACE TEMP MACRO genesis_load_directory(kind, path := NULL, state := NULL) AS TABLE
FROM query(genesis_ask_('load_directory', {'kind': kind, 'path': path, 'state': state}));

-- Put a code set into the database, from your file, a package, or what ships.
CREATE OR REPLACE TEMP MACRO genesis_load_codes(kind, path := NULL) AS TABLE
FROM query(genesis_ask_('load_codes', {'kind': kind, 'path': path}));

-- Providers of the directory that was loaded or made.
CREATE OR REPLACE TEMP MACRO genesis_find_providers(state := NULL, city := NULL, county := NULL, specialty := NULL, taxonomy := NULL, most := 100) AS TABLE
FROM query(genesis_ask_('find_providers', {'state': state, 'city': city, 'county': county, 'specialty': specialty, 'taxonomy': taxonomy, 'most': most}));

-- Facilities of the directory that was loaded or made.
CREATE OR REPLACE TEMP MACRO genesis_find_facilities(state := NULL, city := NULL, county := NULL, facility_type := NULL, min_beds := NULL, most := 100) AS TABLE
FROM query(genesis_ask_('find_facilities', {'state': state, 'city': city, 'county': county, 'facility_type': facility_type, 'min_beds': min_beds, 'most': most}));
