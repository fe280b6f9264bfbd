"""What a release says about its own origin: ``release_info``, ``release_inputs`` and ``release_registry``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

CONTRACT_VERSION = "1.0"
INFO_TABLE = "release_info"
INPUTS_TABLE = "release_inputs"
REGISTRY_TABLE = "release_registry"

INFO_COMMENT = "One row: what this release is made from. Times and run ids stand in MANIFEST.json alone."
INPUTS_COMMENT = (
    "One row per delivered file that the release is made from, with its hash and that of corrections.yml where it "
    "corrected the file."
)
REGISTRY_COMMENT = (
    "One row per file of the registry, which holds what persons decided: its hash, and its rows without those that are "
    "only proposed."
)


@dataclass(frozen=True)
class Origin:
    """The facts about a release that do not depend on its figures; ``notice`` is '' unless synthetic."""

    registry_hash: str
    is_synthetic: bool
    notice: str
    contract_version: str = CONTRACT_VERSION


def write_inputs(connection: duckdb.DuckDBPyConnection, register: Path) -> None:
    """Create ``release_inputs`` in the connection's own database from the landing register (Parquet)."""
    connection.execute(
        f"""
        create table main.{INPUTS_TABLE} as
        select
            cast(programme_id as varchar) as programme_id,
            cast(wave_id as varchar) as wave_id,
            cast(instrument_id as varchar) as instrument_id,
            cast(file_id as varchar) as file_id,
            cast(delivery_version as integer) as delivery_version,
            cast(path as varchar) as path,
            cast(sha256 as varchar) as sha256,
            cast(codebook_sha256 as varchar) as codebook_sha256,
            cast(corrections_sha256 as varchar) as corrections_sha256,
            cast(is_synthetic as boolean) as is_synthetic,
            cast(is_assumed as boolean) as is_assumed,
            cast(received_on as varchar) as received_on,
            cast(supplier as varchar) as supplier
        from read_parquet(?)
        order by all asc nulls first
        """,
        [str(register)],
    )


def write_registry(connection: duckdb.DuckDBPyConnection, files: Iterable[Mapping[str, Any]]) -> None:
    """Create ``release_registry`` in the connection's own database from path, sha256 and rows of each file."""
    connection.execute(f"create table main.{REGISTRY_TABLE} (path varchar, sha256 varchar, rows_n integer)")
    for file in sorted(files, key=lambda one: one["path"]):
        connection.execute(
            f"insert into main.{REGISTRY_TABLE} values (?, ?, ?)",
            [file["path"], file["sha256"], file["rows"]],
        )


def read_origin(connection: duckdb.DuckDBPyConnection, register: Path, registry_hash: str) -> Origin:
    """Whether any delivery is synthetic, and what their notices say."""
    is_synthetic, notice = connection.execute(
        """
        select
            coalesce(bool_or(is_synthetic), false),
            coalesce(string_agg(distinct trim(notice), ' ' order by trim(notice)) filter (is_synthetic), '')
        from read_parquet(?)
        """,
        [str(register)],
    ).fetchone()
    return Origin(registry_hash, is_synthetic, notice)


def write_info(connection: duckdb.DuckDBPyConnection, release_id: str, origin: Origin) -> None:
    """Create ``release_info`` in the connection's own database."""
    connection.execute(
        f"""
        create table main.{INFO_TABLE} as
        select
            cast($1 as varchar) as release_id,
            cast($2 as varchar) as registry_hash,
            cast($3 as boolean) as is_synthetic,
            cast($4 as varchar) as contract_version,
            cast($5 as varchar) as notice,
            cast((select count(*) from main.{INPUTS_TABLE}) as integer) as input_files_n
        """,
        [release_id, origin.registry_hash, origin.is_synthetic, origin.contract_version, origin.notice],
    )
