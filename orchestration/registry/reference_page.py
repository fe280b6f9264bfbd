"""The tables of docs/reference/registry.md, made from the schema: `python -m` this module writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from orchestration.registry.csv_text import csv_line
from orchestration.registry.declaration import Column, Table
from orchestration.registry.schema import TABLES

BEGIN = "<!-- made from the declared schema: begin -->"
END = "<!-- made from the declared schema: end -->"
PAGE = "docs/reference/registry.md"


def registry_tables() -> str:
    """Markdown with a section per file: grain, key, columns, and an example row."""
    lines: list[str] = []
    folder = ""
    for table in TABLES.values():
        if table.folder != folder:
            folder = table.folder
            lines += [f"## {folder}/", ""]
        lines += [*_section(table), ""]
    return "\n".join(lines).rstrip() + "\n"


def fill_page(page: str, content: str) -> str:
    """The page with ``content`` between its two markers. Raises ``ValueError`` when a marker is absent."""
    before, found_begin, rest = page.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found_begin or not found_end:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{content}\n{END}{after}"


def _section(table: Table) -> Iterator[str]:
    yield f"### {table.path}"
    yield ""
    key = (
        f"Key: {', '.join(f'`{name}`' for name in table.key)}."
        if table.key
        else "No key; the file may be absent."
    )
    yield f"{table.grain[:1].upper()}{table.grain[1:]}. {key}"
    yield ""
    yield "| column | type | may be empty | values | meaning |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        cells = (
            f"`{column.name}`",
            column.value_type,
            "" if column.required else "yes",
            _values(column),
            column.description,
        )
        yield table_row(cells)
    yield ""
    yield "```csv"
    yield ",".join(table.column_names)
    yield csv_line([column.example for column in table.columns])
    yield "```"


def _values(column: Column) -> str:
    if column.allowed:
        return " · ".join(f"`{value}`" for value in column.allowed)
    return f"in `{column.references}`" if column.references else ""


def table_row(cells: Iterable[str]) -> str:
    """One row of a Markdown table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> None:
    """Write the tables into the page of this checkout."""
    path = Path(__file__).resolve().parents[2] / PAGE
    path.write_text(fill_page(path.read_text(encoding="utf-8"), registry_tables()), encoding="utf-8")


if __name__ == "__main__":
    main()
