"""What the registry says in two places agrees, and no population is everybody: each rule with a fault and a look-alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mini_registry import registry_rows

from orchestration.deliveries import Problem
from orchestration.registry import TABLES, load_registry, validate_registry
from orchestration.registry.agreement_rules import AGREEMENT_RULES
from orchestration.registry.load import Registry, Row
from orchestration.registry.population_scope_rules import POPULATION_SCOPE_RULES

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
Change = Callable[[dict[str, list[Row]]], object]


def found(change: Change = lambda tables: None) -> list[Problem]:
    """What the rules say of the miniature registry after ``change`` has worked on its tables."""
    rows = registry_rows()
    change(rows)
    tables = {
        name: [
            {column: str(row.get(column, "")) for column in table.column_names} for row in rows.get(name, [])
        ]
        for name, table in TABLES.items()
    }
    registry = Registry(Path("."), tables, {}, "")
    return [problem for rule in (*POPULATION_SCOPE_RULES, *AGREEMENT_RULES) for problem in rule(registry)]


def row_of(tables: dict[str, list[Row]], table: str, **key: str) -> Row:
    return next(row for row in tables[table] if all(row.get(name) == value for name, value in key.items()))


def without(table: str, **key: str) -> Change:
    return lambda tables: tables[table].remove(row_of(tables, table, **key))


def test_the_committed_and_the_miniature_registry_agree_with_themselves() -> None:
    assert validate_registry(load_registry(SEEDS)) == []
    assert found() == []


@pytest.mark.parametrize(
    ("column", "value"), [("theme_id", "integrity"), ("block_id", "norms"), ("is_sensitive", "true")]
)
def test_an_indicator_is_where_its_concept_is(column: str, value: str) -> None:
    def change(tables: dict[str, list[Row]]) -> None:
        tables["indicators"][1][column] = value

    first, *_ = found(change)
    assert (first.kind, first.file) == ("indicator_and_concept", "registry/indicators.csv:3")
    assert f"{column} '{value}'" in first.message
    assert "registry/concepts.csv:6" in first.message


def test_an_indicator_may_move_with_its_concept() -> None:
    def change(tables: dict[str, list[Row]]) -> None:
        for table in ("indicators", "concepts"):
            key = {"concept_id": "victim_threat"}
            row_of(tables, table, **key)["is_sensitive"] = "true"

    assert found(change) == []


def test_a_block_is_tested_in_one_family() -> None:
    def change(tables: dict[str, list[Row]]) -> None:
        tables["indicators"][2]["family_id"] = "norms"

    (problem,) = found(change)
    assert (problem.kind, problem.file) == ("family_of_block", "registry/indicators.csv:4")

    def all_of_them(tables: dict[str, list[Row]]) -> None:
        for row in tables["indicators"]:
            row["family_id"] = "norms"

    assert found(all_of_them) == []


def test_two_indicators_do_not_count_the_same() -> None:
    def same(tables: dict[str, list[Row]]) -> None:
        tables["indicators"][1]["concept_id"] = "victim_any"

    (problem,) = found(same)
    assert (problem.kind, problem.file) == ("indicator_measured_twice", "registry/indicators.csv:3")
    assert "registry/indicator_codes.csv:2" in problem.remedy

    def other_answer(tables: dict[str, list[Row]]) -> None:
        same(tables)
        row_of(tables, "indicator_codes", indicator_id="victim_threat_12m")["code"] = "nee"

    assert found(other_answer) == []


def test_a_headline_tells_of_a_headline() -> None:
    def told(indicator: str) -> Change:
        row = {"headline_id": "h", "indicator_id": indicator, "population_id": "raadsleden"}
        return lambda tables: tables.update(headlines=[row])

    (problem,) = found(told("victim_threat_12m"))
    assert (problem.kind, problem.file) == ("headline_indicator", "registry/headlines.csv:2")
    assert found(told("victim_any_12m")) == []


def rules_of(*thresholds: tuple[str, str, str]) -> Change:
    rows = [
        {
            "rule_id": f"r{order}",
            "applies_to": "person",
            "threshold": value,
            "verdict": "suppress",
            "marker": "[u]",
            "reason_code": code,
            "sort_order": order,
        }
        for value, code, order in thresholds
    ]
    return lambda tables: tables.update(reliability_rules=rows)


@pytest.mark.parametrize("code", ["n_below_30", "interval_30_points", "dominance_30"])
def test_a_reason_code_names_its_threshold(code: str) -> None:
    (problem,) = found(rules_of(("3", code, "1")))
    assert (problem.kind, problem.file) == ("threshold_of_reason", "registry/reliability_rules.csv:2")
    assert found(rules_of(("30", code, "1"))) == []
    assert found(rules_of(("50", "group_disclosed", "1"), ("0", "zero_percent", "2"))) == []


@pytest.mark.parametrize(
    ("verdict", "marker", "is_whole"),
    [
        ("suppress", "", False),
        ("flag", "", False),
        ("publish", "[u]", False),
        ("publish", "", True),
        ("flag", "[u]", True),
    ],
)
def test_a_rule_that_withholds_or_flags_has_a_sign(verdict: str, marker: str, is_whole: bool) -> None:
    def change(tables: dict[str, list[Row]]) -> None:
        rules_of(("30", "n_below_30", "1"))(tables)
        tables["reliability_rules"][0] |= {"verdict": verdict, "marker": marker}

    problems = [(one.kind, one.file) for one in found(change)]
    assert problems == ([] if is_whole else [("marker_of_verdict", "registry/reliability_rules.csv:2")])


def test_rules_have_an_order() -> None:
    (problem,) = found(rules_of(("30", "n_below_30", "1"), ("8", "df_below_8", "1")))
    assert (problem.kind, problem.file) == ("rule_order", "registry/reliability_rules.csv:3")
    assert found(rules_of(("30", "n_below_30", "2"), ("8", "df_below_8", "1"))) == []


def rounding(*rows: tuple[str, str, str]) -> Change:
    return lambda tables: tables.update(
        rounding_rules=[{"column_name": name, "unit": unit, "round_to": step} for name, unit, step in rows]
    )


def test_columns_of_a_unit_are_rounded_alike_and_none_is_forgotten() -> None:
    whole = [
        ("ci_low", "mean", "0.1"),
        ("estimate", "mean", "0.1"),
        ("ci_low", "count", "1"),
        ("estimate", "count", "1"),
    ]
    assert found(rounding(*whole, ("deff", "", "0.01"), ("invited_n", "", "5"))) == []
    (absent,) = found(rounding(*whole[:3]))
    assert (absent.kind, absent.file) == ("rounding_absent", "registry/rounding_rules.csv")
    assert "add estimate,count," in absent.remedy
    (differs,) = found(rounding(*whole, ("ci_high", "mean", "1"), ("ci_high", "count", "1")))
    assert (differs.kind, differs.file) == ("rounding_differs", "registry/rounding_rules.csv:6")


def buckets(*codes: str) -> Change:
    rows = [
        {
            "wave_id": "w",
            "source_variable": "V",
            "concept_id": "norms_tightened",
            "lower": str(10 * at),
            "code": code,
        }
        for at, code in enumerate(codes)
    ]
    return lambda tables: tables.update(xw_buckets=rows)


def test_ranges_follow_the_order_of_the_code_list() -> None:
    assert found(buckets("1", "2", "3", "5")) == []
    assert found(buckets("5", "4", "2", "1")) == []
    (problem,) = found(buckets("1", "2", "4", "3"))
    assert (problem.kind, problem.file, problem.variable) == (
        "bucket_order",
        "crosswalk/xw_buckets.csv:5",
        "V",
    )


def test_a_part_is_set_apart_from_its_parent() -> None:
    (problem,) = found(without("population_rules", population_id="raadsleden"))
    assert (problem.kind, problem.file) == ("population_without_rule", "registry/populations.csv:3")
    assert "registry/population_rules.csv" in problem.remedy


def test_a_part_lies_within_its_parent() -> None:
    def below(parent_role: str) -> Change:
        def change(tables: dict[str, list[Row]]) -> None:
            row_of(tables, "populations", population_id="raadsleden")["parent_population_id"] = "wethouders"
            row_of(tables, "population_rules", population_id="wethouders")["code"] = parent_role

        return change

    (problem,) = found(below("wethouder"))
    assert (problem.kind, problem.file) == ("population_outside_parent", "registry/populations.csv:3")
    assert found(below("raadslid")) == []


def second_root(*without_rule: str) -> Change:
    def change(tables: dict[str, list[Row]]) -> None:
        for row in tables["populations"]:
            row["parent_population_id"] = ""
        rule = {"population_id": "politieke_ambtsdragers", "concept_id": "gender", "code": "man"}
        tables["population_rules"].append(rule)
        for name in without_rule:
            without("population_rules", population_id=name)(tables)

    return change


def test_a_population_beside_others_is_not_everyone() -> None:
    (problem,) = found(second_root("wethouders"))
    assert (problem.kind, problem.file) == ("population_without_rule", "registry/populations.csv:4")
    assert "wethouders,<concept>,<code> to registry/population_rules.csv" in problem.remedy
    assert found(second_root()) == []


def test_a_breakdown_above_and_below_is_not_left_out_between() -> None:
    def three_levels(*broken_down: str) -> Change:
        def change(tables: dict[str, list[Row]]) -> None:
            row_of(tables, "populations", population_id="wethouders")["parent_population_id"] = "raadsleden"
            row_of(tables, "population_rules", population_id="wethouders").update(code="raadslid")
            tables["population_breakdowns"] += [
                {"population_id": name, "breakdown_id": "gender"} for name in broken_down
            ]

        return change

    (problem,) = found(three_levels("wethouders"))
    assert (problem.kind, problem.file) == ("breakdown_left_out", "registry/populations.csv:3")
    assert "add raadsleden,gender to registry/population_breakdowns.csv" in problem.remedy
    assert found(three_levels("wethouders", "raadsleden")) == []
    assert found(three_levels()) == []


def test_what_joins_parts_tells_no_other_part_by_subtraction() -> None:
    """Bestuurders are wethouders and burgemeesters together; raadsleden are the rest of their parent."""

    def joined(*broken_down: str) -> Change:
        def change(tables: dict[str, list[Row]]) -> None:
            aldermen = row_of(tables, "populations", population_id="wethouders")
            tables["populations"].append(aldermen | {"population_id": "bestuurders"})
            tables["population_rules"] += [
                {"population_id": "bestuurders", "concept_id": "role", "code": code}
                for code in ("wethouder", "burgemeester")
            ]
            tables["population_breakdowns"] += [
                {"population_id": "bestuurders", "breakdown_id": name} for name in ("total", *broken_down)
            ]

        return change

    assert found(joined()) == []
    problems = found(joined("gender"))
    assert {problem.kind for problem in problems} == {"told_by_subtraction"}
    assert any("less bestuurders is raadsleden by gender" in problem.message for problem in problems)
    assert "remove bestuurders,gender from registry/population_breakdowns.csv" in problems[0].remedy


def test_a_population_has_a_total() -> None:
    (problem,) = found(without("population_breakdowns", population_id="raadsleden"))
    assert (problem.kind, problem.file) == ("population_without_total", "registry/populations.csv:3")
    assert "raadsleden,total to registry/population_breakdowns.csv" in problem.remedy
    assert found(without("population_breakdowns", breakdown_id="gender")) == []


def test_a_wave_covers_the_themes_that_it_maps() -> None:
    (problem,) = found(without("wave_themes", wave_id="mini_2020", theme_id="integrity"))
    assert (problem.kind, problem.variable) == ("theme_of_wave", "S1")
    assert problem.file.startswith("crosswalk/xw_variables.csv:")

    def not_asked(tables: dict[str, list[Row]]) -> None:
        without("wave_themes", wave_id="mini_2020", theme_id="integrity")(tables)
        row_of(tables, "xw_variables", wave_id="mini_2020", source_variable="S1")["verb"] = "not_asked"

    assert found(not_asked) == []


def test_a_base_that_lost_its_rule_is_not_everyone() -> None:
    (problem,) = found(without("base_rules", base_id="victims"))
    assert (problem.kind, problem.file) == ("base_defined_twice", "registry/bases.csv:3")
    assert "victims,<concept>,<code> to registry/base_rules.csv" in problem.remedy

    def counts_another_missing(tables: dict[str, list[Row]]) -> None:
        without("base_rules", base_id="victims")(tables)
        tables["base_missings"] = [{"base_id": "victims", "missing_kind": "dont_know"}]

    assert found(counts_another_missing) == []
    # One that no indicator uses is a word for published figures only.
    assert found(lambda tables: tables["bases"].append({"base_id": "invited"})) == []


def test_bases_with_rules_may_be_alike() -> None:
    def change(tables: dict[str, list[Row]]) -> None:
        tables["bases"].append({"base_id": "incidents"})
        tables["base_rules"].append({"base_id": "incidents", "concept_id": "victim_any", "code": "ja"})
        tables["indicators"][1]["base_id"] = "incidents"

    assert found(change) == []


def test_a_population_is_set_apart_by_what_its_instrument_asks() -> None:
    def moved(tables: dict[str, list[Row]]) -> None:
        row_of(tables, "populations", population_id="wethouders")["instrument_id"] = "organisations"

    (problem,) = found(moved)
    assert (problem.kind, problem.file) == ("population_rule_not_asked", "registry/populations.csv:4")
    assert "role" in problem.message

    def by_a_derived_concept(tables: dict[str, list[Row]]) -> None:
        row_of(tables, "population_rules", population_id="wethouders").update(
            concept_id="victim_any", code="ja"
        )

    assert found(by_a_derived_concept) == []
