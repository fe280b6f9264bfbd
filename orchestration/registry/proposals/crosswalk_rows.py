"""Proposed rows of the crosswalk for the files of one instrument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.declaration import PROPOSED
from orchestration.registry.load import Registry, Row
from orchestration.registry.proposals.answer_lists import list_of, listed, quoted, side_by_side
from orchestration.registry.proposals.columns import Column
from orchestration.registry.proposals.evidence import Earlier
from orchestration.registry.proposals.matching import SAME, Match
from orchestration.registry.proposals.meaning import Meanings
from orchestration.registry.proposals.ranges import covered, ranges_for
from orchestration.registry.proposals.roles import DROPPED, Roles
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.shown_codes import shown_codes

NEW = "nieuw"
"""How the reason begins of a variable that is like no earlier one; the others were left out before."""
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
    taken = {
        row["concept_id"]: match.variable.name
        for match in file.matches
        if match.earlier is not None
        for row in match.earlier.concepts
    }
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
                    "reason": left_out_reason(match, taken, rules),
                }
            )
    return tables


def left_out_reason(match: Match, taken: Mapping[str, str], rules: Rules) -> str:
    """Why a variable feeds nothing: as in an earlier wave, or since no question is like it.

    ``taken``: the variable of the same file that each concept is proposed for.
    """
    if match.earlier is not None:
        return match.earlier.reason or f"ook in {match.earlier.wave_id} niet gebruikt"
    if is_near_a_concept(match, rules):
        concepts = [row["concept_id"] for row in match.near.concepts]
        owners = sorted({taken[name] for name in concepts if name in taken})
        why_not = f"maar dat is {', '.join(owners)}" if owners else "te weinig om het voor te stellen"
        return f"{NEW}: lijkt op {', '.join(concepts)} ({two_decimals(match.near_score)}), {why_not}"
    nearest = f"; het naast staat {match.rival} ({two_decimals(match.best)})" if match.rival else ""
    return f"{NEW}: lijkt op geen bekende vraag{nearest}"


def is_near_a_concept(match: Match, rules: Rules) -> bool:
    """Whether a variable resembles a mapped question as much as a proposal needs."""
    return match.near is not None and match.near_score >= rules.lowest_score


def was_left_out(match: Match, instrument_id: str) -> bool:
    """Whether the same questionnaire had this text before, and a person left it out then."""
    earlier = match.earlier
    return earlier is not None and earlier.instrument_id == instrument_id and match.text >= SAME


def has_other_answers(match: Match) -> bool:
    """Whether the answer list is another than that of the earlier variable that it is taken for, or than that of
    the wave that the new one is like."""
    if match.earlier is None:
        return False
    return match.answers < SAME or (match.lists is not None and match.lists.is_other)


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
        parts.append(_other_answers(match))
    if match.same_name:
        parts.append("zelfde naam")
    if match.rival:
        parts.append(f"kan ook {match.rival} zijn")
    return "; ".join(parts)


def compared(
    match: Match,
    instrument_id: str,
    evidence: Sequence[Earlier],
    meanings: Meanings,
    registry: Registry,
    rules: Rules,
    like: str,
) -> Match:
    """A match with its answers beside those that the wave which the new one is like had for the question.

    Where an answer is more or fewer the match is not sure: who answered then had another choice.
    """
    if match.earlier is None or not match.earlier.concepts:
        return match
    concepts = {row["concept_id"] for row in match.earlier.concepts}
    in_like = (
        item
        for item in evidence
        if (item.wave_id, item.instrument_id) == (like, instrument_id)
        and concepts & {row["concept_id"] for row in item.concepts}
        and list_of(registry, item)
    )
    before = next(in_like, match.earlier)
    verbs = _verbs(meanings, match)
    told = meanings.answers(match.variable, list(verbs), _needs(registry, verbs))
    targets = {answer.code: meaning.outcome for answer, meaning in told}
    then = list_of(registry, before)
    if "reverse" in verbs.values():
        now = list_of(registry, replace(match.earlier, variable=match.variable, targets=targets))
    else:
        now = listed(match.variable.valid_answers, targets)
    if not then or not now:
        return match
    lists = side_by_side(before.shown, then, now)
    score = min(match.score, rules.other_answers_at_most) if lists.is_other else match.score
    return replace(match, lists=lists, score=score)


def _verbs(meanings: Meanings, match: Match) -> dict[str, str]:
    return {
        row["concept_id"]: meanings.verb(match.variable, row["concept_id"], row["verb"])
        for row in match.earlier.concepts
    }


def _other_answers(match: Match) -> str:
    """In what the answer list is another; spelling alone is said to be no more than that."""
    lists = match.lists
    if lists is None or not lists.is_other:
        return "andere antwoorden dan toen"
    parts = [
        f"{word} {quoted(answers)}"
        for word, answers in (("meer", lists.more), ("minder", lists.fewer))
        if answers
    ]
    return f"andere antwoorden dan {lists.shown}: {' en '.join(parts)}"


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
    verbs = _verbs(meanings, match)
    for row in match.earlier.concepts:
        concept = row["concept_id"]
        verb = verbs[concept]
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
    more = {answer.source_code for answer in match.lists.more} if match.lists else set()
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
                "note": "; ".join(
                    part
                    for part in (meaning.note, f"niet bij {match.lists.shown}" if answer.code in more else "")
                    if part
                ),
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
    # A list of an earlier wave that came back is the same list, though the last wave had another.
    return "comparable" if then == "identical" and not match.is_same_question else then


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
    """A score as the registry has it: two decimals at most, never rounded up."""
    return f"{_hundredths(score) / 100:g}"


def two_decimals(score: float) -> str:
    """A score as a person sees it: the same number with two decimals."""
    return f"{_hundredths(score) / 100:.2f}"


def _hundredths(score: float) -> int:
    # Rounded far behind what is shown: 0.29 times 100 is a little less than 29.
    return int(round(score * 100, 6))


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
