"""svy on the bench's cells; prints seconds and the standard errors as JSON."""

import json
import sys
import time

import polars as pl
from svy import Design, Sample

frame = pl.read_parquet(sys.argv[1])
indicators, breakdowns = sys.argv[2].split(","), sys.argv[3].split(",")
errors = {}
began = time.perf_counter()
for (wave,), part in frame.group_by("wave_id"):
    sample = Sample(part, Design(stratum="stratum", psu="psu", wgt="weight"))
    for breakdown in breakdowns:
        for name, estimate in zip(indicators, sample.estimation.mean(indicators, by=breakdown), strict=True):
            for cell in estimate.estimates:
                code = cell.by_level[0] if isinstance(cell.by_level, (list, tuple)) else cell.by_level
                errors[f"{wave}/{name}/{breakdown}={code}"] = cell.se
print(json.dumps({"seconds": time.perf_counter() - began, "errors": errors}))
