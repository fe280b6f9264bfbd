"""The dbt project as Dagster assets: seeds, models and tests of one build in this process."""

# No postponed annotations: Dagster reads the type of `context` while it decorates.
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.quality.dbt_results import dbt_checks, row_counts
from orchestration.resources import WAREHOUSE, WarehouseRun, run_of
from orchestration.warehouse.build import BuildResult, TestResult

LAYERS = ("registry", "staging", "harmonised", "core", "estimates", "marts", "release")
UNIQUE_ID = "dagster_dbt/unique_id"


class LayerTranslator(DagsterDbtTranslator):
    """Keys are ``[layer, name]``, groups are layers, and every test hangs on an asset."""

    def __init__(self) -> None:
        # All sources are the landing register: one set of files, landed together.
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey([dbt_resource_props["config"]["schema"], dbt_resource_props["alias"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "source":
            return "landing"
        return dbt_resource_props["config"].get("schema")

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is not None or asset_spec.metadata[UNIQUE_ID] != _last_parent(manifest, unique_id):
            return spec
        # A sentence about several models: dagster-dbt would drop it. It hangs on the last of them.
        node = manifest["nodes"][unique_id]
        return dg.AssetCheckSpec(
            name=node["name"],
            asset=asset_spec.key,
            description=node.get("description") or None,
            blocking=(node["config"].get("severity") or "error").lower() == "error",
            metadata={UNIQUE_ID: unique_id},
        )


def _last_parent(manifest: Mapping[str, Any], unique_id: str) -> str | None:
    """The parent furthest down the layers, of a test that has several parents and is attached to none."""
    node = manifest["nodes"][unique_id]
    parents = [parent for parent in node["depends_on"]["nodes"] if parent in manifest["nodes"]]
    if node.get("attached_node") or len(parents) < 2:
        return None
    return max(
        parents, key=lambda parent: (LAYERS.index(manifest["nodes"][parent]["config"]["schema"]), parent)
    )


def warehouse_assets(manifest: Path) -> dg.AssetsDefinition:
    """All seeds and models of the project as one step.

    One dbt build makes the whole file anew, whatever part of it was asked for: a warehouse that is half of
    this run and half of an earlier one could not be checked as one thing. Only what was asked for is
    reported.
    """

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=LayerTranslator(),
        name="dbt",
        required_resource_keys={WAREHOUSE},
    )
    def dbt(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        run = run_of(context)
        with run.step("dbt") as step:
            result = _build(run)
            step.has_failed = not result.success
        yield from _events(context, run, result)
        if not result.success:
            raise dg.Failure(description=_failure_text(result), allow_retries=False)

    return dbt


def _build(run: WarehouseRun) -> BuildResult:
    from orchestration.warehouse.build import WarehouseBuildError, build

    def tell(name: str, _status: str, seconds: float) -> None:
        run.item("dbt", name, seconds)

    try:
        result = build(run.settings, on_event=tell)
    except WarehouseBuildError as fault:
        raise dg.Failure(description=str(fault), allow_retries=False) from None
    run.record("dbt", dbt_checks(result))
    return result


def _events(
    context: dg.AssetExecutionContext, run: WarehouseRun, result: BuildResult
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    rows = row_counts(run.settings)
    keys = {spec.metadata[UNIQUE_ID]: spec.key for spec in context.assets_def.specs}
    for model in result.models:
        key = keys.get(model.unique_id)
        if key in context.selected_asset_keys and model.status == "success":
            size = rows.get((key.path[0], key.path[-1]))
            metadata = {"seconds": round(model.seconds, 3)} | (
                {} if size is None else {"dagster/row_count": size}
            )
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)
    checks = {spec.metadata[UNIQUE_ID]: spec.key for spec in context.assets_def.check_specs}
    for test in result.tests:
        key = checks.get(test.unique_id)
        if key in context.selected_asset_check_keys:
            yield _check_result(key, test)


def _check_result(key: dg.AssetCheckKey, test: TestResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=test.status == "pass",
        severity=dg.AssetCheckSeverity.WARN if test.severity == "warn" else dg.AssetCheckSeverity.ERROR,
        description=test.message or None,
        metadata={
            "failures": test.failures,
            "observed": test.observed or "nothing",
            "seconds": round(test.seconds, 3),
        },
    )


def _failure_text(result: BuildResult) -> str:
    models = [f"model {m.schema}.{m.name}: {m.message}" for m in result.models if m.status == "error"]
    tests = [
        f"dbt test {t.name} ({t.model}): {t.observed or t.message}"
        for t in result.tests
        if t.status in ("fail", "error") and t.severity == "error"
    ]
    return "\n".join(["the warehouse was not built:", *models, *tests])
