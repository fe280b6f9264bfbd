"""The expectation suites: each expectation can fail, none passes unseen, a run writes nothing here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.quality import frames
from orchestration.quality.suites import exception_of, run_checkpoint
from orchestration.settings import Settings, load_settings

EXPECTATIONS = load_settings().expectations
SUITES = sorted(path.stem for path in (EXPECTATIONS / "suites").glob("*.json"))
LAYER_OF = {name: layer for layer, builders in frames.FRAMES.items() for name in builders}

GOOD = {
    "landing_files": {
        "wave_id": ["w_1", "w_2"],
        "instrument_id": ["persons", "persons"],
        "file_id": ["a", "b"],
        "delivered_rows_n": [100, 200],
        "landed_rows_n": [100, 200],
        "row_numbers_n": [100, 200],
        "respondents_n": [100, 200],
        "anonymous_rows_n": [0, 0],
        "variables_n": [12, 14],
        "absent_variables_n": [0, 0],
        "answer_variables_n": [10, 12],
        "weights_missing_n": [0, 0],
        "weights_impossible_n": [0, 0],
        "weights_zero_share": [0.0, 0.02],
        "weight_mean": [1.0, 12.5],
        "weight_cv": [0.4, 1.1],
        "weight_max_over_mean": [3.0, 8.0],
        "strata_missing_n": [0, 0],
        "psu_missing_n": [0, 0],
        "system_missing_share": [0.1, 0.4],
        "empty_variables_share": [0.0, 0.1],
    },
    "core_files": {
        "wave_id": ["w_1", "w_2"],
        "instrument_id": ["persons", "persons"],
        "file_id": ["a", "b"],
        "respondents_n": [100, 200],
        "keys_n": [100, 200],
        "weights_missing_n": [0, 0],
        "weights_negative_n": [0, 0],
        "design_effect_of_weights": [1.2, 2.2],
        "outside_design_n": [0, 0],
        "lone_units_share": [0.0, 0.05],
    },
    "core_concepts": {
        "wave_id": ["w_1", "w_2"],
        "instrument_id": ["persons", "persons"],
        "concept_id": ["trust", "trust"],
        "answers_n": [100, 200],
        "duplicate_answers_n": [0, 0],
        "contradictory_answers_n": [0, 0],
        "outside_range_n": [0, 0],
        "share_answered": [0.9, 0.8],
        "share_dont_know": [0.05, 0.1],
        "share_refused": [0.01, 0.02],
        "share_not_stated": [0.02, 0.02],
        "share_not_applicable": [0.0, 0.3],
        "share_system_missing": [0.0, 0.05],
    },
    "core_populations": {
        "wave_id": ["w_1", "w_2"],
        "population_id": ["adults", "adults"],
        "members_n": [100, 200],
        "outside_parent_n": [0, 0],
        "misfits_n": [0, 0],
    },
    "mart_trend": {
        "indicator_id": ["trust", "trust"],
        "population_id": ["adults", "adults"],
        "breakdown_id": ["total", "total"],
        "breakdown_code": ["total", "total"],
        "wave_id": ["w_1", "w_2"],
        "unit": ["percent", "percent"],
        "n_unweighted": [100, 200],
        "n_effective": [90.0, 150.0],
        "estimate": [40.0, 45.0],
        "percentage": [40.0, 45.0],
        "percentage_low": [35.0, 40.0],
        "percentage_high": [45.0, 50.0],
        "below_interval": [0.0, 0.0],
        "above_interval": [0.0, 0.0],
        "deff": [1.1, 1.3],
        "standard_error": [2.0, 2.1],
        "p_value": [0.0, 0.02],
        "p_adjusted": [1.0, 0.04],
        "change_error": [0.0, 0.0],
        "jump": [0.0, 5.0],
        "lost_comparison": [0, 0],
        "publication_status": ["publish", "suppress"],
        "change_direction": ["not_tested", "up"],
    },
    "mart_response": {
        "wave_id": ["w_1", "w_2"],
        "population_id": ["adults", "adults"],
        "responded_n": [100, 200],
        "response_rate_pct": [0.0, 41.5],
    },
}

# Suite -> check -> the column and the value of the second row that it must refuse.
REFUSED = {
    "landing_files": {
        "rows_present": ("landed_rows_n", 0),
        "rows_as_delivered": ("delivered_rows_n", 199),
        "row_numbers_without_gap": ("row_numbers_n", 201),
        "variables_all_landed": ("absent_variables_n", 1),
        "answer_variables_present": ("answer_variables_n", 0),
        "respondent_key_unique": ("respondents_n", 199),
        "respondent_key_present": ("anonymous_rows_n", 3),
        "weights_present": ("weights_missing_n", 1),
        "weights_possible": ("weights_impossible_n", 1),
        "weights_rarely_zero": ("weights_zero_share", 0.3),
        "weights_scale": ("weight_mean", 0.0),
        "weights_spread": ("weight_cv", 3.4),
        "weights_largest": ("weight_max_over_mean", 120.0),
        "strata_present": ("strata_missing_n", 5),
        "clusters_present": ("psu_missing_n", 5),
        "system_missing_bounded": ("system_missing_share", 0.95),
        "empty_variables_bounded": ("empty_variables_share", 0.8),
    },
    "core_files": {
        "respondent_key_unique": ("keys_n", 199),
        "weights_present": ("weights_missing_n", 1),
        "weights_not_negative": ("weights_negative_n", 1),
        "weights_cost_bounded": ("design_effect_of_weights", 14.0),
        "design_complete": ("outside_design_n", 1),
        "strata_with_variance": ("lone_units_share", 0.5),
    },
    "core_concepts": {
        "one_answer_per_respondent": ("duplicate_answers_n", 1),
        "answer_or_missing_kind": ("contradictory_answers_n", 1),
        "numbers_in_range": ("outside_range_n", 2),
        "answered_by_enough": ("share_answered", 0.1),
        "dont_know_bounded": ("share_dont_know", 0.7),
        "refusal_bounded": ("share_refused", 0.6),
        "not_stated_bounded": ("share_not_stated", 0.7),
        "system_missing_bounded": ("share_system_missing", 0.9),
        "not_applicable_not_all": ("share_not_applicable", 1.0),
    },
    "core_populations": {
        "members_inside_parent": ("outside_parent_n", 4),
        "roles_exist_in_layer": ("misfits_n", 1),
    },
    "mart_trend": {
        "estimate_present": ("estimate", None),
        "percentage_in_range": ("percentage", 104.0),
        "interval_low_in_range": ("percentage_low", -0.5),
        "interval_high_in_range": ("percentage_high", 100.5),
        "estimate_above_low": ("below_interval", 0.2),
        "estimate_below_high": ("above_interval", 0.2),
        "n_effective_present": ("n_effective", None),
        "n_effective_positive": ("n_effective", 0.0),
        "n_positive": ("n_unweighted", 0),
        "standard_error_not_negative": ("standard_error", -1.0),
        "design_effect_bounded": ("deff", 60.0),
        "p_value_in_range": ("p_value", 1.2),
        "p_adjusted_in_range": ("p_adjusted", 1.2),
        "adjusted_not_below_raw": ("p_adjusted", 0.01),
        "change_is_difference": ("change_error", 0.1),
        "comparison_exists": ("lost_comparison", 1),
        "jump_bounded": ("jump", 55.0),
        "status_known": ("publication_status", "maybe"),
        "direction_known": ("change_direction", "sideways"),
    },
    "mart_response": {
        "responded_positive": ("responded_n", 0),
        "rate_in_range": ("response_rate_pct", 120.0),
    },
}

# Checks on the frame as a whole: no rows at all, or the same row twice.
NO_ROWS = {
    "landing_files": "something_landed",
    "core_files": "something_in_core",
    "core_concepts": "something_answered",
    "core_populations": "some_population",
    "mart_trend": "some_estimate",
    "mart_response": "some_response",
}
SAME_ROW_TWICE = {
    "landing_files": "file_is_unique",
    "mart_trend": "cell_is_unique",
    "mart_response": "population_is_unique",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(load_settings(), home=tmp_path)


def good_frame(suite: str) -> pd.DataFrame:
    return pd.DataFrame(GOOD[suite])


def failed_checks(settings: Settings, suite: str, frame: pd.DataFrame) -> dict[str, str]:
    results = run_checkpoint(settings, LAYER_OF[suite], suite, frame)
    assert results
    return {result.check: str(result.observed) for result in results if not result.passed}


@pytest.mark.parametrize("suite", SUITES)
def test_every_expectation_of_a_suite_is_tried_below(suite: str) -> None:
    expectations = json.loads((EXPECTATIONS / "suites" / f"{suite}.json").read_text())["expectations"]
    tried = set(REFUSED[suite]) | {NO_ROWS[suite]} | {SAME_ROW_TWICE.get(suite, NO_ROWS[suite])}
    assert {expectation["meta"]["check"] for expectation in expectations} == tried


@pytest.mark.parametrize("suite", SUITES)
def test_a_good_frame_passes_whole(settings: Settings, suite: str) -> None:
    assert failed_checks(settings, suite, good_frame(suite)) == {}


@pytest.mark.parametrize("suite", SUITES)
def test_each_expectation_that_must_fail_does_fail(settings: Settings, suite: str) -> None:
    for check, (column, value) in REFUSED[suite].items():
        frame = good_frame(suite).astype({column: object})
        frame.loc[1, column] = value
        if not isinstance(value, str):
            frame[column] = pd.to_numeric(frame[column])
        failed = failed_checks(settings, suite, frame)
        assert check in failed, f"{suite}: {check} accepts {column} = {value}"
        assert "w_2" in failed[check], f"{suite}: {check} does not name the wave: {failed[check]}"


@pytest.mark.parametrize("suite", SUITES)
def test_an_empty_frame_is_refused(settings: Settings, suite: str) -> None:
    assert NO_ROWS[suite] in failed_checks(settings, suite, good_frame(suite).iloc[:0])


@pytest.mark.parametrize(("suite", "check"), SAME_ROW_TWICE.items())
def test_the_same_row_twice_is_refused(settings: Settings, suite: str, check: str) -> None:
    frame = pd.concat([good_frame(suite), good_frame(suite).iloc[[1]]])
    assert check in failed_checks(settings, suite, frame)


def test_an_expectation_that_raises_inside_counts_as_failed(settings: Settings) -> None:
    failed = failed_checks(settings, "core_files", good_frame("core_files").drop(columns="lone_units_share"))
    assert list(failed) == ["strata_with_variance"]
    assert failed["strata_with_variance"].startswith("could not be evaluated")


def test_a_row_without_a_value_counts_as_failed(settings: Settings) -> None:
    """Great Expectations passes over NULLs, and would call the rest a success."""
    frame = good_frame("core_files")
    frame["lone_units_share"] = [0.0, None]
    failed = failed_checks(settings, "core_files", frame)
    assert failed == {"strata_with_variance": "1 rows without a value for lone_units_share"}


def test_both_forms_of_exception_info_are_understood() -> None:
    plain = {"raised_exception": True, "exception_message": "no column"}
    assert exception_of(plain) == "no column"
    assert exception_of({"metric a": plain, "metric b": plain}) == "no column"
    assert exception_of({"raised_exception": False, "exception_message": None}) == ""
    assert exception_of(None) == ""


def test_a_run_writes_to_home_and_leaves_the_folder_alone(settings: Settings) -> None:
    def content() -> dict[str, str]:
        files = [path for path in sorted(EXPECTATIONS.rglob("*")) if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = content()
    for _ in range(2):
        run_checkpoint(settings, "core", "core_populations", good_frame("core_populations"))
    assert content() == before
    stored = list((settings.home / "expectations" / "core_populations").rglob("*.json"))
    assert len(stored) == 1, "the result of an earlier run stays beside that of the last"


@pytest.fixture
def warehouse(settings: Settings) -> Callable[[str], Settings]:
    """A tiny warehouse of core tables, changed by the SQL that a test gives."""

    def build(change: str = "") -> Settings:
        settings.warehouse.unlink(missing_ok=True)
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute(CORE)
            connection.execute(change)
        return settings

    return build


CORE = """
create schema core; create schema registry;
create table registry.concepts as from (values
    ('role', null, null), ('layer', null, null), ('count', '0', '9')) as t (concept_id, valid_min, valid_max);
create table registry.populations as from (values
    ('all', null), ('town', 'all'), ('county', 'all'), ('aldermen', 'town'), ('deputies', 'county'))
    as t (population_id, parent_population_id);
create table registry.population_rules as from (values
    ('town', 'layer', 'town'), ('county', 'layer', 'county'),
    ('aldermen', 'role', 'alderman'), ('deputies', 'role', 'deputy')) as t (population_id, concept_id, code);
create table core.dim_domain as
    select row_number() over () as domain_id, population_id, null::varchar as breakdown_concept_id
    from registry.populations;
create table core.fct_respondent as
    select i as respondent_key, 'w_1' as wave_id, 'persons' as instrument_id, 'a' as file_id, 1.0 as weight,
        1 as stratum_id, i::varchar as psu
    from range(1, 9) as t (i);
create table core.fct_answer as
    select respondent_key, wave_id, instrument_id, 'layer' as concept_id,
        if(respondent_key <= 4, 'town', 'county') as answer_code, null::double as answer_number,
        null::varchar as missing_kind
    from core.fct_respondent
    union all by name
    select respondent_key, wave_id, instrument_id, 'role' as concept_id,
        if(respondent_key <= 4, 'alderman', 'deputy') as answer_code, null::double as answer_number,
        null::varchar as missing_kind
    from core.fct_respondent
    union all by name
    select respondent_key, wave_id, instrument_id, 'count' as concept_id, null::varchar as answer_code,
        respondent_key::double as answer_number, null::varchar as missing_kind
    from core.fct_respondent;
create view core.fct_domain_member as
    select r.respondent_key, d.domain_id
    from core.fct_respondent as r, core.dim_domain as d
    where d.population_id not in (select population_id from registry.population_rules)
        or exists (select 1 from registry.population_rules as p join core.fct_answer as a using (concept_id)
            where p.population_id = d.population_id and a.respondent_key = r.respondent_key
                and a.answer_code = p.code);
"""


def test_a_sound_tree_of_populations_shows_nothing(warehouse: Callable[[str], Settings]) -> None:
    frame = frames.core_populations(warehouse(""))
    assert frame["members_n"].sum() == 8 * 3
    assert frame[["outside_parent_n", "misfits_n"]].to_numpy().sum() == 0


def test_a_role_that_does_not_exist_in_a_layer_is_found(warehouse: Callable[[str], Settings]) -> None:
    """An alderman of a county: a valid role, a valid layer, and no such office."""
    change = (
        "update core.fct_answer set answer_code = 'county' where concept_id = 'layer' and respondent_key = 4"
    )
    found = frames.core_populations(warehouse(change)).set_index("population_id")
    assert found.loc["aldermen", "outside_parent_n"] == 1
    assert found.loc["county", "misfits_n"] == 1
    assert found.loc["town", ["outside_parent_n", "misfits_n"]].sum() == 0


def test_someone_without_a_role_is_no_misfit(warehouse: Callable[[str], Settings]) -> None:
    change = (
        "update core.fct_answer set answer_code = null, missing_kind = 'refused' "
        "where concept_id = 'role' and respondent_key = 4"
    )
    found = frames.core_populations(warehouse(change))
    assert found[["outside_parent_n", "misfits_n"]].to_numpy().sum() == 0


def test_shares_of_missing_answers_add_up(warehouse: Callable[[str], Settings]) -> None:
    change = """
        update core.fct_answer set answer_code = null, missing_kind = 'not_applicable'
            where concept_id = 'role' and respondent_key <= 2;
        update core.fct_answer set answer_code = null, missing_kind = 'dont_know'
            where concept_id = 'role' and respondent_key = 3;
        update core.fct_answer set answer_number = 12 where concept_id = 'count' and respondent_key = 5;
    """
    found = frames.core_concepts(warehouse(change)).set_index("concept_id")
    assert found.loc["role", "share_not_applicable"] == 2 / 8
    assert found.loc["role", "share_dont_know"] == 1 / 8
    assert found.loc["role", "share_answered"] == pytest.approx(5 / 6)
    assert found.loc["count", "outside_range_n"] == 1
    assert found["contradictory_answers_n"].sum() == 0


def test_weights_and_lone_units_are_measured(warehouse: Callable[[str], Settings]) -> None:
    change = """
        update core.fct_respondent set weight = -1 where respondent_key = 1;
        update core.fct_respondent set stratum_id = 2 where respondent_key = 2;
    """
    [row] = frames.core_files(warehouse(change)).to_dict("records")
    assert row["weights_negative_n"] == 1
    assert row["lone_units_share"] == 1 / 8
    assert row["respondents_n"] == row["keys_n"] == 8
