"""Published figures and made-up levels, turned into conditions that the drawn answers have to meet."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

MISSING_MARK = "@"
_SOFT_QUALIFIERS = {"about": 1.0, "more_than": 1.03, "less_than": 0.96}
# Real results are not round: aims lie a little beside the published whole number, well within its rounding.
_EXACT_JITTER, _SOFT_JITTER, _LEVEL_JITTER = 0.12, 0.5, 0.02


@dataclass(frozen=True)
class Target:
    """One condition: the weighted share, mean or number of ``numerator`` within ``conditions`` equals
    ``value``.

    ``conditions``: (concept, codes) pairs that all have to hold. ``numerator`` and ``kept`` hold codes, or
    missing kinds written ``@kind``; ``kept`` are the missing kinds that stay in the denominator. ``value`` is
    in percent for a share. A hard target is a followed exact figure; a soft one only steers.
    """

    concept_id: str
    conditions: tuple[tuple[str, frozenset[str]], ...]
    numerator: frozenset[str]
    kept: frozenset[str]
    statistic: str
    value: float
    is_hard: bool
    name: str


@dataclass(frozen=True)
class CountTarget:
    """A published number of respondents within ``conditions``."""

    conditions: tuple[tuple[str, frozenset[str]], ...]
    value: int


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a UTF-8 CSV file as dictionaries; raises ``FileNotFoundError`` when it is not there."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


class TargetBook:
    """The registry's definitions, as far as the generator needs them, and the targets that follow from
    them."""

    def __init__(self, registry_root: Path) -> None:
        folder = registry_root / "registry"
        self.populations = {row["population_id"]: row for row in read_rows(folder / "populations.csv")}
        self.indicators = {row["indicator_id"]: row for row in read_rows(folder / "indicators.csv")}
        self.concepts = {row["concept_id"]: row for row in read_rows(folder / "concepts.csv")}
        self.wave_themes = _grouped(read_rows(folder / "wave_themes.csv"), "wave_id", "theme_id")
        self.years = {row["wave_id"]: int(row["year"]) for row in read_rows(folder / "waves.csv")}
        self.programmes = {row["wave_id"]: row["programme_id"] for row in read_rows(folder / "waves.csv")}
        self.derived = {row["concept_id"] for row in read_rows(folder / "derived_concepts.csv")}
        self._breakdowns = {
            row["breakdown_id"]: row["concept_id"] for row in read_rows(folder / "breakdowns.csv")
        }
        self._population_rules = _rules(read_rows(folder / "population_rules.csv"), "population_id")
        self._base_rules = _rules(read_rows(folder / "base_rules.csv"), "base_id")
        self._base_missings = _grouped(read_rows(folder / "base_missings.csv"), "base_id", "missing_kind")
        self._codes: dict[str, set[str]] = defaultdict(set)
        for row in read_rows(folder / "indicator_codes.csv"):
            self._codes[row["indicator_id"]].add(row["code"] or MISSING_MARK + row["missing_kind"])
        self._figures = read_rows(registry_root / "published" / "published_figures.csv")

    def instrument(self, population_id: str) -> str:
        """The instrument that a population belongs to."""
        return self.populations[population_id]["instrument_id"]

    def population_conditions(self, population_id: str) -> dict[str, frozenset[str]]:
        """What somebody must have answered to belong to a population, its ancestors' rules included."""
        merged: dict[str, frozenset[str]] = {}
        current = population_id
        while current:
            for concept, codes in self._population_rules.get(current, {}).items():
                merged.setdefault(concept, codes)
            current = self.populations[current]["parent_population_id"]
        return merged

    def published(self, wave_id: str, instrument_id: str) -> list[Target]:
        """Targets from the followed estimates of a wave, and soft ones from its approximate figures."""
        targets = []
        for figure in self._figures:
            if figure["wave_id"] != wave_id or figure["kind"] != "estimate":
                continue
            if (
                figure["indicator_id"] not in self.indicators
                or figure["population_id"] not in self.populations
            ):
                continue
            if self.instrument(figure["population_id"]) != instrument_id:
                continue
            if figure["is_followed"] == "true":
                targets.append(self._from_figure(figure, figure["qualifier"] == "exact"))
        return _without_overruled(targets)

    def response_counts(self, wave_id: str, instrument_id: str) -> list[CountTarget]:
        """Exact published numbers of respondents."""
        found = []
        for figure in self._figures:
            if figure["wave_id"] != wave_id or figure["kind"] != "response_count":
                continue
            if figure["qualifier"] != "exact" or figure["is_followed"] != "true":
                continue
            if self.instrument(figure["population_id"]) == instrument_id:
                found.append(CountTarget(tuple(self._domain(figure).items()), int(float(figure["value"]))))
        return found

    def level(
        self, wave_id: str, concept_id: str, code: str, population_id: str, among: str, value: float
    ) -> Target:
        """A soft target from a made-up level: the share of ``code`` among valid answers (``code`` mean: their
        mean)."""
        conditions = self.population_conditions(population_id) if population_id else {}
        if among:
            conditions = {**conditions, among: frozenset({"ja"})}
        is_mean = code == "mean"
        kept = frozenset({code}) if code.startswith(MISSING_MARK) else frozenset()
        value *= 1 + _LEVEL_JITTER * _beside(f"{wave_id} {concept_id} {code} {population_id}")
        return Target(
            concept_id,
            tuple(conditions.items()),
            frozenset() if is_mean else frozenset({code}),
            kept,
            "mean" if is_mean else "proportion",
            value,
            False,
            f"level {concept_id} {code} {population_id}",
        )

    def _domain(self, figure: dict[str, str]) -> dict[str, frozenset[str]]:
        conditions = dict(self.population_conditions(figure["population_id"]))
        breakdown = figure["breakdown_id"]
        if breakdown and breakdown != "total":
            conditions[self._breakdowns[breakdown]] = frozenset({figure["breakdown_code"]})
        return conditions

    def _from_figure(self, figure: dict[str, str], is_exact: bool) -> Target:
        indicator = self.indicators[figure["indicator_id"]]
        conditions = self._domain(figure)
        for concept, codes in self._base_rules.get(indicator["base_id"], {}).items():
            conditions[concept] = conditions.get(concept, codes) & codes
        kept = {MISSING_MARK + kind for kind in self._base_missings.get(indicator["base_id"], ())}
        value = float(figure["value"]) * (1.0 if is_exact else _SOFT_QUALIFIERS[figure["qualifier"]])
        if indicator["statistic"] == "proportion":
            keys = ("wave_id", "population_id", "breakdown_code", "indicator_id")
            cell = " ".join(figure[key] for key in keys)
            value += _beside(cell) * (_EXACT_JITTER if is_exact else _SOFT_JITTER)
        return Target(
            indicator["concept_id"],
            tuple(conditions.items()),
            frozenset(self._codes[figure["indicator_id"]]),
            frozenset(kept),
            indicator["statistic"],
            value,
            is_exact,
            figure["figure_id"],
        )


def _beside(words: str) -> float:
    """A number between -1 and 1 that depends on the words alone."""
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big") / 2**31 - 1


def _without_overruled(targets: list[Target]) -> list[Target]:
    """Soft targets of a cell that also has an exact figure only disturb; the same figure twice counts
    once."""
    hard = {(t.concept_id, t.conditions, t.numerator, t.kept) for t in targets if t.is_hard}
    kept, seen = [], set()
    for target in sorted(targets, key=lambda t: (not t.is_hard, t.name)):
        key = (target.concept_id, target.conditions, target.numerator, target.kept)
        if key in seen or (not target.is_hard and key in hard):
            continue
        seen.add(key)
        kept.append(target)
    return kept


def _grouped(rows: list[dict[str, str]], key: str, value: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row[key]].add(row[value])
    return dict(found)


def _rules(rows: list[dict[str, str]], key: str) -> dict[str, dict[str, frozenset[str]]]:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        found[row[key]][row["concept_id"]].add(row["code"])
    return {
        name: {concept: frozenset(codes) for concept, codes in rule.items()} for name, rule in found.items()
    }
