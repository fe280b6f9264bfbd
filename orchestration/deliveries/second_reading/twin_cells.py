"""When a cell of a twin is the answer that landed: codes or labels, missing values blank or as codes."""

from __future__ import annotations

from typing import Any

from orchestration.deliveries.second_reading.cell_rules import text_of
from orchestration.deliveries.second_reading.moments import same_moment
from orchestration.deliveries.second_reading.number_cells import number_of
from orchestration.deliveries.second_reading.text_rules import (
    DIFFERENT,
    REPAIRED,
    SAME,
    TextRule,
    compared_text,
    trimmed,
)
from orchestration.deliveries.source_table import (
    NUMERIC,
    SourceTable,
    SourceVariable,
    canonical_code,
    in_missing_declaration,
)

BLANKED, ROUNDED, LABELLED = "blanked", "rounded", "labelled"
BLANKS = ("", "#NULL!", ".")
"""How SPSS and Stata write a system-missing value where a format has none."""
TWIN_DIGITS = 15
"""Significant digits that a spreadsheet keeps."""


class TwinRule:
    """Judges the cells of one variable; ``by_label``: the twin shows labels where there are any."""

    def __init__(self, source: SourceTable, variable: SourceVariable, by_label: bool, decimal: str) -> None:
        self.variable, self.by_label, self.decimal = variable, by_label, decimal
        self.rule = TextRule.between(source)
        self.is_text = variable.storage_type != NUMERIC
        self.labels = {
            value.code: value.value_label.strip()
            for value in source.values
            if value.variable_name == variable.variable_name and value.value_label
        }
        self.missing = {
            value.code
            for value in source.values
            if value.variable_name == variable.variable_name and value.is_user_missing
        }

    def judge(self, ours: Any, content: Any) -> str:
        """``same``, ``repaired``, ``blanked``, ``rounded``, ``labelled`` or ``different``."""
        code = trimmed(ours) if self.is_text else "" if ours is None or ours != ours else canonical_code(ours)
        is_blank = content is None or (isinstance(content, str) and content.strip() in BLANKS)
        if is_blank and (not self.is_text or not content or not content.strip()):
            return SAME if code == "" else BLANKED if self._is_missing(code) else DIFFERENT
        if code == "":
            return DIFFERENT
        label = self.labels.get(code)
        if label is not None and not isinstance(content, int | float):
            outcome = compared_text(label, (text_of(content) or "").strip(), self.rule)
            if outcome != DIFFERENT:
                return outcome if self.by_label else LABELLED
        if label is not None and self.by_label:
            return DIFFERENT
        return self._text(code, content) if self.is_text else self._number(float(ours), content)

    def _is_missing(self, code: str) -> bool:
        declared = self.variable.missing_declaration
        return code in self.missing or in_missing_declaration(code, not self.is_text, declared)

    def _text(self, ours: str, content: Any) -> str:
        outcome = compared_text(ours, text_of(content), self.rule)
        return outcome if outcome in (SAME, REPAIRED) else DIFFERENT

    def _number(self, ours: float, content: Any) -> str:
        number = number_of(content, self.decimal)
        if number is None:
            return SAME if same_moment(ours, self.variable.format, content) else DIFFERENT
        if number == ours or f"{number:.{TWIN_DIGITS}g}" == f"{ours:.{TWIN_DIGITS}g}":
            return SAME
        written = repr(number) if not isinstance(content, str) else content.strip().replace(self.decimal, ".")
        decimals = len(written.partition(".")[2]) if "e" not in written.lower() else 0
        return ROUNDED if abs(number - ours) <= 0.5 * 10.0**-decimals and decimals else DIFFERENT
