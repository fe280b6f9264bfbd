"""Registers the vectorised functions on a DuckDB connection."""

from __future__ import annotations

import duckdb
from duckdb.sqltypes import DOUBLE

from orchestration.statistics.distributions import SQL_FUNCTIONS, vectorised


def register_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the SQL functions of :data:`SQL_FUNCTIONS` on ``connection``; a second call changes nothing."""
    known = {
        row[0]
        for row in connection.execute("select distinct function_name from duckdb_functions()").fetchall()
    }
    for name, (function, arity) in SQL_FUNCTIONS.items():
        if name not in known:
            connection.create_function(
                name,
                vectorised(function),
                [DOUBLE] * arity,
                DOUBLE,
                type="arrow",
                null_handling="special",
            )
