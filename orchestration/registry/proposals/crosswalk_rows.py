"""Proposed rows of the crosswalk for the files of one instrument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.declaration import PROPOSED
from orchestration.registry.load import Registry, Row
from orchestration.registry.proposals.columns import Column
from orchestration.registry.proposals.matching import Match
from orchestration.registry.proposals.meaning import Meanings
from orchestration.registry.proposals.ranges import covered, ranges_for
from orchestration.registry.proposals.roles import DROPPED, Roles
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.shown_codes import shown_codes

SAME = 0.995
"""Likeness from which two texts are the same but for the form in which they are written."""
Tables = dict[str, list[Row]]


@dataclass
class FileProposal:
    """What is proposed for one file: its matches, roles, and rows by table (with the file's name in them)."""

    file_id: str
    instrument_id: str
    shown: str
    matches: Sequence[Match]
    columns: dict[str, Column]
    roles: Roles
    rows: Tables = field(default_factory=dict)

    @property
    def concepts(self) -> dict[str, float]:
        """Score of each concept that a variable answers."""
        rows = self.rows.get("xw_variables", [])
        return {row["concept_id"]: float(row["score"]) for row in rows if row["verb"] not in UNFED}


def file_rows(
    file: FileProposal,
    meanings: Meanings,
    registry: Registry,
    rules: Rules,
    wave_id: str,
    year: int,
) -> Tables:
    """Rows of ``xw_variables``, ``xw_values``, ``xw_buckets`` and ``xw_left_out`` for the variables of a file."""
    tables: Tables = {"xw_variables": [], "xw_values": [], "xw_buckets": [], "xw_left_out": []}
    for match in file.matches:
        roles = file.roles.of_variable.get(match.variable.name, [])
        where = {
            "wave_id": wave_id,
            "instrument_id": file.instrument_id,
            "file_id": file.file_id,
            "source_variable": match.variable.name,
        }
        if any(role in DROPPED for role in roles):
            continue
        if match.earlier is not None and match.earlier.concepts:
            _mapped(tables, where, match, file.columns[match.variable.name], meanings, registry, rules, year)
        elif not roles:
            tables["xw_left_out"].append(
                {
                    **where,
                    "source_label": match.variable.label,
                    "status": PROPOSED,
                    "reason": left_out_reason(match),
                }
            )
    return tables


def left_out_reason(match: Match) -> str:
    """Why a variable feeds nothing: as in an earlier wave, or since no question is like it."""
    if match.earlier is not None:
        return match.earlier.reason or f"ook in {match.earlier.wave_id} niet gebruikt"
    nearest = f"; het naast staat {match.rival} ({match.best:.2f})" if match.rival else ""
    return f"nieuw: lijkt op geen bekende vraag{nearest}"


def has_other_answers(match: Match) -> bool:
    """Whether the answer list is another than that of the earlier variable that it is taken for."""
    return match.earlier is not None and match.answers < SAME


def why(match: Match) -> str:
    """On what a match rests, in Dutch, as the note of its row."""
    earlier = match.earlier
    if earlier is None:
        return ""
    if match.text >= SAME:
        parts = [f"zelfde vraag als {earlier.shown}"]
    elif earlier.variable.label:
        parts = [f"lijkt op {earlier.shown}: '{earlier.variable.label}'"]
    else:
        parts = [f"als {earlier.shown}"]
    if has_other_answers(match):
        parts.append("andere antwoorden dan toen")
    if match.same_name:
        parts.append("zelfde naam")
    if match.rival:
        parts.append(f"kan ook {match.rival} zijn")
    return "; ".join(parts)


def _mapped(
    tables: Tables,
    where: Row,
    match: Match,
    column: Column,
    meanings: Meanings,
    registry: Registry,
    rules: Rules,
    year: int,
) -> None:
    variable, score = match.variable, match.score
    verbs: dict[str, str] = {}
    for row in match.earlier.concepts:
        concept = row["concept_id"]
        verb = meanings.verb(variable, concept, row["verb"])
        verbs[concept] = verb
        note = "; ".join(part for part in (row["note"], why(match)) if part)
        tables["xw_variables"].append(
            {
                **where,
                "source_label": variable.label,
                "concept_id": concept,
                "verb": verb,
                "comparability": _comparability(row["comparability"], match),
                "status": PROPOSED,
                "score": shown_score(score),
                "note": note,
            }
        )
        if verb == "bucket":
            _ranges(tables, where, match, concept, column, registry, rules, year)
    answers = meanings.answers(variable, list(verbs), _needs(registry, verbs))
    known = {answer.code for answer in variable.answers}
    for answer, meaning in answers:
        code, kind = meaning.outcome
        tables["xw_values"].append(
            {
                **where,
                "source_code": answer.code,
                "source_label": answer.label,
                "code": code,
                "missing_kind": kind,
                "status": PROPOSED,
                "score": shown_score(min(score, meaning.score)),
                "note": meaning.note,
            }
        )
    if "recode" in verbs.values():
        shown = shown_codes(registry)
        for code, count in column.codes.items():
            # What no codebook names may be somebody's own words or number: the registry is no place for it.
            if code not in known and shown.may_show(code, count, is_number=not column.is_text):
                note = f"zonder label, {count} antwoorden"
                row = {"source_code": code, "source_label": "", "code": "", "missing_kind": ""}
                row |= {"status": PROPOSED, "score": "0", "note": note}
                tables["xw_values"].append({**where, **row})


def _comparability(then: str, match: Match) -> str:
    """As it was, but that another text or answer list is for a person to call the same."""
    is_same = match.text >= SAME and not has_other_answers(match)
    return "comparable" if then == "identical" and not is_same else then


def _needs(registry: Registry, verbs: dict[str, str]) -> str:
    """The verb that decides which answers need a row, of those that a variable has together."""
    if "recode" in verbs.values():
        return "recode"
    if "bucket" in verbs.values():
        return "bucket"
    is_number = any(registry.concepts[concept].type == "numeric" for concept in verbs)
    return "copy_number" if is_number else next(iter(verbs.values()))


def _ranges(
    tables: Tables,
    where: Row,
    match: Match,
    concept: str,
    column: Column,
    registry: Registry,
    rules: Rules,
    year: int,
) -> None:
    ranges = ranges_for(registry, rules, concept, where["instrument_id"], year, where["wave_id"])
    labelled = {answer.code for answer in match.variable.answers}
    outside = sum(
        count for code, count in column.codes.items() if code not in labelled and not covered(ranges, code)
    )
    for lower, upper, code, note in ranges:
        lies = f"{outside} antwoorden liggen in geen enkel bereik" if outside else ""
        tables["xw_buckets"].append(
            {
                **where,
                "concept_id": concept,
                "lower": lower,
                "upper": upper,
                "code": code,
                "status": PROPOSED,
                "score": shown_score(match.score),
                "note": "; ".join(part for part in (note, lies) if part),
            }
        )


def shown_score(score: float) -> str:
    """A score as the registry has it: two decimals, never rounded up."""
    return f"{int(score * 100) / 100:g}"


def shared(files: Sequence[FileProposal]) -> Tables:
    """Rows of all files of one instrument: what they have in common stands once, without a file."""
    result: Tables = {}
    for table in dict.fromkeys(name for file in files for name in file.rows):
        blocks: dict[tuple[str, tuple], list[tuple[FileProposal, list[Row]]]] = {}
        for file in files:
            for name, rows in _by_variable(file.rows.get(table, [])).items():
                blocks.setdefault((name, _content(rows)), []).append((file, rows))
        for found in blocks.values():
            if len(found) == len(files):
                result.setdefault(table, []).extend({**row, "file_id": ""} for row in _least_sure(found))
            else:
                result.setdefault(table, []).extend(row for _, rows in found for row in rows)
    return result


def _by_variable(rows: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["source_variable"] or f"\n{row['concept_id']}", []).append(row)
    return grouped


def _content(rows: list[Row]) -> tuple:
    own = ("file_id", "score", "note", "reason")
    return tuple(sorted(tuple((k, v) for k, v in row.items() if k not in own) for row in rows))


def _least_sure(found: list[tuple[FileProposal, list[Row]]]) -> list[Row]:
    return min((rows for _, rows in found), key=lambda rows: min(float(r.get("score") or 1) for r in rows))
