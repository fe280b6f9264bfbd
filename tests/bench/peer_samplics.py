"""samplics on the bench's cells; prints seconds and the standard errors as JSON."""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")
import pandas as pd  # noqa: E402
from samplics.estimation import TaylorEstimator  # noqa: E402
from samplics.utils.types import PopParam  # noqa: E402

frame = pd.read_parquet(sys.argv[1])
indicators, breakdowns = sys.argv[2].split(","), sys.argv[3].split(",")
errors = {}
began = time.perf_counter()
for wave, part in frame.groupby("wave_id"):
    for breakdown in breakdowns:
        for name in indicators:
            estimator = TaylorEstimator(PopParam.mean)
            estimator.estimate(
                y=part[name],
                samp_weight=part.weight,
                stratum=part.stratum,
                psu=part.psu,
                domain=part[breakdown],
            )
            for code, error in estimator.stderror.items():
                errors[f"{wave}/{name}/{breakdown}={code}"] = error
print(json.dumps({"seconds": time.perf_counter() - began, "errors": errors}))
