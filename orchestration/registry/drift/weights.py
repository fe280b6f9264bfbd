"""What the weights of a file add up to, against what was agreed and against the earlier wave."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.registry.csv_text import csv_line, total_text
from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding, Rules
from orchestration.registry.places import place

TABLE = "registry/weight_totals.csv"


def find_changed_weights(
    files: list[FileAnswers], before: list[FileAnswers], rules: Rules
) -> Iterator[Finding]:
    """Weights of the files of one wave and instrument; ``before``: those of the wave before, if any."""
    registry = files[0].registry
    rows = [
        (index, row)
        for index, row in enumerate(registry.table("weight_totals"))
        if (row["wave_id"], row["instrument_id"]) == files[0].landed.scope and row["status"] == "accepted"
    ]
    had_weight = any(file.weight_variable for file in before)
    for file in files:
        if had_weight and not file.weight_variable:
            yield Finding(
                "weight_absent",
                file,
                f"no weight is declared; {before[0].wave_id} had {before[0].weight_variable or 'one'}",
                "name the weight in delivery.yml, or say in accepted_drift that there is none",
                before=before[0].wave_id,
                now="no weight",
            )
    by_file = {row["file_id"]: (index, row) for index, row in rows}
    if "" in by_file:
        yield from _judged(files, *by_file[""], rules)
    for file in files:
        if file.file_id in by_file:
            yield from _judged([file], *by_file[file.file_id], rules)
        elif "" not in by_file:
            total = _sum([file])
            line = csv_line(
                [
                    *file.landed.scope,
                    file.file_id,
                    total_text(total),
                    "0.005",
                    "accepted",
                    "<what it stands for>",
                ]
            )
            earlier = (
                f"; in {before[0].wave_id} they averaged {_mean(before):.3g}, here {total / max(file.n_rows, 1):.3g}"
                if before
                else ""
            )
            yield Finding(
                "weight_total_unknown",
                file,
                f"nothing says what its {'weights' if file.weight_variable else 'rows'} should add up to; they add up "
                f"to {total:.6g}{earlier}",
                f"find out what they stand for, and add {line} to {TABLE}",
                now=f"{total:.6g}",
            )


def _judged(files: list[FileAnswers], index: int, row: dict[str, str], rules: Rules) -> Iterator[Finding]:
    agreed, tolerance = float(row["total"]), float(row["tolerance"])
    total = _sum(files)
    off = abs(total - agreed) / abs(agreed) if agreed else float(total != 0)
    told = f"{100 * off:.2g}% off (bound {100 * tolerance:g}%)"
    rules.compared("weight_total_off", files[0].wave_id, off / tolerance if tolerance else off, told)
    if abs(total - agreed) <= tolerance * abs(agreed):
        return
    file = files[0]
    is_weighted = any(one.weight_variable for one in files)
    n_rows = sum(one.n_rows for one in files)
    yield Finding(
        "weight_total_off",
        file,
        f"the {'weights' if is_weighted else 'rows'} add up to {total:.6g} ({n_rows} rows); "
        f"{place(file.registry, 'weight_totals', index)} says {agreed:.6g}, with {100 * tolerance:g}% to spare",
        "rows may be lost or the weights rescaled: ask the contractor; or correct total there",
        file.weight_variable,
        before=f"{agreed:.6g}",
        now=f"{total:.6g}",
    )


def _sum(files: list[FileAnswers]) -> float:
    return float(sum(file.weights.sum() for file in files))


def _mean(files: list[FileAnswers]) -> float:
    return _sum(files) / max(sum(file.n_rows for file in files), 1)
