"""``peilstok diff A B``: two releases, or two versions of a delivery."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import WrongUse, choose_waves, wave_folders
from orchestration.deliveries.problems import printable, raise_when_any
from orchestration.publication.release_diff import compare_releases, diff_csv
from orchestration.publication.release_diff_told import headline, printed_lines
from orchestration.publication.releases import find_release
from orchestration.settings import Settings

ROWS_SHOWN = 40


def diff(settings: Settings, console: Console, old: str, new: str, output: Path | None = None) -> int:
    """Print what differs; the exit code is 0 whether anything does or not."""
    if "@" in old or "@" in new:
        if output is not None:
            raise WrongUse("--csv is for two releases; a diff of deliveries is printed only")
        return _diff_deliveries(settings, console, old, new)
    earlier, later = find_release(settings, old), find_release(settings, new)
    cells = compare_releases(earlier, later)
    console.print(Text(f"{earlier.name} -> {later.name}: {headline(cells)}", style="bold"), soft_wrap=True)
    for line in printed_lines(earlier, later, cells, ROWS_SHOWN):
        console.print(Text(f"  {line}"), soft_wrap=True)
    if output is None and cells:
        console.print(
            Text("`--csv FILE` writes every cell with what stands beside it", style="dim"), soft_wrap=True
        )
    if output is not None:
        output.write_text(diff_csv(cells), encoding="utf-8", newline="\n")
        console.print(Text(f"wrote {len(cells)} rows to {output}"), soft_wrap=True)
    return 0


def _diff_deliveries(settings: Settings, console: Console, old: str, new: str) -> int:
    from orchestration.deliveries import load_manifest
    from orchestration.deliveries.access_log import record_raw_reading
    from orchestration.deliveries.comparison import compare_deliveries, parse_delivery
    from orchestration.deliveries.comparison.told import comparison_lines
    from orchestration.registry import load_registry, validate_registry

    named = [parse_delivery(text) for text in (old, new)]
    for text, delivery in zip((old, new), named, strict=True):
        if delivery is None:
            raise WrongUse(
                f"{text!r} is no version of a delivery; write both as WAVE@VERSION, with a whole number from 1, "
                "or give two releases"
            )
    (wave, before), (other, after) = named  # type: ignore[misc]
    registry = load_registry(settings.registry)
    raise_when_any(validate_registry(registry))
    folders = wave_folders(settings.raw)
    choose_waves([wave, other], registry.waves.keys(), folders.keys())
    if wave != other:
        raise WrongUse(
            "only versions of one wave can be compared: respondents of other waves are other people"
        )
    manifest = load_manifest(folders[wave], registry)
    record_raw_reading(settings.home, "diff", (wave,))
    for version in (before, after):
        if version > manifest.version:
            raise WrongUse(
                f"{wave} has no version {version}; delivery.yml has "
                + (f"versions 1 to {manifest.version}" if manifest.version > 1 else "version 1 only")
            )
    for line in comparison_lines(compare_deliveries(manifest, before, after), registry):
        console.print(Text(printable(line)), soft_wrap=True)
    return 0
