"""The release: reads the evidence of its own run and switches, or refuses."""

# No postponed annotations: Dagster reads the type of `context` while it decorates.
from collections.abc import Sequence

import dagster as dg

from orchestration.assets import markdown
from orchestration.resources import WAREHOUSE, WarehouseRun, run_of

PUBLISH = dg.AssetKey(["release", "publish"])


def publish_asset(upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset ``release/publish``; ``upstream``: the release tables and all assets with blocking checks."""

    @dg.asset(
        key=PUBLISH,
        deps=upstream,
        group_name="release",
        required_resource_keys={WAREHOUSE},
        kinds={"duckdb", "parquet", "csv"},
        description="Writes a release beside the present one and switches `published/current` to it in one "
        "step, if every check of this run is green.",
    )
    def publish(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        run = run_of(context)
        with run.step("publish"):
            from orchestration.publication.release import publish as publish_release

            run.outcome = publish_release(run.settings)
        return dg.MaterializeResult(metadata=_metadata(run, with_picture=not context.instance.is_ephemeral))

    return publish


def _metadata(run: WarehouseRun, with_picture: bool) -> dict[str, object]:
    from orchestration.publication.headline_trend import read_summary

    outcome = run.outcome
    metadata: dict[str, object] = {
        "status": outcome.status,
        "release_id": outcome.release_id,
        "previous_release_id": outcome.previous_id or "none",
        "path": dg.MetadataValue.path(str(outcome.path)),
        "tables": dg.MetadataValue.md(markdown.table(("table", "rows"), sorted(outcome.tables.items()))),
    }
    if with_picture:  # nobody looks at the metadata of a run without an instance on disk
        summary = read_summary(outcome.path)
        is_synthetic = summary.manifest.is_synthetic
        metadata["notice"] = summary.manifest.notice or "none"
        metadata["checks"] = f"{summary.checks_passed} passed, {len(summary.flagged)} flagged"
        for trend in summary.trends:
            metadata[trend.indicator_id] = dg.MetadataValue.md(
                f"{markdown.trend_picture(trend, is_synthetic)}\n\n{markdown.trend_table(trend)}"
            )
    return metadata
