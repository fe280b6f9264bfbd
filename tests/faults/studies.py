"""The studies whose deliveries are spoilt: the sample, LAPOP, and files of the zoo with a registry of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from delivery import Delivery, as_delivery

from orchestration.deliveries import find_deliveries, land_all, load_manifest, write_lock
from orchestration.deliveries.corrections import apply_corrections, corrections_of, read_corrections
from orchestration.deliveries.manifest import DeliveredFile, Manifest
from orchestration.deliveries.privacy import PseudonymKey, load_key
from orchestration.deliveries.readers import read_source
from orchestration.deliveries.register import landed_folders
from orchestration.deliveries.source_table import SourceTable
from orchestration.registry import TABLES, Registry, load_registry, validate_registry
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.drift.answers import FileAnswers, read_answers
from orchestration.registry.drift.findings import Rules
from orchestration.registry.drift.predecessors import Earlier
from orchestration.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
LAPOP = ROOT / "tests" / "conformance" / "lapop"
ZOO = {
    "zoo_2001": "cran+foreign/inst/files/electric.sav",
    "zoo_2002": "cran+foreign/tests/mval_bug.sav",
    "zoo_2003": "ideitegia+pspp/examples/physiology.sav",
    "zoo_2004": "ideitegia+pspp/examples/hotel.sav",
    "zoo_2005": "tidyverse+haven/inst/examples/iris.sav",
}


@dataclass
class Study:
    """A landed study: its files by (wave, file), and what each was read as."""

    name: str
    registry: Registry
    key: PseudonymKey
    answers: dict[tuple[str, str], FileAnswers]
    entries: dict[tuple[str, str], tuple[Manifest, DeliveredFile]]
    _sources: dict[tuple[str, str], SourceTable] = field(default_factory=dict)

    def earlier(self) -> Earlier:
        """The study's own files, to see what an earlier wave asked."""
        return Earlier(self.registry, list(self.answers.values()), Rules(self.registry))

    def delivery(self, wave_id: str, file_id: str) -> Delivery:
        """A fresh copy of a delivered file, to be changed."""
        manifest, entry = self.entries[wave_id, file_id]
        if (wave_id, file_id) not in self._sources:
            corrections = corrections_of(read_corrections(manifest), entry)
            received = read_source(manifest.folder, entry)
            self._sources[wave_id, file_id], _ = apply_corrections(manifest, entry, received, corrections)
        return as_delivery(manifest, entry, self.registry, self._sources[wave_id, file_id])


def sample(home: Path, *waves: str) -> Study:
    """The nine waves of the project, or only those named."""
    settings = load_settings({"PEILSTOK_HOME": str(home / "sample")})
    if waves:
        settings = replace(settings, raw=home / "sample_raw")
        for wave in waves:
            place = Path(wave.split("_")[0]) / wave
            shutil.copytree(ROOT / "raw" / place, settings.raw / place)
    return _landed("sample", settings)


def lapop(home: Path) -> Study:
    """Four waves of the AmericasBarometer in Brazil."""
    settings = Settings(raw=home / "lapop" / "raw", registry=LAPOP / "registry", home=home / "lapop" / "home")
    shutil.copytree(LAPOP / "raw", settings.raw)
    registry = load_registry(settings.registry)
    for folder in sorted((settings.raw / "lapop").iterdir()):
        year = folder.name[-4:]
        shutil.copyfile(SHARED / "reference" / "lapop" / f"cm23_{year}.sav", folder / f"cm23_{year}.sav")
        write_lock(load_manifest(folder, registry))
    return _landed("lapop", settings)


def zoo(home: Path) -> Study:
    """Files of the zoo, each a wave of its own, with a registry that their own labels make."""
    root = home / "zoo"
    settings = Settings(raw=root / "raw", registry=root / "registry", home=root / "home")
    for wave, path in ZOO.items():
        folder = settings.raw / "zoo" / wave
        folder.mkdir(parents=True)
        shutil.copyfile(SHARED / "zoo" / path, folder / "answers.sav")
        (folder / "delivery.yml").write_text(_manifest(wave), encoding="utf-8")
    _write(settings.registry, _skeleton())
    registry = load_registry(settings.registry)
    sources = {}
    for wave in ZOO:
        manifest = load_manifest(settings.raw / "zoo" / wave, registry)
        write_lock(manifest)
        sources[wave] = read_source(manifest.folder, manifest.current[0])
    _write(settings.registry, {**_skeleton(), **_described(sources)})
    assert not (problems := validate_registry(load_registry(settings.registry))), problems[:3]
    return _landed("zoo", settings)


def _landed(name: str, settings: Settings) -> Study:
    registry = load_registry(settings.registry)
    land_all(settings, registry=registry)
    files = [read_answers(registry, folder) for folder in landed_folders(settings.landing)]
    entries = {
        (manifest.wave, entry.file_id): (manifest, entry)
        for manifest in find_deliveries(settings.raw, registry)
        for entry in manifest.current
    }
    return Study(
        name,
        registry,
        load_key(settings.home),
        {(file.wave_id, file.file_id): file for file in files},
        entries,
    )


def _manifest(wave: str) -> str:
    return (
        f"schema_version: 1\nprogramme: zoo\nwave: {wave}\nversion: 1\nreceived_on: 2026-11-01\n"
        "supplier: a shelf of files\nis_synthetic: true\nnotice: files of others, for tests\nlicence: see their source\n"
        "files:\n- {file_id: answers, version: 1, path: answers.sav, instrument: survey, format: sav, respondent_id: null}\n"
    )


def _write(root: Path, rows: dict[str, list[dict[str, str]]]) -> None:
    for name, table in TABLES.items():
        full = [{column: row.get(column, "") for column in table.column_names} for row in rows.get(name, [])]
        full.sort(key=lambda row: tuple(row[column] for column in table.key))
        path = root / table.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(canonical_csv(table.column_names, (row.values() for row in full)), encoding="utf-8")


def _skeleton() -> dict[str, list[dict[str, str]]]:
    label = {"label_nl": "zoo", "label_en": "zoo"}
    ours = load_registry(load_settings({}).registry)
    return {
        "programmes": [
            {
                "programme_id": "zoo",
                **label,
                "cycle_years": "1",
                "group_name": "zoo",
                "refresh_cron": "0 6 * * 1",
                "refresh_timezone": "UTC",
                "sort_order": "1",
            }
        ],
        "waves": [
            {
                "wave_id": wave,
                "programme_id": "zoo",
                "year": wave[-4:],
                "maturity": "final",
                "contractor": "x",
            }
            for wave in ZOO
        ],
        "instruments": [{"instrument_id": "survey", **label, "unit_of_observation": "person"}],
        "wave_instruments": [
            {"wave_id": wave, "instrument_id": "survey", "status": "asked", "reason": ""} for wave in ZOO
        ],
        "missing_kinds": [
            {"missing_kind": kind, **label} for kind in TABLES["missing_kinds"].column("missing_kind").allowed
        ],
        "drift_rules": [dict(row) for row in ours.table("drift_rules")],
        "quality_flags": [dict(row) for row in ours.table("quality_flags")],
        "estimation_policies": [dict(row) for row in ours.table("estimation_policies")],
    }


def _described(sources: dict[str, SourceTable]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for wave, source in sources.items():
        for table, row in _rows_of(wave, source):
            found.setdefault(table, []).append(row)
    return found


def _rows_of(wave: str, source: SourceTable) -> Iterator[tuple[str, dict[str, str]]]:
    scope = {"wave_id": wave, "instrument_id": "survey", "status": "accepted", "reason": "as delivered"}
    yield "weight_totals", {**scope, "total": str(len(source.frame)), "tolerance": "0.001"}
    codes: dict[str, list] = {}
    for value in source.values:
        codes.setdefault(value.variable_name, []).append(value)
    for variable in source.variables:
        name = variable.variable_name
        row = {**scope, "source_variable": name, "source_label": variable.variable_label.strip()}
        known = codes.get(name, [])
        answered = {str(int(v)) if isinstance(v, float) else v for v in source.frame[name].dropna().unique()}
        if sum(not value.is_user_missing for value in known) < 2 or not answered <= {
            value.code for value in known
        }:
            yield "xw_left_out", row
            continue
        concept = f"{wave}_{name.lower()}"
        text = {"label_nl": concept, "label_en": concept}
        yield (
            "concepts",
            {
                "concept_id": concept,
                "type": "categorical",
                "codelist_id": concept,
                **text,
                "is_sensitive": "false",
            },
        )
        yield "xw_variables", {**row, "concept_id": concept, "verb": "recode", "comparability": "identical"}
        for order, value in enumerate(known, start=1):
            target = f"c{order}"
            cells = {**row, "source_code": value.code, "source_label": value.value_label.strip()}
            if value.is_user_missing:
                yield "xw_values", {**cells, "missing_kind": "not_stated"}
                continue
            yield "xw_values", {**cells, "code": target}
            yield (
                "codelists",
                {
                    "codelist_id": concept,
                    "code": target,
                    "label_nl": value.value_label.strip(),
                    "label_en": value.value_label.strip(),
                    "sort_order": str(order),
                },
            )
