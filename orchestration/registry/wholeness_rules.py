"""Rules on publication that others rest on: without one of them cells would be published that should not be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestration.deliveries.problems import Problem
from orchestration.registry.load import Registry, Row

Rule = Callable[[Registry], Iterator[Problem]]

GIVES_AWAY = {
    "organisation": ("contributors_n", "dominance_share"),
    "person": ("complement_n", "contributors_n", "group_disclosure_share", "n_unweighted", "numerator_n"),
}
"""What a published cell can give away, by the unit that was observed."""

JUDGED = {
    "organisation": ("n_unweighted <", "ci_width >", "degrees_of_freedom <", "no_standard_error = 1"),
    "person": (
        "n_unweighted <",
        "n_effective <",
        "ci_width >",
        "ci_width <",
        "ci_relative_width >",
        "degrees_of_freedom <",
        "no_standard_error = 1",
        "estimate = 0",
        "estimate = 100",
    ),
}
"""What makes an estimate too weak, by the unit that was observed: measure and side (of persons: Parker et al. 2017).

Widths are those of percentages; means, sums and other ratios are judged by their size, degrees of freedom and error.
"""

NARROW = "ci_width <"
"""The one side from which a rule publishes: it ends the tests of what follows."""


def _whole_confidentiality(registry: Registry) -> Iterator[Problem]:
    """Each way in which a cell can give somebody away has a rule: where none is wanted, a threshold of 0 says so."""
    yield from _absent(
        registry,
        "confidentiality",
        GIVES_AWAY,
        lambda row: row["measure"] if row["verdict"] == "suppress" else "",
        "cells that give somebody away by it would be published",
    )


def _whole_reliability(registry: Registry) -> Iterator[Problem]:
    """Each way in which an estimate can be weak has a rule: where none is wanted, a threshold out of reach says so,
    of an exact value the verdict ``publish``."""
    yield from _absent(
        registry,
        "reliability",
        JUDGED,
        _side,
        "cells that are too weak by it would be published as if they were not, or withheld though they are not",
    )


def _side(row: Row) -> str:
    """A measure and the side from which it is bounded, with the value where only that value is meant; '' for a rule
    that publishes what it should hold back."""
    if row["operator"] == "=":
        return f"{row['measure']} = {float(row['threshold']):g}"
    side = f"{row['measure']} {row['operator'][:1]}"
    return side if (row["verdict"] == "publish") == (side == NARROW) else ""


def _absent(
    registry: Registry,
    what: str,
    wanted: Mapping[str, tuple[str, ...]],
    told: Callable[[Row], str],
    else_: str,
) -> Iterator[Problem]:
    """What no rule is about, of the units that populations are made of; a table without any row wants none."""
    path = f"registry/{what}_rules.csv"
    rows = registry.table(f"{what}_rules")
    if not rows:
        return
    instruments = {population.instrument_id for population in registry.populations.values()}
    for unit in sorted({registry.instruments[name].unit_of_observation for name in instruments}):
        ruled = {told(row) for row in rows if row["applies_to"] == unit}
        for one in wanted[unit]:
            if one in ruled:
                continue
            known = one.split()
            cells = [*known, *("<measure>", "<operator>", "<threshold>")[len(known) :]]
            yield Problem(
                f"{what}_absent",
                f"has no rule on {one} for {unit}s: {else_}",
                f"add <rule_id>,{unit},{','.join(cells)},<verdict>,<marker>,<reason_code>,<sort_order>,"
                f"<reason> to {path}",
                file=path,
            )


WHOLENESS_RULES: tuple[Rule, ...] = (_whole_confidentiality, _whole_reliability)
