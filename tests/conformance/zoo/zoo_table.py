"""Prints what became of each file of the zoo: ``python tests/conformance/zoo/zoo_table.py``."""

from __future__ import annotations

from pathlib import Path

from zoo_listing import zoo_files

from orchestration.deliveries import DeliveryProblems, SourceTable, read_source
from orchestration.deliveries.manifest import DeliveredFile


def read(file: Path) -> SourceTable:
    """A file of the zoo, read as a delivery is."""
    entry = DeliveredFile(
        file_id="zoo",
        version=1,
        path=file.name,
        instrument="zoo",
        format=file.suffix.removeprefix("."),
        respondent_id=None,
    )
    return read_source(file.parent, entry)


def zoo_table() -> list[tuple[str, ...]]:
    """File, rows × columns, outcome, encoding, labels and answers repaired, missing declarations, sets."""
    rows = []
    for file in zoo_files():
        try:
            table = read(file)
        except DeliveryProblems as found:
            rows.append((file.name, "", found.problems[0].kind, "", "", "", "", ""))
            continue
        counts = table.text_counts
        labels = counts.value_labels_repaired + counts.variable_labels_repaired
        answers = counts.answers_repaired + counts.answers_damaged
        declared = sum(1 for variable in table.variables if variable.missing_declaration)
        rows.append(
            (
                file.name,
                f"{table.frame.shape[0]} × {table.frame.shape[1]}",
                "lands",
                table.encoding,
                str(labels),
                str(answers),
                str(declared),
                str(len(table.response_sets)),
            )
        )
    return rows


def main() -> None:
    """Print the table in columns."""
    head = ("file", "rows × columns", "outcome", "encoding", "labels", "answers", "missing", "sets")
    rows = [head, *zoo_table()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
