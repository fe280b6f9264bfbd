"""Makes the expected values of the zoo anew: ``python tests/conformance/zoo/derive.py``, from the project's root.

They come from R's haven (all of them) and from PSPP (cells, missing declarations and response sets of SPSS files),
never from the library that the readers use. Needs ``Rscript`` with haven, and ``pspp``.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from zoo_listing import Line, digest, expected_path, number, zoo_files

HAVEN_KINDS = ("shape", "variable", "value", "missing", "cell")
PSPP_KINDS = ("missing", "cell", "set")
PSPP_DIGITS = 12
"""PSPP writes a number with sixteen figures, which may differ in the last of them."""
CELLS_APART = {
    "tegulu.sav": "a character is cut through at the end of an answer; PSPP puts signs in its place",
    "sample100.por": "PSPP leaves what it read before behind a text that is shorter than its variable is wide",
}
"""Files of which PSPP's cells are not the judge, and why; haven's are."""
UTF_8 = {**os.environ, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


def from_haven(file: Path) -> list[Line] | None:
    """The lines of a file as haven reads it; ``None`` when it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "lines.tsv"
        script = Path(__file__).with_name("list_file.R")
        done = subprocess.run(["Rscript", str(script), str(file), str(out)], capture_output=True, env=UTF_8)
        if done.returncode:
            return None
        text = out.read_bytes().decode("utf-8", "surrogateescape")
    return [tuple(map(_plain, line.split("\t"))) for line in text.splitlines() if line]


def from_pspp(file: Path) -> list[Line] | None:
    """Cells, missing declarations and response sets of an SPSS file as PSPP reads it."""
    tables = _pspp(file, ["DISPLAY DICTIONARY.", "MRSETS /DISPLAY NAME=ALL."])
    if not tables or "Variables" not in tables:
        return None
    variables = tables["Variables"]
    numeric = {row["Name"] for row in variables if not re.match(r"A[0-9]|AHEX", row["Print Format"])}
    lines: list[Line] = []
    # By position: PSPP writes names without a long form in small letters, and makes some up.
    for position, row in enumerate(variables, start=1):
        for part in filter(None, row.get("Missing Values", "").split("; ")):
            lines.append(("missing", str(position), _declared(part)))
    for row in tables.get("Multiple Response Sets", []):
        kind = {"Dichotomies": "dichotomy", "Categories": "category"}[row["Encoding"]]
        members = row["Member Variables"].split("\n")
        lines.append(
            ("set", row["Name"].removeprefix("$"), kind, row["Label"], row["Counted Value"], *members)
        )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cells.csv"
        formats = [f"FORMATS {name} (E25.16)." for name in sorted(numeric)]
        _pspp(file, [*formats, f"SAVE TRANSLATE /TYPE=CSV /OUTFILE='{out}' /MISSING=IGNORE /CELLS=VALUES "
                     "/TEXTOPTIONS FORMAT=VARIABLE."])  # fmt: skip
        with out.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            for place, cells in enumerate(csv.reader(stream), start=1):
                for position, (row, cell) in enumerate(zip(variables, cells, strict=True), start=1):
                    if not cell.strip():
                        continue
                    is_number = row["Name"] in numeric
                    text = number(float(cell), PSPP_DIGITS) if is_number else cell.rstrip(" ")
                    lines.append(("cell", str(position), str(place), text))
    return lines


def _pspp(file: Path, commands: list[str]) -> dict[str, list[dict[str, str]]]:
    verb = "IMPORT" if file.suffix == ".por" else "GET"
    with tempfile.TemporaryDirectory() as folder:
        syntax, out = Path(folder) / "a.sps", Path(folder) / "a.csv"
        syntax.write_text("\n".join([f"{verb} FILE='{file}'.", *commands]) + "\n", encoding="utf-8")
        subprocess.run(
            ["pspp", "-O", "format=csv", "-o", str(out), str(syntax)], capture_output=True, env=UTF_8
        )
        text = out.read_text(encoding="utf-8", errors="surrogateescape") if out.is_file() else ""
    tables: dict[str, list[dict[str, str]]] = {}
    for block in re.split(r"^Table: ", text, flags=re.MULTILINE)[1:]:
        title, _, body = block.partition("\n")
        rows = list(csv.reader(body.split("\n\n")[0].splitlines(keepends=True)))
        if rows:
            tables[title] = [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
    return tables


def _declared(part: str) -> str:
    if part.startswith('"'):
        return part.strip('"').rstrip(" ")
    low, sign, high = part.partition(" THRU ")
    bounds = [{"LOWEST": "-inf", "HIGHEST": "inf"}.get(one, one) for one in (low, high)]
    plain = [one if "inf" in one else number(float(one), PSPP_DIGITS) for one in bounds if one]
    return "..".join(plain) if sign else plain[0]


def _plain(text: str) -> str:
    """Without the escapes of ``list_file.R``."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), text)


def main() -> None:
    """Write one JSON file of counts and hashes per file of the zoo."""
    for file in zoo_files():
        haven, pspp = from_haven(file), from_pspp(file) if file.suffix != ".dta" else None
        kinds = [kind for kind in PSPP_KINDS if kind != "cell" or file.name not in CELLS_APART]
        found = {
            "haven": digest(haven, HAVEN_KINDS) if haven is not None else "refused",
            "pspp": digest(pspp, kinds) if pspp is not None else "refused",
        }
        expected_path(file).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(file.name, len(haven or ()), len(pspp or ()))


if __name__ == "__main__":
    main()
