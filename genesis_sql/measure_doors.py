"""The Python doors of what is measured: quality, privacy, the report, conditions on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.doors import Row, effect, listed
from genesis_sql.session import register  # noqa: TID251 - stage 16

if TYPE_CHECKING:
    from genesis_sql.report.notebook import Report

Target = str | Mapping[str, str] | None


def _target(target: Target) -> Any:
    return target if target is None or isinstance(target, str) else dict(target)


def measure_quality(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    version: int | None = None,
    metrics: Sequence[str] | None = None,
    target: Target = None,
    seed: int = 0,
) -> list[Row]:
    """How good the rows of a model are, beside real rows that it never saw: a dict per number.

    Args:
        con: where the model is kept.
        name: of the model.
        version: another than the active one.
        metrics: only these groups, such as ['shapes', 'pairs'].
        target: the column that utility is about, 'income', or one by table.
        seed: of the rows that are drawn, of samples and of classifiers.
    """
    given: Row = {"model": name, "version": version, "metrics": listed("metrics", metrics)}
    return effect(con, "quality", {**given, "target": _target(target), "seed": seed})


def compare(
    con: duckdb.DuckDBPyConnection,
    real: str,
    synthetic: str,
    *,
    holdout: str | None = None,
    relationships: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    target: Target = None,
    seed: int = 0,
) -> list[Row]:
    """How like each other two sets of tables are: a dict per number.

    Args:
        con: where the tables are.
        real: a schema, a table, a query as '(SELECT …)', a file of data or a folder of them.
        synthetic: the same of what was made.
        holdout: the same of real rows that nothing was learnt from.
        relationships: keys the catalog does not have, as 'orders.customer_id -> customers'.
        metrics: only these groups.
        target: the column that utility is about, or one by table.
        seed: of samples and classifiers.
    """
    given: Row = {"real": real, "synthetic": synthetic, "holdout": holdout}
    given["relationships"] = listed("relationships", relationships)
    given["metrics"] = listed("metrics", metrics)
    return effect(con, "compare", {**given, "target": _target(target), "seed": seed})


def measure_privacy(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    version: int | None = None,
    sensitive: Sequence[str] | None = None,
    known: Sequence[str] | None = None,
    seed: int = 0,
) -> list[Row]:
    """What the rows of a model give away about those it was learnt from: a dict per attack.

    Args:
        con: where the model is kept.
        name: of the model.
        version: another than the active one.
        sensitive: columns that an attacker wants to know.
        known: columns that he knows; all others where not given.
        seed: of the rows that are drawn, and of the attacks.
    """
    given: Row = {"model": name, "version": version, "seed": seed}
    given["sensitive"] = listed("sensitive", sensitive)
    return effect(con, "privacy", {**given, "known": listed("known", known)})


def audit_privacy(
    con: duckdb.DuckDBPyConnection,
    real: str,
    synthetic: str,
    *,
    holdout: str | None = None,
    sensitive: Sequence[str] | None = None,
    known: Sequence[str] | None = None,
    relationships: Sequence[str] | None = None,
    seed: int = 0,
) -> list[Row]:
    """What any synthetic tables give away about real ones: a dict per attack.

    Args:
        con: where the tables are.
        real: a schema, a table, a query as '(SELECT …)', a file of data or a folder of them.
        synthetic: the same of what was made.
        holdout: the same of real rows that nothing was learnt from; without them no attack has a
            baseline.
        sensitive: columns that an attacker wants to know.
        known: columns that he knows; all others where not given.
        relationships: keys the catalog does not have.
        seed: of the attacks.
    """
    given: Row = {"real": real, "synthetic": synthetic, "holdout": holdout, "seed": seed}
    given["sensitive"] = listed("sensitive", sensitive)
    given["known"] = listed("known", known)
    given["relationships"] = listed("relationships", relationships)
    return effect(con, "privacy_audit", given)


def profile(con: duckdb.DuckDBPyConnection, source: str) -> list[Row]:
    """What is in one table, view, query or file: a dict per column.

    The first one, called '*', is about whole rows.

    Args:
        con: where it is.
        source: its name, a query as '(SELECT …)', or a file of data.

    Example:
        >>> con = duckdb.connect()
        >>> _ = con.execute("CREATE TABLE t AS SELECT range % 3 AS a FROM range(99)")
        >>> [(row["column_name"], row["distinct_values"]) for row in profile(con, "t")]
        [('*', 3), ('a', 3)]
        >>> con.close()
    """
    return effect(con, "profile", {"source": source})


def make_report(
    con: duckdb.DuckDBPyConnection,
    name: str,
    path: str | None = None,
    *,
    version: int | None = None,
    target: Target = None,
    sensitive: Sequence[str] | None = None,
    seed: int = 0,
) -> Report:
    """Everything that was measured of a model as one page, which a notebook shows.

    What was measured before of the same version, source and seed is taken from the store.

    Args:
        con: where the model is kept.
        name: of the model.
        path: where the page is written, too.
        version: another than the active one.
        target: the column that utility is about, or one by table.
        sensitive: columns that an attacker wants to know.
        seed: of the rows that are drawn, of samples and of classifiers.
    """
    from genesis_sql.report.notebook import Report

    given: Row = {"model": name, "path": path, "version": version, "seed": seed}
    given["sensitive"] = listed("sensitive", sensitive)
    made = effect(con, "report", {**given, "target": _target(target), "content": True})
    return Report(made[0]["content"])


def assert_quality(
    con: duckdb.DuckDBPyConnection,
    name: str,
    condition: str,
    *,
    version: int | None = None,
    target: Target = None,
    sensitive: Sequence[str] | None = None,
    seed: int = 0,
) -> list[Row]:
    """Raise where what is measured of a model does not keep a condition; a dict per part of it.

    Args:
        con: where the model is kept.
        name: of the model.
        condition: such as 'c2st_auc < 0.6 AND orphans = 0'; 'orders.c2st_auc' is that of a table.
        version: another than the active one.
        target: the column that utility is about, or one by table.
        sensitive: columns that an attacker wants to know.
        seed: of the rows that are drawn, of samples and of classifiers.

    Raises:
        AssertError: it is not kept, or a metric could not be measured.
    """
    given: Row = {"model": name, "condition": condition, "version": version, "seed": seed}
    given["sensitive"] = listed("sensitive", sensitive)
    return effect(con, "assert", {**given, "target": _target(target)})


def make_certificate(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    version: int | None = None,
    sensitive: Sequence[str] | None = None,
    seed: int = 0,
) -> list[Row]:
    """What was measured and guaranteed of a model, as JSON text with its hash.

    Args:
        con: where the model is kept.
        name: of the model.
        version: another than the active one.
        sensitive: columns that an attacker wants to know.
        seed: of the rows that are drawn, and of the attacks.
    """
    given: Row = {"model": name, "version": version, "seed": seed}
    return effect(con, "certificate", {**given, "sensitive": listed("sensitive", sensitive)})


def list_ledger(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """What private fits have spent of each table, and the budgets.

    Args:
        con: where the models are kept.

    Example:
        >>> con = duckdb.connect()
        >>> list_ledger(con).fetchall()
        []
        >>> con.close()
    """
    register(con)
    return con.sql("FROM genesis_ledger()")


def set_budget(
    con: duckdb.DuckDBPyConnection, source: str, *, epsilon: float, delta: float
) -> list[Row]:
    """Set what private fits may spend of a table in all; a fit beyond it is refused.

    Args:
        con: where the models are kept.
        source: the table.
        epsilon: for all fits together, those before too.
        delta: the chance that this does not hold.

    Raises:
        OptionError: one of them is out of range.
        SourceError: there is no such table.
    """
    return effect(con, "budget", {"source": source, "epsilon": epsilon, "delta": delta})
