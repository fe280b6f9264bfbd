"""Write → read → landing keeps every value, label and missing declaration, for random dictionaries."""

from __future__ import annotations

import csv
import math
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portable_writer import write_portable

from orchestration.deliveries import read_csv, read_dta, read_por, read_sav, read_xlsx
from orchestration.deliveries.landed_tables import VALUE_COLUMNS, answers_table, arrow_table
from orchestration.deliveries.source_table import (
    SourceTable,
    canonical_code,
    declared_parts,
    in_missing_declaration,
)

QUICK = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
THOROUGH = settings(QUICK, max_examples=100, derandomize=False)

LETTERS = "abcxyzABCéïüßœŽλя漢字"
TRICKY = [
    "'; drop table x; --",
    'a "quoted" b',
    "ja; nee, of|en",
    "select",
    "🙂 emoji",
    "<b>&amp;</b>",
    "a\\b",
    "=1+1",
]
plain = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=30)
texts = st.one_of(st.sampled_from(TRICKY), plain).map(lambda text: text.rstrip(" ")).filter(bool)
UTF_8_SIGN = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
OLD_ENCODINGS = (
    "latin-1",
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1257",
    "iso8859-2",
    "cp437",
    "mac-roman",
)


def may_be_decoded_wrongly(text: str) -> bool:
    """Such text, also when it is repeated, is set right: ``test_text_encoding`` is about that."""
    return any(sign in text for sign in "ÃÂâÐÑ") or any(
        UTF_8_SIGN.search((text * 2).encode(encoding, "replace")) for encoding in OLD_ENCODINGS
    )


labels = texts.filter(lambda text: text.isprintable() and not may_be_decoded_wrongly(text)).map(
    lambda text: text.encode()[:100].decode(errors="ignore").rstrip(" ") or "x"
)
whole = st.integers(-(10**6), 10**6).map(float)
numbers = st.one_of(whole, st.floats(-1e300, 1e300, allow_nan=False, allow_subnormal=False), st.just(0.1))
codes = st.integers(-99, 999).map(float)


@dataclass
class Variable:
    name: str
    is_numeric: bool
    answers: list
    label: str = ""
    labels: dict = field(default_factory=dict)
    missings: list = field(default_factory=list)
    missing_range: tuple | None = None


@st.composite
def variables(draw, names: st.SearchStrategy[str], answers: st.SearchStrategy[float], missing_text: bool):
    """One to four variables of the same number of rows, with labels and missing declarations."""
    found: list[Variable] = []
    rows = draw(st.integers(1, 6))
    unique = st.lists(names, min_size=1, max_size=4, unique_by=str.casefold)
    for name in draw(unique):
        is_numeric = draw(st.booleans())
        one = Variable(name, is_numeric, [], draw(st.one_of(st.just(""), labels)))
        if is_numeric:
            one.labels = draw(st.dictionaries(codes, labels, max_size=4))
            one.missings = draw(st.lists(codes, max_size=3, unique=True))
            if len(one.missings) < 2 and draw(st.booleans()):
                low = draw(st.integers(-50, 50))
                one.missing_range = (float(low), float(low + draw(st.integers(1, 9))))
            cell = st.one_of(st.none(), answers, codes, st.sampled_from([1.0, *one.missings]))
        else:
            short = st.text("abz|\\;'9 ", min_size=1, max_size=8).map(lambda text: text.rstrip(" "))
            if missing_text:
                one.missings = draw(st.lists(short.filter(bool), max_size=3, unique=True))
            long = draw(st.integers(1, 700))
            cell = st.one_of(
                st.none(), labels, labels.map(lambda text, long=long: (text * 30)[:long].rstrip(" ") or "y"),
                st.sampled_from(["a", *one.missings]),
            )  # fmt: skip
        one.answers = draw(st.lists(cell, min_size=rows, max_size=rows))
        if not is_numeric:
            # A variable is as wide as its longest answer, and a code that does not fit into it declares nothing.
            width = max((len(text.encode()) for text in one.answers if text), default=1)
            one.missings = [code for code in one.missings if len(code.encode()) <= width]
        found.append(one)
    return found


def spss_names() -> st.SearchStrategy[str]:
    head = st.sampled_from(LETTERS)
    tail = st.text(LETTERS + "0123456789_.@#$", max_size=62)
    return st.builds(str.__add__, head, tail).map(
        lambda name: (name.encode()[:64].decode(errors="ignore").rstrip("._") or "v") + "1"
    ).filter(lambda name: len(name.encode()) <= 64)  # fmt: skip


def frame_of(found: list[Variable]) -> pd.DataFrame:
    return pd.DataFrame(
        {one.name: pd.Series(one.answers, dtype="float64" if one.is_numeric else object) for one in found}
    )


def assert_kept(table: SourceTable, found: list[Variable], exact: bool = True) -> None:
    """The table, and what lands of it, hold what was written."""
    assert table.variable_names == [one.name for one in found]
    ids = [str(row) for row in range(len(table.frame))]
    landed = answers_table(table.frame, ids, [None] * len(ids), table.variable_names)
    for one, variable in zip(found, table.variables, strict=True):
        assert variable.variable_label == one.label
        got = landed.column(one.name).to_pylist()
        if exact or not one.is_numeric:
            assert got == one.answers
        else:
            assert all(
                (a is None and b is None) or math.isclose(a, b, rel_tol=1e-12)
                for a, b in zip(got, one.answers, strict=True)
            )
        declared = {canonical_code(value) for value in one.missings}
        if one.missing_range:
            declared.add("..".join(map(canonical_code, one.missing_range)))
        assert set(declared_parts(variable.missing_declaration, one.is_numeric)) == declared
        values = {value.code: value for value in table.values if value.variable_name == one.name}
        assert {code: value.value_label for code, value in values.items() if value.value_label} == {
            canonical_code(code): label for code, label in one.labels.items()
        }
        for code, value in values.items():
            is_missing = in_missing_declaration(code, one.is_numeric, variable.missing_declaration)
            assert value.is_user_missing == is_missing
        for value in one.missings:
            assert values[canonical_code(value)].is_user_missing
    origin = dict.fromkeys(("wave_id", "programme_id", "instrument_id", "file_id"), "w")
    rows = arrow_table(VALUE_COLUMNS, [{**origin, **vars(value)} for value in table.values]).to_pylist()
    assert [(row["code"], row["value_label"]) for row in rows] == [
        (value.code, value.value_label) for value in table.values
    ]


def spss_file(found: list[Variable], suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        ranges = {
            one.name: [
                *({"lo": low, "hi": high} for low, high in filter(None, [one.missing_range])),
                *one.missings,
            ]
            for one in found
            if one.missings or one.missing_range
        }
        pyreadstat.write_sav(
            frame_of(found),
            str(path),
            column_labels=[one.label or None for one in found],
            variable_value_labels={one.name: one.labels for one in found if one.labels},
            missing_ranges=ranges,
            compress=suffix == ".zsav",
            row_compress=suffix == ".sav",
        )
        assert_kept(read_sav(path), found)


def stata_file(found: list[Variable]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dta"
        for one in found:
            one.missings, one.missing_range = [], None
            # Stata's labels are for whole numbers, and its text cannot hold an empty cell apart from blank.
            one.labels = {int(code): label for code, label in one.labels.items()}
        pyreadstat.write_dta(
            frame_of(found),
            str(path),
            version=15,
            column_labels=[(one.label or None) for one in found],
            variable_value_labels={one.name: one.labels for one in found if one.labels},
        )
        assert_kept(read_dta(path), found)


def portable_file(found: list[Variable]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.por"
        path.write_bytes(write_portable(found))
        assert_kept(read_por(path), found)


def plain_files(found: list[Variable]) -> None:
    """CSV and XLSX, with a codebook beside them."""
    with tempfile.TemporaryDirectory() as folder:
        book, path, sheet = Path(folder) / "c.csv", Path(folder) / "a.csv", Path(folder) / "a.xlsx"
        # A row of blanks at the end of a sheet is no row, and one column may be a wrong delimiter.
        found.insert(0, Variable("nr", True, [float(row) for row, _ in enumerate(found[0].answers, start=1)]))
        rows = [["variable", "variable_label", "code", "label", "is_missing"]]
        for one in found:
            one.missing_range = None
            one.name, one.label = one.name.strip(), one.label.strip()
            one.labels = {code: label.strip() or "x" for code, label in one.labels.items()}
            if not one.is_numeric:
                # A column of nothing but numbers is numeric, and a codebook has no blanks before its codes.
                one.answers = ["tekst", *one.answers[1:]]
                one.missings = [code for code in one.missings if code == code.strip()]
            rows.append([one.name, one.label, "", "", ""])
            for code in dict.fromkeys([*one.labels, *one.missings]):
                missing = "true" if code in one.missings else ""
                rows.append([one.name, "", canonical_code(code), one.labels.get(code, ""), missing])
        cells = [[one.answers[row] for one in found] for row in range(len(found[0].answers))]
        with book.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
            writer.writerow([one.name for one in found])
            writer.writerows([["" if cell is None else _number(cell) for cell in row] for row in cells])
        assert_kept(read_csv(path, codebook=book), found)
        workbook = openpyxl.Workbook()
        for row, line in enumerate([[one.name for one in found], *cells], start=1):
            for column, value in enumerate(line, start=1):
                cell = workbook.active.cell(row, column, value)
                if isinstance(value, str) and value:
                    cell.data_type = "s"  # text that begins with = is text
        workbook.save(sheet)
        assert_kept(read_xlsx(sheet, codebook=book), found)


def _number(cell: object) -> object:
    return repr(cell) if isinstance(cell, float) else cell


SPSS = variables(spss_names(), numbers, missing_text=True)
# One letter less than Stata takes: pyreadstat names a label set after its variable, with a letter before it.
STATA_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,29}", fullmatch=True).map(lambda name: f"v{name}")
STATA = variables(STATA_NAMES, numbers, missing_text=False)
PORTABLE = variables(st.from_regex(r"[A-Z][A-Z0-9_]{0,7}", fullmatch=True), numbers, missing_text=True)
ANY_NAME = st.one_of(st.sampled_from(TRICKY), labels).map(str.strip).filter(
    lambda name: name and not name.startswith("_") and "@" not in name and name != "nr"
)  # fmt: skip
PLAIN = variables(ANY_NAME, whole, missing_text=True)


@pytest.mark.parametrize("suffix", [".sav", ".zsav"])
def test_spss_files(suffix: str):
    QUICK(given(SPSS)(lambda found: spss_file(found, suffix)))()


def test_stata_files():
    QUICK(given(STATA)(stata_file))()


def test_portable_files():
    QUICK(given(PORTABLE)(portable_file))()


def test_csv_and_workbooks():
    QUICK(given(PLAIN)(plain_files))()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("found", "check"),
    [
        (SPSS, partial(spss_file, suffix=".sav")),
        (SPSS, partial(spss_file, suffix=".zsav")),
        (STATA, stata_file),
        (PORTABLE, portable_file),
        (PLAIN, plain_files),
    ],
    ids=["sav", "zsav", "dta", "por", "plain"],
)
def test_many_more_of_each(found: st.SearchStrategy[list[Variable]], check: Callable):
    THOROUGH(given(found)(lambda written: check(written)))()
