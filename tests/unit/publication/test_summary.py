"""The printed ending: what it says, on a terminal and in a log."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console
from small_warehouse import build_warehouse, failed_check, hashes_as_built, make_settings, record_green

from orchestration.publication.evidence import CheckResult, record
from orchestration.publication.headline_trend import read_summary
from orchestration.publication.release import publish
from orchestration.publication.summary import PLAIN, RICH, change_text, column_texts, print_summary, sparkline

HEADLINES = """
    create table release.mart_headlines as
    select 'victim_any_12m' as indicator_id, population_id, wave_id, sort_order
    from (values ('burgemeesters', 'vi_2020', 2), ('politieke_ambtsdragers', 'vi_2022', 1),
                 ('politieke_ambtsdragers', 'vi_2020', 1)) as t (population_id, wave_id, sort_order)
"""


@pytest.fixture
def summary(tmp_path):
    settings = make_settings(tmp_path)
    build_warehouse(settings, more_sql=HEADLINES)
    record_green(settings)
    record(
        settings.home,
        "core_suite",
        [
            CheckResult(
                "core", "fct_answer", "few_missing", "python", "flag", False, 7, 5, "team", "2999-01-01"
            )
        ],
    )
    publish(settings, hashes=hashes_as_built)
    return read_summary(settings.published / "current")


def printed(summary, terminal: bool, width: int = 110, **more: object) -> str:
    stream = StringIO()
    console = Console(
        file=stream,
        force_terminal=terminal,
        width=width,
        highlight=False,
        no_color=True,
        legacy_windows=False,
    )
    print_summary(console, summary, **more)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def lines_with(text: str, word: str) -> list[str]:
    return [line for line in text.splitlines() if word in line]


def test_the_lines_are_the_registrys_headlines_in_their_order(summary):
    [trend] = summary.trends
    assert [line.population_id for line in trend.lines] == ["politieke_ambtsdragers", "burgemeesters"]
    assert trend.years == (2012, 2014, 2020, 2022)
    assert [cell.estimate for cell in trend.lines[0].cells.values()] == [38.0, 23.0, 35.0, 49.0]


def test_without_headlines_the_longest_series_are_shown(tmp_path):
    settings = make_settings(tmp_path)
    publish(settings, hashes=hashes_as_built)
    [trend] = read_summary(settings.published / "current").trends
    assert [line.population_id for line in trend.lines] == [
        "burgemeesters",
        "politieke_ambtsdragers",
        "raadsleden",
    ]


def test_segments_start_where_the_registry_breaks_the_series(summary):
    [trend] = summary.trends
    assert [cell.starts_segment for cell in trend.lines[0].cells.values()] == [False, True, False, False]
    assert not any(cell.is_warned for cell in trend.lines[0].cells.values())


def test_a_break_that_only_warns_is_marked_in_the_segment(tmp_path):
    settings = make_settings(tmp_path)
    build_warehouse(
        settings, more_sql="update release.mart_trend set marker = '[b]' where wave_id = 'vi_2022'"
    )
    record_green(settings)
    publish(settings, hashes=hashes_as_built)
    summary = read_summary(settings.published / "current")
    text = printed(summary, terminal=False)
    assert lines_with(text, "Politieke")[0].split()[2:] == [
        "38", "|", "23", "-", "35", "49", "[b]", "+14", "sinds", "2020",
    ]  # fmt: skip
    assert "[b] anders gemeten dan de vorige keer" in text


def test_an_unreliable_figure_behind_a_break_has_both_signs(tmp_path):
    settings = make_settings(tmp_path)
    build_warehouse(
        settings,
        more_sql="update release.mart_trend set marker = '[b][u]', publication_status = 'flag' where wave_id = 'vi_2022'",
    )
    record_green(settings)
    publish(settings, hashes=hashes_as_built)
    text = printed(read_summary(settings.published / "current"), terminal=False)
    assert lines_with(text, "Politieke")[0].split()[2:8] == ["38", "|", "23", "-", "35", "49"]
    assert lines_with(text, "Politieke")[0].split()[8] == "[b][u]"
    assert "[b] anders gemeten dan de vorige keer" in text
    assert "[u] onbetrouwbaar" in text


def test_on_a_terminal(summary):
    text = printed(summary, terminal=True, status="published", steps={"landing": 3.0, "dbt": 6.0})
    assert "SYNTHETISCH" in text
    assert f"published release {summary.manifest.release_id}" in text
    [top] = lines_with(text, "Politieke ambtsdragers")
    assert top.split()[2:] == ["38", "┊", "23", "35", "49", "▅┊▁▄█", "▲14", "sinds", "2020"]
    assert lines_with(text, "landing")[0].count("━") * 2 == lines_with(text, "dbt")[0].count("━")


def test_in_a_log_everything_is_ascii_and_no_figure_is_lost(summary):
    text = printed(summary, terminal=False, status="no_change")
    assert text.isascii()
    assert "*** SYNTHETISCH" in text
    assert f"no change: release {summary.manifest.release_id}" in text
    assert "Slachtoffer van agressie - e (%)" in text
    assert lines_with(text, "Burgemeesters")[0].split() == [
        "Burgemeesters", "61", "|", "[c]", "50", "[u]", "-", "+5", "sinds", "2014",
    ]  # fmt: skip
    assert "| trendbreuk" in text
    assert "[c] vertrouwelijk" in text
    assert "[u] onbetrouwbaar" in text


def test_a_narrow_terminal_gets_the_plain_form(summary):
    text = printed(summary, terminal=True, width=40)
    assert text.isascii()
    assert lines_with(text, "Politieke")[0].split()[2:] == [
        "38",
        "|",
        "23",
        "35",
        "49",
        "+14",
        "sinds",
        "2020",
    ]


def test_a_table_too_wide_for_its_terminal_is_not_cut_off(summary):
    wide = type(summary.trends[0])(**{**vars(summary.trends[0]), "years": tuple(range(2000, 2030))})
    text = printed(type(summary)(**{**vars(summary), "trends": (wide,)}), terminal=True, width=90)
    [top] = lines_with(text, "Politieke")
    assert top.split()[2:] == [
        *["–"] * 12, "38", "–", "┊", "23", *["–"] * 5, "35", "–", "49", *["–"] * 7, "▲14", "sinds", "2020",
    ]  # fmt: skip


def test_checks_flags_and_reconciliation_are_counted(summary):
    text = printed(summary, terminal=False)
    assert "checks: 6 passed, 1 flagged" in text
    assert "! core/fct_answer few_missing: 7 (owner team, until 2999-01-01)" in text.replace("\n", " ")
    assert (
        "reconciliation: 2 of 3 published figures met, 1 of them with a figure that may not be shown" in text
    )


def test_real_data_has_no_banner(tmp_path):
    settings = make_settings(tmp_path, is_synthetic=False)
    publish(settings, hashes=hashes_as_built)
    assert "SYNTHETISCH" not in printed(read_summary(settings.published / "current"), terminal=False)


def test_figures_are_rounded_as_a_reader_rounds_and_stay_aligned(summary):
    cell = summary.trends[0].lines[0].cells[2022]

    def with_estimate(value: float | None, **changes: object):
        return type(cell)(**{**vars(cell), "estimate": value, **changes})

    assert column_texts(
        [
            with_estimate(26.5),
            with_estimate(27.49, starts_segment=True),
            with_estimate(8.0, is_warned=True),
            with_estimate(100.0, is_flagged=True),
            with_estimate(None, marker="[c]"),
            None,
        ],
        "percent",
        RICH,
    ) == ["   27    ", "┊  27    ", "    8 [b]", "  100 [u]", "  [c]    ", "    –    "]
    assert column_texts([with_estimate(2.345)], "mean", PLAIN) == ["2,35"]


def test_a_change_that_was_not_tested_is_not_told(summary):
    line = summary.trends[0].lines[0]
    until_2014 = type(line)(
        line.population_id, line.label, {y: c for y, c in line.cells.items() if y <= 2014}
    )
    until_2020 = type(line)(
        line.population_id, line.label, {y: c for y, c in line.cells.items() if y <= 2020}
    )
    assert change_text(until_2014, "percent", RICH) == ""
    assert change_text(until_2020, "percent", RICH) == "= sinds 2014"


def test_sparkline_keeps_gaps_and_breaks():
    assert sparkline([1.0, None, 2.0, 3.0], [False, False, True, False]) == "▁ ┊▅█"
    assert sparkline([5.0], [False]) == ""
    assert sparkline([5.0, 5.0], [False, False]) == "▄▄"


def test_failed_checks_never_reach_a_summary():
    # A release exists only when no error failed, so whatever failed in checks.json is a flag.
    assert failed_check().severity == "error"
