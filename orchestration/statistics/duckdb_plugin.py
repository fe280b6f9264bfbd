"""dbt-duckdb plugin: makes the distributions available in every SQL model."""

from __future__ import annotations

from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.statistics.registration import register_functions


class Plugin(BasePlugin):
    """Registers the functions of ``orchestration.statistics`` on each connection that dbt opens."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """The plugin has no settings."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        register_functions(conn)
