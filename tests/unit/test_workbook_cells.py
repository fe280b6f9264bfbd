"""Cells of a workbook that its library reads as something else than what was written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl

from orchestration.deliveries.readers import read_xlsx

SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def book(folder: Path, *cells: str, texts: tuple[str, ...] = ()) -> Path:
    """A workbook with a column ``v`` of these cells, as XML that lacks its place; ``texts`` are shared."""
    plain, path = folder / "plain.xlsx", folder / "answers.xlsx"
    made = openpyxl.Workbook()
    made.active.append(["v"])
    made.active["A2"] = 1
    made.active["A2"].number_format = "yyyy-mm-dd"
    made.save(plain)
    rows = "".join(
        f'<row r="{at}">{cell.replace("<c", f"<c r={chr(34)}A{at}{chr(34)}", 1)}</row>'
        for at, cell in enumerate(cells, start=2)
    )
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name).decode()
            if name.endswith("sheet1.xml"):
                data = data[: data.index('<row r="2"')] + rows + data[data.index("</sheetData>") :]
            if name == "[Content_Types].xml":
                part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED}"/></Types>'
                data = data.replace("</Types>", part)
            target.writestr(name, data)
        items = "".join(f"<si><t>{text}</t></si>" for text in texts)
        target.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{items}</sst>")
    return path


def read(path: Path) -> list[object]:
    return read_xlsx(path).frame["v"].tolist()


def test_escaped_signs_are_undone_once_in_shared_and_in_inline_texts(tmp_path: Path):
    texts = ("Ja_x000D_\nNee", "_x005F_x000D_", "code x005F_1", "_xD83D__xDE00_", "_x0000_")
    inline = [f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts]
    shared = [f'<c t="s"><v>{place}</v></c>' for place in range(len(texts))]
    meant = ["Ja\r\nNee", "_x000D_", "code x005F_1", "😀", "_x0000_"]
    assert read(book(tmp_path, *shared, *inline, texts=texts)) == [*meant, *meant]


def test_a_number_that_a_double_cannot_hold_is_kept_in_all_its_digits(tmp_path: Path):
    cells = ("<c><v>9007199254740993</v></c>", "<c><v>9007199254740995</v></c>", "<c><v>7</v></c>")
    assert read(book(tmp_path, *cells)) == ["9007199254740993", "9007199254740995", "7"]
    assert read(book(tmp_path, "<c><v>9007199254740991</v></c>")) == [9007199254740991.0]


def test_a_number_beyond_all_dates_stays_a_number_though_it_is_shown_as_a_date(tmp_path: Path):
    assert read(book(tmp_path, '<c s="1"><v>50000000</v></c>', '<c s="1"><v>50000001.5</v></c>')) == [
        50000000.0,
        50000001.5,
    ]
    assert read(book(tmp_path, '<c s="1"><v>43831</v></c>')) == ["2020-01-01T00:00:00"]


def test_a_cell_of_blanks_is_empty_and_makes_no_text_of_numbers(tmp_path: Path):
    blanks = '<c t="inlineStr"><is><t xml:space="preserve">  </t></is></c>'
    numbers = read_xlsx(book(tmp_path, "<c><v>1</v></c>", blanks)).frame["v"]
    assert numbers.dtype == "float64"
    assert (numbers[0], numbers.isna().tolist()) == (1.0, [False, True])
    text = '<c t="inlineStr"><is><t>x</t></is></c>'
    assert read(book(tmp_path, "<c><v>1</v></c>", text)) == ["1", "x"]
