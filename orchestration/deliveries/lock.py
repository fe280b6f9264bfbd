"""The lock of a delivery, ``delivery.lock``: hash, size, rows and columns of every file as received."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestration.deliveries.confined_reading import ReadingLimits, codebook_size, read_source
from orchestration.deliveries.confined_reading.opened import opened_inside, read_inside
from orchestration.deliveries.file_faults import explained, regular_file, unreadable_folder
from orchestration.deliveries.manifest import LOCK_NAME, OWN_NAMES, Manifest
from orchestration.deliveries.placing import placed
from orchestration.deliveries.problems import (
    WRONG_USE_OR_UNREADABLE,
    DeliveryProblems,
    Problem,
    few,
    raise_when_any,
)

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


def write_lock(manifest: Manifest, accept_changes: bool = False, limits: ReadingLimits | None = None) -> Lock:
    """Read every file of the delivery, superseded ones and codebooks too, and write ``delivery.lock``.

    A file that was locked before and has changed since is refused unless ``accept_changes``: what a supplier
    sends anew is a higher version with a path of its own. Raises ``DeliveryProblems`` with every file that is
    absent, unreadable or changed; nothing is written then.
    """
    problems: list[Problem] = []
    files: dict[str, LockedFile] = {}
    known = {} if accept_changes else _known_files(manifest)
    for path, measure in _measures(manifest, limits):
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
    # An unreadable codebook is met twice: with its file, and on its own.
    raise_when_any(dict.fromkeys(problems))
    lock = Lock(dict(sorted(files.items())))
    _write(manifest.folder / LOCK_NAME, lock)
    return lock


def read_lock(manifest: Manifest) -> Lock:
    """The lock of a delivery. Raises ``DeliveryProblems`` (exit code 2) when it is absent or not a lock."""
    from orchestration.deliveries.manifest_yaml import YamlFault, parse_yaml

    def refuse(kind: str, message: str, remedy: str) -> DeliveryProblems:
        where = {"wave_id": manifest.wave, "file": manifest.shown(LOCK_NAME)}
        return DeliveryProblems([Problem(kind, message, remedy, WRONG_USE_OR_UNREADABLE, **where)])

    # The hashes in it are the only word on what was received: writing it anew is the last thing to do.
    restore = (
        "put back the lock as it was written; without a copy, compare every file with what the supplier "
        f"sent, remove the lock and run `peilstok lock {manifest.wave}`"
    )
    try:
        data = parse_yaml(read_inside(manifest.folder, LOCK_NAME).decode("utf-8-sig")).data
        files = {str(path): _locked_file(fields) for path, fields in data["files"].items()}
    except DeliveryProblems as found:
        (problem,) = found.problems
        if problem.kind == "missing_file":
            remedy = f"write it with `peilstok lock {manifest.wave}`"
            raise refuse("missing_lock", "the delivery has no lock", remedy) from None
        raise refuse("unreadable_lock", problem.message, problem.remedy) from None
    except (UnicodeDecodeError, YamlFault):
        raise refuse("unreadable_lock", "cannot be read", restore) from None
    except (TypeError, KeyError, AttributeError, ValueError):
        raise refuse("unreadable_lock", "is not a lock as this program writes it", restore) from None
    return Lock(files)


def verify_lock(manifest: Manifest) -> list[Problem]:
    """Whether the folder holds exactly what the lock says, superseded versions and codebooks included.

    An absent file or lock has exit code 2; a wrong hash, a file that is not locked, and a file that the
    manifest does not name have exit code 1.
    """
    problems = _unnamed_files(manifest)
    try:
        lock = read_lock(manifest)
    except DeliveryProblems as found:
        absent = [problem for path in manifest.paths for problem in _unreadable_file(manifest, path)]
        return problems + few(absent) + found.problems
    wrong = [
        problem for path in manifest.paths for problem in _verify_file(manifest, path, lock.files.get(path))
    ]
    for path in sorted(set(lock.files) - set(manifest.paths)):
        wrong.append(
            Problem(
                "lock_names_more",
                f"names {path}, and the manifest does not",
                f"put the file back on the manifest, or run `peilstok lock {manifest.wave}`",
                wave_id=manifest.wave,
                file=manifest.shown(LOCK_NAME),
            )
        )
    return problems + few(wrong)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises ``DeliveryProblems`` when it cannot be read."""
    regular_file(path)
    with explained(path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def size_and_hash(folder: Path, path: str) -> tuple[int, str]:
    """Bytes and SHA-256 of a delivered file; it cannot be one outside ``folder``, whatever happens meanwhile.

    Raises ``DeliveryProblems`` (exit code 2) when it cannot be read.
    """
    with opened_inside(folder, path) as descriptor, explained(folder / path):
        with open(descriptor, "rb", closefd=False) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return os.fstat(descriptor).st_size, digest


def _measures(manifest: Manifest, limits: ReadingLimits | None) -> Iterator[tuple[str, Any]]:
    from orchestration.deliveries.second_reading.twin import twin_size

    def size_of(path: str, rows: int, columns: int) -> LockedFile:
        size, digest = size_and_hash(manifest.folder, path)
        return LockedFile(digest, size, rows, columns)

    def of_file(entry: Any) -> LockedFile:
        return size_of(entry.path, *read_source(manifest.folder, entry, limits).frame.shape)

    def of_codebook(path: str, encoding: str | None) -> LockedFile:
        return size_of(path, *codebook_size(manifest.folder, path, encoding, limits))

    def of_twin(entry: Any) -> LockedFile:
        return size_of(entry.twin.path, *twin_size(manifest.folder, entry.twin, limits))

    for entry in manifest.files:
        yield entry.path, lambda entry=entry: of_file(entry)
        if entry.codebook_path:
            path = entry.codebook_path
            yield path, lambda path=path, encoding=entry.encoding: of_codebook(path, encoding)
        if entry.twin:
            yield entry.twin.path, lambda entry=entry: of_twin(entry)


def _known_files(manifest: Manifest) -> dict[str, LockedFile]:
    try:
        return read_lock(manifest).files
    except DeliveryProblems as found:
        if found.problems[0].kind == "missing_lock":
            return {}
        raise


def _locked_file(fields: dict[str, Any]) -> LockedFile:
    counts = {name: fields[name] for name in ("bytes", "rows", "columns")}
    if not all(type(count) is int and count >= 0 for count in counts.values()):
        raise ValueError("not a count")
    return LockedFile(sha256=str(fields["sha256"]), **counts)


def _verify_file(manifest: Manifest, path: str, locked: LockedFile | None) -> list[Problem]:
    where = {"wave_id": manifest.wave, "file": manifest.shown(path)}
    try:
        size, digest = size_and_hash(manifest.folder, path)
    except DeliveryProblems as found:
        return [placed(problem, manifest, path) for problem in found.problems]
    if locked is None:
        return [
            Problem(
                "file_not_locked",
                "is on the manifest and not in the lock",
                f"compare it with what the supplier sent, then run `peilstok lock {manifest.wave}`",
                **where,
            )
        ]
    if size != locked.bytes or digest != locked.sha256:
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


def _unreadable_file(manifest: Manifest, path: str) -> list[Problem]:
    try:
        regular_file(manifest.folder / path)
    except DeliveryProblems as found:
        return [placed(problem, manifest, path) for problem in found.problems]
    return []


def _unnamed_files(manifest: Manifest) -> list[Problem]:
    """What lies in the folder and cannot be accounted for: files, symlinks to folders, closed folders."""
    named = set(manifest.paths) | OWN_NAMES
    problems: list[Problem] = []

    def shown(path: Path) -> str:
        return manifest.shown(path.relative_to(manifest.folder).as_posix())

    def add(kind: str, path: Path, message: str, remedy: str) -> None:
        problems.append(Problem(kind, message, remedy, wave_id=manifest.wave, file=shown(path)))

    def closed(error: OSError) -> None:
        problem = unreadable_folder(shown(Path(error.filename or manifest.folder)), error)
        problems.append(replace(problem, wave_id=manifest.wave))

    for directory, folders, names in os.walk(manifest.folder, onerror=closed):
        for path in (Path(directory) / name for name in folders):
            if path.is_symlink():
                add(
                    "symlinked_folder",
                    path,
                    "is a symlink to a folder, which a delivery may not have",
                    "put the folder itself there, or remove the symlink",
                )
        for path in (Path(directory) / name for name in names):
            known = path.relative_to(manifest.folder).as_posix() in named
            if not known and path.name not in LEFT_BY_SYSTEMS:
                add(
                    "unnamed_file",
                    path,
                    "lies in the delivery's folder, and no manifest names it",
                    "add it to delivery.yml, or move it out of the raw folder",
                )
    return few(sorted(problems, key=lambda problem: problem.file))


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
