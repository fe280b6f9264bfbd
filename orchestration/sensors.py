"""The sensor on ``raw/``: a delivery that changed by content asks for a refresh of its wave."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg

from orchestration.deliveries.manifest import LOCK_NAME, MANIFEST_NAME
from orchestration.jobs import wave_job_name
from orchestration.registry import Registry, load_registry
from orchestration.settings import Settings

# Path below the wave's folder -> [size, time of change in ns, SHA-256].
Content = dict[str, list]


def wave_content(folder: Path, known: Mapping[str, list] | None = None) -> Content:
    """Every file of a delivery with its hash; one of the size and time in ``known`` is not read again."""
    content: Content = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        status = path.stat()
        before = (known or {}).get(name)
        if before and before[:2] == [status.st_size, status.st_mtime_ns]:
            content[name] = before
        else:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            content[name] = [status.st_size, status.st_mtime_ns, digest]
    return content


def content_hash(content: Mapping[str, list]) -> str:
    """One hash over names and contents; when a file was touched does not matter."""
    text = json.dumps({name: facts[2] for name, facts in content.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def scan_raw(raw: Path, registry: Registry, known: Mapping[str, Content]) -> dict[str, Content]:
    """The content of every delivery below ``raw`` that has its manifest and its lock, by wave."""
    found = {}
    for wave in registry.waves.values():
        folder = raw / wave.programme_id / wave.wave_id
        if (folder / MANIFEST_NAME).is_file() and (folder / LOCK_NAME).is_file():
            found[wave.wave_id] = wave_content(folder, known.get(wave.wave_id))
    return found


def landed_already(settings: Settings, registry: Registry, wave_id: str, content: Content) -> bool:
    """Whether the landing register holds exactly the current files of this delivery.

    Asked for a delivery that the sensor sees for the first time: a warehouse that was built before the sensor
    was switched on needs no run for each wave.
    """
    from orchestration.deliveries import DeliveryProblems, load_manifest, load_register

    folder = settings.raw / registry.waves[wave_id].programme_id / wave_id
    try:
        current = load_manifest(folder, registry).current
        rows = load_register(settings).deliveries
    except DeliveryProblems:
        return False
    landed = {(row["file_id"], row["sha256"]) for row in rows if row["wave_id"] == wave_id}
    return landed == {(entry.file_id, content.get(entry.path, ["", "", ""])[2]) for entry in current}


def raw_sensor(registry: Registry, settings: Settings, jobs: Sequence) -> dg.SensorDefinition:
    """Watches all deliveries and starts ``jobs``; the cursor holds their content at the last look."""

    @dg.sensor(
        name="raw_deliveries",
        jobs=jobs,
        minimum_interval_seconds=60,
        description="Asks for a refresh of each wave whose delivery in raw/ changed by content.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        known: dict[str, Content] = json.loads(context.cursor) if context.cursor else {}
        now = load_registry(settings.registry).accepted()
        found = scan_raw(settings.raw, now, known)
        requests = []
        for wave_id, content in found.items():
            digest = content_hash(content)
            if wave_id in known:
                is_changed = digest != content_hash(known[wave_id])
            else:
                is_changed = not landed_already(settings, now, wave_id, content)
            # A programme that came into the registry after this code location was loaded has no job yet.
            if is_changed and now.waves[wave_id].programme_id in registry.programmes:
                requests.append(
                    # No run key: Dagster would pass over a delivery that goes back to an earlier content. The
                    # cursor already asks once for each change.
                    dg.RunRequest(
                        job_name=wave_job_name(now.waves[wave_id].programme_id), partition_key=wave_id
                    )
                )
        return dg.SensorResult(
            run_requests=requests,
            cursor=json.dumps(found, sort_keys=True),
            skip_reason=None if requests else dg.SkipReason("no delivery changed"),
        )

    return watch
