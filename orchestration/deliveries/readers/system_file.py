"""SPSS system files: ``.sav`` and ``.zsav``."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from orchestration.deliveries.file_faults import foreign, read_bytes, truncated, unreadable
from orchestration.deliveries.problems import DeliveryProblems
from orchestration.deliveries.readers.dictionary import RawColumn, assemble, without_none
from orchestration.deliveries.readers.system_cases import check_compression, whole_rows
from orchestration.deliveries.readers.system_dictionary import (
    HEADER_BYTES,
    SystemDictionary,
    scan_dictionary,
)
from orchestration.deliveries.source_table import ResponseSet, SourceTable

MAGIC = (b"$FL2", b"$FL3")
ENCRYPTED = b"ENCRYPTEDSAV"
ONE_CHARACTER_A_BYTE = "LATIN1"
"""What pyreadstat is told that every file is in: it then hands over each byte as the character of that number,
stumbles over none, and the text is decoded afterwards, string by string."""


def read_sav(path: Path, encoding: str | None = None) -> SourceTable:
    """Read a ``.sav`` or ``.zsav`` file; user-missing codes are kept as values, dates as raw numbers.

    ``encoding`` overrules what the file says. Raises ``DeliveryProblems`` (exit code 2) for a file that is
    absent, encrypted, truncated or not SPSS, and when it holds fewer rows than its header says.
    """
    data = read_bytes(path)
    _check_magic(path, data)
    try:
        dictionary = scan_dictionary(data)
    except (ValueError, IndexError, struct.error) as error:
        raise truncated(path, f"is cut off or damaged: {error}") from None
    _check_length(path, data, dictionary)
    columns, meta = _parse(path)
    rows = len(next(iter(columns.values()))) if columns else 0
    if dictionary.rows >= 0 and rows != dictionary.rows:
        raise truncated(path, f"its header announces {dictionary.rows} rows, {rows} can be read")
    if len(meta.column_names) != len(dictionary.variables):
        raise truncated(path, "is damaged: its variables do not fit together")
    return assemble(
        path,
        [
            _column(path, name, variable, columns[name], meta)
            for name, variable in zip(meta.column_names, dictionary.variables, strict=True)
        ],
        claimed=dictionary.claimed_encoding,
        stated=encoding,
        file_label=meta.file_label or "",
        sets=_response_sets(dictionary, meta.column_names),
        weight=_weight(dictionary, meta.column_names),
    )


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


def _check_length(path: Path, data: bytes, dictionary: SystemDictionary) -> None:
    """The rows are counted apart from reading them: a reader believes a header that announces too few."""
    order = "<" if struct.unpack("<i", data[64:68])[0] in (2, 3) else ">"
    try:
        check_compression(data, dictionary, order)
        whole, is_whole = whole_rows(data, dictionary, order)
    except ValueError as error:
        raise truncated(path, f"is cut off or damaged: {error}") from None
    if not is_whole or dictionary.rows not in (-1, whole):
        announced = f"{dictionary.rows} rows" if dictionary.rows >= 0 else "whole rows"
        raise truncated(
            path, f"is cut off or damaged: its header announces {announced}, and it holds {whole}"
        )


def _parse(path: Path) -> tuple[dict[str, Any], Any]:
    import pyreadstat

    try:
        return pyreadstat.read_sav(
            str(path),
            encoding=ONE_CHARACTER_A_BYTE,
            user_missing=True,
            disable_datetime_conversion=True,
            output_format="dict",
        )
    except pyreadstat.ReadstatError as error:
        raise _refusal(path, str(error)) from None
    except MemoryError:
        raise  # for the limits on the reading process to explain
    except Exception as error:
        # On damage the library stumbles over its own values in any way there is.
        raise truncated(path, f"is cut off or damaged ({type(error).__name__})") from None


def _column(path: Path, name: str, variable: Any, answers: Any, meta: Any) -> RawColumn:
    is_numeric = meta.readstat_variable_types.get(name) != "string"
    measure = meta.variable_measure.get(name) or ""
    return RawColumn(
        name or "",
        meta.column_names_to_labels.get(name) or "",
        is_numeric,
        answers,
        variable.width,
        meta.original_variable_types.get(name) or "",
        "" if measure == "unknown" else measure,
        _labels(path, variable.width, meta.variable_value_labels.get(name) or {}),
        [value if is_numeric else value.decode("latin-1") for value in variable.missings],
        variable.missing_range,
    )


def _labels(path: Path, width: int, labels: dict[Any, str]) -> dict[Any, str]:
    """Labels by code. A code of a short text fills eight bytes, and what is behind the width is none of it."""
    found = {
        code[:width].rstrip(" ") if isinstance(code, str) else code: label
        for code, label in without_none(labels).items()
    }
    if len(found) < len(labels):
        raise truncated(path, "is damaged: two labels of a variable are for the same code")
    return found


def _response_sets(dictionary: SystemDictionary, names: list[str]) -> list[ResponseSet]:
    """Sets with their variables by the names that the file's other records give them."""
    found = {}
    known: dict[bytes, str] = {}
    for name, variable in zip(names, dictionary.variables, strict=True):
        known[variable.name.upper()] = name
    for name, variable in zip(names, dictionary.variables, strict=True):
        known[variable.short_name.upper()] = name
    for raw in dictionary.sets:
        members = [known[member.upper()] for member in raw.variables if member.upper() in known]
        if members:
            name = raw.name.decode("latin-1")
            found[name] = ResponseSet(
                name,
                raw.label.decode("latin-1"),
                "dichotomy" if raw.is_dichotomy else "category",
                raw.counted_value.decode("latin-1"),
                tuple(members),
            )
    return list(found.values())


def _weight(dictionary: SystemDictionary, names: list[str]) -> str:
    for name, variable in zip(names, dictionary.variables, strict=True):
        if dictionary.weight is not None and variable.name == dictionary.weight:
            return name
    return ""


def _refusal(path: Path, said: str) -> DeliveryProblems:
    if "number of rows" in said or "Unable to read" in said:
        return truncated(path, "ends before its last row: the file is cut off")
    return unreadable(
        path,
        "damaged_file",
        f"is cut off or damaged ({said})",
        "ask the supplier for the file again and compare its size and hash with theirs",
    )
