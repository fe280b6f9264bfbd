"""Readers of other makers, that say what a mutated file holds when ours accepts it.

PSPP reads .sav, .zsav and .por with a parser of its own and writes what it understood as a clean .sav; pandas has
a CSV parser in C and one for .dta; calamine reads workbooks in Rust.
"""

from __future__ import annotations

import io
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestration.deliveries.readers.system_file import read_sav
from orchestration.deliveries.source_table import NUMERIC, SourceTable

PSPP_SECONDS = 120


def pspp_tables(pspp: str, files: Sequence[tuple[Path, SourceTable]]) -> list[SourceTable | None]:
    """What PSPP makes of each file; ``None`` where it refuses one, or crashes on it."""
    clean = [path.with_name(f"{path.stem}.clean.sav") for path, _ in files]
    at = 0
    while at < len(files):
        syntax = "".join(
            f"NEW FILE.\n{_get(path, table)}SAVE OUTFILE='{target}'.\n"
            for (path, table), target in zip(files[at:], clean[at:], strict=True)
        )
        done = _run(pspp, syntax)
        written = [index for index in range(at, len(files)) if clean[index].exists()]
        if done:
            break
        # PSPP itself ended; everything behind the file on which it did is still to come.
        at = (written[-1] + 1 if written and written[-1] >= at else at) + 1
    tables: list[SourceTable | None] = []
    for target in clean:
        try:
            tables.append(read_sav(target) if target.exists() else None)
        except Exception:
            tables.append(None)
        target.unlink(missing_ok=True)
    return tables


def _get(path: Path, table: SourceTable) -> str:
    encoding = {"cp1252": "windows-1252"}.get(table.encoding.lower(), table.encoding)
    if path.suffix == ".por":
        return f"IMPORT FILE='{path}'.\n"
    return f"GET FILE='{path}'{f' ENCODING={encoding!r}' if encoding else ''}.\n"


def _run(pspp: str, syntax: str) -> bool:
    try:
        done = subprocess.run(
            [pspp, "-O", "format=txt", "-o", "/dev/null", "-"],
            input=syntax.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PSPP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode >= 0


def cells_of_csv(data: bytes, table: SourceTable, delimiter: str) -> list[list[str]] | None:
    """The cells of delimited text according to pandas' parser in C, the header first."""
    import pandas as pd

    try:
        frame = pd.read_csv(
            io.BytesIO(data),
            sep=delimiter,
            header=None,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skip_blank_lines=True,
            engine="c",
        )
    except Exception:
        return None
    return frame.to_numpy().tolist()


def cells_of_workbook(data: bytes, sheet: str | None = None) -> list[list[Any]] | None:
    """The cells of the only sheet according to calamine; formulas are their results there."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except BaseException:
        return None


def differences(one: SourceTable, other: SourceTable, by_name: bool = True) -> list[str]:
    """Where two tables are not the same, as short texts without values: cells, codes, labels, declarations."""
    if one.frame.shape != other.frame.shape:
        return [f"shape {one.frame.shape} and {other.frame.shape}"]
    found: list[str] = []
    for mine, theirs in zip(one.variables, other.variables, strict=True):
        if by_name and mine.variable_name != theirs.variable_name:
            found.append("name")
        if mine.storage_type != theirs.storage_type:
            found.append("type")
            continue
        if mine.variable_label != theirs.variable_label:
            found.append("variable label")
        if _declared(mine.missing_declaration) != _declared(theirs.missing_declaration):
            found.append("declaration")
        first, second = one.frame[mine.variable_name], other.frame[theirs.variable_name]
        unlike = sum(
            not _same(a, b, mine.storage_type == NUMERIC)
            for a, b in zip(first.tolist(), second.tolist(), strict=True)
        )
        found += ["cell"] * unlike
        found += ["value label"] * len(_labels(one, mine.variable_name) ^ _labels(other, theirs.variable_name))
    return found


def _same(one: Any, other: Any, is_number: bool) -> bool:
    if is_number:
        return one == other or (math.isnan(one) and math.isnan(other))
    return (one or "") == (other or "")


def _declared(text: str) -> set[str]:
    return set(text.split("|"))


def _labels(table: SourceTable, name: str) -> set[tuple[str, str]]:
    return {(v.code, v.value_label) for v in table.values if v.variable_name == name and v.value_label}
