"""``MANIFEST.json``: the files of a release with their hashes, and what may differ between equal releases.

Times, the run id, the code version and the versions of the tools stand here alone.
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publication.durable import file_sha256, write_json

FILE = "MANIFEST.json"


class ManifestDamaged(Exception):
    """A release folder whose manifest is missing or not readable."""

    exit_code = 1


@dataclass(frozen=True)
class ReleaseManifest:
    """What a release says of itself; ``tables`` maps each table to its number of rows."""

    release_id: str
    published_at: str
    run_id: str
    code_version: str
    contract_version: str
    is_synthetic: bool
    notice: str
    tables: dict[str, int]
    files: tuple[dict[str, Any], ...]


def list_files(release: Path) -> list[dict[str, Any]]:
    """``{path, sha256, bytes}`` of every file of a release but the manifest, by path."""
    paths = sorted(
        path.relative_to(release).as_posix()
        for path in release.rglob("*")
        if path.is_file() or path.is_symlink()
    )
    return [
        {"path": path, "sha256": file_sha256(release / path), "bytes": (release / path).stat().st_size}
        for path in paths
        if path != FILE
    ]


def write_manifest(release: Path, manifest: ReleaseManifest) -> Path:
    """Write the manifest as the last file of ``release``."""
    content = {
        "release_id": manifest.release_id,
        "published_at": manifest.published_at,
        "run_id": manifest.run_id,
        "code_version": manifest.code_version,
        "contract_version": manifest.contract_version,
        "is_synthetic": manifest.is_synthetic,
        "notice": manifest.notice,
        "tools": {"python": platform.python_version(), "duckdb": duckdb.__version__},
        "tables": manifest.tables,
        "files": list(manifest.files),
    }
    path = release / FILE
    write_json(path, content)
    return path


def read_manifest(release: Path) -> ReleaseManifest:
    """Read the manifest of a release; raises ``ManifestDamaged``."""
    path = release / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return ReleaseManifest(
            release_id=content["release_id"],
            published_at=content["published_at"],
            run_id=content["run_id"],
            code_version=content["code_version"],
            contract_version=content["contract_version"],
            is_synthetic=content["is_synthetic"],
            notice=content.get("notice", ""),
            tables=content["tables"],
            files=tuple(content["files"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise ManifestDamaged(f"{path}: not readable ({fault or type(fault).__name__})") from None


def verify_files(release: Path) -> list[str]:
    """What differs between a release and its manifest, one sentence each; empty when it is whole."""
    try:
        manifest = read_manifest(release)
        listed = {row["path"]: row for row in manifest.files}
    except ManifestDamaged as fault:
        return [str(fault)]
    except (KeyError, TypeError):
        return [f"{release / FILE}: the list of files is not readable"]
    found = {row["path"]: row for row in list_files(release)}
    faults = [f"{path}: missing" for path in sorted(listed.keys() - found.keys())]
    faults += [f"{path}: not in the manifest" for path in sorted(found.keys() - listed.keys())]
    for path in sorted(listed.keys() & found.keys()):
        if listed[path] != found[path]:
            faults.append(
                f"{path}: {found[path]['bytes']} bytes with sha256 {found[path]['sha256'][:12]}, "
                f"expected {listed[path]['bytes']} with {listed[path]['sha256'][:12]}"
            )
    return faults


def now_text() -> str:
    """The present moment, UTC, to the microsecond (releases are listed in this order)."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
