"""The release of the committed sample: what the monitors published comes out, and nothing that must stay in."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.publication.new_wave_told import wave_lines

pytestmark = pytest.mark.slow

FIGURE_COLUMNS = (
    "n_unweighted, n_effective, deff, estimate, standard_error, degrees_of_freedom, ci_low, ci_high, change, "
    "change_standard_error, change_ci_low, change_ci_high, change_p_value, change_p_adjusted"
)


@pytest.fixture(scope="module")
def release(sample_run) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_run.current / "marts.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def marts(sample_run) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_run.settings.warehouse), read_only=True) as connection:
        connection.execute("use marts")
        yield connection


def series(connection: duckdb.DuckDBPyConnection, indicator: str, population: str) -> dict[int, float]:
    return dict(
        connection.execute(
            "select year, estimate from mart_trend where indicator_id = ? and population_id = ? and breakdown_id = 'total'",
            [indicator, population],
        ).fetchall()
    )


@pytest.mark.parametrize(
    ("population", "published"),
    [
        (
            "politieke_ambtsdragers",
            {2010: 32, 2012: 38, 2014: 23, 2016: 27, 2018: 29, 2020: 35, 2022: 49, 2024: 45},
        ),
        ("burgemeesters", {2012: 61, 2014: 45, 2016: 55, 2018: 43, 2020: 50, 2022: 77}),
        ("wethouders", {2012: 53, 2014: 40, 2016: 38, 2018: 40, 2020: 46, 2022: 67}),
        ("raadsleden", {2012: 36, 2014: 20, 2016: 24, 2018: 28, 2022: 45}),
        ("ambtenaren", {2010: 40, 2012: 40, 2014: 25, 2024: 29}),
    ],
)
def test_the_headline_series_is_the_published_one(
    release, population: str, published: dict[int, int]
) -> None:
    ours = series(release, "victim_any_12m", population)
    assert {year: round(ours[year]) for year in published} == published


def test_every_exact_figure_is_met_or_names_the_publication_that_is_followed(release) -> None:
    rows = release.execute(
        """
        select figure_id, is_followed, status in ('met', 'reconciled, not shown'), followed_publication_id, explanation
        from mart_reconciliation where kind <> 'fact' and qualifier = 'exact'
        """
    ).fetchall()
    assert len(rows) > 180
    for figure_id, is_followed, is_met, followed, explanation in rows:
        assert is_met or (not is_followed and followed and explanation), figure_id
    [missed] = release.execute(
        "select count(*) from mart_reconciliation where kind <> 'fact' and is_followed "
        "and status not in ('met', 'reconciled, not shown')"
    ).fetchone()
    assert missed == 0


def test_the_two_channel_figures_of_2014_differ_in_base(release) -> None:
    rows = release.execute(
        """
        select distinct indicator_id, base_id, round(our_value) from mart_reconciliation
        where wave_id = 'ag_2014' and indicator_id in ('incident_channel_social_media', 'victim_via_social_media_12m')
        order by indicator_id
        """
    ).fetchall()
    assert rows == [
        ("incident_channel_social_media", "incidents", 13.0),
        ("victim_via_social_media_12m", "all_office_holders", 3.0),
    ]


def test_breaks_block_or_warn_as_the_registry_says(release) -> None:
    def cell(indicator: str, wave: str) -> tuple:
        return release.execute(
            """
            select comparable_wave_id, change is not null, change_direction, marker from mart_trend
            where indicator_id = ? and wave_id = ? and population_id = 'politieke_ambtsdragers' and breakdown_id = 'total'
            """,
            [indicator, wave],
        ).fetchone()

    assert cell("victim_any_12m", "ag_2014") == (None, False, "not_tested", "[b]")
    assert cell("victim_any_12m", "vi_2016") == ("ag_2014", True, "up", "[b]")
    assert cell("victim_any_12m", "vi_2018") == ("vi_2016", True, "stable", None)
    assert cell("suspected_violation_colleagues", "vi_2016") == ("in_2012", True, "up", "[b]")


@pytest.mark.parametrize(
    ("population", "instrument", "layers"),
    [
        ("ambtenaren_decentraal", "civil_servants", ("gemeente", "provincie", "waterschap")),
        ("politieke_ambtsdragers_gemeente_provincie", "office_holders", ("gemeente", "provincie")),
    ],
)
def test_a_population_of_constant_scope_has_the_weighted_share_of_its_parts(
    marts, population: str, instrument: str, layers: tuple[str, ...]
) -> None:
    shares = dict(
        marts.execute(
            """
            select respondents.wave_id, 100 * sum(values.value * respondents.weight) / sum(respondents.weight)
            from core.fct_indicator_value as values
            inner join core.fct_respondent as respondents using (respondent_key)
            inner join core.fct_answer as answers using (respondent_key)
            where values.indicator_id = 'victim_any_12m' and values.value is not null
                and respondents.instrument_id = $instrument
                and answers.concept_id = 'layer' and list_contains($layers, answers.answer_code)
            group by all
            """,
            {"instrument": instrument, "layers": list(layers)},
        ).fetchall()
    )
    ours = dict(
        marts.execute(
            """
            select wave_id, estimate from mart_trend
            where indicator_id = 'victim_any_12m' and population_id = ? and breakdown_id = 'total'
            """,
            [population],
        ).fetchall()
    )
    assert len(ours) >= 6
    assert ours == pytest.approx(shares, rel=1e-12)


def test_a_part_that_joins_breaks_the_whole_and_not_the_series_of_constant_scope(release) -> None:
    """Central government joined between the integrity monitor of 2012 and 2016."""
    found = release.execute(
        """
        select population_id, comparable_wave_id, break_effect, break_kind from mart_comparability
        where indicator_id = 'suspected_violation_colleagues' and wave_id = 'vi_2016'
            and population_id in ('ambtenaren', 'ambtenaren_decentraal', 'ambtenaren_gemeente')
        order by all
        """
    ).fetchall()
    assert found == [
        ("ambtenaren", None, "block", "scope"),
        ("ambtenaren_decentraal", "in_2012", "warn", "wording"),
        ("ambtenaren_gemeente", "in_2012", "warn", "wording"),
    ]


@pytest.mark.parametrize("wave", ["vi_2022", "vi_2024"])
def test_a_panel_of_one_wave_stops_every_series_into_it_and_out_of_it(release, wave: str) -> None:
    found = release.execute(
        """
        select population_id, comparable_wave_id, break_effect, break_kind from mart_comparability
        where indicator_id = 'victim_any_12m' and wave_id = $wave
            and population_id in ('ambtenaren', 'ambtenaren_decentraal', 'ambtenaren_gemeente')
        order by all
        """,
        {"wave": wave},
    ).fetchall()
    assert found == [
        ("ambtenaren", None, "block", "frame"),
        ("ambtenaren_decentraal", None, "block", "frame"),
        ("ambtenaren_gemeente", None, "block", "frame"),
    ]


def test_shares_of_answers_are_ratios_with_the_error_of_a_ratio(marts) -> None:
    """Of the channels that victims of 2024 named, written out: R = sum(w y) / sum(w x), and the linearised variance."""
    frame = marts.execute(
        """
        select respondents.weight, respondents.stratum_id, victims.answer_code = 'ja' as is_victim,
            coalesce(phone.answer_code = 'ja', false) as y,
            (select count(*) from core.fct_answer as ticked
                where ticked.respondent_key = respondents.respondent_key and ticked.answer_code = 'ja'
                    and ticked.concept_id in ('channel_face_to_face', 'channel_letter_email', 'channel_other',
                        'channel_phone', 'channel_social_media')) as x
        from core.fct_respondent as respondents
        left join core.fct_answer as victims
            on respondents.respondent_key = victims.respondent_key and victims.concept_id = 'victim_any'
        left join core.fct_answer as phone
            on respondents.respondent_key = phone.respondent_key and phone.concept_id = 'channel_phone'
        where respondents.wave_id = 'vi_2024' and respondents.instrument_id = 'office_holders'
            and respondents.weight > 0
        """
    ).df()
    inside = frame["is_victim"].fillna(False).astype(float)
    numerator, denominator = frame["weight"] * frame["y"] * inside, frame["weight"] * frame["x"] * inside
    share = numerator.sum() / denominator.sum()
    z = (numerator - share * denominator) / denominator.sum()
    strata = z.groupby(frame["stratum_id"])
    variance = (strata.count() * strata.var(ddof=1)).sum()
    found = {
        name: (estimate, error, low, high)
        for name, estimate, error, low, high in marts.execute(
            """
            select indicator_id, estimate, standard_error, ci_low, ci_high from mart_trend
            where wave_id = 'vi_2024' and population_id = 'politieke_ambtsdragers' and breakdown_id = 'total'
                and indicator_id like 'channel_%_share_of_answers'
            """
        ).fetchall()
    }
    estimate, error, low, high = found["channel_phone_share_of_answers"]
    assert estimate == pytest.approx(100 * share, rel=1e-12)
    assert error == pytest.approx(100 * variance**0.5, rel=1e-9)
    assert 0 < low < estimate < high < 100
    assert len(found) == 5
    assert sum(values[0] for values in found.values()) == pytest.approx(100, rel=1e-12)


def test_where_nothing_varies_the_error_is_zero_to_the_last_digit(marts) -> None:
    """What rounding leaves of a variance would be tested as if it were one, otherwise in every run."""
    [bounds, left] = marts.execute(
        """
        select count(*) filter (statistic = 'ratio' and unit = 'percent' and estimate in (0, 100)),
            count(*) filter (standard_error > 0 and standard_error < 1e-4)
        from mart_trend
        """
    ).fetchone()
    assert bounds > 50
    assert left == 0


def test_a_general_answer_runs_through_where_the_fine_ones_end(marts, release) -> None:
    [fine] = marts.execute(
        """
        select 100 * sum(weight) filter (where verbal.answer_code = 'ja' or discrimination.answer_code = 'ja')
            / sum(weight) from core.fct_respondent
        inner join core.fct_answer as verbal using (respondent_key)
        inner join core.fct_answer as discrimination using (respondent_key)
        where fct_respondent.wave_id = 'ag_2012' and fct_respondent.instrument_id = 'office_holders'
            and verbal.concept_id = 'victim_verbal' and discrimination.concept_id = 'victim_discrimination'
            and (verbal.answer_code = 'ja' or discrimination.answer_code = 'ja'
                or (verbal.missing_kind is null and discrimination.missing_kind is null))
        """
    ).fetchone()
    general, verbal = (
        series(marts, name, "politieke_ambtsdragers")
        for name in ("victim_verbal_general_12m", "victim_verbal_12m")
    )
    assert general[2012] == pytest.approx(fine, rel=1e-12)
    assert general[2012] > verbal[2012]
    # From 2016 on there is one answer for both.
    since = [year for year in general if year >= 2016]
    assert [general[year] for year in since] == pytest.approx([verbal[year] for year in since], rel=1e-12)
    told = release.execute(
        """
        select indicator_id, granularity, comparable_wave_id, break_effect from mart_comparability
        where wave_id = 'vi_2016' and population_id = 'politieke_ambtsdragers' and indicator_id like 'victim_verbal%'
        order by all
        """
    ).fetchall()
    assert told == [
        ("victim_verbal_12m", "fine", None, "block"),
        ("victim_verbal_general_12m", "general", "ag_2014", "warn"),
    ]


def test_what_was_not_asked_says_so(release) -> None:
    asked = release.execute(
        """
        select distinct asked from mart_comparability
        where (theme = 'integrity' and wave_id = 'vi_2018')
            or (population_id like 'ambtenaren%' and wave_id in ('vi_2018', 'vi_2020'))
        """
    ).fetchall()
    assert asked == [("not asked",)]
    [without_reason] = release.execute(
        "select count(*) from mart_comparability where asked = 'not asked' and reason is null"
    ).fetchone()
    assert without_reason == 0


def test_what_was_asked_in_another_form_is_told_apart(release) -> None:
    found = release.execute(
        """
        select wave_id, asked, not_asked_of, reason from mart_comparability
        where indicator_id = 'victim_via_phone_12m' and population_id = 'politieke_ambtsdragers'
            and not_asked_of is distinct from 'theme' order by year, wave_id
        """
    ).fetchall()
    one = "alleen het kanaal van één voorval gevraagd, niet alle kanalen van het jaar"
    assert [row for row in found if row[1] == "not asked"] == [
        (wave, "not asked", "form", one) for wave in ("ag_2010", "ag_2012", "vi_2018")
    ]
    # Before the third form, the question was not there in any form.
    [never] = release.execute(
        "select distinct not_asked_of from mart_comparability where wave_id = 'vi_2020' and reason like 'online uiten%'"
    ).fetchall()
    assert never == ("question",)


def test_released_figures_are_the_full_ones_rounded(release, marts) -> None:
    full = {row[:5]: row[5:] for row in marts.execute(cells_query()).fetchall()}
    shown = [row for row in release.execute(cells_query()).fetchall() if row[5] is not None]
    assert len(shown) > 5000
    for row in shown:
        estimate, n, unit = full[row[:5]]
        step = {"percent": 0.1, "mean": 0.1, "count": 1.0}[unit]
        assert abs(row[5] - estimate) <= step / 2 + 1e-9, row
        assert row[6] % 5 == 0, row
        assert abs(row[6] - n) <= 2.5, row


def cells_query() -> str:
    return (
        "select indicator_id, population_id, breakdown_id, breakdown_code, wave_id, estimate, n_unweighted, unit "
        "from mart_trend"
    )


def test_no_small_cell_and_no_part_of_a_withheld_breakdown_leaves(release, marts) -> None:
    released = {row[:5] for row in release.execute(cells_query()).fetchall() if row[5] is not None}
    numerators = marts.execute(
        """
        select indicator_id, population_id, breakdown_id, breakdown_code, cells.wave_id,
            cells.respondents_n, cells.numerator_n, cells.complement_n, cells.statistic
        from estimates.est_cells as cells
        inner join core.dim_domain as domains using (domain_id)
        inner join core.dim_population as populations using (population_id)
        where not populations.is_public_body
        """
    ).fetchall()
    small = {row[:5] for row in numerators if row[5] < 30 or (row[8] == "proportion" and min(row[6:8]) < 3)}
    assert len(small) > 1000
    assert not small & released
    [whole] = release.execute(
        f"select count(*) from mart_trend where publication_status = 'suppress' and coalesce({FIGURE_COLUMNS}) is not null"
    ).fetchone()
    assert whole == 0


def test_marts_and_release_hold_the_tables_of_the_contract(release) -> None:
    tables = {row[0] for row in release.execute("select table_name from duckdb_tables()").fetchall()}
    assert tables >= {
        "mart_trend", "mart_headlines", "mart_comparability", "mart_response", "mart_organisation_policy",
        "mart_incident_reports", "mart_reconciliation", "mart_claims", "mart_dictionary", "mart_lineage",
        "mart_lineage_codes", "mart_deliveries", "mart_corrections", "mart_revisions", "release_info", "release_inputs",
        "release_registry",
    }  # fmt: skip


def test_every_version_and_correction_can_be_read(release) -> None:
    versions = release.execute(
        "select delivery_version, is_in_use, superseded_by, compared_with_next, received_on, note from mart_deliveries "
        "where wave_id = 'vi_2016' and file_id = 'office_holders' order by delivery_version"
    ).fetchall()
    assert versions == [
        (1, False, 2, "different", "2016-10-31", "Bij fysieke agressie zijn ja en nee verwisseld; hersteld in versie 2."),
        (2, True, None, None, "2016-11-21", "Vervangt versie 1: daar waren ja en nee bij fysieke agressie verwisseld."),
    ]  # fmt: skip
    assert release.execute(
        "select count(*), count(*) filter (is_in_use) = (select count(*) from release_inputs) from mart_deliveries"
    ).fetchone() == (30, True)
    corrections = release.execute(
        "select correction_id, delivery_version, action, source_variable, is_applied, indicators_n, rows_matched_n, "
        "rows_changed_n, reason, decided_on from mart_corrections order by correction_id"
    ).fetchall()
    assert corrections == [
        ("duration_is_capped", 1, "relabel_variable", "duur", True, 0, 6400, None,
         "De duur is door het bureau afgekapt, en het label zegt dat niet.", "2016-11-24"),
        ("physical_swapped", 1, "recode", "Q10c", False, 0, None, None,
         "Bij fysieke agressie zijn ja en nee verwisseld; het bureau levert opnieuw.", "2016-11-03"),
    ]  # fmt: skip


def test_a_new_wave_is_told_by_its_headlines_changes_and_breaks(sample_run) -> None:
    lines = wave_lines(sample_run.current, "vi_2024")
    assert lines[0] == (
        "In 2024 45% of political office holders experienced aggression or violence within a year, against 49% in 2022 (fallen)."
    )
    assert "no longer asked, of what vi_2022 had: `incidents_per_victim_mean`" in lines
    assert any(line.startswith("changes of whole populations: ") for line in lines)
    assert any(line.startswith("break `b04_civil_servants_frame_2024` (frame, block) of ") for line in lines)
    assert any(
        line.startswith("asked for the first time: `") for line in wave_lines(sample_run.current, "vi_2016")
    )


def test_the_registry_that_it_is_made_from_is_named_file_by_file(release, project_root: Path) -> None:
    named = release.execute("select path, sha256, rows_n from release_registry order by path").fetchall()
    seeds = project_root / "dbt_project" / "seeds"
    assert [path for path, *_ in named] == sorted(
        path.relative_to(seeds).as_posix() for path in seeds.glob("*/*.csv")
    )
    breaks = (seeds / "registry" / "series_breaks.csv").read_bytes()
    assert (
        "registry/series_breaks.csv",
        hashlib.sha256(breaks).hexdigest(),
        breaks.count(b"\n") - 1,
    ) in named


def test_mart_trend_has_the_columns_of_the_contract_in_their_order(release) -> None:
    columns = [row[0] for row in release.execute("describe mart_trend").fetchall()]
    assert ", ".join(columns) == (
        "indicator_id, indicator_label_nl, indicator_label_en, theme, block, population_id, population_label_nl, "
        "breakdown_id, breakdown_code, breakdown_label_nl, programme_id, wave_id, year, statistic, unit, base_id, "
        "n_unweighted, n_effective, deff, estimate, standard_error, degrees_of_freedom, ci_low, ci_high, ci_method, "
        "publication_status, marker, reason_code, comparable_wave_id, change, change_standard_error, change_ci_low, "
        "change_ci_high, change_p_value, change_p_adjusted, change_direction, break_id, obs_status, conf_status, "
        "change_family_id"
    )


def test_synthetic_input_is_said_on_every_face(sample_run, release) -> None:
    [is_synthetic] = release.execute("select is_synthetic from release_info").fetchone()
    manifest = json.loads((sample_run.current / "MANIFEST.json").read_text(encoding="utf-8"))
    assert is_synthetic
    assert manifest["is_synthetic"]
    assert "SYNTHETISCH" in sample_run.output


def test_csv_and_parquet_hold_the_same_rows_as_the_database(sample_run, release) -> None:
    for table in ("mart_trend", "mart_response", "mart_claims"):
        [expected] = release.execute(f"select count(*) from {table}").fetchone()
        [parquet] = duckdb.execute(
            f"select count(*) from read_parquet('{sample_run.current}/parquet/{table}.parquet')"
        ).fetchone()
        with (sample_run.current / "csv" / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            rows = sum(1 for _ in csv.reader(stream)) - 1
        assert (parquet, rows) == (expected, expected)


def test_each_claim_of_the_reports_holds_where_its_waves_can_be_compared(release) -> None:
    verdicts = dict(release.execute("select claim_id, verdict from mart_claims").fetchall())
    assert verdicts.pop("office_holders_2014_below_2012") == "not_comparable"
    assert len(verdicts) == 19
    assert set(verdicts.values()) == {"holds"}


def test_lineage_leads_a_headline_back_to_the_delivered_bytes(sample_run, release) -> None:
    rows = release.execute(
        """
        select file_path, file_sha256, source_variable, source_concept_id from mart_lineage
        where indicator_id = 'victim_any_12m' and wave_id = 'vi_2024' and instrument_id = 'office_holders' and part = 'numerator'
        """
    ).fetchall()
    lock = (sample_run.settings.raw / "vi" / "vi_2024" / "delivery.lock").read_text(encoding="utf-8")
    assert {row[3] for row in rows} == {"victim_verbal", "victim_threat", "victim_physical"}
    assert all(Path(row[0]).name in lock and row[1] in lock for row in rows)


def test_weights_are_recalibrated_beside_the_delivered_ones(sample_run, release) -> None:
    with duckdb.connect(str(sample_run.settings.warehouse), read_only=True) as connection:
        shares = connection.execute(
            """
            select code, round(100 * population_share, 2), round(100 * delivered_share, 2), round(100 * recalibrated_share, 2)
            from estimates.est_weighting_margins where wave_id = 'vi_2022' and instrument_id = 'civil_servants' order by code
            """
        ).fetchall()
        [met] = connection.execute(
            "select max(abs(recalibrated_share / population_share - 1)) from estimates.est_weighting_margins"
        ).fetchone()
        recalibrated = connection.execute(
            "select wave_id, instrument_id, respondents_n from estimates.est_weighting where weight_kind = 'recalibrated' order by 1"
        ).fetchall()
    assert shares == [
        ("20000_50000", 24.05, 25.74, 24.05),
        ("50000_100000", 21.65, 21.70, 21.65),
        ("g4", 26.73, 15.50, 26.73),
        ("tot_20000", 3.52, 8.02, 3.52),
        ("vanaf_100000", 24.04, 29.04, 24.04),
    ]
    assert met < 1e-9
    assert recalibrated == [("vi_2016", "office_holders", 4900), ("vi_2022", "civil_servants", 1434)]
    # Private, and no sample of the monitors spreads its weights too far.
    assert (
        release.execute("select * from duckdb_columns() where column_name like '%recalibrated%'").fetchall()
        == []
    )
    checks = json.loads((sample_run.current / "quality" / "checks.json").read_text(encoding="utf-8"))
    (check,) = [check for check in checks if check["check"] == "weights_spread_within_bound"]
    assert (check["severity"], check["passed"], check["owner"]) == ("flag", True, "data-engineering")


def test_a_second_run_says_no_change_and_publishes_nothing(sample_run) -> None:
    before = sorted(path.name for path in sample_run.settings.published.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "refresh"],
        env=sample_run.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "no change" in done.stdout) == (0, True), done.stdout + done.stderr
    assert sorted(path.name for path in sample_run.settings.published.iterdir()) == before
