"""What a run depends on, as hashes: the raw files per wave, the registry, the code and the pseudonym key.

Two runs with the same fingerprint give the same release, so the second need not be made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path

from orchestration.publication.durable import file_sha256, write_json
from orchestration.settings import Settings

CODE_FOLDERS = ("orchestration", "dbt_project", "expectations")
CODE_FILES = ("pyproject.toml", "requirements.lock")
# Built by tools, not written by people. The seeds are the registry and have a hash of their own.
_NOT_CODE = frozenset(
    {"__pycache__", "target", "logs", "dbt_packages", "dbt_internal_packages", "uncommitted", "seeds"}
)
_NOT_CODE_SUFFIXES = frozenset({".pyc", ".log"})
SUCCESS_FILE = "last_success.json"


@dataclass(frozen=True)
class Fingerprint:
    """Hashes of everything that decides what a release holds; ``waves`` has one per wave folder under raw."""

    waves: dict[str, str]
    registry: str
    code: str
    key: str

    def differences(self, earlier: Fingerprint, waves: Iterable[str] | None = None) -> list[str]:
        """What is other than ``earlier``, for people; of the deliveries only ``waves``, when given."""
        compared = set(waves) if waves is not None else self.waves.keys() | earlier.waves.keys()
        changed = [wave for wave in sorted(compared) if self.waves.get(wave) != earlier.waves.get(wave)]
        for name in ("registry", "code", "key"):
            if getattr(self, name) != getattr(earlier, name):
                changed.append({"key": "pseudonym key"}.get(name, name))
        return changed


@dataclass(frozen=True)
class LastSuccess:
    """The last run that ended in a release: what it was made from, and which release that was.

    ``register_hash``: of the landing that it left, and ``warehouse``: the stamp of the working file, so that a
    later landing or build which was never published is noticed.
    """

    fingerprint: Fingerprint
    release_id: str
    register_hash: str
    warehouse: str


def take_fingerprint(settings: Settings, registry_hash: str, key: str = "") -> Fingerprint:
    """Hash what lies on disk now; ``key`` is the fingerprint of the pseudonym key ('' when there is none)."""
    return Fingerprint(hash_waves(settings.raw), registry_hash, hash_code(settings.project_root), key)


def hash_waves(raw: Path) -> dict[str, str]:
    """One hash per wave folder ``<raw>/<programme>/<wave_id>``, over the names and bytes of all its files."""
    if not raw.is_dir():
        return {}
    return {
        wave.name: _hash_files(wave, _visible_files(wave))
        for wave in sorted(raw.glob("*/*"))
        if wave.is_dir() and not wave.name.startswith(".")
    }


def hash_deliveries(raw: Path) -> str:
    """One hash over all wave folders under ``raw``."""
    return hashlib.sha256(json.dumps(hash_waves(raw), sort_keys=True).encode()).hexdigest()


def hash_code(project_root: Path) -> str:
    """One hash over the program: Python, dbt project, expectations, locked versions of the libraries."""
    files = [
        path
        for name in CODE_FOLDERS
        for path in _visible_files(project_root / name)
        if _is_code(path, project_root)
    ]
    files += [path for name in CODE_FILES if (path := project_root / name).is_file()]
    return _hash_files(project_root, files)


def code_version(project_root: Path) -> str:
    """The version of the package and the first digits of its code hash, such as ``1.0.0+3f2a9c01b7de``."""
    try:
        version = metadata.version("peilstok")
    except metadata.PackageNotFoundError:
        version = "0"
    return f"{version}+{hash_code(project_root)[:12]}"


def read_last_success(settings: Settings) -> LastSuccess | None:
    """What the last successful refresh noted; None when there was none or the note is not readable."""
    try:
        content = json.loads((settings.quality / SUCCESS_FILE).read_text(encoding="utf-8"))
        return LastSuccess(
            Fingerprint(**content["fingerprint"]),
            content["release_id"],
            content["register_hash"],
            content["warehouse"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_last_success(settings: Settings, success: LastSuccess, waves: Iterable[str] | None = None) -> None:
    """Note a successful refresh; with ``waves``, the others keep the hash they were last landed with."""
    now = success.fingerprint
    landed: Mapping[str, str] = now.waves
    if waves is not None:
        earlier = read_last_success(settings)
        kept = earlier.fingerprint.waves if earlier else {}
        landed = {**kept, **{wave: now.waves[wave] for wave in waves if wave in now.waves}}
    write_json(
        settings.quality / SUCCESS_FILE,
        asdict(replace(success, fingerprint=replace(now, waves=dict(landed)))),
    )


def _visible_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _is_code(path: Path, project_root: Path) -> bool:
    return path.suffix not in _NOT_CODE_SUFFIXES and not _NOT_CODE & set(path.relative_to(project_root).parts)


def _hash_files(folder: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n".encode())
    return digest.hexdigest()
