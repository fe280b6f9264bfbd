"""The bounds and weights of the proposals, read from ``registry/proposal_rules.csv``."""

from __future__ import annotations

from dataclasses import dataclass, fields

from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem
from orchestration.registry.load import Registry
from orchestration.registry.schema import TABLES


@dataclass(frozen=True)
class Rules:
    """One field per row of the table; its reason stands there."""

    ambiguity_margin: float
    codes_weight: float
    free_text_distinct: float
    instrument_fit: float
    instrument_near: float
    known_codes_factor: float
    label_weight: float
    lowest_score: float
    name_counts_from: float
    name_lift: float
    other_answers_at_most: float
    other_instrument_factor: float
    other_label_factor: float
    recent_years: float
    similar_label: float
    stem_weight: float
    sure: float
    theme_concepts: float
    unlabelled_factor: float


def rules_of(registry: Registry) -> Rules:
    """The rules of a registry. Raises ``DeliveryProblems`` (exit code 2) naming the rows that it lacks."""
    rows = {row["rule_id"]: float(row["value"]) for row in registry.table("proposal_rules")}
    names = [field.name for field in fields(Rules)]
    if lacks := [name for name in names if name not in rows]:
        raise DeliveryProblems(
            [
                Problem(
                    "missing_proposal_rule",
                    f"lacks {', '.join(lacks)}",
                    "add the rows, with a reason each, as in the registry that comes with the program",
                    WRONG_USE_OR_UNREADABLE,
                    file=TABLES["proposal_rules"].path,
                )
            ]
        )
    return Rules(**{name: rows[name] for name in names})
