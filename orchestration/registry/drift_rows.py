"""Rules of the tables of drift by themselves, without a delivery."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.deliveries.problems import Problem
from orchestration.registry.crosswalk_rules import overlaps, scope_of
from orchestration.registry.drift_tables import KINDS
from orchestration.registry.load import Registry, Row
from orchestration.registry.places import place

FLAG_CHECK = "drift_to_judge"
"""The row of ``quality_flags`` that says who answers for flagged drift."""


def drift_rows(registry: Registry) -> Iterator[Problem]:
    """Every kind has its rule, flags have an owner, and no variable is both mapped and left out."""
    yield from _rules(registry)
    yield from _left_out(registry)
    yield from _acceptances(registry)


def _rules(registry: Registry) -> Iterator[Problem]:
    rows = registry.table("drift_rules")
    known = {row["kind"] for row in rows}
    for kind, meaning in KINDS.items():
        if kind not in known:
            yield Problem(
                "drift_rule_missing",
                f"has no row for {kind} ({meaning})",
                f"add {kind},<error, flag or ignore>,<threshold>,<minimum>,<reason>",
                file="registry/drift_rules.csv",
            )
    flags = [(index, row) for index, row in enumerate(rows) if row["verdict"] == "flag"]
    if flags and not any(row["check_id"] == FLAG_CHECK for row in registry.table("quality_flags")):
        yield Problem(
            "flag_without_owner",
            f"{flags[0][1]['kind']} is flagged, and nobody answers for flagged drift",
            f"add {FLAG_CHECK},flag,<owner>,<expires_on>,<reason> to registry/quality_flags.csv",
            file=place(registry, "drift_rules", flags[0][0]),
        )


def _left_out(registry: Registry) -> Iterator[Problem]:
    mapped: dict[tuple[str, ...], list[Row]] = {}
    for row in registry.table("xw_variables"):
        if row["status"] == "accepted":
            mapped.setdefault((*scope_of(row), row["source_variable"]), []).append(row)
    for index, row in enumerate(registry.table("xw_left_out")):
        if row["status"] != "accepted":
            continue
        both = [
            other
            for other in mapped.get((*scope_of(row), row["source_variable"]), [])
            if overlaps(row, other)
        ]
        if both:
            yield Problem(
                "mapped_and_left_out",
                f"feeds {both[0]['concept_id']} by crosswalk/xw_variables.csv, and is left out here",
                "remove one of the two rows",
                file=place(registry, "xw_left_out", index),
                variable=row["source_variable"],
            )


def _acceptances(registry: Registry) -> Iterator[Problem]:
    ignored = {row["kind"] for row in registry.table("drift_rules") if row["verdict"] == "ignore"}
    for index, row in enumerate(registry.table("accepted_drift")):
        if row["kind"] in ignored:
            yield Problem(
                "unused_acceptance",
                f"accepts {row['kind']}, which registry/drift_rules.csv ignores",
                "remove the row",
                file=place(registry, "accepted_drift", index),
            )
