"""The lock of a delivery, ``delivery.lock``: hash, size, rows and columns of every file as received."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.deliveries.manifest import LOCK_NAME, OWN_NAMES, Manifest
from orchestration.deliveries.placing import placed
from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem

NEW_VERSION = (
    "put the file back as it was received; what the supplier sent anew gets a higher version and its own path"
)
LEFT_BY_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".gitkeep"})
"""Files that no supplier sends and that hold no data."""


@dataclass(frozen=True)
class LockedFile:
    """What is known of one file: ``rows`` and ``columns`` are those of its table."""

    sha256: str
    bytes: int
    rows: int
    columns: int


@dataclass(frozen=True)
class Lock:
    """Every file and codebook of a delivery by its path relative to the folder."""

    files: dict[str, LockedFile]


def write_lock(manifest: Manifest, accept_changes: bool = False) -> Lock:
    """Read every file of the delivery, superseded ones and codebooks too, and write ``delivery.lock``.

    A file that was locked before and has changed since is refused unless ``accept_changes``: what a supplier
    sends anew is a higher version with a path of its own. Raises ``DeliveryProblems`` with every file that is
    absent, unreadable or changed; nothing is written then.
    """
    problems: list[Problem] = []
    files: dict[str, LockedFile] = {}
    known = {} if accept_changes else _known_files(manifest)
    for path, measure in _measures(manifest):
        if path in files:
            continue
        try:
            files[path] = measure()
        except DeliveryProblems as found:
            problems += [placed(problem, manifest, path) for problem in found.problems]
            continue
        if path in known and known[path].sha256 != files[path].sha256:
            problems.append(
                Problem(
                    "locked_file_changed",
                    "is locked with another hash",
                    NEW_VERSION,
                    wave_id=manifest.wave,
                    file=manifest.shown(path),
                )
            )
    if problems:
        raise DeliveryProblems(problems)
    lock = Lock(dict(sorted(files.items())))
    _write(manifest.folder / LOCK_NAME, lock)
    return lock


def read_lock(manifest: Manifest) -> Lock:
    """The lock of a delivery. Raises ``DeliveryProblems`` (exit code 2) when it is absent or not a lock."""
    from orchestration.deliveries.manifest_yaml import YamlFault, parse_yaml

    def refuse(kind: str, message: str) -> DeliveryProblems:
        return DeliveryProblems(
            [
                Problem(
                    kind,
                    message,
                    f"write it with `peilstok lock {manifest.wave}`",
                    WRONG_USE_OR_UNREADABLE,
                    wave_id=manifest.wave,
                    file=manifest.shown(LOCK_NAME),
                )
            ]
        )

    try:
        data = parse_yaml((manifest.folder / LOCK_NAME).read_text(encoding="utf-8")).data
    except FileNotFoundError:
        raise refuse("missing_lock", "the delivery has no lock") from None
    except (OSError, UnicodeDecodeError, YamlFault):
        raise refuse("unreadable_lock", "cannot be read") from None
    try:
        files = {str(path): _locked_file(fields) for path, fields in data["files"].items()}
    except (TypeError, KeyError, AttributeError, ValueError):
        raise refuse("unreadable_lock", "is not a lock as this program writes it") from None
    return Lock(files)


def verify_lock(manifest: Manifest) -> list[Problem]:
    """Whether the folder holds exactly what the lock says, superseded versions and codebooks included.

    An absent file or lock has exit code 2; a wrong hash, a file that is not locked, and a file that the
    manifest does not name have exit code 1.
    """
    problems = [*_unnamed_files(manifest)]
    try:
        lock = read_lock(manifest)
    except DeliveryProblems as found:
        return (
            problems
            + [
                _missing_file(manifest, path)
                for path in manifest.paths
                if not (manifest.folder / path).is_file()
            ]
            + found.problems
        )
    for path in manifest.paths:
        problems += _verify_file(manifest, path, lock.files.get(path))
    for path in sorted(set(lock.files) - set(manifest.paths)):
        problems.append(
            Problem(
                "lock_names_more",
                f"names {path}, and the manifest does not",
                f"put the file back on the manifest, or run `peilstok lock {manifest.wave}`",
                wave_id=manifest.wave,
                file=manifest.shown(LOCK_NAME),
            )
        )
    return problems


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _measures(manifest: Manifest) -> Iterator[tuple[str, Any]]:
    from orchestration.deliveries.codebook import codebook_size
    from orchestration.deliveries.readers import read_source

    def size_of(path: Path, rows: int, columns: int) -> LockedFile:
        return LockedFile(sha256_of(path), path.stat().st_size, rows, columns)

    def of_file(entry: Any) -> LockedFile:
        frame = read_source(manifest.folder, entry).frame
        return size_of(manifest.folder / entry.path, *frame.shape)

    def of_codebook(path: Path, encoding: str | None) -> LockedFile:
        return size_of(path, *codebook_size(path, encoding))

    for entry in manifest.files:
        yield entry.path, lambda entry=entry: of_file(entry)
        if entry.codebook_path:
            path = manifest.folder / entry.codebook_path
            yield entry.codebook_path, lambda path=path, encoding=entry.encoding: of_codebook(path, encoding)


def _known_files(manifest: Manifest) -> dict[str, LockedFile]:
    if not (manifest.folder / LOCK_NAME).exists():
        return {}
    return read_lock(manifest).files


def _locked_file(fields: dict[str, Any]) -> LockedFile:
    counts = {name: fields[name] for name in ("bytes", "rows", "columns")}
    if not all(type(count) is int and count >= 0 for count in counts.values()):
        raise ValueError("not a count")
    return LockedFile(sha256=str(fields["sha256"]), **counts)


def _verify_file(manifest: Manifest, path: str, locked: LockedFile | None) -> list[Problem]:
    where = {"wave_id": manifest.wave, "file": manifest.shown(path)}
    target = manifest.folder / path
    if not target.is_file():
        return [_missing_file(manifest, path)]
    if locked is None:
        return [
            Problem(
                "file_not_locked",
                "is on the manifest and not in the lock",
                f"compare it with what the supplier sent, then run `peilstok lock {manifest.wave}`",
                **where,
            )
        ]
    size = target.stat().st_size
    if size != locked.bytes or sha256_of(target) != locked.sha256:
        longer = f" ({size} bytes instead of {locked.bytes})" if size != locked.bytes else ""
        superseded = any(entry.path == path for entry in manifest.superseded)
        kept = "; it is superseded, but has to stay as it was received" if superseded else ""
        return [
            Problem(
                "wrong_hash",
                f"is not the file that was locked{longer}{kept}",
                NEW_VERSION,
                **where,
            )
        ]
    return []


def _missing_file(manifest: Manifest, path: str) -> Problem:
    return Problem(
        "missing_file",
        "the manifest names this file, and it is not there",
        "put it back as it was received, or take it off the manifest",
        WRONG_USE_OR_UNREADABLE,
        wave_id=manifest.wave,
        file=manifest.shown(path),
    )


def _unnamed_files(manifest: Manifest) -> list[Problem]:
    named = set(manifest.paths) | OWN_NAMES
    problems: list[Problem] = []
    for directory, _, names in os.walk(manifest.folder):
        for name in names:
            path = (Path(directory) / name).relative_to(manifest.folder).as_posix()
            if path not in named and name not in LEFT_BY_SYSTEMS:
                problems.append(
                    Problem(
                        "unnamed_file",
                        "lies in the delivery's folder, and no manifest names it",
                        "add it to delivery.yml, or move it out of the raw folder",
                        wave_id=manifest.wave,
                        file=manifest.shown(path),
                    )
                )
    return sorted(problems, key=lambda problem: problem.file)


def _write(path: Path, lock: Lock) -> None:
    import yaml

    fields = {name: vars(locked) for name, locked in lock.files.items()}
    text = "# Written by `peilstok lock`; never edited by hand.\n" + yaml.safe_dump(
        {"files": fields}, sort_keys=False, allow_unicode=True, width=1000
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
