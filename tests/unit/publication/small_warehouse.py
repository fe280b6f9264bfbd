"""A hand-made warehouse with a few tables in schema ``release``, and evidence that allows publishing it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.publication.evidence import REQUIRED_PRODUCERS, CheckResult, InputHashes, record, start_run
from orchestration.settings import Settings

TREND = """
    indicator_id varchar, indicator_label_nl varchar, population_id varchar, population_label_nl varchar,
    breakdown_id varchar, breakdown_code varchar, wave_id varchar, year integer, unit varchar,
    n_unweighted bigint, estimate double, ci_low double, ci_high double, publication_status varchar, marker varchar,
    comparable_wave_id varchar, change double, change_direction varchar, break_id varchar
"""
# Written in disorder on purpose: a release sorts.
LABELS = {
    "politieke_ambtsdragers": "Politieke ambtsdragers",
    "burgemeesters": "Burgemeesters",
    "raadsleden": "Raadsleden",
}
TREND_ROWS = [
    ("raadsleden", "vi_2016", 24.0, "publish", None, None, None, "not_tested", None),
    ("politieke_ambtsdragers", "vi_2022", 49.0, "publish", None, "vi_2020", 14.0, "up", None),
    ("politieke_ambtsdragers", "ag_2014", 23.0, "publish", "[b]", None, None, "not_tested", "b2"),
    ("politieke_ambtsdragers", "ag_2012", 38.0, "publish", None, None, None, "not_tested", None),
    ("politieke_ambtsdragers", "vi_2020", 35.0, "publish", None, "ag_2014", None, "stable", None),
    ("burgemeesters", "vi_2020", 50.0, "flag", None, "ag_2014", 5.0, "up", None),
    ("burgemeesters", "ag_2012", 61.0, "publish", None, None, None, "not_tested", None),
    ("burgemeesters", "ag_2014", None, "suppress", "[c]", None, None, "not_tested", "b2"),
]
SEGMENTS = {"ag_2012": "1", "ag_2014": "2", "vi_2016": "2", "vi_2020": "2", "vi_2022": "2"}
NOTICE = "Synthetic data: no answer is a real person's."


def make_settings(root: Path, *, is_synthetic: bool = True, estimate: float = 49.0) -> Settings:
    """A state folder with warehouse, landing register and complete green evidence."""
    settings = Settings(raw=root / "raw", registry=root / "registry", home=root / "home")
    settings.home.mkdir(parents=True)
    build_warehouse(settings, estimate=estimate)
    write_register(settings, is_synthetic=is_synthetic)
    record_green(settings)
    return settings


def build_warehouse(settings: Settings, *, estimate: float = 49.0, more_sql: str = "") -> None:
    """Make warehouse.duckdb anew; ``more_sql`` runs last."""
    settings.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema release")
        connection.execute(f"create table release.mart_trend ({TREND})")
        for population, wave, value, *rest in TREND_ROWS:
            shown = estimate if value == 49.0 else value
            year = int(wave.rsplit("_", 1)[1])
            connection.execute(
                "insert into release.mart_trend values "
                "('victim_any_12m', 'Slachtoffer van agressie – é', $1, $2, 'total', '', $3, $4, 'percent', 100, "
                "$5, $5 - 2, $5 + 2, $6, $7, $8, $9, $10, $11)",
                [population, LABELS[population], wave, year, shown, *rest],
            )
        connection.execute("comment on column release.mart_trend.estimate is 'gewogen schatting'")
        connection.execute(
            "create table release.mart_comparability "
            "(indicator_id varchar, population_id varchar, wave_id varchar, segment_id varchar)"
        )
        for population in ("politieke_ambtsdragers", "burgemeesters", "raadsleden"):
            for wave, segment in SEGMENTS.items():
                connection.execute(
                    "insert into release.mart_comparability values ('victim_any_12m', ?, ?, ?)",
                    [population, wave, segment],
                )
        connection.execute(
            """
            create table release.mart_reconciliation as
            select * from (values
                ('f1', 'estimate', true, true, 'met', 'a, "quoted" value'),
                ('f2', 'estimate', true, null, 'reconciled, not shown', ''),
                ('f3', 'estimate', true, false, 'differs', null),
                ('f4', 'estimate', false, false, 'other publication followed', null),
                ('f5', 'fact', true, null, 'fact', null)
            ) as t (figure_id, kind, is_followed, is_within_rounding, status, explanation)
            """
        )
        if more_sql:
            connection.execute(more_sql)


def write_register(settings: Settings, *, is_synthetic: bool = True) -> None:
    """A landing register of two delivered files."""
    settings.landing.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"""
            copy (
                select 'vi_2022' as wave_id, 'vi' as programme_id, 'office_holders' as instrument_id,
                       file_id, 1 as delivery_version, file_id || '.sav' as path, repeat(digit, 64) as sha256,
                       cast(null as varchar) as codebook_sha256,
                       cast(null as varchar) as corrections_sha256, {is_synthetic} as is_synthetic,
                       false as is_assumed, '2022-06-01' as received_on, 'een bureau' as supplier, '{NOTICE.replace("'", "''")}' as notice
                from (values ('b', '2'), ('a', '1')) as t (file_id, digit)
            ) to '{settings.landing / "register.parquet"}' (format parquet)
            """
        )


AS_BUILT = InputHashes("r" * 64, "g" * 64, "d" * 64, "c" * 64)


def record_green(settings: Settings, inputs: InputHashes = AS_BUILT) -> str:
    """Open a run and let every required producer record one check that passed."""
    run_id = start_run(settings.home, inputs)
    for producer in REQUIRED_PRODUCERS:
        record(settings.home, producer, [passed_check(f"{producer}_check")])
    return run_id


def passed_check(name: str) -> CheckResult:
    """A check that passed."""
    return CheckResult("core", "fct_answer", name, "python", "error", True, 0, 0)


def failed_check(name: str = "unique_respondents") -> CheckResult:
    """A blocking check that failed, with wave and numbers."""
    return CheckResult("landing", "vi_2016/office_holders", name, "great_expectations", "error", False, 3, 0)


def hashes_as_built(_: Settings) -> InputHashes:
    """What lies on disk is what ``record_green`` says was built from."""
    return AS_BUILT
