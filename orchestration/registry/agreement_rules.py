"""What the registry says in two places agrees: a slip in one of them would change figures without a word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Set
from itertools import pairwise

from orchestration.deliveries.problems import Problem
from orchestration.registry.load import Registry
from orchestration.registry.places import place
from orchestration.registry.population_scope_rules import instruments_of_concepts

Rule = Callable[[Registry], Iterator[Problem]]


def _indicators_and_concepts(registry: Registry) -> Iterator[Problem]:
    """An indicator stands in the theme and block of its concept, and is as sensitive."""
    concepts = {row["concept_id"]: (index, row) for index, row in enumerate(registry.table("concepts"))}
    for index, row in enumerate(registry.table("indicators")):
        at, concept = concepts[row["concept_id"]]
        for column in ("theme_id", "block_id", "is_sensitive"):
            if row[column] != concept[column]:
                yield Problem(
                    "indicator_and_concept",
                    f"{row['indicator_id']} has {column} '{row[column]}', and {place(registry, 'concepts', at)} says "
                    f"'{concept[column]}' of {row['concept_id']}",
                    "correct one of the two, or concept_id",
                    file=place(registry, "indicators", index),
                )


def _families_of_blocks(registry: Registry) -> Iterator[Problem]:
    """Tests on one block are corrected together: the p-values of a family depend on what is in it."""
    rows = list(enumerate(registry.table("indicators")))
    usual: dict[str, Counter[str]] = {}
    for _, row in rows:
        usual.setdefault(row["block_id"], Counter())[row["family_id"]] += 1
    for index, row in rows:
        family, count = usual[row["block_id"]].most_common(1)[0]
        if row["block_id"] and row["family_id"] != family:
            yield Problem(
                "family_of_block",
                f"{row['indicator_id']} is tested in family {row['family_id']}, and {count} other indicators of block "
                f"{row['block_id']} in {family}",
                f"name {family}, or give it a block of its own in registry/blocks.csv",
                file=place(registry, "indicators", index),
            )


def _measured_twice(registry: Registry) -> Iterator[Problem]:
    """No two indicators count the same answers in the same base."""
    counted: dict[str, list[str]] = {}
    for row in registry.table("indicator_codes"):
        counted.setdefault(row["indicator_id"], []).append(row["code"] or f"<{row['missing_kind']}>")
    seen: dict[tuple[object, ...], int] = {}
    columns = ("concept_id", "denominator_concept_id", "statistic", "base_id")
    for index, row in enumerate(registry.table("indicators")):
        codes = sorted(counted.get(row["indicator_id"], []))
        first = seen.setdefault((*(row[name] for name in columns), *codes), index)
        if first != index:
            other = registry.table("indicators")[first]["indicator_id"]
            lines = [
                place(registry, "indicator_codes", at)
                for at, code in enumerate(registry.table("indicator_codes"))
                if code["indicator_id"] in (row["indicator_id"], other)
            ]
            yield Problem(
                "indicator_measured_twice",
                f"{row['indicator_id']} and {other} (line {place(registry, 'indicators', first).rsplit(':', 1)[-1]}) "
                f"count the same answers of {row['concept_id']} in the same base",
                f"correct concept_id or base_id of one, or its codes ({', '.join(lines)})"
                if lines
                else "correct one",
                file=place(registry, "indicators", index),
            )


def _headlines(registry: Registry) -> Iterator[Problem]:
    for index, row in enumerate(registry.table("headlines")):
        if not registry.indicators[row["indicator_id"]].is_headline:
            yield Problem(
                "headline_indicator",
                f"{row['headline_id']} tells of {row['indicator_id']}, which is no headline",
                "correct indicator_id, or set is_headline in registry/indicators.csv",
                file=place(registry, "headlines", index),
            )


def _thresholds(registry: Registry) -> Iterator[Problem]:
    """A reason code that readers see names the threshold that was applied: ``n_below_30`` for 30."""
    for table in ("reliability_rules", "confidentiality_rules"):
        orders: dict[tuple[str, str], int] = {}
        for index, row in enumerate(registry.table(table)):
            where = place(registry, table, index)
            if (row["verdict"] == "publish") == bool(row["marker"]):
                yield Problem(
                    "marker_of_verdict",
                    f"{row['rule_id']} has verdict {row['verdict']}, and {'a' if row['marker'] else 'no'} marker",
                    "give every rule that suppresses or flags a cell the sign that readers see in it, and no other",
                    file=where,
                )
            # The number of a code stands last, or before the unit: interval_30_points.
            number = re.search(r"_(\d+)(?:_points)?$", row["reason_code"])
            if number and float(number[1]) != float(row["threshold"]):
                yield Problem(
                    "threshold_of_reason",
                    f"{row['rule_id']} has threshold {row['threshold']}, and tells readers {row['reason_code']}",
                    "correct one of the two",
                    file=where,
                )
            first = orders.setdefault((row["applies_to"], row["sort_order"]), index)
            if first != index:
                yield Problem(
                    "rule_order",
                    f"{row['rule_id']} has sort_order {row['sort_order']}, as {place(registry, table, first)} has; the "
                    "first rule that applies decides",
                    "give each rule a place of its own",
                    file=where,
                )


def _whole_reports(registry: Registry) -> Iterator[Problem]:
    """Of each number of reports there is one total and one mean, and one share of organisations each that keep count,
    that do not know whether, and that counted none, told by exactly what they count: ``mart_incident_reports`` has one
    column for each, and a code more or less would be another figure under the same name."""
    keeping = {row["base_id"]: row for row in registry.table("base_rules")}
    codes: dict[str, set[str]] = {}
    for row in registry.table("indicator_codes"):
        codes.setdefault(row["indicator_id"], set()).add(row["code"] or f"<{row['missing_kind']}>")
    rows = registry.table("indicators")
    measured = Counter(
        (row["concept_id"], row["statistic"], *sorted(codes.get(row["indicator_id"], ()))) for row in rows
    )
    added_up = {
        row["concept_id"] for row in registry.table("organisation_concepts") if row["part"] == "total"
    }
    yield from _totals_added_up(registry, keeping.keys(), added_up)
    counted = {
        row["concept_id"]: keeping[row["base_id"]]
        for row in rows
        if row["concept_id"] in added_up
        and row["statistic"] in ("total", "mean")
        and row["indicator_id"] not in codes
        and row["base_id"] in keeping
    }
    for concept, gate in counted.items():
        wanted = {
            "total": (concept, "total"),
            "mean": (concept, "mean"),
            "share without any": (concept, "proportion", "0"),
            "share that keeps count": (gate["concept_id"], "proportion", gate["code"]),
            "share that does not know": (gate["concept_id"], "proportion", "<dont_know>"),
        }
        if lacks := [name for name, key in wanted.items() if not measured[key]]:
            yield Problem(
                "reports_incomplete",
                f"has no indicator for the {', '.join(lacks)} of {concept}, which mart_incident_reports tells",
                "add it, with its code alone in registry/indicator_codes.csv, or remove every indicator of this number",
                file="registry/indicators.csv",
            )
        if twice := [name for name, key in wanted.items() if measured[key] > 1]:
            yield Problem(
                "reports_ambiguous",
                f"has more than one indicator for the {', '.join(twice)} of {concept}: mart_incident_reports tells one",
                "remove the others",
                file="registry/indicators.csv",
            )


def _totals_added_up(registry: Registry, with_rules: Set[str], added_up: set[str]) -> Iterator[Problem]:
    """A number of organisations of which the total is published is one that adds up over them."""
    asked = instruments_of_concepts(registry)
    of_bodies = {
        row["instrument_id"] for row in registry.table("populations") if row["is_public_body"] == "true"
    }
    for index, row in enumerate(registry.table("indicators")):
        concept = row["concept_id"]
        if (
            row["statistic"] == "total"
            and row["base_id"] in with_rules
            and registry.concepts[concept].type == "numeric"
            and asked.get(concept, set()) & of_bodies
            and concept not in added_up
        ):
            yield Problem(
                "reports_not_added_up",
                f"{row['indicator_id']} adds up {concept} of organisations, and no row says that it adds up",
                f"add total,{concept},,<reason> to registry/organisation_concepts.csv, or correct statistic",
                file=place(registry, "indicators", index),
            )


def _rounding(registry: Registry) -> Iterator[Problem]:
    """An estimate, its change and their bounds are rounded alike, each in every unit."""
    by_unit: dict[str, dict[str, int]] = {}
    rows = registry.table("rounding_rules")
    for index, row in enumerate(rows):
        if row["unit"]:
            by_unit.setdefault(row["unit"], {})[row["column_name"]] = index
    every = {column for columns in by_unit.values() for column in columns}
    for unit, columns in by_unit.items():
        for column in sorted(every - columns.keys()):
            yield Problem(
                "rounding_absent",
                f"says not how {column} is rounded in {unit}, and does so in other units",
                f"add {column},{unit},<round_to>,<reason> to registry/rounding_rules.csv",
                file="registry/rounding_rules.csv",
            )
        usual = Counter(rows[index]["round_to"] for index in columns.values()).most_common(1)[0][0]
        for column, index in columns.items():
            if rows[index]["round_to"] != usual:
                yield Problem(
                    "rounding_differs",
                    f"{column} in {unit} is rounded to {rows[index]['round_to']}, other columns to {usual}",
                    f"write {usual}, or change every row of {unit}",
                    file=place(registry, "rounding_rules", index),
                )


def _buckets_in_order(registry: Registry) -> Iterator[Problem]:
    """Ranges that rise lead to codes that rise, or fall, in the order of the code list."""
    groups: dict[tuple[str, ...], list[tuple[float, int, int]]] = {}
    for index, row in enumerate(registry.table("xw_buckets")):
        code = registry.codes_of(row["concept_id"])[row["code"]]
        key = tuple(
            row[name] for name in ("wave_id", "instrument_id", "file_id", "source_variable", "concept_id")
        )
        groups.setdefault(key, []).append((float(row["lower"]), code.sort_order, index))
    for key, ranges in groups.items():
        steps = [(after[1] > before[1], before, after) for before, after in pairwise(sorted(ranges))]
        rising = Counter(step[0] for step in steps)
        for is_rising, before, after in steps:
            if len(rising) > 1 and is_rising != (rising[True] >= rising[False]):
                yield Problem(
                    "bucket_order",
                    f"its code and that of {place(registry, 'xw_buckets', before[2])} turn the order of the code list",
                    f"correct the code of one of the two, or sort_order of {key[-1]} in codelists/codelists.csv",
                    file=place(registry, "xw_buckets", after[2]),
                    variable=key[3],
                )


def _bases_apart(registry: Registry) -> Iterator[Problem]:
    """Of one instrument, two bases without a rule count different missings: else a row that made one of them is gone.

    Bases with rules may be alike, as victims and their incidents are.
    """
    with_rules = {row["base_id"] for row in registry.table("base_rules")}
    missings: dict[str, set[str]] = {}
    for row in registry.table("base_missings"):
        missings.setdefault(row["base_id"], set()).add(row["missing_kind"])
    used = _instruments_of_bases(registry)
    seen: dict[tuple[str, tuple[str, ...]], str] = {}
    told: set[tuple[str, str]] = set()
    for index, row in enumerate(registry.table("bases")):
        base = row["base_id"]
        if base in with_rules:
            continue
        for instrument in sorted(used.get(base, ())):
            other = seen.setdefault((instrument, tuple(sorted(missings.get(base, ())))), base)
            if other != base and (other, base) not in told:
                told.add((other, base))
                kinds = ", ".join(kind["missing_kind"] for kind in registry.table("missing_kinds"))
                yield Problem(
                    "base_defined_twice",
                    f"{base} and {other} are both everyone of {instrument} with the same missings: neither has a rule",
                    f"add {base},<concept>,<code> to registry/base_rules.csv, or {base},<missing_kind> to "
                    f"registry/base_missings.csv (one of {kinds}); if {other} lost its row, there",
                    file=place(registry, "bases", index),
                )


def _instruments_of_bases(registry: Registry) -> dict[str, set[str]]:
    """Instruments that ask, in some wave, what the indicators of a base measure."""
    asked = instruments_of_concepts(registry)
    found: dict[str, set[str]] = {}
    for row in registry.table("indicators"):
        found.setdefault(row["base_id"], set()).update(asked.get(row["concept_id"], ()))
    return found


def _shares_of_answers(registry: Registry) -> Iterator[Problem]:
    """The shares of a multiple-response set add up to 100 % only where each of its answers has one."""
    shares = {
        (row["denominator_concept_id"], row["concept_id"])
        for row in registry.table("indicators")
        if row["statistic"] == "ratio"
    }
    sets = {(row["concept_id"], row["input_concept_id"]) for row in registry.table("derived_inputs")}
    divided_by = {count for count, _ in shares & sets}
    for index, row in enumerate(registry.table("derived_inputs")):
        count, answer = row["concept_id"], row["input_concept_id"]
        if count in divided_by and (count, answer) not in shares:
            yield Problem(
                "share_of_answers_missing",
                f"{count} counts {answer}, which has no share of answers where others of the set have one",
                f"add {answer}_share_of_answers, a ratio of {answer} to {count}, to registry/indicators.csv, "
                "or leave the others out",
                file=place(registry, "derived_inputs", index),
            )


AGREEMENT_RULES: tuple[Rule, ...] = (
    _indicators_and_concepts,
    _families_of_blocks,
    _measured_twice,
    _headlines,
    _thresholds,
    _whole_reports,
    _rounding,
    _buckets_in_order,
    _bases_apart,
    _shares_of_answers,
)
