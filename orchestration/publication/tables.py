"""Which tables and columns may leave, and the sorted snapshot that every exporter writes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.publication.evidence import CheckResult
from orchestration.publication.writer_lock import WarehouseBusy

CONTRACT_TABLES = (
    "mart_trend",
    "mart_headlines",
    "mart_comparability",
    "mart_response",
    "mart_organisation_policy",
    "mart_incident_reports",
    "mart_reconciliation",
    "mart_claims",
    "mart_deliveries",
    "mart_corrections",
    "mart_dictionary",
    "mart_lineage",
    "mart_lineage_codes",
    "mart_revisions",
)
REQUIRED_TABLES = ("mart_trend",)
RELEASE_SCHEMA = "release"

# Columns of the private layers: keys, design variables, answers. An allow-list of tables alone would not see
# a `select *` that drags one of these into a mart.
_PRIVATE_COLUMN = re.compile(
    r"^_"
    r"|respondent(_|$)"
    r"|^(row|row_id|row_number|person_id|file_key)$"
    r"|(^|_)weights?$"
    r"|^(stratum|strata|psu)(_|$)|_(stratum|psu)(_id|_key)?$"
    r"|^organisation_code$"
    r"|(^|_)(free_text|open_text|open_answer)(_|$)"
    r"|^(source_text|source_number|answer|answer_text|answer_number)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ReleaseTable:
    """A table of the release: its columns in order, rows, and the descriptions kept with it."""

    name: str
    columns: tuple[str, ...]
    rows: int
    comment: str | None
    column_comments: dict[str, str]


def attach_warehouse(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the private working file, read-only, as ``warehouse``.

    Raises ``WarehouseBusy`` when another program has it open for writing.
    """
    try:
        connection.execute(f"attach {literal(path)} as warehouse (read_only)")
    except duckdb.IOException as fault:
        raise WarehouseBusy(
            f"{path} cannot be read, most likely because another program has it open; close that and "
            "try again.\n"
            f"DuckDB says: {str(fault).splitlines()[0]}"
        ) from None


def release_tables(connection: duckdb.DuckDBPyConnection) -> list[ReleaseTable]:
    """The tables of schema ``release`` in the attached warehouse, by name."""
    columns: dict[str, list[tuple[str, str | None]]] = {}
    for table, column, comment in connection.execute(
        """
        select table_name, column_name, comment from duckdb_columns()
        where database_name = 'warehouse' and schema_name = ?
        order by table_name, column_index
        """,
        [RELEASE_SCHEMA],
    ).fetchall():
        columns.setdefault(table, []).append((column, comment))
    comments = dict(
        connection.execute(
            """
            select table_name, comment from duckdb_tables()
            where database_name = 'warehouse' and schema_name = $1
            union all
            select view_name, comment from duckdb_views()
            where database_name = 'warehouse' and schema_name = $1
            """,
            [RELEASE_SCHEMA],
        ).fetchall()
    )
    found = []
    for name in sorted(columns):
        [rows] = connection.execute(
            f"select count(*) from warehouse.{RELEASE_SCHEMA}.{quoted(name)}"
        ).fetchone()
        found.append(
            ReleaseTable(
                name=name,
                columns=tuple(column for column, _ in columns[name]),
                rows=rows,
                comment=comments.get(name),
                column_comments={column: comment for column, comment in columns[name] if comment},
            )
        )
    return found


def table_faults(tables: list[ReleaseTable], previous: set[str]) -> list[CheckResult]:
    """Why these tables may not leave: unknown, private, empty, or fewer than before.

    ``previous``: names of the tables in the current release; dropping one is a breaking change of the
    contract and cannot happen by accident.
    """
    faults = []
    names = {table.name for table in tables}
    for table in tables:
        if table.name not in CONTRACT_TABLES:
            faults.append(
                _fault(table.name, "table_is_in_the_contract", table.name, ", ".join(CONTRACT_TABLES))
            )
        private = [column for column in table.columns if _PRIVATE_COLUMN.search(column)]
        if private:
            faults.append(
                _fault(table.name, "no_private_columns", ", ".join(private), "none of the private layers")
            )
    for name in REQUIRED_TABLES:
        rows = next((table.rows for table in tables if table.name == name), 0)
        if not rows:
            faults.append(_fault(name, "required_table_has_rows", 0, "at least 1 row"))
    for name in sorted((previous & set(CONTRACT_TABLES)) - names):
        faults.append(_fault(name, "no_table_is_lost", "absent", "present, as in the current release"))
    return faults


def snapshot(connection: duckdb.DuckDBPyConnection, tables: list[ReleaseTable]) -> None:
    """Copy the tables, sorted by all columns from the left, into the connection's own database.

    The leftmost columns of every mart are its keys, so this is the order of the declared grain as well, and
    it leaves nothing to chance where two rows share a key.
    """
    for table in tables:
        name = quoted(table.name)
        connection.execute(
            f"create table main.{name} as "
            f"select * from warehouse.{RELEASE_SCHEMA}.{name} order by all asc nulls first"
        )


def quoted(identifier: str) -> str:
    """An SQL identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """An SQL text in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"


def _fault(asset: str, check: str, observed: str | int, expected: str) -> CheckResult:
    return CheckResult("release", asset, check, "python", "error", False, observed, expected)
