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
SHORT_NAME = 8
"""Signs of the name that every variable of an SPSS file has besides its long one."""


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

    def read(reasons: bool) -> tuple[Any, dict[str, str]]:
        with pd.io.stata.StataReader(
            io.BytesIO(data),
            convert_dates=False,
            convert_categoricals=False,
            convert_missing=reasons,
            preserve_dtypes=False,
        ) as reader:
            return reader.read(), reader.variable_labels()

    has_reasons = True
    try:
        warnings.simplefilter("ignore", UnicodeWarning)
        try:
            frame, labels = read(reasons=True)
        except KeyError:
            # A number that is larger than any of Stata's, and none of its reasons: missing, and pandas has no word
            # for it. Without reasons it reads on.
            (frame, labels), has_reasons = read(reasons=False), False
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
                mine = ours if ours == ours else reasons.get(row, ".") if has_reasons else "."
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

    Habits of PSPP are allowed for: it writes ``?`` where text does not decode. In a portable file it loses the last
    digit of fractions, leaves what was in memory behind strings that are shorter than their width, and ends a text
    at the first sign that no portable file can have.
    """
    alike = _label_in_portable if is_portable else same_text
    if one.frame.shape != other.frame.shape:
        return [f"shape {one.frame.shape} and {other.frame.shape}"]
    found: list[str] = []
    for mine, theirs in zip(one.variables, other.variables, strict=True):
        if not _same_name(mine.variable_name, theirs.variable_name):
            found.append("name")
        if mine.storage_type != theirs.storage_type:
            found.append("type")
            continue
        if not alike(mine.variable_label, theirs.variable_label):
            found.append("variable label")
        cuts = is_portable and mine.storage_type != NUMERIC
        if _declared(mine.missing_declaration, cuts) != _declared(theirs.missing_declaration, cuts):
            found.append("declaration")
        if mine.storage_type == NUMERIC:
            same = _near if is_portable else _same_number
        else:
            same = _cell_in_portable if is_portable else same_text
        first, second = one.frame[mine.variable_name], other.frame[theirs.variable_name]
        found += ["cell" for a, b in zip(first.tolist(), second.tolist(), strict=True) if not same(a, b)]
        ours, labels = _labels(one, mine.variable_name), _labels(other, theirs.variable_name)
        if is_portable and mine.storage_type != NUMERIC:
            ours = {_of_portable(code): label for code, label in ours.items()}
        for code in ours.keys() | labels.keys():
            if not alike(ours.get(code), labels.get(code)):
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
    """PSPP writes a name in lower case where the file has short names only, and replaces one that it dislikes: by a
    number, or by the short name; that of a name which SPSS does not allow cannot be known."""
    is_allowed = re.fullmatch(r"[^\W\d_][\w.@#$]*|[@#$][\w.@#$]*", one) is not None
    return (
        same_text(one.casefold(), other.casefold())
        or re.fullmatch(r"VAR[0-9]+", other) is not None
        or (not is_allowed and len(other) <= SHORT_NAME)
    )


def _skeleton(text: str) -> str:
    return re.sub(r"[^ ->@-~]+", "?", text).replace("??", "?").rstrip("? ")


def _label_in_portable(one: str | None, other: str | None) -> bool:
    is_cut = one is not None and not one.isascii() and _of_portable(one) == (other or "").rstrip(" ")
    return same_text(one, other) or is_cut


def _cell_in_portable(one: str | None, other: str | None) -> bool:
    # What was in memory stands behind an empty text too: the judge cannot tell one that we lost.
    has_remains = _skeleton(other or "").startswith(_skeleton(one or ""))
    return has_remains or _label_in_portable(one, other)


def _of_portable(text: str) -> str:
    return re.split(r"[^ -~]", text, maxsplit=1)[0].rstrip(" ")


def _declared(text: str, cuts: bool = False) -> set[str]:
    return {_of_portable(code) if cuts else code for code in text.split("|")}


def _labels(table: SourceTable, name: str) -> dict[str, str]:
    return {v.code: v.value_label for v in table.values if v.variable_name == name and v.value_label}
