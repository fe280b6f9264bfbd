"""Deliveries: manifest, lock, readers, codebook, privacy and landing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestration.deliveries.confined_reading import read_source
    from orchestration.deliveries.landing import LandedFile, land_all, land_file, land_wave
    from orchestration.deliveries.lock import Lock, read_lock, verify_lock, write_lock
    from orchestration.deliveries.manifest import DeliveredFile, Manifest
    from orchestration.deliveries.manifest_reading import find_deliveries, load_manifest, scan_deliveries
    from orchestration.deliveries.problems import DeliveryProblems, Problem
    from orchestration.deliveries.readers import read_csv, read_dta, read_por, read_sav, read_xlsx
    from orchestration.deliveries.register import LandingRegister, load_register, write_register
    from orchestration.deliveries.source_table import SourceTable

# Imported on first use: pandas, pyarrow and pyreadstat take a second that most commands need not wait for.
_HOMES = {
    "LandedFile": "landing",
    "land_all": "landing",
    "land_file": "landing",
    "land_wave": "landing",
    "Lock": "lock",
    "read_lock": "lock",
    "verify_lock": "lock",
    "write_lock": "lock",
    "DeliveredFile": "manifest",
    "Manifest": "manifest",
    "find_deliveries": "manifest_reading",
    "load_manifest": "manifest_reading",
    "scan_deliveries": "manifest_reading",
    "DeliveryProblems": "problems",
    "Problem": "problems",
    "read_csv": "readers",
    "read_dta": "readers",
    "read_por": "readers",
    "read_sav": "readers",
    "read_source": "confined_reading",
    "read_xlsx": "readers",
    "LandingRegister": "register",
    "load_register": "register",
    "write_register": "register",
    "SourceTable": "source_table",
}
__all__ = [
    "DeliveredFile",
    "DeliveryProblems",
    "LandedFile",
    "LandingRegister",
    "Lock",
    "Manifest",
    "Problem",
    "SourceTable",
    "find_deliveries",
    "land_all",
    "land_file",
    "land_wave",
    "load_manifest",
    "load_register",
    "read_csv",
    "read_dta",
    "read_lock",
    "read_por",
    "read_sav",
    "read_source",
    "read_xlsx",
    "scan_deliveries",
    "verify_lock",
    "write_lock",
    "write_register",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
