"""Profiles in the store: how they are found, and what their versions say."""

from __future__ import annotations

from genesis_sql.errors import ModelNotFoundError
from genesis_sql.sqlbuild import string
from genesis_sql.store import migrator, models, names
from genesis_sql.store.names import Con
from genesis_sql.store.rows import ModelVersion
from genesis_sql.store.written import Saved, of_parts

KIND = METHOD = "profile"
NEEDS = 5
"""The migration that makes the tables."""

_LIST_COLUMNS = """
name VARCHAR, version INTEGER, product VARCHAR, description VARCHAR, tags VARCHAR[], tables BIGINT,
count BIGINT, versions BIGINT, executions BIGINT, last_run TIMESTAMP, created_at TIMESTAMP
"""
_LIST = """
WITH made AS (
  SELECT model, count(*) AS tables
  FROM genesis.model_tables AS t
  WHERE version = (SELECT active_version FROM genesis.models WHERE name = t.model) GROUP BY model
), ran AS (
  SELECT model, count(*) AS executions, max(started_at) AS last_run
  FROM genesis.executions WHERE kind = 'run' AND status = 'done' GROUP BY model
), kept AS (
  SELECT model, count(*) AS versions FROM genesis.model_versions
  WHERE status = 'ready' GROUP BY model
)
SELECT p.model AS name, p.version, p.product, p.description, p.tags, made.tables, p.count,
       kept.versions, coalesce(ran.executions, 0) AS executions, ran.last_run, v.created_at
FROM genesis.profiles AS p
JOIN genesis.models AS m ON m.name = p.model AND m.active_version = p.version
JOIN genesis.model_versions AS v ON v.model = p.model AND v.version = p.version
JOIN kept ON kept.model = p.model
LEFT JOIN made ON made.model = p.model
LEFT JOIN ran ON ran.model = p.model
WHERE v.kind = 'profile' AND ($tags IS NULL OR list_has_all(p.tags, CAST($tags AS VARCHAR[])))
  AND ($product IS NULL OR lower(p.product) = lower($product))
  AND ($search IS NULL OR contains(lower(p.model), lower($search))
       OR contains(lower(coalesce(p.description, '')), lower($search)))
ORDER BY p.model
"""


def load(con: Con, database: str, name: str, version: int | None = None) -> Saved:
    """What a version of a profile says; the active one's where none is named.

    Raises:
        ModelNotFoundError: there is none, or it is a model that was learnt.
    """
    found = find(con, database, name, version)
    saved = of_parts(models.load_parts(con, database, name, found.version, ""))
    if saved is None:
        raise ModelNotFoundError(_no_profile(found))
    return saved


def find(con: Con, database: str, name: str, version: int | None = None) -> ModelVersion:
    """The version of a profile.

    Raises:
        ModelNotFoundError: there is none, or it is a model that was learnt.
    """
    found = models.find(con, database, name, version)
    if found.kind != KIND:
        raise ModelNotFoundError(_no_profile(found))
    return found


def _no_profile(found: ModelVersion) -> str:
    return (
        f"'{found.model}' is a model that was learnt from data, not a profile; "
        f"CALL genesis_generate_database({string(found.model)}, target := 'synth') writes its rows"
    )


def list_sql(
    con: Con,
    database: str,
    *,
    tags: list[str] | None = None,
    search: str | None = None,
    product: str | None = None,
    begun: int | None = None,
) -> str:
    """The SELECT behind `genesis_profiles`: the active versions that fit."""
    if not migrator.exists(con, database, begun, needs=NEEDS):
        return names.empty(_LIST_COLUMNS)
    return names.filled(_LIST, database, tags=tags, search=search, product=product)
