"""What somebody with nothing but a release can find out: signs, tests, empty cells, and every code in the dictionary."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def release(sample_run) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_run.current / "marts.duckdb"), read_only=True) as connection:
        yield connection


def rows(release: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:
    return release.execute(sql).fetchall()


def test_a_cell_has_every_sign_that_is_true_of_it(release) -> None:
    found = rows(
        release,
        """
        select distinct marker, publication_status, break_id is not null and publication_status <> 'suppress', obs_status
        from mart_trend order by all
        """,
    )
    assert found == [
        ("[b]", "publish", True, "B"),
        ("[b][u]", "flag", True, "B"),
        ("[c]", "suppress", False, "Q"),
        ("[u]", "flag", False, "U"),
        ("[u]", "suppress", False, "Q"),
        (None, "publish", False, "A"),
    ]
    # Means and totals of reports are shown in one row, with the signs of both.
    reports = rows(
        release, "select distinct marker from mart_incident_reports where publication_status = 'flag'"
    )
    assert sorted(reports) == [("[b][u]",), ("[u]",)]


def test_the_family_of_a_row_and_what_decides_in_it_can_be_looked_up(release) -> None:
    [told] = rows(
        release,
        """
        select distinct family.label_en, family.description
        from mart_trend as trend
        inner join mart_dictionary as family
            on family.entry_type = 'family' and trend.change_family_id = family.entry_id
        where trend.indicator_id = 'victim_any_12m'
        """,
    )
    assert told == (
        "Tests on: victimhood",
        "changes of one wave, population and breakdown are adjusted together: holm, alpha 0.05",
    )
    [alpha] = rows(
        release,
        "select description from mart_dictionary where entry_type = 'policy' and entry_id = 'stable_alpha'",
    )
    assert alpha == ("chosen: 0.05",)


def test_the_adjusted_p_value_decides_and_not_the_interval(release) -> None:
    [(wrong, beside)] = rows(
        release,
        """
        select
            count(*) filter ((change_direction in ('up', 'down')) <> (change_p_adjusted < 0.05)),
            count(*) filter (change_direction = 'stable' and change_ci_low * change_ci_high > 0)
        from mart_trend
        where change_direction <> 'not_tested' and change_p_adjusted <> 0.05
        """,
    )
    assert wrong == 0
    assert beside > 0
    described = dict(
        rows(release, "select entry_id, description from mart_dictionary where parent_id = 'mart_trend'")
    )
    assert "change_family_id" in described["change_p_adjusted"]
    assert "may leave out 0 where change_direction is stable" in described["change_ci_low"]
    assert "adjusted p-value decides" in described["change_direction"]


def test_what_was_asked_has_a_row_and_an_empty_base_is_not_told_from_a_small_one(sample_run, release) -> None:
    lacking = rows(
        release,
        """
        select asked.indicator_id, asked.population_id, asked.wave_id
        from mart_comparability as asked
        left join mart_trend as trend using (indicator_id, population_id, wave_id)
        where asked.asked = 'asked' and trend.wave_id is null
        """,
    )
    assert lacking == []
    with duckdb.connect(str(sample_run.settings.warehouse), read_only=True) as warehouse:
        empty, estimates = warehouse.execute(
            "select count(*), count(estimate) from marts.mart_trend where n_unweighted = 0"
        ).fetchone()
        [few] = warehouse.execute(
            """
            select count(*) from marts.mart_trend as trend
            inner join core.dim_population as population using (population_id)
            where n_unweighted between 1 and 9 and not population.is_public_body and breakdown_id = 'total'
            """
        ).fetchone()
        shown = warehouse.execute(
            """
            select distinct released.publication_status, released.marker, released.reason_code, released.obs_status,
                released.conf_status, released.n_unweighted, released.change_direction
            from marts.mart_trend as trend
            inner join release.mart_trend as released
                using (indicator_id, population_id, breakdown_id, breakdown_code, wave_id)
            where trend.n_unweighted = 0
            """
        ).fetchall()
    assert empty > 0
    assert estimates == 0
    assert few > 0
    assert shown == [("suppress", "[c]", "n_below_10", "Q", "C", None, "not_tested")]


def test_no_number_or_mean_reaches_below_what_it_can_be(release) -> None:
    assert rows(
        release,
        """
        select distinct indicator_id, ci_method, ci_low from mart_trend
        where unit <> 'percent' and (ci_low < 0 or (ci_method = 'wald_bounded' and ci_low > 0 and ci_high < 7)) order by all
        """,
    ) == []  # fmt: skip
    methods = dict(
        rows(release, "select ci_method, count(*) from mart_trend where statistic = 'total' group by all")
    )
    assert methods["wald_bounded"] > 0
    assert methods["wald"] > methods["wald_bounded"]


def test_a_sentence_across_a_break_is_not_judged(release) -> None:
    [claim] = rows(
        release,
        "select verdict, holds, break_ids from mart_claims where claim_id = 'office_holders_2014_below_2012'",
    )
    assert claim == ("not_comparable", None, "b02_contractor_2014__victimisation")
    [rising] = rows(
        release, "select verdict, change_tests from mart_claims where claim_id = 'rising_since_2014'"
    )
    assert rising == ("holds", "vi_2016 up, vi_2018 stable, vi_2020 up")


def test_codes_and_ids_are_explained_in_both_languages(release) -> None:
    def labels(entry: str, parent: str | None = None) -> tuple:
        return release.execute(
            "select label_nl, label_en from mart_dictionary where entry_id = $1 and ($2 is null or parent_id = $2) "
            "and entry_type <> 'column'",
            [entry, parent],
        ).fetchone()

    assert labels("sibling_confidential", "reason_code") == (
        "naast een vertrouwelijke groep",
        "beside a confidential group",
    )
    assert labels("[b]", "marker") == ("trendbreuk", "break in the series")
    assert labels("stable", "change_direction") == ("geen aantoonbare verandering", "no demonstrable change")
    assert labels("ratio", "unit") == ("verhouding", "ratio")
    assert labels("Q", "obs_status") == ("ontbreekt, onderdrukt", "missing value; suppressed")
    assert labels("vi_2024") == (
        "Monitor Veiligheid en Integriteit Openbaar Bestuur 2024",
        "Monitor of safety and integrity in public administration 2024",
    )
    half = rows(
        release,
        """
        select entry_type, entry_id from mart_dictionary
        where (label_nl is null or label_en is null) and entry_type not in ('column', 'break', 'policy')
        """,
    )
    assert half == []


def test_who_else_was_invited_stands_beside_the_number(release) -> None:
    found = rows(
        release,
        """
        select year, invited_n, note from mart_response where population_id = 'raadsleden' and year >= 2022 order by year
        """,
    )
    assert found == [
        (2022, 8620, None),
        (
            2024,
            13400,
            "Uitgenodigd zijn ook steunfractieleden; hun antwoorden tellen niet mee in de cijfers.",
        ),
    ]
    with_note = rows(release, "select population_id from mart_response where note is not null order by all")
    assert [row[0] for row in with_note] == [
        "politieke_ambtsdragers",
        "politieke_ambtsdragers_gemeente",
        "politieke_ambtsdragers_gemeente_provincie",
        "raadsleden",
    ]


def test_the_dictionary_says_who_is_in_a_base(release) -> None:
    told = dict(
        release.execute(
            "select entry_id, description from mart_dictionary where entry_type = 'base'"
        ).fetchall()
    )
    assert told["victims"] == "everyone asked with victim_any = ja who gave a valid answer"
    assert told["all_asked"] == "everyone asked who gave a valid answer or dont_know"
    assert told["invited"] is None, "no indicator has it"
    [(side, reason)] = release.execute(
        "select description, note from mart_dictionary where entry_type = 'concept' and entry_id = 'policy_office_holders'"
    ).fetchall()
    assert "of volksvertegenwoordigend counts for both" in side
    assert reason == "de griffier gaat over het beleid voor de volksvertegenwoordiging"


def test_a_share_of_answers_is_as_reliable_as_a_proportion_has_to_be(release) -> None:
    """The interval of what is shown is narrower than the widest that the rules take; beyond it nothing stands."""
    widest = release.execute(
        """
        select statistic, max(ci_high - ci_low) < 30.1, count(*) filter (reason_code = 'interval_30_points') > 0
        from mart_trend where unit = 'percent' and population_id not like '%organisaties%'
        group by statistic order by statistic
        """
    ).fetchall()
    assert widest == [("proportion", True, True), ("ratio", True, True)]
