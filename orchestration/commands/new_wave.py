"""``peilstok new-wave``: files that came in become a delivery and proposed rows, for a person to judge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.deliveries import Problem
    from orchestration.deliveries.incoming import IncomingFile
    from orchestration.deliveries.manifest import DeliveredFile, Manifest
    from orchestration.registry import Registry
    from orchestration.registry.proposals.evidence import Earlier, Variable
    from orchestration.registry.proposals.proposal import NewFile, NewWave, Proposal
    from orchestration.registry.proposals.rules import Rules
    from orchestration.registry.proposals.scores import Scorer


@dataclass(frozen=True)
class Draft:
    """All that the command would write, and what it has to say beside that."""

    proposal: Proposal
    manifest: str
    contents: dict[str, bytes]
    paths: list[Path]
    hashes: dict[Path, str]
    notices: list[Problem] = field(default_factory=list)


def new_wave(
    settings: Settings,
    console: Console,
    wave_id: str,
    files: Sequence[Path],
    like: str | None = None,
    instruments: Sequence[str] = (),
    dry_run: bool = False,
) -> int:
    """Read the files, propose, print, and unless ``dry_run`` write; returns the exit code.

    ``like``: the earlier wave to start from; ``instruments``: ``FILE=INSTRUMENT`` where the program should not
    guess. Nothing is written before everything is known to be right. Raises ``DeliveryProblems``.
    """
    from orchestration.commands.new_wave_report import print_draft, print_next
    from orchestration.commands.new_wave_writing import write
    from orchestration.deliveries.access_log import record_raw_reading

    record_raw_reading(settings.home, "new-wave", [wave_id])
    draft = make_draft(settings, wave_id, files, like, instruments)
    print_draft(console, settings, draft)
    if not dry_run:
        write(settings, draft)
    print_next(console, settings, draft, dry_run)
    return 0


def make_draft(
    settings: Settings,
    wave_id: str,
    files: Sequence[Path],
    like: str | None = None,
    instruments: Sequence[str] = (),
) -> Draft:
    """Everything that ``new_wave`` would write. Raises ``DeliveryProblems`` with all that forbids it."""
    from orchestration.deliveries.incoming import read_incoming
    from orchestration.deliveries.lock import sha256_of
    from orchestration.deliveries.manifest_draft import draft_manifest
    from orchestration.deliveries.problems import raise_when_any
    from orchestration.deliveries.receiving import check_receivable
    from orchestration.registry import load_registry, validate_registry
    from orchestration.registry.proposals.proposal import propose
    from orchestration.registry.proposals.rules import rules_of
    from orchestration.registry.proposals.scores import Scorer
    from orchestration.registry.proposals.tables import with_rows

    registry = load_registry(settings.registry)
    raise_when_any(validate_registry(registry))
    rules = rules_of(registry)
    wave = _wave(registry, wave_id, like)
    folder = settings.raw / wave.programme_id / wave_id
    read = read_incoming(files)
    paths = [path for file in read for path in file.paths]
    hashes = {path: sha256_of(path) for path in paths}
    codebooks = [file.codebook for file in read if file.codebook]
    raise_when_any(check_receivable(settings.raw, folder, paths, codebooks))
    described, notices = _described(registry, read, wave_id)
    manifest, before, evidence = _evidence(settings, registry, wave)
    scorer = Scorer(registry, rules, evidence, [v for variables in described.values() for v in variables])
    new = _new_files(registry, rules, scorer, wave, read, described, instruments)
    proposal = propose(registry, rules, wave, new, evidence, scorer, before)
    entries = [
        {"file_id": file.file_id, "version": 1, "instrument": file.instrument_id}
        | incoming.description
        | file.roles.fields
        for file, incoming in zip(proposal.files, read, strict=True)
    ]
    text = draft_manifest(wave.programme_id, wave_id, entries, manifest)
    return Draft(proposal, text, with_rows(registry, proposal.tables), paths, hashes, notices)


def _problem(kind: str, message: str, remedy: str, exit_code: int = 2, **place: str) -> Exception:
    from orchestration.deliveries import DeliveryProblems, Problem

    return DeliveryProblems([Problem(kind, message, remedy, exit_code, **place)])


def _wave(registry: Registry, wave_id: str, like: str | None) -> NewWave:
    from orchestration.deliveries.problems import closest
    from orchestration.registry.crosswalk_tables import UNFED
    from orchestration.registry.proposals.proposal import NewWave

    programmes = registry.programmes
    programme, _, year = wave_id.rpartition("_")
    if not re.fullmatch(r"[12][0-9]{3}", year) or not programme:
        raise _problem(
            "wave_name",
            "is not the name of a wave",
            f"call it <programme>_<year>, with one of {', '.join(sorted(programmes))}",
            wave_id=wave_id,
        )
    if programme not in programmes:
        raise _problem(
            "unknown_programme",
            f"the registry knows no programme '{programme}'{closest(programme, programmes)}",
            f"use one of {', '.join(sorted(programmes))}, or add it to registry/programmes.csv",
            wave_id=wave_id,
        )
    if wave_id in registry.waves:
        raise _problem(
            "wave_exists",
            "the registry has this wave already",
            "what came later is a higher version of its file, in delivery.yml; to start anew, remove every row "
            "that is proposed for it",
            1,
            wave_id=wave_id,
            file="registry/waves.csv",
        )
    known = {row["wave_id"] for row in registry.accepted().table("xw_variables") if row["verb"] not in UNFED}
    if like is not None and like not in known:
        raise _problem(
            "unknown_wave",
            f"'{like}' has no accepted rows in crosswalk/xw_variables.csv{closest(like, known)}",
            f"let --like name one of {', '.join(sorted(known)) or 'the waves, once one is mapped'}",
            wave_id=wave_id,
        )
    if not known:
        raise _problem(
            "no_earlier_wave",
            "no earlier wave is mapped, so there is nothing to learn from",
            "add the first wave by hand (docs/guides/add-a-wave.md)",
            wave_id=wave_id,
        )
    chosen = like or max(known, key=lambda name: _nearness(registry, name, programme, int(year)))
    return NewWave(wave_id, programme, int(year), chosen)


def _nearness(registry: Registry, name: str, programme: str, year: int) -> tuple[bool, bool, int, str]:
    """Of the same programme first, then what came before, then the nearest year."""
    wave = registry.waves[name]
    return wave.programme_id == programme, wave.year < year, -abs(wave.year - year), name


def _described(
    registry: Registry, read: Sequence[IncomingFile], wave_id: str
) -> tuple[dict[Path, tuple[Variable, ...]], list[Problem]]:
    """The variables of each file, without texts of the codebook that seem to be about somebody; these are told."""
    from orchestration.deliveries.privacy_rules import privacy_rules
    from orchestration.registry.proposals.evidence import described
    from orchestration.registry.proposals.personal import without_personal_data

    rules = privacy_rules(registry)

    variables: dict[Path, tuple[Variable, ...]] = {}
    notices: list[Problem] = []
    for file in read:
        variables[file.path], found = without_personal_data(
            described(file.table), rules, file.path.name, wave_id
        )
        notices += found
    return variables, notices


def _evidence(
    settings: Settings, registry: Registry, wave: NewWave
) -> tuple[Manifest | None, dict[str, DeliveredFile], list[Earlier]]:
    """The earlier wave's manifest and files, and the evidence; without its files, the registry has to do."""
    from orchestration.commands.choice import wave_folders
    from orchestration.deliveries import DeliveryProblems, load_manifest
    from orchestration.deliveries.confined_reading import read_source
    from orchestration.registry.proposals.evidence import described, from_registry, with_codebooks

    evidence = from_registry(registry, wave.wave_id)
    folder = wave_folders(settings.raw).get(wave.like)
    if folder is None:
        return None, {}, evidence
    try:
        manifest = load_manifest(folder, registry)
        files = [(entry, described(read_source(manifest.folder, entry))) for entry in manifest.current]
    except DeliveryProblems:
        return None, {}, evidence
    before = {entry.instrument: entry for entry in reversed(manifest.current)}
    return manifest, before, with_codebooks(evidence, wave.like, files)


def _new_files(
    registry: Registry,
    rules: Rules,
    scorer: Scorer,
    wave: NewWave,
    read: Sequence[IncomingFile],
    described: Mapping[Path, tuple[Variable, ...]],
    said: Sequence[str],
) -> list[NewFile]:
    from orchestration.registry.proposals.columns import columns_of
    from orchestration.registry.proposals.instruments import divided, file_ids, fits
    from orchestration.registry.proposals.proposal import NewFile

    told = _told_instruments(registry, read, said)
    ranked = {
        file.path: {told[file.path.name]: 1.0}
        if file.path.name in told
        else fits(scorer, rules, described[file.path])
        for file in read
    }
    chosen = divided(ranked, rules)
    for file in read:
        if not chosen[file.path]:
            raise _problem(
                "unknown_instrument",
                "is like the file of no instrument that earlier waves had",
                f"say which: --instrument '{file.path.name}=…', one of {', '.join(sorted(registry.instruments))}",
                1,
                wave_id=wave.wave_id,
                file=file.path.name,
            )
        rivals = [
            name
            for name, fit in ranked[file.path].items()
            if fit >= rules.instrument_near * ranked[file.path][chosen[file.path]]
            and name not in chosen.values()
        ]
        if rivals:
            raise _problem(
                "which_instrument",
                f"fits {chosen[file.path]} and {', '.join(rivals)} about as well, and no other file is of that",
                f"say which: --instrument '{file.path.name}=…'",
                1,
                wave_id=wave.wave_id,
                file=file.path.name,
            )
    _refuse_twins(wave, chosen, told)
    ids = file_ids({path.name: instrument for path, instrument in chosen.items()})
    return [
        NewFile(
            ids[file.path.name],
            chosen[file.path],
            file.path.name,
            described[file.path],
            columns_of(file.table),
        )
        for file in read
    ]


def _told_instruments(
    registry: Registry, read: Sequence[IncomingFile], said: Sequence[str]
) -> dict[str, Any]:
    from orchestration.deliveries.problems import closest

    names = {file.path.name for file in read}
    told: dict[str, str] = {}
    for text in said:
        name, _, instrument = text.rpartition("=")
        name = Path(name).name
        if name not in names or instrument not in registry.instruments:
            wrong = f"file '{name}'" if name not in names else f"instrument '{instrument}'"
            known = names if name not in names else registry.instruments
            raise _problem(
                "wrong_instrument_option",
                f"--instrument names the {wrong}, which is not there{closest(name or instrument, known)}",
                f"write FILE=INSTRUMENT; it can be {', '.join(sorted(known))}",
            )
        told[name] = instrument
    return told


def _refuse_twins(wave: NewWave, chosen: Mapping[Path, str], told: Mapping[str, str]) -> None:
    """Two files of one instrument may be parts of it, or two versions of one file: a person has to say."""
    for instrument in sorted(set(chosen.values())):
        paths = [path for path, name in chosen.items() if name == instrument]
        guessed = [path for path in paths if path.name not in told]
        if len(paths) > 1 and guessed:
            options = " ".join(f"--instrument '{path.name}={instrument}'" for path in paths)
            raise _problem(
                "two_files_of_one_instrument",
                f"{' and '.join(path.name for path in paths)} both look like {instrument}",
                f"when they are parts of it, say so: {options}; otherwise leave one out",
                1,
                wave_id=wave.wave_id,
                file=guessed[0].name,
            )
