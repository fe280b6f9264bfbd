"""The second reading of a CSV delivery: Arrow's parser instead of Python's, and the codebook through it as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.deliveries.header_line import seen_delimiter
from orchestration.deliveries.second_reading.number_cells import code_as_written
from orchestration.deliveries.second_reading.second_table import CannotReadAgain, SecondColumn, SecondTable
from orchestration.deliveries.second_reading.text_blocks import header_and_blocks

READER = "Arrow"
MISSING_WORDS = ("true", "1", "ja", "yes")


def read_text_again(
    path: Path, delimiter: str, decimal: str, encoding: str | None, codebook: Path | None = None
) -> SecondTable:
    """The cells of a CSV file as text, and what its codebook says. Raises ``CannotReadAgain``."""
    names, blocks = header_and_blocks(path, delimiter, encoding)
    columns = [SecondColumn(name) for name in names]
    if codebook is not None:
        columns = described(columns, codebook_rows(codebook, encoding), decimal)
    return SecondTable(READER, columns, blocks, decimal)


def codebook_rows(path: Path, encoding: str | None) -> list[list[str]]:
    """Rows of a codebook file, its names first. UTF-8 comes before ``encoding``, which is that of the answers."""
    data = path.read_bytes()
    try:
        data.decode("utf-8")
        encoding = None
    except UnicodeDecodeError:
        pass
    first_line = data.splitlines()[0] if data else b""
    delimiter = seen_delimiter(first_line.decode("latin-1"))
    names, blocks = header_and_blocks(path, delimiter, encoding)
    rows = [names]
    for block in blocks():
        rows += [
            [str(cells.contents[place] or "") for cells, place in zip(block, places, strict=True)]
            for places in zip(*(cells.index for cells in block), strict=True)
        ]
    return rows


@dataclass
class _Described:
    label: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def described(
    columns: Sequence[SecondColumn], rows: Iterable[Sequence[str]], decimal: str
) -> list[SecondColumn]:
    """The same columns with the labels and declarations of a codebook's rows."""
    table = [[cell.strip() for cell in row] for row in rows]
    header = table[0] if table else []
    if "variable" not in header or "code" not in header:
        raise CannotReadAgain("its codebook has no columns `variable` and `code`")
    found: dict[str, _Described] = {}
    for row in table[1:]:
        fields = dict(zip(header, row, strict=False))
        if not fields.get("variable"):
            continue
        entry = found.setdefault(fields["variable"], _Described())
        entry.label = fields.get("variable_label", "") or entry.label
        if code := code_as_written(fields.get("code", ""), decimal):
            if fields.get("label"):
                entry.labels[code] = fields["label"]
            if fields.get("is_missing", "").casefold() in MISSING_WORDS:
                entry.missing.append(code)
    return [
        replace(
            column,
            variable_label=entry.label,
            value_labels=entry.labels,
            missing=tuple(entry.missing),
        )
        for column in columns
        for entry in (found.get(column.name, _Described()),)
    ]
