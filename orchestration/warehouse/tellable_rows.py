"""Which columns of a failing row may be told: names and counts, and no answer, id or key of a respondent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

COUNTED = ("_n", "_share")
# Told besides the keys of the registry: what was declared by a person, or made by the program itself.
DECLARED = frozenset(
    {
        "bound",
        "crosswalk_label",
        "delivered_sum",
        "earlier_wave_id",
        "factor_max",
        "factor_min",
        "fault",
        "largest",
        "mapping_status",
        "missing_kind",
        "n_records",
        "panel",
        "recalibrated_sum",
        "smallest",
        "source_variable",
        "stratum_id",
        "unit",
        "verb",
        "wave_order",
        "year",
    }
)
LABELLED = ("source_code", "source_label")


def tellable(row: Mapping[str, object]) -> dict[str, object]:
    """The columns of a failing row that may be told. A source code may be, where a codebook gave it a label."""
    told = {
        name: value
        for name, value in row.items()
        if name in DECLARED or name in _registry_keys() or name.endswith(COUNTED)
    }
    if row.get("source_label"):
        told |= {name: row[name] for name in LABELLED if name in row}
    return told


def is_about_cells(parents: Iterable[str]) -> bool:
    """Whether everything that a dbt test reads (unique ids of its nodes) is made of cells and decisions."""
    return all(_holds_cells(parent) for parent in parents)


def _holds_cells(unique_id: str) -> bool:
    kind, _, name = unique_id.partition(".")
    model = name.rsplit(".", 1)[-1]
    return kind == "seed" or (kind == "model" and model.startswith(("mart_", "release_")))


@cache
def _registry_keys() -> frozenset[str]:
    from orchestration.registry.schema import TABLES

    return frozenset(name for table in TABLES.values() for name in table.key if name.endswith("_id"))
