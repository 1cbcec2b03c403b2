"""genesis profile, quality, compare, privacy, privacy-audit, report, assert, certificate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import duckdb

from genesis_sql import measure_doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import (
    Command,
    file_argument,
    json_option,
    seed_option,
    version_option,
)
from genesis_sql.errors import OptionError
from genesis_sql.sqlbuild import qualified, string

_QUALITY = (
    "scope", "table_name", "columns", "metric", "score", "baseline", "n", "verdict",
)  # fmt: skip
_PRIVACY = (
    "table_name", "columns", "metric", "score", "baseline", "low", "high", "n", "verdict",
)  # fmt: skip
_PROFILE = (
    "column_name", "type", "meaning", "nulls", "distinct_values", "least", "median", "greatest",
    "pattern", "warning",
)  # fmt: skip

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _several(name: str, told: str) -> Callable[[_Function], _Function]:
    """An option for names, with commas between them or given several times."""

    def read(
        context: click.Context, option: click.Parameter, value: Sequence[str]
    ) -> list[str] | None:
        return [part.strip() for text in value for part in text.split(",")] or None

    return click.option(name, multiple=True, callback=read, help=told)


_sensitive = _several("--sensitive", "Columns that an attacker wants to know: ssn,income.")
_known = _several("--known", "Columns that he knows; all others where not given.")
_metrics = _several("--metrics", "Only these groups: shapes,pairs,validity,relations …")
_relationship = click.option(
    "--relationship",
    multiple=True,
    help="A key the data do not declare: 'orders.cid -> customers'.",
)
_target = click.option("--target", help="The column that a model shall predict.")
_holdout = click.option("--holdout", help="Real rows that nothing was learnt from.")


@click.command(cls=Command)
@click.argument("source")
@click.argument("table", required=False)
@json_option
def profile(*, source: str, table: str | None, as_json: bool) -> None:
    """Show what is in a file of data, or in TABLE of a database.

    SOURCE is a CSV, Parquet or JSON file, or a DuckDB database.
    """
    with _places(source) as (con, (place,)):
        if table is not None:
            place = f"{place}.{qualified(table)}"
        found = measure_doors.profile(con, place)
    show.rows(found, as_json=as_json, columns=_PROFILE)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@version_option
@_metrics
@_target
@seed_option
@json_option
def quality(*, file: str, model: str, as_json: bool, **given: Any) -> None:
    """Measure how good the rows of MODEL are.

    Each number stands beside that of real rows which were held out.
    """
    with files.opened(file, "either") as con:
        found = measure_doors.measure_quality(con, model, **given)
    _shown(found, _QUALITY, as_json=as_json)


@click.command(cls=Command)
@click.argument("real")
@click.argument("synthetic")
@_holdout
@_relationship
@_metrics
@_target
@seed_option
@json_option
def compare(
    *,
    real: str,
    synthetic: str,
    holdout: str | None,
    relationship: Sequence[str],
    as_json: bool,
    **given: Any,
) -> None:
    """Compare any two sets of tables.

    REAL and SYNTHETIC are files of data, folders of them, or DuckDB databases.
    """
    with _places(real, synthetic, *([holdout] if holdout else [])) as (con, places):
        found = measure_doors.compare(
            con,
            places[0],
            places[1],
            holdout=places[2] if holdout else None,
            relationships=list(relationship) or None,
            **given,
        )
    _shown(found, _QUALITY, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@version_option
@_sensitive
@_known
@seed_option
@json_option
def privacy(*, file: str, model: str, as_json: bool, **given: Any) -> None:
    """Attack the rows of MODEL.

    Each attack stands beside what the same attack learns of people who were held out.
    """
    with files.opened(file, "either") as con:
        found = measure_doors.measure_privacy(con, model, **given)
    _shown(found, _PRIVACY, as_json=as_json)


@click.command("privacy-audit", cls=Command)
@click.option("-r", "--real", required=True, help="What was learnt from: a file or a database.")
@click.option("-s", "--synthetic", required=True, help="What was made.")
@_holdout
@_sensitive
@_known
@_relationship
@seed_option
@json_option
def privacy_audit(
    *,
    real: str,
    synthetic: str,
    holdout: str | None,
    relationship: Sequence[str],
    as_json: bool,
    **given: Any,
) -> None:
    """Attack any synthetic tables, whoever made them.

    Without --holdout the attacks have no baseline of people who were not learnt from.
    """
    with _places(real, synthetic, *([holdout] if holdout else [])) as (con, places):
        found = measure_doors.audit_privacy(
            con,
            places[0],
            places[1],
            holdout=places[2] if holdout else None,
            relationships=list(relationship) or None,
            **given,
        )
    _shown(found, _PRIVACY, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@click.option("--out", default="report.html", show_default=True, help="Where the page goes.")
@version_option
@_target
@_sensitive
@seed_option
@json_option
def report(*, file: str, model: str, out: str, as_json: bool, **given: Any) -> None:
    """Write everything that is measured of MODEL as one page.

    What was measured before is taken from FILE.
    """
    from genesis_sql.report.verdict import verdict

    with files.opened(file, "either") as con:
        made = measure_doors.make_report(con, model, out, **given)
    if as_json:
        found = verdict(made.content)
        told: dict[str, Any] = {
            "path": out,
            "status": found.status,
            "verdict": " ".join(found.sentences),
        }
        told |= {"failed": found.failed, "warned": found.warned}
        show.rows([told], as_json=True)
    else:
        show.note(f"{out}: {made!r}")


@click.command("assert", cls=Command)
@file_argument
@click.argument("model")
@click.argument("condition")
@version_option
@_target
@_sensitive
@seed_option
@json_option
def assert_(*, file: str, model: str, condition: str, as_json: bool, **given: Any) -> None:
    """Fail where MODEL does not keep CONDITION.

    CONDITION is such as 'c2st_auc < 0.6 AND orphans = 0'. The exit code is 1 where it is not kept.
    """
    with files.opened(file, "either") as con:
        found = measure_doors.assert_quality(con, model, condition, **given)
    show.rows(found, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@version_option
@_sensitive
@seed_option
@json_option
def certificate(*, file: str, model: str, as_json: bool, **given: Any) -> None:
    """Print what was measured and guaranteed of MODEL.

    It is JSON in any case, and holds hashes of the model, its source and its numbers. It is no
    legal opinion.
    """
    with files.opened(file, "either") as con:
        (found,) = measure_doors.make_certificate(con, model, **given)
    click.echo(json.dumps(json.loads(found["certificate"]), ensure_ascii=False, indent=1))


@click.command(cls=Command)
@file_argument
@json_option
def ledger(*, file: str, as_json: bool) -> None:
    """List what private fits have spent of each table.

    The budgets that were set stand beside it.
    """
    with files.opened(file, "either") as con:
        found = show.rows_of(measure_doors.list_ledger(con))
    show.rows(found, as_json=as_json, nothing="No private fit has spent anything yet.")


@click.command(cls=Command)
@file_argument
@click.argument("source")
@click.option("--epsilon", type=float, required=True, help="For all fits together.")
@click.option("--delta", type=float, required=True, help="The chance that it does not hold.")
@json_option
def budget(*, file: str, source: str, epsilon: float, delta: float, as_json: bool) -> None:
    """Set what private fits may spend of the table SOURCE.

    A fit that would go beyond it is refused; what was spent before counts.
    """
    with files.opened(file) as con:
        found = measure_doors.set_budget(con, source, epsilon=epsilon, delta=delta)
    show.rows(found, as_json=as_json)


def _shown(found: list[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    show.rows(found, as_json=as_json, columns=columns)
    failed = sum(row["verdict"] == "fail" for row in found)
    warned = sum(row["verdict"] == "warn" for row in found)
    if not as_json:
        show.note(f"{len(found)} numbers: {failed} fail, {warned} warn")


@contextmanager
def _places(*paths: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
    """Files as the functions take them; databases are attached, to be read only."""
    with files.memory() as con:
        places = []
        for number, path in enumerate(paths):
            if not Path(path).is_dir() and files.is_database(path):
                files.require(path)
                alias = f"file{number}"
                con.execute(f"ATTACH {string(path)} AS {qualified(alias)} (READ_ONLY)")
                places.append(f"{alias}.main")
            else:
                if not Path(path).is_dir():
                    files.source(path)
                places.append(path)
        if len({*places}) < len(places):
            message = "both sides are the same file; give two"
            raise OptionError(message)
        yield con, places
