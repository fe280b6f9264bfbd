"""What a file says of its encoding is a hint: texts are repaired where the evidence is clear, and only there."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from orchestration.deliveries import DeliveryProblems, read_csv, read_sav
from orchestration.deliveries.source_table import OriginalText
from orchestration.deliveries.text_encoding import Decoded, TextDecoder, known_encoding, repair_text

DUTCH = ["één keer", "coördinatie", "geïnformeerd", "café", "zo’n", "– geen –", "€ 5"]


def decoded(claimed: str | None, *strings: bytes, width: int = 0) -> list[Decoded]:
    decoder = TextDecoder(claimed, strings)
    return [decoder.decode(raw, width) for raw in strings]


@pytest.mark.parametrize("claimed", ["UTF-8", "windows-1252", "ISO_8859-1:1987", "cp1250", None])
def test_text_that_is_what_its_file_says_is_left_alone(claimed: str | None):
    encoding = known_encoding(claimed) or "utf-8"
    strings = [text for text in DUTCH if text.encode(encoding, "ignore").decode(encoding) == text]
    found = decoded(claimed, *(text.encode(encoding) for text in strings))
    assert found == [Decoded(text) for text in strings]


@pytest.mark.parametrize(
    "text",
    ["ÉÉN", "Ångström", "Ãre", "São Tomé", "½ à ¾", "naïef", "Žižek", "ÄÖÜ", "â la", "œß1", "ßœ", "×¤"],
)
def test_text_that_only_looks_twice_encoded_is_left_alone(text: str):
    assert repair_text(text) == Decoded(text)
    assert decoded("UTF-8", text.encode()) == [Decoded(text)]


@pytest.mark.parametrize("text", ["één keer", "coördinatie", "zo’n", "€ 5 – 10", "“ja”"])
def test_text_that_was_encoded_twice_is_set_right(text: str):
    twice = text.encode().decode("cp1252", "replace")
    if "\ufffd" not in twice:
        assert repair_text(twice) == Decoded(text, "repaired")


@pytest.mark.parametrize("encoding", ["cp437", "mac-roman"])
def test_usual_letters_are_set_right_from_encodings_of_dos_and_the_mac_too(encoding: str):
    assert repair_text("één ruïne".encode().decode(encoding)) == Decoded("één ruïne", "repaired")


def test_cp1252_under_the_name_of_utf_8():
    strings = [text.encode("cp1252") for text in DUTCH]
    decoder = TextDecoder("UTF-8", strings)
    assert decoder.encoding == "cp1252"
    assert [decoder.decode(raw) for raw in strings] == [Decoded(text, "repaired") for text in DUTCH]


def test_one_string_of_another_encoding_among_many():
    strings = [*(text.encode() for text in DUTCH), "reünie".encode("cp1252")]
    decoder = TextDecoder("UTF-8", strings)
    assert decoder.encoding == "utf-8"
    assert decoder.decode(strings[-1]) == Decoded("reünie", "repaired")
    assert decoder.decode(strings[0]) == Decoded(DUTCH[0])


def test_utf_8_under_the_name_of_cp1252():
    assert decoded("windows-1252", "één".encode(), "één".encode("cp1252")) == [
        Decoded("één", "repaired"),
        Decoded("één"),
    ]


@pytest.mark.parametrize("encoding", ["cp850", "mac-roman", "cp437"])
def test_older_encodings_are_seen_from_their_letters(encoding: str):
    strings = ["één keer", "coördinatie", "geïnformeerd", "café"]
    assert decoded("UTF-8", *(text.encode(encoding) for text in strings)) == [
        Decoded(text, "repaired") for text in strings
    ]


def test_another_script_is_seen_from_enough_text():
    strings = ["Привет мир, как дела сегодня в городе", "Совершенно другой текст ответа на вопрос о мире"]
    found = decoded("UTF-8", *(text.encode("cp1251") for text in strings))
    assert found == [Decoded(text, "repaired") for text in strings]
    # A handful of bytes says too little, and a wrong guess is worse than none.
    assert decoded("UTF-8", "мир".encode("cp1251"))[0].outcome == "damaged"


def test_text_cut_in_the_middle_of_a_character_is_no_other_encoding():
    label = ("x" * 119 + "é").encode()[:120]
    other = "één".encode()
    assert decoded("UTF-8", label, other) == [Decoded("x" * 119, "cut"), Decoded("één")]
    # The same last byte is a letter where the text is shorter than there is room for, or one byte a character.
    assert decoded("UTF-8", b"caf\xe9", width=40) == [Decoded("café", "repaired")]
    assert decoded("UTF-8", b"caf\xe9", width=4) == [Decoded("caf", "cut")]
    assert decoded("UTF-8", b"caf\xe9", b"co\xf6rdinatie", width=4)[0] == Decoded("café", "repaired")
    # And after other characters of several bytes there is no doubt at all.
    assert decoded("UTF-8", "één €".encode()[:-1]) == [Decoded("één ", "cut")]


def test_what_cannot_be_restored_is_damaged():
    assert decoded("UTF-8", b"ab\x81\x8dc")[0] == Decoded("ab\ufffd\ufffdc", "damaged")
    mixed = "naïef en ".encode() + "café".encode("cp1252") + b" daar"
    assert decoded("UTF-8", mixed)[0].outcome == "damaged"
    assert repair_text("gemeente Frysl\ufffdn").outcome == "damaged"


def sav(folder: Path, changes: dict[bytes, bytes]) -> Path:
    """A .sav that claims UTF-8, with some of its bytes changed for as many others."""
    path = folder / "a.sav"
    frame = pd.DataFrame({"V1": [1.0, 2.0, 1.0], "T1": ["één keer", "zwart", "kroeëg"]})
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=["Vraag: hoé vaak", ""],
        variable_value_labels={"V1": {1.0: "Zéker wel", 2.0: "Nëe"}},
    )
    data = path.read_bytes()
    for old, new in changes.items():
        assert len(old) == len(new), old
        assert old in data, old
        data = data.replace(old, new)
    path.write_bytes(data)
    return path


def test_repaired_and_damaged_texts_are_counted_apart(tmp_path: Path):
    path = sav(
        tmp_path,
        {
            "Zéker wel".encode(): b"Z\xe9ker wel ",  # cp1252
            "Nëe".encode(): b"N\x81\x8de",  # nothing
            "hoé vaak".encode(): b"ho\xe9 vaak ",  # cp1252
            "kroeëg".encode(): b"kro\x81\x8f\x90g",  # nothing
        },
    )
    table = read_sav(path)
    assert vars(table.text_counts) == {
        "value_labels_repaired": 1,
        "value_labels_damaged": 1,
        "variable_labels_repaired": 1,
        "variable_labels_damaged": 0,
        "answers_repaired": 0,
        "answers_damaged": 1,
    }
    assert [value.value_label for value in table.values] == ["Zéker wel", "N\ufffd\ufffde"]
    assert table.frame["T1"].tolist() == ["één keer", "zwart", "kro\ufffd\ufffd\ufffdg"]
    assert table.variables[0].variable_label == "Vraag: hoé vaak"
    assert set(table.original_texts) == {
        OriginalText("value_label", "V1", "2", 0, "damaged", b"N\x81\x8de".hex()),
        OriginalText("answer", "T1", "", 3, "damaged", b"kro\x81\x8f\x90g".hex()),
    }
    untouched = read_sav(sav(tmp_path, {}))
    assert (sum(vars(untouched.text_counts).values()), untouched.original_texts) == (0, ())


def test_csv_with_rows_of_two_encodings(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"Nr,T1\n" + "1,één\n2,geïnd\n".encode() + "3,reünie\n".encode("cp1252"))
    table = read_csv(path)
    assert table.frame["T1"].tolist() == ["één", "geïnd", "reünie"]
    assert (table.encoding, table.text_counts.answers_repaired) == ("utf-8", 1)
    # cp1252 named in the manifest, UTF-8 in the file: never read as Ã©.
    path.write_bytes("Nr,T1\n1,één\n".encode())
    with pytest.raises(DeliveryProblems) as caught:
        read_csv(path, encoding="cp1252")
    assert (caught.value.problems[0].kind, caught.value.exit_code) == ("wrong_encoding", 2)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_csv_in_utf_16(tmp_path: Path, encoding: str):
    path = tmp_path / "a.csv"
    path.write_bytes("Nr,T1\n1,één\n".encode(encoding))
    named = None if encoding == "utf-16" else encoding
    assert read_csv(path, encoding=named).frame["T1"].tolist() == ["één"]
    if named:
        with pytest.raises(DeliveryProblems) as caught:
            read_csv(path)
        assert caught.value.problems[0].kind == "wrong_encoding"


def test_a_codebook_in_another_encoding_counts_its_labels(tmp_path: Path):
    path, book = tmp_path / "a.csv", tmp_path / "c.csv"
    path.write_bytes(b"V1\n1\n2\n")
    rows = ["variable,variable_label,code,label", "V1,Vraag één,1,zéker", "V1,Vraag één,2,geïnd", "V1,,3,É"]
    book.write_bytes("\n".join(rows).encode() + b"\n" + "V1,,4,caféhouder\n".encode("cp1252"))
    table = read_csv(path, codebook=book)
    assert [value.value_label for value in table.values] == ["zéker", "geïnd", "É", "caféhouder"]
    assert table.text_counts.value_labels_repaired == 1
    assert table.text_counts.variable_labels_repaired == 0
