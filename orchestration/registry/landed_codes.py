"""What one landed file holds, as the crosswalk sees it: variables, labels, and the codes in its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.deliveries.source_table import NUMERIC, canonical_code


@dataclass(frozen=True)
class LandedCodes:
    """Reads a landed file's codebook at once and the codes of a variable when they are asked for.

    ``folder`` holds the Parquet files of one landed file.
    """

    folder: Path
    _counted: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)

    @cached_property
    def delivery(self) -> Mapping[str, Any]:
        return self._rows("delivery")[0]

    @cached_property
    def storage_types(self) -> dict[str, str]:
        """``numeric`` or ``string`` by variable, in the order of the file."""
        return {row["variable_name"]: row["storage_type"] for row in self._rows("variables")}

    @cached_property
    def labels(self) -> dict[str, dict[str, str]]:
        """Label of each code in the codebook, by variable; ``''`` for a declared missing code without one."""
        found: dict[str, dict[str, str]] = {}
        for row in self._rows("values"):
            found.setdefault(row["variable_name"], {})[row["code"]] = row["value_label"] or ""
        return found

    @cached_property
    def user_missing(self) -> dict[str, set[str]]:
        """Declared missing codes in the codebook, by variable."""
        found: dict[str, set[str]] = {}
        for row in self._rows("values"):
            if row["is_user_missing"]:
                found.setdefault(row["variable_name"], set()).add(row["code"])
        return found

    @property
    def scope(self) -> tuple[str, str]:
        """Wave and instrument."""
        return self.delivery["wave_id"], self.delivery["instrument_id"]

    @property
    def file_id(self) -> str:
        return self.delivery["file_id"]

    @cached_property
    def populations(self) -> list[str]:
        """Populations that were invited to this file's questionnaire, by its manifest."""
        return [row["population_id"] for row in self._rows("response")]

    @property
    def shown(self) -> str:
        """The delivered file as messages name it: ``vi/vi_2016/answers.sav``."""
        return "/".join(str(self.delivery[name]) for name in ("programme_id", "wave_id", "path"))

    def is_numeric(self, variable: str) -> bool:
        return self.storage_types[variable] == NUMERIC

    def read(self, variables: set[str]) -> None:
        """Count the codes of several variables in one pass over the answers."""
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        wanted = sorted(variables & set(self.storage_types) - set(self._counted))
        if not wanted:
            return
        answers = parquet.ParquetFile(self.folder / "answers.parquet").read(columns=wanted)
        for name in wanted:
            counts = compute.value_counts(answers.column(name).drop_null())
            pairs = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
            counted: dict[str, int] = {}
            for value, count in pairs:
                code = canonical_code(value)
                counted[code] = counted.get(code, 0) + count
            self._counted[name] = counted
        for row in self._rows("missing_reasons"):
            if row["variable_name"] in wanted:
                counted = self._counted[row["variable_name"]]
                counted[row["code"]] = counted.get(row["code"], 0) + 1

    def counts(self, variable: str) -> dict[str, int]:
        """Number of respondents by canonical code, system missing left out."""
        if variable not in self._counted:
            self.read({variable})
        return self._counted[variable]

    def _rows(self, table: str) -> list[dict[str, Any]]:
        import pyarrow.parquet as parquet

        return parquet.ParquetFile(self.folder / f"{table}.parquet").read().to_pylist()
