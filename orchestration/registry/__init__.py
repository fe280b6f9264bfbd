"""The registry: everything that a person decides, as rows of CSV files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestration.registry.crosswalk import compare_crosswalk, compare_landing
    from orchestration.registry.drift.compare import Drift, compare_drift
    from orchestration.registry.load import Registry, load_registry
    from orchestration.registry.schema import TABLES
    from orchestration.registry.validate import validate_registry

__all__ = [
    "TABLES",
    "Drift",
    "Registry",
    "compare_crosswalk",
    "compare_drift",
    "compare_landing",
    "load_registry",
    "validate_registry",
]

# Imported on first use: a command line that only prints its help should not wait for pyarrow.
_HOMES = {
    "TABLES": "schema",
    "Drift": "drift.compare",
    "Registry": "load",
    "compare_crosswalk": "crosswalk",
    "compare_drift": "drift.compare",
    "compare_landing": "crosswalk",
    "load_registry": "load",
    "validate_registry": "validate",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
