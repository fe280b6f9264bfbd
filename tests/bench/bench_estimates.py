"""Time per cell and peak memory of the estimator beside its peers, in one run, as ratios (``make bench``).

Ours makes 200 indicators x 40 domains x 9 waves; R's survey, svy and samplics make a fixed 2 % of the cells of
the same rows: four indicators, all domains, all waves. Every process has the rows in memory before its clock
starts. The standard errors are compared, so that nobody is quick and wrong. A peer that is not installed says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "statistics"))

WAVES, RESPONDENTS, INDICATORS, BREAKDOWNS, VALUES = 9, 5000, 200, 10, 4
PEER_INDICATORS = 4
CELLS = WAVES * INDICATORS * BREAKDOWNS * VALUES
PEER_CELLS = WAVES * PEER_INDICATORS * BREAKDOWNS * VALUES
SAME = 1e-8
"""Relative difference of standard errors that no rounding explains."""
Reader = Callable[[str], tuple[float, dict[str, float]]]


@dataclass(frozen=True)
class Outcome:
    """What one process did: seconds, peak memory in MB, cells, and the standard error of each of the peers' cells."""

    name: str
    cells: int
    seconds: float
    megabytes: float
    errors: dict[str, float]


def rows() -> pd.DataFrame:
    """The bench's rows: stratified, clustered, unequal weights, seeded."""
    random = np.random.default_rng(20)
    n = WAVES * RESPONDENTS
    stratum = random.integers(0, 20, n)
    columns = {
        "respondent_key": np.arange(n),
        "wave_id": [f"w{wave}" for wave in np.repeat(np.arange(WAVES), RESPONDENTS)],
        "stratum": [f"s{number}" for number in stratum],
        "psu": [f"{number}/{unit}" for number, unit in zip(stratum, random.integers(0, 30, n), strict=True)],
        "weight": random.gamma(4.0, 0.25, n) + 0.1,
    }
    columns |= {f"b{number}": random.integers(0, VALUES, n) for number in range(BREAKDOWNS)}
    columns |= {
        f"y{number}": (random.random(n) < random.uniform(0.02, 0.6)).astype(float)
        for number in range(INDICATORS)
    }
    return pd.DataFrame(columns)


def ours(path: str, folder: str) -> None:
    """Runs in a process of its own, on a database file as the warehouse does; prints like the peers."""
    from estimator_alone import CELL_MODELS, Estimator

    frame = pd.read_parquet(path)
    estimator = Estimator(f"{folder}/bench.duckdb")
    estimator.add_sample(frame)
    for number in range(BREAKDOWNS):
        for value, members in frame.groupby(f"b{number}"):
            estimator.add_domain(f"b{number}={value}", members.respondent_key)
    for number in range(INDICATORS):
        values = frame[["respondent_key"]].assign(value=frame[f"y{number}"])
        estimator.add_indicator(f"y{number}", "mean", values)
    # A domain is a number, as in the warehouse.
    names = estimator.table("fct_domain_member").domain_id.drop_duplicates().sort_values().tolist()
    estimator.load("domain_names", {"domain_id": range(len(names)), "name": names})
    estimator.connection.execute(
        "create or replace table fct_domain_member as select respondent_key, domain_names.domain_id "
        "from fct_domain_member as members inner join domain_names on members.domain_id = domain_names.name"
    )
    began = time.perf_counter()
    cells = estimator.run(CELL_MODELS)
    seconds = time.perf_counter() - began
    assert len(cells) == CELLS
    wanted = {f"y{number}" for number in range(PEER_INDICATORS)}
    errors = {
        f"{row.wave_id}/{row.indicator_id}/{names[row.domain_id]}": row.standard_error
        for row in cells[cells.indicator_id.isin(wanted)].itertuples()
    }
    print(json.dumps({"seconds": seconds, "errors": errors}))


def measured(name: str, cells: int, command: list[str], read: Reader) -> Outcome | str:
    """Run one process and read what it printed; a text instead where it failed."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as complaint:
        process = subprocess.Popen(command, stdout=output, stderr=complaint, text=True)
        # The usage of this very child: subprocess tells only that of the largest so far.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        complaint.seek(0)
        if process.returncode:
            return f"failed: {(complaint.read().strip().splitlines() or [str(process.returncode)])[-1]}"
        seconds, errors = read(output.read())
    return Outcome(name, cells, seconds, usage.ru_maxrss / 1024, errors)


def read_json(output: str) -> tuple[float, dict[str, float]]:
    found = json.loads(output.strip().splitlines()[-1])
    return found["seconds"], found["errors"]


def read_lines(output: str) -> tuple[float, dict[str, float]]:
    first, *lines = output.strip().splitlines()
    return float(first.split()[1]), {
        cell: float(error) for cell, error in (line.rsplit(" ", 1) for line in lines)
    }


def main() -> int:
    """Make the rows, run ours and each peer that is there, print the table."""
    peers_python = os.environ.get("BENCH_PYTHON", "")
    indicators = ",".join(f"y{number}" for number in range(PEER_INDICATORS))
    breakdowns = ",".join(f"b{number}" for number in range(BREAKDOWNS))
    with tempfile.TemporaryDirectory() as folder:
        frame = rows()
        whole, part, text = (f"{folder}/{name}" for name in ("whole.parquet", "part.parquet", "part.csv"))
        frame.to_parquet(whole)
        few = frame.drop(columns=[f"y{number}" for number in range(PEER_INDICATORS, INDICATORS)])
        few.to_parquet(part)
        few.to_csv(text, index=False)
        commands = {"ours": (CELLS, [sys.executable, __file__, "--ours", whole, folder], read_json)}
        if shutil.which("Rscript"):
            script = ["Rscript", str(HERE / "peer_survey.R"), text, indicators, breakdowns]
            commands["R survey"] = (PEER_CELLS, script, read_lines)
        if peers_python:
            for peer in ("svy", "samplics"):
                script = [peers_python, str(HERE / f"peer_{peer}.py"), part, indicators, breakdowns]
                commands[peer] = (PEER_CELLS, script, read_json)
        outcomes = {}
        for name, (cells, command, read) in commands.items():
            print(f"{name}: {cells:,} cells …", file=sys.stderr)
            outcomes[name] = measured(name, cells, command, read)
    return report(outcomes)


def report(outcomes: dict[str, Outcome | str]) -> int:
    """Print the table; returns 1 when ours failed, or has another standard error than a peer."""
    own = outcomes["ours"]
    if isinstance(own, str):
        print(f"ours {own}")
        return 1
    print(
        "| estimator | cells | seconds | time per cell, ours = 1 | peak memory, ours = 1 | largest difference of errors |"
    )
    print("|---|---|---|---|---|---|")
    worst_of_all = 0.0
    for name in ("ours", "R survey", "svy", "samplics"):
        outcome = outcomes.get(name, "not installed")
        if isinstance(outcome, str):
            print(f"| {name} | {outcome} | | | | |")
            continue
        per_cell = (outcome.seconds / outcome.cells) / (own.seconds / own.cells)
        assert outcome.errors.keys() == own.errors.keys(), f"{name} has other cells than ours"
        # numpy's maximum keeps what is not a number.
        worst = float(np.max([abs(error / own.errors[cell] - 1) for cell, error in outcome.errors.items()]))
        worst_of_all = float(np.maximum(worst_of_all, worst))
        print(
            f"| {name} | {outcome.cells:,} | {outcome.seconds:.1f} | {per_cell:,.0f} "
            f"| {outcome.megabytes / own.megabytes:.2f} | {worst:.0e} |"
        )
    return 0 if worst_of_all < SAME else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ours"]:
        ours(*sys.argv[2:])
    else:
        sys.exit(main())
