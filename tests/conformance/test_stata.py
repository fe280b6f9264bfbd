"""Stata files of every version that R's haven writes: the reasons of missing numbers, labels and text."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.deliveries import read_dta

SCRIPT = """
library(haven)
answers <- data.frame(
  vraag = labelled(c(1, 2, tagged_na("a"), tagged_na("z"), NA, 2.5),
                   c(Ja = 1, Nee = 2, Weigert = tagged_na("a"), "Weet niet" = tagged_na("b")), label = "Vraag \\u00e9\\u00e9n"),
  tekst = c("\\u00e9\\u00e9n keer", "b", "", "d", "select", "'; drop"),
  dag = as.Date(c("1850-01-31", "2024-02-29", NA, "9999-12-31", "1960-01-01", "2000-01-01"))
)
for (version in c(8, 10, 12, 13, 14, 15)) write_dta(answers, file.path(folder, paste0(version, ".dta")), version = version)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[[str], str]) -> Path:
    rscript = require_tool("Rscript")
    path = tmp_path_factory.mktemp("stata")
    (path / "write.R").write_text(f'folder <- "{path}"\n{SCRIPT}')
    done = subprocess.run(
        [rscript, str(path / "write.R")], capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    if b"there is no package" in done.stderr:
        pytest.skip("R's haven is absent")
    assert done.returncode == 0, done.stderr
    return path


@pytest.mark.parametrize("version", [8, 10, 12, 13, 14, 15])
def test_what_haven_writes_is_read_whole(folder: Path, version: int):
    table = read_dta(folder / f"{version}.dta")
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
