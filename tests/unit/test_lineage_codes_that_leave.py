"""Which source codes leave with a release: those with a label, and short numbers."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[2]
DIGITS = "3"
MODEL = ROOT / "dbt_project/models/release/release_mart_lineage_codes.sql"


def leaves(code: str, label: str | None, rule: str = "value") -> bool:
    """Whether the model lets the code through, when codes of three digits are shown."""
    sql = (
        Environment()
        .from_string(MODEL.read_text(encoding="utf-8"))
        .render(ref=lambda name: name, config=lambda **_: "", env_var=lambda *_: DIGITS)
    )
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "create table mart_lineage_codes as select $1::varchar as source_code, $2::varchar as source_label, $3 as rule",
            [code, label, rule],
        )
        return bool(connection.execute(sql).fetchall())


@pytest.mark.parametrize("code", ["123456782", "-99999", "12.3456", "Jan Jansen", "nan", "inf", ""])
def test_what_may_be_an_answer_stays(code: str):
    assert not leaves(code, None)


@pytest.mark.parametrize(
    ("code", "label", "rule"),
    [
        ("1", None, "value"),
        ("-99", None, "value"),
        ("9999", "Weet niet", "value"),
        ("anders", "Anders", "value"),
        ("18..34", None, "range"),
    ],
)
def test_a_code_leaves(code: str, label: str | None, rule: str):
    assert leaves(code, label, rule)
