"""The Parquet files of a landed delivery: their columns, and how they are written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.deliveries.private_files import owner_only

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestration.deliveries.source_table import SourceTable

TABLE_NAMES = (
    "answers",
    "variables",
    "values",
    "delivery",
    "response",
    "response_sets",
    "missing_reasons",
    "original_texts",
    "corrections",
    "superseded",
)
SOURCE_COLUMNS = {
    "wave_id": "string",
    "programme_id": "string",
    "instrument_id": "string",
    "file_id": "string",
}
VARIABLE_COLUMNS = {
    **SOURCE_COLUMNS,
    "position": "int32",
    "variable_name": "string",
    "variable_label": "string",
    "storage_type": "string",
    "format": "string",
    "measure": "string",
    "mr_set": "string",
    "use": "string",
    "missing_declaration": "string",
}
VALUE_COLUMNS = {
    **SOURCE_COLUMNS,
    "variable_name": "string",
    "code": "string",
    "value_label": "string",
    "is_user_missing": "bool",
}
DELIVERY_COLUMNS = {
    **SOURCE_COLUMNS,
    "delivery_version": "int32",
    "path": "string",
    "sha256": "string",
    "codebook_sha256": "string",
    "corrections_sha256": "string",
    "n_rows": "int64",
    "n_columns": "int32",
    "weight_variable": "string",
    "stratum_variables": "string",
    "psu_variable": "string",
    "psu_population_variable": "string",
    "ssu_variable": "string",
    "ssu_population_variable": "string",
    "panel": "string",
    "panel_variable": "string",
    "is_synthetic": "bool",
    "is_assumed": "bool",
    "supplier": "string",
    "received_on": "string",
    "note": "string",
    "notice": "string",
    "licence": "string",
    "file_label": "string",
    "encoding": "string",
    "declared_weight_variable": "string",
    "value_labels_repaired": "int64",
    "value_labels_damaged": "int64",
    "variable_labels_repaired": "int64",
    "variable_labels_damaged": "int64",
    "answers_repaired": "int64",
    "answers_damaged": "int64",
    "landing_hash": "string",
}
RESPONSE_COLUMNS = {
    "wave_id": "string",
    "instrument_id": "string",
    "file_id": "string",
    "population_id": "string",
    "invited": "int64",
    "note": "string",
}

CORRECTION_COLUMNS = {
    **SOURCE_COLUMNS,
    "delivery_version": "int32",
    "position": "int32",
    "correction_id": "string",
    "variable_name": "string",
    "action": "string",
    "rows_matched": "int64",
    "rows_changed": "int64",
    "reason": "string",
    "source": "string",
    "decided_by": "string",
    "decided_on": "string",
}
SUPERSEDED_COLUMNS = {
    **SOURCE_COLUMNS,
    "delivery_version": "int32",
    "path": "string",
    "sha256": "string",
    "codebook_sha256": "string",
    "n_rows": "int64",
    "n_columns": "int32",
    "is_synthetic": "bool",
    "received_on": "string",
    "superseded_by": "int32",
    "note": "string",
    "compared_with_next": "string",
}
RESPONSE_SET_COLUMNS = {
    **SOURCE_COLUMNS,
    "set_name": "string",
    "set_label": "string",
    "kind": "string",
    "counted_value": "string",
    "position": "int32",
    "variable_name": "string",
}
MISSING_REASON_COLUMNS = {**SOURCE_COLUMNS, "_row": "int64", "variable_name": "string", "code": "string"}
ORIGINAL_TEXT_COLUMNS = {
    **SOURCE_COLUMNS,
    "text_kind": "string",
    "variable_name": "string",
    "code": "string",
    "row": "int64",
    "outcome": "string",
    "original_hex": "string",
}


def codebook_tables(
    source: SourceTable, origin: Mapping[str, str], names: Collection[str]
) -> dict[str, pa.Table]:
    """The tables about the variables that land (``names``), beside ``variables`` and ``values``."""
    sets = [
        {
            **origin,
            "set_name": one.name,
            "set_label": one.label,
            "kind": one.kind,
            "counted_value": one.counted_value,
            "position": position,
            "variable_name": member,
        }
        for one in source.response_sets
        for position, member in enumerate(one.variables, start=1)
        if member in names
    ]
    reasons = [
        {**origin, "_row": row, "variable_name": name, "code": code}
        for name, by_row in source.missing_reasons.items()
        if name in names
        for row, code in by_row.items()
    ]
    # What belongs to no variable is a label of the file or of a set.
    originals = [
        {**origin, **vars(text)} for text in source.original_texts if text.variable_name in {*names, ""}
    ]
    return {
        "response_sets": arrow_table(RESPONSE_SET_COLUMNS, sets),
        "missing_reasons": arrow_table(MISSING_REASON_COLUMNS, reasons),
        "original_texts": arrow_table(ORIGINAL_TEXT_COLUMNS, originals),
    }


def arrow_table(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with exactly these columns and types."""
    import pyarrow as pa

    types = {"string": pa.string(), "bool": pa.bool_(), "int32": pa.int32(), "int64": pa.int64()}
    arrays = {name: pa.array([row[name] for row in rows], types[kind]) for name, kind in columns.items()}
    return pa.table(arrays)


def answers_table(
    frame: Any, respondents: Sequence[str], members: Sequence[str | None], names: Sequence[str]
) -> pa.Table:
    """``_row`` from 1, ``_respondent``, ``_panel_member`` (NULL for who is none), then the named columns as
    DOUBLE or VARCHAR; NaN is NULL."""
    import pyarrow as pa

    arrays: dict[str, pa.Array] = {
        "_row": pa.array(range(1, len(frame) + 1), pa.int64()),
        "_respondent": pa.array(respondents, pa.string()),
        "_panel_member": pa.array(members, pa.string()),
    }
    for name in names:
        column = frame[name]
        kind = pa.float64() if column.dtype.kind == "f" else pa.string()
        arrays[name] = pa.array(column.to_numpy(), kind, from_pandas=True)
    return pa.table(arrays)


def write_tables(folder: Path, tables: Mapping[str, pa.Table]) -> None:
    """Write each table as zstd Parquet for its owner alone; ``folder`` must exist."""
    import pyarrow.parquet as parquet

    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        with owner_only():
            parquet.write_table(table, path, compression="zstd", use_dictionary=True, store_schema=False)
        path.chmod(0o600)
