"""The Dagster code location: puts the parts together and holds no logic of its own."""

from __future__ import annotations

import dagster as dg

from orchestration.assets.dbt import warehouse_assets
from orchestration.assets.landing import register_asset
from orchestration.assets.raw import raw_assets
from orchestration.assets.release import publish_asset
from orchestration.checks.layers import ANSWERS, TREND, layer_checks
from orchestration.jobs import refresh_jobs
from orchestration.registry import load_registry
from orchestration.resources import WAREHOUSE, WarehouseRun, warehouse_resource
from orchestration.schedules import programme_schedules
from orchestration.sensors import raw_sensor
from orchestration.settings import Settings, load_settings
from orchestration.warehouse.build import prepare


def assemble(settings: Settings, run: WarehouseRun | None = None) -> dg.Definitions:
    """All definitions for the registry of ``settings``; makes dbt's manifest where a fresh clone has none.

    ``run``: what the steps share; without it each run that Dagster starts gets one of its own.
    """
    registry = load_registry(settings.registry).accepted()
    raw = raw_assets(registry)
    dbt = warehouse_assets(prepare(settings))
    released = [key for key in dbt.keys if key.path[0] == "release"]
    jobs = refresh_jobs(registry, dbt)
    return dg.Definitions(
        assets=[
            *raw,
            register_asset([asset.key for asset in raw]),
            dbt,
            publish_asset([*released, ANSWERS, TREND]),
        ],
        asset_checks=layer_checks(),
        jobs=jobs,
        schedules=programme_schedules(registry, settings),
        sensors=[raw_sensor(registry, settings, jobs)],
        resources={WAREHOUSE: warehouse_resource(settings, run)},
        # One process per run: a process per step would spend most of its time on imports.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads, for the folders that the environment names."""
    return assemble(load_settings())
