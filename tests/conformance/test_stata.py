"""Stata files of every version that R's haven writes: the reasons of missing numbers, labels and text.

``stata/write.R`` wrote the files; the test itself needs no R.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.deliveries import read_dta

FOLDER = Path(__file__).parent / "stata"


@pytest.mark.parametrize("version", [8, 10, 12, 13, 14, 15])
def test_what_haven_writes_is_read_whole(version: int):
    table = read_dta(FOLDER / f"{version}.dta")
    vraag, tekst, dag = (table.frame[name] for name in table.variable_names)
    assert [None if cell != cell else cell for cell in vraag.tolist()] == [1.0, 2.0, None, None, None, 2.5]
    assert table.missing_reasons == {"vraag": {3: ".a", 4: ".z"}}
    assert [(one.code, one.value_label, one.is_user_missing) for one in table.values] == [
        ("1", "Ja", False),
        ("2", "Nee", False),
        (".a", "Weigert", True),
        (".b", "Weet niet", True),
        (".z", "", True),
    ]
    assert table.variables[0].variable_label == "Vraag één"
    assert tekst.tolist() == ["één keer", "b", None, "d", "select", "'; drop"]
    # Days since 1960, also those that pandas has no date for.
    assert dag.dropna().tolist() == [-40146.0, 23435.0, 2936549.0, 0.0, 14610.0]
    # haven writes UTF-8 into versions that have no encoding of their own.
    repaired = table.text_counts.answers_repaired
    assert (table.encoding, repaired) == ("utf-8", 1 if version < 14 else 0)
