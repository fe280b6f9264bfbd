"""One finding of drift, the rules that judge it, and how it is told to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from orchestration.deliveries.problems import Problem
from orchestration.registry.csv_text import csv_line
from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.load import Registry

ACCEPTED = "registry/accepted_drift.csv"
JUMPED = "jumped"
"""What stands in ``now`` where the share itself may not be told."""


@dataclass(frozen=True)
class Finding:
    """One difference between a delivery and what it is held against.

    ``before`` and ``now`` are the two labels, texts or numbers that an acceptance has to repeat. ``remedy`` names
    the row to add or change; a finding that may be right as it is also gets the row that accepts it.
    """

    kind: str
    file: FileAnswers
    message: str
    remedy: str
    variable: str = ""
    code: str = ""
    before: str = ""
    now: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What an acceptance has to name."""
        where = (self.file.wave_id, self.file.instrument_id, self.file.file_id)
        return (*where, self.kind, self.variable, self.code, self.before.strip(), self.now.strip())

    def problem(self) -> Problem:
        """The finding as a problem of the delivery; exit code 1."""
        line = csv_line([*self.key, "<reason>"])
        return Problem(
            self.kind,
            self.message,
            f"{self.remedy}; if it is right as delivered, add {line} to {ACCEPTED}",
            wave_id=self.file.wave_id,
            file=self.file.landed.shown,
            variable=self.variable,
            code=self.code,
        )


@dataclass(frozen=True)
class Rule:
    """A row of ``drift_rules``; ``threshold`` and ``minimum`` are 0 where the row leaves them empty."""

    verdict: str
    threshold: float
    minimum: float


@dataclass(frozen=True)
class Nearest:
    """What came nearest to a bound among ``compared_n`` comparisons of a wave: ``used`` of the room there is (1: the
    bound itself), and both in words."""

    compared_n: int
    used: float
    told: str


@dataclass(frozen=True)
class Rules:
    """The rules of drift, who may be told what, and how near to its bounds each wave came (``nearest``)."""

    registry: Registry
    nearest: dict[tuple[str, str], Nearest] = field(default_factory=dict)

    def compared(self, kind: str, wave_id: str, used: float, told: str) -> None:
        """Remember a comparison by a rule with a bound."""
        before = self.nearest.get((wave_id, kind), Nearest(0, -1.0, ""))
        most = (used, told) if used > before.used else (before.used, before.told)
        self.nearest[wave_id, kind] = Nearest(before.compared_n + 1, *most)

    @cached_property
    def _rules(self) -> Mapping[str, Rule]:
        return {
            row["kind"]: Rule(row["verdict"], float(row["threshold"] or 0), float(row["minimum"] or 0))
            for row in self.registry.table("drift_rules")
        }

    def __getitem__(self, kind: str) -> Rule:
        return self._rules[kind]

    def looks_for(self, kind: str) -> bool:
        """Whether the registry wants this kind found."""
        return self._rules[kind].verdict != "ignore"

    def policy(self, name: str) -> float:
        """A number of ``estimation_policies``."""
        return self._policies[name]

    @cached_property
    def _policies(self) -> Mapping[str, float]:
        rows = self.registry.table("estimation_policies")
        return {
            row["policy_id"]: float(row["value"]) for row in rows if row["policy_id"].startswith("drift_")
        }

    @cached_property
    def _fewest(self) -> Mapping[str, float]:
        """Strictest bound of the confidentiality rules, by measure."""
        found: dict[str, float] = {}
        for row in self.registry.table("confidentiality_rules"):
            if row["operator"] == "<":
                found[row["measure"]] = max(found.get(row["measure"], 0), float(row["threshold"]))
        return found

    def may_tell(self, count: float, total: float) -> bool:
        """Whether the share of ``count`` respondents out of ``total`` may stand in a message."""
        fewest = self._fewest
        return (
            total >= fewest.get("n_unweighted", 0)
            and count >= fewest.get("numerator_n", 0)
            and total - count >= fewest.get("complement_n", 0)
        )
