"""Writing what ``peilstok new-wave`` proposes: the registry and the delivery, both or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.commands.new_wave import Draft


def write(settings: Settings, draft: Draft) -> None:
    """Write every changed registry file and the delivery's folder; when anything fails, neither is there."""
    from orchestration.deliveries.receiving import receive
    from orchestration.registry.replacing import replaced

    folder = settings.raw / draft.proposal.wave.programme_id / draft.proposal.wave.wave_id
    with replaced(settings.registry, draft.contents):
        receive(folder, draft.paths, draft.manifest, draft.hashes)
