"""One schedule per programme: refreshes the wave whose window is open."""

from datetime import date
from types import SimpleNamespace

import dagster as dg

from orchestration.jobs import wave_job_name
from orchestration.registry import Registry, load_registry
from orchestration.settings import Settings


def open_wave(registry: Registry, programme_id: str, day: date) -> SimpleNamespace | None:
    """The wave of a programme whose refresh window, ends included, holds ``day``; the latest of several."""
    waves = [
        wave
        for wave in registry.waves.values()
        if wave.programme_id == programme_id
        and wave.refresh_from is not None
        and wave.refresh_from <= day
        and (wave.refresh_until is None or day <= wave.refresh_until)
    ]
    return max(waves, key=lambda wave: (wave.year, wave.wave_id), default=None)


def programme_schedules(registry: Registry, settings: Settings) -> list[dg.ScheduleDefinition]:
    """A schedule for every programme that the registry gives a cron expression."""
    return [
        _schedule(programme, settings) for programme in registry.programmes.values() if programme.refresh_cron
    ]


def _schedule(programme: SimpleNamespace, settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"refresh_{programme.programme_id}",
        cron_schedule=programme.refresh_cron,
        execution_timezone=programme.refresh_timezone or "UTC",
        job_name=wave_job_name(programme.programme_id),
        description=f"{programme.label_en}: refreshes the wave whose refresh window is open.",
    )
    def refresh_open_wave(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.date()
        wave = open_wave(load_registry(settings.registry).accepted(), programme.programme_id, day)
        if wave is None:
            return dg.SkipReason(f"no wave of {programme.programme_id} has its refresh window open on {day}")
        return dg.RunRequest(run_key=f"{wave.wave_id}:{day}", partition_key=wave.wave_id)

    return refresh_open_wave
