"""What one entry of ``files`` says that cannot be true at once."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.deliveries.manifest import SUFFIXES, DeliveredFile

ONE_FORMAT_ONLY = {
    "delimiter": ("csv",),
    "decimal": ("csv",),
    "sheet": ("xlsx",),
    "codebook": ("csv", "xlsx"),
}

IN_CELLS = frozenset('"+-\r\n\0')
"""Signs that cells are made of, beside letters and digits; none of them can stand between cells."""

NEEDS = (
    ("ssu", "psu"),
    ("ssu_population", "psu"),
    ("ssu_population", "psu_population"),
    ("panel", "panel_id"),
    ("panel_id", "panel"),
)
"""Fields that mean nothing without another."""


NO_DELIMITER = (
    "is a sign that cells are made of",
    'name the sign that stands between the cells: ";", ",", "|" or "\\t" (a tab) are the usual ones',
)


def contradictions(entry: DeliveredFile) -> Iterator[tuple[str, str, str]]:
    """Field, message and remedy of everything that contradicts another field of the same entry."""
    yield from _about_format(entry)
    yield from _about_design(entry)
    yield from _about_twin(entry)
    populations = [row.population for row in entry.response]
    if len(set(populations)) < len(populations):
        yield "response", "names a population twice", "name each population once"


def _about_format(entry: DeliveredFile) -> Iterator[tuple[str, str, str]]:
    if not entry.path.lower().endswith(SUFFIXES[entry.format]):
        yield (
            "format",
            f"is {entry.format}, but the path is '{entry.path}'",
            "correct the format or the path",
        )
    for field, formats in ONE_FORMAT_ONLY.items():
        if getattr(entry, field) is not None and entry.format not in formats:
            yield (
                field,
                f"means nothing for a {entry.format} file",
                f"remove it; it is for {' and '.join(formats)}",
            )
    if entry.format == "csv" and entry.codebook is not None and entry.codebook_path is None:
        yield "codebook", "a csv file has no sheets", "name the codebook's path"
    if entry.codebook_path == entry.path:
        yield "codebook", "is the file itself", "name the codebook's own path"
    if not _can_delimit(entry.delimiter):
        yield "delimiter", *NO_DELIMITER
    if entry.format == "csv" and (entry.delimiter or ",") == (entry.decimal or "."):
        yield "decimal", "is also the delimiter", "correct one of the two"


def _can_delimit(delimiter: str | None) -> bool:
    return delimiter is None or not (delimiter.isalnum() or delimiter in IN_CELLS)


def _about_twin(entry: DeliveredFile) -> Iterator[tuple[str, str, str]]:
    twin = entry.twin
    if twin is None:
        return
    if not twin.path.lower().endswith((*SUFFIXES["csv"], *SUFFIXES["xlsx"])):
        yield (
            "twin",
            f"is '{twin.path}', no workbook and no CSV",
            "name the .xlsx or .csv that holds the same",
        )
    if twin.path in (entry.path, entry.codebook_path):
        yield "twin", "is the file itself or its codebook", "name another file, or remove `twin`"
    foreign = ("delimiter", "decimal", "encoding") if twin.is_workbook else ("sheet",)
    for field in foreign:
        if getattr(twin, field) is not None:
            kind = "an xlsx" if twin.is_workbook else "a csv"
            yield "twin", f"`{field}` means nothing for {kind} twin", "remove it"
    if not _can_delimit(twin.delimiter):
        yield "twin", f"its delimiter {NO_DELIMITER[0]}", NO_DELIMITER[1]
    if not twin.is_workbook and (twin.delimiter or ",") == (twin.decimal or "."):
        yield "twin", "its decimal sign is also its delimiter", "correct one of the two"


def _about_design(entry: DeliveredFile) -> Iterator[tuple[str, str, str]]:
    design = {*entry.strata, *entry.sampling_units, *entry.population_sizes} | ({entry.weight} - {None})
    never_landed = {
        "respondent_id": {entry.respondent_id},
        "panel_id": {entry.panel_id},
        "identifiers": set(entry.identifiers),
        "free_text": set(entry.free_text),
    }
    for field, names in never_landed.items():
        for name in sorted(design & names):
            yield (
                field,
                f"'{name}' is also a weight, stratum or psu",
                "a design variable has to be landed, and this one is not: name another for one of the two",
            )
    for field, needed in NEEDS:
        if getattr(entry, field) and not getattr(entry, needed):
            yield field, f"needs `{needed}`", f"name `{needed}` too, or remove `{field}`"
    if len(set(entry.strata)) < len(entry.strata):
        yield "strata", "names a variable twice", "name each variable once"
