"""The figures of the marts, and how many of them differ between two warehouses."""

from __future__ import annotations

from pathlib import Path

import duckdb

# By mart: what a figure is told apart by. Labels, markers and places in a list are no figures.
MARTS = {
    "mart_trend": ("indicator_id", "population_id", "breakdown_id", "breakdown_code", "wave_id"),
    "mart_headlines": ("headline_id", "wave_id"),
    "mart_response": ("wave_id", "population_id"),
    "mart_incident_reports": ("report_kind", "population_id", "wave_id"),
    "mart_organisation_policy": ("indicator_id", "population_id", "wave_id"),
    "mart_reconciliation": ("figure_id",),
}
NO_FIGURES = ("sort_order", "year")
NUMBERS = ("DOUBLE", "BIGINT", "INTEGER", "HUGEINT", "FLOAT")
TOLERANCE = 1e-7
SHOWN = 3


def differing(warehouse: Path, baseline: Path) -> tuple[int, list[str]]:
    """How many rows of figures differ, before and after rounding for release, and the first of them as text.

    Sums over two processors differ in their last digits: a figure differs by more than 1e-7 of its size.
    """
    count, shown = 0, []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{baseline}' as before (read_only)")
        connection.execute(f"attach '{warehouse}' as after (read_only)")
        for schema in ("marts", "release"):
            for mart, keys in MARTS.items():
                numbers = [
                    name
                    for name, kind in connection.execute(
                        "select column_name, data_type from duckdb_columns() where database_name = 'before' "
                        "and schema_name = ? and table_name = ? order by column_index",
                        [schema, mart],
                    ).fetchall()
                    if (kind in NUMBERS or kind.startswith("DECIMAL")) and name not in NO_FIGURES
                ]
                same = " and ".join(f"a.{name} is not distinct from b.{name}" for name in keys)
                other = " or ".join(_differs(f"a.{name}", f"b.{name}") for name in numbers)
                key = ", ".join(f"coalesce(a.{name}, b.{name})" for name in keys)
                rows = connection.execute(
                    f"""select {key} from before.{schema}.{mart} as a full join after.{schema}.{mart} as b on {same}
                    where a.{keys[0]} is null or b.{keys[0]} is null or {other} order by all"""
                ).fetchall()
                count += len(rows)
                shown += [f"{schema}.{mart} {'/'.join(map(str, row))}" for row in rows[:SHOWN]]
    return count, shown[:SHOWN]


def _differs(one: str, other: str) -> str:
    """SQL: whether two numbers differ, also when one of them is absent."""
    far = f"abs({one} - {other}) > {TOLERANCE} * greatest(1, abs({one}))"
    return f"({one} is null) <> ({other} is null) or coalesce({far}, false)"
