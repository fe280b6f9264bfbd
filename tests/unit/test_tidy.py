"""A registry file that a spreadsheet had comes back byte for byte, or is refused where something got lost."""

from __future__ import annotations

import csv
import io
import os
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.cli import main
from orchestration.registry import TABLES, load_registry
from orchestration.registry.csv_text import canonical_csv, csv_line
from orchestration.registry.declaration import Table
from orchestration.registry.spreadsheet_damage import damage, doubtful
from orchestration.registry.tidy_registry import TidyFile, tidy_file

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
FILES = sorted(path.relative_to(SEEDS).as_posix() for path in SEEDS.glob("*/*.csv"))
BY_PATH = {table.path: table for table in TABLES.values()}
BOM = b"\xef\xbb\xbf"


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def saved_by_a_dutch_spreadsheet(data: bytes, table: Table | None) -> bytes:
    """As LibreOffice and Excel with Dutch settings save it: BOM, semicolons, CRLF, TRUE, decimal commas."""
    header, *rows = rows_of(data)
    types = [table.column(name).value_type if table else "text" for name in header]
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", lineterminator="\n")
    writer.writerow([*header, "", ""])
    for cells in rows:
        seen = [
            cell.upper()
            if kind == "boolean"
            else cell.replace(".", ",")
            if kind in ("integer", "number")
            else cell
            for cell, kind in zip(cells, types, strict=True)
        ]
        writer.writerow([*seen, "", ""])
    writer.writerow([""] * (len(header) + 2))
    return BOM + written.getvalue().replace("\n", "\r\n").encode()


def refusals(found: TidyFile) -> list[tuple[str, str, str]]:
    assert found.content is None
    return [(problem.file, problem.variable, problem.message) for problem in found.problems]


@pytest.mark.parametrize("path", FILES)
def test_every_file_comes_back_from_a_spreadsheet_as_it_was(path: str):
    data = (SEEDS / path).read_bytes()
    table = BY_PATH.get(path)
    saved = saved_by_a_dutch_spreadsheet(data, table)
    assert saved != data
    found = tidy_file(path, saved, data, table)
    assert [str(problem) for problem in found.problems] == []
    assert found.content == data
    assert found.is_changed
    again = tidy_file(path, found.content, data, table)
    assert (again.is_changed, again.content) == (False, data)


# Its first eight columns, as a small table of its own.
TABLE = replace(TABLES["xw_values"], columns=TABLES["xw_values"].columns[:8])
HEADER = ",".join(TABLE.column_names)
ROWS = (
    "vi_2016,office_holders,,V1,01,Ja,ja,",
    'vi_2016,office_holders,,V1,02,"Nee, nooit",nee,',
    "vi_2016,office_holders,,V1,99,Geen antwoord,,not_stated",
    "vi_2016,office_holders,,V2,1,één keer,1,",
    "vi_2016,office_holders,,V2,2,1-5 keer,2,",
)
BEFORE = "".join(f"{line}\n" for line in (HEADER, *ROWS)).encode()


def tidied(text: str, before: bytes | None = BEFORE, encoding: str = "utf-8", **more) -> TidyFile:
    return tidy_file(TABLE.path, text.encode(encoding), before, TABLE, **more)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: (
            "sep=;\r\n" + text.replace('"Nee, nooit"', "Nee~ nooit").replace(",", ";").replace("~", ",")
        ),
        lambda text: text.replace("\n", ",,,\n"),
        lambda text: text + ",,,,,,,\n\n,,,,,,,\n",
        lambda text: text.replace("ja,\n", "ja\n").replace("nee,\n", "nee\n"),
        lambda text: text.replace("Geen antwoord", '"Geen antwoord"'),
        lambda text: HEADER + "\n" + "".join(random.Random(1).sample(text.splitlines(True)[1:], 5)),
        lambda text: canonical_csv(
            *(lambda header, *rows: (header[::-1], [row[::-1] for row in rows]))(*rows_of(text.encode()))
        ),
    ],
    ids=["mark", "crlf", "sep", "columns", "rows", "short", "quotes", "order", "columns_turned"],
)
def test_what_changes_no_cell_is_put_right(change):
    found = tidied(change(BEFORE.decode()))
    assert found.content == BEFORE, found.problems
    assert found.is_changed


def test_excels_unicode_text_is_read():
    text = BEFORE.decode().replace('"Nee, nooit"', "Nee~ nooit").replace(",", "\t").replace("~", ",")
    assert tidied(text, encoding="utf-16").content == BEFORE


def test_a_line_end_within_a_cell_stays():
    before = BEFORE.replace(b"Geen antwoord", b'"Geen\nantwoord"')
    found = tidied(before.decode().replace("\n", "\r\n"), before)
    assert found.content == before


LOST = [
    (",V1,01,", ",V1,1,", 2, "source_code", "its leading zero is lost"),
    (",V1,01,", ",V1,01-feb,", 2, "source_code", "is a date"),
    ("1-5 keer", "01-05-2016", 6, "source_label", "it was read as a date"),
    ("1-5 keer", "1-mei", 6, "source_label", "it was read as a date"),
    ("1-5 keer", "#NAAM?", 6, "source_label", "it was read as a formula"),
    ("één keer", "Ã©Ã©n keer", 5, "source_label", "its letters were read in another encoding"),
    ("één keer", "??n keer", 5, "source_label", "letters were replaced by question marks"),
    ("één keer", "=een+keer", 5, "source_label", "is a formula"),
    ("één keer", "'één keer", 5, "source_label", "the sign in front of it came or went"),
    (",V2,1,", ",V2,1.0,", 5, "source_code", "it was read as a number"),
]


@pytest.mark.parametrize(("old", "new", "line", "column", "said"), LOST, ids=[one[1] for one in LOST])
def test_what_got_lost_is_refused_with_its_place(old: str, new: str, line: int, column: str, said: str):
    text = BEFORE.decode()
    assert old in text
    found = tidied(text.replace(old, new, 1))
    [(place, variable, message)] = refusals(found)
    assert (place, variable) == (f"crosswalk/xw_values.csv:{line}", column)
    assert said in message
    assert "version control" in found.problems[0].remedy
    meant = tidied(text.replace(old, new, 1), is_as_meant=True)
    assert meant.content is not None
    assert new in meant.content.decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Ja,ja", "Jazeker,ja"),
        (",V1,99,", ",V1,98,"),
        ("Geen antwoord,,not_stated", "Weet niet,,dont_know"),
        ("één keer", "twéé keer"),
        ("1-5 keer", "1 tot 5 keer"),
        (",V1,02,", ",V1,03,"),
    ],
)
def test_what_a_person_changes_is_let_through(old: str, new: str):
    found = tidied(BEFORE.decode().replace(old, new, 1))
    assert found.content is not None, found.problems
    assert new in found.content.decode()


def test_rows_that_come_and_go_are_a_persons_work():
    lines = BEFORE.decode().splitlines(True)
    added = "vi_2016,office_holders,,V3,3,drie,3,\n"
    assert (
        tidied("".join([*lines[:2], *lines[3:], added])).content
        == "".join([*lines[:2], *lines[3:], added]).encode()
    )


def test_zeros_that_come_back_are_let_through():
    lost = BEFORE.replace(b",V1,01,", b",V1,1,").replace(b",V1,02,", b",V1,2,")
    assert tidied(BEFORE.decode(), lost).content == BEFORE


def test_without_an_earlier_version_only_what_shows_by_itself_is_refused():
    text = BEFORE.decode()
    assert tidied(text.replace(",V1,01,", ",V1,1,"), None).content is not None
    [(place, variable, message)] = refusals(tidied(text.replace(",V1,01,", ',V1,"1,23457E+11",'), None))
    assert (place, variable) == ("crosswalk/xw_values.csv:2", "source_code")
    assert "E-notation" in message


def test_a_text_that_looks_odd_and_always_stood_there_is_no_loss():
    before = BEFORE.replace(b"1-5 keer", b"01-05-2016")
    assert tidied(before.decode().replace(",", ";").replace("Nee;", "Nee,"), before).content == before


@pytest.mark.parametrize(
    ("name", "old", "new", "column", "said"),
    [
        ("waves", "2018-02-01", "01-02-2018", "fieldwork_from", "it was read as a date"),
        ("waves", ",2018,", ",2.018,", "year", "it got separators between its thousands"),
        ("municipalities", ",0003,Appingedam", ",3,Appingedam", "gemeente_code", "'0003' before"),
        ("municipalities", ",0003,Appingedam", ",0003,#REF!", "gemeente_name", "is the error of a formula"),
    ],
)
def test_columns_know_what_they_hold(name: str, old: str, new: str, column: str, said: str):
    table = TABLES[name]
    data = (SEEDS / table.path).read_bytes()
    assert old.encode() in data
    found = tidy_file(table.path, data.replace(old.encode(), new.encode(), 1), data, table)
    [(place, variable, message)] = refusals(found)
    line = data[: data.index(old.encode())].count(b"\n") + 1
    assert (place, variable) == (f"{table.path}:{line}", column)
    assert said in message


def test_a_new_code_of_fewer_digits_than_all_others_is_refused():
    table = TABLES["municipalities"]
    data = b"".join((SEEDS / table.path).read_bytes().splitlines(True)[:30])
    new = b"2025,14,Groningen,20,Groningen,,,,\n"
    [(place, variable, message)] = refusals(tidy_file(table.path, data + new, data, table))
    assert (place, variable) == ("registers/municipalities.csv:31", "gemeente_code")
    assert "every other had 4" in message
    whole = new.replace(b",14,", b",0014,")
    assert tidy_file(table.path, data + whole, data, table).content == data + whole


def test_numbers_keep_the_form_that_they_had():
    table = TABLES["rounding_rules"]
    data = (SEEDS / table.path).read_bytes().replace(b",0.1,", b",0.10,", 1)
    found = tidy_file(table.path, data.replace(b",0.10,", b",0.1,", 1), data, table)
    assert found.content == data
    semicolons = b"column_name;unit;round_to;reason\r\nestimate;percent;0,25;kwarten\r\n"
    fresh = tidy_file(table.path, semicolons, None, table)
    assert fresh.content == b"column_name,unit,round_to,reason\nestimate,percent,0.25,kwarten\n"
    thousands = semicolons.replace(b"0,25", b"1,250")
    [(_, variable, message)] = refusals(tidy_file(table.path, thousands, None, table))
    assert (variable, "is not a number with a decimal point" in message) == ("round_to", True)


@pytest.mark.parametrize(
    ("data", "said", "exit_code"),
    [
        (BEFORE.decode().encode("cp1252"), "is not UTF-8 at byte", 2),
        (b"", "is empty", 1),
        (BEFORE.replace(b"source_label", b"label", 1), "lacks source_label; has undeclared label", 1),
        (BEFORE.replace(b"Ja,ja,", b"Ja,ja,,stray", 1), "has a cell beyond its 8 columns", 1),
        (BEFORE.replace(b'"Nee, nooit"', b'"Nee, nooit', 1), "is not valid CSV", 1),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, said: str, exit_code: int):
    found = tidy_file(TABLE.path, data, BEFORE, TABLE)
    [(_, _, message)] = refusals(found)
    assert said in message
    assert found.problems[0].exit_code == exit_code


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1234567890123456789", "1234567890123450000", "its last digits became zeros"),
        ("123456789012", "1,23457E+11", "it became a number in E-notation"),
        ("1234", "1.234", "it got separators between its thousands"),
        ("true", "WAAR", "it was read as a truth value"),
        ("0.10", "0,1", "it was read as a number and written in another form"),
        ("=a", "a", "the sign in front of it came or went"),
        ("123456789012", "123456789013", ""),
        ("1234567", "1.23457E+09", ""),
        ("", "1", ""),
        ("ja", "nee", ""),
        ("10", "100", ""),
        ("Vragenlijst 1", "Vragenlijst 01", ""),
        ("eind 2017", "31 December 2017", ""),
        ("31 December 2017", "31-12-2017", "it was read as a date"),
    ],
)
def test_damage_is_told_from_a_change(old: str, new: str, said: str):
    assert damage(old, new) == said


@pytest.mark.parametrize(
    "text",
    [
        "35_44",
        "B&W",
        "2016",
        "1e",
        "E+",
        "mei",
        "A'",
        "1-5",
        "Ã la carte",
        "#1",
        "'s-Gravenhage",
        "'t Zandt",
        "31 December 2017",
        "1 mei 2012",
        "maart 2016",
    ],
)
def test_ordinary_texts_raise_no_doubt(text: str):
    assert doubtful(text) == ""


# The command


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the registry under version control."""
    root = tmp_path / "seeds"
    shutil.copytree(SEEDS, root)
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    monkeypatch.setenv("PEILSTOK_REGISTRY", str(root))
    monkeypatch.setenv("PEILSTOK_HOME", str(tmp_path / "home"))
    return root


def test_the_command_checks_mends_and_refuses(registry: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["tidy", "--check"]) == 0
    assert "files, all tidy" in capsys.readouterr().out

    path = registry / "crosswalk" / "xw_values.csv"
    data = path.read_bytes()
    saved = saved_by_a_dutch_spreadsheet(data, TABLES["xw_values"])
    path.write_bytes(saved)
    assert main(["tidy", "--check"]) == 1
    assert "crosswalk/xw_values.csv: is not tidy" in capsys.readouterr().out
    assert path.read_bytes() == saved
    assert main(["tidy"]) == 0
    assert path.read_bytes() == data
    assert load_registry(registry).table("xw_values")

    other = registry / "registers" / "municipalities.csv"
    lost = other.read_bytes().replace(b",0003,", b",3,", 1)
    other.write_bytes(lost)
    path.write_bytes(saved)
    assert main(["tidy"]) == 1
    told = capsys.readouterr().out
    assert "error[spreadsheet_damage] registers/municipalities.csv:" in told
    assert "variable gemeente_code" in told
    assert "its leading zero is lost" in told
    assert f"1 of {len(FILES)} files refused" in told
    assert (other.read_bytes(), path.read_bytes()) == (lost, data)
    assert main(["tidy", "--check"]) == 1
    assert main(["tidy", "--as-meant"]) == 0


def test_a_registry_that_is_not_there_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("PEILSTOK_REGISTRY", str(tmp_path / "nowhere"))
    assert main(["tidy"]) == 2
    assert "there is no registry in" in capsys.readouterr().err


def test_a_line_that_a_remedy_gives_is_one_that_the_file_may_hold():
    assert csv_line(["a", "two\nlines", 'a "quote"', "b,c", ""]) == 'a,"two\nlines","a ""quote""","b,c",'


def test_files_are_tidied_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = tmp_path / "registry"
    shutil.copytree(SEEDS, root)
    monkeypatch.setenv("PEILSTOK_REGISTRY", str(root))
    untidy = {path: BOM + (root / path).read_bytes() for path in FILES[:2]}
    for path, data in untidy.items():
        (root / path).write_bytes(data)
    replace_file = os.replace

    def full(source: Path, target: Path) -> None:
        if Path(target) == root / FILES[1]:
            raise OSError("No space left on device")
        replace_file(source, target)

    monkeypatch.setattr(os, "replace", full)
    assert main(["tidy", "--as-meant"]) != 0
    assert {path: (root / path).read_bytes() for path in untidy} == untidy
    assert not list(root.rglob("*.csv.*"))
    monkeypatch.undo()
    monkeypatch.setenv("PEILSTOK_REGISTRY", str(root))
    assert main(["tidy", "--as-meant"]) == 0
    assert all((root / path).read_bytes() == (SEEDS / path).read_bytes() for path in untidy)
