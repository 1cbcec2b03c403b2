-- Schemas without data.

-- Make a profile out of a schema: of CREATE TABLE text, a database's URL, or a mapping.
CREATE OR REPLACE TEMP MACRO genesis_schema(model, ddl := NULL, url := NULL, spec := NULL, dialect := NULL, columns := NULL, rows := NULL, locale := NULL, description := NULL, tags := NULL, prompt := NULL, llm := NULL, scenarios := NULL) AS TABLE
FROM query(genesis_ask_('schema', {'model': model, 'ddl': ddl, 'url': url, 'spec': spec, 'dialect': dialect, 'columns': columns, 'rows': rows, 'locale': locale, 'description': description, 'tags': tags, 'prompt': prompt, 'llm': llm, 'scenarios': scenarios}));

-- What a column of a schema can mean, and what fills it then.
CREATE OR REPLACE TEMP MACRO genesis_providers() AS TABLE
FROM query(genesis_ask_('providers', MAP {}));

-- Bring the tables of another database into a new schema, with their rows, to learn them there.
CREATE OR REPLACE TEMP MACRO genesis_copy_database(url, target, schema := NULL, tables := NULL, most := NULL) AS TABLE
FROM query(genesis_ask_('copy_database', {'url': url, 'target': target, 'schema': schema, 'tables': tables, 'most': most}));
