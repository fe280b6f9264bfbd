"""A study in miniature for tests: a registry of its own, a raw folder, and deliveries small enough to spoil.

Two waves of a programme ``mini``, one .sav of 120 office holders each, written with pyreadstat. Everything is
a plain file, so a test spoils what it is about and runs the real code on it::

    study = build_mini_study(tmp_path)
    study.write_answers("mini_2020", weight=-1.0)      # another column in place of the delivered one
    study.lock("mini_2020")
    land_all(study.settings)

Answers are arithmetic on the row number: no seed, and a test can say what an estimate must be.
"""

from __future__ import annotations

import copy
import datetime as dt
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
import yaml
from mini_registry import QUESTIONS, WAVES, write_registry, write_table

from orchestration.deliveries import Manifest, load_manifest, write_lock
from orchestration.registry import Registry, load_registry
from orchestration.registry.load import Row
from orchestration.settings import Settings, load_settings

ROWS = 120
FILE_ID = "ambtsdragers"
FILE_NAME = "ambtsdragers.sav"
FIXED_TIME = dt.datetime(2022, 1, 1, tzinfo=dt.UTC).timestamp()

VARIABLE_LABELS = {
    **QUESTIONS,
    "RESPNR": "Respondentnummer",
    "WEEG": "Weegfactor",
    "STRATUM": "Stratum",
    "MAIL": "E-mailadres",
    "OPM": "Opmerkingen",
}
YES_NO = {1.0: "Ja", 2.0: "Nee", 9.0: "Weet niet"}
VALUE_LABELS: dict[str, dict[float, str]] = {
    "FUNCTIE": {1.0: "Raadslid", 2.0: "Wethouder"},
    "SEXE": {1.0: "Man", 2.0: "Vrouw"},
    "LEEFTIJD": {999.0: "Onbekend"},
    "V1": YES_NO,
    "V2": YES_NO,
    "V3": YES_NO,
    "N1": {99.0: "Weet niet"},
    # This contractor runs the scale the other way: 1 is full agreement.
    "S1": {
        1.0: "Helemaal mee eens",
        2.0: "Mee eens",
        3.0: "Neutraal",
        4.0: "Mee oneens",
        5.0: "Helemaal mee oneens",
    },
    "STRATUM": {1.0: "Noord", 2.0: "Zuid"},
}
MISSING = {"LEEFTIJD": [999.0], "V1": [9.0], "V2": [9.0], "V3": [9.0], "N1": [99.0]}


@dataclass
class MiniStudy:
    """Where the study is, and ways to spoil it. Nothing is locked again unless ``lock`` is called."""

    root: Path
    settings: Settings
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)

    def folder(self, wave_id: str) -> Path:
        """The delivery folder of a wave."""
        return self.settings.raw / "mini" / wave_id

    def file(self, wave_id: str, name: str = FILE_NAME) -> Path:
        """A delivered file of a wave."""
        return self.folder(wave_id) / name

    def registry(self) -> Registry:
        return load_registry(self.settings.registry)

    def manifest(self, wave_id: str) -> Manifest:
        return load_manifest(self.folder(wave_id), self.registry())

    def landed(self, wave_id: str, file_id: str = FILE_ID) -> Path:
        """The folder of a landed file."""
        return self.settings.landing / wave_id / file_id

    def write_manifest(self, wave_id: str, file: Mapping[str, Any] | None = None, **head: Any) -> None:
        """Write ``delivery.yml`` anew with other values for fields of the head and of the first file."""
        manifest = self.manifests[wave_id]
        manifest.update(head)
        manifest["files"][0].update(file or {})
        text = yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True)
        (self.folder(wave_id) / "delivery.yml").write_text(text, encoding="utf-8")

    def write_answers(
        self,
        wave_id: str,
        name: str = FILE_NAME,
        labels: Mapping[str, Any] | None = None,
        drop: tuple[str, ...] = (),
        compress: bool = False,
        **columns: Any,
    ) -> None:
        """Write the delivered file anew: other ``columns`` (a scalar or a list), other value ``labels`` by
        variable, columns to ``drop``."""
        frame = answers().assign(**columns).drop(columns=list(drop))
        value_labels = {
            key: value for key, value in {**VALUE_LABELS, **(labels or {})}.items() if key in frame
        }
        path = self.file(wave_id, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        pyreadstat.write_sav(
            frame,
            str(path),
            file_label="Synthetisch: geen antwoord is van een echt persoon",
            column_labels=[VARIABLE_LABELS.get(column, column) for column in frame.columns],
            variable_value_labels=value_labels,
            missing_ranges={
                key: value for key, value in MISSING.items() if key in frame and frame[key].dtype == "float64"
            },
            compress=compress,
        )
        _fix_creation_time(path)

    def lock(self, wave_id: str) -> None:
        """Lock what lies there now, whatever was locked before."""
        write_lock(self.manifest(wave_id), accept_changes=True)

    def redeliver(self, wave_id: str, path: str = "v2/ambtsdragers.sav", **columns: Any) -> None:
        """Add version 2 of the file, as a supplier's correction; the first version stays where it is."""
        self.write_answers(wave_id, path, **columns)
        files = self.manifests[wave_id]["files"]
        files.append({**copy.deepcopy(files[0]), "version": 2, "path": path})
        self.write_manifest(wave_id, version=2)
        self.lock(wave_id)

    def edit_registry(self, table: str, change: Callable[[list[Row]], list[Row]]) -> None:
        """Write a table of the registry anew, in canonical form, with the rows that ``change`` returns."""
        rows = change([dict(row) for row in self.registry().table(table)])
        write_table(self.settings.registry, table, rows)

    def take_rounding_rules(self) -> None:
        """Those of the project: the columns of a release are the same for every study."""
        rounding = load_registry(load_settings({}).registry).table("rounding_rules")
        self.edit_registry("rounding_rules", lambda _: [dict(row) for row in rounding])


def build_mini_study(root: Path) -> MiniStudy:
    """Write registry, deliveries and locks below ``root``; the warehouse home is still empty."""
    settings = Settings(raw=root / "raw", registry=root / "registry", home=root / "warehouse")
    study = MiniStudy(root, settings)
    write_registry(settings.registry)
    for wave_id in WAVES:
        study.folder(wave_id).mkdir(parents=True)
        study.manifests[wave_id] = _manifest(wave_id)
        study.write_answers(wave_id)
        study.write_manifest(wave_id)
        study.lock(wave_id)
    return study


def enter(study: MiniStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the commands of this test work on the study."""
    for name in ("raw", "registry", "home"):
        monkeypatch.setenv(f"PEILSTOK_{name.upper()}", str(getattr(study.settings, name)))


def answers() -> pd.DataFrame:
    """120 rows: half councillors, a third verbally abused, a quarter threatened; two strata, two weights."""
    rows = range(ROWS)
    return pd.DataFrame(
        {
            "RESPNR": [float(1000 + row) for row in rows],
            "FUNCTIE": [1.0 if row % 2 else 2.0 for row in rows],
            "SEXE": [1.0 if row % 5 < 3 else 2.0 for row in rows],
            "LEEFTIJD": [999.0 if row == 7 else float(25 + row % 50) for row in rows],
            "V1": [9.0 if row == 11 else 1.0 if row % 3 == 0 else 2.0 for row in rows],
            "V2": [1.0 if row % 4 == 0 else 2.0 for row in rows],
            # Asked of victims only: system missing for everybody else.
            "V3": [(1.0 if row % 2 else 2.0) if row % 3 == 0 or row % 4 == 0 else None for row in rows],
            "N1": [99.0 if row == 13 else float(row % 4) for row in rows],
            "S1": [float(1 + row % 5) for row in rows],
            "WEEG": [0.5 if row % 2 else 1.5 for row in rows],
            "STRATUM": [1.0 if row < ROWS // 2 else 2.0 for row in rows],
            "MAIL": [f"persoon{row}@voorbeeld.example" for row in rows],
            "OPM": ["" if row % 10 else "geen" for row in rows],
        }
    )


def _manifest(wave_id: str) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "programme": "mini",
        "wave": wave_id,
        "version": 1,
        "received_on": dt.date(int(wave_id[-4:]), 6, 1),
        "supplier": "Bureau Voorbeeld",
        "is_synthetic": True,
        "notice": "Synthetisch: geen antwoord is van een echt persoon.",
        "licence": "CC0-1.0",
        "files": [
            {
                "file_id": FILE_ID,
                "version": 1,
                "path": FILE_NAME,
                "instrument": "office_holders",
                "format": "sav",
                "respondent_id": "RESPNR",
                "weight": "WEEG",
                "strata": ["STRATUM"],
                "identifiers": ["MAIL"],
                "free_text": ["OPM"],
                "response": [
                    {"population": "raadsleden", "invited": 100},
                    {"population": "wethouders", "invited": 90},
                ],
            }
        ],
    }


def _fix_creation_time(path: Path) -> None:
    """The header holds the moment of writing: two runs of a test would otherwise differ in bytes."""
    with path.open("r+b") as stream:
        stream.seek(92)
        stream.write(b"01 Jan 2200:00:00")
    os.utime(path, (FIXED_TIME, FIXED_TIME))
