"""From answers to the columns of a delivered file: codes, administrative variables, identifiers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.sample_data.layout import Code, Variable
from orchestration.sample_data.respondents import Respondents

_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_USUAL_MONTHS = [3, 4, 5]
EMAIL, ACCESS_CODE = "email", "toegangscode"


@dataclass(frozen=True)
class FileTable:
    """The content of one delivered file: ``frame`` in the order of ``variables``; NaN is system missing."""

    frame: pd.DataFrame
    variables: list[Variable]
    respondent_id: str
    weight: str
    stratum: str
    identifiers: list[str]
    free_text: list[str]


def encode_file(
    spec: dict,
    people: Respondents,
    rows: np.ndarray,
    variables: list[Variable],
    strata: dict[int, str],
    year: int,
    rng: np.random.Generator,
) -> FileTable:
    """Columns of one file for the respondents ``rows`` (positions), shuffled, with administrative
    variables."""
    order = rows[rng.permutation(len(rows))]
    columns: dict[str, object] = {}
    kept: list[Variable] = []

    def add(name: str, label: str, values: object, codes: tuple[Code, ...] = (), **more: object) -> None:
        is_text = bool(more.pop("is_text", False))
        columns[name] = values
        kept.append(Variable(name, label, "", "", is_text, codes, (), **more))

    is_upper = spec["id"][0].isupper()
    naming = (lambda text: text.upper()) if is_upper else (lambda text: text)
    add(
        spec["id"],
        "Nummer van de respondent",
        _respondent_ids(spec, order, year),
        is_text=spec["id_style"] == "text",
        width=12,
    )
    add(naming("meting"), "Jaar van de meting", np.full(len(order), float(year)))
    for variable in variables:
        columns[variable.name] = _column(variable, people, order, rng)
        kept.append(variable)
    add(
        naming("invuldatum"),
        "Datum van invullen (jjjjmmdd)",
        _dates(year, spec.get("months", _USUAL_MONTHS), len(order), rng),
        width=8,
    )
    add(naming("duur"), "Duur in minuten", np.rint(np.clip(rng.lognormal(2.6, 0.45, len(order)), 3, 120)))
    add(
        naming("herinnering"),
        "Aantal herinneringen",
        rng.choice(3, len(order), p=[0.55, 0.28, 0.17]).astype(float),
    )
    add(
        naming("apparaat"),
        "Apparaat",
        rng.choice([1, 2, 3], len(order), p=[0.6, 0.1, 0.3]).astype(float),
        (Code(1, "computer", None), Code(2, "tablet", None), Code(3, "telefoon", None)),
    )
    identifiers = [naming(EMAIL), naming(ACCESS_CODE)]
    add(identifiers[0], "E-mailadres (fictief)", _emails(spec, order), is_text=True, width=48)
    add(identifiers[1], "Toegangscode (fictief)", _access_codes(len(order), rng), is_text=True, width=10)
    codes = tuple(Code(number, label, None) for number, label in strata.items())
    add(spec["stratum"], "Stratum van de steekproef", people.stratum[order].astype(float), codes)
    if spec.get("weight"):
        add(spec["weight"], "Weegfactor", people.weight[order], measure="scale", decimals=4, width=10)
    free_text = [v.name for v in variables if v.scale == "free_text"]
    return FileTable(
        pd.DataFrame(columns),
        kept,
        spec["id"],
        spec.get("weight", ""),
        spec["stratum"],
        identifiers,
        free_text,
    )


def swap_yes_and_no(table: FileTable, concept: str) -> FileTable:
    """The same file with yes and no of one concept exchanged: an error of the supplier, corrected later."""
    variable = next(v for v in table.variables if v.key == concept)
    yes, no = (next(c.value for c in variable.codes if c.target == code) for code in ("ja", "nee"))
    frame = table.frame.copy()
    column = frame[variable.name]
    frame[variable.name] = column.map(lambda value: no if value == yes else yes if value == no else value)
    return FileTable(
        frame,
        table.variables,
        table.respondent_id,
        table.weight,
        table.stratum,
        table.identifiers,
        table.free_text,
    )


def _column(
    variable: Variable, people: Respondents, order: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    states = people.answers[variable.key][order]
    if variable.is_text:
        return np.array(["" if str(state).startswith("@") else state for state in states], dtype=object)
    if variable.key == "age_class" and not any(
        c.target and not c.target.startswith("@") for c in variable.codes
    ):
        states = np.where(states == "@refused", states, people.age_years[order].astype(str)).astype(object)
    values = np.full(len(order), np.nan)
    for state in pd.unique(states):
        choices = [code.value for code in variable.codes if code.target == state]
        members = states == state
        if choices:
            values[members] = rng.choice(choices, size=int(members.sum()))
        elif not str(state).startswith("@"):
            values[members] = float(state)
    if any(m.verb == "reverse" for m in variable.mappings):
        is_answer = ~np.isnan(values) & ~np.isin(values, variable.missing_values)
        values[is_answer] = 6 - values[is_answer]
    if variable.scale == "age" and len(variable.codes) > 4:
        values = _split_youngest(values, people.age_years[order], variable)
    return values


def _split_youngest(values: np.ndarray, age: np.ndarray, variable: Variable) -> np.ndarray:
    """A house with two youngest classes gets them from the age in years, not from chance."""
    youngest = [code.value for code in variable.codes if code.target == "tot_35"]
    if len(youngest) == 2:
        members = np.isin(values, youngest)
        values[members] = np.where(age[members] < 25, youngest[0], youngest[1])
    return values


def _respondent_ids(spec: dict, order: np.ndarray, year: int) -> np.ndarray:
    if spec["id_style"] == "number":
        return (100001 + order * 7 % 800011).astype(float)
    prefix = spec["file_id"][:2].upper()
    return np.array(
        [f"{prefix}{year % 100:02d}-{(10007 + int(n) * 13) % 900001:06d}" for n in order], dtype=object
    )


def _emails(spec: dict, order: np.ndarray) -> np.ndarray:
    mark = hashlib.sha256(spec["path"].encode()).hexdigest()[:4]
    return np.array([f"deelnemer{int(n) + 1}.{mark}@voorbeeld.example.invalid" for n in order], dtype=object)


def _access_codes(n: int, rng: np.random.Generator) -> np.ndarray:
    letters = rng.integers(0, len(_CODE_LETTERS), (n, 4))
    digits = rng.integers(1000, 9999, n)
    return np.array(
        ["".join(_CODE_LETTERS[k] for k in row) + str(d) for row, d in zip(letters, digits, strict=True)],
        dtype=object,
    )


def _dates(year: int, months: list[int], n: int, rng: np.random.Generator) -> np.ndarray:
    month = rng.choice(months, n)
    return (year * 10000 + month * 100 + rng.integers(1, 29, n)).astype(float)
