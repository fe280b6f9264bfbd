"""A redelivery whose numbers are missing for another reason, or whose sets count something else, is not the same."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from orchestration.deliveries.comparison import DIFFERENT, SAME_CELLS, compare_versions
from orchestration.deliveries.comparison.files import SetComparison
from orchestration.deliveries.comparison.told import _file_lines, counting
from orchestration.deliveries.comparison.variables import Transition
from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.source_table import (
    NUMERIC,
    ResponseSet,
    SourceTable,
    SourceValue,
    SourceVariable,
)


def version(number: int, **more: object) -> DeliveredFile:
    fields = {"path": f"v{number}.dta", "instrument": "one", "format": "dta", "respondent_id": "nr", **more}
    return DeliveredFile.model_validate({"file_id": "one", "version": number, **fields})


def table(reasons: dict[int, str]) -> SourceTable:
    frame = pd.DataFrame({"nr": [1.0, 2.0, 3.0], "v": [1.0, None, None]})
    variables = [
        SourceVariable(1, "nr", "", NUMERIC),
        SourceVariable(2, "v", "", NUMERIC, missing_declaration=".a|.b"),
    ]
    values = [SourceValue("v", ".a", "Weet niet", True), SourceValue("v", ".b", "", True)]
    sets = (ResponseSet("s", "", "dichotomy", "1", ("v",)),)
    return SourceTable(frame, variables, values, missing_reasons={"v": reasons}, response_sets=sets)


@pytest.mark.parametrize("number", ["nr", None])
def test_other_reasons_are_other_cells(number: str | None):
    first, second = version(1, respondent_id=number), version(2, respondent_id=number)
    old = table({2: ".a", 3: ".b"})
    assert compare_versions(first, old, second, table({2: ".a", 3: ".b"})).verdict == SAME_CELLS
    found = compare_versions(first, old, second, table({2: ".b"}))
    assert found.verdict == DIFFERENT
    (variable,) = found.variables
    assert (variable.name, variable.cells) == ("v", 2)
    assert variable.transitions == (
        Transition(".a 'Weet niet'", ".b", 1),
        Transition(".b", "no value", 1),
    )


def test_a_weight_may_be_missing_for_a_reason():
    found = compare_versions(
        version(1, weight="v"), table({2: ".a"}), version(2, weight="v"), table({2: ".b"})
    )
    assert found.weights is not None
    assert (found.weights.rows, found.weights.old_sum, found.weights.new_sum) == (1, 1.0, 1.0)


def test_a_set_that_counts_another_value_is_another_set():
    old = table({2: ".a"})
    new = replace(old, response_sets=(replace(old.response_sets[0], counted_value="2"),))
    found = compare_versions(version(1), old, version(2), new)
    assert found.verdict == DIFFERENT
    assert found.sets == (SetComparison("s", "dichotomy, counting 1", "dichotomy, counting 2"),)
    lines = list(_file_lines(found, counting(5), 5, False))
    assert "  response set s: dichotomy, counting 1 -> dichotomy, counting 2" in lines
    unsaid = replace(old, response_sets=(replace(old.response_sets[0], kind="", counted_value=""),))
    assert compare_versions(version(1), old, version(2), unsaid).verdict == SAME_CELLS
