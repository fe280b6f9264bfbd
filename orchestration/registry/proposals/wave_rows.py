"""Proposed rows about the wave as a whole: the wave, themes, instruments, what was not asked, routing, breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.csv_text import total_text
from orchestration.registry.declaration import PROPOSED
from orchestration.registry.load import Registry, Row
from orchestration.registry.proposals.crosswalk_rows import FileProposal, shown_score
from orchestration.registry.proposals.rules import Rules

NOT_ASKED = "niet in de vragenlijst van deze meting"


def wave_row(registry: Registry, wave_id: str, programme_id: str, year: int, like: str) -> Row:
    """The row of ``waves``; the period that questions look back on is taken from the wave that it is like."""
    before = next(row for row in registry.table("waves") if row["wave_id"] == like)
    return {
        "wave_id": wave_id,
        "programme_id": programme_id,
        "year": str(year),
        "reference_period": before["reference_period"],
        "maturity": "provisional",
        "note": f"voorgesteld naar het voorbeeld van {like}",
        "status": PROPOSED,
    }


def theme_rows(registry: Registry, rules: Rules, wave_id: str, concepts: Iterable[str]) -> list[Row]:
    """A row for each theme of which the files ask enough."""
    themes = {row["concept_id"]: row["theme_id"] for row in registry.table("concepts")}
    asked = Counter(themes[concept] for concept in set(concepts) if themes[concept])
    return [
        {"wave_id": wave_id, "theme_id": theme, "status": PROPOSED}
        for theme, count in sorted(asked.items())
        if count >= rules.theme_concepts
    ]


def instrument_rows(registry: Registry, wave_id: str, delivered: Iterable[str]) -> list[Row]:
    """A row for each instrument of the registry: asked when it has a file."""
    there = set(delivered)
    return [
        {
            "wave_id": wave_id,
            "instrument_id": instrument,
            "status": "asked" if instrument in there else "not_asked",
            "reason": "" if instrument in there else "geen bestand in de levering",
            "row_status": PROPOSED,
        }
        for instrument in sorted(registry.instruments)
    ]


def not_asked_rows(
    registry: Registry, file: FileProposal, wave_id: str, themes: set[str], like: str
) -> list[Row]:
    """A row for each concept of the themes, known for this instrument, that no variable of the file answers.

    The score is lower where the wave that this one is like did ask it, and where a variable comes close.
    """
    rows = [row for row in registry.accepted().table("xw_variables") if row["wave_id"] != wave_id]
    mine = [row for row in rows if row["instrument_id"] == file.instrument_id]
    concept_themes = {row["concept_id"]: row["theme_id"] for row in registry.table("concepts")}
    close = {
        row_concept: match.best
        for match in file.matches
        if match.earlier is None
        for row_concept in match.rival.split(", ")
    }
    found = []
    for concept in sorted({row["concept_id"] for row in mine} - set(file.concepts)):
        if concept_themes[concept] and concept_themes[concept] not in themes:
            continue
        said = [row for row in mine if row["concept_id"] == concept]
        score = 1 - close.get(concept, 0.0)
        asked_before = [row for row in said if row["wave_id"] == like and row["verb"] not in UNFED]
        if asked_before:
            score = min(score, 0.5)
        verb, note = ("not_asked", NOT_ASKED) if asked_before else _word(said, like)
        found.append(
            {
                "wave_id": wave_id,
                "instrument_id": file.instrument_id,
                "file_id": file.file_id,
                "source_variable": "",
                "source_label": "",
                "concept_id": concept,
                "verb": verb,
                "comparability": "limited",
                "status": PROPOSED,
                "score": shown_score(score),
                "note": note,
            }
        )
    return found


def _word(said: Sequence[Row], like: str) -> tuple[str, str]:
    """Verb and reason that the wave which this one is like gave, or else most of the earlier ones; readers see the
    reason, so it says nothing of how it was found."""
    words = [row for row in said if row["verb"] in UNFED and row["note"]]
    ours = [row for row in words if row["wave_id"] == like] or words
    found = Counter((row["verb"], row["note"]) for row in ours)
    return found.most_common(1)[0][0] if found else ("not_asked", NOT_ASKED)


def routing_rows(
    registry: Registry, wave_id: str, instrument_id: str, concepts: Mapping[str, float], like: str
) -> list[Row]:
    """The gates of each question as the last wave that had it routed them, if this wave has the gate too."""
    accepted = registry.accepted()
    rows = [row for row in accepted.table("routing") if row["instrument_id"] == instrument_id]
    asked = {
        (row["wave_id"], row["concept_id"])
        for row in accepted.table("xw_variables")
        if row["instrument_id"] == instrument_id and row["verb"] not in UNFED
    }
    inputs: dict[str, set[str]] = {}
    for row in registry.table("derived_inputs"):
        inputs.setdefault(row["concept_id"], set()).add(row["input_concept_id"])
    found = []
    for concept, score in sorted(concepts.items()):
        waves = [wave for wave, name in asked if name == concept and wave != wave_id]
        if not waves:
            continue
        last = max(waves, key=lambda wave: (wave == like, registry.waves[wave].year))
        for row in rows:
            gate = row["gate_concept_id"]
            ours = [concepts[name] for name in {gate, *inputs.get(gate, ())} if name in concepts]
            if (row["wave_id"], row["concept_id"]) == (last, concept) and ours:
                found.append(
                    {**row, "wave_id": wave_id, "status": PROPOSED, "score": shown_score(min(score, *ours))}
                )
    return found


def break_rows(registry: Registry, wave_id: str, like: str) -> Iterator[Row]:
    """Breaks that come with every wave: those into the last wave that also came with the one before it."""
    rows = [row for row in registry.accepted().table("series_breaks") if row["to_wave_id"] != wave_id]
    for row in rows:
        if row["to_wave_id"] != like or row["effect"] == "wave_apart":
            continue
        if any(_same_break(row, other) and other["to_wave_id"] == row["from_wave_id"] for other in rows):
            old, new = f"{row['from_wave_id']}_{like}", f"{like}_{wave_id}"
            name = row["break_id"]
            name = name.replace(old, new) if old in name else f"{name}__{new}"
            yield {
                **row,
                "break_id": name,
                "from_wave_id": like,
                "to_wave_id": wave_id,
                "status": PROPOSED,
            }


def _same_break(row: Row, other: Row) -> bool:
    same = ("indicator_id", "block_id", "population_id", "kind", "effect", "reason")
    return all(row[name] == other[name] for name in same)


def margin_rows(registry: Registry, wave_id: str, concepts: Mapping[str, set[str]], like: str) -> list[Row]:
    """Margins as the wave that this one is like has them, without their numbers, which a person has to find.

    ``concepts``: what the files ask, by instrument.
    """
    return [
        {**row, "wave_id": wave_id, "population_n": "", "source": "", "status": PROPOSED}
        for row in registry.accepted().table("weighting_margins")
        if row["wave_id"] == like
        and (
            row["concept_id"] in concepts.get(row["instrument_id"], set())
            or any(
                other["input_concept_id"] in concepts.get(row["instrument_id"], set())
                for other in registry.table("derived_inputs")
                if other["concept_id"] == row["concept_id"]
            )
        )
    ]


def weight_total_row(registry: Registry, wave_id: str, file: FileProposal) -> Row:
    """What the weights of a file add up to, as delivered; the tolerance is that of earlier waves."""
    weight = file.roles.fields.get("weight")
    column = file.columns.get(weight) if isinstance(weight, str) else None
    rows = next(iter(file.columns.values())).rows if file.columns else 0
    total = column.total if column else rows
    earlier = [row for row in registry.accepted().table("weight_totals") if row["wave_id"] != wave_id]
    alike = [row for row in earlier if ("zonder gewicht" in row["reason"]) == (column is None)]
    tolerance = (alike or earlier or [{"tolerance": "0.005"}])[-1]["tolerance"]
    if column is None:
        reason = "zonder gewicht: het aantal respondenten"
    elif abs(total - rows) <= float(tolerance) * rows:
        reason = "gewogen naar het aantal respondenten"
    else:
        reason = "gewogen naar een totaal buiten het bestand; bevestig het met de leverancier"
    return {
        "wave_id": wave_id,
        "instrument_id": file.instrument_id,
        "file_id": file.file_id,
        "total": total_text(total),
        "tolerance": tolerance,
        "status": PROPOSED,
        "reason": reason,
    }
