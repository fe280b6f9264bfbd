"""SPSS system files: ``.sav`` and ``.zsav``."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from orchestration.deliveries.file_faults import foreign, read_bytes, truncated, unreadable
from orchestration.deliveries.problems import DeliveryProblems
from orchestration.deliveries.readers.dictionary import source_table
from orchestration.deliveries.source_table import SourceTable

HEADER_BYTES = 176
MAGIC = (b"$FL2", b"$FL3")
ENCRYPTED = b"ENCRYPTEDSAV"
FALLBACK_ENCODINGS = ("cp1252", "iso-8859-1")
"""Tried in turn when the text is not in the encoding that the file claims; the last one accepts any byte."""


def read_sav(path: Path, encoding: str | None = None) -> SourceTable:
    """Read a ``.sav`` or ``.zsav`` file; user-missing codes are kept as values, dates as raw numbers.

    ``encoding`` overrules what the file says. Raises ``DeliveryProblems`` (exit code 2) for a file that is
    absent, encrypted, truncated or not SPSS, and when it holds fewer rows than its header says.
    """
    data = read_bytes(path)
    _check_magic(path, data)
    frame, meta, used = _parse(path, encoding)
    expected = header_case_count(data)
    rows = len(next(iter(frame.values()))) if frame else 0
    if expected >= 0 and rows != expected:
        raise truncated(path, f"its header announces {expected} rows, {rows} can be read")
    return source_table(frame, meta, used)


def header_case_count(data: bytes) -> int:
    """Number of rows that the header announces; -1 when it does not say."""
    layout = data[64:68]
    order = "<" if struct.unpack("<i", layout)[0] in (2, 3) else ">"
    return struct.unpack(f"{order}i", data[80:84])[0]


def _check_magic(path: Path, data: bytes) -> None:
    if not data:
        raise truncated(path, "is empty")
    if data[8 : 8 + len(ENCRYPTED)] == ENCRYPTED:
        raise unreadable(
            path,
            "encrypted_file",
            "is encrypted with a password",
            "ask the supplier for the file without a password, over a channel that is safe",
        )
    if data[:4] not in MAGIC:
        raise foreign(path, "not_spss", "an SPSS system file", data)
    if len(data) < HEADER_BYTES:
        raise truncated(path, f"ends within its header, after {len(data)} bytes")


def _parse(path: Path, encoding: str | None) -> tuple[dict[str, Any], Any, str]:
    import pyreadstat

    attempts: tuple[str | None, ...] = (encoding,) if encoding else (None, *FALLBACK_ENCODINGS)
    for attempt in attempts:
        try:
            frame, meta = pyreadstat.read_sav(
                str(path),
                encoding=attempt,
                user_missing=True,
                disable_datetime_conversion=True,
                output_format="dict",
            )
            return frame, meta, attempt or meta.file_encoding or ""
        # Text that is not in the announced encoding shows itself in any of these three ways.
        except (UnicodeDecodeError, SystemError):
            continue
        except pyreadstat.ReadstatError as error:
            if "encoding" in str(error):
                continue
            raise _refusal(path, str(error)) from None
        except (ValueError, OverflowError, MemoryError) as error:
            raise _refusal(path, type(error).__name__) from None
    raise unreadable(
        path,
        "wrong_encoding",
        f"its text is not {encoding or 'in the encoding that it claims'}",
        "name the right encoding in delivery.yml (`encoding: cp1252` is the usual one)",
    )


def _refusal(path: Path, said: str) -> DeliveryProblems:
    if "number of rows" in said or "Unable to read" in said:
        return truncated(path, "ends before its last row: the file is cut off")
    return unreadable(
        path,
        "damaged_file",
        f"is cut off or damaged ({said})",
        "ask the supplier for the file again and compare its size and hash with theirs",
    )
