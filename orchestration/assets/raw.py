"""Raw assets ``[programme, instrument]``, one partition per wave: the graph shows both former monitors and
the merged one.

They are made from the registry: a new programme or wave adds rows there and no line here.
"""

# No postponed annotations: Dagster reads the type of `context` while it decorates.
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets import markdown
from orchestration.partitions import programme_waves, wave_partitions
from orchestration.registry import Registry
from orchestration.resources import WAREHOUSE, WarehouseRun, run_of

if TYPE_CHECKING:
    from orchestration.deliveries import LandedFile

NOT_ASKED = "not_asked"


def raw_assets(registry: Registry) -> list[dg.AssetsDefinition]:
    """One asset per programme and instrument that at least one of the programme's waves has."""
    programmes = sorted(registry.programmes.values(), key=lambda programme: programme.sort_order)
    return [
        _raw_asset(registry, programme, instrument)
        for programme in programmes
        for instrument in registry.instruments.values()
        if _is_fielded(registry, programme.programme_id, instrument.instrument_id)
    ]


def _is_fielded(registry: Registry, programme_id: str, instrument_id: str) -> bool:
    statuses = {
        registry.instrument_status(wave, instrument_id) for wave in programme_waves(registry, programme_id)
    }
    return bool(statuses - {NOT_ASKED, ""})


def _raw_asset(
    registry: Registry, programme: SimpleNamespace, instrument: SimpleNamespace
) -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey([programme.programme_id, instrument.instrument_id]),
        partitions_def=wave_partitions(registry, programme.programme_id),
        group_name=programme.group_name,
        required_resource_keys={WAREHOUSE},
        kinds={"file"},
        description=f"{programme.label_en}: {instrument.label_en}. Deliveries as received, one partition per "
        "wave; materialising one checks its lock and lands it.",
    )
    def raw(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        run = run_of(context)
        wave_id = context.partition_key
        if run.registry.instrument_status(wave_id, instrument.instrument_id) == NOT_ASKED:
            reason = _reason(run.registry, wave_id, instrument.instrument_id)
            return dg.MaterializeResult(
                metadata={"status": "not asked", "reason": reason, "dagster/row_count": 0}
            )
        with run.step("landing"):
            landed = _land(run, programme.programme_id, wave_id, instrument.instrument_id)
            metadata = landed_metadata(landed)
        return dg.MaterializeResult(metadata=metadata)

    return raw


def _reason(registry: Registry, wave_id: str, instrument_id: str) -> str:
    rows = registry.table("wave_instruments")
    row = next(row for row in rows if (row["wave_id"], row["instrument_id"]) == (wave_id, instrument_id))
    return row["reason"] or "not given"


def _land(run: WarehouseRun, programme_id: str, wave_id: str, instrument_id: str) -> "list[LandedFile]":
    from orchestration.deliveries import land_file, load_manifest, read_lock, verify_lock
    from orchestration.deliveries.access_log import record_access
    from orchestration.deliveries.confined_reading import ReadingLimits
    from orchestration.deliveries.privacy import load_key
    from orchestration.deliveries.privacy_check import exceptions_without_file
    from orchestration.deliveries.privacy_rules import privacy_rules
    from orchestration.deliveries.problems import raise_when_any

    manifest = load_manifest(run.settings.raw / programme_id / wave_id, run.registry)
    raise_when_any(verify_lock(manifest))
    lock, key, rules = read_lock(manifest), load_key(run.settings.home), privacy_rules(run.registry)
    raise_when_any(exceptions_without_file(manifest, rules))
    limits = ReadingLimits.from_rows(run.registry.table("reading_limits"))
    record_access(run.settings.home, "land", [wave_id], ("raw",))
    landed = []
    for entry in manifest.current:
        if entry.instrument == instrument_id:
            run.item("landing", f"{wave_id}/{entry.file_id}")
            landed.append(land_file(manifest, entry, run.settings.landing, key, lock, rules, limits))
    return landed


def landed_metadata(landed: "Sequence[LandedFile]") -> dict[str, object]:
    """What a person wants to know of landed files: sizes, hashes, weights, and the codebook."""
    if not landed:
        return {"status": "nothing delivered", "dagster/row_count": 0}
    files = [(file.file_id, file.n_rows, file.n_columns, "yes" if file.is_new else "no") for file in landed]
    folders = [file.folder for file in landed]
    header = ("file", "rows", "columns", "landed anew")
    # What changed is told of files that landed anew: corrections, and versions that supersede others.
    news = [note for file in landed for note in file.notes]
    return {
        **({"news": dg.MetadataValue.md("\n".join(f"- {note}" for note in news))} if news else {}),
        "status": "landed" if any(file.is_new for file in landed) else "unchanged",
        "dagster/row_count": sum(file.n_rows for file in landed),
        "variables": sum(file.n_columns for file in landed),
        "files": dg.MetadataValue.md(markdown.table(header, files)),
        "delivery": dg.MetadataValue.md(markdown.deliveries(folders)),
        "response": dg.MetadataValue.md(markdown.response(folders)),
        "codebook": dg.MetadataValue.md(markdown.codebook(folders)),
    }
