"""Which variables of a file are its design, its respondent id, and what must never land."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.manifest_gaps import gap
from orchestration.registry.proposals.columns import Column
from orchestration.registry.proposals.evidence import LIST_ROLES, SINGLE_ROLES
from orchestration.registry.proposals.matching import Match
from orchestration.registry.proposals.rules import Rules

DROPPED = ("respondent_id", "panel_id", "identifiers", "free_text")
NUMERIC_ROLES = ("weight", "psu_population", "ssu_population")


@dataclass
class Roles:
    """Fields of the manifest for one file: ``fields`` with variables or gaps; ``scores`` by variable."""

    fields: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    @property
    def of_variable(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for role, names in self.fields.items():
            for name in [names] if isinstance(names, str) else names or []:
                found.setdefault(name, []).append(role)
        return found

    def add(self, role: str, variable: str, score: float, why: str) -> None:
        if role in LIST_ROLES:
            self.fields.setdefault(role, []).append(variable)
        else:
            self.fields[role] = variable
        self.scores[variable] = score
        self.why[variable] = why


def roles_for(
    matches: Sequence[Match], columns: Mapping[str, Column], before: DeliveredFile | None, rules: Rules
) -> Roles:
    """Roles by what the earlier manifest called alike, as far as the answers do not contradict it, and then by
    the answers alone: columns with e-mail addresses, and texts that hardly two respondents share.

    A design variable that the earlier file had and this one seems to lack becomes a gap: leaving it out in
    silence would change every interval.
    """
    roles = Roles()
    for match in matches:
        if match.earlier is None:
            continue
        for role in match.earlier.roles:
            column = columns[match.variable.name]
            if _fits(role, column):
                roles.add(role, match.variable.name, match.score, f"zoals {match.earlier.shown}")
    _by_content(roles, matches, columns, before, rules)
    if not roles.fields.get("respondent_id"):
        roles.fields["respondent_id"] = None
    if roles.fields.get("panel_id") and before is not None and before.panel:
        roles.fields["panel"] = before.panel
    for role in (*SINGLE_ROLES[2:], "strata"):
        named = getattr(before, role, None) if before is not None else None
        if named and not roles.fields.get(role):
            shown = ", ".join(named) if isinstance(named, tuple) else named
            asked = gap(f"which variable is this? it was {shown}; remove the line when there is none")
            roles.fields[role] = [asked] if role in LIST_ROLES else asked
    return roles


def _fits(role: str, column: Column) -> bool:
    if role == "respondent_id":
        return column.is_key
    if role in NUMERIC_ROLES:
        is_whole = column.filled == column.rows and math.isfinite(column.total)
        return not column.is_text and is_whole and column.smallest > 0
    return True


def _by_content(
    roles: Roles,
    matches: Sequence[Match],
    columns: Mapping[str, Column],
    before: DeliveredFile | None,
    rules: Rules,
) -> None:
    told = roles.of_variable
    free = [m for m in matches if m.variable.name not in told and not (m.earlier and m.earlier.concepts)]
    for match in free:
        name, column = match.variable.name, columns[match.variable.name]
        if column.emails:
            roles.add("identifiers", name, 1.0, "bevat e-mailadressen")
        elif column.is_text and not column.is_key and column.distinct >= rules.free_text_distinct:
            roles.add("free_text", name, rules.lowest_score, "veel verschillende teksten")
    if not roles.fields.get("respondent_id"):
        keys = [m for m in free if columns[m.variable.name].is_key and m.variable.name not in roles.scores]
        if keys:
            first = keys[0].variable.name
            roles.add("respondent_id", first, rules.lowest_score, "in iedere rij gevuld en verschillend")
    if before is not None and before.weight and not roles.fields.get("weight"):
        weights = [
            m.variable.name
            for m in free
            if _fits("weight", columns[m.variable.name]) and not columns[m.variable.name].is_whole
        ]
        if len(weights) == 1:
            roles.add("weight", weights[0], rules.lowest_score, "de enige variabele met positieve breuken")
    # A text that tells every row apart and is nothing else identifies somebody.
    for match in free:
        name, column = match.variable.name, columns[match.variable.name]
        if column.is_text and column.is_key and name not in roles.scores:
            roles.add("identifiers", name, rules.lowest_score, "in iedere rij een andere tekst")
