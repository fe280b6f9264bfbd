"""From a file that was read and checked to the tables that land."""

from __future__ import annotations

from typing import Any

from orchestration.deliveries.landed_tables import (
    DELIVERY_COLUMNS,
    RESPONSE_COLUMNS,
    VALUE_COLUMNS,
    VARIABLE_COLUMNS,
    answers_table,
    arrow_table,
    codebook_tables,
)
from orchestration.deliveries.manifest import DeliveredFile, Manifest
from orchestration.deliveries.source_table import SourceTable


def delivery_tables(
    manifest: Manifest,
    entry: DeliveredFile,
    source: SourceTable,
    pseudonyms: list[str],
    members: list[str | None],
    hashes: dict[str, str | None],
    landing_hash: str,
) -> dict[str, Any]:
    """The Arrow tables of a file that lands, but for its history: pseudonyms and panel members by row.

    ``hashes``: SHA-256 of ``file``, ``codebook`` and ``corrections`` (``None`` where there is none).
    """
    origin = {
        "wave_id": manifest.wave,
        "programme_id": manifest.programme,
        "instrument_id": entry.instrument,
        "file_id": entry.file_id,
    }
    kept = [variable for variable in source.variables if variable.variable_name not in entry.dropped]
    names = {variable.variable_name for variable in kept}
    uses = {
        **dict.fromkeys(entry.strata, "stratum"),
        **dict.fromkeys(entry.population_sizes, "population_size"),
        **({entry.ssu: "ssu"} if entry.ssu else {}),
        **({entry.psu: "psu"} if entry.psu else {}),
        **({entry.weight: "weight"} if entry.weight else {}),
    }
    delivery = {
        **origin,
        "delivery_version": entry.version,
        "path": entry.path,
        "sha256": hashes["file"],
        "codebook_sha256": hashes["codebook"],
        "corrections_sha256": hashes["corrections"],
        "n_rows": source.frame.shape[0],
        "n_columns": source.frame.shape[1],
        "weight_variable": entry.weight,
        "stratum_variables": "|".join(entry.strata) or None,
        "psu_variable": entry.psu,
        "psu_population_variable": entry.psu_population,
        "ssu_variable": entry.ssu,
        "ssu_population_variable": entry.ssu_population,
        "panel": entry.panel,
        "panel_variable": entry.panel_id,
        "is_synthetic": manifest.is_synthetic,
        "is_assumed": entry.is_assumed,
        "supplier": manifest.supplier,
        "received_on": (entry.received_on or manifest.received_on).isoformat(),
        "note": entry.note,
        "notice": manifest.notice,
        "licence": manifest.licence,
        "file_label": source.file_label,
        "encoding": source.encoding,
        "declared_weight_variable": source.declared_weight or None,
        **vars(source.text_counts),
        "landing_hash": landing_hash,
    }
    return {
        "answers": answers_table(
            source.frame, pseudonyms, members, [variable.variable_name for variable in kept]
        ),
        "variables": arrow_table(
            VARIABLE_COLUMNS,
            [
                {**origin, **vars(variable), "use": uses.get(variable.variable_name, "answer")}
                for variable in kept
            ],
        ),
        "values": arrow_table(
            VALUE_COLUMNS,
            [{**origin, **vars(value)} for value in source.values if value.variable_name in names],
        ),
        "delivery": arrow_table(DELIVERY_COLUMNS, [delivery]),
        "response": arrow_table(
            RESPONSE_COLUMNS,
            [
                {**origin, "population_id": row.population, "invited": row.invited, "note": row.note}
                for row in entry.response
            ],
        ),
        **codebook_tables(source, origin, names),
    }
