"""The fuzz run: mutate, read by the fork server, have what is accepted judged, count.

python tests/fuzz/campaign.py 20000        # or: make fuzz
"""

from __future__ import annotations

import argparse
import datetime
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judges import cells_of_csv, cells_of_workbook, differences, pspp_tables, same_text, stata_differences
from mutations import Mutated, mutate
from seeds import Seed, make_seeds

from orchestration.deliveries.confined_reading import ReadingLimits, default_limits, read_source
from orchestration.deliveries.number_text import EXACT_INTEGER, parse_numbers
from orchestration.deliveries.problems import DeliveryProblems
from orchestration.deliveries.source_table import NUMERIC, SourceTable, canonical_code

BATCH = 100
LIMITS = ReadingLimits({**default_limits().values, "memory_base": 512, "cpu_base": 10, "wall_per_cpu": 4})
"""Tighter than those of deliveries: these files are small, and a run of twenty thousand shares its machine."""
CRASHES = {"reader_crashed", "reader_timeout", "reader_out_of_memory", "reader_unavailable"}


@dataclass
class Case:
    """One mutated file and what became of it."""

    number: int
    seed: Seed
    mutated: Mutated
    path: Path
    table: SourceTable | None = None
    kinds: tuple[str, ...] = ()
    said: str = ""
    verdict: str = ""
    differs: list[str] = field(default_factory=list)


def draw(number: int, run: str, seeds: Sequence[Seed], folder: Path) -> Case:
    """Case ``number`` of a run: the same for the same name of the run and the same seeds."""
    rng = random.Random(f"{run}:{number}")
    kind = rng.choice(sorted({seed.format for seed in seeds}))
    of_kind = [seed for seed in seeds if seed.format == kind]
    seed = rng.choice(of_kind)
    mutated = mutate(seed.data, rng.choice(of_kind).data, kind, rng)
    path = folder / f"{number}.{kind}"
    path.write_bytes(mutated.data)
    return Case(number, seed, mutated, path)


def read(case: Case) -> Case:
    """Read by the fork server; anything but a table or problems is not caught."""
    try:
        case.table = read_source(case.path.parent, case.seed.entry(case.path.name), LIMITS)
    except DeliveryProblems as found:
        case.kinds = tuple(sorted({problem.kind for problem in found.problems}))
        case.said = found.problems[0].message
    return case


def judge(cases: list[Case], pspp: str | None) -> None:
    """Compare every accepted file with an independent reader, and with the file that it was made from."""
    accepted = [case for case in cases if case.table is not None]
    system = [case for case in accepted if case.seed.format in ("sav", "zsav", "por")]
    theirs = pspp_tables(pspp, [(case.path, case.table) for case in system]) if pspp and system else []
    told = dict(zip((case.number for case in system), theirs, strict=False))
    for case in accepted:
        if case.seed.format == "csv":
            case.verdict, case.differs = _judge_csv(case)
        elif case.seed.format == "xlsx":
            case.verdict, case.differs = _judge_workbook(case)
        elif case.seed.format == "dta":
            case.differs = stata_differences(case.mutated.data, case.table)
            case.verdict = "" if case.differs else "independent"
        else:
            other = told.get(case.number)
            case.differs = (
                differences(case.table, other, case.seed.format == "por")
                if other is not None
                else ["refused"]
            )
            case.verdict = "independent" if not case.differs else ""
        if case.verdict != "independent" and _agrees_with_seed(case):
            case.verdict = "original"
        case.verdict = case.verdict or "disagreed"


def _agrees_with_seed(case: Case) -> bool:
    changed = differences(case.table, case.seed.table)
    return len(changed) <= (case.mutated.touched or 0) and not any(
        item.startswith("shape") for item in changed
    )


def _judge_csv(case: Case) -> tuple[str, list[str]]:
    cells = cells_of_csv(case.mutated.data, case.table, case.seed.delimiter or ",")
    if not cells:
        return "", ["refused"]
    return _same_cells(case.table, cells, case.seed.decimal or ".")


def _judge_workbook(case: Case) -> tuple[str, list[str]]:
    cells = cells_of_workbook(case.mutated.data)
    if not cells:
        return "", ["refused"]
    return _same_cells(case.table, [[_plain(cell) for cell in row] for row in cells], ".")


def _plain(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return canonical_code(cell)
    if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime):
        return f"{cell.isoformat()}T00:00:00"
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def _same_cells(table: SourceTable, cells: list[list[str]], decimal: str) -> tuple[str, list[str]]:
    names = [name.strip() for name in cells[0]]
    while names and not names[-1]:
        names.pop()
    rows = [[str(cell) for cell in row] for row in cells[1:]]
    while rows and not any(rows[-1]):
        rows.pop()
    if len(names) != len(table.variables) or len(rows) != len(table.frame):
        return "", [f"shape {table.frame.shape} and {(len(rows), len(names))}"]
    found = ["name" for a, b in zip(table.variable_names, names, strict=True) if not same_text(a, b)]
    for index, variable in enumerate(table.variables):
        ours = table.frame[variable.variable_name].tolist()
        if table.cell_kinds.get(variable.variable_name, {}).get("formula"):
            ours = [
                "" if str(cell).startswith("=") else cell for cell in ours
            ]  # the other reader has results only
        theirs = [row[index].rstrip() if index < len(row) else "" for row in rows]
        if variable.storage_type == NUMERIC:
            numbers = parse_numbers(theirs, decimal) or [_number(cell) for cell in theirs]
            found += ["cell" for a, b in zip(ours, numbers, strict=True) if (None if a != a else a) != b]
        else:
            found += [
                "cell" for a, b in zip(ours, theirs, strict=True) if not (same_text(a, b) or _is_long(a, b))
            ]
    return ("" if found else "independent"), found


def _is_long(ours: str | None, theirs: str) -> bool:
    """A whole number of which we keep all digits, where calamine has no more than a double holds."""
    digits = (ours or "").removeprefix("-")
    return digits.isdecimal() and int(digits) >= EXACT_INTEGER and float(ours or "") == _number(theirs)


def _number(cell: str) -> float | None:
    """Of a workbook, where a number is one whatever it looks like; text becomes a number that no file holds."""
    try:
        return float(cell) if cell else None
    except ValueError:
        return -1.5000000000000002


def run_campaign(
    count: int,
    run: str,
    folder: Path,
    pspp: str | None,
    threads: int = 2,
    first: int = 0,
    progress: bool = False,
) -> list[Case]:
    """Make, read and judge ``count`` mutated files; the files of accepted and crashed ones are kept in memory."""
    seeds = make_seeds(folder / "seeds", pspp)
    done: list[Case] = []
    started = time.monotonic()
    with ThreadPoolExecutor(threads) as pool, ThreadPoolExecutor(1) as judges:
        waiting = []
        for start in range(first, first + count, BATCH):
            place = folder / f"batch{start}"
            place.mkdir()
            cases = [draw(n, run, seeds, place) for n in range(start, min(start + BATCH, first + count))]
            done += pool.map(read, cases)
            waiting.append(judges.submit(_judge_and_clear, cases, pspp, place))
            if progress and start % (10 * BATCH) == 0:
                print(f"{len(done)} files, {time.monotonic() - started:.0f} s", flush=True)
        for result in waiting:
            result.result()
    return done


def _judge_and_clear(cases: list[Case], pspp: str | None, place: Path) -> None:
    judge(cases, pspp)
    for case in cases:
        if case.verdict != "disagreed":
            case.table = None
    shutil.rmtree(place)


def table_of(cases: Sequence[Case]) -> str:
    """Markdown: format × mutation with what became of the files."""
    lines = [
        "| format | mutation | files | accepted | refused | crashed | timeout | memory | = independent | = original | disagreed |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.seed.format, case.mutated.mutation), []).append(case)
    for key, group in [*sorted(groups.items()), (("all", ""), list(cases))]:
        count = Counter()
        for case in group:
            count[
                "accepted" if case.verdict else "refused" if not CRASHES & {*case.kinds} else case.kinds[0]
            ] += 1
            count[case.verdict] += 1
        cells = [len(group)] + [
            count[name]
            for name in (
                "accepted",
                "refused",
                "reader_crashed",
                "reader_timeout",
                "reader_out_of_memory",
                "independent",
                "original",
                "disagreed",
            )
        ]
        lines.append(f"| {key[0]} | {key[1]} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def refusals_of(cases: Sequence[Case]) -> str:
    """Markdown: how often each kind of problem was the answer, by format."""
    count = Counter((case.seed.format, kind) for case in cases for kind in case.kinds)
    lines = ["| format | refused as | files |", "|---|---|--:|"]
    return "\n".join([*lines, *(f"| {a} | {b} | {n} |" for (a, b), n in sorted(count.items()))])


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("count", type=int, nargs="?", default=20_000)
    arguments.add_argument("--run", default="1", help="name of the run: the same name gives the same files")
    arguments.add_argument("--first", type=int, default=0, help="number of the first file")
    arguments.add_argument(
        "--keep", type=Path, help="folder for files that crash the reader or are judged otherwise"
    )
    arguments.add_argument("--threads", type=int, default=2)
    chosen = arguments.parse_args()
    pspp = shutil.which("pspp")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="peilstok-fuzz-") as folder:
        cases = run_campaign(
            chosen.count, chosen.run, Path(folder), pspp, chosen.threads, chosen.first, progress=True
        )
    print(f"{len(cases)} files in {time.monotonic() - started:.0f} s; PSPP: {pspp or 'absent'}\n")
    print(table_of(cases), refusals_of(cases), sep="\n\n")
    odd = [case for case in cases if case.verdict == "disagreed" or CRASHES & {*case.kinds}]
    for case in odd:
        what = Counter(case.differs) if case.verdict else f"{case.kinds[0]}: {case.said}"
        print(f"{case.number} {case.seed.name} {case.mutated.mutation}: {what}")
        if chosen.keep:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            (chosen.keep / case.path.name).write_bytes(case.mutated.data)
            (chosen.keep / f"seed{case.path.name}").write_bytes(case.seed.data)
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
