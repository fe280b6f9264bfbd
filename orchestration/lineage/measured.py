"""What a cell measures: indicator, base, concepts with their derivation and routing, and the crosswalk below them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestration.lineage.codebook import delivered_variable
from orchestration.lineage.registry_lines import RegistryLines
from orchestration.lineage.release_reader import ReleaseReader, Row
from orchestration.settings import Settings

Told = dict[str, Any]


@dataclass
class Measured:
    """Tells the parts of one cell from ``lineage``, the rows of mart_lineage that it rests on."""

    settings: Settings
    release: ReleaseReader
    lines: RegistryLines
    lineage: list[Row]
    _codes: dict[tuple[str, str, str], list[Row]] | None = field(default=None, repr=False)

    def indicator(self, indicator_id: str, cell: Row) -> Told:
        """The definition: what is counted of which concept, and which answers and missings count."""
        line = self.lines.one("indicators", indicator_id=indicator_id)
        counted = self.lines.find("indicator_codes", indicator_id=indicator_id)
        concept_id = (
            line.row["concept_id"]
            if line
            else next((row["concept_id"] for row in self.lineage if row["part"] == "numerator"), None)
        )
        return {
            "indicator_id": indicator_id,
            "label_nl": cell["indicator_label_nl"],
            "label_en": cell["indicator_label_en"],
            "statistic": cell["statistic"],
            "unit": cell["unit"],
            "concept_id": concept_id,
            "denominator_concept_id": (line.row["denominator_concept_id"] or None) if line else None,
            "codes": [
                {**self._code(concept_id, one.row["code"]), "place": one.place}
                for one in counted
                if one.row["code"]
            ],
            "missings": [
                {**self._missing(one.row["missing_kind"]), "place": one.place}
                for one in counted
                if one.row["missing_kind"]
            ],
            "place": line.place if line else None,
        }

    def base(self, base_id: str) -> Told:
        """Who is in the denominator: which answers bring someone in, and which kinds of missing stay."""
        line = self.lines.one("bases", base_id=base_id)
        return {
            "base_id": base_id,
            "label_nl": line.row["label_nl"] if line else None,
            "note": (line.row["note"] or None) if line else None,
            "rules": [
                {
                    "concept_id": rule.row["concept_id"],
                    "concept_label_nl": self.lines.label("concepts", concept_id=rule.row["concept_id"]),
                    **self._code(rule.row["concept_id"], rule.row["code"]),
                    "place": rule.place,
                }
                for rule in self.lines.find("base_rules", base_id=base_id)
            ],
            "missings": [
                {**self._missing(rule.row["missing_kind"]), "place": rule.place}
                for rule in self.lines.find("base_missings", base_id=base_id)
            ],
            "place": line.place if line else None,
        }

    def part(self, part: str, part_id: str | None, concept_id: str) -> Told:
        """One part of the cell: the concept that plays it, how that is derived, and the variables it is read from."""
        rows = [
            row
            for row in self.lineage
            if (row["part"], row["part_id"], row["concept_id"]) == (part, part_id, concept_id)
        ]
        derived = self.lines.one("derived_concepts", concept_id=concept_id)
        is_derived = derived is not None or any(row["source_concept_id"] != concept_id for row in rows)
        inputs = self.lines.find("derived_inputs", concept_id=concept_id)
        asked = {row["source_concept_id"] for row in rows}
        line = self.lines.one("concepts", concept_id=concept_id)
        return {
            "part": part,
            "part_id": part_id,
            "concept_id": concept_id,
            "label_nl": line.row["label_nl"] if line else None,
            "place": line.place if line else None,
            "derivation": {
                "verb": derived.row["verb"] if derived else None,
                "code_when_true": (derived.row["code_when_true"] or None) if derived else None,
                "code_when_false": (derived.row["code_when_false"] or None) if derived else None,
                "place": derived.place if derived else None,
                "inputs": [
                    {
                        "concept_id": one.row["input_concept_id"],
                        "label_nl": self.lines.label("concepts", concept_id=one.row["input_concept_id"]),
                        **self._code(one.row["input_concept_id"], one.row["code"]),
                        "place": one.place,
                        "is_asked": one.row["input_concept_id"] in asked,
                    }
                    for one in inputs
                ],
            }
            if is_derived
            else None,
            "members": [
                {**self._code(concept_id, one.row["code"]), "place": one.place}
                for one in self.lines.find(
                    "population_rules", population_id=part_id or "", concept_id=concept_id
                )
            ]
            if part == "population"
            else [],
            "answers_for_both": [
                {**self._code(concept_id, one.row["code"]), "reason": one.row["reason"], "place": one.place}
                for one in self.lines.find(
                    "organisation_concepts", part="answered_by", concept_id=part_id or ""
                )
                if self.lines.find("organisation_concepts", part="type", concept_id=concept_id)
            ]
            if part == "organisation"
            else [],
            "routing": list(self._routing(rows, concept_id)),
            "variables": [self._variable(row) for row in rows],
        }

    def _routing(self, rows: list[Row], concept_id: str) -> Iterator[Told]:
        """The gates before this concept and its inputs, with the answers that open them."""
        scopes = dict.fromkeys((row["wave_id"], row["instrument_id"]) for row in rows)
        concepts = dict.fromkeys([concept_id, *(row["source_concept_id"] for row in rows)])
        for wave_id, instrument_id in scopes:
            for concept in concepts:
                for line in self.lines.find(
                    "routing", wave_id=wave_id, instrument_id=instrument_id, concept_id=concept
                ):
                    gate = line.row["gate_concept_id"]
                    yield {
                        "concept_id": concept,
                        "gate_concept_id": gate,
                        "gate_label_nl": self.lines.label("concepts", concept_id=gate),
                        **self._code(gate, line.row["code"]),
                        "place": line.place,
                    }

    def _variable(self, row: Row) -> Told:
        scope = (row["wave_id"], row["instrument_id"], row["file_id"])
        name, concept = row["source_variable"], row["source_concept_id"]
        mapped = next(
            self.lines.of_file("xw_variables", *scope, source_variable=name, concept_id=concept), None
        )
        codebook = delivered_variable(self.settings.landing, row["wave_id"], row["file_id"], name)
        return {
            "file_id": row["file_id"],
            "source_variable": name,
            "label": row.get("source_variable_label") or (codebook["variable_label"] if codebook else None),
            "concept_id": concept,
            "concept_label_nl": self.lines.label("concepts", concept_id=concept) or None,
            "verb": row["verb"],
            "comparability": row["comparability"],
            "note": (mapped.row["note"] or None) if mapped else None,
            "place": mapped.place if mapped else None,
            "codebook": {name: value for name, value in codebook.items() if value} if codebook else None,
            "codes": [self._mapped(scope, one) for one in self._released_codes(row)],
        }

    def _released_codes(self, row: Row) -> list[Row]:
        if self._codes is None:
            self._codes = {}
            if self.release.has("mart_lineage_codes"):
                waves = sorted({one["wave_id"] for one in self.lineage})
                for code in self.release.rows(
                    "select * from mart_lineage_codes where wave_id in (select unnest(?)) "
                    "order by try_cast(source_code as double), source_code",
                    [waves],
                ):
                    key = (code["file_id"], code["source_variable"], code["concept_id"])
                    self._codes.setdefault(key, []).append(code)
        return self._codes.get((row["file_id"], row["source_variable"], row["source_concept_id"]), [])

    def _mapped(self, scope: tuple[str, str, str], code: Row) -> Told:
        told = {
            name: code[name]
            for name in ("source_code", "source_label", "code", "code_label_nl", "missing_kind", "rule")
        }
        told["place"] = self._place_of_code(scope, code)
        return told

    def _place_of_code(self, scope: tuple[str, str, str], code: Row) -> str | None:
        if code["rule"] == "value":
            found = self.lines.of_file(
                "xw_values", *scope, source_variable=code["source_variable"], source_code=code["source_code"]
            )
            return next((one.place for one in found), None)
        if code["rule"] == "range":
            lower, _, upper = code["source_code"].partition("..")
            found = self.lines.of_file(
                "xw_buckets",
                *scope,
                source_variable=code["source_variable"],
                concept_id=code["concept_id"],
                lower=lower,
                upper=upper,
            )
            return next((one.place for one in found), None)
        concept = self.lines.one("concepts", concept_id=code["concept_id"])
        line = concept and self.lines.one(
            "codelists", codelist_id=concept.row["codelist_id"], code=code["source_code"]
        )
        return line.place if line else None

    def _code(self, concept_id: str | None, code: str) -> Told:
        concept = self.lines.one("concepts", concept_id=concept_id or "")
        label = (
            self.lines.label("codelists", codelist_id=concept.row["codelist_id"], code=code)
            if concept
            else ""
        )
        return {"code": code, "code_label_nl": label or None}

    def _missing(self, kind: str) -> Told:
        return {
            "missing_kind": kind,
            "missing_label_nl": self.lines.label("missing_kinds", missing_kind=kind) or None,
        }
