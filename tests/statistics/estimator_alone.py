"""The estimator by itself: the very SQL of ``dbt_project/models/estimates`` over samples that a test makes.

``Estimator`` holds the tables that those models read. A sample is a wave, so many samples are one query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb
import jinja2
import pandas as pd

from orchestration.statistics.registration import register_functions

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
POLICIES = {
    "confidence_level": "0.95",
    "korn_graubard_below": "10",
    "lonely_psu": "adjust",
    "change_df": "satterthwaite",
    "multiple_testing": "holm",
    "stable_alpha": "0.05",
}
#: In the order in which they read each other.
CELL_MODELS = (
    "est_sample",
    "est_design",
    "est_centres",
    "est_secondary_statistics",
    "est_second_stage",
    "est_unit_statistics",
    "est_stratum_statistics",
    "est_cells",
    "est_intervals",
)
#: After the cells: what waves of one panel share.
PANEL_MODELS = ("est_shared_units", "est_panel_covariances")
RESPONDENT = {
    "respondent_key": "bigint",
    "wave_id": "varchar",
    "instrument_id": "varchar",
    "weight": "double",
    "stratum": "varchar",
    "psu": "varchar",
    "psu_population": "double",
    "ssu": "varchar",
    "ssu_population": "double",
    "panel_key": "varchar",
}


def model_sql(name: str) -> str:
    """The SQL of an estimates model with its references as plain table names."""
    macros = (DBT_PROJECT / "macros" / "estimation.sql").read_text(encoding="utf-8")
    model = (DBT_PROJECT / "models" / "estimates" / f"{name}.sql").read_text(encoding="utf-8")
    return jinja2.Template(macros + model).render(ref=lambda table: table)


class Estimator:
    """One DuckDB database with the core tables of some samples, and the estimates made from them."""

    def __init__(self, database: str = ":memory:", **policies: str) -> None:
        self.connection = duckdb.connect(database)
        register_functions(self.connection)
        self.connection.execute("create table estimation_policies (policy_id varchar, value varchar)")
        for row in {**POLICIES, **policies}.items():
            self.connection.execute("insert into estimation_policies values (?, ?)", row)
        self.connection.execute(
            "create table dim_indicator (indicator_id varchar, statistic varchar, family_id varchar, "
            "is_count_of_codes boolean, estimate_min double, estimate_max double)"
        )
        self.connection.execute(
            "create table fct_indicator_value "
            "(respondent_key bigint, indicator_id varchar, value double, denominator double)"
        )
        self.connection.execute("create table fct_domain_member (respondent_key bigint, domain_id varchar)")
        columns = ", ".join(f"{name} {kind}" for name, kind in RESPONDENT.items())
        self.connection.execute(f"create table sample ({columns})")

    def add_sample(self, respondents: pd.DataFrame) -> None:
        """Respondents with ``respondent_key``, ``weight`` and what there is of the other design columns."""
        given = {name: name for name in RESPONDENT if name in respondents}
        given.setdefault("wave_id", "'w'")
        given.setdefault("instrument_id", "'survey'")
        given.setdefault("stratum", "'all'")
        self._insert("sample", given, respondents)

    def add_indicator(
        self,
        name: str,
        statistic: str,
        values: pd.DataFrame,
        family: str = "family",
        bounds: tuple[float | None, float | None] = (None, None),
    ) -> None:
        """``values``: ``respondent_key``, ``value`` and, of a ratio, ``denominator``; ``bounds`` of the estimate."""
        self.connection.execute(
            "insert into dim_indicator values (?, ?, ?, ?, ?, ?)",
            [name, statistic, family, statistic == "proportion", *bounds],
        )
        given = {"respondent_key": "respondent_key", "indicator_id": f"'{name}'", "value": "value"}
        given["denominator"] = "denominator" if "denominator" in values else "1"
        self._insert("fct_indicator_value", given, values)

    def add_domain(self, name: str, members: pd.Series) -> None:
        """``members``: respondent keys."""
        given = {"respondent_key": "respondent_key", "domain_id": f"'{name}'"}
        self._insert("fct_domain_member", given, pd.DataFrame({"respondent_key": members}))

    def run(self, models: tuple[str, ...] = CELL_MODELS) -> pd.DataFrame:
        """Make the models; returns the last one."""
        self.connection.execute(
            """
            create or replace table fct_respondent as
            select
                * replace (
                    coalesce(stratum || '/' || psu, respondent_key::varchar) as psu,
                    coalesce(ssu, respondent_key::varchar) as ssu
                ),
                psu is not null as is_clustered,
                dense_rank() over (order by wave_id, instrument_id, stratum) as stratum_id
            from sample
            """
        )
        self.connection.execute(
            "create or replace table dim_wave as "
            "select wave_id, row_number() over (order by wave_id) as wave_order from (select distinct wave_id from sample)"
        )
        for model in models:
            self.connection.execute(f"create or replace table {model} as {model_sql(model)}")
        return self.table(models[-1])

    def table(self, name: str) -> pd.DataFrame:
        """A table that was made."""
        return self.connection.execute(f"select * from {name}").df()

    def load(self, name: str, rows: Mapping[str, object]) -> None:
        """Any further table that a model reads."""
        frame = pd.DataFrame(rows)
        self.connection.register("incoming", frame)
        self.connection.execute(f"create or replace table {name} as select * from incoming")
        self.connection.unregister("incoming")

    def _insert(self, table: str, given: Mapping[str, str], frame: pd.DataFrame) -> None:
        assert re.fullmatch(r"\w+", table)
        self.connection.register("incoming", frame)
        self.connection.execute(
            f"insert into {table} ({', '.join(given)}) select {', '.join(given.values())} from incoming"
        )
        self.connection.unregister("incoming")
