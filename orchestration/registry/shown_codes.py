"""Which codes without a label a message may show: a code helps who has to map it, an answer is somebody's."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.registry.load import Registry

KIND, PLACE = "unlabelled_code", "message"


@dataclass(frozen=True)
class ShownCodes:
    """``respondents``: a text that fewer gave may be someone's own words; ``digits``: a longer number is no code."""

    respondents: float
    digits: float

    def may_show(self, code: str, count: int, is_number: bool) -> bool:
        """Whether a message may name a code that no codebook names."""
        if is_number:
            return sum(map(str.isdigit, code)) <= self.digits
        return count >= self.respondents

    def withheld(self, is_number: bool) -> str:
        """How a message goes on about codes that it does not show."""
        if is_number:
            return (
                "numbers that the crosswalk does not know; they are not shown, since they have no label and "
                f"more than {self.digits:g} digits"
            )
        return (
            "texts that the crosswalk does not know; they are not shown, since fewer than "
            f"{self.respondents:g} respondents gave each"
        )


def shown_codes(registry: Registry) -> ShownCodes:
    """As ``privacy_rules`` of the registry says."""
    from orchestration.deliveries.privacy_rules import privacy_rules

    rules = privacy_rules(registry)
    return ShownCodes(
        *(rules.threshold(KIND, PLACE, measure) or 0.0 for measure in ("respondents", "digits"))
    )
