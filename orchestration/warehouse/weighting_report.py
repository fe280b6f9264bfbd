"""The weighting report as it stands in the private warehouse: spread of the weights, margins, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from orchestration.publication.tables import attach_warehouse
from orchestration.settings import Settings

Row = dict[str, object]


class NoReport(Exception):
    """There is no warehouse, or none that has a weighting report of the waves that were asked for."""

    exit_code = 2


@dataclass(frozen=True)
class WeightingReport:
    """Rows of ``est_weighting``, ``est_weighting_margins`` and ``est_weighting_effects``, by column name."""

    weights: list[Row]
    margins: list[Row]
    effects: list[Row]


def read_report(settings: Settings, waves: Sequence[str] = ()) -> WeightingReport:
    """The report of ``waves`` (none: all), read-only. Raises ``NoReport`` and ``WarehouseBusy``."""
    if not settings.warehouse.exists():
        raise NoReport(f"there is no {settings.warehouse} yet; run `peilstok refresh`")
    with duckdb.connect(":memory:") as connection:
        attach_warehouse(connection, settings.warehouse)
        try:
            there = [
                row[0]
                for row in connection.execute(
                    "select distinct wave_id from warehouse.estimates.est_weighting order by 1"
                ).fetchall()
            ]
        except duckdb.CatalogException:
            raise NoReport(f"{settings.warehouse} holds no weighting report; run `peilstok refresh`") from None
        for wave in waves:
            if wave not in there:
                raise NoReport(f"wave {wave!r} is not in the warehouse; there: {', '.join(there) or 'none'}")
        chosen = list(waves) or there
        return WeightingReport(
            _rows(connection, "select * from warehouse.estimates.est_weighting", chosen),
            _rows(
                connection,
                """
                select margins.*, codes.label_nl, coalesce(cast(codes.sort_order as integer), 0) as sort_order
                from warehouse.estimates.est_weighting_margins as margins
                left join warehouse.registry.concepts as concepts using (concept_id)
                left join warehouse.registry.codelists as codes
                    on concepts.codelist_id = codes.codelist_id and margins.code = codes.code
                """,
                chosen,
                "wave_id, instrument_id, concept_id, sort_order, code",
            ),
            _rows(
                connection,
                """
                select effects.*, cast(populations.sort_order as integer) as sort_order
                from warehouse.estimates.est_weighting_effects as effects
                inner join warehouse.registry.populations as populations using (population_id)
                """,
                chosen,
                "wave_id, indicator_id, sort_order, population_id",
            ),
        )


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, waves: list[str], order: str = "wave_id, 2, 3"
) -> list[Row]:
    found = connection.execute(
        f"select * from ({sql}) where wave_id in (select unnest(?)) order by {order}", [waves]
    )
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
