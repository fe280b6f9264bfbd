"""Organisations in the warehouse of the committed sample: mergers, two sides, reports, elements of policy."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def marts(sample_run) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_run.settings.warehouse), read_only=True) as connection:
        connection.execute("use marts")
        yield connection


def test_how_many_elements_of_policy_organisations_have_is_counted(marts) -> None:
    [mean] = marts.execute(
        """
        select avg(elements) from (
            select respondent_key, count(*) filter (where answer_code = 'ja') as elements
            from core.fct_answer inner join core.fct_respondent using (respondent_key)
            inner join core.fct_organisation_respondent using (respondent_key)
            where fct_respondent.wave_id = 'vi_2024' and concept_id like 'element_%' and organisation_type = 'ambtelijk'
            group by respondent_key having count(*) filter (where missing_kind is not null) = 0
        )
        """
    ).fetchone()
    [ours] = marts.execute(
        """
        select estimate from mart_trend where indicator_id = 'policy_elements_mean' and wave_id = 'vi_2024'
            and population_id = 'organisaties' and breakdown_id = 'total'
        """
    ).fetchone()
    assert ours == pytest.approx(mean, rel=1e-12)
    assert 5 < ours < 6


def test_shares_of_the_elements_of_policy_are_of_all_elements_named(marts) -> None:
    """Of a wave without clerks, counted by hand: who left an element open is in no share."""
    named = dict(
        marts.execute(
            """
            select element.concept_id, count(*) filter (where element.answer_code = 'ja')
            from core.fct_answer as element
            inner join core.fct_answer as counted using (respondent_key, wave_id)
            where wave_id = 'vi_2022' and element.concept_id like 'element_%'
                and counted.concept_id = 'policy_elements_n' and counted.answer_number is not null
            group by element.concept_id
            """
        ).fetchall()
    )
    found = marts.execute(
        """
        select replace(indicator_id, '_share_of_answers', ''), estimate from mart_trend
        where wave_id = 'vi_2022' and population_id = 'organisaties' and breakdown_id = 'total'
            and indicator_id like 'element_%_share_of_answers'
        """
    ).fetchall()
    assert len(found) == len(named) == 7
    for concept, share in found:
        assert share == pytest.approx(100 * named[concept] / sum(named.values()), rel=1e-12)


def test_every_share_and_mean_of_organisations_stands_with_their_policy(marts) -> None:
    rows = {
        schema: marts.execute(
            f"""
            select indicator_id, statistic, unit, share_pct, estimate from {schema}.mart_organisation_policy
            where population_id = 'organisaties' and wave_id = 'vi_2024'
            """
        ).fetchall()
        for schema in ("marts", "release")
    }
    own = marts.execute(
        """
        select indicator_id, statistic from mart_trend where population_id = 'organisaties' and wave_id = 'vi_2024'
            and breakdown_id = 'total' and statistic not in ('total', 'ratio')
        """
    ).fetchall()
    assert sorted(row[:2] for row in rows["marts"]) == sorted(own)
    [mean] = [row for row in rows["release"] if row[0] == "policy_elements_mean"]
    assert mean == ("policy_elements_mean", "mean", "mean", None, pytest.approx(5.4, abs=0.11))
    assert all(row[3] == row[4] for row in rows["release"] if row[2] == "percent")


def test_who_keeps_count_and_gave_no_number_is_told_beside_the_total(marts) -> None:
    """In 2010 one, which is too few to tell; in 2016 none, and that is told."""
    given = marts.execute(
        """
        select count(*) from core.fct_organisation_respondent
        inner join core.fct_answer as kept using (respondent_key, wave_id)
        inner join core.fct_answer as reports using (respondent_key, wave_id)
        where wave_id = 'ag_2010' and kept.concept_id = 'reports_kept_aggression' and kept.answer_code = 'ja'
            and reports.concept_id = 'reports_aggression_n' and reports.answer_number is null
        """
    ).fetchone()
    assert given == (1,)
    query = """
        select wave_id, is_whole from {}.mart_incident_reports
        where report_kind = 'reports_aggression_n' and population_id = 'organisaties' and wave_id in ('ag_2010', 'vi_2016')
        order by all
    """
    own, released = (marts.execute(query.format(schema)).fetchall() for schema in ("marts", "release"))
    assert own == released == [("ag_2010", False), ("vi_2016", True)]


def test_not_kept_is_told_apart_from_none_and_from_unknown(marts) -> None:
    """Of the organisations of 2024: who keeps count, who of them counted none, who does not know; written out."""
    answers = dict(
        marts.execute(
            """
            select coalesce(kept.answer_code, kept.missing_kind) || coalesce(' ' || (reports.answer_number = 0), ''), count(*)
            from core.fct_organisation_respondent
            inner join core.fct_answer as kept
                on fct_organisation_respondent.respondent_key = kept.respondent_key
                and kept.concept_id = 'reports_kept_aggression'
            inner join core.fct_answer as reports
                on fct_organisation_respondent.respondent_key = reports.respondent_key
                and reports.concept_id = 'reports_aggression_n'
            where fct_organisation_respondent.wave_id = 'vi_2024' and organisation_type = 'ambtelijk'
            group by 1
            """
        ).fetchall()
    )
    told, unknown, not_kept = answers["ja true"] + answers["ja false"], answers["dont_know"], answers["nee"]
    # Who keeps count and gave no number is no zero.
    kept = told + answers["ja"]
    [row] = marts.execute(
        """
        select organisations_n, keeps_count_pct, no_reports_pct, keeping_unknown_pct from mart_incident_reports
        where report_kind = 'reports_aggression_n' and population_id = 'organisaties' and wave_id = 'vi_2024'
        """
    ).fetchall()
    assert row == pytest.approx(
        (
            told,
            100 * kept / (kept + not_kept),
            100 * answers["ja true"] / told,
            100 * unknown / (kept + not_kept + unknown),
        )
    )
    kinds = marts.execute("select distinct report_kind from mart_incident_reports order by 1").fetchall()
    assert kinds == [("reports_aggression_n",), ("reports_integrity_n",)]


def test_each_share_beside_the_reports_has_its_own_sign(marts) -> None:
    """A share that stands is not marked for the number beside it, nor the other way round."""
    for schema in ("marts", "release"):
        shares = marts.execute(
            f"""
            select reports.keeps_count_marker, trend.marker, reports.no_reports_marker, empty_handed.marker, reports.marker
            from {schema}.mart_incident_reports as reports
            inner join {schema}.mart_trend as trend
                on reports.population_id = trend.population_id and reports.wave_id = trend.wave_id
                and trend.indicator_id = 'reports_kept_aggression' and trend.breakdown_id = 'total'
            inner join {schema}.mart_trend as empty_handed
                on reports.population_id = empty_handed.population_id and reports.wave_id = empty_handed.wave_id
                and empty_handed.indicator_id = 'reports_aggression_none' and empty_handed.breakdown_id = 'total'
            where reports.report_kind = 'reports_aggression_n'
            """
        ).fetchall()
        assert len(shares) > 40
        assert all(own == of_share for own, of_share, *_ in shares)
        assert all(own == of_share for _, _, own, of_share, _ in shares)
        assert any(row[0] != row[4] for row in shares)


def test_every_municipality_of_the_register_is_followed_to_the_last_list(marts) -> None:
    rows = marts.execute(
        "select municipality_code, end_kind, current_code, current_name from core.dim_municipality"
    ).fetchall()
    last = {
        code
        for (code,) in marts.execute(
            "select gemeente_code from registry.municipalities where year = '2024'"
        ).fetchall()
    }
    assert (len(rows), len(last)) == (476, 342)
    assert {current for _, _, current, _ in rows} - {None} == last
    by_code = {code: tuple(rest) for code, *rest in rows}
    assert by_code["0457"] == ("merged_into", "0363", "Amsterdam")
    assert by_code["1908"] == ("merged_into", "1949", "Waadhoeke")
    divided = {code for code, (kind, current, _) in by_code.items() if current is None and kind == "split"}
    assert divided == {"0053", "0055", "0140", "0788", "1671"}
    assert {code for code, (_, current, _) in by_code.items() if current is None} == divided


def test_organisations_answer_once_for_each_side(marts) -> None:
    found = marts.execute(
        """
        select wave_id, count(*), count(distinct organisation_code), count(distinct organisation_type)
        from core.fct_organisation_respondent where wave_id in ('vi_2016', 'vi_2018', 'vi_2020') group by all order by all
        """
    ).fetchall()
    assert found == [("vi_2016", 235, 235, 1), ("vi_2018", 348, 285, 2), ("vi_2020", 321, 255, 2)]
    organisations = marts.execute(
        """
        select wave_id, count(*), count(*) filter (answered_by = 'ambtelijk|volksvertegenwoordigend')
        from core.fct_organisation where wave_id in ('vi_2016', 'vi_2018', 'vi_2020') group by all order by all
        """
    ).fetchall()
    assert organisations == [("vi_2016", 235, 0), ("vi_2018", 285, 63), ("vi_2020", 255, 66)]


def test_a_trend_by_organisation_has_each_number_once(marts) -> None:
    """Codes of the sample are fictive, so nothing merges: `test_municipalities` replays the register."""
    found = marts.execute(
        """
        select wave_id, concept_id, count(*), count(total), sum(total) from core.fct_organisation_trend
        where wave_id in ('ag_2010', 'vi_2024') group by all order by all
        """
    ).fetchall()
    given = marts.execute(
        """
        select wave_id, concept_id, count(*), count(answer_number), sum(answer_number)
        from core.fct_answer inner join core.fct_organisation_respondent using (respondent_key, wave_id)
        where concept_id in ('reports_aggression_n', 'reports_integrity_n') and wave_id in ('ag_2010', 'vi_2024')
        group by all order by all
        """
    ).fetchall()
    assert found == given
    assert [row[:2] for row in found] == [
        ("ag_2010", "reports_aggression_n"),
        ("vi_2024", "reports_aggression_n"),
        ("vi_2024", "reports_integrity_n"),
    ]


def test_where_both_sides_answered_the_declared_one_speaks_for_the_organisation(marts) -> None:
    """In 2020 secretaries and clerks answered, of 66 organisations both."""
    [both, differing, own] = marts.execute(
        """
        with answers as (
            select organisation_code, organisation_type, concept_id, answers.answer_code, mapped.answer_code as own_code
            from core.fct_organisation_respondent
            inner join core.fct_answer as answers using (respondent_key, wave_id)
            inner join harmonised.hrm_mapped_answers as mapped using (respondent_key, concept_id)
            where wave_id = 'vi_2020' and concept_id = 'policy_office_holders'
        )
        select count(*),
            count(*) filter (clerk.own_code is not null and secretary.answer_code is distinct from clerk.own_code),
            count(*) filter (secretary.own_code is distinct from clerk.own_code)
        from answers as secretary
        inner join answers as clerk using (organisation_code, concept_id)
        where secretary.organisation_type = 'ambtelijk' and clerk.organisation_type = 'volksvertegenwoordigend'
        """
    ).fetchone()
    assert (both, differing) == (66, 0)
    assert own > 0, "some of them gave another answer of their own"


def test_no_comparison_joins_waves_of_other_layers(marts) -> None:
    """Of every population and instrument: where a layer joined or left, a change would be one of scope."""
    layers = """
        select domains.population_id, respondents.wave_id, list_sort(list(distinct answers.answer_code)) as layers
        from core.fct_domain_member as members
        inner join core.dim_domain as domains using (domain_id)
        inner join core.fct_respondent as respondents using (respondent_key)
        inner join core.fct_answer as answers using (respondent_key)
        where domains.breakdown_id = 'total' and answers.concept_id = 'layer'
        group by all
    """
    compared = marts.execute(
        f"""
        with layers as ({layers})
        select count(*), count(*) filter (now_layers.layers <> earlier.layers),
            count(*) filter (comparability.population_id = 'organisaties')
        from mart_comparability as comparability
        inner join layers as now_layers using (population_id, wave_id)
        inner join layers as earlier
            on comparability.population_id = earlier.population_id
            and comparability.comparable_wave_id = earlier.wave_id
        """
    ).fetchone()
    assert compared[0] > 4000
    assert compared[1] == 0
    # Both waves without central government, or both with it: those go on.
    assert compared[2] > 40


def test_reports_are_followed_over_organisations_of_constant_scope(marts) -> None:
    """The sum over the three layers that every wave has, written out; it is counted, not weighted to a population."""
    written = dict(
        marts.execute(
            """
            select organisations.wave_id, sum(reports.answer_number)
            from core.fct_organisation_respondent as organisations
            inner join core.fct_answer as layer using (respondent_key)
            inner join core.fct_answer as kept using (respondent_key)
            inner join core.fct_answer as reports using (respondent_key)
            where organisations.organisation_type = 'ambtelijk'
                and layer.concept_id = 'layer' and layer.answer_code in ('gemeente', 'provincie', 'waterschap')
                and kept.concept_id = 'reports_kept_aggression' and kept.answer_code = 'ja'
                and reports.concept_id = 'reports_aggression_n'
            group by all
            """
        ).fetchall()
    )
    sums = {
        (population, wave): (estimate, earlier, direction)
        for population, wave, estimate, earlier, direction in marts.execute(
            """
            select population_id, wave_id, estimate, comparable_wave_id, change_direction from mart_trend
            where indicator_id = 'reports_aggression_total' and population_id like 'organisaties%'
                and breakdown_id = 'total'
            """
        ).fetchall()
    }
    assert {
        wave: estimate
        for (population, wave), (estimate, *_) in sums.items()
        if population.endswith("decentraal")
    } == written
    assert written["vi_2022"] == 1331
    # A sum follows how many organisations answered: it is compared with no other wave's, over whatever layers.
    assert {rest for _, *rest in map(tuple, sums.values()) for rest in [tuple(rest)]} == {
        (None, "not_tested")
    }
    means = dict(
        marts.execute(
            "select wave_id, comparable_wave_id from mart_trend where indicator_id = 'reports_aggression_mean' "
            "and population_id = 'organisaties_decentraal' and breakdown_id = 'total'"
        ).fetchall()
    )
    assert (means["vi_2016"], means["vi_2018"], means["vi_2022"]) == ("ag_2014", "vi_2016", "vi_2020")


def test_a_break_of_scope_names_the_population_that_goes_on_where_it_does(marts) -> None:
    told = {
        (population, indicator): reason
        for population, indicator, reason in marts.execute(
            """
            select population_id, indicator_id, reason from mart_comparability
            where break_kind = 'scope' and break_effect = 'block' and (indicator_id, wave_id) in (
                ('reports_aggression_mean', 'vi_2024'), ('reports_aggression_total', 'vi_2024'),
                ('suspected_violation_colleagues', 'vi_2016'))
            """
        ).fetchall()
    }
    left = "in 2024 zonder ministeries en rijksdiensten, in 2022 met"
    goes_on = (
        "zonder deze breuk te volgen bij gemeenten, provincies en waterschappen (organisaties_decentraal)"
    )
    for whole in ("organisaties", "ambtelijke_organisaties"):
        assert told.pop((whole, "reports_aggression_mean")) == f"{left}; {goes_on}"
        # Of sums no change is computed, over whatever layers.
        assert told.pop((whole, "reports_aggression_total")) == left
    assert told.pop(("ambtenaren", "suspected_violation_colleagues")).endswith("(ambtenaren_decentraal)")
    assert told == {}


def test_a_release_says_who_is_counted_and_what_a_sum_is(sample_run) -> None:
    with duckdb.connect(str(sample_run.current / "marts.duckdb"), read_only=True) as release:
        entries = {
            (kind, name): (label, description)
            for kind, name, label, description in release.execute(
                "select entry_type, entry_id, label_nl, description from mart_dictionary "
                "where entry_type in ('population', 'indicator') "
                "or (entry_type = 'column' and parent_id = 'mart_incident_reports')"
            ).fetchall()
        }
    populations = [description for (kind, _), (_, description) in entries.items() if kind == "population"]
    assert len(populations) == 29
    assert all(description.endswith(".") for description in populations)
    assert "Besturen en griffies tellen hier niet mee" in entries["population", "organisaties"][1]
    assert "antwoordden (som)" in entries["indicator", "reports_integrity_total"][0]
    assert entries["column", "reports_n"][1].startswith(
        "Sum of the reports over the organisations that answered"
    )
