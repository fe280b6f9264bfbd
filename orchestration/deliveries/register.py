"""The register of landing: which deliveries stand in it, and one hash over all of them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.deliveries.manifest import MANIFEST_NAME
from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem

if TYPE_CHECKING:
    from orchestration.settings import Settings

REGISTER_NAME = "register.parquet"
SUPERSEDED_NAME = "superseded.parquet"


@dataclass(frozen=True)
class LandingRegister:
    """``deliveries`` holds one row (a dict) per landed file, by wave and file; ``hash`` stands for all.

    ``superseded``: the earlier versions of these files, by wave, file and version. They are not landed; it is
    known that they came, when, with which hash, what took their place, and whether that was the same.
    """

    hash: str
    deliveries: list[dict[str, Any]]
    superseded: list[dict[str, Any]] = field(default_factory=list)


def write_register(settings: Settings) -> LandingRegister:
    """Drop from landing what has left the raw folder, and write ``landing/register.parquet``.

    Raises ``DeliveryProblems`` (exit code 2) when nothing has landed.
    """
    from orchestration.deliveries.landed_tables import (
        DELIVERY_COLUMNS,
        SUPERSEDED_COLUMNS,
        arrow_table,
        write_tables,
    )

    _drop_vanished_waves(settings)
    rows = _delivery_rows(settings.landing)
    if not rows:
        raise _nothing_landed()
    incoming = settings.landing / "register.incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(mode=0o700)
    superseded = _superseded_rows(settings.landing)
    write_tables(
        incoming,
        {
            "register": arrow_table(DELIVERY_COLUMNS, rows),
            "superseded": arrow_table(SUPERSEDED_COLUMNS, superseded),
        },
    )
    for name in (SUPERSEDED_NAME, REGISTER_NAME):
        (incoming / name).replace(settings.landing / name)
    incoming.rmdir()
    return LandingRegister(register_hash(rows), rows, superseded)


def load_register(settings: Settings) -> LandingRegister:
    """The register as it was last written. Raises ``DeliveryProblems`` (exit code 2) when there is none."""
    import pyarrow.parquet as parquet

    path = settings.landing / REGISTER_NAME
    if not path.is_file():
        raise _nothing_landed()
    rows = parquet.read_table(path).to_pylist()
    earlier = settings.landing / SUPERSEDED_NAME
    superseded = parquet.read_table(earlier).to_pylist() if earlier.is_file() else []
    return LandingRegister(register_hash(rows), rows, superseded)


def register_hash(rows: Iterable[dict[str, Any]]) -> str:
    """SHA-256 over the sorted landing hashes of all deliveries."""
    return hashlib.sha256("\n".join(sorted(row["landing_hash"] for row in rows)).encode()).hexdigest()


def landed_folders(landing: Path) -> list[Path]:
    """The folder of each landed file, by wave and file."""
    return sorted(path.parent for path in landing.glob("*/*/delivery.parquet"))


def _delivery_rows(landing: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    rows = [
        row
        for folder in landed_folders(landing)
        for row in parquet.read_table(folder / "delivery.parquet").to_pylist()
    ]
    return sorted(rows, key=lambda row: (row["wave_id"], row["file_id"]))


def _superseded_rows(landing: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    rows = [
        row
        for folder in landed_folders(landing)
        for row in parquet.read_table(folder / "superseded.parquet").to_pylist()
    ]
    return sorted(rows, key=lambda row: (row["wave_id"], row["file_id"], row["delivery_version"]))


def _drop_vanished_waves(settings: Settings) -> None:
    delivered = {path.parent.name for path in settings.raw.glob(f"*/*/{MANIFEST_NAME}")}
    for folder in settings.landing.iterdir() if settings.landing.is_dir() else ():
        if folder.is_dir() and folder.name not in delivered:
            shutil.rmtree(folder)


def _nothing_landed() -> DeliveryProblems:
    return DeliveryProblems(
        [
            Problem(
                "nothing_landed",
                "no delivery stands in landing",
                "land at least one wave with `peilstok refresh`",
                WRONG_USE_OR_UNREADABLE,
                file="landing",
            )
        ]
    )
