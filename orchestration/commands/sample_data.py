"""``peilstok sample-data``: the synthetic sample deliveries, written anew with their locks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import WrongUse, wave_folders
from orchestration.settings import Settings


def write_sample(settings: Settings, console: Console, output: Path | None, waves: Sequence[str] = ()) -> int:
    """Write the sample deliveries of ``waves`` (all when empty) below ``output`` (or raw) and lock them.

    A folder that holds a delivery of real people is never written to.
    """
    from orchestration.deliveries import load_manifest, write_lock
    from orchestration.registry import load_registry
    from orchestration.sample_data.generate import generate, wave_ids

    unknown = sorted(set(waves) - set(wave_ids()))
    if unknown:
        raise WrongUse(f"there is no sample of {', '.join(unknown)}; there is one of {', '.join(wave_ids())}")
    raw = output if output is not None else settings.raw
    chosen = sorted(set(waves) or set(wave_ids()))
    _refuse_real_deliveries(raw, chosen)
    generate(raw, settings.registry, chosen, lambda text: console.print(Text(text), soft_wrap=True))
    registry = load_registry(settings.registry)
    folders = wave_folders(raw)
    for wave in chosen:
        # The generator is the supplier here, and may change its mind about what it sent.
        write_lock(load_manifest(folders[wave], registry), accept_changes=True)
    console.print(
        Text(f"wrote and locked {len(chosen)} sample deliveries in {raw}", style="bold"), soft_wrap=True
    )
    return 0


def _refuse_real_deliveries(raw: Path, waves: Sequence[str]) -> None:
    import yaml

    folders = wave_folders(raw)
    for wave in waves:
        if wave not in folders:
            continue
        try:
            manifest = yaml.safe_load((folders[wave] / "delivery.yml").read_text(encoding="utf-8"))
            is_synthetic = manifest["is_synthetic"] is True
        except FileNotFoundError:
            is_synthetic = not any(folders[wave].iterdir())
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
            is_synthetic = False
        if not is_synthetic:
            raise WrongUse(
                f"{folders[wave]} holds files that are not a synthetic delivery; "
                "write the sample elsewhere with --output"
            )
