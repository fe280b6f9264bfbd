"""One partition per wave of a programme."""

from __future__ import annotations

import dagster as dg

from orchestration.registry import Registry


def programme_waves(registry: Registry, programme_id: str) -> list[str]:
    """The wave ids of a programme, oldest first."""
    waves = [wave for wave in registry.waves.values() if wave.programme_id == programme_id]
    return [wave.wave_id for wave in sorted(waves, key=lambda wave: (wave.year, wave.wave_id))]


def wave_partitions(registry: Registry, programme_id: str) -> dg.StaticPartitionsDefinition:
    """The waves of a programme as Dagster partitions."""
    return dg.StaticPartitionsDefinition(programme_waves(registry, programme_id))
