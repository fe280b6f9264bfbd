"""Stata files: ``.dta`` of Stata 8 to 18. The reasons of missing numbers, ``.a`` to ``.z``, are kept."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.deliveries.file_faults import foreign, read_bytes, truncated, unreadable
from orchestration.deliveries.readers.dictionary import RawColumn, assemble, without_none
from orchestration.deliveries.source_table import SourceTable

ONE_CHARACTER_A_BYTE = "LATIN1"
"""As with SPSS files: pyreadstat hands over bytes, and each text is decoded afterwards."""
OLD_VERSIONS = range(104, 116)
NEWEST_VERSION = 119
FIRST_IN_TAGS = 117
FIRST_IN_UTF_8 = 118
FIRST_TAG, LAST_TAG = b"<stata_dta><header><release>", b"</stata_dta>"
OLD_HEADER_BYTES = 10


@dataclass(frozen=True)
class _Header:
    version: int
    rows: int


def read_dta(path: Path, encoding: str | None = None) -> SourceTable:
    """Read a ``.dta`` file of format 104 to 119, dates as raw numbers.

    Text is taken for UTF-8 from format 118 on and for cp1252 before, unless ``encoding`` or the text itself says
    otherwise. Raises ``DeliveryProblems`` (exit code 2) when the file is truncated, of a newer format or not
    Stata's.
    """
    data = read_bytes(path)
    if not data:
        raise truncated(path, "is empty")
    header = _header(path, data)
    if not 0 <= header.rows <= len(data):
        raise truncated(path, f"is cut off or damaged: its header announces {header.rows} rows")
    columns, meta = _parse(path)
    rows = len(next(iter(columns.values()))) if columns else 0
    if rows != header.rows:
        raise truncated(path, f"its header announces {header.rows} rows, {rows} can be read")
    if header.version < FIRST_IN_TAGS:
        _check_labels(path, meta)
    return assemble(
        path,
        [_column(name, columns[name], meta) for name in meta.column_names],
        claimed="utf-8" if header.version >= FIRST_IN_UTF_8 else "cp1252",
        stated=encoding,
        file_label=meta.file_label or "",
    )


def _header(path: Path, data: bytes) -> _Header:
    if data.startswith(FIRST_TAG[:11]):
        return _tagged_header(path, data)
    if data[0] not in OLD_VERSIONS or len(data) < OLD_HEADER_BYTES or data[1] not in (1, 2):
        raise foreign(path, "not_stata", "a Stata file", data)
    order = ">" if data[1] == 1 else "<"
    return _Header(data[0], struct.unpack_from(f"{order}i", data, 6)[0])


def _tagged_header(path: Path, data: bytes) -> _Header:
    found = re.match(
        rb"<stata_dta><header><release>([0-9]{3})</release><byteorder>(LSF|MSF)</byteorder><K>", data
    )
    if found is None:
        raise truncated(path, "is cut off or damaged: its header does not end")
    version, order = int(found[1]), ">" if found[2] == b"MSF" else "<"
    if version > NEWEST_VERSION:
        raise unreadable(
            path,
            "newer_format",
            f"is of Stata's format {version}, and {NEWEST_VERSION} is the newest that can be read",
            "ask the supplier to save it with `saveold …, version(14)`",
        )
    if not data.rstrip(b"\n\0 ").endswith(LAST_TAG):
        raise truncated(path, "is cut off: its last tag is not there")
    at = found.end() + (2 if version < NEWEST_VERSION else 4) + len(b"</K><N>")
    kind = "i" if version == FIRST_IN_TAGS else "q"
    return _Header(version, struct.unpack_from(f"{order}{kind}", data, at)[0])


def _parse(path: Path) -> tuple[dict[str, Any], Any]:
    import pyreadstat

    try:
        return pyreadstat.read_dta(
            str(path),
            encoding=ONE_CHARACTER_A_BYTE,
            user_missing=True,
            disable_datetime_conversion=True,
            output_format="dict",
        )
    except MemoryError:
        raise  # for the limits on the reading process to explain
    except Exception as error:
        # On damage the library stumbles over its own values in any way there is.
        said = str(error) if isinstance(error, pyreadstat.ReadstatError) else type(error).__name__
        raise truncated(path, f"is cut off or damaged ({said})") from None


def _check_labels(path: Path, meta: Any) -> None:
    """Labels come last in an older file: one that is cut off after its answers has fewer than it names."""
    lacking = {name for name in (meta.variable_to_label or {}).values() if name not in meta.value_labels}
    if lacking:
        raise truncated(
            path,
            f"is cut off: {len(lacking)} of the sets of value labels that its variables name are not in it",
        )


def _column(name: str, answers: Any, meta: Any) -> RawColumn:
    is_numeric = meta.readstat_variable_types.get(name) != "string"
    letters = meta.missing_user_values.get(name) or [] if is_numeric else []
    labels = without_none(meta.variable_value_labels.get(name) or {})
    labelled = [code for code in labels if isinstance(code, str)] if is_numeric else []
    return RawColumn(
        name or "",
        meta.column_names_to_labels.get(name) or "",
        is_numeric,
        answers,
        0 if is_numeric else _width(meta.original_variable_types.get(name)),
        meta.original_variable_types.get(name) or "",
        labels=labels,
        missings=sorted({*letters, *labelled}),
    )


def _width(written: str | None) -> int:
    """Bytes that ``%-9s`` has room for."""
    found = re.fullmatch(r"%-?([0-9]+)s", written or "")
    return int(found[1]) if found else 0
