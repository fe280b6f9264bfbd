"""What a file holds, as sorted lines that two readers can be compared by: hashes of them are what is stored.

Lines are tuples of text: ``variable``, ``value``, ``missing``, ``cell`` and ``set``. ``digest`` keeps counts and
hashes only, so that nothing of the files themselves is copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from orchestration.deliveries.source_table import NUMERIC, SourceTable, declared_parts

ZOO = Path(__file__).resolve().parents[3].parent / "shared" / "zoo"
EXPECTED = Path(__file__).parent
SUFFIXES = (".sav", ".zsav", ".por", ".dta")

Line = tuple[str, ...]


def zoo_files() -> list[Path]:
    """Every file of the zoo, by its path."""
    return sorted(path for path in ZOO.rglob("*") if path.suffix in SUFFIXES) if ZOO.is_dir() else []


def expected_path(file: Path) -> Path:
    """Where the expected values of a file of the zoo stand."""
    return EXPECTED / ("__".join(file.relative_to(ZOO).parts) + ".json")


def digits_of(file: Path) -> int:
    """Figures by which numbers are compared: other readers of .por lose the last ones in base thirty."""
    return 12 if file.suffix == ".por" else 15


def number(value: float, digits: int) -> str:
    """As ``printf`` writes it."""
    return f"{value:.{digits}g}"


def lines_of(table: SourceTable, digits: int) -> list[Line]:
    """The lines of what our readers return."""
    lines: list[Line] = [("shape", str(table.frame.shape[0]), str(table.frame.shape[1]))]
    for variable in table.variables:
        name, is_numeric = variable.variable_name, variable.storage_type == NUMERIC
        lines.append(
            ("variable", str(variable.position), name, variable.storage_type, variable.variable_label)
        )
        for part in declared_parts(variable.missing_declaration, is_numeric):
            lines.append(("missing", name, _canonical(part, is_numeric, digits)))
        reasons = table.missing_reasons.get(name, {})
        for row, cell in enumerate(table.frame[name].tolist(), start=1):
            if row in reasons:
                lines.append(("cell", name, str(row), reasons[row]))
            elif is_numeric and cell == cell:
                lines.append(("cell", name, str(row), number(cell, digits)))
            elif isinstance(cell, str):
                lines.append(("cell", name, str(row), cell))
    numeric = {one.variable_name for one in table.variables if one.storage_type == NUMERIC}
    lines += [
        (
            "value",
            one.variable_name,
            _canonical(one.code, one.variable_name in numeric, digits),
            one.value_label,
        )
        for one in table.values
        if one.value_label
    ]
    lines += [
        ("set", one.name, one.kind, one.label, one.counted_value, *one.variables)
        for one in table.response_sets
    ]
    return lines


def by_position(lines: Iterable[Line], names: Sequence[str]) -> list[Line]:
    """Cells and missing declarations with the position of their variable in place of its name."""
    places = {name: str(place) for place, name in enumerate(names, start=1)}
    return [
        (line[0], places[line[1]], *line[2:]) if line[0] in ("cell", "missing") else line for line in lines
    ]


def digest(lines: Iterable[Line], kinds: Iterable[str]) -> dict[str, dict[str, str | int]]:
    """Number of the lines of each kind, and the hash of them in sorted order."""
    found: dict[str, dict[str, str | int]] = {}
    of_kind: dict[str, list[Line]] = {kind: [] for kind in kinds}
    for line in lines:
        if line[0] in of_kind:
            of_kind[line[0]].append(line)
    for kind, some in of_kind.items():
        text = "\n".join("\t".join(line) for line in sorted(some))
        found[kind] = {"lines": len(some), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return found


def _canonical(code: str, is_numeric: bool, digits: int) -> str:
    if not is_numeric or (code[:1] == "." and code[1:].isalpha()):
        return code
    parts = code.split("..") if ".." in code else [code]
    return "..".join(part if "inf" in part else number(float(part), digits) for part in parts)
