"""A comparison of deliveries in words: names, codes and labels, and counts that are not too small to tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from orchestration.deliveries.comparison.deliveries import DeliveryComparison
from orchestration.deliveries.comparison.files import DIFFERENT, FileComparison, WeightComparison
from orchestration.deliveries.comparison.rows import BY_ID, NOT_AT_ALL
from orchestration.deliveries.comparison.variables import VariableComparison
from orchestration.deliveries.source_table import SourceValue

if TYPE_CHECKING:
    from orchestration.registry.load import Registry

Counted = Callable[[int], str]
MEASURES = ("n_unweighted", "contributors_n")
"""Measures of the confidentiality rules that say how few is too few; the first that has a rule counts."""
TRANSITIONS_SHOWN = 6


def smallest_count(registry: Registry, instrument_id: str) -> int | None:
    """The smallest count that may be told of an instrument's respondents; None when the registry does not say."""
    unit = registry.instruments[instrument_id].unit_of_observation
    for measure in MEASURES:
        bounds = [
            math.ceil(float(row["threshold"]))
            for row in registry.table("confidentiality_rules")
            if (row["applies_to"], row["measure"], row["operator"]) == (unit, measure, "<")
        ]
        if bounds:
            return max(bounds)
    return None


def counting(threshold: int | None) -> Counted:
    """How a count is told: as it is, as "fewer than N", or, without a rule, as "some"."""

    def told(count: int) -> str:
        if count == 0:
            return "0"
        if threshold is None:
            return "some"
        return f"fewer than {threshold}" if count < threshold else f"{count:,}"

    return told


def comparison_lines(comparison: DeliveryComparison, registry: Registry) -> Iterator[str]:
    """Everything that differs, one line each."""
    for entry in comparison.appeared:
        yield f"{entry.file_id}: appeared, version {entry.version}"
    for entry in comparison.vanished:
        yield f"{entry.file_id}: vanished"
    for entry in comparison.unchanged:
        yield f"{entry.file_id}: version {entry.version} in both"
    for file in comparison.files:
        threshold = smallest_count(registry, file.new.instrument)
        yield from _file_lines(
            file, counting(threshold), threshold, file.new.file_id in comparison.same_bytes
        )


def _file_lines(
    file: FileComparison, counted: Counted, threshold: int | None, has_same_bytes: bool
) -> Iterator[str]:
    bytes_told = "; the bytes are the same too" if has_same_bytes else ""
    yield f"{file.new.file_id}: version {file.old.version} -> {file.new.version} is {file.verdict}{bytes_told}"
    if file.old.format != file.new.format:
        yield f"  format: {file.old.format} -> {file.new.format}"
    matched = file.matched
    by = "cannot be matched: no respondent id" if matched.by == NOT_AT_ALL else f"matched by {matched.by}"
    yield f"  rows: {file.rows[0]:,} -> {file.rows[1]:,}, {by}" + (
        ", in another order" if file.is_reordered else ""
    )
    if matched.by == BY_ID and (matched.appeared or matched.vanished or matched.unmatched):
        yield f"  rows that appeared: {counted(matched.appeared)}; that vanished: {counted(matched.vanished)}"
        if matched.unmatched:
            yield f"  rows without an id, or with one that stands more than once: {counted(matched.unmatched)}"
    if file.columns[0] != file.columns[1]:
        yield f"  variables: {file.columns[0]} -> {file.columns[1]}"
    for name in file.appeared:
        yield f"  variable {name}: appeared"
    for name in file.vanished:
        yield f"  variable {name}: vanished"
    for field in file.declared:
        yield f"  delivery.yml says otherwise under `{field}`"
    for one in file.sets:
        yield f"  response set {one.name}: {one.old} -> {one.new}"
    hidden = file.old.dropped | file.new.dropped
    for variable in file.variables:
        yield from _variable_lines(variable, counted, threshold, variable.name in hidden)
    if file.weights is not None:
        yield _weight_line(file.weights, counted, threshold)
    if (
        file.verdict == DIFFERENT
        and not any(one.cells for one in file.variables)
        and matched.by != NOT_AT_ALL
    ):
        yield "  every cell that both versions have is the same"


def _variable_lines(
    variable: VariableComparison, counted: Counted, threshold: int | None, is_hidden: bool
) -> Iterator[str]:
    head = f"  variable {variable.name}"
    if variable.renamed_from:
        yield f"{head}: was called {variable.renamed_from}"
    if variable.label is not None:
        spelling = " (spelling only)" if variable.label.is_spelling else ""
        yield f"{head}: label '{variable.label.old}' -> '{variable.label.new}'{spelling}"
    if variable.types is not None:
        yield f"{head}: {variable.types[0]} -> {variable.types[1]}"
    if is_hidden:
        if variable.cells:
            yield f"{head}: cells changed: {counted(variable.cells)} (an identifier or free text)"
        return
    for value in variable.appeared:
        yield f"{head}: code {_code(value)} appeared"
    for value in variable.vanished:
        yield f"{head}: code {_code(value)} vanished"
    for one in variable.relabelled:
        spelling = " (spelling only)" if one.is_spelling else ""
        yield f"{head}: code {one.code} was '{one.old}', is '{one.new}'{spelling}"
    if variable.declaration is not None:
        old, new = (text or "none" for text in variable.declaration)
        yield f"{head}: declared missing {old} -> {new}"
    if variable.response_sets is not None:
        old, new = (text or "none" for text in variable.response_sets)
        yield f"{head}: response set {old} -> {new}"
    if variable.cells:
        yield f"{head}: cells changed: {counted(variable.cells)}"
        # Without counts of their own: what is left of the total would give a small one away.
        common = [one for one in variable.transitions if threshold is not None and one.cells >= threshold]
        if common:
            yield "    among them " + ", ".join(
                f"{one.old} -> {one.new}" for one in common[:TRANSITIONS_SHOWN]
            )


def _weight_line(weights: WeightComparison, counted: Counted, threshold: int | None) -> str:
    line = f"  weights ({weights.variable}): changed in {counted(weights.rows)} rows"
    # The sums of a few changed weights would give those away.
    if threshold is None or weights.rows < threshold:
        return line
    ratio = f", {weights.new_sum / weights.old_sum:g} times as much" if weights.old_sum else ""
    return f"{line}, sum {weights.old_sum:.10g} -> {weights.new_sum:.10g}{ratio}"


def _code(value: SourceValue) -> str:
    label = f" '{value.value_label}'" if value.value_label else ""
    return f"{value.code}{label}{', missing,' if value.is_user_missing else ''}"
