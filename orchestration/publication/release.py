"""``publish``: write a release beside the present one, sync it to disk, and switch to it in one step.

**The release id** is the first 16 hex digits of a SHA-256 over the data files: one line ``<sha256>  <path>``
for each file in ``parquet/`` and ``csv/``, by path, except those of ``release_info``, followed by the other
columns of ``release_info`` as ``name=value``. ``release_info`` carries the id itself, hence its files
cannot be part of it. Left out as well: ``marts.duckdb``, which holds the same rows (and the id), and whose
padding differs each time that DuckDB writes it; ``quality/``, which carries the run id; ``diff/``, which
depends on the release before; ``MANIFEST.json``, which carries times. So equal input gives an equal id and
equal bytes of every data file, and another registry or delivery gives another id even where no figure moves: a
release always tells the truth about its own origin.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.publication import csv_files, parquet
from orchestration.publication.comparability_page import write_page
from orchestration.publication.duckdb_file import write_duckdb
from orchestration.publication.durable import file_sha256, point_link, sync_folder, sync_tree, write_json
from orchestration.publication.evidence import Evidence
from orchestration.publication.fingerprint import code_version
from orchestration.publication.gate import HashReader, PublicationRefused, current_hashes, read_verdict
from orchestration.publication.inputs import (
    INFO_COMMENT,
    INFO_TABLE,
    INPUTS_COMMENT,
    INPUTS_TABLE,
    REGISTRY_COMMENT,
    REGISTRY_TABLE,
    Origin,
    read_origin,
    write_info,
    write_inputs,
    write_registry,
)
from orchestration.publication.ledger import LEDGER, enter_release
from orchestration.publication.manifest import (
    ManifestDamaged,
    ReleaseManifest,
    list_files,
    now_text,
    read_manifest,
    verify_files,
    write_manifest,
)
from orchestration.publication.release_diff_told import write_diff
from orchestration.publication.tables import (
    ReleaseTable,
    attach_warehouse,
    release_tables,
    snapshot,
    table_faults,
)
from orchestration.publication.writer_lock import writer_lock
from orchestration.settings import Settings

CURRENT = "current"
ID_LENGTH = 16
_INCOMING = ".incoming-"


@dataclass(frozen=True)
class ReleaseOutcome:
    """What ``publish`` did: a new release, a switch to one that was there already, or nothing.

    ``previous_id`` is the release that was current before (None at the first one).
    """

    status: Literal["published", "switched", "no_change"]
    release_id: str
    path: Path
    previous_id: str | None
    tables: dict[str, int]


def publish(settings: Settings, hashes: HashReader = current_hashes) -> ReleaseOutcome:
    """Publish schema ``release`` of the warehouse, if the gate allows it.

    Raises ``PublicationRefused`` (nothing was switched) and ``WarehouseBusy``. However it ends,
    ``published/current`` points to a whole release: the one before, or the new one.
    """
    with writer_lock(settings.home, "publish"):
        previous_id = current_release_id(settings)
        verdict = read_verdict(settings, hashes=hashes)
        if not verdict.passed:
            raise PublicationRefused(verdict.failures, previous_id)
        settings.published.mkdir(parents=True, exist_ok=True)
        remove_leftovers(settings)
        incoming = settings.published / f"{_INCOMING}{secrets.token_hex(6)}"
        incoming.mkdir()
        try:
            manifest = _write_release(settings, incoming, verdict.evidence, previous_id)
            return _put_in_place(settings, incoming, manifest, previous_id)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)


def current_release_id(settings: Settings) -> str | None:
    """The id that ``published/current`` points to, or None before the first release."""
    link = settings.published / CURRENT
    return Path(os.readlink(link)).name if link.is_symlink() else None


def switch_current(settings: Settings, release_id: str) -> None:
    """Let ``published/current`` point to ``release_id`` in one step."""
    point_link(settings.published / CURRENT, release_id)


def compute_release_id(release: Path, origin: Origin, input_files_n: int) -> str:
    """The id of the data files below ``release``, as the docstring of this module defines it."""
    digest = hashlib.sha256()
    for folder in (csv_files.FOLDER, parquet.FOLDER):
        for path in sorted((release / folder).glob("*.*")):
            if path.stem != INFO_TABLE:
                digest.update(f"{file_sha256(path)}  {folder}/{path.name}\n".encode())
    for name, value in (
        ("registry_hash", origin.registry_hash),
        ("is_synthetic", str(origin.is_synthetic).lower()),
        ("contract_version", origin.contract_version),
        ("notice", origin.notice),
        ("input_files_n", input_files_n),
    ):
        digest.update(f"{name}={value}\n".encode())
    return digest.hexdigest()[:ID_LENGTH]


def remove_leftovers(settings: Settings) -> None:
    """Remove what an interrupted publish left; only the holder of the writer's lock may call this."""
    for path in settings.published.glob(f"{_INCOMING}*"):
        shutil.rmtree(path, ignore_errors=True)
    for name in (CURRENT, LEDGER):
        for path in settings.published.glob(f".{name}-*"):
            path.unlink(missing_ok=True)


def _write_release(
    settings: Settings, incoming: Path, evidence: Evidence, previous_id: str | None
) -> ReleaseManifest:
    assert evidence.run is not None
    register = settings.landing / "register.parquet"
    # One thread: equal rows then give equal bytes (see parquet.py).
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        attach_warehouse(connection, settings.warehouse)
        tables = release_tables(connection)
        faults = table_faults(tables, _published_tables(settings, previous_id))
        if faults:
            raise PublicationRefused(faults, previous_id)
        snapshot(connection, tables)
        connection.execute("detach warehouse")

        write_inputs(connection, register)
        inputs = _own_table(connection, INPUTS_TABLE, INPUTS_COMMENT)
        tables.append(inputs)
        write_registry(connection, evidence.run.registry_files)
        tables.append(_own_table(connection, REGISTRY_TABLE, REGISTRY_COMMENT))
        _write_tables(connection, [table.name for table in tables], incoming)
        origin = read_origin(connection, register, evidence.run.inputs.registry)
        release_id = compute_release_id(incoming, origin, inputs.rows)

        write_page(connection, incoming / "quality", release_id, origin.notice)
        write_info(connection, release_id, origin)
        tables.append(_own_table(connection, INFO_TABLE, INFO_COMMENT))
        _write_tables(connection, [INFO_TABLE], incoming)
        write_duckdb(tables, incoming)

    _write_quality(incoming, evidence)
    program = code_version(settings.project_root)
    write_diff(incoming, settings.published / previous_id if previous_id else None, program)
    manifest = ReleaseManifest(
        release_id=release_id,
        published_at=now_text(),
        run_id=evidence.run.run_id,
        code_version=program,
        contract_version=origin.contract_version,
        is_synthetic=origin.is_synthetic,
        notice=origin.notice,
        tables={table.name: table.rows for table in sorted(tables, key=lambda table: table.name)},
        files=tuple(list_files(incoming)),
    )
    write_manifest(incoming, manifest)
    return manifest


def _put_in_place(
    settings: Settings, incoming: Path, manifest: ReleaseManifest, previous_id: str | None
) -> ReleaseOutcome:
    release_id = manifest.release_id
    target = settings.published / release_id

    def outcome(status: Literal["published", "switched", "no_change"]) -> ReleaseOutcome:
        return ReleaseOutcome(status, release_id, target, previous_id, manifest.tables)

    if target.is_dir() and not verify_files(target):
        if previous_id == release_id:
            return outcome("no_change")
        enter_release(settings, release_id)
        switch_current(settings, release_id)
        return outcome("switched")

    sync_tree(incoming)
    if target.exists():
        # The same release lies there damaged. It is moved aside, not deleted: someone may want to see how.
        os.rename(target, settings.published / f".damaged-{release_id}-{secrets.token_hex(4)}")
    os.rename(incoming, target)
    sync_folder(settings.published)
    # Entered before it is visible: should the switch fail, a ledger that says too much is the safe side.
    enter_release(settings, release_id)
    switch_current(settings, release_id)
    return outcome("published")


def _write_tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str], release: Path) -> None:
    names = list(names)
    parquet.write_parquet(connection, names, release)
    csv_files.write_csv(connection, names, release)


def _write_quality(release: Path, evidence: Evidence) -> None:
    write_json(release / "quality" / "checks.json", [check.as_row() for check in evidence.checks])
    reconciliation = release / csv_files.FOLDER / "mart_reconciliation.csv"
    if reconciliation.is_file():
        shutil.copyfile(reconciliation, release / "quality" / "reconciliation.csv")


def _own_table(connection: duckdb.DuckDBPyConnection, name: str, comment: str) -> ReleaseTable:
    columns = tuple(row[0] for row in connection.execute(f"describe main.{name}").fetchall())
    [rows] = connection.execute(f"select count(*) from main.{name}").fetchone()
    return ReleaseTable(name, columns, rows, comment, {})


def _published_tables(settings: Settings, release_id: str | None) -> set[str]:
    if release_id is None:
        return set()
    try:
        return set(read_manifest(settings.published / release_id).tables)
    except ManifestDamaged:
        return set()
