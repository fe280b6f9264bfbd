"""Readers of other makers, that say what a mutated file holds when ours accepts it.

PSPP reads .sav, .zsav and .por with a parser of its own and writes what it understood as a clean .sav; pandas has
a CSV parser in C and one for .dta; calamine reads workbooks in Rust.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import subprocess
import warnings
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
        _run(pspp, syntax)
        # PSPP stops at the first file that it refuses, or on which it crashes: the rest is for another process.
        written = [index for index in range(at, len(files)) if clean[index].exists()]
        at = (written[-1] + 1 if written else at) + 1
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


def _run(pspp: str, syntax: str) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [pspp, "-O", "format=txt", "-o", "/dev/null", "-"],
            input=syntax.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            timeout=PSPP_SECONDS,
            check=False,
        )


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
            encoding_errors="replace",
            skip_blank_lines=True,
            engine="c",
        )
    except Exception:
        return None
    return frame.to_numpy().tolist()


def stata_differences(data: bytes, table: SourceTable) -> list[str]:
    """Where pandas' parser of Stata files, which is its own, reads something else: cells with the reasons of missing
    ones, names, labels."""
    import pandas as pd

    try:
        warnings.simplefilter("ignore", UnicodeWarning)
        with pd.io.stata.StataReader(
            io.BytesIO(data),
            convert_dates=False,
            convert_categoricals=False,
            convert_missing=True,
            preserve_dtypes=False,
        ) as reader:
            frame, labels = reader.read(), reader.variable_labels()
    except Exception:
        return ["refused"]
    if frame.shape != table.frame.shape:
        return [f"shape {table.frame.shape} and {frame.shape}"]
    found: list[str] = []
    for position, variable in enumerate(table.variables):
        name = variable.variable_name
        found += [] if same_text(name, frame.columns[position]) else ["name"]
        found += (
            []
            if same_text(variable.variable_label, labels[frame.columns[position]].rstrip())
            else ["variable label"]
        )
        reasons = table.missing_reasons.get(name, {})
        for row, (ours, theirs) in enumerate(
            zip(table.frame[name].tolist(), frame.iloc[:, position].tolist(), strict=True), start=1
        ):
            if variable.storage_type != NUMERIC:
                found += [] if same_text(ours, str(theirs).rstrip()) else ["cell"]
            elif isinstance(theirs, str):
                found.append("type")
            else:
                told = getattr(theirs, "string", None) or ("." if theirs != theirs else float(theirs))
                mine = reasons.get(row, ".") if ours != ours else ours
                found += [] if mine == told else ["cell"]
    return found


def cells_of_workbook(data: bytes, sheet: str | None = None) -> list[list[Any]] | None:
    """The cells of the only sheet according to calamine; formulas are their results there."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except BaseException:
        return None


def differences(one: SourceTable, other: SourceTable, is_portable: bool = False) -> list[str]:
    """Where two tables are not the same, as short texts without values: cells, codes, labels, declarations.

    Two habits of PSPP are allowed for: it writes ``?`` where text does not decode, and in a portable file it loses
    the last digit of fractions and leaves what was in memory behind strings that are shorter than their width.
    """
    if one.frame.shape != other.frame.shape:
        return [f"shape {one.frame.shape} and {other.frame.shape}"]
    found: list[str] = []
    for mine, theirs in zip(one.variables, other.variables, strict=True):
        if not _same_name(mine.variable_name, theirs.variable_name):
            found.append("name")
        if mine.storage_type != theirs.storage_type:
            found.append("type")
            continue
        if not same_text(mine.variable_label, theirs.variable_label):
            found.append("variable label")
        if _declared(mine.missing_declaration) != _declared(theirs.missing_declaration):
            found.append("declaration")
        same = (
            (_same_number if mine.storage_type == NUMERIC else same_text)
            if not is_portable
            else (_near if mine.storage_type == NUMERIC else _begins)
        )
        first, second = one.frame[mine.variable_name], other.frame[theirs.variable_name]
        found += ["cell" for a, b in zip(first.tolist(), second.tolist(), strict=True) if not same(a, b)]
        ours, labels = _labels(one, mine.variable_name), _labels(other, theirs.variable_name)
        for code in ours.keys() | labels.keys():
            if not same_text(ours.get(code), labels.get(code)):
                found.append("value label")
    return found


def _same_number(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def _near(one: float, other: float) -> bool:
    return _same_number(one, other) or math.isclose(one, other, rel_tol=1e-13)


def same_text(one: str | None, other: str | None) -> bool:
    """Whether both are the same text. What is not printable ASCII counts as one unknown character: what damaged
    bytes stand for is a matter of taste, and PSPP writes ``?``."""
    one, other = one or "", other or ""
    return one == other or _skeleton(one) == _skeleton(other)


def _same_name(one: str, other: str) -> bool:
    """PSPP writes a name in lower case where the file has short names only, and replaces one that it dislikes."""
    return same_text(one.casefold(), other.casefold()) or re.fullmatch(r"VAR[0-9]+", other) is not None


def _skeleton(text: str) -> str:
    return re.sub(r"[^ ->@-~]+", "?", text).replace("??", "?").rstrip("? ")


def _begins(one: str | None, other: str | None) -> bool:
    return same_text(one, other) or _skeleton(other or "").startswith(_skeleton(one or ""))


def _declared(text: str) -> set[str]:
    return set(text.split("|"))


def _labels(table: SourceTable, name: str) -> dict[str, str]:
    return {v.code: v.value_label for v in table.values if v.variable_name == name and v.value_label}
