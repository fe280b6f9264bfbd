"""A panel from the manifest to the change: the same members in two waves, recognised by a keyed hash alone."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from mini_study import ROWS, answers, build_mini_study, enter

from orchestration.cli import main


@pytest.mark.slow
def test_a_change_within_a_panel_is_that_of_the_differences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    study = build_mini_study(tmp_path)
    study.take_rounding_rules()
    later = [1.0 if row % 4 == 0 or row % 10 == 1 else 2.0 for row in range(ROWS)]
    study.write_answers("mini_2022", V2=later)
    for wave in ("mini_2020", "mini_2022"):
        study.write_manifest(wave, {"panel": "flits", "panel_id": "RESPNR"})
        study.lock(wave)
    enter(study, monkeypatch)
    assert main(["refresh", "--no-publish"]) == 0
    with duckdb.connect(str(study.settings.warehouse), read_only=True) as connection:
        [(change, error, df, shared)] = connection.execute(
            """
            select change, change_standard_error, change_df, shared_units_n
            from estimates.est_changes
            inner join core.dim_domain using (domain_id)
            where indicator_id = 'victim_threat_12m' and population_id = 'politieke_ambtsdragers' and breakdown_id = 'total'
            """
        ).fetchall()
        lineage = connection.execute(
            "select wave_id, source_variable from marts.mart_lineage "
            "where part = 'panel' and indicator_id = 'victim_threat_12m' order by all"
        ).fetchall()
    assert lineage == [("mini_2020", "RESPNR"), ("mini_2022", "RESPNR")]
    first = answers()
    weight, stratum = first.WEEG.to_numpy(), first.STRATUM.to_numpy()
    before, after = ((np.asarray(values) == 1).astype(float) for values in (first.V2, later))
    shares = [(weight * values).sum() / weight.sum() for values in (before, after)]
    # The linearised difference of each member, centred within the two strata of 60.
    each = weight * ((after - shares[1]) - (before - shares[0])) / weight.sum()
    variance = sum(60 / 59 * ((each[stratum == h] - each[stratum == h].mean()) ** 2).sum() for h in (1, 2))
    assert shared == ROWS
    assert change == pytest.approx(shares[1] - shares[0], rel=1e-12)
    assert error == pytest.approx(np.sqrt(variance), rel=1e-10)
    assert df <= ROWS - 2
