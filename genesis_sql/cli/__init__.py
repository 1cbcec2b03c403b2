"""The command line: `genesis COMMAND …`; each command is a thin call of the Python doors."""

from __future__ import annotations

import click

from genesis_sql.cli.cohorts import cohorts
from genesis_sql.cli.demo import demo
from genesis_sql.cli.engines import compile_, deploy, undeploy
from genesis_sql.cli.fill import fill
from genesis_sql.cli.generate import generate
from genesis_sql.cli.learn import check, fit
from genesis_sql.cli.manage import (
    activate,
    describe,
    drop,
    export,
    history,
    import_,
    methods,
    models,
)
from genesis_sql.cli.measure import (
    assert_,
    budget,
    certificate,
    compare,
    ledger,
    privacy,
    privacy_audit,
    profile,
    quality,
    report,
)
from genesis_sql.cli.profiles import profiles, replay, run, validate
from genesis_sql.cli.reference import reference
from genesis_sql.cli.schema import schema
from genesis_sql.store.migrator import library_version


class _InOrder(click.Group):
    """Lists its commands in the order of work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(library_version(), prog_name="genesis")
def main() -> None:
    """Synthetic related tables, learnt from and generated into DuckDB files.

    \b
    genesis fit shop.duckdb shop                             learn all tables and their keys
    genesis generate shop.duckdb shop --target synth.duckdb  make all of them anew
    genesis generate shop.duckdb shop orders --rows 1000 --out orders.parquet
    """  # noqa: D301 - click wants this one character before lines that stay as they are


for _command in (
    demo, profile, check, methods, fit, generate, compile_, deploy, undeploy, schema, fill, quality,
    privacy, report, assert_,
    certificate, compare, privacy_audit, ledger, budget, models, describe, history, activate, drop,
    export, import_, reference, profiles, run, replay, validate, cohorts,
):  # fmt: skip
    main.add_command(_command)
