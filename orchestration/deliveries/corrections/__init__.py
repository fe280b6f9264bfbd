"""Corrections: known errors of a supplier as records, applied after reading; ``raw/`` is never changed."""

from __future__ import annotations

from orchestration.deliveries.corrections.applying import AppliedCorrection, apply_corrections
from orchestration.deliveries.corrections.reading import corrections_of, read_corrections
from orchestration.deliveries.corrections.records import Correction
from orchestration.deliveries.corrections.renaming import under_corrected_names

__all__ = [
    "AppliedCorrection",
    "Correction",
    "apply_corrections",
    "corrections_of",
    "read_corrections",
    "under_corrected_names",
]
