"""Real files with known quirks, against what R's haven and PSPP find in them (``zoo/derive.py``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from zoo_listing import EXPECTED, by_position, digest, digits_of, expected_path, lines_of, zoo_files
from zoo_table import read, zoo_table

from orchestration.deliveries import DeliveryProblems
from orchestration.deliveries.landed_tables import answers_table, codebook_tables

FILES = zoo_files()
PSPP_DIGITS = 12

pytestmark = pytest.mark.skipif(not FILES, reason="../shared/zoo is absent")


@pytest.fixture(scope="module")
def tables() -> dict[Path, Any]:
    """Every file of the zoo that can be read; the kind of its problem for one that cannot."""
    found: dict[Path, Any] = {}
    for file in FILES:
        try:
            found[file] = read(file)
        except DeliveryProblems as problems:
            found[file] = problems.problems[0].kind
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_values_labels_and_missing_declarations_are_those_of_other_readers(
    file: Path, tables: dict[Path, Any]
):
    expected = json.loads(expected_path(file).read_text(encoding="utf-8"))
    table = tables[file]
    if expected["haven"] == "refused":
        assert (table, expected["pspp"]) == ("encrypted_file", "refused")
        return
    haven = expected["haven"]
    assert digest(lines_of(table, digits_of(file)), haven) == haven
    if expected["pspp"] != "refused":
        pspp = expected["pspp"]
        lines = by_position(lines_of(table, PSPP_DIGITS), table.variable_names)
        assert digest(lines, pspp) == pspp


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_landing_holds_what_was_read(file: Path, tables: dict[Path, Any]):
    table = tables[file]
    if isinstance(table, str):
        assert table == "encrypted_file"
        return
    ids = [str(row) for row in range(len(table.frame))]
    landed = answers_table(table.frame, ids, [None] * len(ids), table.variable_names)
    for name in table.variable_names:
        delivered = [None if cell != cell else cell for cell in table.frame[name].tolist()]
        assert landed.column(name).to_pylist() == delivered
    origin = dict.fromkeys(("wave_id", "programme_id", "instrument_id", "file_id"), "zoo")
    sets = codebook_tables(table, origin, table.variable_names)["response_sets"].to_pylist()
    assert len(sets) == sum(len(one.variables) for one in table.response_sets)


def test_a_spoiled_expectation_is_seen(tables: dict[Path, Any]):
    """The hashes do tell one changed label, and one changed cell in the last figure."""
    file = next(path for path in FILES if path.name == "sample_missing.sav")
    expected = json.loads(expected_path(file).read_text(encoding="utf-8"))["haven"]
    lines = lines_of(tables[file], digits_of(file))
    for kind in ("value", "missing", "cell"):
        spoiled = list(lines)
        at = next(place for place, line in enumerate(spoiled) if line[0] == kind)
        spoiled[at] = (*spoiled[at][:-1], spoiled[at][-1] + "1")
        assert digest(spoiled, expected)[kind] != expected[kind]


def test_every_file_of_the_zoo_has_its_expectation_and_its_outcome():
    assert {expected_path(file) for file in FILES} == set(EXPECTED.glob("*.json"))
    rows = {row[0]: row for row in zoo_table()}
    assert len(rows) == len(FILES) == 36
    assert [name for name, row in rows.items() if row[2] != "lands"] == ["hotel-encrypted.sav"]
    assert rows["hotel-encrypted.sav"][2] == "encrypted_file"
    assert rows["simple_alltypes.sav"][1:] == ("6 × 12", "lands", "cp1252", "0", "0", "2", "2")
    assert [name for name, row in rows.items() if row[5] not in ("", "0")] == ["tegulu.sav"]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_a_file_that_is_cut_off_is_refused(file: Path, tmp_path: Path):
    """Wherever it is cut: nothing is ever read short."""
    data = file.read_bytes()
    cut = tmp_path / file.name
    end = len(data.rstrip()) if file.suffix == ".por" else len(data)
    # A portable file is filled up with the sign of its end; what comes after the first of them is nothing.
    end = len(data.rstrip(b"\r\nZ")) if file.suffix == ".por" else end
    for length in (*range(1, end, max(1, end // 12)), end - 9, end - 8, end - 1):
        cut.write_bytes(data[:length])
        with pytest.raises(DeliveryProblems) as caught:
            read(cut)
        assert caught.value.exit_code == 2
