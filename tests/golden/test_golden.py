"""The harmonised sample is what it was: every change names concept, population and answer, and has a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_files import committed_files, differences, digest, golden_files, reason_for, with_reason

SHOWN = 30
RENEW = "is the change meant? Then renew with `make golden REASON='why it changes'` and commit what it writes"


@pytest.mark.slow
def test_the_harmonised_sample_is_that_of_the_goldens(sample_run) -> None:
    changed = list(differences(committed_files(), golden_files(sample_run.settings.warehouse)))
    more = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
    assert not changed, "\n".join(["", *changed[:SHOWN], *more, RENEW])


def test_the_changelog_says_why_the_goldens_are_what_they_are(project_root: Path) -> None:
    changelog = (project_root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert reason_for(changelog, digest(committed_files())), f"CHANGELOG.md gives no reason: {RENEW}"


def test_goldens_stay_small_enough_to_review() -> None:
    sizes: dict[str, int] = {}
    for path, text in committed_files().items():
        sizes[path.split("/")[0]] = sizes.get(path.split("/")[0], 0) + len(text.encode())
    assert len(sizes) == 9
    assert {wave: size for wave, size in sizes.items() if size >= 200_000} == {}


COUNTS = "concept_id,answer,n,weighted_n,weighted_sum\nrole,raadslid,10,9.50,\nrole,<dont_know>,2,2.50,\n"


def test_a_difference_names_wave_population_concept_and_answer() -> None:
    before = {"vi_2016/counts/raadsleden.csv": COUNTS}
    after = {"vi_2016/counts/raadsleden.csv": COUNTS.replace("10,9.50", "11,9.50")}
    assert list(differences(before, after)) == [
        "vi_2016 raadsleden role raadslid: n 10, weighted_n 9.50 -> n 11, weighted_n 9.50"
    ]
    assert list(differences(before, dict(before))) == []


def test_a_population_that_is_new_and_an_answer_that_is_gone_are_differences() -> None:
    before = {"vi_2016/counts/raadsleden.csv": COUNTS}
    after = {"vi_2016/counts/raadsleden.csv": COUNTS.replace("role,<dont_know>,2,2.50,\n", "")}
    assert list(differences(before, after)) == [
        "vi_2016 raadsleden role <dont_know>: n 2, weighted_n 2.50 -> absent"
    ]
    assert len(list(differences({}, before))) == 2


def test_a_change_of_type_or_of_single_answers_is_told_by_the_schema() -> None:
    schema = "instrument_id,name,kind,detail,checksum\no,role,concept,v1 recode,aaa\n,fct_answer.answer_code,column,VARCHAR,\n"
    changed = schema.replace("aaa", "bbb").replace("VARCHAR", "INTEGER")
    assert list(differences({"a_1/schema.csv": schema}, {"a_1/schema.csv": changed})) == [
        "a_1 fct_answer.answer_code column: detail VARCHAR -> detail INTEGER",
        "a_1 o role concept: detail v1 recode, checksum aaa -> detail v1 recode, checksum bbb",
    ]


CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- a\n\n## [0.1.0]\n\n- b\n"


def test_a_reason_stands_under_unreleased_and_is_found_by_its_digest() -> None:
    once = with_reason(CHANGELOG, "0123456789ab", ["a_1"], "first")
    assert once == CHANGELOG.replace("- a\n", "- a\n\n### Goldens\n\n- `0123456789ab` (a_1): first\n")
    twice = with_reason(once, "ba9876543210", ["a_1", "a_2"], "second")
    assert twice.index("second") < twice.index("first") < twice.index("[0.1.0]")
    assert reason_for(twice, "ba9876543210") == "second"
    assert reason_for(twice, "ffffffffffff") == ""
    assert reason_for("- `0123456789ab` (a_1):\n- b\n", "0123456789ab") == ""
