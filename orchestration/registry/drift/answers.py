"""A landed file as the concepts of the crosswalk see it: read once, held as small arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.deliveries.source_table import canonical_code
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.landed_codes import LandedCodes
from orchestration.registry.load import Registry, Row

UNANSWERED = -1


@dataclass(frozen=True)
class Column:
    """One delivered column: its distinct codes and, per row, the place of the row's code (-1: empty)."""

    codes: list[str]
    index: np.ndarray

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows per code, in the order of ``codes``."""
        return np.bincount(self.index[self.index >= 0], minlength=len(self.codes))


@dataclass(frozen=True)
class ConceptAnswers:
    """What the rows of a file say of one concept.

    ``index``: per row the place of its answer in ``codes``, -1 where there is none. ``numbers``: the answer as
    a number, NaN where there is none; only of a concept that is a number and has no code list.
    """

    concept_id: str
    variable: str
    codes: list[str]
    index: np.ndarray
    numbers: np.ndarray | None = None
    offered: frozenset[str] = frozenset()
    """Answers that respondents could give, given or not; empty where the file does not tell."""
    is_listed: bool = False
    """Whether crosswalk or file name the answers: not of a year that respondents wrote themselves."""

    @property
    def is_answered(self) -> np.ndarray:
        """Per row, whether it holds a valid answer."""
        return self.index != UNANSWERED if self.numbers is None else ~np.isnan(self.numbers)


@dataclass(frozen=True)
class FileAnswers:
    """A landed file: its codebook and delivery row (``landed``), its columns, and what they say of concepts."""

    registry: Registry
    landed: LandedCodes
    year: int
    columns: Mapping[str, Column]
    variables: Mapping[str, Mapping[str, Any]]
    invited: Mapping[str, int | None]
    mapped: list[tuple[int, Row]]
    """Accepted rows of ``xw_variables`` about this file that name a variable, with their place in the table."""
    values: Mapping[str, Mapping[str, tuple[int, Row]]]
    """Rows of ``xw_values`` about this file, by variable and code, with their place in the table."""
    buckets: list[Row] = field(default_factory=list)
    left_out: list[tuple[int, Row]] = field(default_factory=list)
    """Accepted rows of ``xw_left_out`` about this file, with their place in the table."""
    kept: dict[str, Any] = field(default_factory=dict, repr=False)
    """What was counted of each concept, for whoever compares several waves with this file."""

    @property
    def wave_id(self) -> str:
        return self.landed.scope[0]

    @property
    def instrument_id(self) -> str:
        return self.landed.scope[1]

    @property
    def file_id(self) -> str:
        return self.landed.file_id

    @property
    def n_rows(self) -> int:
        return int(self.landed.delivery["n_rows"])

    @property
    def weight_variable(self) -> str:
        return self.landed.delivery["weight_variable"] or ""

    @cached_property
    def weights(self) -> np.ndarray:
        """Delivered weight of each row; 1 where the file has none."""
        column = self.columns.get(self.weight_variable)
        if column is None:
            return np.ones(self.n_rows)
        numbers = np.array([*map(_number, column.codes), 0.0])
        return np.nan_to_num(numbers[column.index])

    @cached_property
    def design_effect(self) -> float:
        """Kish's factor by which unequal weights enlarge a variance."""
        total = self.weights.sum()
        return float(len(self.weights) * (self.weights**2).sum() / total**2) if total > 0 else 1.0

    @cached_property
    def concepts(self) -> dict[str, ConceptAnswers]:
        """Every mapped concept of the file by its id."""
        found = {}
        for _, row in self.mapped:
            column = self.columns.get(row["source_variable"])
            # Texts are people's own words: nothing is counted of them, and nothing of them can be told.
            is_text = self.registry.concepts[row["concept_id"]].type == "text"
            if column is not None and not is_text:
                found[row["concept_id"]] = self._answers(row, column)
        return found

    @cached_property
    def structure(self) -> frozenset[str]:
        """Concepts that tell populations apart (role, layer, …)."""
        return frozenset(row["concept_id"] for row in self.registry.table("population_rules"))

    @cached_property
    def cells(self) -> tuple[list[tuple[tuple[str, str], ...]], np.ndarray]:
        """Populations as the registry tells them apart (role, layer, …): the cells, and the place of each row's.

        A cell is pairs of concept and code; the code is empty for who did not say.
        """
        telling = sorted(self.structure)
        names: list[tuple[tuple[str, str], ...]] = [()]
        cells = np.zeros(self.n_rows, dtype=np.int64)
        for concept in telling:
            answers = self.concepts.get(concept)
            if answers is None or answers.numbers is not None:
                continue
            places = np.where(answers.index == UNANSWERED, len(answers.codes), answers.index)
            codes = [*answers.codes, ""]
            names = [(*name, (concept, code)) for name in names for code in codes]
            cells = cells * len(codes) + places
        return names, cells

    def _answers(self, row: Row, column: Column) -> ConceptAnswers:
        concept = self.registry.concepts[row["concept_id"]]
        said = [self._target(row, concept, code) for code in column.codes]
        if concept.type == "numeric":
            numbers = np.array([*map(_number, said), np.nan])
            values = numbers[column.index]
            return ConceptAnswers(row["concept_id"], row["source_variable"], [], column.index, values)
        codes = sorted({code for code in said if code})
        places = {code: place for place, code in enumerate(codes)}
        lookup = np.array([*(places.get(code, UNANSWERED) for code in said), UNANSWERED])
        listed = frozenset(self._offered(row, concept))
        return ConceptAnswers(
            row["concept_id"],
            row["source_variable"],
            codes,
            lookup[column.index],
            None,
            listed | frozenset(codes),
            bool(listed),
        )

    def _offered(self, row: Row, concept: Any) -> Iterator[str]:
        name = row["source_variable"]
        if row["verb"] == "bucket":
            yield from (bucket["code"] for bucket in self.buckets if bucket["source_variable"] == name)
            return
        known = dict.fromkeys([*self.values.get(name, {}), *self.landed.labels.get(name, {})])
        yield from filter(None, (self._target(row, concept, code) for code in known))

    def answer_of(self, row: Row, code: str) -> str:
        """The answer that a row of ``xw_variables`` makes of a code; empty where it is missing or unknown."""
        return self._target(row, self.registry.concepts[row["concept_id"]], code)

    def _target(self, row: Row, concept: Any, code: str) -> str:
        """What the crosswalk makes of a code; empty where it is missing or unknown."""
        verb, name = row["verb"], row["source_variable"]
        known = self.values.get(name, {}).get(code)
        if known is not None:
            said = known[1]
            return "" if said["missing_kind"] else said["code"] or code
        if verb == "recode":
            return ""
        if verb == "copy":
            codes = self.registry.codes_of(row["concept_id"])
            return code if not codes or code in codes else ""
        number = _number(code)
        if np.isnan(number):
            return ""
        if verb == "reverse":
            return canonical_code(concept.valid_min + concept.valid_max - number)
        for bucket in self.buckets:
            is_ours = (bucket["source_variable"], bucket["concept_id"]) == (name, row["concept_id"])
            if is_ours and float(bucket["lower"]) <= number <= float(bucket["upper"]):
                return bucket["code"]
        return ""


def read_answers(registry: Registry, folder: Path) -> FileAnswers:
    """Read the folder of a landed file in one pass."""
    import pyarrow.parquet as parquet

    landed = LandedCodes(folder)
    rows = parquet.ParquetFile(folder / "variables.parquet").read().to_pylist()
    table = parquet.ParquetFile(folder / "answers.parquet").read()
    columns = {row["variable_name"]: _column(table, row) for row in rows}
    response = parquet.ParquetFile(folder / "response.parquet").read().to_pylist()

    def ours(name: str) -> list[tuple[int, Row]]:
        return [
            (place, row)
            for place, row in _of_scope(registry, name).get(landed.scope, ())
            if row["file_id"] in ("", landed.file_id)
        ]

    values: dict[str, dict[str, tuple[int, Row]]] = {}
    for place, row in ours("xw_values"):
        values.setdefault(row["source_variable"], {})[row["source_code"]] = (place, row)
    return FileAnswers(
        registry=registry,
        landed=landed,
        year=registry.waves[landed.scope[0]].year,
        columns=columns,
        variables={row["variable_name"]: row for row in rows},
        invited={row["population_id"]: row["invited"] for row in response},
        mapped=[
            (place, row)
            for place, row in ours("xw_variables")
            if row["status"] == "accepted" and row["verb"] not in UNFED
        ],
        values=values,
        buckets=[row for _, row in ours("xw_buckets")],
        left_out=[(place, row) for place, row in ours("xw_left_out") if row["status"] == "accepted"],
    )


def _of_scope(registry: Registry, name: str) -> dict[tuple[str, str], list[tuple[int, Row]]]:
    kept = registry.__dict__.setdefault("_drift_scopes", {})
    if name not in kept:
        scopes: dict[tuple[str, str], list[tuple[int, Row]]] = {}
        for place, row in enumerate(registry.table(name)):
            scopes.setdefault((row["wave_id"], row["instrument_id"]), []).append((place, row))
        kept[name] = scopes
    return kept[name]


def _column(table: Any, variable: Mapping[str, Any]) -> Column:
    import pyarrow.compute as compute

    encoded = compute.dictionary_encode(table.column(variable["variable_name"]).combine_chunks())
    places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    raw = encoded.dictionary.to_pylist()
    codes = [canonical_code(value) for value in raw]
    if len(set(codes)) < len(codes):
        distinct = {code: place for place, code in enumerate(dict.fromkeys(codes))}
        lookup = np.array([*(distinct[code] for code in codes), -1])
        return Column(list(distinct), lookup[places])
    return Column(codes, places)


def _number(code: str) -> float:
    try:
        number = float(code)
    except ValueError:
        return float("nan")
    # In a column that is text, `inf` and `1e999` are words.
    return number if math.isfinite(number) else float("nan")
