"""Putting a delivery into the raw folder: copied, checked, and there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.deliveries.lock import sha256_of
from orchestration.deliveries.manifest import LOCK_NAME, MANIFEST_NAME, shown_path, stays_inside
from orchestration.deliveries.manifest_yaml import YamlFault, parse_yaml
from orchestration.deliveries.problems import DeliveryProblems, Problem


def check_receivable(
    raw: Path, folder: Path, paths: Sequence[Path], codebooks: Sequence[Path] = ()
) -> list[Problem]:
    """What forbids to receive these files in ``folder``: it is there, or a file was delivered already.

    ``codebooks``: those of the paths that may be the same as an earlier one, as a questionnaire may be.
    """
    problems: list[Problem] = []
    wave = folder.name
    if folder.exists() or folder.is_symlink():
        problems.append(
            Problem(
                "wave_exists",
                "there is a folder for this wave already",
                "add what came later as a higher version of the file, in its delivery.yml; remove the folder "
                "only when nothing in it counts",
                wave_id=wave,
                file=shown_path(folder, ""),
            )
        )
    known = _locked(raw)
    for path in paths:
        inside = stays_inside(raw, path)
        copied = None if inside or path in codebooks else known.get(sha256_of(path))
        where = shown_path(path.parent, path.name) if inside else copied
        if where:
            problems.append(
                Problem(
                    "already_in_raw",
                    f"is part of a delivery already: {where}",
                    "name the file as it came in, from outside the raw folder"
                    if inside
                    else "it is the same byte for byte: ask the supplier for the file of this wave",
                    wave_id=wave,
                    file=path.name,
                )
            )
    return problems


def receive(folder: Path, paths: Sequence[Path], manifest: str, hashes: Mapping[Path, str]) -> None:
    """Copy the files and write the manifest beside ``folder``, then give it its name in one step.

    ``hashes``: of each file when it was read. Raises ``DeliveryProblems`` when one has changed since; nothing
    is left behind then.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f".{folder.name}.incoming.{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir()
        for path in paths:
            shutil.copyfile(path, beside / path.name)
            if sha256_of(beside / path.name) != hashes[path]:
                raise DeliveryProblems(
                    [
                        Problem(
                            "changed_meanwhile",
                            "changed while it was read and copied",
                            "wait until nobody writes to it, and run the command again",
                            file=path.name,
                        )
                    ]
                )
        (beside / MANIFEST_NAME).write_text(manifest, encoding="utf-8")
        for written in beside.iterdir():
            _flush(written)
        beside.rename(folder)
        _flush(folder.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locked(raw: Path) -> dict[str, str]:
    """Where each locked file stands, by hash."""
    found: dict[str, str] = {}
    for lock in sorted(raw.glob(f"*/*/{LOCK_NAME}")):
        try:
            files = parse_yaml(lock.read_text(encoding="utf-8")).data["files"]
            found |= {facts["sha256"]: shown_path(lock.parent, path) for path, facts in files.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, YamlFault):
            continue  # a lock that cannot be read is told by `peilstok check`
    return found
