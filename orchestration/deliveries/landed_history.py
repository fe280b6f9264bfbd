"""What landing keeps of a file's history: the corrections that were applied, and the versions before it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.deliveries.corrections import (
    AppliedCorrection,
    Correction,
    corrections_of,
    read_corrections,
)
from orchestration.deliveries.lock import Lock, sha256_of
from orchestration.deliveries.manifest import CORRECTIONS_NAME, DeliveredFile, Manifest
from orchestration.deliveries.problems import DeliveryProblems

if TYPE_CHECKING:
    from orchestration.deliveries.confined_reading import ReadingLimits
    from orchestration.deliveries.source_table import SourceTable

NOT_READABLE = "cannot be read"


@dataclass(frozen=True)
class History:
    """Accepted corrections of a file's version, the hash of ``corrections.yml`` where one of them counts, and
    the versions that it supersedes, the oldest first, with their rows in the landed table ``superseded``.

    ``earlier_corrections``: those of superseded versions, with the version and their place; they are remembered, not
    applied."""

    corrections: tuple[Correction, ...]
    corrections_sha256: str | None
    superseded: tuple[dict[str, Any], ...]
    earlier_corrections: tuple[tuple[int, int, Correction], ...]

    @property
    def fingerprint(self) -> str:
        """One hash over all that is kept."""
        earlier = [(*place, one.model_dump(mode="json")) for *place, one in self.earlier_corrections]
        parts = [self.corrections_sha256, self.superseded, earlier]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def delivery_history(manifest: Manifest, entry: DeliveredFile, lock: Lock) -> History:
    """What is known without reading the files. Raises ``DeliveryProblems`` for a faulty ``corrections.yml``."""
    recorded = read_corrections(manifest)
    corrections = corrections_of(recorded, entry)
    digest = sha256_of(manifest.folder / CORRECTIONS_NAME) if corrections else None
    versions = [*manifest.earlier_versions(entry), entry]
    rows = []
    for older, newer in itertools.pairwise(versions):
        locked, codebook = lock.files.get(older.path), lock.files.get(older.codebook_path or "")
        rows.append(
            {
                **_origin(manifest, entry),
                "delivery_version": older.version,
                "path": older.path,
                "sha256": locked.sha256 if locked else None,
                "codebook_sha256": codebook.sha256 if codebook else None,
                "n_rows": locked.rows if locked else None,
                "n_columns": locked.columns if locked else None,
                "is_synthetic": manifest.is_synthetic,
                "received_on": older.received_on.isoformat() if older.received_on else None,
                "superseded_by": newer.version,
                "note": older.note,
            }
        )
    earlier = tuple(
        (older.version, position, one)
        for older in versions[:-1]
        for position, one in enumerate(corrections_of(recorded, older), start=1)
    )
    return History(corrections, digest, tuple(rows), earlier)


def history_tables(
    manifest: Manifest,
    entry: DeliveredFile,
    history: History,
    applied: Sequence[AppliedCorrection],
    received: SourceTable,
    limits: ReadingLimits | None = None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The landed tables ``corrections`` and ``superseded``, and what a person is told of them.

    ``received``: the file as it came. The version right before it is read and compared with it.
    """
    from orchestration.deliveries.landed_tables import CORRECTION_COLUMNS, SUPERSEDED_COLUMNS, arrow_table

    notes = [
        f"{manifest.wave} {entry.file_id}: correction {one.correction.id} ({one.correction.action.kind}) applied"
        for one in applied
    ]
    superseded = [{**row, "compared_with_next": None} for row in history.superseded]
    if superseded:
        older = manifest.earlier_versions(entry)[-1]
        verdict = _verdict(manifest, older, entry, received, limits)
        superseded[-1]["compared_with_next"] = verdict
        notes.append(_told(manifest.wave, older, entry, verdict))
    tables = {
        "corrections": arrow_table(CORRECTION_COLUMNS, _correction_rows(manifest, entry, history, applied)),
        "superseded": arrow_table(SUPERSEDED_COLUMNS, superseded),
    }
    return tables, tuple(notes)


def _told(wave_id: str, older: DeliveredFile, newer: DeliveredFile, verdict: str) -> str:
    from orchestration.deliveries.comparison import SAME_CELLS

    head = f"{wave_id}: version {newer.version} of {newer.file_id}"
    if verdict == SAME_CELLS:
        return f"{head} is the same in every cell as version {older.version}"
    if verdict == NOT_READABLE:
        return f"{head} supersedes version {older.version}, which cannot be read"
    compare = f"`peilstok diff {wave_id}@{older.version} {wave_id}@{newer.version}`"
    return f"{head} supersedes version {older.version} and is {verdict}; {compare} says where"


def _verdict(
    manifest: Manifest,
    older: DeliveredFile,
    newer: DeliveredFile,
    received: SourceTable,
    limits: ReadingLimits | None,
) -> str:
    from orchestration.deliveries.comparison import compare_versions
    from orchestration.deliveries.confined_reading import read_source

    try:
        return compare_versions(older, read_source(manifest.folder, older, limits), newer, received).verdict
    except DeliveryProblems:
        # It no longer counts, and may have been superseded for just that.
        return NOT_READABLE


def _correction_rows(
    manifest: Manifest, entry: DeliveredFile, history: History, applied: Sequence[AppliedCorrection]
) -> list[dict[str, Any]]:
    rows = [
        {
            **_recorded(manifest, entry, entry.version, position, one.correction),
            "variable_name": name,
            "rows_matched": one.rows_matched,
            "rows_changed": one.rows_changed,
        }
        for position, one in enumerate(applied, start=1)
        # Without a variable: rows were left out, which touches every one.
        for name in one.variables or (None,)
    ]
    return rows + [
        {
            **_recorded(manifest, entry, version, position, correction),
            "variable_name": name,
            # That version is not landed, so nobody counts.
            "rows_matched": None,
            "rows_changed": None,
        }
        for version, position, correction in history.earlier_corrections
        for name in correction.variables or (None,)
    ]


def _recorded(
    manifest: Manifest, entry: DeliveredFile, version: int, position: int, correction: Correction
) -> dict[str, Any]:
    return {
        **_origin(manifest, entry),
        "delivery_version": version,
        "position": position,
        "correction_id": correction.id,
        "action": correction.action.kind,
        "reason": correction.reason,
        "source": correction.source,
        "decided_by": correction.decided_by,
        "decided_on": correction.decided_on.isoformat() if correction.decided_on else None,
    }


def _origin(manifest: Manifest, entry: DeliveredFile) -> dict[str, str]:
    return {
        "wave_id": manifest.wave,
        "programme_id": manifest.programme,
        "instrument_id": entry.instrument,
        "file_id": entry.file_id,
    }
