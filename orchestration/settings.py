"""Where things are: the raw deliveries, the registry and the state of one warehouse."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """The folders that a run works with.

    ``raw``: deliveries as received (``PEILSTOK_RAW``); ``registry``: the seeds that a person decides
    (``PEILSTOK_REGISTRY``); ``home``: all state (``PEILSTOK_HOME``); ``project_root``: the checkout.
    """

    raw: Path
    registry: Path
    home: Path
    project_root: Path = PROJECT_ROOT

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        """The private working file; readers get releases, never this file."""
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def quality(self) -> Path:
        """Check results of the run in progress, read by ``publish``."""
        return self.home / "quality"

    @property
    def dbt_project(self) -> Path:
        return self.project_root / "dbt_project"

    @property
    def expectations(self) -> Path:
        return self.project_root / "expectations"


def load_settings(environ: dict[str, str] | None = None) -> Settings:
    """Settings from the environment; relative paths are relative to the checkout."""
    env = os.environ if environ is None else environ

    def place(variable: str, default: str) -> Path:
        path = Path(env.get(variable) or default).expanduser()
        return path if path.is_absolute() else (PROJECT_ROOT / path)

    return Settings(
        raw=place("PEILSTOK_RAW", "raw"),
        registry=place("PEILSTOK_REGISTRY", "dbt_project/seeds"),
        home=place("PEILSTOK_HOME", "warehouse"),
    )
