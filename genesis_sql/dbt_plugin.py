"""dbt-duckdb's plugin: the functions on every connection, models of files, synthetic sources.

In profiles.yml:

    plugins:
      - module: genesis_sql.dbt_plugin
        alias: genesis
        config: {models: {shop: shop.yaml}}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig

from genesis_sql.doors import generate, import_
from genesis_sql.errors import OptionError, nearest
from genesis_sql.profile_doors import save_profile
from genesis_sql.schema_doors import from_ddl
from genesis_sql.session import register

_Base: Any = BasePlugin


class Plugin(_Base):  # type: ignore[misc]
    """What dbt asks of a plugin."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read the plugin's config: `models` are files by the name they are kept under."""
        self.models: dict[str, Path] = {
            name: Path(file) for name, file in plugin_config.get("models", {}).items()
        }

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Put the functions on dbt's connection, and the config's models into its database."""
        self.con = register(conn)
        for name, file in self.models.items():
            if file.suffix == ".genesis":
                if name not in _known(conn):
                    import_(conn, str(file), name=name)
            elif file.suffix == ".sql":
                from_ddl(file.read_text(encoding="utf-8"), con=conn, name=name)
            else:  # a profile that says the same as before is not saved again
                save_profile(conn, name, file.read_text(encoding="utf-8"))

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Put the functions on a cursor: each model of a dbt project runs on one of its own."""
        register(cursor)

    def load(self, source_config: SourceConfig) -> Any:
        """The rows of a source: `meta` names the model, and may say table, rows, seed."""
        meta = source_config.meta
        cursor = register(self.con.cursor())
        known = _known(cursor)
        if meta.get("model") not in known:
            message = (
                f"source '{source_config.table_name()}' names model '{meta.get('model')}', which "
                f"is not there{nearest(str(meta.get('model')), known)}; name its file under models "
                "in the plugin's config"
            )
            raise OptionError(message)
        table = meta.get("table", source_config.identifier)
        how = {"rows": meta.get("rows"), "seed": meta.get("seed", 0)}
        return generate(cursor, meta["model"], table, **how).to_arrow_table()


def _known(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [str(row[0]) for row in con.execute("FROM genesis_models()").fetchall()]
