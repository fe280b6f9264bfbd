"""From a delivered variable forward: every concept, indicator and published cell that uses it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from orchestration.deliveries.problems import closest
from orchestration.lineage.address import SourceAddress, address_of
from orchestration.lineage.backward import (
    COUNTED_PARTS,
    DESIGN_PARTS,
    GROUP_PARTS,
    SUPPRESS,
    registry_gap,
    release_origin,
)
from orchestration.lineage.codebook import delivered_names, delivered_variable
from orchestration.lineage.registry_lines import RegistryLines
from orchestration.lineage.release_reader import ReleaseReader, Row, Unknown, known
from orchestration.registry.load import Registry
from orchestration.settings import Settings

Told = dict[str, Any]


def trace_source(
    settings: Settings, release: ReleaseReader, registry: Registry | None, address: SourceAddress
) -> Told:
    """What uses a variable: its concepts, then indicators by the part that it plays, with every cell of them.

    ``cells`` are addresses, with a count of how many are published and how many suppressed. Raises
    ``Unknown`` for a wave, file or variable that neither release, registry nor landing knows.
    """
    lines = RegistryLines(registry)
    known(address.wave_id, release.names("mart_comparability", "wave_id"), "wave")
    files = _files(release, address)
    rows = [
        row
        for row in release.rows(
            "select * from mart_lineage where wave_id = ? and source_variable = ? order by all",
            [address.wave_id, address.source_variable],
        )
        if row["file_id"] in {file["file_id"] for file in files}
    ]
    mapped = _mapped(lines, address, files)
    if not rows and not mapped:
        _must_be_delivered(settings, release, lines, address, files)
    cells = _Cells(release, registry, address.wave_id)
    uses = [_use(cells, lines, key, group) for key, group in _grouped(rows).items()]
    every = {name for use in uses for name in use["cells"]}
    landed = [
        delivered_variable(settings.landing, address.wave_id, file["file_id"], address.source_variable)
        for file in files
    ]
    label = next((row["source_variable_label"] for row in rows if row.get("source_variable_label")), None)
    return {
        "address": str(address),
        "release": release_origin(release, registry),
        "files": [
            {name: file[name] for name in ("file_id", "instrument_id", "path", "delivery_version", "sha256")}
            for file in files
        ],
        "label": label or next((one["variable_label"] for one in landed if one), None),
        "codebook": next((one for one in landed if one), None),
        "mapped": mapped,
        "left_out": _left_out(lines, address, files),
        "uses": uses,
        "cells_n": len(every),
        "published_n": len(every - cells.suppressed),
        "suppressed_n": len(every & cells.suppressed),
        "later_changes_n": sum(cells.compared_with[name] for name in every),
        "not_shown": _not_shown(release, registry, landed),
    }


class _Cells:
    """The cells of one wave, by indicator, and what is known about each."""

    def __init__(self, release: ReleaseReader, registry: Registry | None, wave_id: str) -> None:
        self.by_indicator: dict[str, list[Row]] = {}
        self.suppressed: set[str] = set()
        self.instruments = release.instruments()
        if not self.instruments and registry is not None:
            self.instruments = {
                name: population.instrument_id for name, population in registry.populations.items()
            }
        keys = "indicator_id, population_id, breakdown_id, breakdown_code, wave_id"
        for row in release.rows(
            f"select {keys}, publication_status from mart_trend where wave_id = ? order by all", [wave_id]
        ):
            row["address"] = str(address_of(row))
            self.by_indicator.setdefault(row["indicator_id"], []).append(row)
            if row["publication_status"] == SUPPRESS:
                self.suppressed.add(row["address"])
        later = release.rows(
            f"select {keys}, comparable_wave_id from mart_trend where comparable_wave_id = ? and change is not null",
            [wave_id],
        )
        self.compared_with = Counter(
            str(address_of({**row, "wave_id": row["comparable_wave_id"]})) for row in later
        )

    def of(self, row: Row) -> list[str]:
        """Addresses of the cells that rest on one row of mart_lineage."""
        return [
            cell["address"]
            for cell in self.by_indicator.get(row["indicator_id"], [])
            if self.instruments.get(cell["population_id"], row["instrument_id"]) == row["instrument_id"]
            and (row["part"] != "population" or cell["population_id"] == row["part_id"])
            and (row["part"] != "breakdown" or cell["breakdown_id"] == row["part_id"])
        ]


def _grouped(rows: list[Row]) -> dict[tuple[str, str, str], list[Row]]:
    """Rows of the lineage by source concept, part and the concept that plays it."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        key = (row["source_concept_id"] or "", row["part"], row["concept_id"] or "")
        groups.setdefault(key, []).append(row)
    order = (*COUNTED_PARTS, *GROUP_PARTS, *DESIGN_PARTS)
    return dict(sorted(groups.items(), key=lambda item: (item[0][0], order.index(item[0][1]), item[0][2])))


def _use(cells: _Cells, lines: RegistryLines, key: tuple[str, str, str], rows: list[Row]) -> Told:
    source, part, concept = key
    by_indicator: dict[str, set[str]] = {}
    for row in rows:
        by_indicator.setdefault(row["indicator_id"], set()).update(cells.of(row))
    addresses = sorted(set().union(*by_indicator.values()))
    derived = lines.one("derived_concepts", concept_id=concept)
    return {
        "source_concept_id": source or None,
        "source_concept_label_nl": lines.label("concepts", concept_id=source) or None,
        "part": part,
        "concept_id": concept or None,
        "concept_label_nl": lines.label("concepts", concept_id=concept) or None,
        "derived_by": derived.row["verb"] if derived and concept != source else None,
        "of": sorted({row["part_id"] for row in rows if row["part_id"]}),
        "indicators": [
            {
                "indicator_id": name,
                "label_nl": lines.label("indicators", indicator_id=name) or None,
                "cells_n": len(found),
                "suppressed_n": len(found & cells.suppressed),
            }
            for name, found in sorted(by_indicator.items())
        ],
        "cells": addresses,
        "suppressed_n": len(cells.suppressed.intersection(addresses)),
    }


def _files(release: ReleaseReader, address: SourceAddress) -> list[Row]:
    delivered = release.rows("select * from release_inputs where wave_id = ?", [address.wave_id])
    if not delivered:
        raise Unknown(f"wave '{address.wave_id}' was not delivered when this release was made")
    places = {row["file_id"] for row in delivered} | {row["instrument_id"] for row in delivered}
    known(address.place, places, f"file or instrument of {address.wave_id}")
    # A file may be named like its instrument; it is then one of the files that the instrument has.
    return [
        {**row, "path": "/".join((row["programme_id"], row["wave_id"], row["path"]))}
        for row in delivered
        if address.place in (row["file_id"], row["instrument_id"])
    ]


def _mapped(lines: RegistryLines, address: SourceAddress, files: list[Row]) -> list[Told]:
    """The rows of the crosswalk about the variable, each once."""
    found: dict[str, Told] = {}
    for file in files:
        scope = (address.wave_id, file["instrument_id"], file["file_id"])
        for line in lines.of_file("xw_variables", *scope, source_variable=address.source_variable):
            found[line.place] = {
                "concept_id": line.row["concept_id"],
                "concept_label_nl": lines.label("concepts", concept_id=line.row["concept_id"]) or None,
                "verb": line.row["verb"],
                "status": line.row["status"],
                "comparability": line.row["comparability"] or None,
                "note": line.row["note"] or None,
                "place": line.place,
                "codes": [
                    {
                        "source_code": code.row["source_code"],
                        "source_label": code.row["source_label"] or None,
                        "code": code.row["code"] or None,
                        "missing_kind": code.row["missing_kind"] or None,
                        "place": code.place,
                    }
                    for code in lines.of_file("xw_values", *scope, source_variable=address.source_variable)
                ],
            }
    return [found[place] for place in sorted(found)]


def _left_out(lines: RegistryLines, address: SourceAddress, files: list[Row]) -> list[Told]:
    """The rows that say why the variable feeds nothing, each once."""
    found: dict[str, Told] = {}
    for file in files:
        scope = (address.wave_id, file["instrument_id"], file["file_id"])
        for line in lines.of_file("xw_left_out", *scope, source_variable=address.source_variable):
            found[line.place] = {
                "reason": line.row["reason"],
                "status": line.row["status"],
                "place": line.place,
            }
    return [found[place] for place in sorted(found)]


def _must_be_delivered(
    settings: Settings, release: ReleaseReader, lines: RegistryLines, address: SourceAddress, files: list[Row]
) -> None:
    """Raise ``Unknown`` unless landing knows a variable that nothing uses."""
    names: dict[str, None] = {}
    for file in files:
        names.update(dict.fromkeys(delivered_names(settings.landing, address.wave_id, file["file_id"])))
        for line in lines.find("xw_variables", wave_id=address.wave_id, instrument_id=file["instrument_id"]):
            if line.row["source_variable"]:
                names[line.row["source_variable"]] = None
    used = release.rows(
        "select distinct source_variable from mart_lineage where wave_id = ? and file_id in (select unnest(?))",
        [address.wave_id, [file["file_id"] for file in files]],
    )
    names.update(dict.fromkeys(row["source_variable"] for row in used))
    if address.source_variable in names:
        return
    hint = closest(address.source_variable, names)
    listed = f"; there are, among others: {', '.join(list(names)[:20])}" if not hint and names else ""
    raise Unknown(
        f"{address.wave_id}/{address.place} has no variable '{address.source_variable}'{hint}{listed}"
    )


def _not_shown(release: ReleaseReader, registry: Registry | None, landed: list[Told | None]) -> list[str]:
    told = registry_gap(release, registry)
    if registry is None and not release.instruments():
        told.append(
            "which population belongs to which instrument: cells of another instrument may be counted"
        )
    if not any(landed):
        told.append(
            "storage type, measure and declared missings of the variable: they are in landing, which is not here"
        )
    return told
