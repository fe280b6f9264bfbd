"""The committed rules for persons give the verdicts of the published standard: Parker et al. 2017, NCHS Series 2, 175.

Cells at its bounds, judged by the SQL that judges every cell; rules on confidentiality, which come first, are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

RULES = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "registry" / "reliability_rules.csv"
EMPTY = {
    "fct_invitation": "wave_id varchar, population_id varchar, invited_n bigint",
    "fct_respondent": "respondent_key bigint, wave_id varchar",
    "fct_domain_member": "respondent_key bigint, domain_id bigint",
    "est_base_account": "wave_id varchar, indicator_id varchar, domain_id bigint, reason varchar",
    "est_comparability": "wave_id varchar, indicator_id varchar, population_id varchar, is_asked boolean",
}


@pytest.fixture
def judged(model_sql: Callable[[str], str]) -> Callable[..., tuple[str, str | None]]:
    """Status and reason of one cell: sizes, share, interval, degrees of freedom, standard error."""

    def verdict(
        n: float,
        effective_n: float,
        share: float,
        low: float,
        high: float,
        freedom: float,
        error: float | None,
    ) -> tuple[str, str | None]:
        with duckdb.connect(":memory:") as connection:
            for name, columns in EMPTY.items():
                connection.execute(f"create table {name} ({columns})")
            connection.execute(
                f"create table reliability_rules as from read_csv('{RULES}', all_varchar = true, nullstr = '')"
            )
            connection.execute("create table confidentiality_rules as from reliability_rules limit 0")
            connection.execute(
                """
                create table dim_domain as select 1 as domain_id, 'mayors' as population_id, 'total' as breakdown_id;
                create table dim_population as
                select 'mayors' as population_id, null::varchar as parent_population_id, 'person' as disclosure_unit;
                create table dim_indicator as
                select 'victim' as indicator_id, true as is_sensitive, true as is_count_of_codes, 'percent' as unit;
                """
            )
            connection.execute(
                """
                create table est_intervals as
                select 'w' as wave_id, 'victim' as indicator_id, 1 as domain_id, 'proportion' as statistic,
                    $n as respondents_n, $effective_n::double as effective_n, $n * $share as numerator_n,
                    $n * (1 - $share) as complement_n, $share::double as estimate, $low::double as ci_low,
                    $high::double as ci_high, $error::double as standard_error, $freedom as degrees_of_freedom,
                    1.0 as value_sum, 1.0 as value_max
                """,
                {
                    **{"n": n, "effective_n": effective_n, "share": share, "low": low, "high": high},
                    **{"freedom": freedom, "error": error},
                },
            )
            [(status, reason)] = connection.execute(
                f"select publication_status, reason_code from ({model_sql('estimates/est_disclosure')})"
            ).fetchall()
        return status, reason

    return verdict


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        # Sizes, nominal and effective: fewer than 30 is too few.
        ((30, 30, 0.5, 0.37, 0.63, 29, 0.06), ("publish", None)),
        ((29, 29, 0.5, 0.37, 0.63, 28, 0.06), ("suppress", "n_below_30")),
        ((300, 30, 0.5, 0.37, 0.63, 29, 0.06), ("publish", None)),
        ((300, 29.9, 0.5, 0.37, 0.63, 29, 0.06), ("suppress", "n_effective_below_30")),
        # An interval of 30 points is too wide, whatever its share of the estimate.
        ((100, 100, 0.5, 0.3501, 0.65, 99, 0.07), ("publish", None)),
        ((100, 100, 0.5, 0.35, 0.65, 99, 0.07), ("suppress", "interval_30_points")),
        # One of 5 points is narrow enough, whatever its share of the estimate.
        ((2000, 2000, 0.01, 0.001, 0.051, 1999, 0.002), ("publish", None)),
        # Between the two it may be 130 % of the estimate, and no more.
        ((300, 300, 0.05, 0.02, 0.085, 299, 0.01), ("publish", None)),
        ((300, 300, 0.05, 0.02, 0.0851, 299, 0.01), ("suppress", "relative_interval_130")),
        # Fewer than 8 degrees of freedom, and nobody or everybody, are for a person to look at.
        ((300, 300, 0.5, 0.45, 0.55, 8, 0.02), ("publish", None)),
        ((300, 300, 0.5, 0.45, 0.55, 7, 0.02), ("flag", "df_below_8")),
        ((300, 300, 0.0, 0.0, 0.012, 299, 0.0), ("flag", "zero_percent")),
        ((300, 300, 1.0, 0.988, 1.0, 299, 0.0), ("flag", "hundred_percent")),
        ((300, 300, 0.5, 0.45, 0.55, 0, None), ("suppress", "no_standard_error")),
    ],
)
def test_a_cell_has_the_verdict_of_the_standard(judged, cell, expected) -> None:
    assert judged(*cell) == expected
