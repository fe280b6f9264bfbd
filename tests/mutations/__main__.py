"""``make mutations``: 300 random changes to crosswalk and registry, and what notices them before a figure is published."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT)]

from mutation_trial import Trial, prepare_baseline, try_all  # noqa: E402
from registry_mutations import mutations  # noqa: E402

from orchestration.registry import load_registry  # noqa: E402
from orchestration.settings import load_settings  # noqa: E402

COUNT, SEED = 300, 2026
CAUGHT_AT_LEAST = 0.95


def table(trials: list[Trial]) -> str:
    """Kind of change by what caught it, how often the message named the row, and what nobody noticed."""
    columns = ("check", "dbt", "expectations", "python", "crash", "missed", "no figure", "named")
    lines = [f"{'':<32}{'of':>5}" + "".join(f"{name:>11}" for name in columns)]
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.mutation.kind].append(trial)
    for trial in trials:
        groups[trial.mutation.table].append(trial)
    for name, ours in [*groups.items(), ("all", trials)]:
        said = Counter(t.caught_by or ("missed" if t.figures else "no figure") for t in ours)
        said["named"] = sum(t.is_named for t in ours)
        lines.append(f"{name:<32}{len(ours):>5}" + "".join(f"{said[column] or '':>11}" for column in columns))
    return "\n".join(lines)


def main() -> int:
    """Run the mutations and print what became of them; 1 when too few are caught."""
    parser = argparse.ArgumentParser(prog="make mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print what was said of each")
    parser.add_argument("--home", type=Path, help="keep the unmutated build here, or take it from here")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory(prefix="peilstok-mutations-") as name:
        baseline = (arguments.home or Path(name)) / "baseline"
        if not (baseline / "checks.pickle").exists():
            print("building the unmutated sample", file=sys.stderr)
            prepare_baseline(baseline)
        registry = load_registry(load_settings({}).registry)
        made = list(mutations(registry, arguments.seed, arguments.count))
        for trial in try_all(made, baseline, arguments.processes):
            trials.append(trial)
            state = trial.caught_by or (
                f"MISSED, {trial.figures} figures" if trial.figures else "no figure differs"
            )
            print(
                f"{len(trials):>4}/{len(made)} {time.perf_counter() - begin:>6.0f} s  {state}: {trial.mutation.told}",
                file=sys.stderr,
                flush=True,
            )
    trials.sort(key=lambda trial: trial.mutation.number)
    _tell(trials, arguments.show)
    counting = [trial for trial in trials if trial.counts]
    caught = [trial for trial in counting if trial.is_caught]
    named = sum(trial.is_named for trial in caught)
    print(f"\n{len(trials)} mutations, {len(trials) - len(counting)} of them without any other figure")
    # What check refuses was not built, so nobody knows whether it would have changed a figure: the harder count is
    # that of the ones that were built to the end.
    built = [trial for trial in trials if trial.figures]
    stopped = sum(trial.is_caught for trial in built)
    print(f"built to the end with other figures: {len(built)}, {stopped} of them stopped by a gate")
    print(f"caught {len(caught)} of {len(counting)}, {named} of them with file and row; ", end="")
    print(f"{time.perf_counter() - begin:.0f} s")
    return 0 if len(caught) >= CAUGHT_AT_LEAST * len(counting) else 1


def _tell(trials: list[Trial], show: bool) -> None:
    print(table(trials))
    missed = [trial for trial in trials if trial.counts and not trial.is_caught]
    print(f"\nnot caught ({len(missed)}):")
    for trial in missed:
        why = f"{trial.figures} figures: {'; '.join(trial.moved)}" if trial.figures else trial.messages[-1]
        print(f"  {trial.mutation.number} {trial.mutation.told}\n    {why}")
    unnamed = [trial for trial in trials if trial.is_caught and not trial.is_named]
    print(f"\ncaught without the row ({len(unnamed)}):")
    for trial in unnamed:
        print(f"  {trial.mutation.number} {trial.mutation.told}: {', '.join(trial.kinds[:3])}")
    if show:
        for trial in trials:
            print(
                f"\n{trial.mutation.number} {trial.mutation.told} [{trial.caught_by}] {trial.seconds:.1f} s"
            )
            print("\n".join(f"  {message}" for message in trial.messages[:2]))


if __name__ == "__main__":
    sys.exit(main())
