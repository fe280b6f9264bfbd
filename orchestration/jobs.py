"""The jobs: one per programme for a wave, one for everything, one that only publishes."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import dagster as dg

from orchestration.assets.landing import REGISTER
from orchestration.assets.release import PUBLISH
from orchestration.partitions import wave_partitions
from orchestration.publication import evidence
from orchestration.publication.evidence import CheckResult
from orchestration.publication.gate import describe_check
from orchestration.publication.release import ReleaseOutcome
from orchestration.quality.crosswalk_results import CROSSWALK_CHECK
from orchestration.quality.dbt_results import SKIPPED
from orchestration.quality.drift_results import DRIFT_CHECK
from orchestration.quality.flags import blocking_failures
from orchestration.registry import Registry
from orchestration.resources import Progress, WarehouseRun, describe_fault
from orchestration.settings import Settings

REFRESH_ALL = "refresh_all"


def wave_job_name(programme_id: str) -> str:
    """Name of the partitioned job of a programme."""
    return f"refresh_{programme_id}_wave"


def refresh_jobs(registry: Registry, dbt: dg.AssetsDefinition) -> list:
    """All jobs. ``dbt``: the step that builds the warehouse."""
    built = (
        dg.AssetSelection.assets(REGISTER) | dg.AssetSelection.assets(dbt) | dg.AssetSelection.assets(PUBLISH)
    )
    jobs = [
        dg.define_asset_job(
            REFRESH_ALL, built, description="Lands what changed, builds and checks everything, publishes."
        ),
        dg.define_asset_job(
            "publish",
            dg.AssetSelection.assets(PUBLISH),
            description="Publishes the warehouse as it stands, if the evidence of its run is green.",
        ),
    ]
    return jobs + wave_jobs(registry, built)


def wave_jobs(registry: Registry, built: dg.AssetSelection) -> list:
    """The partitioned job of each programme that has waves: its raw files, then everything behind them."""
    return [
        dg.define_asset_job(
            wave_job_name(programme.programme_id),
            dg.AssetSelection.groups(programme.group_name) | built,
            partitions_def=wave_partitions(registry, programme.programme_id),
            description=f"{programme.label_en}: refreshes one wave, from its deliveries to a release.",
        )
        for programme in registry.programmes.values()
        if any(wave.programme_id == programme.programme_id for wave in registry.waves.values())
    ]


@dataclass(frozen=True)
class RefreshOutcome:
    """How a refresh ended.

    ``problems``: what went wrong, as text for a person, without tracebacks; ``failed_checks``: the checks
    that blocked; ``timings``: seconds per step; ``exit_code``: 0, 1 (a gate said no) or 2 (unusable input);
    ``release``: what publishing did, None if it did not come to that; ``notes``: news of the deliveries.
    """

    success: bool
    problems: list[str] = field(default_factory=list)
    failed_checks: list[CheckResult] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    exit_code: int = 0
    release: ReleaseOutcome | None = None
    notes: list[str] = field(default_factory=list)


def run_refresh(
    settings: Settings,
    waves: Sequence[str] | None = None,
    publish: bool = True,
    progress: Progress | None = None,
) -> RefreshOutcome:
    """Run the job ``refresh_all`` in this process on an instance that lives no longer than the run.

    ``waves``: land only these, the others stay as they were landed; ``publish=False`` ends with the checks;
    ``progress`` is called with each event. Faults of deliveries, registry and checks are told in the outcome
    and never raised.
    """
    run = WarehouseRun(settings, tuple(waves) if waves is not None else None, progress)
    try:
        job = _assembled_job(run)
    except Exception as fault:
        text, exit_code = describe_fault(fault)
        if not text:
            raise
        return RefreshOutcome(False, [text], exit_code=exit_code)
    is_done = _execute(job, publish)
    failed = _failed_checks(settings, run)
    return RefreshOutcome(
        success=is_done,
        problems=[] if is_done else _told(run, failed),
        failed_checks=failed,
        timings=dict(run.timings),
        exit_code=0 if is_done else run.exit_code or 1,
        release=run.outcome,
        notes=list(run.notes),
    )


def _told(run: WarehouseRun, failed: Sequence[CheckResult]) -> list[str]:
    """Everything that stopped the run, each thing once."""
    problems = list(run.problems)
    # Crosswalk and drift have told each place with its remedy, and a refusal to publish names its checks itself.
    told = (CROSSWALK_CHECK, DRIFT_CHECK)
    silent = [check for check in failed if check.check not in told and "publish" not in run.failed]
    # A check that could not be made because of another one's "no" would only bury it.
    spoken = [check for check in silent if check.observed != SKIPPED]
    if spoken:
        count = "a check" if len(spoken) == 1 else f"{len(spoken)} checks"
        lines = [f"{count} said no:", *[f"  - {describe_check(check)}" for check in spoken]]
        if len(spoken) < len(silent):
            lines.append(
                f"  {len(silent) - len(spoken)} more checks were not made, for want of what these stopped"
            )
        problems.append("\n".join(lines))
    return problems or [
        f"failed without a word in: {', '.join(sorted(run.failed)) or 'the start of the run'}"
    ]


def _assembled_job(run: WarehouseRun) -> dg.JobDefinition:
    # Imported here: definitions imports this module.
    from orchestration.definitions import assemble

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return assemble(run.settings, run).resolve_job_def(REFRESH_ALL)


def _execute(job: dg.JobDefinition, publish: bool) -> bool:
    selected = None
    if not publish:
        selected = [key for key in job.asset_layer.selected_asset_keys if key != PUBLISH]
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with (
        dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        logging.getLogger("dagster").setLevel(logging.CRITICAL)
        return job.execute_in_process(
            run_config=quiet,
            instance=instance,
            raise_on_error=False,
            asset_selection=selected,
        ).success


def _failed_checks(settings: Settings, run: WarehouseRun) -> list[CheckResult]:
    """The blocking failures in the evidence, unless this run ended before it opened evidence of its own."""
    if "landing" not in run.finished:
        return []
    return blocking_failures(evidence.load(settings.home).checks)
