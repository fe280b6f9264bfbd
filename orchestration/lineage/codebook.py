"""What landing keeps of a delivered variable: only where the private warehouse is, and never an answer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any


def delivered_variable(landing: Path, wave_id: str, file_id: str, name: str) -> dict[str, Any] | None:
    """Label, storage type, measure, multiple-response set and declared missings of a variable; None without landing."""
    return _variables(landing / wave_id / file_id / "variables.parquet").get(name)


def delivered_names(landing: Path, wave_id: str, file_id: str) -> list[str]:
    """Names of the variables of a landed file, in its order; none without landing."""
    return list(_variables(landing / wave_id / file_id / "variables.parquet"))


@cache
def _variables(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    import pyarrow.parquet as parquet

    kept = ("variable_label", "storage_type", "measure", "mr_set", "missing_declaration", "use")
    return {
        row["variable_name"]: {name: row[name] or None for name in kept}
        for row in parquet.read_table(path).to_pylist()
    }
