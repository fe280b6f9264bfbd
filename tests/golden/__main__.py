"""``make golden REASON='…'``: builds the sample deliveries and writes the goldens anew, with the reason in CHANGELOG.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT)]

from golden_files import FOLDER, committed_files, differences, digest, golden_files, with_reason  # noqa: E402

SHOWN = 40


def build(home: Path) -> Path:
    """Build the sample deliveries of the checkout in ``home``; the warehouse that came of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PEILSTOK_")}
    command = [sys.executable, "-m", "orchestration.cli", "refresh", "--no-publish"]
    done = subprocess.run(command, cwd=ROOT, env={**environment, "PEILSTOK_HOME": str(home)}, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return home / "warehouse.duckdb"


def main() -> int:
    """0 when the goldens are those of the sample, written if need be; 1 when they differ and no reason is given."""
    parser = argparse.ArgumentParser(prog="make golden", description=__doc__)
    parser.add_argument("--reason", default="", help="why the goldens change: a line for CHANGELOG.md")
    reason = parser.parse_args().reason.strip()
    with tempfile.TemporaryDirectory(prefix="peilstok-golden-") as home:
        now = golden_files(build(Path(home)))
    committed = committed_files()
    changed = list(differences(committed, now))
    if committed == now:
        print(f"goldens {digest(now)}: nothing changed")
        return 0
    print("\n".join(changed[:SHOWN]))
    print(f"{len(changed)} rows changed{', the first are above' if len(changed) > SHOWN else ''}")
    if not reason:
        print("nothing was written: say why they change with `make golden REASON='…'`")
        return 1
    for path in committed.keys() - now.keys():
        (FOLDER / path).unlink()
    for path, text in now.items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_text(text, encoding="utf-8")
    waves = sorted(
        {path.split("/")[0] for path in {*now, *committed} if now.get(path) != committed.get(path)}
    )
    changelog = ROOT / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(with_reason(text, digest(now), waves, reason), encoding="utf-8")
    print(f"goldens {digest(now)} of {', '.join(waves)} are written, with the reason in CHANGELOG.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
