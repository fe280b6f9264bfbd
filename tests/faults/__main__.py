"""``make faults``: 300 deliveries that are wrong in meaning and 200 that are not, and what was noticed."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT)]

import harmless  # noqa: E402
import studies  # noqa: E402
import wrong  # noqa: E402
from trial import Trial, try_all  # noqa: E402

FOUND_AT_LEAST = 0.99
ALARMS_AT_MOST = 1


def table(trials: list[Trial]) -> str:
    """Kind, number tried, number noticed, and what noticed them most."""
    kinds: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        kinds[trial.kind].append(trial)
    lines = []
    for kind, ours in kinds.items():
        said: dict[str, int] = defaultdict(int)
        for trial in ours:
            for name in {problem.kind for problem in trial.problems}:
                said[name] += 1
        most = ", ".join(sorted(said, key=lambda name: -said[name])[:3])
        lines.append(f"{kind:<32}{len(ours):>4}{sum(trial.is_noticed for trial in ours):>5}  {most}")
    return "\n".join(lines)


def main() -> int:
    """Run both sets and print a table by kind; 1 when too few are found or too many raise an alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try only each so-many-th case")
    parser.add_argument(
        "--show", action="store_true", help="print what was missed and what was a false alarm"
    )
    arguments = parser.parse_args()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="peilstok-faults-") as name:
        home = Path(name)
        tried = [studies.sample(home)]
        if studies.SHARED.is_dir():
            tried += [studies.lapop(home), studies.zoo(home)]
        else:
            print("../shared is absent: the sample alone is tried")
        bad = list(try_all(wrong.faults(), tried, home, arguments.every))
        good = list(try_all(harmless.changes(), tried, home, arguments.every))
    found, alarms = sum(t.is_noticed for t in bad), sum(t.is_noticed for t in good)
    print(f"{'wrong in meaning':<32}{'of':>4}{'found':>6}  by\n{table(bad)}\n")
    print(f"{'harmless':<32}{'of':>4}{'alarm':>6}  by\n{table(good)}\n")
    if arguments.show:
        for trial in [*(t for t in bad if not t.is_noticed), *(t for t in good if t.is_noticed)]:
            print(trial.number, trial.kind, trial.study, trial.wave_id, trial.file_id)
            for problem in trial.problems[:3]:
                print(f"  {problem}")
    seconds = time.perf_counter() - begin
    print(f"found {found} of {len(bad)}; {alarms} false alarms on {len(good)}; {seconds:.0f} s")
    return 0 if found >= FOUND_AT_LEAST * len(bad) and alarms <= ALARMS_AT_MOST else 1


if __name__ == "__main__":
    sys.exit(main())
