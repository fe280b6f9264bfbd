"""Landing: a delivery as Parquet with its codebook, without identifiers, one pseudonym per respondent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.deliveries.access_log import record_access
from orchestration.deliveries.confined_reading import ReadingLimits, read_source
from orchestration.deliveries.corrections import apply_corrections, under_corrected_names
from orchestration.deliveries.delivery_tables import delivery_tables
from orchestration.deliveries.design_checks import (
    check_cells,
    check_declared_variables,
    check_design,
    check_finite,
    check_weight,
    panel_members,
    respondent_ids,
)
from orchestration.deliveries.landed_folder import drop_vanished_files, landed_as, replace_folder
from orchestration.deliveries.landed_history import delivery_history, history_tables
from orchestration.deliveries.lock import Lock, read_lock, size_and_hash, verify_lock
from orchestration.deliveries.manifest import DeliveredFile, Manifest
from orchestration.deliveries.manifest_reading import find_deliveries, scan_deliveries
from orchestration.deliveries.panel_check import members_in_two_files
from orchestration.deliveries.placing import placed
from orchestration.deliveries.privacy import PseudonymKey, load_key
from orchestration.deliveries.privacy_check import (
    exceptions_without_file,
    personal_data_in_codebook,
    personal_data_problems,
    published_text_problems,
)
from orchestration.deliveries.privacy_rules import PrivacyRules, privacy_rules, rules_of_folder
from orchestration.deliveries.problems import (
    WRONG_USE_OR_UNREADABLE,
    DeliveryProblems,
    Problem,
    closest,
    raise_when_any,
)
from orchestration.deliveries.readers import READER_VERSION
from orchestration.deliveries.source_table import NO_TEXTS, SourceTable, TextCounts
from orchestration.settings import load_settings

if TYPE_CHECKING:
    from orchestration.registry.load import Registry
    from orchestration.settings import Settings

LANDING_VERSION = 7
"""Bump when the same file would land differently, so that everything is landed anew."""

Progress = Callable[[str, str, int, int], None]
"""Called before each file with its wave_id, file_id, place among the files (from 1) and their number."""


@dataclass(frozen=True)
class LandedFile:
    """One file in landing; ``is_new`` is false when it stood there already, from the very same input."""

    wave_id: str
    programme_id: str
    instrument_id: str
    file_id: str
    folder: Path
    landing_hash: str
    is_new: bool
    n_rows: int
    n_columns: int
    """Columns of the delivered file; landing may hold fewer."""
    path: str
    """Of the delivered file, below its delivery's folder."""
    text_counts: TextCounts = NO_TEXTS
    notes: tuple[str, ...] = ()
    """What a person wants to be told of a file that landed anew: corrections, a redelivery that is the same."""


def land_all(
    settings: Settings,
    waves: Iterable[str] | None = None,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> list[LandedFile]:
    """Land every delivery, or those of the named waves, and drop from landing the files that they hold no more.

    Every wave is looked at before the first problem is raised, so that one run shows all of them. Raises
    ``DeliveryProblems``; files without a problem have landed by then.
    """
    registry = registry or _registry(settings)
    manifests = _chosen(settings, registry, waves)
    key = load_key(settings.home)
    rules = privacy_rules(registry)
    record_access(settings.home, "land", [manifest.wave for manifest in manifests], ("raw",))
    limits = ReadingLimits.from_rows(registry.table("reading_limits"))
    total = sum(len(manifest.current) for manifest in manifests)
    landed: list[LandedFile] = []
    problems: list[Problem] = []
    done = 0
    for manifest in manifests:
        try:
            raise_when_any(exceptions_without_file(manifest, rules))
            landed += _land_manifest(settings, manifest, key, rules, limits, progress, done, total)
        except DeliveryProblems as found:
            problems += found.problems
        done += len(manifest.current)
    raise_when_any(problems)
    return landed


def land_wave(
    settings: Settings, wave_id: str, progress: Progress | None = None, registry: Registry | None = None
) -> list[LandedFile]:
    """Land the delivery of one wave. Raises ``DeliveryProblems``, also when the wave has no delivery."""
    return land_all(settings, [wave_id], progress, registry)


def land_file(
    manifest: Manifest,
    entry: DeliveredFile,
    landing: Path,
    key: PseudonymKey,
    lock: Lock | None = None,
    rules: PrivacyRules | None = None,
    limits: ReadingLimits | None = None,
) -> LandedFile:
    """Land one file of a delivery below ``landing``, unless it stands there from the very same input.

    Raises ``DeliveryProblems`` when it cannot be read or must not land; what stood there before stays then.
    ``lock`` (read from the delivery when left out) is compared with the rows and columns that were read;
    ``rules`` say what is personal data (those of the registry in PEILSTOK_REGISTRY when left out);
    ``limits`` (the project's own when left out) are those of the process that reads.
    """
    rules = rules or rules_of_folder(load_settings().registry)
    hashes = _input_hashes(manifest, entry)
    lock = lock or read_lock(manifest)
    history = delivery_history(manifest, entry, lock)
    landing_hash = _landing_hash(manifest, entry, {**hashes, "history": history.fingerprint}, key, rules)
    folder = landing / manifest.wave / entry.file_id
    known = landed_as(folder)
    if known is not None and known["landing_hash"] == landing_hash:
        return _outcome(
            manifest,
            entry,
            folder,
            landing_hash,
            (known["n_rows"], known["n_columns"]),
            _counts(known),
            False,
        )
    try:
        received = read_source(manifest.folder, entry, limits)
        if _input_hashes(manifest, entry) != hashes:
            raise DeliveryProblems([_changed(entry)])
        raise_when_any(
            published_text_problems(
                manifest,
                entry,
                [*history.corrections, *(one for *_, one in history.earlier_corrections)],
                rules,
            )
        )
        try:
            source, applied = apply_corrections(manifest, entry, received, history.corrections)
        except DeliveryProblems:
            # What a refused correction says quotes the codebook: personal data in it is told first, without it.
            raise_when_any(personal_data_in_codebook(received, entry, manifest.wave, rules))
            raise
        before = under_corrected_names(received, history.corrections)
        respondents, members = _checked_people(manifest, entry, source, before, lock, rules)
    except DeliveryProblems as found:
        raise DeliveryProblems(placed(problem, manifest, entry.path) for problem in found.problems) from None
    tables = delivery_tables(
        manifest,
        entry,
        source,
        key.pseudonyms(manifest.wave, entry.file_id, respondents),
        key.panel_pseudonyms(entry.panel, members),
        {**hashes, "corrections": history.corrections_sha256},
        landing_hash,
    )
    told, notes = history_tables(manifest, entry, history, applied, received, limits)
    replace_folder(landing, folder, {**tables, **told})
    return _outcome(
        manifest, entry, folder, landing_hash, source.frame.shape, source.text_counts, True, notes
    )


def _land_manifest(
    settings: Settings,
    manifest: Manifest,
    key: PseudonymKey,
    rules: PrivacyRules,
    limits: ReadingLimits,
    progress: Progress | None,
    done: int,
    total: int,
) -> list[LandedFile]:
    raise_when_any(verify_lock(manifest))
    lock = read_lock(manifest)
    landed: list[LandedFile] = []
    problems: list[Problem] = []
    for place, entry in enumerate(manifest.current, start=done + 1):
        if progress is not None:
            progress(manifest.wave, entry.file_id, place, total)
        try:
            landed.append(land_file(manifest, entry, settings.landing, key, lock, rules, limits))
        except DeliveryProblems as found:
            problems += found.problems
    raise_when_any(dict.fromkeys(problems))
    raise_when_any(members_in_two_files(manifest, settings.landing))
    drop_vanished_files(settings.landing / manifest.wave, {entry.file_id for entry in manifest.current})
    return landed


def _registry(settings: Settings) -> Registry:
    from orchestration.registry.load import load_registry

    return load_registry(settings.registry)


def _chosen(settings: Settings, registry: Registry, waves: Iterable[str] | None) -> list[Manifest]:
    if waves is None:
        return find_deliveries(settings.raw, registry)
    wanted = sorted(set(waves))
    manifests, problems = scan_deliveries(settings.raw, registry)
    delivered = {manifest.wave: manifest for manifest in manifests}
    # A broken manifest of another wave is no reason to refuse these.
    problems = [
        problem
        for problem in problems
        if problem.wave_id in wanted or problem.kind in ("no_raw_folder", "unreadable_folder")
    ]
    told = {problem.wave_id for problem in problems}
    for wave in wanted:
        if wave not in registry.waves:
            problems.append(
                Problem(
                    "unknown_wave",
                    f"the registry knows no wave '{wave}'{closest(wave, registry.waves)}",
                    f"it knows {', '.join(sorted(registry.waves))}",
                    WRONG_USE_OR_UNREADABLE,
                    wave_id=wave,
                )
            )
        elif wave not in delivered and wave not in told:
            programme = registry.waves[wave].programme_id
            problems.append(
                Problem(
                    "no_delivery",
                    "nothing was delivered for this wave",
                    f"put the files and delivery.yml in {settings.raw.name}/{programme}/{wave}",
                    WRONG_USE_OR_UNREADABLE,
                    wave_id=wave,
                )
            )
    raise_when_any(problems)
    return [delivered[wave] for wave in wanted]


def _input_hashes(manifest: Manifest, entry: DeliveredFile) -> dict[str, str | None]:
    try:
        codebook = size_and_hash(manifest.folder, entry.codebook_path)[1] if entry.codebook_path else None
        return {"file": size_and_hash(manifest.folder, entry.path)[1], "codebook": codebook}
    except DeliveryProblems as found:
        raise DeliveryProblems(placed(problem, manifest, entry.path) for problem in found.problems) from None


def _changed(entry: DeliveredFile) -> Problem:
    return Problem(
        "changed_while_reading",
        "is another file than it was before it was read",
        "wait until whoever writes into the raw folder is done, and compare the file with what was received",
        WRONG_USE_OR_UNREADABLE,
        file=entry.path,
    )


def _landing_hash(
    manifest: Manifest,
    entry: DeliveredFile,
    hashes: dict[str, str | None],
    key: PseudonymKey,
    rules: PrivacyRules,
) -> str:
    head = manifest.model_dump(mode="json", exclude={"files", "folder", "version"})
    # A twin is compared and never lands.
    body = entry.model_dump(mode="json", exclude={"twin"})
    parts = [LANDING_VERSION, READER_VERSION, head, body, hashes, key.fingerprint]
    parts.append(rules.fingerprint(manifest.wave, entry.file_id))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _checked_people(
    manifest: Manifest,
    entry: DeliveredFile,
    source: SourceTable,
    before: SourceTable,
    lock: Lock,
    rules: PrivacyRules,
) -> tuple[list[str], list[str | None]]:
    """Respondent id and panel id of each row, of a file that may land; ``before``: the file before corrections."""
    delivered = before.frame.shape
    raise_when_any(check_declared_variables(entry, source))
    respondents, problems = respondent_ids(entry, source)
    members, found = panel_members(entry, source)
    problems += found
    problems += check_weight(entry, source) + check_design(entry, source) + check_cells(entry, source)
    problems += check_finite(entry, source)
    locked = lock.files.get(entry.path)
    if locked is not None and (locked.rows, locked.columns) != delivered:
        problems.append(
            Problem(
                "wrong_shape",
                f"{delivered[0]} rows and {delivered[1]} columns can be read; the lock "
                f"says {locked.rows} and {locked.columns}",
                "the manifest reads the file in another way than when it "
                f"was locked: correct it, or run `peilstok lock {manifest.wave}`",
                file=entry.path,
            )
        )
    as_received = None if before is source else before
    problems += personal_data_problems(source, entry, manifest.wave, rules, as_received)
    raise_when_any(problems)
    return respondents, members


def _outcome(
    manifest: Manifest,
    entry: DeliveredFile,
    folder: Path,
    landing_hash: str,
    shape: tuple[int, int],
    counts: TextCounts,
    is_new: bool,
    notes: tuple[str, ...] = (),
) -> LandedFile:
    return LandedFile(
        manifest.wave,
        manifest.programme,
        entry.instrument,
        entry.file_id,
        folder,
        landing_hash,
        is_new,
        int(shape[0]),
        int(shape[1]),
        entry.path,
        counts,
        notes,
    )


def _counts(delivery: dict[str, Any]) -> TextCounts:
    return TextCounts(**{name: delivery[name] for name in vars(NO_TEXTS)})
