"""Writing what ``peilstok new-wave`` proposes: the registry and the delivery, both or neither."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.commands.new_wave import Draft


def write(settings: Settings, draft: Draft) -> None:
    """Write every changed registry file and the delivery's folder.

    New content is written beside the old and renamed; when anything fails, the registry gets back what it had.
    """
    from orchestration.deliveries.receiving import receive

    folder = settings.raw / draft.proposal.wave.programme_id / draft.proposal.wave.wave_id
    before = {path: (settings.registry / path).read_bytes() for path in draft.contents}
    beside = {path: (settings.registry / path).with_suffix(f".csv.{os.getpid()}") for path in draft.contents}
    try:
        for path, content in draft.contents.items():
            beside[path].write_bytes(content)
        for path in draft.contents:
            os.replace(beside[path], settings.registry / path)
        receive(folder, draft.paths, draft.manifest, draft.hashes)
    except BaseException:
        for path, content in before.items():
            if (settings.registry / path).read_bytes() != content:
                beside[path].write_bytes(content)
                os.replace(beside[path], settings.registry / path)
        raise
    finally:
        for path in beside.values():
            path.unlink(missing_ok=True)
