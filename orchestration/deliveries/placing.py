"""Problems of a reader know a file's name only; here they get its wave and its place in the raw folder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from orchestration.deliveries.manifest import CORRECTIONS_NAME, MANIFEST_NAME, Manifest
from orchestration.deliveries.problems import Problem


def placed(problem: Problem, manifest: Manifest, path: str) -> Problem:
    """The same problem, said of ``path`` in this delivery; a line number or sheet after the name is kept.

    A problem of the codebook beside the file stays with that codebook, one of a correction with the corrections,
    one of the manifest with the manifest.
    """
    suffix = re.search(r"(:[0-9]+|\[.*\])*$", problem.file)
    detail = suffix.group() if suffix else ""
    name = problem.file.removesuffix(detail) if detail else problem.file
    codebooks = [
        entry.codebook_path for entry in manifest.files if entry.path == path and entry.codebook_path
    ]
    places = [path, *codebooks, CORRECTIONS_NAME, MANIFEST_NAME]
    target = next((other for other in places if PurePosixPath(other).name == name), path)
    return replace(problem, wave_id=manifest.wave, file=manifest.shown(target) + detail)
