"""The registry as declared: one definition that feeds loading, validating and the reference page."""

from __future__ import annotations

from orchestration.registry import (
    crosswalk_tables,
    drift_tables,
    indicator_tables,
    privacy_tables,
    published_tables,
    register_tables,
    rule_tables,
    study_tables,
)
from orchestration.registry.declaration import Column, Table

TABLES: dict[str, Table] = {
    table.name: table
    for module in (
        study_tables,
        indicator_tables,
        rule_tables,
        privacy_tables,
        drift_tables,
        published_tables,
        crosswalk_tables,
        register_tables,
    )
    for table in module.TABLES
}
"""Every declared file by name, in the order of the reference page."""

FREE_FOLDERS = ("registers",)
"""Folders that may hold other CSV tables too; such a table is loaded and not validated."""

__all__ = ["FREE_FOLDERS", "TABLES", "Column", "Table"]
