"""Checks of the finished warehouse in plain Python: does what arrived agree with what was sent and published?

They look across layers, where no dbt test and no suite does: from the files in ``raw/`` to the tables of the
release. Each gives a ``CheckResult`` of severity error; which of them only flag is for the registry to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import duckdb

from orchestration.deliveries import DeliveryProblems, find_deliveries
from orchestration.deliveries.access_log import record_access
from orchestration.deliveries.lock import sha256_of
from orchestration.publication.evidence import CheckResult
from orchestration.registry import Registry
from orchestration.settings import Settings

ROWS_SHOWN = 6

# Keys of each release table: never empty, and no two rows alike.
RELEASE_KEYS = {
    "mart_trend": ("indicator_id", "population_id", "breakdown_id", "breakdown_code", "wave_id"),
    "mart_headlines": ("headline_id", "wave_id"),
    "mart_comparability": ("indicator_id", "population_id", "wave_id"),
    "mart_lineage_codes": ("wave_id", "file_id", "source_variable", "concept_id", "source_code"),
    "mart_deliveries": ("wave_id", "file_id", "delivery_version"),
    "mart_response": ("wave_id", "population_id"),
    "mart_reconciliation": ("figure_id",),
    "mart_claims": ("claim_id",),
}

# Kinds of figures that are compared, by the check that judges them. A word ("ongeveer") is no measure for a
# stop.
_FIGURES = {
    "published_figures_met": "f.qualifier = 'exact' and w.is_synthetic",
    "published_figures_met_by_real_deliveries": "f.qualifier = 'exact' and not w.is_synthetic",
    "approximate_figures_met": "f.qualifier <> 'exact'",
}

_VERDICTS = {"does_not_hold": "does not hold", "no_figure": "no answer"}
"""Of a claim that is not borne out. Across a break in the series there is nothing to bear out: that is no fault."""

FIGURE_REMEDY = (
    "where ours is right, as after a correction or redelivery, set is_followed of that row to false in "
    "published/published_figures.csv and say why in its note; else correct the delivery"
)


def audit_warehouse(settings: Settings, registry: Registry) -> list[CheckResult]:
    """All checks of the finished warehouse; reads ``raw/``, landing and ``warehouse.duckdb`` (read-only)."""
    record_access(settings.home, "audit", (), ("answers", "delivery"))
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        register = str(settings.landing / "register.parquet").replace("'", "''")
        connection.execute(f"create temp view landed as select * from read_parquet('{register}')")
        return [
            deliveries_are_landed(settings, registry, connection),
            warehouse_holds_the_register(connection),
            *respondents_arrive_once(settings, connection),
            *figures_are_met(connection),
            claims_hold(connection),
            weights_spread_within_bound(connection),
            value_labels_undamaged(connection),
            *synthetic_input(connection, registry),
            *(release_keys_are_whole(connection, *item) for item in RELEASE_KEYS.items()),
        ]


def deliveries_are_landed(
    settings: Settings, registry: Registry, connection: duckdb.DuckDBPyConnection
) -> CheckResult:
    """Every current file in ``raw/`` stands in the landing register, in that version and with that hash."""
    expected = "every current file in raw/ landed as it is now; run `peilstok refresh` for all waves"
    result = partial(_result, "landing", "register", "deliveries_are_landed", expected=expected)
    try:
        delivered = {
            (manifest.wave, entry.file_id): (entry.version, sha256_of(manifest.folder / entry.path))
            for manifest in find_deliveries(settings.raw, registry)
            for entry in manifest.current
        }
    except DeliveryProblems as found:
        return result([str(problem).replace("\n", " ") for problem in found.problems])
    rows = connection.execute("select wave_id, file_id, delivery_version, sha256 from landed").fetchall()
    landed = {(wave, file): (version, digest) for wave, file, version, digest in rows}
    faults = []
    for (wave, file), (version, digest) in sorted(delivered.items()):
        if (wave, file) not in landed:
            faults.append(f"{wave}/{file}: version {version} is not landed")
        elif landed[wave, file] != (version, digest):
            faults.append(
                f"{wave}/{file}: version {landed[wave, file][0]} is landed, raw/ holds another file"
            )
    faults += [
        f"{wave}/{file}: landed, but no longer in raw/" for wave, file in sorted(landed.keys() - delivered)
    ]
    return result(faults, passed=f"{len(delivered)} files")


def warehouse_holds_the_register(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """The warehouse was built from exactly the landed files of the register."""
    faults = connection.execute(
        """
        select coalesce(l.wave_id, s.wave_id) || '/' || coalesce(l.file_id, s.file_id) || ': '
            || case when s.file_id is null then 'in the register, not in the warehouse'
                when l.file_id is null then 'in the warehouse, not in the register'
                else 'the warehouse was built from another landing' end
        from landed as l
        full join staging.stg_deliveries as s using (wave_id, file_id)
        where l.landing_hash is distinct from s.landing_hash
        order by 1
        """
    ).fetchall()
    return _result(
        "staging",
        "stg_deliveries",
        "warehouse_holds_the_register",
        [row[0] for row in faults],
        expected="the warehouse built from the landed files of the register",
    )


def respondents_arrive_once(settings: Settings, connection: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """Per wave: as many respondents in core as rows in the delivered file and in landing, file by file."""
    landing = str(settings.landing / "*" / "*" / "answers.parquet")
    rows = connection.execute(
        """
        with arrived as (
            select split(filename, '/')[-3] as wave_id, split(filename, '/')[-2] as file_id, count(*) as rows_n
            from read_parquet(?, filename = true, union_by_name = true)
            group by all
        ),
        core as (
            select wave_id, file_id, count(*) as rows_n, count(distinct respondent_key) as keys_n
            from core.fct_respondent
            group by all
        )
        select l.wave_id, l.file_id, l.n_rows,
            coalesce(arrived.rows_n, 0), coalesce(core.rows_n, 0), coalesce(core.keys_n, 0)
        from landed as l
        left join arrived using (wave_id, file_id)
        left join core using (wave_id, file_id)
        order by 1, 2
        """,
        [landing],
    ).fetchall()
    results = []
    for wave in sorted({row[0] for row in rows}):
        of_wave = [row[1:] for row in rows if row[0] == wave]
        faults = [
            f"{file}: {delivered} delivered, {landed} landed, {core} in core, {keys} keys"
            for file, delivered, landed, core, keys in of_wave
            if len({delivered, landed, core, keys}) > 1
        ]
        total = f"{sum(row[1] for row in of_wave)} respondents"
        expected = "every delivered row in core exactly once"
        results.append(
            _result(
                "core", f"fct_respondent/{wave}", "respondents_arrive_once", faults, expected, passed=total
            )
        )
    return results


def figures_are_met(connection: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """Followed published figures against ours, before suppression; nothing for a kind that does not occur."""
    results = []
    for check, condition in _FIGURES.items():
        rows = connection.execute(
            f"""
            with wave as (
                select wave_id, bool_or(is_synthetic) as is_synthetic
                from landed
                group by wave_id
            )
            select f.figure_id, f.wave_id, f.indicator_id, f.population_id, f.breakdown_code,
                f.published_value, f.our_value, coalesce(f.is_within_rounding, false)
            from marts.mart_reconciliation as f
            inner join wave as w using (wave_id)
            where f.is_followed and f.kind <> 'fact' and {condition}
            order by all
            """
        ).fetchall()
        if not rows:
            continue
        faults = [
            f"{wave} {indicator} of {population}{'' if code == 'total' else f' ({code})'}: "
            f"published {_number(published)}, ours {_number(ours)} (row {figure})"
            for figure, wave, indicator, population, code, published, ours, is_met in rows
            if not is_met
        ]
        met = f"{len(rows)} figures met"
        expected = "every followed figure within its rounding" + (f"; {FIGURE_REMEDY}" if faults else "")
        results.append(_result("marts", "mart_reconciliation", check, faults, expected, passed=met))
    return results


def claims_hold(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """The sentences of reports that are bound to a query over the marts, of the waves that were delivered."""
    rows = connection.execute(
        """
        select coalesce(wave_id || ' ', '') || claim_id, verdict, break_ids from marts.mart_claims
        where wave_id is null or wave_id in (select wave_id from landed)
        order by 1
        """
    ).fetchall()
    faults = [
        f"{claim}: {_VERDICTS[verdict]}" for claim, verdict, _ in rows if verdict in _VERDICTS
    ]
    apart = [f"{claim} ({breaks})" for claim, verdict, breaks in rows if verdict == "not_comparable"]
    held = f"{len(rows) - len(apart)} claims hold"
    return _result(
        "marts",
        "mart_claims",
        "claims_hold",
        faults,
        "every bound sentence holds",
        passed=f"{held}; not comparable: {'; '.join(apart)}" if apart else held,
    )


def weights_spread_within_bound(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """Kish's design effect of the delivered weights, per wave and instrument, against the policy's bound."""
    rows = connection.execute(
        """
        select weights.wave_id || '/' || weights.instrument_id, kish_design_effect, policies.bound
        from estimates.est_weighting as weights
        cross join (
            select cast(value as double) as bound from registry.estimation_policies
            where policy_id = 'weight_spread_flag'
        ) as policies
        where weight_kind = 'delivered'
        order by 1
        """
    ).fetchall()
    faults = [f"{sample}: {effect:.2f}" for sample, effect, bound in rows if not effect <= bound]
    largest = max((effect for _, effect, _ in rows), default=1.0)
    return _result(
        "core",
        "fct_respondent",
        "weights_spread_within_bound",
        faults,
        f"a design effect of the weights (1 + cv²) of at most {rows[0][2]:g}" if rows else "weights",
        passed=f"at most {largest:.2f} in {len(rows)} samples",
    )


def value_labels_undamaged(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """No label of a code holds characters that could not be restored: the crosswalk matches codes by label."""
    rows = connection.execute(
        "select wave_id || '/' || file_id, value_labels_damaged from landed where value_labels_damaged > 0 order by 1"
    ).fetchall()
    faults = [f"{file}: {damaged} damaged" for file, damaged in rows]
    expected = "every value label readable; the bytes of the others are in original_texts of landing"
    return _result("landing", "register", "value_labels_undamaged", faults, expected)


def synthetic_input(connection: duckdb.DuckDBPyConnection, registry: Registry) -> list[CheckResult]:
    """Says that input is synthetic or assumed, where the registry has a flag for it: news, not a fault."""
    flags = {row["check_id"] for row in registry.table("quality_flags")}
    columns = {"synthetic_input": "is_synthetic", "assumed_instruments": "is_assumed"}
    results = []
    for check, column in columns.items():
        if check in flags:
            rows = connection.execute(
                f"select wave_id || '/' || file_id from landed where {column} order by 1"
            ).fetchall()
            expected = f"no delivery that is {column.removeprefix('is_')}"
            results.append(_result("landing", "register", check, [row[0] for row in rows], expected))
    return results


def release_keys_are_whole(
    connection: duckdb.DuckDBPyConnection, table: str, keys: Iterable[str]
) -> CheckResult:
    """No empty key and no key twice in a table of the release."""
    names = ", ".join(keys)
    empty = " or ".join(f"{key} is null" for key in keys)
    rows = connection.execute(
        f"""
        select 'empty key: ' || concat_ws('/', {names}) from release.{table} where {empty}
        union all
        select count(*) || ' rows with key ' || concat_ws('/', {names}) from release.{table}
        where not ({empty}) group by {names} having count(*) > 1
        order by 1
        """
    ).fetchall()
    return _result(
        "release", table, "release_keys_are_whole", [row[0] for row in rows], f"{names}: present and unique"
    )


def _result(
    layer: str, asset: str, check: str, faults: list[str], expected: str, passed: str = "none found"
) -> CheckResult:
    more = f"; and {len(faults) - ROWS_SHOWN} more" if len(faults) > ROWS_SHOWN else ""
    observed = "; ".join(faults[:ROWS_SHOWN]) + more if faults else passed
    return CheckResult(layer, asset, check, "python", "error", not faults, observed, expected)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:g}" if value == int(value) else f"{value:.2f}"
