"""A delivered file in memory that can be spoilt, written as a real file, and landed again."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from orchestration.deliveries.landing import land_file
from orchestration.deliveries.lock import Lock
from orchestration.deliveries.manifest import DeliveredFile, Manifest
from orchestration.deliveries.privacy import PseudonymKey
from orchestration.deliveries.source_table import NUMERIC, SourceTable, canonical_code
from orchestration.registry import Registry
from orchestration.registry.load import Row


@dataclass
class Delivery:
    """One file: ``frame`` with a column per variable, question texts, labels by code, missing declarations."""

    manifest: Manifest
    entry: DeliveredFile
    registry: Registry
    frame: pd.DataFrame
    questions: dict[str, str]
    labels: dict[str, dict[str, str]]
    missing: dict[str, list[str]]
    """Declared missing codes, or ranges ``lo..hi``, by variable."""
    copy_of: bytes | None = None
    """The bytes of the file, where it is not written from the frame."""
    format: str = "sav"
    name: str = "answers"
    order: list[str] = field(default_factory=list)

    @property
    def wave_id(self) -> str:
        return self.manifest.wave

    def is_numeric(self, name: str) -> bool:
        return self.frame[name].dtype.kind == "f"

    def add_row(self, table: str, **cells: str) -> None:
        """Add a row to the registry that this delivery is judged by."""
        scope = {"wave_id": self.wave_id, "instrument_id": self.entry.instrument}
        rows: list[Row] = [*self.registry.table(table), {**scope, **cells}]
        self.registry = replace(self.registry, tables={**self.registry.tables, table: rows})


def as_delivery(
    manifest: Manifest, entry: DeliveredFile, registry: Registry, source: SourceTable
) -> Delivery:
    """A delivery as it was read, to be changed."""
    labels: dict[str, dict[str, str]] = {}
    for value in source.values:
        if value.value_label:
            labels.setdefault(value.variable_name, {})[value.code] = value.value_label
    return Delivery(
        manifest,
        entry,
        registry,
        source.frame.copy(),
        {variable.variable_name: variable.variable_label for variable in source.variables},
        labels,
        {
            variable.variable_name: variable.missing_declaration.split("|")
            for variable in source.variables
            if variable.missing_declaration
        },
    )


def land(delivery: Delivery, folder: Path, key: PseudonymKey) -> Path:
    """Write the delivery below ``folder`` as a real file and land it; the folder of the landed file.

    Raises ``DeliveryProblems`` as landing does.
    """
    raw = folder / "raw"
    raw.mkdir(parents=True)
    path = raw / f"{delivery.name}.{delivery.format}"
    changes: dict[str, Any] = {
        "path": path.name,
        "format": delivery.format,
        "encoding": None,
        "delimiter": None,
        "decimal": None,
        "sheet": None,
        "codebook": None,
    }
    if delivery.copy_of is not None:
        path.write_bytes(delivery.copy_of)
    elif delivery.format == "csv":
        write_csv(delivery, path)
        changes |= {"delimiter": ";", "decimal": ",", "encoding": "utf-8", "codebook": "codebook.csv"}
    else:
        write_sav(delivery, path)
    entry = delivery.entry.model_copy(update=changes)
    manifest = delivery.manifest.model_copy(update={"folder": raw, "files": (entry,)})
    return land_file(manifest, entry, folder / "landing", key, Lock({})).folder


def write_sav(delivery: Delivery, path: Path) -> None:
    """Write an SPSS system file, compressed by its format."""
    frame = delivery.frame[delivery.order or list(delivery.frame.columns)]
    columns = set(frame.columns)

    def typed(name: str, code: str) -> float | str:
        return float(code) if delivery.is_numeric(name) else code

    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=[delivery.questions.get(name, "") for name in frame.columns],
        variable_value_labels={
            name: {typed(name, code): label for code, label in labels.items()}
            for name, labels in delivery.labels.items()
            if name in columns and labels
        },
        missing_ranges={
            name: [_missing(delivery.is_numeric(name), part) for part in parts]
            for name, parts in delivery.missing.items()
            if name in columns and parts
        },
        compress=delivery.format == "zsav",
    )


def write_csv(delivery: Delivery, path: Path) -> None:
    """Write a semicolon CSV with decimal commas, and its codebook beside it."""
    frame = delivery.frame[delivery.order or list(delivery.frame.columns)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", lineterminator="\n")
        writer.writerow(frame.columns)
        writer.writerows([_cell(value) for value in row] for row in frame.itertuples(index=False, name=None))
    with (path.parent / "codebook.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", lineterminator="\n")
        writer.writerow(("variable", "variable_label", "code", "label", "is_missing"))
        for name in frame.columns:
            question, labels = delivery.questions.get(name, ""), delivery.labels.get(name, {})
            declared = delivery.missing.get(name, [])
            codes = [*labels, *(code for code in declared if code not in labels)]
            for code in codes or [""]:
                is_missing = "1" if code and code in declared else "0"
                writer.writerow((name, question, code, labels.get(code, ""), is_missing))


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return canonical_code(value).replace(".", ",") if isinstance(value, float) else str(value)


def _missing(is_numeric: bool, part: str) -> Any:
    if is_numeric and ".." in part:
        low, high = part.split("..", 1)
        return {"lo": float(low), "hi": float(high)}
    return float(part) if is_numeric else part


def distinct_codes(delivery: Delivery, name: str) -> Sequence[str]:
    """Codes that occur in the answers to a variable."""
    column = delivery.frame[name].dropna()
    return sorted({canonical_code(value) for value in column}) if len(column) else []


__all__ = ["NUMERIC", "Delivery", "as_delivery", "distinct_codes", "land", "write_csv", "write_sav"]
