"""Quantiles and tail probabilities from SciPy, on Arrow arrays.

Every function takes float64 arrays of one length and returns one of that length. NULL, NaN or a value
outside a distribution's domain gives NULL: a figure that cannot be computed is never a zero.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from scipy import special


def _numbers(array: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return array.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)


def _column(values: np.ndarray) -> pa.Array:
    return pa.array(np.where(np.isfinite(values), values, np.nan), type=pa.float64(), from_pandas=True)


def vectorised(function: Callable[..., np.ndarray]) -> Callable[..., pa.Array]:
    """Lift a NumPy function to Arrow arrays, with NULL for whatever is not finite."""

    def on_arrow(*columns: pa.Array) -> pa.Array:
        with np.errstate(all="ignore"):
            return _column(function(*(_numbers(column) for column in columns)))

    # DuckDB counts the parameters of the signature, so it has to be the NumPy function's own.
    on_arrow.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return on_arrow


def student_t_quantile(probability: np.ndarray, degrees_of_freedom: np.ndarray) -> np.ndarray:
    """Quantile of Student's t; ``degrees_of_freedom`` > 0, not necessarily whole."""
    df = np.where(degrees_of_freedom > 0, degrees_of_freedom, np.nan)
    return special.stdtrit(df, probability)


def student_t_two_sided_p(statistic: np.ndarray, degrees_of_freedom: np.ndarray) -> np.ndarray:
    """Two-sided p-value of a t statistic."""
    df = np.where(degrees_of_freedom > 0, degrees_of_freedom, np.nan)
    return 2.0 * special.stdtr(df, -np.abs(statistic))


def beta_quantile(probability: np.ndarray, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Quantile of the beta distribution, with its limits 0 (alpha = 0) and 1 (beta = 0).

    The limits are what Clopper-Pearson needs at 0 % and 100 %.
    """
    inside = special.betaincinv(
        np.where(alpha > 0, alpha, np.nan), np.where(beta > 0, beta, np.nan), probability
    )
    return np.where(alpha == 0, 0.0, np.where(beta == 0, 1.0, inside))


#: SQL name -> (function, number of DOUBLE parameters)
SQL_FUNCTIONS: dict[str, tuple[Callable[..., np.ndarray], int]] = {
    "student_t_quantile": (student_t_quantile, 2),
    "student_t_two_sided_p": (student_t_two_sided_p, 2),
    "beta_quantile": (beta_quantile, 3),
}
