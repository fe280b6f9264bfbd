"""The tables of docs/reference/manifest.md, made from the model: `python -m` this module writes them."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from orchestration.deliveries.manifest import DeliveredFile, InvitedCount, Manifest, ManifestHead
from orchestration.deliveries.manifest_twin import TwinFile
from orchestration.registry.reference_page import fill_page, table_row

PAGE = "docs/reference/manifest.md"
SECTIONS = (
    ("The delivery", ManifestHead),
    ("Each entry of `files`", DeliveredFile),
    ("Each entry of `response`", InvitedCount),
    ("A `twin`", TwinFile),
)
TYPE_NAMES = {str: "text", int: "whole number", bool: "true or false", Path: "path"}


def manifest_tables() -> str:
    """Markdown with a table of fields for each level of the manifest."""
    lines: list[str] = []
    for title, model in SECTIONS:
        lines += [f"## {title}", "", *_rows(model), ""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(model: type[BaseModel]) -> Iterator[str]:
    yield table_row(("field", "type", "required", "meaning", "example"))
    yield "|---|---|---|---|---|"
    for name, field in model.model_fields.items():
        required = "yes" if field.is_required() else ""
        yield table_row((f"`{name}`", _type_name(field), required, field.description or "", _example(field)))
    if model is ManifestHead:
        meaning = Manifest.model_fields["files"].description or ""
        yield table_row(("`files`", "list", "yes", meaning, "see the next table"))


def _type_name(field: FieldInfo) -> str:
    return _name(field.annotation, field)


def _name(annotation: Any, field: FieldInfo) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return " · ".join(f"`{value}`" for value in get_args(annotation))
    if origin in (Union, types.UnionType):
        inner = [argument for argument in get_args(annotation) if argument is not type(None)]
        return " or ".join(_name(argument, field) for argument in inner)
    if origin is tuple:
        return "list"
    if origin is not None:  # Annotated
        return _name(get_args(annotation)[0], field)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "`{" + ", ".join(annotation.model_fields) + "}`"
    return TYPE_NAMES.get(annotation, "date" if annotation.__name__ == "date" else annotation.__name__)


def _example(field: FieldInfo) -> str:
    if not field.examples:
        return ""
    example = field.examples[0]
    text = example if isinstance(example, str) else json.dumps(example)
    return f"`{text}`"


def main() -> None:
    """Write the tables into the page of this checkout."""
    path = Path(__file__).resolve().parents[2] / PAGE
    path.write_text(fill_page(path.read_text(encoding="utf-8"), manifest_tables()), encoding="utf-8")


if __name__ == "__main__":
    main()
