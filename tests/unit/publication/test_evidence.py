"""Evidence on disk: one run, its producers, and flags that somebody answers for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy
import pytest
from small_warehouse import AS_BUILT, failed_check, passed_check

from orchestration.publication.evidence import (
    CHECK_FIELDS,
    CheckResult,
    EvidenceError,
    flag_defects,
    load,
    record,
    start_run,
)

TODAY = date(2026, 11, 23)


def flag(**changes: object) -> CheckResult:
    fields = {
        "layer": "core", "asset": "fct_answer", "check": "few_missing", "tool": "python", "severity": "flag",
        "passed": False, "observed": 7, "expected": 5, "owner": "team", "expires_on": "2027-01-01",
    }  # fmt: skip
    return CheckResult(**{**fields, **changes})


def test_fields_are_those_of_the_contract():
    assert CHECK_FIELDS == (
        "run_id", "layer", "asset", "check", "tool", "severity", "passed", "observed", "expected", "owner",
        "expires_on",
    )  # fmt: skip
    assert tuple(passed_check("x").as_row()) == CHECK_FIELDS


def test_what_is_recorded_comes_back_with_the_run_id(tmp_path):
    run_id = start_run(tmp_path, AS_BUILT)
    record(tmp_path, "dbt", [passed_check("b"), passed_check("a")])
    record(tmp_path, "crosswalk", [failed_check()])
    evidence = load(tmp_path)
    assert [(c.run_id, c.layer, c.check) for c in evidence.checks] == [
        (run_id, "core", "a"), (run_id, "core", "b"), (run_id, "landing", "unique_respondents"),
    ]  # fmt: skip
    assert evidence.run.inputs == AS_BUILT


def test_a_second_recording_replaces_the_first(tmp_path):
    start_run(tmp_path, AS_BUILT)
    record(tmp_path, "dbt", [failed_check()])
    record(tmp_path, "dbt", [passed_check("again")])
    assert [c.check for c in load(tmp_path).checks] == ["again"]


def test_a_new_run_leaves_earlier_results_behind(tmp_path):
    first = start_run(tmp_path, AS_BUILT)
    record(tmp_path, "dbt", [passed_check("old")])
    second = start_run(tmp_path, AS_BUILT)
    evidence = load(tmp_path)
    assert first != second
    assert evidence.checks == ()
    assert evidence.producer_runs == {"dbt": first}


def test_the_orchestrators_run_id_can_be_taken_over(tmp_path):
    assert start_run(tmp_path, AS_BUILT, run_id="abc") == "abc"
    assert load(tmp_path).run.run_id == "abc"


def test_a_run_needs_every_hash(tmp_path):
    with pytest.raises(EvidenceError, match="deliveries, code"):
        start_run(tmp_path, replace(AS_BUILT, deliveries="", code=""))


def test_recording_needs_a_run(tmp_path):
    with pytest.raises(EvidenceError, match="no run was started"):
        record(tmp_path, "dbt", [])


def test_other_json_beside_the_evidence_is_left_alone(tmp_path):
    start_run(tmp_path, AS_BUILT)
    (tmp_path / "quality" / "last_success.json").write_text('{"release_id": "x"}')
    assert load(tmp_path).results == {}


def test_a_damaged_file_is_named(tmp_path):
    start_run(tmp_path, AS_BUILT)
    path = record(tmp_path, "dbt", [passed_check("x")])
    path.write_text(path.read_text()[:40])
    with pytest.raises(EvidenceError, match=r"dbt\.json"):
        load(tmp_path)


def test_numbers_of_numpy_and_tables_become_plain_values(tmp_path):
    start_run(tmp_path, AS_BUILT)
    check = CheckResult(
        "core", "a", "c", "python", "error", numpy.bool_(True), numpy.int64(3), {"b": 2, "a": float("inf")}
    )
    content = json.loads(record(tmp_path, "dbt", [check]).read_text())
    assert content["results"][0]["observed"] == 3
    assert content["results"][0]["expected"] == '{"a": Infinity, "b": 2}'
    assert content["results"][0]["passed"] is True


def test_unknown_tool_or_severity_is_refused():
    with pytest.raises(EvidenceError, match="tool 'sql'"):
        CheckResult("core", "a", "c", "sql", "error", True)
    with pytest.raises(EvidenceError, match="severity 'warn'"):
        CheckResult("core", "a", "c", "dbt", "warn", True)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"owner": None}, "owner missing"),
        ({"owner": ""}, "owner missing"),
        ({"expires_on": None}, "expires_on missing"),
        ({"expires_on": None, "passed": True}, "expires_on missing"),
        ({"expires_on": "1 mei"}, "is not a date"),
        ({"expires_on": "2026-11-22"}, "expired on 2026-11-22"),
    ],
)
def test_a_flag_nobody_answers_for_is_an_error(changes, fault):
    [defect] = flag_defects([flag(**changes)], TODAY)
    assert (defect.severity, defect.passed) == ("error", False)
    assert fault in defect.observed
    assert defect.check.startswith("few_missing")


def test_a_flag_in_order_is_no_defect():
    kept = [
        flag(),
        flag(expires_on="2026-11-23"),
        flag(expires_on="2020-01-01", passed=True),
        passed_check("x"),
    ]
    assert flag_defects(kept, TODAY) == []
