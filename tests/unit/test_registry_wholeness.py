"""Rows that others need: one that is gone from the committed registry is told, and one that nothing needs is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.registry import load_registry
from orchestration.registry.agreement_rules import AGREEMENT_RULES
from orchestration.registry.load import Registry, Row
from orchestration.registry.schema import TABLES
from orchestration.registry.wholeness_rules import WHOLENESS_RULES

RULES = (*AGREEMENT_RULES, *WHOLENESS_RULES)
SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Row]]:
    registry = load_registry(SEEDS)
    return {name: list(registry.table(name)) for name in TABLES}


def without(tables: dict[str, list[Row]], table: str, **key: str) -> list[tuple[str, str]]:
    rest = [row for row in tables[table] if any(row[name] != value for name, value in key.items())]
    assert len(rest) < len(tables[table])
    registry = Registry(Path("."), {**tables, table: rest}, {}, "")
    return [(problem.kind, problem.message) for rule in RULES for problem in rule(registry)]


@pytest.mark.parametrize(
    "rule_id",
    [
        "conf_person_n",
        "conf_person_numerator",
        "conf_person_complement",
        "conf_person_contributors",
        "conf_person_group",
        "conf_organisation_contributors",
        "conf_organisation_dominance",
    ],
)
def test_each_way_to_give_somebody_away_has_a_rule(tables: dict[str, list[Row]], rule_id: str) -> None:
    row = next(row for row in tables["confidentiality_rules"] if row["rule_id"] == rule_id)
    [(kind, message)] = without(tables, "confidentiality_rules", rule_id=rule_id)
    assert kind == "confidentiality_absent"
    assert message.startswith(f"has no rule on {row['measure']} for {row['applies_to']}s")


def test_shares_of_a_set_are_told_of_each_of_its_answers_or_of_none(tables: dict[str, list[Row]]) -> None:
    [(kind, message)] = without(tables, "indicators", indicator_id="element_oath_share_of_answers")
    assert kind == "share_of_answers_missing"
    assert message.startswith("policy_elements_n counts element_oath, which has no share of answers")
    assert without(tables, "indicators", denominator_concept_id="channels_n") == []


@pytest.mark.parametrize(
    ("rule_id", "about"),
    [
        ("rel_person_n", "n_unweighted < for persons"),
        ("rel_person_n_effective", "n_effective < for persons"),
        ("rel_person_width", "ci_width > for persons"),
        ("rel_person_narrow", "ci_width < for persons"),
        ("rel_person_relative_width", "ci_relative_width > for persons"),
        ("rel_person_df", "degrees_of_freedom < for persons"),
        ("rel_person_no_error", "no_standard_error = 1 for persons"),
        ("rel_person_zero", "estimate = 0 for persons"),
        ("rel_person_all", "estimate = 100 for persons"),
        ("rel_organisation_n", "n_unweighted < for organisations"),
        ("rel_organisation_width", "ci_width > for organisations"),
        ("rel_organisation_df", "degrees_of_freedom < for organisations"),
        ("rel_organisation_no_error", "no_standard_error = 1 for organisations"),
    ],
)
def test_each_way_to_be_weak_has_a_rule(tables: dict[str, list[Row]], rule_id: str, about: str) -> None:
    [(kind, message)] = without(tables, "reliability_rules", rule_id=rule_id)
    assert kind == "reliability_absent"
    assert message.startswith(f"has no rule on {about}: ")


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        # The other side of the same measure is another rule, and so is another value.
        ({"operator": "<"}, True),
        ({"measure": "ci_width"}, True),
        ({"applies_to": "organisation"}, True),
        # On the bound or beyond it, and where: those who publish decide.
        ({"operator": ">="}, False),
        ({"threshold": "1000000", "reason_code": "relative_interval_1000000"}, False),
    ],
)
def test_a_rule_is_about_a_measure_from_one_side(
    tables: dict[str, list[Row]], change: Row, is_told: bool
) -> None:
    rules = [
        {**row, **change} if row["rule_id"] == "rel_person_relative_width" else row
        for row in tables["reliability_rules"]
    ]
    assert ("reliability_absent" in [kind for kind, _ in changed(tables, reliability_rules=rules)]) is is_told


@pytest.mark.parametrize("table", ["confidentiality_rules", "reliability_rules"])
def test_units_without_any_rule_are_told_unless_no_population_has_them(
    tables: dict[str, list[Row]], table: str
) -> None:
    rules = [row for row in tables[table] if row["applies_to"] == "person"]
    kind = table.replace("_rules", "_absent")
    assert kind in [kind for kind, _ in changed(tables, **{table: rules})]
    persons = [row for row in tables["populations"] if row["instrument_id"] != "organisations"]
    assert kind not in [kind for kind, _ in changed(tables, **{table: rules, "populations": persons})]


@pytest.mark.parametrize(
    ("rule_id", "is_told"),
    [("rel_person_n", True), ("rel_organisation_width", True), ("rel_person_zero", False)],
)
def test_a_rule_that_publishes_holds_nothing_back(
    tables: dict[str, list[Row]], rule_id: str, is_told: bool
) -> None:
    """Of an exact value that is how to say that it is no sign of weakness."""
    rules = [
        {**row, "verdict": "publish"} if row["rule_id"] == rule_id else row
        for row in tables["reliability_rules"]
    ]
    assert ("reliability_absent" in [kind for kind, _ in changed(tables, reliability_rules=rules)]) is is_told


def test_a_ratio_to_a_count_that_is_no_share_of_its_answers_needs_no_others(
    tables: dict[str, list[Row]],
) -> None:
    shares = [row for row in tables["indicators"] if row["denominator_concept_id"] == "policy_elements_n"]
    others = [row for row in tables["indicators"] if row not in shares]
    ratio = {
        **shares[0],
        "indicator_id": "reports_per_element",
        "concept_id": "reports_integrity_n",
        "unit": "ratio",
    }
    told = changed(tables, indicators=[*others, ratio])
    assert "share_of_answers_missing" not in [kind for kind, _ in told]


@pytest.mark.parametrize(
    ("indicator", "lacks"),
    [
        ("reports_aggression_total", "total"),
        ("reports_aggression_mean", "mean"),
        ("reports_integrity_none", "share without any"),
        ("reports_kept_integrity", "share that keeps count"),
        ("reports_integrity_unknown", "share that does not know"),
    ],
)
def test_each_number_of_reports_is_told_whole(
    tables: dict[str, list[Row]], indicator: str, lacks: str
) -> None:
    [(kind, message)] = without(tables, "indicators", indicator_id=indicator)
    assert (kind, f"the {lacks} of reports_" in message) == ("reports_incomplete", True)


def test_a_number_of_reports_may_go_as_a_whole(tables: dict[str, list[Row]]) -> None:
    kept = [row for row in tables["indicators"] if "aggression_n" not in row["concept_id"]]
    registry = Registry(Path("."), {**tables, "indicators": kept}, {}, "")
    assert [problem.kind for rule in RULES for problem in rule(registry)] == []


def changed(tables: dict[str, list[Row]], **others: list[Row]) -> list[tuple[str, str]]:
    registry = Registry(Path("."), {**tables, **others}, {}, "")
    return [(problem.kind, problem.message) for rule in RULES for problem in rule(registry)]


def row_of(rows: list[Row], **key: str) -> Row:
    [found] = [row for row in rows if all(row[name] == value for name, value in key.items())]
    return found


def test_a_share_of_reports_is_told_by_all_that_it_counts(tables: dict[str, list[Row]]) -> None:
    """One report is not none; who does not know whether is not who keeps no count or does not know."""
    codes = tables["indicator_codes"]
    one = [{**row, "code": "1"} if row["indicator_id"] == "reports_aggression_none" else row for row in codes]
    [(kind, message)] = changed(tables, indicator_codes=one)
    assert (kind, "share without any of reports_aggression_n" in message) == ("reports_incomplete", True)

    more = [
        *codes,
        {**codes[0], "indicator_id": "reports_aggression_unknown", "code": "nee", "missing_kind": ""},
    ]
    [(kind, message)] = changed(tables, indicator_codes=more)
    assert (kind, "share that does not know of reports_aggression_n" in message) == (
        "reports_incomplete",
        True,
    )

    unknown = row_of(tables["indicators"], indicator_id="reports_aggression_unknown")
    beside = [*tables["indicators"], {**unknown, "indicator_id": "not_kept_or_unknown"}]
    counts = [row for row in more if row is not more[-1]] + [
        {**codes[0], "indicator_id": "not_kept_or_unknown", "code": code, "missing_kind": kind}
        for code, kind in (("nee", ""), ("", "dont_know"))
    ]
    assert changed(tables, indicators=beside, indicator_codes=counts) == []


@pytest.mark.parametrize(
    ("indicator", "name"),
    [
        ("reports_aggression_none", "share without any"),
        ("reports_aggression_total", "total"),
        ("reports_kept_aggression", "share that keeps count"),
    ],
)
def test_no_two_indicators_are_one_column_of_the_reports(
    tables: dict[str, list[Row]], indicator: str, name: str
) -> None:
    """In another base it is another figure: the mart has one place for the two."""
    second = {
        **row_of(tables["indicators"], indicator_id=indicator),
        "indicator_id": "second",
        "base_id": "organisations_asked",
    }
    codes = [
        {**row, "indicator_id": "second"}
        for row in tables["indicator_codes"]
        if row["indicator_id"] == indicator
    ]
    [(kind, message)] = changed(
        tables,
        indicators=[*tables["indicators"], second],
        indicator_codes=[*tables["indicator_codes"], *codes],
    )
    assert (kind, f"the {name} of reports_aggression_n" in message) == ("reports_ambiguous", True)


def test_a_number_that_is_totalled_is_one_that_adds_up(tables: dict[str, list[Row]]) -> None:
    """Without its row the reports would be gone from their mart."""
    [(kind, message)] = without(
        tables, "organisation_concepts", part="total", concept_id="reports_integrity_n"
    )
    assert kind == "reports_not_added_up"
    assert message.startswith("reports_integrity_total adds up reports_integrity_n")
