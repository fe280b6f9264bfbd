"""``peilstok releases`` and ``peilstok rollback``."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.text import Text

from orchestration.publication.aligned import print_aligned
from orchestration.publication.headline_trend import read_summary
from orchestration.publication.release import CURRENT
from orchestration.publication.releases import PublishedRelease, list_releases, rollback
from orchestration.publication.summary import print_summary
from orchestration.settings import Settings


def show_releases(settings: Settings, console: Console) -> int:
    """Print the releases on disk, newest first."""
    found = list_releases(settings)
    if not found:
        console.print(
            Text(f"no releases yet in {settings.published}; run `peilstok refresh`"), soft_wrap=True
        )
        return 0
    header = ("", "release", "published", "rows", "trend rows", "data", "code")
    styles = ["dim", *("bold" if release.is_current else "" for release in found)]
    print_aligned(console, [header, *map(_row, found)], left=(0, 1, 2, 5, 6), styles=styles)
    return 0


def roll_back(settings: Settings, console: Console, release_id: str) -> int:
    """Make an earlier release current again and show what it says."""
    outcome = rollback(settings, release_id)
    status = "rolled_back" if outcome.status == "switched" else "no_change"
    print_summary(console, read_summary(settings.published / CURRENT), status)
    if outcome.status == "switched":
        was = f"was {outcome.previous_id}; " if outcome.previous_id else ""
        console.print(
            Text(f"{was}the next `peilstok refresh` publishes what the deliveries give now", style="dim")
        )
    return 0


def _row(release: PublishedRelease) -> tuple[str, ...]:
    mark = "*" if release.is_current else ""
    if release.fault:
        return mark, release.release_id, "DAMAGED", "", "", release.fault, ""
    data = "synthetic" if release.is_synthetic else "real"
    return (
        mark,
        release.release_id,
        f"{datetime.fromisoformat(release.published_at).astimezone():%Y-%m-%d %H:%M}",
        f"{release.rows:,}",
        f"{release.trend_rows:,}",
        data,
        release.code_version,
    )
