"""From a published cell back to the delivered files: the cell, what it counts, and every code that it was made from.

All of it is plain dictionaries and lists, so that a person's tree and a machine's JSON tell the same story.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orchestration.lineage.address import TOTAL, CellAddress, find_cell
from orchestration.lineage.codebook import delivered_variable
from orchestration.lineage.measured import Measured
from orchestration.lineage.registry_lines import RegistryLines
from orchestration.lineage.release_reader import ReleaseReader, Row
from orchestration.registry.load import Registry
from orchestration.settings import Settings

SUPPRESS = "suppress"
COUNTED_PARTS = ("numerator", "denominator", "base", "route")
ORGANISATION = "organisation"
"""The part of what tells that two sides answered for one organisation, of which one answer counts."""
GROUP_PARTS = ("population", "breakdown", ORGANISATION)
DESIGN_PARTS = ("weight", "stratum", "psu", "psu_population", "ssu", "ssu_population", "panel")


def trace_cell(
    settings: Settings, release: ReleaseReader, registry: Registry | None, address: CellAddress
) -> dict[str, Any]:
    """Everything that a cell rests on. Raises ``Unknown`` when there is no such cell.

    A suppressed cell has no figure here either. ``not_shown`` lists what is missing and why: no registry, an
    older release, no landing.
    """
    cell = find_cell(release, address)
    lines = RegistryLines(registry)
    lineage = _lineage(release, address, lines)
    outside = _files_without_members(release, lines, cell, lineage)
    answered = {row["part_id"] for row in lineage if row["part"] == ORGANISATION}
    inside = [row for row in lineage if row["file_id"] not in outside or _speaks_for_others(row, answered)]
    measured = Measured(settings, release, lines, inside)
    return {
        "address": str(address),
        "release": release_origin(release, registry),
        "cell": _figures(cell),
        "comparability": _comparability(release, lines, cell),
        "indicator": measured.indicator(address.indicator_id, cell),
        "base": measured.base(cell["base_id"]),
        "parts": [
            measured.part(part, part_id, concept_id)
            for part, part_id, concept_id in _parts(inside, (*COUNTED_PARTS, *GROUP_PARTS))
        ],
        "design": [
            {
                "part": row["part"],
                "file_id": row["file_id"],
                "source_variable": row["source_variable"],
                "label": row.get("source_variable_label") or _landed_label(settings, row),
            }
            for row in inside
            if row["part"] in DESIGN_PARTS
        ],
        "files": _files(release, settings, lineage, outside),
        "not_shown": _not_shown(settings, release, registry, cell, inside),
    }


def release_origin(release: ReleaseReader, registry: Registry | None) -> dict[str, Any]:
    """Which release this is, and whether the registry at hand is the one that it was made from."""
    info = release.info
    return {
        "release_id": info["release_id"],
        "folder": str(release.folder),
        "is_synthetic": info["is_synthetic"],
        "notice": info["notice"],
        "registry_hash": info["registry_hash"],
        "is_registry_of_release": None if registry is None else registry.hash == info["registry_hash"],
    }


def registry_gap(release: ReleaseReader, registry: Registry | None) -> list[str]:
    """What a reader must know about the registry at hand, as sentences."""
    if registry is None:
        return ["no registry could be read: definitions, routing and the lines of the seeds are not shown"]
    if registry.hash != release.info["registry_hash"]:
        return [
            "the registry here is not the one of this release: codes are those of the release, definitions, "
            "routing and lines those of the registry as it is now"
        ]
    return []


def _figures(cell: Row) -> dict[str, Any]:
    shown = dict(cell)
    shown["is_suppressed"] = cell["publication_status"] == SUPPRESS
    if shown["is_suppressed"]:
        # The release holds none; should one ever get there, it does not get out here.
        shown.update({name: None for name, value in cell.items() if name != "year" and _is_figure(value)})
    return shown


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _lineage(release: ReleaseReader, address: CellAddress, lines: RegistryLines) -> list[Row]:
    """The rows of mart_lineage that this very cell rests on."""
    instrument = release.instruments().get(address.population_id)
    if instrument is None and (line := lines.one("populations", population_id=address.population_id)):
        instrument = line.row["instrument_id"]
    return release.rows(
        "select * from mart_lineage where indicator_id = $indicator and wave_id = $wave "
        "and ($instrument is null or instrument_id = $instrument) "
        "and (part <> 'population' or part_id = $population) and (part <> 'breakdown' or part_id = $breakdown) "
        "order by all",
        {
            "indicator": address.indicator_id,
            "wave": address.wave_id,
            "instrument": instrument,
            "population": address.population_id,
            "breakdown": address.breakdown_id,
        },
    )


def _files_without_members(
    release: ReleaseReader, lines: RegistryLines, cell: Row, lineage: list[Row]
) -> set[str]:
    """Files of the instrument in which no code makes anybody a member of the population of the cell."""
    rules: dict[str, set[str]] = {}
    for line in lines.find("population_rules", population_id=cell["population_id"]):
        rules.setdefault(line.row["concept_id"], set()).add(line.row["code"])
    if not rules or not release.has("mart_lineage_codes"):
        return set()
    reached: dict[tuple[str, str], set[str]] = {}
    for row in release.rows(
        "select file_id, concept_id, code from mart_lineage_codes where wave_id = ? and code is not null",
        [cell["wave_id"]],
    ):
        reached.setdefault((row["file_id"], row["concept_id"]), set()).add(row["code"])
    return {
        file_id
        for file_id in {row["file_id"] for row in lineage}
        if any(not reached.get((file_id, concept), set()) & codes for concept, codes in rules.items())
    }


def _speaks_for_others(row: Row, answered: set[str]) -> bool:
    """Whether the answers to a variable may count for members in another file; ``answered``: the concepts of which
    one side's answer counts for the organisation."""
    return row["part"] == ORGANISATION or (
        row["part"] in COUNTED_PARTS and row["source_concept_id"] in answered
    )


def _parts(lineage: Iterable[Row], order: tuple[str, ...]) -> list[tuple[str, str | None, str]]:
    """Each part, with its concept, once, in the order in which a reader wants them."""
    found = dict.fromkeys(
        (row["part"], row["part_id"], row["concept_id"]) for row in lineage if row["part"] in order
    )
    return sorted(found, key=lambda part: (order.index(part[0]), part[1] or "", part[2]))


def _comparability(release: ReleaseReader, lines: RegistryLines, cell: Row) -> dict[str, Any]:
    found = release.rows(
        "select * from mart_comparability where indicator_id = ? and population_id = ? and wave_id = ?",
        [cell["indicator_id"], cell["population_id"], cell["wave_id"]],
    )
    row = found[0] if found else {}
    told: dict[str, Any] = {
        name: row.get(name) for name in ("segment_id", "comparable_wave_id", "break_effect", "reason")
    }
    told["segment_waves"] = [
        other["wave_id"]
        for other in release.rows(
            "select wave_id from mart_comparability where indicator_id = ? and population_id = ? "
            "and segment_id = ? order by year, wave_id",
            [cell["indicator_id"], cell["population_id"], row.get("segment_id")],
        )
    ]
    told["break"] = None
    if row.get("break_id"):
        line = lines.one("series_breaks", break_id=row["break_id"])
        told["break"] = {
            "break_id": row["break_id"],
            "kind": row.get("break_kind") or (line.row["kind"] if line else None),
            "effect": row["break_effect"],
            "reason": row["reason"],
            "source": row.get("break_source") or (line.row["source"] if line else None),
            "place": line.place if line else None,
        }
    return told


def _files(
    release: ReleaseReader, settings: Settings, lineage: list[Row], outside: set[str]
) -> list[dict[str, Any]]:
    delivered = {
        (row["wave_id"], row["file_id"]): row for row in release.rows("select * from release_inputs")
    }
    files: dict[str, dict[str, Any]] = {}
    for row in lineage:
        found = delivered.get((row["wave_id"], row["file_id"]), {})
        files[row["file_id"]] = {
            "file_id": row["file_id"],
            "instrument_id": row["instrument_id"],
            "path": "/".join(
                part for part in (found.get("programme_id"), row["wave_id"], row["file_path"]) if part
            ),
            "delivery_version": row["delivery_version"],
            "sha256": row["file_sha256"],
            "codebook_sha256": found.get("codebook_sha256"),
            "received_on": found.get("received_on"),
            "supplier": found.get("supplier"),
            "is_synthetic": found.get("is_synthetic"),
            "is_assumed": found.get("is_assumed"),
            "holds_population": row["file_id"] not in outside,
            "is_in_raw": (
                settings.raw / str(found.get("programme_id")) / row["wave_id"] / row["file_path"]
            ).is_file(),
        }
    return [files[name] for name in sorted(files)]


def _not_shown(
    settings: Settings, release: ReleaseReader, registry: Registry | None, cell: Row, lineage: list[Row]
) -> list[str]:
    told = registry_gap(release, registry)
    if cell["publication_status"] == SUPPRESS:
        told.append("the value, its interval and how many answered: this cell is suppressed")
    if not release.has("mart_lineage_codes"):
        told.append("the codes of the crosswalk as released: this release is older than mart_lineage_codes")
    elif registry is None and cell["breakdown_id"] != TOTAL:
        told.append("which code of the breakdown is meant: see mart_dictionary")
    if not release.has("release_inputs", "received_on", "supplier"):
        told.append("when the files were received and from whom: this release does not say")
    files = {(row["wave_id"], row["file_id"]) for row in lineage}
    if not all(_is_landed(settings.landing, *file) for file in files):
        told.append(
            "storage type, measure and declared missings of the variables: they are in landing, which is not here"
        )
    return told


def _is_landed(landing: Path, wave_id: str, file_id: str) -> bool:
    return (landing / wave_id / file_id / "variables.parquet").is_file()


def _landed_label(settings: Settings, row: Row) -> str | None:
    found = delivered_variable(settings.landing, row["wave_id"], row["file_id"], row["source_variable"])
    return found["variable_label"] if found else None
