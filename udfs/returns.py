"""Columns of the rows that each verb returns."""

from __future__ import annotations

RETURNS = {
    "fit": 'model VARCHAR, version INTEGER, table_name VARCHAR, "method" VARCHAR, "rows" BIGINT, '
    '"columns" INTEGER, orphans BIGINT, seconds DOUBLE, notes VARCHAR',
    "generate_database": 'table_name VARCHAR, "rows" BIGINT, orphans BIGINT, violations BIGINT, '
    "seconds DOUBLE",
    "activate": "model VARCHAR, version INTEGER, status VARCHAR",
    "drop": "model VARCHAR, version INTEGER, status VARCHAR",
    "export": "model VARCHAR, version INTEGER, path VARCHAR, bytes BIGINT",
    "import": "model VARCHAR, version INTEGER, path VARCHAR, bytes BIGINT",
    "check": "severity VARCHAR, table_name VARCHAR, column_name VARCHAR, finding VARCHAR, "
    "fix VARCHAR",
    "deploy": "model VARCHAR, version INTEGER, table_name VARCHAR, macro VARCHAR, bytes BIGINT, "
    "status VARCHAR",
    "undeploy": "model VARCHAR, version INTEGER, table_name VARCHAR, macro VARCHAR, status VARCHAR",
    "uninstall": "removed VARCHAR",
    "cancel": "model VARCHAR, version INTEGER, status VARCHAR",
    "jobs": "id BIGINT, kind VARCHAR, model VARCHAR, version INTEGER, table_name VARCHAR, "
    "phase VARCHAR, phase_number INTEGER, phases INTEGER, step BIGINT, loss DOUBLE, "
    "seconds DOUBLE, seconds_left DOUBLE, status VARCHAR, error VARCHAR",
}
"""Columns of the rows of each effect, and of what is read while a statement runs."""
RETURNS["fit_database"] = RETURNS["fit"]
RETURNS["quality"] = (
    'scope VARCHAR, table_name VARCHAR, "columns" VARCHAR[], metric VARCHAR, score DOUBLE, '
    "baseline DOUBLE, n BIGINT, verdict VARCHAR, note VARCHAR"
)
RETURNS["compare"] = RETURNS["quality"]
RETURNS["privacy"] = (
    'table_name VARCHAR, "columns" VARCHAR[], metric VARCHAR, score DOUBLE, baseline DOUBLE, '
    "low DOUBLE, high DOUBLE, n BIGINT, verdict VARCHAR, note VARCHAR"
)
RETURNS["privacy_audit"] = RETURNS["privacy"]
RETURNS["profile"] = (
    'column_name VARCHAR, type VARCHAR, role VARCHAR, meaning VARCHAR, "rows" BIGINT, '
    "nulls BIGINT, distinct_values BIGINT, least VARCHAR, quantile_25 VARCHAR, median VARCHAR, "
    "quantile_75 VARCHAR, greatest VARCHAR, mean DOUBLE, deviation DOUBLE, pattern VARCHAR, "
    "commonest VARCHAR, commonest_share DOUBLE, warning VARCHAR"
)
RETURNS["report"] = "path VARCHAR, bytes BIGINT, verdict VARCHAR, failed BIGINT, warned BIGINT"
RETURNS["assert"] = "condition VARCHAR, value DOUBLE, passed BOOLEAN"
RETURNS["budget"] = (
    "source VARCHAR, epsilon DOUBLE, delta DOUBLE, spent_epsilon DOUBLE, spent_rho DOUBLE"
)
RETURNS["certificate"] = "model VARCHAR, version INTEGER, certificate VARCHAR, sha256 VARCHAR"

REFERENCE: dict[str, str] = {
    "load_reference": 'table_name VARCHAR, "rows" BIGINT, status VARCHAR, vintage VARCHAR, '
    "licence VARCHAR",
    **dict.fromkeys(
        ("make_directory", "load_directory", "load_codes"),
        'table_name VARCHAR, "rows" BIGINT, status VARCHAR, note VARCHAR',
    ),
}
"""Of reference data."""

PROFILES: dict[str, str] = {
    "save_profile": "model VARCHAR, version INTEGER, status VARCHAR, tables VARCHAR[], "
    "notes VARCHAR",
    "run": 'table_name VARCHAR, "rows" BIGINT, orphans BIGINT, violations BIGINT, '
    "seconds DOUBLE, content_hash VARCHAR",
    "replay": 'table_name VARCHAR, "rows" BIGINT, recorded_hash VARCHAR, replayed_hash VARCHAR, '
    "identical BOOLEAN",
    "validate": 'table_name VARCHAR, column_name VARCHAR, "check" VARCHAR, expected VARCHAR, '
    "found VARCHAR, passed BOOLEAN, p_value DOUBLE",
    "delete_cohort": "cohort VARCHAR, table_name VARCHAR, status VARCHAR",
    "export_cohort": 'cohort VARCHAR, table_name VARCHAR, "rows" BIGINT, path VARCHAR, '
    "bytes BIGINT",
    "summarise_cohort": 'table_name VARCHAR, column_name VARCHAR, type VARCHAR, "rows" BIGINT, '
    "nulls BIGINT, distinct_values BIGINT, least VARCHAR, mean DOUBLE, deviation DOUBLE, "
    'median DOUBLE, greatest VARCHAR, "value" VARCHAR, share DOUBLE',
}
PROFILES |= dict.fromkeys(
    ("save_cohort", "clone_cohort", "merge_cohorts"),
    'cohort VARCHAR, schema_name VARCHAR, table_name VARCHAR, "rows" BIGINT, notes VARCHAR',
)
PROFILES |= dict.fromkeys(
    ("rename_cohort", "tag_cohort"),
    "cohort VARCHAR, schema_name VARCHAR, tags VARCHAR[], description VARCHAR, notes VARCHAR",
)
"""Of profiles, their runs and cohorts."""

SCHEMAS: dict[str, str] = {
    "schema": 'table_name VARCHAR, "columns" BIGINT, "rows" BIGINT, parents VARCHAR[], '
    "notes VARCHAR",
    "copy_database": 'table_name VARCHAR, "rows" BIGINT, relationships VARCHAR[]',
}
"""Of schemas without data."""

DELIVERIES: dict[str, str] = {
    "fill": RETURNS["generate_database"],
    "export_database": 'table_name VARCHAR, "rows" BIGINT, path VARCHAR, bytes BIGINT, '
    "seconds DOUBLE",
}
"""Of what leaves for other databases and files."""

RETURNS |= REFERENCE | PROFILES | SCHEMAS | DELIVERIES
