"""A slice of the coverage simulation; ``make coverage`` runs all of it (docs/methodology.md has its table)."""

from __future__ import annotations

import coverage_simulation as coverage
import estimator_alone
import pytest

SAMPLES = 600
CELLS = [("simple", 0.05, 300), ("stratified", 0.3, 300), ("clustered", 0.95, 300), ("simple", 0.005, 300)]


@pytest.mark.slow
@pytest.mark.parametrize(("design", "share", "n"), CELLS)
def test_intervals_hold_the_truth_as_often_as_they_say(design: str, share: float, n: int) -> None:
    cell = coverage.simulate(design, share, n, SAMPLES, seed=2026)
    assert cell["shown"] > 0.9
    # Three Monte-Carlo errors below the bound would be a fault of the estimator, not of chance.
    assert cell["coverage"] >= coverage.LEAST - 3 * cell["error"]
    if cell["is_enough"]:
        assert cell["coverage"] <= coverage.MOST + 3 * cell["error"]
    if design == "simple":
        assert cell["width"] <= coverage.WIDEST * cell["exact_width"]


@pytest.mark.slow
def test_the_simulation_notices_intervals_that_are_too_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulation that could not fail would prove nothing: 80 % intervals are seen to be too short."""
    monkeypatch.setitem(estimator_alone.POLICIES, "confidence_level", "0.80")
    cell = coverage.simulate("simple", 0.3, 300, SAMPLES, seed=2026)
    assert coverage.misses([cell])


def test_the_exact_width_is_that_of_clopper_and_pearson() -> None:
    # n = 2, p = 1/2: widths 0.8419 (k = 0, 2) and 0.9748 (k = 1), with chances 1/4, 1/2, 1/4.
    assert coverage.exact_width(0.5, 2) == pytest.approx(0.5 * 0.84189 + 0.5 * 0.97484, abs=1e-4)
