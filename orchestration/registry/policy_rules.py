"""The choices of the estimator: a closed list, each with the values that the SQL knows."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.deliveries.problems import Problem, closest
from orchestration.registry.load import Registry
from orchestration.registry.places import place

#: Choice -> its values, or the bounds of a number.
POLICIES: dict[str, tuple[str, ...] | tuple[float, float]] = {
    "change_df": ("satterthwaite", "sum"),
    "confidence_level": (0.5, 0.9999),
    "drift_fewest_answers": (2.0, 10000.0),
    "drift_fewest_of_a_population": (1.0, 10000.0),
    "drift_fewest_rows_of_a_copy": (2.0, 10000.0),
    "drift_most_codes": (2.0, 1000.0),
    "drift_most_codes_to_swap": (2.0, 100.0),
    "drift_wave_spread": (0.0, 1.0),
    # A number of persons, not a share of them.
    "korn_graubard_below": (1.0, 1000.0),
    "lonely_psu": ("adjust", "average", "certainty", "fail"),
    "multiple_testing": ("holm", "benjamini_hochberg"),
    "recalibration_lower": (0.0, 0.99),
    "recalibration_upper": (1.01, 1000.0),
    "reconciliation_about_tolerance": (0.0, 100.0),
    "stable_alpha": (0.0001, 0.5),
    "weight_spread_flag": (1.0, 1000.0),
}


def policies(registry: Registry) -> Iterator[Problem]:
    """Every choice is made, once, with a value that means something; nothing else is in the table."""
    table = "estimation_policies"
    rows = registry.table(table)
    for index, row in enumerate(rows):
        name, value = row["policy_id"], row["value"]
        known = POLICIES.get(name)
        if known is None:
            yield Problem(
                "unknown_policy",
                f"nothing reads a choice '{name}'{closest(name, POLICIES)}",
                f"remove the row; there are {', '.join(POLICIES)}",
                file=place(registry, table, index),
            )
        elif not _fits(value, known):
            bounds = (
                f"a number from {known[0]} to {known[1]}" if isinstance(known[0], float) else ", ".join(known)
            )
            yield Problem(
                "policy_value",
                f"{name} is '{value}'",
                f"choose {bounds}",
                file=place(registry, table, index),
            )
    for name in sorted(set(POLICIES) - {row["policy_id"] for row in rows}):
        yield Problem(
            "missing_policy",
            f"{name} is not chosen",
            "add its row, with the reason",
            file=f"registry/{table}.csv",
        )


def _fits(value: str, known: tuple) -> bool:
    if isinstance(known[0], str):
        return value in known
    try:
        return known[0] <= float(value) <= known[1]
    except ValueError:
        return False
