"""Two versions of the delivery of one wave: which files, and each file beside its other version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.deliveries.comparison.files import FileComparison, compare_versions
from orchestration.deliveries.lock import Lock, read_lock, verify_lock
from orchestration.deliveries.manifest import DeliveredFile, Manifest
from orchestration.deliveries.placing import placed
from orchestration.deliveries.problems import DeliveryProblems, raise_when_any
from orchestration.deliveries.source_table import SourceTable

NAME = re.compile(r"(?P<wave>[^@\s]+)@(?P<version>[1-9][0-9]{0,8})", re.ASCII)


@dataclass(frozen=True)
class DeliveryComparison:
    """``unchanged``: files of which both deliveries hold the same version; ``same_bytes``: compared files whose
    bytes are the same under another path."""

    wave_id: str
    appeared: tuple[DeliveredFile, ...]
    vanished: tuple[DeliveredFile, ...]
    unchanged: tuple[DeliveredFile, ...]
    files: tuple[FileComparison, ...]
    same_bytes: frozenset[str]


def parse_delivery(text: str) -> tuple[str, int] | None:
    """Wave and version of ``wave@version``; ``None`` when it is not written like that, plain digits only."""
    found = NAME.fullmatch(text)
    return (found["wave"], int(found["version"])) if found else None


def files_at(manifest: Manifest, version: int) -> dict[str, DeliveredFile]:
    """The files of the delivery as it was when ``version`` was its highest, by file_id."""
    found: dict[str, DeliveredFile] = {}
    for entry in sorted(manifest.files, key=lambda entry: entry.version):
        if entry.version <= version:
            found[entry.file_id] = entry
    return dict(sorted(found.items()))


def compare_deliveries(manifest: Manifest, old: int, new: int) -> DeliveryComparison:
    """Compare two versions of a delivery as they were received; corrections are not applied.

    Raises ``DeliveryProblems`` when the lock does not hold or a file cannot be read.
    """
    raise_when_any(verify_lock(manifest))
    lock = read_lock(manifest)
    before, after = files_at(manifest, old), files_at(manifest, new)
    shared = [file_id for file_id in after if file_id in before]
    changed = [file_id for file_id in shared if before[file_id] != after[file_id]]
    return DeliveryComparison(
        manifest.wave,
        tuple(entry for file_id, entry in after.items() if file_id not in before),
        tuple(entry for file_id, entry in before.items() if file_id not in after),
        tuple(after[file_id] for file_id in shared if file_id not in changed),
        tuple(
            compare_versions(
                before[file_id],
                _read(manifest, before[file_id]),
                after[file_id],
                _read(manifest, after[file_id]),
            )
            for file_id in changed
        ),
        frozenset(
            file_id for file_id in changed if _digest(lock, before[file_id]) == _digest(lock, after[file_id])
        ),
    )


def _read(manifest: Manifest, entry: DeliveredFile) -> SourceTable:
    from orchestration.deliveries.confined_reading import read_source

    try:
        return read_source(manifest.folder, entry)
    except DeliveryProblems as found:
        raise DeliveryProblems(placed(problem, manifest, entry.path) for problem in found.problems) from None


def _digest(lock: Lock, entry: DeliveredFile) -> tuple[str, ...]:
    return tuple(lock.files[path].sha256 for path in (entry.path, entry.codebook_path) if path)
