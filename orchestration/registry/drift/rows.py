"""Respondents of a file against those who were invited, by population."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding, Rules


def find_lost_rows(file: FileAnswers) -> Iterator[Finding]:
    """More respondents than were invited, and populations that were invited and have none."""
    sizes = population_sizes(file)
    for population, invited in file.invited.items():
        n_rows = sizes.get(population)
        if n_rows is None or invited is None:
            continue
        if n_rows > invited:
            yield Finding(
                "more_rows_than_invited",
                file,
                f"{n_rows} rows belong to {population}, and {invited} were invited",
                "correct `invited` in delivery.yml; otherwise rows stand twice in the file, or under a wrong role",
                code=population,
                before=str(invited),
                now=str(n_rows),
            )
        elif invited and not n_rows:
            yield Finding(
                "population_absent",
                file,
                f"{invited} of {population} were invited, and no row belongs to them",
                "ask whether rows were lost; or correct `response` in delivery.yml",
                code=population,
                before=str(invited),
                now="0",
            )


def find_fallen_response(
    files: list[FileAnswers], before: list[FileAnswers], rules: Rules
) -> Iterator[Finding]:
    """A response of one wave and instrument that is far below that of the wave before."""
    now, then = _response(files), _response(before)
    if now is None or then is None:
        return
    bound = rules["response_fell"].threshold
    told = f"{now / then:.2f} of the response before (bound {bound:g})" if then else "no response before"
    rules.compared("response_fell", files[0].wave_id, bound * then / now if now else float(then > 0), told)
    if now >= bound * then:
        return
    yield Finding(
        "response_fell",
        files[0],
        f"{100 * now:.0f}% of those invited are in the delivery, and {before[0].wave_id} had {100 * then:.0f}%",
        "ask whether rows or a file were left out; or correct `response` in delivery.yml",
        before=f"{100 * then:.0f}%",
        now=f"{100 * now:.0f}%",
    )


def _response(files: list[FileAnswers]) -> float | None:
    """Rows per invited person, without counting a population again that belongs to another one of the list.

    A file that does not say how many were invited has no response, and its rows are none of the others'.
    """
    told = [file for file in files if any(file.invited.values())]
    invited = sum(
        count or 0
        for file in told
        for population, count in file.invited.items()
        if file.registry.populations[population].parent_population_id not in file.invited
    )
    return sum(file.n_rows for file in told) / invited if invited else None


def population_sizes(file: FileAnswers) -> dict[str, int]:
    """Rows of each population of the file's instrument; a population of which the file cannot tell is left out."""
    needed: dict[str, dict[str, set[str]]] = {}
    for row in file.registry.table("population_rules"):
        needed.setdefault(row["population_id"], {}).setdefault(row["concept_id"], set()).add(row["code"])
    sizes: dict[str, int] = {}
    for population, row in file.registry.populations.items():
        if row.instrument_id != file.instrument_id:
            continue
        belongs = np.ones(file.n_rows, dtype=bool)
        rules = needed.get(population, {})
        if not rules.keys() <= file.concepts.keys():
            continue
        for concept, codes in rules.items():
            answers = file.concepts[concept]
            places = [place for place, code in enumerate(answers.codes) if code in codes]
            belongs &= np.isin(answers.index, places)
        sizes[population] = int(belongs.sum())
    return sizes
