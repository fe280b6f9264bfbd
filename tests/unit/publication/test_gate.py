"""The gate: what it lets through and, above all, what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_warehouse import (
    AS_BUILT,
    build_warehouse,
    failed_check,
    hashes_as_built,
    make_settings,
    passed_check,
)

from orchestration.publication.evidence import REQUIRED_PRODUCERS, CheckResult, InputHashes, record, start_run
from orchestration.publication.gate import PublicationRefused, describe_check, read_verdict
from orchestration.settings import Settings


def verdict_of(settings, hashes=hashes_as_built):
    return read_verdict(settings, hashes=hashes)


def test_complete_green_evidence_passes(tmp_path):
    verdict = verdict_of(make_settings(tmp_path))
    assert verdict.passed
    assert verdict.failures == ()
    assert len(verdict.evidence.checks) == len(REQUIRED_PRODUCERS)


def test_no_evidence_at_all_refuses(tmp_path):
    verdict = verdict_of(Settings(tmp_path / "raw", tmp_path / "reg", tmp_path / "home"))
    assert not verdict.passed
    assert verdict.failures[0].observed == "no run was started"


@pytest.mark.parametrize("producer", REQUIRED_PRODUCERS)
def test_each_required_producer_is_missed(tmp_path, producer):
    settings = make_settings(tmp_path)
    (settings.quality / f"{producer}.json").unlink()
    verdict = verdict_of(settings)
    assert [f.observed for f in verdict.failures] == [f"{producer} has recorded nothing"]


def test_a_producer_that_checked_nothing_refuses(tmp_path):
    settings = make_settings(tmp_path)
    record(settings.home, "core_suite", [])
    assert [f.observed for f in verdict_of(settings).failures] == ["core_suite has checked nothing"]


def test_evidence_of_an_earlier_run_does_not_count(tmp_path):
    settings = make_settings(tmp_path)
    start_run(settings.home, AS_BUILT)
    failures = verdict_of(settings).failures
    assert len(failures) == len(REQUIRED_PRODUCERS)
    assert all("recorded run" in f.observed for f in failures)


def test_a_failed_check_refuses_with_check_wave_and_numbers(tmp_path):
    settings = make_settings(tmp_path)
    record(settings.home, "landing_suite", [failed_check(), passed_check("x")])
    verdict = verdict_of(settings)
    assert not verdict.passed
    message = str(PublicationRefused(verdict.failures, "0123456789abcdef"))
    assert message.splitlines() == [
        "not published: 1 check failed",
        "  - landing · vi_2016/office_holders · unique_respondents (great_expectations): "
        "observed 3, expected 0",
        "published/current stays at 0123456789abcdef",
    ]


def test_a_failed_flag_with_owner_and_expiry_lets_through(tmp_path):
    settings = make_settings(tmp_path)
    flag = CheckResult("core", "a", "c", "python", "flag", False, 1, 0, "team", "2999-01-01")
    record(settings.home, "core_suite", [flag])
    assert verdict_of(settings).passed


def test_a_flag_without_owner_refuses_even_when_it_passed(tmp_path):
    settings = make_settings(tmp_path)
    record(settings.home, "core_suite", [CheckResult("core", "a", "c", "python", "flag", True)])
    assert [f.check for f in verdict_of(settings).failures] == ["c: flag_has_owner_and_expiry"]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (replace(AS_BUILT, register="x" * 64), "landing register: xxxxxxxxxxxxxxxx now"),
        (replace(AS_BUILT, registry="y" * 64), "registry: yyyyyyyyyyyyyyyy now"),
        (replace(AS_BUILT, deliveries="z" * 64), "deliveries in raw/: zzzzzzzzzzzzzzzz now"),
        (replace(AS_BUILT, code="w" * 64), "program: wwwwwwwwwwwwwwww now"),
    ],
)
def test_a_warehouse_of_other_input_is_stale(tmp_path, now, told):
    [failure] = verdict_of(make_settings(tmp_path), lambda _: now).failures
    assert failure.check == "inputs_unchanged"
    assert told in failure.observed


def test_input_that_cannot_be_read_refuses(tmp_path):
    def unreadable(_: Settings) -> InputHashes:
        raise ValueError("the register is not Parquet")

    [failure] = verdict_of(make_settings(tmp_path), unreadable).failures
    assert failure.observed == "the register is not Parquet"


def test_a_warehouse_that_was_rebuilt_after_its_checks_refuses(tmp_path):
    settings = make_settings(tmp_path)
    build_warehouse(settings, estimate=48.0)
    failures = verdict_of(settings).failures
    assert {f.check for f in failures} == {"warehouse_unchanged"}
    assert len(failures) == 4


def test_a_warehouse_that_is_gone_refuses(tmp_path):
    settings = make_settings(tmp_path)
    settings.warehouse.unlink()
    assert [f.observed for f in verdict_of(settings).failures] == ["warehouse.duckdb is absent"]


def test_damaged_evidence_refuses(tmp_path):
    settings = make_settings(tmp_path)
    (settings.quality / "dbt.json").write_text("{")
    [failure] = verdict_of(settings).failures
    assert failure.check == "evidence_readable"
    assert "dbt.json" in failure.observed


def test_a_check_without_numbers_reads_well():
    assert describe_check(passed_check("a")) == "core · fct_answer · a (python): observed 0, expected 0"
    assert describe_check(CheckResult("l", "a", "c", "dbt", "error", False)) == "l · a · c (dbt)"
    assert (
        describe_check(CheckResult("l", "a", "c", "dbt", "error", False, None, 2))
        == "l · a · c (dbt): expected 2"
    )
