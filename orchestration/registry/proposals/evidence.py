"""What earlier waves tell: each of their variables with its text, its answers, and what it was taken for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.source_table import STRING, SourceTable
from orchestration.registry.crosswalk_rules import overlaps, scope_of
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.load import Registry, Row
from orchestration.registry.proposals.texts import Question, question


@dataclass(frozen=True)
class Answer:
    """One code of a codebook."""

    code: str
    label: str
    is_missing: bool = False


@dataclass(frozen=True)
class Variable:
    """A variable as a codebook describes it. ``position`` is its place in the file, from 0 to 1."""

    name: str
    label: str
    is_text: bool = False
    position: float = 0.0
    answers: tuple[Answer, ...] = ()

    @property
    def question(self) -> Question:
        return question(self.label, self.name)

    @property
    def valid_answers(self) -> tuple[Answer, ...]:
        """Answers with a label that are not declared missing; of a number with a label that repeats it, none."""
        return tuple(
            answer
            for answer in self.answers
            if answer.label and not answer.is_missing and answer.label != answer.code
        )


@dataclass(frozen=True)
class Earlier:
    """A variable of an earlier wave. ``concepts``: its rows of the crosswalk, none when it was left out.

    ``roles``: fields of the manifest that named it; ``missing``: kind of missing by code.
    """

    wave_id: str
    instrument_id: str
    variable: Variable
    concepts: tuple[Row, ...] = ()
    roles: tuple[str, ...] = ()
    reason: str = ""
    targets: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Code and kind of missing of each source code, as the crosswalk has them."""

    @property
    def shown(self) -> str:
        return f"{self.wave_id} {self.variable.name}"


def described(table: SourceTable) -> tuple[Variable, ...]:
    """The variables of a file that was read, in its order."""
    answers: dict[str, list[Answer]] = {}
    for value in table.values:
        answers.setdefault(value.variable_name, []).append(
            Answer(value.code, value.value_label, value.is_user_missing)
        )
    last = max(len(table.variables) - 1, 1)
    return tuple(
        Variable(
            variable.variable_name,
            variable.variable_label,
            variable.storage_type == STRING,
            (variable.position - 1) / last,
            tuple(answers.get(variable.variable_name, ())),
        )
        for variable in table.variables
    )


def from_registry(registry: Registry, without: str = "") -> list[Earlier]:
    """Every variable that the accepted crosswalk knows, of every wave but ``without``."""
    registry = registry.accepted()
    found = _mapped(registry, lambda row: row["wave_id"] != without)
    return [*found, *_left_out(registry, without)]


def of_wave(registry: Registry, wave_id: str) -> list[Earlier]:
    """Every variable of one wave that its rows of the crosswalk map, proposed ones too."""
    return _mapped(registry, lambda row: row["wave_id"] == wave_id)


def _mapped(registry: Registry, is_meant: Callable[[Row], bool]) -> list[Earlier]:
    values: dict[tuple[str, ...], list[Row]] = {}
    for row in registry.table("xw_values"):
        values.setdefault((*scope_of(row), row["source_variable"]), []).append(row)
    grouped: dict[tuple[str, ...], list[Row]] = {}
    for row in registry.table("xw_variables"):
        if row["verb"] not in UNFED and is_meant(row):
            grouped.setdefault((*scope_of(row), row["file_id"], row["source_variable"]), []).append(row)
    found: list[Earlier] = []
    for (wave, instrument, _, name), rows in grouped.items():
        coded = [row for row in values.get((wave, instrument, name), []) if overlaps(row, rows[0])]
        found.append(
            Earlier(
                wave,
                instrument,
                Variable(name, rows[0].get("source_label", ""), answers=_answers(registry, rows, coded)),
                tuple(rows),
                targets={row["source_code"]: (row["code"], row["missing_kind"]) for row in coded},
            )
        )
    return found


def _left_out(registry: Registry, without: str) -> Iterator[Earlier]:
    if "xw_left_out" not in registry.tables:
        return
    for row in registry.table("xw_left_out"):
        if row["wave_id"] != without:
            yield Earlier(
                *scope_of(row), Variable(row["source_variable"], row["source_label"]), reason=row["reason"]
            )


def _answers(registry: Registry, rows: list[Row], coded: list[Row]) -> tuple[Answer, ...]:
    """Answers by the crosswalk; of a copied or turned scale, those of the concept's code list."""
    said = [Answer(row["source_code"], row["source_label"], bool(row["missing_kind"])) for row in coded]
    known = {answer.code for answer in said}
    for row in rows:
        concept = registry.concepts[row["concept_id"]]
        codes = registry.codes_of(row["concept_id"])
        if row["verb"] == "copy":
            said += [Answer(code, item.label_nl) for code, item in codes.items() if code not in known]
        elif row["verb"] == "reverse":
            turn = int(concept.valid_min + concept.valid_max)
            said += [
                Answer(str(turn - int(code)), item.label_nl)
                for code, item in codes.items()
                if code.lstrip("-").isdigit() and str(turn - int(code)) not in known
            ]
    return tuple(said)


def with_codebooks(
    earlier: Iterable[Earlier], wave_id: str, files: Iterable[tuple[DeliveredFile, Iterable[Variable]]]
) -> list[Earlier]:
    """The evidence, with the files of one wave as their codebooks describe them.

    Adds what the crosswalk does not hold: roles, places, and the answers of variables that were left out.
    """
    kept = [item for item in earlier if item.wave_id != wave_id]
    known = [item for item in earlier if item.wave_id == wave_id]
    for entry, variables in files:
        ours = {
            item.variable.name: item
            for item in known
            if item.instrument_id == entry.instrument
            and all(row["file_id"] in ("", entry.file_id) for row in item.concepts)
        }
        roles = roles_of(entry)
        for variable in variables:
            item = ours.get(variable.name, Earlier(wave_id, entry.instrument, variable))
            kept.append(replace(item, variable=variable, roles=tuple(roles.get(variable.name, ()))))
    return kept


def roles_of(entry: DeliveredFile) -> dict[str, list[str]]:
    """Fields of the manifest by the variable that they name."""
    found: dict[str, list[str]] = {}
    for role in SINGLE_ROLES:
        if name := getattr(entry, role):
            found.setdefault(name, []).append(role)
    for role in LIST_ROLES:
        for name in getattr(entry, role):
            found.setdefault(name, []).append(role)
    return found


SINGLE_ROLES = (
    "respondent_id",
    "panel_id",
    "weight",
    "psu",
    "psu_population",
    "ssu",
    "ssu_population",
)
LIST_ROLES = ("strata", "identifiers", "free_text")
