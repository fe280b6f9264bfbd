"""Landing: lands whatever is stale, writes the register, and opens the run that all evidence belongs to."""

# No postponed annotations: Dagster reads the type of `context` while it decorates.
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets import markdown
from orchestration.assets.raw import landed_metadata
from orchestration.resources import WAREHOUSE, WarehouseRun, run_of

if TYPE_CHECKING:
    from orchestration.deliveries import LandedFile, LandingRegister

REGISTER = dg.AssetKey(["landing", "register"])


def register_asset(raw: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset ``landing/register``, downstream of all raw assets."""

    @dg.asset(
        key=REGISTER,
        deps=raw,
        group_name="landing",
        required_resource_keys={WAREHOUSE},
        kinds={"parquet"},
        description="All landed deliveries: what lies in `raw/` as Parquet with its codebook, pseudonymised. "
        "Lands whatever changed since, and lists every landed file with its hashes.",
    )
    def register(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.AssetMaterialization | dg.MaterializeResult]:
        run = run_of(context)
        with run.step("landing"):
            landed, listed = _land(run, context.run_id)
        if not context.instance.is_ephemeral:  # without an instance on disk nobody would ever see them
            yield from _raw_materializations(landed)
        yield dg.MaterializeResult(metadata=_metadata(landed, listed))

    return register


def _land(run: WarehouseRun, run_id: str) -> "tuple[list[LandedFile], LandingRegister]":
    from orchestration.deliveries import land_all, write_register
    from orchestration.deliveries.problems import raise_when_any
    from orchestration.publication import evidence
    from orchestration.publication.gate import input_hashes
    from orchestration.registry import load_registry, validate_registry
    from orchestration.registry.acceptance import unfinished

    everything = load_registry(run.settings.registry)
    raise_when_any(validate_registry(everything))
    raise_when_any(unfinished(everything, run.settings.raw, run.waves))

    def tell(wave_id: str, file_id: str, _place: int, _total: int) -> None:
        run.item("landing", f"{wave_id}/{file_id}")

    landed = land_all(run.settings, run.waves, tell, run.registry)
    run.notes += [note for file in landed for note in file.notes]
    listed = write_register(run.settings)
    inputs = input_hashes(run.settings, listed.hash, run.registry.hash)
    evidence.start_run(run.settings.home, inputs, run_id, run.registry.files)
    return landed, listed


def _raw_materializations(landed: "Sequence[LandedFile]") -> Iterator[dg.AssetMaterialization]:
    """What was landed here belongs to raw partitions: tell Dagster, so that the graph shows them fresh."""
    partitions: dict[tuple[str, str, str], list[LandedFile]] = defaultdict(list)
    for file in landed:
        partitions[file.programme_id, file.instrument_id, file.wave_id].append(file)
    for (programme_id, instrument_id, wave_id), files in partitions.items():
        if any(file.is_new for file in files):
            yield dg.AssetMaterialization(
                asset_key=dg.AssetKey([programme_id, instrument_id]),
                partition=wave_id,
                description="landed on the way to the register",
                metadata=landed_metadata(files),
            )


def _metadata(landed: "Sequence[LandedFile]", listed: "LandingRegister") -> dict[str, object]:
    rows = [(file.wave_id, file.instrument_id, file.file_id, file.n_rows, file.n_columns) for file in landed]
    return {
        "register_hash": listed.hash,
        "files": len(listed.deliveries),
        "landed_anew": sum(file.is_new for file in landed),
        "dagster/row_count": sum(file.n_rows for file in landed),
        "deliveries": dg.MetadataValue.md(
            markdown.table(("wave", "instrument", "file", "rows", "columns"), rows)
        ),
    }
