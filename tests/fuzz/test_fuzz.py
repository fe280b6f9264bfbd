"""A slice of the fuzz run (``make fuzz``): no mutated file crashes the run, hangs it, or is read as something else."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from campaign import CRASHES, Case, refusals_of, run_campaign, table_of
from judges import differences, same_text
from mutations import MUTATIONS, mutate

SLICE, WHOLE = 500, 20_000
RUN = "continuous integration"


def odd(cases: list[Case]) -> list[str]:
    return [
        f"{case.number} {case.seed.name} {case.mutated.mutation}: {case.differs or (case.kinds, case.said)}"
        for case in cases
        if case.verdict == "disagreed"
    ]


def check(count: int, folder: Path) -> None:
    pspp = shutil.which("pspp")
    cases = run_campaign(count, RUN, folder, pspp)
    assert len(cases) == count
    # Every file is either read, and then judged, or refused.
    assert all(bool(case.verdict) != bool(case.kinds) for case in cases)
    assert "reader_unavailable" not in {kind for case in cases for kind in case.kinds}
    # A crash in a parser is contained: it is told of, but it is no fault of the run.
    contained = sum(1 for case in cases if CRASHES & {*case.kinds})
    assert contained <= count // 50, table_of(cases)
    formats = {case.seed.format for case in cases}
    assert formats >= {"sav", "zsav", "por", "dta", "csv", "xlsx"}
    for kind in formats:
        assert any(case.verdict for case in cases if case.seed.format == kind), kind
        assert any(case.kinds for case in cases if case.seed.format == kind), kind
    assert f"| all |  | {count} |" in table_of(cases)
    assert "truncated_file" in refusals_of(cases)
    if pspp is None:
        pytest.skip("pspp is not installed: the .sav, .zsav and .por files that were accepted are not judged")
    assert odd(cases) == []


def test_a_slice_of_mutated_files(tmp_path: Path) -> None:
    check(SLICE, tmp_path)


@pytest.mark.thorough
def test_all_mutated_files(tmp_path: Path) -> None:
    check(WHOLE, tmp_path)


def test_mutations_are_the_same_for_the_same_number() -> None:
    data = bytes(range(256)) * 20
    for number in range(50):
        one, other = (mutate(data, data[::-1], "sav", random.Random(number)) for _ in range(2))
        assert one == other
        assert one.data != data
    names = {mutate(data, data[::-1], "csv", random.Random(number)).mutation for number in range(100)}
    assert names == {"flipped", "cut", "spliced", "repeated", "extreme"}
    assert len(MUTATIONS) == 5


def test_the_judge_sees_a_changed_cell_label_and_declaration(tmp_path: Path) -> None:
    """A judge that agrees with everything would make the whole run worthless."""
    import pandas as pd
    import pyreadstat

    from orchestration.deliveries.readers import read_sav

    def table(name: str, value: float = 1.0, text: str = "x", label: str = "Ja", missing: float = 9):
        path = tmp_path / f"{name}.sav"
        pyreadstat.write_sav(
            pd.DataFrame({"A": [value, 2.0], "B": [text, "y"]}),
            str(path),
            variable_value_labels={"A": {1: label}},
            missing_ranges={"A": [missing]},
        )
        return read_sav(path)

    def in_portable(one, other) -> list[str]:
        return differences(one, other, is_portable=True)

    # Habits of PSPP with portable files are allowed for, and no more than those.
    assert in_portable(table("p"), table("q")) == []
    assert in_portable(table("p", text="ab"), table("q", text="abé")) == []  # what was in memory behind it
    assert in_portable(table("p", text="abé"), table("q", text="ab")) == []  # PSPP ends it there
    assert in_portable(table("p", text="a"), table("q", text="")) == ["cell"]
    assert in_portable(table("p", text="xy"), table("q", text="xz")) == ["cell"]
    assert in_portable(table("p", label="J"), table("q", label="Ja")) == ["value label"]
    assert in_portable(table("p", label=""), table("q", label="Ja")) == ["value label"]
    assert in_portable(table("p", label="Jaé"), table("q", label="Ja")) == []
    plain = table("plain")
    assert differences(plain, table("same")) == []
    assert differences(plain, table("cell", value=3.0)) == ["cell"]
    assert differences(plain, table("text", text="z")) == ["cell"]
    assert differences(plain, table("label", label="Nee")) == ["value label"]
    assert differences(plain, table("declared", missing=8)) == ["declaration"]
    assert not same_text("Ja", "Nee")
    assert same_text("Één", "??n")
    assert not same_text("Één", "??m")
