"""The ``delivery.yml`` of a sample delivery, and its ``corrections.yml``."""

from __future__ import annotations

from typing import Any

import yaml

from orchestration.sample_data import parameters
from orchestration.sample_data.encoding import FileTable
from orchestration.sample_data.plain_files import CODEBOOK_SHEET, DATA_SHEET
from orchestration.sample_data.targets import TargetBook


class _PlainDumper(yaml.SafeDumper):
    """Writes everything out: a manifest may hold no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def codebook_path(path: str) -> str:
    """Where the codebook of a delimited file lies."""
    return path.rsplit(".", 1)[0] + "_codeboek.csv"


def manifest_text(wave_id: str, programme_id: str, wave: dict, entries: list[dict[str, Any]]) -> str:
    """The manifest as YAML."""
    whole = parameters.read_yaml("deliveries")
    head = {
        "schema_version": 1,
        "programme": programme_id,
        "wave": wave_id,
        "version": max(entry["version"] for entry in entries),
        "received_on": day(wave["received_on"]),
        "supplier": wave["supplier"],
        "is_synthetic": True,
        "notice": whole["notice"],
        "licence": whole["licence"],
        "files": entries,
    }
    return yaml.dump(head, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=110)


def corrections_text(corrections: list[dict[str, Any]]) -> str:
    """The records of a wave as YAML."""
    whole = {"schema_version": 1, "corrections": corrections}
    return yaml.dump(whole, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=110)


def file_entry(spec: dict, table: FileTable, invited: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """One entry of the manifest's list of files."""
    entry: dict[str, Any] = {
        "file_id": spec["file_id"],
        "version": spec.get("version", 1),
        "path": spec["path"],
        "instrument": spec["instrument"],
        "format": spec["format"],
    }
    if spec["format"] == "csv":
        entry |= {
            "encoding": spec["encoding"],
            "delimiter": ";",
            "decimal": ",",
            "codebook": codebook_path(spec["path"]),
        }
    elif spec["format"] == "xlsx":
        entry |= {"sheet": DATA_SHEET, "codebook": {"sheet": CODEBOOK_SHEET}}
    entry["respondent_id"] = table.respondent_id
    if table.weight:
        entry["weight"] = table.weight
    entry |= {
        "strata": [table.stratum],
        "identifiers": table.identifiers,
        "free_text": table.free_text,
        "is_assumed": bool(spec.get("is_assumed")),
        "response": invited,
    }
    if spec.get("note"):
        entry["note"] = spec["note"]
    return entry | changes


def invited_numbers(wave_id: str, spec: dict, book: TargetBook) -> list[dict[str, Any]]:
    """Numbers invited by population, for every population that the file's groups make up."""
    rows = [row for row in parameters.frame(wave_id, spec["instrument"]) if belongs(row, spec)]
    found = []
    for population_id in sorted(book.populations, key=lambda p: int(book.populations[p]["sort_order"])):
        if book.instrument(population_id) != spec["instrument"]:
            continue
        conditions = book.population_conditions(population_id)
        member = [all(row[concept] in codes for concept, codes in conditions.items()) for row in rows]
        if any(member):
            of_it = [row for row, is_in in zip(rows, member, strict=True) if is_in]
            entry = {"population": population_id, "invited": sum(int(row["invited_n"]) for row in of_it)}
            # More are invited than the population has: the delivery says who else they are.
            if any(int(row["invited_n"]) > int(row["population_n"]) for row in of_it):
                entry["note"] = spec["invited_note"]
            found.append(entry)
    return found


def belongs(row: dict[str, str], spec: dict) -> bool:
    """Whether a group of the frame is in a file that holds one layer or one kind of organisation."""
    return row["layer"] in spec.get("layers", [row["layer"]]) and (
        row["organisation_type"] in spec.get("organisation_types", [row["organisation_type"]])
    )


def day(text: str) -> Any:
    """A day as YAML knows it, which a manifest writes without quotes."""
    return yaml.safe_load(text)
