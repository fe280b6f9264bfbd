"""The first draft of a manifest: what the files tell, and gaps where only a person knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.deliveries.manifest import DeliveredFile, Manifest
from orchestration.deliveries.manifest_gaps import gap

ORDER = tuple(DeliveredFile.model_fields)


def draft_manifest(
    programme: str, wave: str, files: Sequence[Mapping[str, Any]], like: Manifest | None
) -> str:
    """``delivery.yml`` as text, with the fields of every file in the order of the reference page."""
    import yaml

    head = {
        "schema_version": 1,
        "programme": programme,
        "wave": wave,
        "version": 1,
        "received_on": gap("day on which it came in, such as 2026-11-01"),
        "supplier": gap("who delivered it"),
        "is_synthetic": gap("true when no answer is a real person's, otherwise false"),
        "notice": gap("sentence that goes with every use; remove the line when there is none"),
        "licence": gap("on what terms it may be used"),
        "files": [
            {name: entry[name] for name in ORDER if name in entry}
            for entry in ({**file, "response": invited(file["instrument"], like)} for file in files)
        ],
    }
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=110)


def invited(instrument: str, like: Manifest | None) -> list[dict[str, Any]]:
    """The populations that the earlier wave invited by this instrument, each with a gap for its number."""
    entries = [entry for entry in like.current if entry.instrument == instrument] if like else []
    populations = dict.fromkeys(row.population for entry in entries for row in entry.response)
    asked = gap("how many were invited; remove the row when the population was not")
    return [{"population": population, "invited": asked} for population in populations]
