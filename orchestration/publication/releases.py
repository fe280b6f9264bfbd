"""The releases on disk: which there are, which is current, and the way back to an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.publication.evidence import CheckResult
from orchestration.publication.gate import PublicationRefused
from orchestration.publication.ledger import ledger_path
from orchestration.publication.manifest import ManifestDamaged, read_manifest, verify_files
from orchestration.publication.release import CURRENT, current_release_id, switch_current
from orchestration.publication.tables import literal
from orchestration.publication.writer_lock import writer_lock
from orchestration.settings import Settings

TREND_TABLE = "mart_trend"
PREVIOUS = "previous"


class UnknownRelease(Exception):
    """A release id that is not on disk."""

    exit_code = 2


@dataclass(frozen=True)
class PublishedRelease:
    """One release on disk; ``fault`` says why its manifest is not readable ('' when it is).

    ``rows``: of all tables; ``trend_rows``: of mart_trend alone.
    """

    release_id: str
    published_at: str
    is_current: bool
    rows: int
    trend_rows: int
    is_synthetic: bool
    code_version: str
    path: Path
    fault: str = ""


@dataclass(frozen=True)
class RollbackOutcome:
    """What ``rollback`` did, and which release was current before."""

    status: Literal["switched", "no_change"]
    release_id: str
    previous_id: str | None


def list_releases(settings: Settings) -> list[PublishedRelease]:
    """The releases on disk, newest first."""
    current = current_release_id(settings)
    found = [_describe(path, path.name == current) for path in _release_folders(settings)]
    return sorted(found, key=lambda release: (release.published_at, release.release_id), reverse=True)


def previous_release_id(settings: Settings) -> str | None:
    """The release that was published last before, or, after a rollback, instead of the current one; of those
    on disk. None when there is none."""
    current = current_release_id(settings)
    on_disk = {path.name for path in _release_folders(settings)}
    path = ledger_path(settings)
    if current is None or not path.exists():
        return None
    with duckdb.connect() as connection:
        entered = connection.execute(
            "select release_id, max(release_sequence) as last from read_parquet("
            f"{literal(path)}) group by release_id order by last desc"
        ).fetchall()
    return next((name for name, _ in entered if name != current and name in on_disk), None)


def find_release(settings: Settings, name: str) -> Path:
    """The folder of a release: ``current``, ``previous``, its id, or the beginning of one id.

    Raises ``UnknownRelease`` with what can be chosen.
    """
    known = sorted(path.name for path in _release_folders(settings))
    if name in (CURRENT, PREVIOUS):
        chosen = current_release_id(settings) if name == CURRENT else previous_release_id(settings)
        if chosen is None or chosen not in known:
            raise UnknownRelease(f"there is no {name} release; run `peilstok releases`")
        return settings.published / chosen
    found = [one for one in known if one.startswith(name)] if name else []
    if name in known:
        found = [name]
    if len(found) == 1:
        return settings.published / found[0]
    if found:
        raise UnknownRelease(f"{name!r} is the beginning of {', '.join(found)}: write one digit more")
    listed = ", ".join(known) if known else "none yet; run `peilstok refresh`"
    raise UnknownRelease(f"there is no release {name!r}; known: {CURRENT}, {PREVIOUS}, {listed}")


def rollback(settings: Settings, release_id: str) -> RollbackOutcome:
    """Make ``release_id`` current again, after checking every file of it against its manifest.

    Raises ``UnknownRelease`` (with the known ones), ``PublicationRefused`` when it is damaged, and
    ``WarehouseBusy``.
    """
    with writer_lock(settings.home, "rollback"):
        previous_id = current_release_id(settings)
        known = [release.release_id for release in list_releases(settings)]
        if release_id not in known:
            listed = ", ".join(known) if known else "none yet; run `peilstok refresh`"
            raise UnknownRelease(f"there is no release {release_id!r}; known: {listed}")
        faults = verify_files(settings.published / release_id)
        if faults:
            raise PublicationRefused([_damage(release_id, fault) for fault in faults], previous_id)
        if previous_id == release_id:
            return RollbackOutcome("no_change", release_id, previous_id)
        switch_current(settings, release_id)
        return RollbackOutcome("switched", release_id, previous_id)


def _release_folders(settings: Settings) -> list[Path]:
    if not settings.published.is_dir():
        return []
    return [
        path
        for path in settings.published.iterdir()
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".") and path.name != CURRENT
    ]


def _describe(path: Path, is_current: bool) -> PublishedRelease:
    try:
        manifest = read_manifest(path)
    except ManifestDamaged as fault:
        return PublishedRelease(path.name, "", is_current, 0, 0, False, "", path, str(fault))
    return PublishedRelease(
        release_id=path.name,
        published_at=manifest.published_at,
        is_current=is_current,
        rows=sum(manifest.tables.values()),
        trend_rows=manifest.tables.get(TREND_TABLE, 0),
        is_synthetic=manifest.is_synthetic,
        code_version=manifest.code_version,
        path=path,
    )


def _damage(release_id: str, fault: str) -> CheckResult:
    return CheckResult(
        "release",
        release_id,
        "files_match_manifest",
        "python",
        "error",
        False,
        fault,
        "the file as published",
    )
