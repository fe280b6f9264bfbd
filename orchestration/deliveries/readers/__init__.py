"""Readers: one per format, all returning a ``SourceTable``."""

from __future__ import annotations

from pathlib import Path

from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.readers.delimited import read_csv
from orchestration.deliveries.readers.portable import read_por
from orchestration.deliveries.readers.stata import read_dta
from orchestration.deliveries.readers.system_file import read_sav
from orchestration.deliveries.readers.workbook import read_xlsx
from orchestration.deliveries.source_table import SourceTable

READER_VERSION = 4
"""Bump when a reader returns something else for the same file, so that everything is landed anew."""

__all__ = ["READER_VERSION", "read_csv", "read_dta", "read_por", "read_sav", "read_source", "read_xlsx"]


def read_source(folder: Path, entry: DeliveredFile) -> SourceTable:
    """Read the file of a manifest entry, in its delivery folder, with its codebook.

    Raises ``DeliveryProblems`` when it cannot be read; problems name the path as the manifest writes it.
    """
    path = folder / entry.path
    codebook = folder / entry.codebook_path if entry.codebook_path else None
    if entry.format in ("sav", "zsav"):
        return read_sav(path, encoding=entry.encoding)
    if entry.format == "por":
        return read_por(path, encoding=entry.encoding)
    if entry.format == "dta":
        return read_dta(path, encoding=entry.encoding)
    if entry.format == "csv":
        return read_csv(
            path,
            delimiter=entry.delimiter or ",",
            decimal=entry.decimal or ".",
            encoding=entry.encoding,
            codebook=codebook,
            declared=entry.declared,
        )
    sheet = entry.codebook.sheet if entry.codebook is not None and codebook is None else None
    return read_xlsx(
        path,
        sheet=entry.sheet,
        codebook=codebook,
        codebook_sheet=sheet,
        encoding=entry.encoding,
        declared=entry.declared,
    )
