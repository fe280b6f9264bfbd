"""Which files of the raw folder may be committed: what describes a delivery, and deliveries of nobody's answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.deliveries.manifest import CORRECTIONS_NAME, LOCK_NAME, MANIFEST_NAME, OWN_NAMES
from orchestration.deliveries.manifest_yaml import MOST_BYTES, YamlFault, parse_yaml
from orchestration.deliveries.problems import Problem

RAW = "raw"
PLAIN_MODES = frozenset({"100644", "100755"})
WAVE_DEPTH = 3
"""``raw/<programme>/<wave>``."""


@dataclass(frozen=True)
class CommittedFile:
    """A file as it would be committed: its path in the checkout, git's mode, and how to read its bytes."""

    path: str
    mode: str
    read: Callable[[], bytes]

    @property
    def wave_folder(self) -> str:
        """``raw/<programme>/<wave>``, or nothing for a file that is in none."""
        parts = self.path.split("/")
        return "/".join(parts[:WAVE_DEPTH]) if len(parts) > WAVE_DEPTH else ""

    @property
    def name(self) -> str:
        """The path below the wave's folder."""
        return self.path.removeprefix(self.wave_folder + "/")


def uncommittable(
    files: Iterable[CommittedFile], earlier_manifests: Mapping[str, bytes] | None = None
) -> list[Problem]:
    """A problem for each file below ``raw/`` that must not be committed; files elsewhere are not looked at.

    ``files``: everything that would be in the commit below ``raw/``, not only what changes.
    ``earlier_manifests``: by wave folder, the manifest of the last commit.
    """
    folders: dict[str, list[CommittedFile]] = {}
    problems: list[Problem] = []
    for file in files:
        first = file.path.split("/", 1)[0]
        if first.casefold() != RAW or "/" not in file.path:
            continue
        if first != RAW or not file.wave_folder:
            problems.append(_refused(file, "stands in no delivery: <raw>/<programme>/<wave>/…"))
        else:
            folders.setdefault(file.wave_folder, []).append(file)
    for folder, members in sorted(folders.items()):
        problems += _of_wave(members, (earlier_manifests or {}).get(folder))
    return problems


def _of_wave(files: list[CommittedFile], earlier: bytes | None) -> list[Problem]:
    plain = [file for file in files if file.mode in PLAIN_MODES]
    problems = [
        _refused(file, "is a symlink or another repository, whose content nobody sees here")
        for file in files
        if file.mode not in PLAIN_MODES
    ]
    described: dict[str, dict[str, Any]] = {}
    for file in plain:
        if file.name in OWN_NAMES:
            try:
                described[file.name] = _mapping(file.read(), file.name)
            except YamlFault as fault:
                problems.append(
                    Problem(
                        "not_committable",
                        f"is no {file.name}: {fault}",
                        "commit it once it can be read as one",
                        file=file.path,
                    )
                )
    manifest = described.get(MANIFEST_NAME)
    is_synthetic = manifest is not None and manifest.get("is_synthetic") is True
    others = [file for file in plain if file.name not in OWN_NAMES]
    if is_synthetic and earlier is not None and _says_real(earlier):
        where = f"{files[0].wave_folder}/{MANIFEST_NAME}"
        problems.append(
            Problem(
                "became_synthetic",
                "says is_synthetic: true, and the last commit says that it is not: real answers do not become "
                "nobody's",
                "set it back to false; a synthetic delivery gets a wave of its own",
                file=where,
            )
        )
        is_synthetic = False
    for file in others:
        if manifest is None:
            said = "its folder has no manifest that says what it is"
        elif not is_synthetic:
            said = "the manifest does not say is_synthetic: true, so it may hold answers of real persons"
        elif file.name not in _named(manifest):
            said = "the manifest does not name it"
        else:
            said = _differs(file, described.get(LOCK_NAME))
        if said:
            problems.append(_refused(file, said))
    return problems


def _differs(file: CommittedFile, lock: dict[str, Any] | None) -> str:
    """A synthetic file is committed as it was locked: another one under its name is not what was declared."""
    files = (lock or {}).get("files")
    locked = files.get(file.name) if isinstance(files, dict) else None
    if not isinstance(locked, dict):
        return f"{LOCK_NAME} does not hold it"
    if locked.get("sha256") != hashlib.sha256(file.read()).hexdigest():
        return f"it is another file than {LOCK_NAME} says"
    return ""


def _named(manifest: Mapping[str, Any]) -> set[str]:
    named: set[str] = set()
    files = manifest.get("files")
    for entry in files if isinstance(files, list) else ():
        if isinstance(entry, dict):
            named |= {entry[field] for field in ("path", "codebook") if isinstance(entry.get(field), str)}
    return named


def _says_real(manifest: bytes) -> bool:
    try:
        return _mapping(manifest, MANIFEST_NAME).get("is_synthetic") is not True
    except YamlFault:
        return False


def _mapping(data: bytes, name: str) -> dict[str, Any]:
    if len(data) > MOST_BYTES:
        raise YamlFault(f"larger than {MOST_BYTES} bytes")
    try:
        document = parse_yaml(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise YamlFault("not UTF-8 text") from None
    if document.duplicate_keys:
        raise YamlFault(f"{document.duplicate_keys[0][0]} stands twice")
    if name == CORRECTIONS_NAME and isinstance(document.data, list):
        return {"corrections": document.data}
    if not isinstance(document.data, dict):
        raise YamlFault("not a list of `field: value` lines")
    return document.data


def _refused(file: CommittedFile, said: str) -> Problem:
    return Problem(
        "not_committable",
        f"must not be committed: {said}",
        f"take it out of the commit with `git rm --cached -- {file.path}`; only manifests, locks, "
        f"{CORRECTIONS_NAME} and files that a synthetic delivery names and locks are committed",
        file=file.path,
    )
