"""The differences of two releases in words, and ``diff/`` of a release that is being made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from orchestration.publication.manifest import ManifestDamaged, read_manifest
from orchestration.publication.new_wave_told import wave_lines
from orchestration.publication.origin_diff import (
    OriginDifference,
    compare_origins,
    origin_lines,
    origins_csv,
)
from orchestration.publication.release_diff import (
    APPEARED,
    DETAILS,
    DIRECTION,
    KINDS,
    MOVED,
    PUBLISHED,
    STATUS,
    CellDifference,
    ReleaseNotReadable,
    compare_releases,
    diff_csv,
)

FOLDER = "diff"
CSV_FILE = "diff.csv"
INPUTS_FILE = "inputs.csv"
SUMMARY_FILE = "summary.md"
SUMMARY_ROWS = 25


def headline(cells: Iterable[CellDifference]) -> str:
    """One sentence of counts, such as ``3 moved (1 beyond their interval), 2 appeared``."""
    cells = list(cells)
    counts = Counter(cell.kind for cell in cells)
    parts = []
    for kind, words in KINDS.items():
        if counts[kind]:
            parts.append(f"{counts[kind]} {words}{_told_of(kind, [c for c in cells if c.kind == kind])}")
    return ", ".join(parts) or "no published figure moved"


def cell_text(cell: CellDifference) -> str:
    """One cell in words: what it is, and what became of it."""
    part = "" if cell.breakdown_id == "total" else f", {cell.breakdown_id}={cell.breakdown_code}"
    name = f"{cell.indicator_id}, {cell.population_id}{part}, {cell.wave_id}"
    if cell.kind == MOVED and cell.difference is not None:
        place = {True: "within its interval", False: "beyond its interval", None: "no interval"}
        verdict = f"; {_verdict(cell)}" if cell.is_judged_otherwise else ""
        return (
            f"{name}: {cell.previous_estimate:g} -> {cell.estimate:g} ({cell.difference:+g}, "
            f"{place[cell.is_within_interval]}){verdict}"
        )
    if cell.kind in (APPEARED, PUBLISHED):
        shown = f": {cell.estimate:g}" if cell.estimate is not None else ": suppressed"
        return f"{name}{shown}, {cell.kind}"
    if cell.kind == STATUS:
        return f"{name}: {cell.previous_status} -> {cell.status}"
    if cell.kind == DIRECTION:
        broken = _turn(cell, "break_id") if "break_id" in cell.others else ""
        return f"{name}: {_verdict(cell)}{f'; {broken}' if broken else ''}"
    if cell.kind == DETAILS:
        return f"{name}: {_beside(cell)}"
    return f"{name}: {KINDS[cell.kind]}"


def write_diff(release: Path, earlier: Path | None, program: str) -> None:
    """Write ``diff/`` of a release that is being made, against the one that is current (None: there is none).

    ``program``: the code version that makes it. A damaged earlier release is no reason not to publish: the summary
    says so.
    """
    folder = release / FOLDER
    folder.mkdir(exist_ok=True)
    cells: list[CellDifference] = []
    origins: list[OriginDifference] = []
    if earlier is None:
        told = "This is the first release: there is nothing to compare it with.\n"
    else:
        try:
            cells = compare_releases(earlier, release)
            origins = compare_origins(earlier, release, (program_of(earlier), program))
            told = summary_text(earlier.name, release, cells, origins)
        except ReleaseNotReadable as fault:
            cells, origins = [], []
            told = f"Not compared with {earlier.name}: {fault}.\n"
    _write(folder / CSV_FILE, diff_csv(cells))
    _write(folder / INPUTS_FILE, origins_csv(origins))
    _write(folder / SUMMARY_FILE, f"# What changed since the release before\n\n{told}")


def printed_lines(earlier: Path, later: Path, cells: list[CellDifference], shown: int) -> list[str]:
    """The same for a screen: at most ``shown`` cells beside what is new or gone as a whole."""
    programs = (program_of(earlier), program_of(later))
    single = [cell for cell in cells if not cell.because]
    lines = [
        *origin_lines(compare_origins(earlier, later, programs)),
        *whole_lines(cells),
        *(cell_text(cell) for cell in single[:shown]),
    ]
    if (rest := len(single) - shown) > 0:
        lines.append(f"and {rest} more cells")
    return lines


def program_of(release: Path) -> str | None:
    """The code version that made a release; None where its manifest cannot be read."""
    try:
        return read_manifest(release).code_version
    except ManifestDamaged:
        return None


def summary_text(
    earlier_id: str, release: Path, cells: list[CellDifference], origins: list[OriginDifference]
) -> str:
    """The summary as Markdown: what it was made from, what is new or gone as a whole, the first cells of each kind."""
    lines = [f"Compared with release `{earlier_id}`: {headline(cells)}.", ""]
    lines += ["## What it is made from", ""]
    lines += [f"- {line}" for line in origin_lines(origins)] or [
        "The same deliveries, registry and program.",
    ]
    lines.append("")
    if wholes := whole_lines(cells):
        lines += ["## New or gone as a whole", "", *(f"- {line}" for line in wholes), ""]
    for wave in sorted({cell.wave_id for cell in cells if cell.because == "wave_added"}):
        lines += [f"## The new wave {wave}", "", *(f"- {line}" for line in wave_lines(release, wave)), ""]
    for kind, words in KINDS.items():
        of_kind = [cell for cell in cells if cell.kind == kind and not cell.because]
        if of_kind:
            lines += [f"## {len(of_kind)} {words}{_told_of(kind, of_kind)}", ""]
            lines += [f"- {line}" for line in _turns(of_kind)]
            # Of what came and is suppressed there is nothing to say but its number.
            told = [cell for cell in of_kind if kind != APPEARED or cell.estimate is not None]
            lines += [f"- {cell_text(cell)}" for cell in told[:SUMMARY_ROWS]]
            if (rest := len(told) - SUMMARY_ROWS) > 0:
                lines.append(f"- and {rest} more in `{CSV_FILE}`")
            lines.append("")
    lines.append("A figure that is suppressed now is not repeated here.")
    return "\n".join(lines) + "\n"


def whole_lines(cells: Iterable[CellDifference]) -> list[str]:
    """One line for each wave, indicator, population or breakdown that only one of the releases has."""
    grouped: dict[tuple[str, str], list[CellDifference]] = {}
    for cell in cells:
        if cell.because:
            whole = cell.because.rsplit("_", 1)[0]
            grouped.setdefault((cell.because, getattr(cell, f"{whole}_id")), []).append(cell)
    lines = []
    for (because, name), of_whole in sorted(grouped.items()):
        whole, how = because.rsplit("_", 1)
        hidden = sum(cell.status == "suppress" for cell in of_whole)
        more = f", {hidden} of them suppressed" if hidden else ""
        lines.append(f"{whole} `{name}` {how}: {len(of_whole)} cells{more}")
    return lines


def _told_of(kind: str, cells: list[CellDifference]) -> str:
    if kind == MOVED:
        beyond = sum(cell.is_within_interval is False for cell in cells)
        turned = sum(cell.is_judged_otherwise for cell in cells)
        return f" ({beyond} beyond their interval{f', {turned} judged otherwise' if turned else ''})"
    if kind == APPEARED and (hidden := sum(cell.status == "suppress" for cell in cells)):
        return f" ({hidden} of them suppressed)"
    return ""


def _turns(cells: list[CellDifference]) -> list[str]:
    """Of cells whose change is judged otherwise: how many turned from which verdict to which."""
    turned = Counter(_verdict(cell) for cell in cells if cell.kind == DIRECTION)
    return [f"**{count}** {told}" for told, count in turned.most_common()]


def _verdict(cell: CellDifference) -> str:
    if "change_direction" not in cell.others:
        return "a change to a cell that is suppressed now"
    return _turn(cell, "change_direction")


def _beside(cell: CellDifference) -> str:
    """Everything that stands beside the figure and is another."""
    return "; ".join(_turn(cell, name) for name in cell.others) or "a change to a cell that is suppressed now"


def _turn(cell: CellDifference, name: str) -> str:
    return f"{name} {_shown(cell.previous[name])} -> {_shown(cell.now[name])}"


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
