"""Generalised raking with bounds: weights as near as can be to those given that meet known totals.

Deville and Särndal (1992), *JASA* 87: the truncated multiplicative distance, w_k = d_k * clip(exp(x_k' λ), L, U)
with Σ w_k x_k = T. λ minimises the convex dual Σ d_k F(x_k' λ) - T' λ, whose gradient is what the margins lack; F is
the integral of the clipped exponential. R's ``survey::calibrate(calfun = "raking", bounds = c(L, U))`` is the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

TOLERANCE = 1e-10
"""A total counts as met when it is this near, relative to itself."""
MOST_ITERATIONS = 100
LARGEST_FACTOR = 1e100
"""Where no upper bound is given: beyond it the square of a weight is no number any more."""


class UnmetMargins(ValueError):
    """No weights within the bounds meet the totals.

    ``column`` is the total that is missed most: ``ratio`` times what the given weights make of it is wanted (not finite
    where they make nothing of it), ``reached`` times is as near as it comes.
    """

    def __init__(
        self, message: str, column: int = 0, ratio: float = math.nan, reached: float = math.nan
    ) -> None:
        super().__init__(message)
        self.column, self.ratio, self.reached = column, ratio, reached


@dataclass(frozen=True)
class _Dual:
    """The dual with weights that sum to one: ``shares`` (n,), ``indicators`` (n, k), ``totals`` (k,)."""

    shares: np.ndarray
    indicators: np.ndarray
    totals: np.ndarray
    low: float
    high: float

    def factors(self, multipliers: np.ndarray) -> np.ndarray:
        """New over given weight, (n,), exactly at a bound where it is cut."""
        exponents = self.indicators @ multipliers
        inside = np.exp(np.clip(exponents, np.log(self.low), np.log(self.high)))
        return np.where(exponents <= np.log(self.low), self.low, np.minimum(inside, self.high))

    def missed(self, multipliers: np.ndarray) -> np.ndarray:
        """The gradient, (k,): reached less wanted."""
        return (self.shares * self.factors(multipliers)) @ self.indicators - self.totals

    def value_and_gradient(self, multipliers: np.ndarray) -> tuple[float, np.ndarray]:
        exponents = self.indicators @ multipliers
        factors = self.factors(multipliers)
        beyond = exponents - np.clip(exponents, np.log(self.low), np.log(self.high))
        value = self.shares @ (factors * (1 + beyond)) - self.totals @ multipliers
        return float(value), self.missed(multipliers)

    def curvature(self, multipliers: np.ndarray) -> np.ndarray:
        """The Hessian, (k, k): a weight at a bound does not move."""
        factors = self.factors(multipliers)
        moving = np.where((factors > self.low) & (factors < self.high), self.shares * factors, 0.0)
        return (self.indicators * moving[:, None]).T @ self.indicators


def rake(
    weights: np.ndarray,
    indicators: np.ndarray,
    totals: np.ndarray,
    lower: float = 0.0,
    upper: float = np.inf,
) -> np.ndarray:
    """Weights (n,) with ``weights @ indicators`` equal to ``totals``, each within its bounds.

    ``weights``: (n,), not negative; ``indicators``: (n, k), whose columns may depend on each other; ``totals``: (k,),
    positive; ``lower`` < 1 < ``upper``: bounds on new over given weight. A weight of zero stays zero.
    Raises ``UnmetMargins`` when no such weights exist.
    """
    weights, indicators, totals = (np.asarray(part, dtype=float) for part in (weights, indicators, totals))
    if not 0 <= lower < 1 < upper:
        raise ValueError(f"bounds are a number below one and a number above it, not {lower:g} and {upper:g}")
    whole = weights.sum()
    given = weights @ indicators
    low, high = max(lower, 1 / LARGEST_FACTOR), min(upper, LARGEST_FACTOR)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = totals / given
    outside = ~((ratios >= low * (1 - TOLERANCE)) & (ratios <= high * (1 + TOLERANCE)))
    if outside.any():
        # By itself too far off, whatever the others ask.
        away = np.nan_to_num(
            np.abs(np.log(ratios, where=ratios > 0, out=np.full(len(ratios), np.inf))), nan=np.inf
        )
        worst = int(np.argmax(np.where(outside, away, -1)))
        raise _unmet(worst, ratios[worst], np.clip(ratios[worst], low, high))
    # Respondents who are alike in the margins get the same factor: few rows stand for them all.
    patterns, pattern = np.unique(indicators, axis=0, return_inverse=True)
    shares = np.bincount(pattern.ravel(), weights / whole, len(patterns))
    dual = _Dual(shares, patterns, totals / whole, low, high)
    found = optimize.minimize(
        dual.value_and_gradient,
        np.zeros(indicators.shape[1]),
        jac=True,
        hess=dual.curvature,
        method="trust-exact",
        options={"gtol": TOLERANCE / 1000, "maxiter": MOST_ITERATIONS},
    )
    # The value of the dual is flat to the last digits near its minimum; its gradient still is not.
    found = optimize.root(
        dual.missed, found.x, jac=dual.curvature, method="lm", options={"xtol": 1e-15, "ftol": 1e-15}
    )
    missed = dual.missed(found.x) / dual.totals
    worst = int(np.argmax(np.abs(missed)))
    if not abs(missed[worst]) <= TOLERANCE:
        raise _unmet(worst, ratios[worst], ratios[worst] * (1 + missed[worst]))
    return weights * dual.factors(found.x)[pattern.ravel()]


def _unmet(column: int, ratio: float, reached: float) -> UnmetMargins:
    told = f"total {column} is wanted at {ratio:g} times what it is, and {reached:g} times is as near as it comes"
    return UnmetMargins(told, column, float(ratio), float(reached))
