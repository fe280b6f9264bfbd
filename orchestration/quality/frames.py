"""Profiles of the layers: a few rows per file, concept or cell, which the expectation suites judge.

A suite never sees an answer of a respondent: each frame holds counts, shares and estimates. Shares lie
between 0 and 1. A measure that does not exist (no weight variable, no strata) is told as its harmless value
and not as NULL, because expectations skip NULLs and would pass without having looked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import pandas as pd

from orchestration.deliveries.access_log import record_access
from orchestration.settings import Settings

FrameBuilder = Callable[[Settings], pd.DataFrame]


def landing_files(settings: Settings) -> pd.DataFrame:
    """One row per landed file: rows, keys, weights, strata and missing answers.

    Columns ``*_n`` are counts, ``*_share`` lie between 0 and 1; ``weight_cv`` is the coefficient of variation
    of the weights and ``weight_max_over_mean`` the largest weight in means.
    """
    record_access(settings.home, "landing suite", (), ("answers", "variables", "delivery"))
    rows = []
    # What does not fit in memory goes beside the working file, which is private, and not to where one stands.
    spill = {"temp_directory": f"{settings.warehouse}.tmp"}
    with duckdb.connect(config=spill) as connection:
        for folder in sorted(path.parent for path in settings.landing.glob("*/*/delivery.parquet")):
            rows.append(_profile_landed_file(connection, folder))
    return pd.DataFrame(rows)


def _profile_landed_file(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, object]:
    delivery = _first_row(connection, "select * from read_parquet(?)", [str(folder / "delivery.parquet")])
    answers = f"read_parquet({_text(str(folder / 'answers.parquet'))})"
    declared = connection.execute(
        "select variable_name, use from read_parquet(?) order by position",
        [str(folder / "variables.parquet")],
    ).fetchall()
    present = {row[0] for row in connection.execute(f"describe select * from {answers}").fetchall()}
    landed = [(name, use) for name, use in declared if name in present]
    profile = {
        "wave_id": delivery["wave_id"],
        "instrument_id": delivery["instrument_id"],
        "file_id": delivery["file_id"],
        "delivered_rows_n": delivery["n_rows"],
        "variables_n": len(declared),
        "absent_variables_n": len(declared) - len(landed),
        **_first_row(
            connection,
            f"""select
                count(*) as landed_rows_n,
                count(distinct _respondent) as respondents_n,
                count(*) - count(_respondent) as anonymous_rows_n,
                coalesce(max(_row), 0) - coalesce(min(_row), 1) + 1 as row_numbers_n
            from {answers}""",
        ),
        **_weight_profile(connection, answers, delivery["weight_variable"]),
    }
    profile["strata_missing_n"] = _missing_rows(
        connection, answers, [name for name, use in landed if use == "stratum"]
    )
    profile["psu_missing_n"] = _missing_rows(
        connection, answers, [name for name, use in landed if use == "psu"]
    )
    profile |= _missing_profile(connection, answers, [name for name, use in landed if use == "answer"])
    return profile


def _weight_profile(
    connection: duckdb.DuckDBPyConnection, answers: str, weight_variable: str | None
) -> dict[str, object]:
    weight = f"cast({_name(weight_variable)} as double)" if weight_variable else "1.0::double"
    return _first_row(
        connection,
        f"""select
            count(*) - count(weight) as weights_missing_n,
            count(*) filter (where weight < 0 or not isfinite(weight)) as weights_impossible_n,
            coalesce(avg((weight = 0)::int), 0) as weights_zero_share,
            coalesce(avg(weight), 0) as weight_mean,
            coalesce(stddev_pop(weight) / nullif(avg(weight), 0), 0) as weight_cv,
            coalesce(max(weight) / nullif(avg(weight), 0), 0) as weight_max_over_mean
        from (select {weight} as weight from {answers})""",
    )


def _missing_rows(connection: duckdb.DuckDBPyConnection, answers: str, variables: list[str]) -> int:
    if not variables:
        return 0
    condition = " or ".join(f"{_name(name)} is null" for name in variables)
    return connection.execute(f"select count(*) from {answers} where {condition}").fetchone()[0]


def _missing_profile(
    connection: duckdb.DuckDBPyConnection, answers: str, variables: list[str]
) -> dict[str, object]:
    if not variables:
        return {"answer_variables_n": 0, "system_missing_share": 1.0, "empty_variables_share": 1.0}
    counted = ", ".join(f"count({_name(name)})" for name in variables)
    rows, *filled = connection.execute(f"select count(*), {counted} from {answers}").fetchone()
    return {
        "answer_variables_n": len(variables),
        "system_missing_share": 1 - sum(filled) / (rows * len(variables)) if rows else 1.0,
        "empty_variables_share": sum(count == 0 for count in filled) / len(variables),
    }


def core_files(settings: Settings) -> pd.DataFrame:
    """One row per file of ``core.fct_respondent``: rows, keys, weights and strata.

    ``design_effect_of_weights`` is Kish's 1 + cv²; ``lone_units_share`` the share of strata with one sampling
    unit, whose variance is a matter of policy instead of data.
    """
    return _query(
        settings,
        """
        with strata as (
            select wave_id, instrument_id, stratum_id, count(distinct psu) as units_n
            from core.fct_respondent group by all
        )
        select
            r.wave_id, r.instrument_id, r.file_id,
            count(*) as respondents_n,
            count(distinct r.respondent_key) as keys_n,
            count(*) filter (where r.weight is null) as weights_missing_n,
            count(*) filter (where r.weight < 0) as weights_negative_n,
            coalesce(1 + (stddev_pop(r.weight) / nullif(avg(r.weight), 0)) ** 2, 0) as design_effect_of_weights,
            count(*) filter (where r.stratum_id is null or r.psu is null) as outside_design_n,
            coalesce(avg((s.units_n = 1)::int), 0) as lone_units_share
        from core.fct_respondent as r
        left join strata as s using (wave_id, instrument_id, stratum_id)
        group by all
        order by all
        """,
    )


def core_concepts(settings: Settings) -> pd.DataFrame:
    """One row per wave, instrument and concept of ``core.fct_answer``: shares of each kind of missing.

    ``share_answered`` is the share of valid answers among those whom the question concerned (routing taken
    out); ``outside_range_n`` counts numbers beyond the concept's declared bounds.
    """
    return _query(
        settings,
        """
        select
            a.wave_id, a.instrument_id, a.concept_id,
            count(*) as answers_n,
            count(*) - count(distinct a.respondent_key) as duplicate_answers_n,
            count(*) filter (
                where (a.answer_code is null and a.answer_number is null) = (a.missing_kind is null)
            ) as contradictory_answers_n,
            coalesce(
                count(*) filter (where a.missing_kind is null)
                / nullif(count(*) filter (where a.missing_kind is distinct from 'not_applicable'), 0), 1
            ) as share_answered,
            avg((a.missing_kind is not distinct from 'dont_know')::int) as share_dont_know,
            avg((a.missing_kind is not distinct from 'refused')::int) as share_refused,
            avg((a.missing_kind is not distinct from 'not_stated')::int) as share_not_stated,
            avg((a.missing_kind is not distinct from 'not_applicable')::int) as share_not_applicable,
            avg((a.missing_kind is not distinct from 'system')::int) as share_system_missing,
            count(*) filter (
                where a.answer_number < try_cast(c.valid_min as double)
                    or a.answer_number > try_cast(c.valid_max as double)
            ) as outside_range_n
        from core.fct_answer as a
        inner join registry.concepts as c using (concept_id)
        group by all
        order by all
        """,
    )


def core_populations(settings: Settings) -> pd.DataFrame:
    """One row per wave and population: does the tree of populations hold for the respondents?

    ``outside_parent_n``: members who are not members of the parent. ``misfits_n``: members who answered every
    background question that the children are defined by, and yet belong to no child. Either is a role that
    does not exist in that layer of government (an alderman of a province); which pairs exist is told by
    ``population_rules`` alone.
    """
    return _query(
        settings,
        """
        with member as (
            select m.respondent_key, r.wave_id, d.population_id
            from core.fct_domain_member as m
            inner join core.dim_domain as d using (domain_id)
            inner join core.fct_respondent as r using (respondent_key)
            where d.breakdown_concept_id is null
        ),
        child as (
            select distinct population_id, parent_population_id
            from registry.populations where parent_population_id is not null
        ),
        deciding as (
            select distinct child.parent_population_id as population_id, rules.concept_id
            from child inner join registry.population_rules as rules using (population_id)
        ),
        needed as (
            select population_id, count(*) as concepts_n from deciding group by all
        ),
        answered as (
            -- Members of a parent who gave a valid answer to everything that its children are defined by.
            select member.respondent_key, member.wave_id, member.population_id
            from member
            inner join deciding using (population_id)
            inner join needed using (population_id)
            inner join core.fct_answer as a
                on a.respondent_key = member.respondent_key and a.concept_id = deciding.concept_id
            where a.answer_code is not null
            group by all
            having count(distinct deciding.concept_id) = any_value(needed.concepts_n)
        ),
        in_child as (
            select distinct member.respondent_key, child.parent_population_id as population_id
            from member inner join child using (population_id)
        ),
        misfit as (
            select answered.wave_id, answered.population_id, count(*) as misfits_n
            from answered anti join in_child using (respondent_key, population_id)
            group by all
        ),
        outsider as (
            select member.wave_id, member.population_id, count(*) as outside_parent_n
            from member inner join child using (population_id)
            anti join member as parent
                on parent.respondent_key = member.respondent_key
                and parent.population_id = child.parent_population_id
            group by all
        )
        select
            wave_id, population_id, count(*) as members_n,
            coalesce(any_value(outside_parent_n), 0) as outside_parent_n,
            coalesce(any_value(misfits_n), 0) as misfits_n
        from member
        left join outsider using (wave_id, population_id)
        left join misfit using (wave_id, population_id)
        group by all order by all
        """,
    )


def mart_trend(settings: Settings) -> pd.DataFrame:
    """One row per cell of ``marts.mart_trend`` (full precision), with what a reader could recompute.

    ``change_error``: the stored change minus the difference of the two estimates. ``jump``: the absolute
    change of a total in percent between comparable waves without a recorded break, 0 elsewhere;
    ``lost_comparison``: 1 where a total lacks the cell that it is compared with. Both look only at cells that
    rest on an effective 100: a role with twelve holders may jump for real. Cells with nobody in their base have
    no figure to judge and are left out. ``below_interval`` and
    ``above_interval``: how far the estimate sticks out of its own interval.
    """
    return _query(
        settings,
        """
        select
            t.indicator_id, t.population_id, t.breakdown_id, t.breakdown_code, t.wave_id,
            t.unit, t.n_unweighted, t.n_effective, t.estimate, t.publication_status, t.change_direction,
            if(t.unit = 'percent', t.estimate, 50) as percentage,
            if(t.unit = 'percent', coalesce(t.ci_low, 50), 50) as percentage_low,
            if(t.unit = 'percent', coalesce(t.ci_high, 50), 50) as percentage_high,
            greatest(coalesce(t.ci_low - t.estimate, 0), 0) as below_interval,
            greatest(coalesce(t.estimate - t.ci_high, 0), 0) as above_interval,
            coalesce(t.deff, 1) as deff,
            coalesce(t.standard_error, 0) as standard_error,
            coalesce(t.change_p_value, 0) as p_value,
            coalesce(t.change_p_adjusted, 1) as p_adjusted,
            if(t.change is null, 0, abs(t.change - (t.estimate - p.estimate))) as change_error,
            if(t.unit = 'percent' and t.breakdown_id = 'total' and t.break_id is null
                and t.n_effective >= 100 and p.n_effective >= 100, abs(t.estimate - p.estimate), 0) as jump,
            (t.comparable_wave_id is not null and p.wave_id is null
                and t.breakdown_id = 'total' and t.n_effective >= 100)::int as lost_comparison
        from marts.mart_trend as t
        left join marts.mart_trend as p
            on p.indicator_id = t.indicator_id and p.population_id = t.population_id
            and p.breakdown_id = t.breakdown_id and p.breakdown_code = t.breakdown_code
            and p.wave_id = t.comparable_wave_id and p.n_unweighted > 0
        where t.n_unweighted > 0
        order by 1, 2, 3, 4, 5
        """,
    )


def mart_response(settings: Settings) -> pd.DataFrame:
    """One row per wave and population of ``marts.mart_response``; an unknown rate is told as 0."""
    return _query(
        settings,
        """
        select wave_id, population_id, responded_n, coalesce(response_rate_pct, 0) as response_rate_pct
        from marts.mart_response order by all
        """,
    )


# Layer -> checkpoint -> what makes the frame that the checkpoint of that name judges.
FRAMES: Mapping[str, Mapping[str, FrameBuilder]] = {
    "landing": {"landing_files": landing_files},
    "core": {"core_files": core_files, "core_concepts": core_concepts, "core_populations": core_populations},
    "marts": {"mart_trend": mart_trend, "mart_response": mart_response},
}


def _query(settings: Settings, sql: str) -> pd.DataFrame:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetch_df()


def _first_row(
    connection: duckdb.DuckDBPyConnection, sql: str, values: list | None = None
) -> dict[str, object]:
    cursor = connection.execute(sql, values or [])
    return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
