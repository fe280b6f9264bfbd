"""Writing the sample deliveries: answers drawn per wave and instrument, files written per contractor."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from orchestration.sample_data import layout, manifest, parameters
from orchestration.sample_data.answers import AnswerMaker
from orchestration.sample_data.encoding import FileTable, encode_file, swap_yes_and_no
from orchestration.sample_data.further_items import add_further_items
from orchestration.sample_data.layout import Variable
from orchestration.sample_data.plain_files import write_delimited, write_workbook
from orchestration.sample_data.questions import Item, asked_items
from orchestration.sample_data.respondents import Respondents, draw_organisations, draw_people
from orchestration.sample_data.spss_files import write_spss
from orchestration.sample_data.targets import TargetBook

SEED = 20261123
_TITLES = {
    "office_holders": "politieke ambtsdragers",
    "civil_servants": "ambtenaren",
    "organisations": "organisaties",
}


@dataclass(frozen=True)
class GeneratedFile:
    """One current file that was written, with the layout that the crosswalk can be proposed from."""

    wave_id: str
    instrument_id: str
    file_id: str
    path: Path
    rows: int
    columns: int
    variables: list[Variable] = field(repr=False)
    items: list[Item] = field(repr=False)


def wave_ids() -> list[str]:
    """Waves that the generator can write, in order of time."""
    return list(parameters.read_yaml("deliveries")["waves"])


def generate(
    raw_root: Path,
    registry_root: Path,
    waves: list[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[GeneratedFile]:
    """Write the deliveries of ``waves`` (all when left out) under ``raw_root/<programme>/<wave_id>/``.

    Files, codebooks, ``delivery.yml`` and ``corrections.yml``; the lock is written by ``peilstok lock``.
    Equal registry, equal bytes. ``progress`` is told each file. Raises ``ValueError`` for a wave that the
    generator does not know.
    """
    unknown = sorted(set(waves or []) - set(wave_ids()))
    if unknown:
        raise ValueError(f"no sample for {', '.join(unknown)}; there are samples for {', '.join(wave_ids())}")
    book = TargetBook(registry_root)
    written: list[GeneratedFile] = []
    for wave_id in waves or wave_ids():
        written += _write_wave(raw_root, book, wave_id, progress or (lambda _: None))
    return written


def draw_respondents(
    book: TargetBook, wave_id: str, instrument_id: str, weighting: dict
) -> tuple[Respondents, list[Item]]:
    """All respondents of a wave and instrument with their answers, and the items that they were asked."""
    year = book.years[wave_id]
    rng = _generator(wave_id, instrument_id)
    counts = book.response_counts(wave_id, instrument_id)
    if instrument_id == "organisations":
        people = draw_organisations(wave_id, year, counts, rng)
    else:
        people = draw_people(wave_id, instrument_id, year, weighting, counts, rng)
    items = asked_items(wave_id, instrument_id, book.wave_themes[wave_id])
    maker = AnswerMaker(
        people,
        {item.key: item for item in items},
        parameters.levels(wave_id, instrument_id),
        book.published(wave_id, instrument_id),
        book,
        wave_id,
        year,
        rng,
    )
    maker.run()
    add_further_items(people, items, maker.drop_out, rng)
    return people, items


def _write_wave(
    raw_root: Path, book: TargetBook, wave_id: str, progress: Callable[[str], None]
) -> list[GeneratedFile]:
    wave = parameters.read_yaml("deliveries")["waves"][wave_id]
    folder = raw_root / book.programmes[wave_id] / wave_id
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, tuple[Respondents, list[Item]]] = {}
    entries: list[dict] = []
    written: list[GeneratedFile] = []
    for spec in wave["files"]:
        instrument_id = spec["instrument"]
        if instrument_id not in drawn:
            drawn[instrument_id] = draw_respondents(book, wave_id, instrument_id, spec.get("weighting", {}))
        people, items = drawn[instrument_id]
        table, kept = _file_table(spec, people, items, wave_id, book.years[wave_id])
        invited = manifest.invited_numbers(wave_id, spec, book)
        old = spec.get("superseded")
        if old:
            faulty = swap_yes_and_no(table, old["swapped_concept"])
            _write_file(folder / old["path"], spec, faulty, wave_id, old["created"])
            entries.append(
                manifest.file_entry(
                    spec,
                    table,
                    invited,
                    version=old["version"],
                    path=old["path"],
                    received_on=manifest.day(old["received_on"]),
                    note=old["note"],
                )
            )
        path = folder / spec["path"]
        _write_file(path, spec, table, wave_id, wave["created"])
        entries.append(manifest.file_entry(spec, table, invited))
        written.append(
            GeneratedFile(
                wave_id,
                instrument_id,
                spec["file_id"],
                path,
                len(table.frame),
                len(table.frame.columns),
                [v for v in table.variables if v.key],
                kept,
            )
        )
        progress(f"{wave_id}: {spec['path']}, {len(table.frame)} rows, {len(table.frame.columns)} variables")
    text = manifest.manifest_text(wave_id, book.programmes[wave_id], wave, entries)
    (folder / "delivery.yml").write_text(text, encoding="utf-8", newline="\n")
    if "corrections" in wave:
        text = manifest.corrections_text(wave["corrections"])
        (folder / "corrections.yml").write_text(text, encoding="utf-8", newline="\n")
    return written


def _file_table(
    spec: dict, people: Respondents, items: list[Item], wave_id: str, year: int
) -> tuple[FileTable, list[Item]]:
    """The columns of one file; an item that nobody in the file could answer is left out."""
    rows = _rows_of(spec, people)
    kept = [item for item in items if not np.all(people.answers[item.key][rows] == "@not_applicable")]
    variables = layout.build_variables(kept, spec["house"], year)
    if "layers" in spec:
        variables = layout.restrict_roles(variables, set(people.answers["role"][rows]))
    rng = _generator(wave_id, spec["file_id"], "encoding")
    return encode_file(spec, people, rows, variables, _strata(wave_id, spec), year, rng), kept


def _rows_of(spec: dict, people: Respondents) -> np.ndarray:
    mask = np.ones(len(people), dtype=bool)
    if "layers" in spec:
        mask &= np.isin(people.answers["layer"], spec["layers"])
    if "organisation_types" in spec:
        mask &= np.isin(people.answers["organisation_type"], spec["organisation_types"])
    return np.flatnonzero(mask)


def _strata(wave_id: str, spec: dict) -> dict[int, str]:
    labels = {}
    for number, row in enumerate(parameters.frame(wave_id, spec["instrument"]), start=1):
        if manifest.belongs(row, spec):
            parts = [row["layer"], row["role"], row["organisation_type"]]
            labels[number] = " ".join(part.replace("_", " ") for part in parts if part)
    return labels


def _write_file(path: Path, spec: dict, table: FileTable, wave_id: str, created: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    when = dt.datetime.fromisoformat(created)
    title = f"SYNTHETISCH / fictief - {wave_id} {_TITLES[spec['instrument']]}"
    if spec["format"] == "csv":
        codebook = path.parent / Path(manifest.codebook_path(spec["path"])).name
        write_delimited(table, path, codebook, spec["encoding"])
    elif spec["format"] == "xlsx":
        write_workbook(table, path, title, when)
    else:
        write_spss(table, path, title, when, spec["format"] == "zsav")


def _generator(*words: str) -> np.random.Generator:
    """A stream of its own for each wave and purpose, the same on every machine."""
    digest = hashlib.sha256(" ".join(words).encode()).digest()
    return np.random.default_rng([SEED, int.from_bytes(digest[:8], "big")])
