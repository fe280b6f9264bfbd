"""Rules between tables of the study: waves, instruments, populations, breakdowns, breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestration.deliveries.problems import Problem, closest
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.load import Registry
from orchestration.registry.places import place

ORGANISATION_ONCE = frozenset({"code", "type", "municipality"})
ORGANISATION_SIDES = frozenset({"answered_by", "answered_by_each"})

Rule = Callable[[Registry], Iterator[Problem]]


def _wave_names(registry: Registry) -> Iterator[Problem]:
    for index, row in enumerate(registry.table("waves")):
        expected = f"{row['programme_id']}_{row['year']}"
        if row["wave_id"] != expected:
            yield Problem(
                "wave_name",
                f"wave_id is {row['wave_id']}, and a wave is called <programme>_<year>",
                f"call it {expected}, or correct programme_id or year",
                file=place(registry, "waves", index),
            )


def _instruments_of_waves(registry: Registry) -> Iterator[Problem]:
    told = {(row["wave_id"], row["instrument_id"]) for row in registry.table("wave_instruments")}
    for wave in registry.waves:
        for instrument in registry.instruments:
            if (wave, instrument) not in told:
                yield Problem(
                    "wave_instrument_unknown",
                    f"does not say whether {instrument} was part of {wave}",
                    f"add the row {wave},{instrument},<asked, not_asked or assumed>,<reason>",
                    file="registry/wave_instruments.csv",
                )
    for index, row in enumerate(registry.table("wave_instruments")):
        if row["status"] != "asked" and not row["reason"]:
            yield Problem(
                "wave_instrument_reason",
                f"{row['instrument_id']} is {row['status']} in {row['wave_id']}, and no reason is given",
                "say why: it is shown to readers",
                file=place(registry, "wave_instruments", index),
            )


def _population_tree(registry: Registry) -> Iterator[Problem]:
    parents = {row["population_id"]: row["parent_population_id"] for row in registry.table("populations")}
    for index, row in enumerate(registry.table("populations")):
        seen = [row["population_id"]]
        while parents.get(seen[-1]) and parents[seen[-1]] not in seen:
            seen.append(parents[seen[-1]])
        if parents.get(seen[-1]):
            yield Problem(
                "population_cycle",
                f"{' > '.join(seen)} comes back to {parents[seen[-1]]}",
                "correct parent_population_id",
                file=place(registry, "populations", index),
            )
        parent = registry.populations.get(row["parent_population_id"])
        if parent is not None and parent.instrument_id != row["instrument_id"]:
            yield Problem(
                "population_instrument",
                f"is reached by {row['instrument_id']}, its parent by {parent.instrument_id}",
                "name one instrument for both",
                file=place(registry, "populations", index),
            )


def _population_descriptions(registry: Registry) -> Iterator[Problem]:
    """No two populations are described alike: a reader could not tell why there are two."""
    first: dict[str, str] = {}
    for index, row in enumerate(registry.table("populations")):
        other = first.setdefault(row["description"].casefold(), row["population_id"])
        if other != row["population_id"]:
            yield Problem(
                "population_described_twice",
                f"{row['population_id']} has the description of {other}",
                "say of each who is counted, and what sets it apart from the other",
                file=place(registry, "populations", index),
            )


def _organisation_concepts(registry: Registry) -> Iterator[Problem]:
    """What tells an organisation is told once; a row that needs an answer names one that there is."""
    rows = registry.table("organisation_concepts")
    concept_of = {row["part"]: row["concept_id"] for row in rows}
    told: set[str] = set()
    for index, row in enumerate(rows):
        where = place(registry, "organisation_concepts", index)
        part, concept = row["part"], row["concept_id"]
        if part == "total" and registry.concepts[concept].type != "numeric":
            yield Problem(
                "organisation_total",
                f"{concept} is {registry.concepts[concept].type}: only numbers add up",
                "name a numeric concept, or remove the row",
                file=where,
            )
        if part in ORGANISATION_ONCE and part in told:
            yield Problem(
                "organisation_part_twice",
                f"an earlier row names another concept for {part}",
                "keep one of the two",
                file=where,
            )
        told.add(part)
        if part == "answered_by_each" and row["code"]:
            yield Problem(
                "organisation_code_unknown",
                f"{concept} is answered by each side, and '{row['code']}' names one",
                "empty code, or make the part answered_by",
                file=where,
            )
        answered = {"municipality": concept, "answered_by": concept_of.get("type", "")}.get(part)
        if answered is None:
            continue
        known = registry.codes_of(answered) if answered else {}
        if row["code"] not in known:
            yield Problem(
                "organisation_code_unknown",
                f"{answered or 'the `type` of an organisation'} has no answer '{row['code']}'"
                f"{closest(row['code'], known)}",
                f"give one of {', '.join(known) or 'no codes: name a concept with a code list'}",
                file=where,
            )


def _sides(registry: Registry) -> Iterator[Problem]:
    """Of each answer that a questionnaire asks whoever answers for an organisation, it is declared whose counts."""
    rows = registry.table("organisation_concepts")
    tells = {row["concept_id"] for row in rows if row["part"] in ORGANISATION_ONCE}
    types = {row["concept_id"] for row in rows if row["part"] == "type"}
    groups = {
        row["concept_id"] for name in ("breakdowns", "population_rules") for row in registry.table(name)
    }
    decided: dict[str, int] = {}
    for index, row in enumerate(rows):
        if row["part"] in ORGANISATION_SIDES and decided.setdefault(row["concept_id"], index) != index:
            yield Problem(
                "organisation_side_twice",
                f"{place(registry, 'organisation_concepts', decided[row['concept_id']])} says whose answer to "
                f"{row['concept_id']} counts, too",
                "keep one of the two",
                file=place(registry, "organisation_concepts", index),
            )
    files: dict[tuple[str, str, str], set[str]] = {}
    for row in registry.table("xw_variables"):
        if row["verb"] not in UNFED:
            asked = (row["wave_id"], row["instrument_id"], row["concept_id"])
            files.setdefault(asked, set()).add(row["file_id"])
    told = set(tells | groups | decided.keys())
    sides = [code for name in sorted(types) for code in registry.codes_of(name)]
    for index, row in enumerate(registry.table("xw_variables")):
        wave, instrument, concept = row["wave_id"], row["instrument_id"], row["concept_id"]
        with_sides = {one for name in types for one in files.get((wave, instrument, name), ())}
        of_concept = files.get((wave, instrument, concept), set())
        # Mapped for some files alone, it is asked of the side that has those.
        if (
            concept in told
            or not with_sides
            or not ("" in of_concept or len(of_concept) >= max(2, len(with_sides)))
        ):
            continue
        told.add(concept)
        yield Problem(
            "organisation_side_undecided",
            f"{concept} is asked of every side that answers for an organisation, and nothing says whose answer counts",
            f"add answered_by,{concept},<type>,<reason> to registry/organisation_concepts.csv where one side knows it "
            f"(<type>: one of {', '.join(sides)}), "
            f"or answered_by_each,{concept},,<reason> where each answers for its own part",
            file=place(registry, "xw_variables", index),
        )


def _breakdowns(registry: Registry) -> Iterator[Problem]:
    for index, row in enumerate(registry.table("breakdowns")):
        is_total = row["breakdown_id"] == "total"
        where = place(registry, "breakdowns", index)
        if is_total and row["concept_id"]:
            yield Problem(
                "breakdown_concept", "total is broken down by nothing", "empty its concept_id", file=where
            )
        elif not is_total and not registry.codes_of(row["concept_id"]):
            yield Problem(
                "breakdown_concept",
                f"{row['breakdown_id']} needs a concept with a code list",
                "name a categorical concept",
                file=where,
            )


def _breaks(registry: Registry) -> Iterator[Problem]:
    for index, row in enumerate(registry.table("series_breaks")):
        where = place(registry, "series_breaks", index)
        first, last = registry.waves[row["from_wave_id"]].year, registry.waves[row["to_wave_id"]].year
        if row["effect"] == "wave_apart" and row["from_wave_id"] != row["to_wave_id"]:
            yield Problem(
                "break_waves",
                f"{row['break_id']} sets one wave apart, and names two",
                "name the same wave twice, or choose another effect",
                file=where,
            )
        elif row["effect"] != "wave_apart" and first >= last:
            yield Problem(
                "break_waves",
                f"{row['break_id']} goes from {first} to {last}",
                "put the earlier wave in from_wave_id",
                file=where,
            )
        indicator = registry.indicators.get(row["indicator_id"])
        if indicator is not None and row["block_id"] and indicator.block_id != row["block_id"]:
            yield Problem(
                "break_block",
                f"{row['indicator_id']} is in block {indicator.block_id}, not {row['block_id']}",
                "empty one of the two, or correct it",
                file=where,
            )


def _facts(registry: Registry) -> Iterator[Problem]:
    """A fact is about one theme, block or indicator, or about all; what it names fits what it expects."""
    for index, row in enumerate(registry.table("series_facts")):
        where = place(registry, "series_facts", index)
        named = [name for name in ("theme_id", "block_id", "indicator_id") if row[name]]
        if len(named) > 1:
            yield Problem(
                "fact_about_two",
                f"{row['fact_id']} names {' and '.join(named)}",
                "name one, or none for every indicator",
                file=where,
            )
        if bool(row["with_wave_id"]) != (row["expected"] in ("comparable", "warned")):
            yield Problem(
                "fact_without_wave",
                f"{row['fact_id']} expects {row['expected']} {'with' if row['with_wave_id'] else 'without'} a wave",
                "fill with_wave_id for comparable and warned, and for nothing else",
                file=where,
            )
        if (row["expected"] == "also_broken" and not row["break_id"]) or (
            row["break_id"] and row["expected"] not in ("also_broken", "broken", "warned")
        ):
            yield Problem(
                "fact_without_break",
                f"{row['fact_id']} expects {row['expected']} {'with' if row['break_id'] else 'without'} a break",
                "fill break_id for also_broken; leave it empty but for broken and warned",
                file=where,
            )


STUDY_RULES: tuple[Rule, ...] = (
    _wave_names,
    _instruments_of_waves,
    _population_tree,
    _population_descriptions,
    _organisation_concepts,
    _sides,
    _breakdowns,
    _breaks,
    _facts,
)
