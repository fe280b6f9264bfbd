"""Workbooks that unfold to far more than they are: refused before calamine lays out every cell of a sheet."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from orchestration.deliveries.second_reading.second_table import CannotReadAgain

MOST_BYTES = 2 * 2**30
MOST_CELLS = 60_000_000
"""Of the rectangle that a sheet's cells span: two such sheets fit in the memory of a small machine."""
CHUNK = 1 << 20
PLACE = re.compile(rb'<(?:\w+:)?c [^>]{0,200}?r="([A-Z]{1,3})([0-9]{1,7})"')
LONGEST_PLACE = 256


def refuse_bombs(data: bytes) -> None:
    """Raise ``CannotReadAgain`` for a workbook of which the parts, or the span of one sheet, are too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MOST_BYTES:
                raise CannotReadAgain(f"it unfolds to more than {MOST_BYTES >> 20:,} MB")
            for part in parts:
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    _refuse_span(archive, part)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise CannotReadAgain("its archive cannot be read to the end") from None


def _refuse_span(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    columns = rows = 0
    rest = b""
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            text = rest + chunk
            for letters, number in PLACE.findall(text):
                columns, rows = max(columns, _column(letters)), max(rows, int(number))
            if rows * columns > MOST_CELLS:
                raise CannotReadAgain(f"the cells of one sheet span more than {MOST_CELLS:,} places")
            rest = text[-LONGEST_PLACE:]


def _column(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place
