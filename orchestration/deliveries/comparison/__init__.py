"""Two versions of a delivery side by side: what a redelivery changed, without an answer of anybody."""

from __future__ import annotations

from orchestration.deliveries.comparison.deliveries import (
    DeliveryComparison,
    compare_deliveries,
    parse_delivery,
)
from orchestration.deliveries.comparison.files import (
    DIFFERENT,
    SAME_CELLS,
    SAME_MEANING,
    FileComparison,
    compare_versions,
)

__all__ = [
    "DIFFERENT",
    "SAME_CELLS",
    "SAME_MEANING",
    "DeliveryComparison",
    "FileComparison",
    "compare_deliveries",
    "compare_versions",
    "parse_delivery",
]
