"""Weights of respondents raked to the margins of their population, beside the weights that were delivered.

Margins are used as shares: the recalibrated weights add up to what the delivered ones add up to. Whoever gave no answer
to a concept is outside its margin, and all of them together keep the share of the weight that they had.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.statistics.raking import UnmetMargins, rake

RESULT = pa.schema(
    [
        ("respondent_key", pa.int64()),
        ("wave_id", pa.string()),
        ("instrument_id", pa.string()),
        ("weight", pa.float64()),
        ("recalibrated_weight", pa.float64()),
        ("fault", pa.string()),
    ]
)


def recalibrate(answers: pd.DataFrame, margins: pd.DataFrame, lower: float, upper: float) -> pa.Table:
    """One row per respondent of a wave and instrument with margins, by key; columns as in ``RESULT``.

    ``answers``: one row per respondent and concept that has a margin, with ``wave_id``, ``instrument_id``,
    ``respondent_key``, ``weight``, ``concept_id`` and ``code`` (nothing where there is no answer); ``margins``: the
    registry's ``weighting_margins``; ``lower`` and ``upper``: bounds on recalibrated over delivered weight. Where the
    margins cannot be met within them nobody has a recalibrated weight, and ``fault`` says which margin fails.
    """
    parts = []
    for (wave_id, instrument_id), asked in answers.groupby(["wave_id", "instrument_id"]):
        of_sample = margins[(margins.wave_id == wave_id) & (margins.instrument_id == instrument_id)]
        codes = asked.pivot(index="respondent_key", columns="concept_id", values="code")
        weights = asked.groupby("respondent_key").weight.first().to_numpy()
        recalibrated, fault = np.full(len(weights), np.nan), ""
        try:
            recalibrated = recalibrated_weights(weights, codes, of_sample, lower, upper)
        except UnmetMargins as unmet:
            fault = str(unmet)
        parts.append(
            pd.DataFrame(
                {
                    "respondent_key": codes.index,
                    "wave_id": wave_id,
                    "instrument_id": instrument_id,
                    "weight": weights,
                    "recalibrated_weight": recalibrated,
                    "fault": fault or None,
                }
            )
        )
    if not parts:
        return RESULT.empty_table()
    return pa.Table.from_pandas(pd.concat(parts), schema=RESULT, preserve_index=False)


def recalibrated_weights(
    weights: np.ndarray, codes: pd.DataFrame, margins: pd.DataFrame, lower: float, upper: float
) -> np.ndarray:
    """Weights of one sample, (n,), raked to its margins.

    ``weights``: (n,); ``codes``: (n, concepts), named by concept; ``margins``: ``concept_id``, ``code`` and
    ``population_n``. Raises ``UnmetMargins`` that names concept, code and bounds.
    """
    # Without it the weight of those outside a margin would be free to move.
    names, columns, totals = [""], [np.ones(len(weights))], [weights.sum()]
    for concept, rows in margins.groupby("concept_id"):
        population = rows.population_n.astype(float)
        answered = codes[concept].isin(rows.code)
        beyond = sorted(set(codes[concept].dropna()) - set(rows.code))
        if beyond:
            raise UnmetMargins(f"{concept} has answers that its margin lacks: {', '.join(beyond)}")
        for code, share in zip(rows.code, population / population.sum(), strict=True):
            names.append(f"{concept} = {code}")
            columns.append((codes[concept] == code).to_numpy(dtype=float))
            totals.append(share * weights[answered].sum())
    try:
        return rake(weights, np.column_stack(columns), np.array(totals), lower, upper)
    except UnmetMargins as unmet:
        raise UnmetMargins(
            _told(names[unmet.column], unmet, lower, upper), unmet.column, unmet.ratio, unmet.reached
        ) from None


def _told(name: str, unmet: UnmetMargins, lower: float, upper: float) -> str:
    if not math.isfinite(unmet.ratio):
        return f"{name}: nobody of positive weight gave this answer; leave its row out"
    wanted = f"{name or 'the sum of the weights'} is wanted at {unmet.ratio:.4g} times its delivered weight"
    return f"{wanted}, and {unmet.reached:.4g} times is as near as bounds of {lower:g} and {upper:g} allow"
