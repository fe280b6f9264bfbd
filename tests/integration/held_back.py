"""A sample wave held back: the registry and the raw folder as they were before it came in, and its files.

``held_back(root, "vi_2024")`` copies both without that wave; its files lie in ``root/in``. ``Truth`` is what
persons decided about it, with which a proposal under another name is compared.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from orchestration.commands import new_wave
from orchestration.deliveries.manifest import OWN_NAMES
from orchestration.registry import TABLES, load_registry
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.load import Row
from orchestration.registry.proposals.evidence import Variable
from orchestration.registry.proposals.proposal import Proposal, propose
from orchestration.registry.proposals.rules import rules_of
from orchestration.registry.proposals.scores import Scorer
from orchestration.settings import PROJECT_ROOT, Settings

Change = Callable[[Variable], Variable]


@dataclass(frozen=True)
class HeldBack:
    """Where the copies are, and what was taken out of them: rows by table, and the manifest's text."""

    settings: Settings
    wave_id: str
    files: list[Path]
    truth: dict[str, list[Row]]
    manifest: str


def held_back(root: Path, wave_id: str) -> HeldBack:
    """Copy registry and raw below ``root`` without the wave; of a redelivered file the later version is taken."""
    shutil.copytree(PROJECT_ROOT / "dbt_project" / "seeds", root / "registry")
    shutil.copytree(PROJECT_ROOT / "raw", root / "raw")
    delivered = root / "raw" / wave_id.split("_")[0] / wave_id
    manifest = (delivered / "delivery.yml").read_text(encoding="utf-8")
    (root / "in").mkdir()
    files = []
    for path in sorted(delivered.rglob("*")):
        if path.is_file() and path.name not in OWN_NAMES and not path.is_relative_to(delivered / "v1"):
            files.append(path.rename(root / "in" / path.name))
    shutil.rmtree(delivered)
    truth = {}
    for name, declared in TABLES.items():
        columns = [c for c in ("wave_id", "from_wave_id", "to_wave_id") if c in declared.column_names]
        if not columns:
            continue
        path = root / "registry" / declared.path
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        truth[name] = [row for row in rows if any(row[column] == wave_id for column in columns)]
        kept = [row for row in rows if row not in truth[name]]
        text = canonical_csv(declared.column_names, (row.values() for row in kept))
        path.write_text(text, encoding="utf-8")
    settings = Settings(raw=root / "raw", registry=root / "registry", home=root / "home")
    return HeldBack(settings, wave_id, files, truth, manifest)


def propose_changed(
    held: HeldBack, as_wave: str, change: Change, like: str | None = None, instruments: Iterable[str] = ()
) -> Proposal:
    """The proposal for the held-back files with every variable changed before it is matched."""
    from orchestration.deliveries.incoming import read_incoming

    registry = load_registry(held.settings.registry)
    rules = rules_of(registry)
    wave = new_wave._wave(registry, as_wave, like)
    read = read_incoming(held.files)
    described, _ = new_wave._described(registry, read, as_wave)
    described = {path: tuple(change(v) for v in variables) for path, variables in described.items()}
    _, before, evidence = new_wave._evidence(held.settings, registry, wave)
    scorer = Scorer(registry, rules, evidence, [v for variables in described.values() for v in variables])
    unchanged, _ = new_wave._described(registry, read, as_wave)
    new = new_wave._new_files(registry, rules, scorer, wave, read, described, [*instruments])
    # Counts of the answers go by the name that a variable was delivered with.
    renamed = []
    for file, incoming in zip(new, read, strict=True):
        names = zip(unchanged[incoming.path], described[incoming.path], strict=True)
        renamed.append(replace(file, columns={b.name: file.columns[a.name] for a, b in names}))
    return propose(registry, rules, wave, renamed, evidence, scorer, before)


@dataclass(frozen=True)
class Outcome:
    """Of what a table should hold: how many rows are proposed rightly; and wrong ones with a high score."""

    wanted: int
    right: int
    wrong_and_sure: list[str]

    @property
    def share(self) -> float:
        return self.right / self.wanted if self.wanted else 1.0


def compare(
    proposed: Mapping[str, list[Row]],
    held: HeldBack,
    names: Mapping[str, str] | None = None,
    sure: float = 0.9,
) -> dict[str, Outcome]:
    """Proposals beside the truth, for mapped variables, codes, ranges, not-asked concepts, routing, left-out.

    ``names``: delivered name of each changed variable, where names were changed.
    """
    delivered = names or {}
    outcomes = {}
    for label, (table, content) in QUESTIONS.items():
        picked = PICKED.get(label, lambda row: True)
        want = {_key(row, content, {}) for row in held.truth[table] if picked(row)}
        got = {_key(row, content, delivered): row for row in proposed.get(table, []) if picked(row)}
        wrong = [
            f"{key} ({row.get('score')})"
            for key, row in got.items()
            if key not in want and float(row.get("score") or 0) >= sure
        ]
        outcomes[label] = Outcome(len(want), len(want & got.keys()), wrong)
    return outcomes


QUESTIONS = {
    "variables": ("xw_variables", ("instrument_id", "source_variable", "concept_id")),
    "verbs": ("xw_variables", ("instrument_id", "source_variable", "concept_id", "verb")),
    "codes": ("xw_values", ("instrument_id", "source_variable", "source_code", "code", "missing_kind")),
    "ranges": ("xw_buckets", ("instrument_id", "source_variable", "concept_id", "lower", "upper", "code")),
    "not asked": ("xw_variables", ("instrument_id", "concept_id")),
    "routing": ("routing", ("instrument_id", "concept_id", "gate_concept_id", "code")),
    "left out": ("xw_left_out", ("instrument_id", "source_variable")),
    "weights": ("weight_totals", ("instrument_id", "total")),
    "themes": ("wave_themes", ("theme_id",)),
}
PICKED: dict[str, Callable[[Row], bool]] = {
    "variables": lambda row: row["verb"] not in UNFED,
    "verbs": lambda row: row["verb"] not in UNFED,
    "not asked": lambda row: row["verb"] in UNFED,
}


def _key(row: Row, content: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        names.get(row[column], row[column]) if column == "source_variable" else row.get(column, "")
        for column in content
    )


FILLED: dict[str, object] = {
    "received_on": "2026-11-02",
    "supplier": "Onderzoeksbureau",
    "is_synthetic": True,
    "notice": "Synthetisch: geen antwoord is van een echt persoon.",
    "licence": "CC0-1.0",
}
"""What a person writes into the gaps of a manifest."""


def fill_in(manifest: Path, invited: int = 20_000, without: str = "never") -> None:
    """Fill in the gaps of a drafted manifest; populations whose name ends in ``without`` were not invited."""
    data = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    data |= FILLED
    for entry in data["files"]:
        invitations = [r for r in entry.get("response", []) if not r["population"].endswith(without)]
        entry["response"] = [{**row, "invited": invited} for row in invitations]
    manifest.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")


def accept_everything(registry: Path) -> int:
    """Set every proposed row to accepted, as a person would in a spreadsheet; margins without a number go.

    Returns the number of rows.
    """
    changed = 0
    for declared in TABLES.values():
        status = declared.status_column
        path = registry / declared.path
        if not status or not path.is_file():
            continue
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        if declared.name == "weighting_margins":
            rows = [row for row in rows if row["population_n"]]
        for row in rows:
            if row[status] == "proposed":
                row[status] = "accepted"
                changed += 1
        path.write_text(
            canonical_csv(declared.column_names, (row.values() for row in rows)), encoding="utf-8"
        )
    return changed
