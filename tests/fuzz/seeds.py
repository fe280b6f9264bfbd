"""What the fuzz run mutates: small files of every format, freshly written, from the sample and from the zoo."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat

from orchestration.deliveries.confined_reading import read_source
from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.problems import DeliveryProblems
from orchestration.deliveries.source_table import SourceTable

ROOT = Path(__file__).resolve().parents[2]
ZOO = ROOT.parent / "shared" / "zoo"
LARGEST_SEED = 40_000
"""Bytes: a mutation of a large file mostly hits one more answer."""
ROWS, COLUMNS = 30, 24


@dataclass(frozen=True)
class Seed:
    """A file that is read without a problem, and what was read."""

    name: str
    format: str
    data: bytes
    table: SourceTable
    delimiter: str | None = None
    decimal: str | None = None

    def entry(self, path: str) -> DeliveredFile:
        return DeliveredFile(
            file_id="seed",
            version=1,
            path=path,
            instrument="office_holders",
            format=self.format,
            respondent_id=None,
            delimiter=self.delimiter,
            decimal=self.decimal,
        )


def make_seeds(folder: Path, pspp: str | None) -> list[Seed]:
    """Write the seeds below ``folder`` and read them; what our reader refuses unmutated is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds: list[Seed] = []
    for path, options in [*_fresh(folder, pspp), *_sample(folder), *_zoo()]:
        kind = path.suffix[1:]
        seed = Seed(path.name, kind, path.read_bytes(), None, **options)  # type: ignore[arg-type]
        if len(seed.data) > LARGEST_SEED:
            continue
        try:
            table = read_source(path.parent, seed.entry(path.name))
        except DeliveryProblems:
            continue
        seeds.append(Seed(path.name, kind, seed.data, table, **options))
    return seeds


def _frame() -> pd.DataFrame:
    rows = range(ROWS)
    return pd.DataFrame(
        {
            "NR": [float(row) for row in rows],
            "V1": [[1.0, 2.0, 9.0, None, 97.5][row % 5] for row in rows],
            "T1": [["a", "", "zz", "é", 'x;"y'][row % 5] for row in rows],
            "LANG": [("w" * 260)[row:] for row in rows],
            "GEWICHT": [0.5 + row / 7 for row in rows],
            "DATUM": [13_800_000_000.0 + 86_400 * row for row in rows],
        }
    )


def _fresh(folder: Path, pspp: str | None) -> Iterator[tuple[Path, dict]]:
    described = {
        "file_label": "Proef",
        "column_labels": ["Nummer", "Vraag één", "Tekst", "Lang", "Gewicht", "Datum"],
        "variable_value_labels": {"V1": {1: "Ja", 2: "Nee", 9: "Weet niet"}, "T1": {"a": "Eerste"}},
        "missing_ranges": {"V1": [9, {"lo": 97, "hi": 99}], "T1": ["zz"]},
        "variable_measure": {"V1": "nominal"},
        "variable_format": {"DATUM": "DATETIME20"},
    }
    for name, how in (
        ("plain.sav", {}),
        ("row.sav", {"row_compress": True}),
        ("block.zsav", {"compress": True}),
    ):
        pyreadstat.write_sav(_frame(), str(folder / name), **described, **how)
        yield folder / name, {}
    # PSPP drops what is not ASCII from a portable file, and could not judge one that has it.
    plain = _frame().drop(columns="LANG").replace({"T1": {"é": "e"}})
    pyreadstat.write_por(plain, str(folder / "plain.por"), file_label="Proef")
    yield folder / "plain.por", {}
    if pspp is not None:
        exported = folder / "exported.por"
        syntax = (
            f"GET FILE='{folder / 'plain.sav'}' /DROP=LANG.\nIF (T1 = 'é') T1 = 'e'.\nVARIABLE LABELS V1 'Vraag een'.\nMISSING VALUES V1 (9, 97 THRU 99).\n"
            f"EXPORT OUTFILE='{exported}'.\n"
        )
        subprocess.run(
            [pspp, "-O", "format=txt", "-o", "/dev/null", "-"],
            input=syntax,
            text=True,
            capture_output=True,
            check=False,
        )
        if exported.exists():
            yield exported, {}
    coded = (
        _frame().drop(columns="DATUM").assign(V1=[["a", 1.0, 2.0, None, "z"][row % 5] for row in range(ROWS)])
    )
    for version in (8, 10, 12, 13, 14, 15):
        pyreadstat.write_dta(
            coded.drop(columns="LANG") if version < 13 else coded,
            str(folder / f"stata{version}.dta"),
            version=version,
            file_label="Proef",
            variable_value_labels={"V1": {1: "Ja", 2: "Nee", "a": "Weet niet"}},
            missing_user_values={"V1": ["a", "z"]},
        )
        yield folder / f"stata{version}.dta", {}
    _frame().to_csv(folder / "komma.csv", index=False)
    yield folder / "komma.csv", {}
    _frame().to_csv(folder / "puntkomma.csv", index=False, sep=";", decimal=",")
    yield folder / "puntkomma.csv", {"delimiter": ";", "decimal": ","}
    _frame().to_excel(folder / "werkmap.xlsx", index=False)
    yield folder / "werkmap.xlsx", {}
    book = openpyxl.Workbook()
    for row in (
        ["Nr", "Som", "Datum", "Waar"],
        [1, "=1+1", pd.Timestamp("2020-01-01"), True],
        [2, "=cmd|x", None, False],
    ):
        book.active.append(row)
    book.save(folder / "formules.xlsx")
    yield folder / "formules.xlsx", {}


def _sample(folder: Path) -> Iterator[tuple[Path, dict]]:
    """The first rows and columns of delivered files, with their dictionaries."""
    for number, path in enumerate(sorted((ROOT / "raw").rglob("*.*sav"))[::4]):
        small = folder / f"sample{number}{path.suffix}"
        frame, meta = pyreadstat.read_sav(
            str(path), row_limit=ROWS, user_missing=True, disable_datetime_conversion=True
        )
        names = list(frame.columns[:COLUMNS])
        pyreadstat.write_sav(
            frame[names],
            str(small),
            column_labels=[meta.column_names_to_labels[name] or "" for name in names],
            variable_value_labels={
                name: v for name, v in meta.variable_value_labels.items() if name in names
            },
            missing_ranges={name: v for name, v in meta.missing_ranges.items() if name in names},
            row_compress=path.suffix == ".sav",
            compress=path.suffix == ".zsav",
        )
        yield small, {}
    for number, path in enumerate(sorted((ROOT / "raw").rglob("*.csv"))[::3]):
        text = path.read_text(encoding="utf-8", errors="replace")
        delimiter = max(";,\t", key=text.splitlines()[0].count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[: ROWS + 1]
        small = folder / f"sample{number}.csv"
        with small.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows(row[:COLUMNS] for row in rows)
        yield small, {"delimiter": delimiter, "decimal": "," if delimiter == ";" else "."}
    for number, path in enumerate(sorted((ROOT / "raw").rglob("*.xlsx"))[:2]):
        source = openpyxl.load_workbook(path, read_only=True)
        book = openpyxl.Workbook()
        for row in source.worksheets[0].iter_rows(max_row=ROWS + 1, max_col=COLUMNS, values_only=True):
            book.active.append(row)
        small = folder / f"sample{number}.xlsx"
        book.save(small)
        yield small, {}


def _zoo() -> Iterator[tuple[Path, dict]]:
    for suffix in ("sav", "zsav", "por", "dta"):
        for path in sorted(ZOO.rglob(f"*.{suffix}")) if ZOO.is_dir() else ():
            yield path, {}
