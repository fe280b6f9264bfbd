"""What counts as personal data, as the registry says it: thresholds, words, and what a person has excepted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.deliveries.person_names import NameReader
from orchestration.deliveries.personal_data import Terms

if TYPE_CHECKING:
    from orchestration.registry.load import Registry, Row

RULES, TERMS, EXCEPTIONS = "privacy_rules", "privacy_terms", "privacy_exceptions"


@dataclass(frozen=True, eq=False)
class PrivacyRules:
    """The rows on privacy of one registry.

    ``thresholds``: by kind, place and measure; a kind that is allowed in a place is left out there.
    ``exceptions``: the rows of ``privacy_exceptions`` as text.
    """

    thresholds: Mapping[tuple[str, str], Mapping[str, float]]
    terms: Terms
    exceptions: tuple[Mapping[str, str], ...] = ()
    digest: str = field(default="", repr=False)
    labels_seen: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)
    """What was found in a text of a codebook before."""

    @cached_property
    def names(self) -> NameReader:
        return NameReader(self.terms)

    def threshold(self, kind: str, place: str, measure: str) -> float | None:
        """``None`` where the kind is not looked for."""
        return self.thresholds.get((kind, place), {}).get(measure)

    def holds(self, kind: str, place: str, **measured: float) -> bool:
        """Whether every measure of this kind and place holds; a chance has to be low, all else high."""
        wanted = self.thresholds.get((kind, place))
        if not wanted:
            return False
        return all(
            measured[measure] <= threshold if measure == "chance" else measured[measure] >= threshold
            for measure, threshold in wanted.items()
            if measure != "words"
        )

    def excepted(self, wave_id: str, file_id: str) -> list[Mapping[str, str]]:
        """The exceptions for one file."""
        return [row for row in self.exceptions if (row["wave_id"], row["file_id"]) == (wave_id, file_id)]

    def fingerprint(self, wave_id: str, file_id: str) -> str:
        """Changes when the same file may be judged otherwise, so that what was landed is looked at again."""
        rows = [dict(row) for row in self.excepted(wave_id, file_id)]
        return hashlib.sha256(json.dumps([self.digest, rows], sort_keys=True).encode()).hexdigest()


def privacy_rules(registry: Registry) -> PrivacyRules:
    """The rules of a registry. One that has no rows of its own gets the project's: nobody goes unprotected."""
    if registry.hash not in _made:
        _made.clear()  # one registry at a time is in use
        _made[registry.hash] = _privacy_rules(registry)
    return _made[registry.hash]


_made: dict[str, PrivacyRules] = {}


def _privacy_rules(registry: Registry) -> PrivacyRules:
    rules = list(registry.table(RULES)) or _project_rows(RULES)
    terms = list(registry.table(TERMS)) or _project_rows(TERMS)
    return PrivacyRules(
        _thresholds(rules), _terms(terms), tuple(registry.table(EXCEPTIONS)), _digest(rules, terms)
    )


def rules_of_folder(registry_root: Path) -> PrivacyRules:
    """The rules of the registry in a folder, for callers that have not loaded it."""
    from orchestration.registry.load import load_registry

    return privacy_rules(load_registry(registry_root))


def _project_rows(table: str) -> list[Row]:
    return list(_project_registry().table(table))


@lru_cache(maxsize=1)
def _project_registry() -> Registry:
    from orchestration.registry.load import load_registry
    from orchestration.settings import load_settings

    return load_registry(load_settings({}).registry)


def _thresholds(rows: list[Row]) -> dict[tuple[str, str], dict[str, float]]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        if row["verdict"] != "allow":
            found.setdefault((row["kind"], row["place"]), {})[row["measure"]] = float(row["threshold"])
    return found


def _terms(rows: list[Row]) -> Terms:
    lists: dict[str, set[str]] = {}
    for row in rows:
        lists.setdefault(row["term_list"], set()).add(row["term"].casefold())
    return Terms({name: frozenset(words) for name, words in lists.items()})


def _digest(*tables: list[Row]) -> str:
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()
