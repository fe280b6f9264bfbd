"""The tables of docs/reference/corrections.md, made from the records: `python -m` this module writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from orchestration.deliveries.corrections.records import ACTIONS, Action, Condition, Correction, Expect
from orchestration.registry.reference_page import fill_page, table_row

PAGE = "docs/reference/corrections.md"
SECTIONS = (
    ("Each record of `corrections`", Correction),
    ("Each condition of `match`", Condition),
    ("The guards under `expect`", Expect),
)


def correction_tables() -> str:
    """Markdown with a table of keys for a record, its parts, and each kind of action."""
    lines: list[str] = []
    for title, model in SECTIONS:
        lines += [f"## {title}", "", *_rows(dict(model.model_fields)), ""]
    lines += ["## The kinds of `action`", ""]
    for kind, model in ACTIONS.items():
        lines += [f"### {kind}", "", f"{(model.__doc__ or '').strip()} {_takes(model)}", ""]
        keys = {name: field for name, field in model.model_fields.items() if name != "kind"}
        lines += [*_rows(keys), ""] if keys else []
    return "\n".join(lines).rstrip() + "\n"


def _takes(model: type[Action]) -> str:
    guards = ", ".join(f"`{name}`" for name in model.guards)
    return f"Guards: {guards}. " + ("Takes `match`." if model.takes_match else "Takes no `match`.")


def _rows(keys: dict[str, FieldInfo]) -> Iterator[str]:
    yield table_row(("key", "required", "meaning", "example"))
    yield "|---|---|---|---|"
    for name, field in keys.items():
        required = "yes" if field.is_required() else ""
        yield table_row((f"`{name}`", required, field.description or "", _example(field)))


def _example(field: FieldInfo) -> str:
    if not field.examples:
        return ""
    example = field.examples[0]
    return f"`{example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)}`"


def main() -> None:
    """Write the tables into the page of this checkout."""
    path = Path(__file__).resolve().parents[3] / PAGE
    path.write_text(fill_page(path.read_text(encoding="utf-8"), correction_tables()), encoding="utf-8")


if __name__ == "__main__":
    main()
