"""The second reading of .sav, .zsav and .por: PSPP, which shares no code with the first reader.

The file is copied under a safe name into a private folder that is removed afterwards, and its variables are
called ``v1`` to ``vN`` before anything else is asked: no name of a file or variable ever stands in PSPP's syntax.
What it may use is what the process may use that asks it, and it ends with that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from orchestration.deliveries.confined_reading.reading_process import die_with
from orchestration.deliveries.private_files import private_temporary_folder
from orchestration.deliveries.second_reading.pspp_dictionary import dictionary_of, variables_of
from orchestration.deliveries.second_reading.second_table import (
    CannotReadAgain,
    Cells,
    SecondColumn,
    SecondTable,
)
from orchestration.deliveries.second_reading.text_blocks import TextBlocks

READER = "PSPP"
PROGRAM = "pspp"
SIGNIFICANT_DIGITS = 16
"""Of the codes that PSPP's widest format shows; cells come with all the digits that a double has."""
FORMAT = "E40.16"
PORTABLE_BITS = 4
"""Units in the last place: a .por has its fractions in base 30, which PSPP adds up with a rounding at each digit."""


def find_pspp() -> str | None:
    """Where PSPP is installed, or ``None``."""
    return shutil.which(PROGRAM)


@contextmanager
def read_spss_again(
    program: str, path: Path, encoding: str | None, is_portable: bool = False
) -> Iterator[SecondTable]:
    """What PSPP makes of an SPSS file, as long as the block lasts.

    Dates are numbers of seconds, user-missing codes are values, a system-missing value is blank. Raises
    ``CannotReadAgain``.
    """
    with private_temporary_folder("pspp") as name:
        run = _Run(program, name, path, encoding)
        columns = run.dictionary()
        yield SecondTable(
            READER,
            columns,
            run.cells,
            shows_codes_to=SIGNIFICANT_DIGITS,
            ends_text_at_nul=True,
            # Of files without long names.
            lowers_names=True,
            has_remains=is_portable,
            last_bits=PORTABLE_BITS if is_portable else 0,
        )


class _Run:
    """One file in one private folder."""

    def __init__(self, program: str, folder: Path, path: Path, encoding: str | None) -> None:
        self.program, self.folder = program, folder
        shutil.copyfile(path, folder / "file.dat")
        # A name from Python's table of encodings: it can hold neither quote nor line break.
        self.opening = [
            "SET TVARS=NAMES TNUMBERS=VALUES MXWARNS=0.",
            f"GET FILE='file.dat'{_encoding_clause(encoding)}.",
        ]
        self.columns: list[SecondColumn] = []

    def dictionary(self) -> list[SecondColumn]:
        names = variables_of(self._tables([]))
        self.columns = names
        if not names:
            raise CannotReadAgain("PSPP finds no variables in it")
        safe = self._tables(
            [self._renaming(), "DISPLAY DICTIONARY.", "MISSING VALUES ALL ().", *self._plain_numbers()]
        )
        described = dictionary_of(safe)
        self.columns = [replace(new, name=old.name) for old, new in zip(names, described, strict=True)]
        return self.columns

    def cells(self) -> Iterator[list[Cells]]:
        self._execute(
            [
                *self.opening,
                self._renaming(),
                *self._plain_numbers(),
                # Numbers in their shortest exact form, whatever their print format was.
                "SAVE TRANSLATE /OUTFILE='cells.csv' /TYPE=CSV /FIELDNAMES /CELLS=VALUES /MISSING=IGNORE "
                "/TEXTOPTIONS=FORMAT=PLAIN /REPLACE.",
            ]
        )
        target = self.folder / "cells.csv"
        if not target.is_file():
            raise CannotReadAgain("PSPP refuses it")
        for block in TextBlocks(target, ",", None)():
            yield [self._column(cells, column) for cells, column in zip(block, self.columns, strict=True)]
        target.unlink()

    @staticmethod
    def _column(cells: Cells, column: SecondColumn) -> Cells:
        if column.is_text:
            return cells
        return Cells([_number(content) for content in cells.contents], cells.index)

    def _renaming(self) -> str:
        last = len(self.columns)
        return f"RENAME VARIABLES (ALL = v1 TO v{last})." if last > 1 else "RENAME VARIABLES (ALL = v1)."

    def _plain_numbers(self) -> list[str]:
        numeric = [f"v{place}" for place, column in enumerate(self.columns, start=1) if not column.is_text]
        return ["FORMATS", *(f"  {name}" for name in numeric), f"  ({FORMAT})."] if numeric else []

    def _tables(self, commands: list[str]) -> str:
        self._execute([*self.opening, *commands, "DISPLAY DICTIONARY."])
        try:
            return (self.folder / "output.csv").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            raise CannotReadAgain("PSPP refuses it") from None

    def _execute(self, commands: list[str]) -> None:
        (self.folder / "commands.sps").write_text("\n".join(commands) + "\n", encoding="utf-8")
        for stale in ("output.csv", "cells.csv"):
            (self.folder / stale).unlink(missing_ok=True)
        child = subprocess.Popen(
            [
                self.program,
                "--no-statrc",
                "--safer",
                "--syntax-encoding=UTF-8",
                "--error-file=errors.txt",
                "-O",
                "format=csv",
                "-o",
                "output.csv",
                "commands.sps",
            ],
            cwd=self.folder,
            env={
                "PATH": os.defpath,
                "HOME": str(self.folder),
                "TMPDIR": str(self.folder),
                "LC_ALL": "C.UTF-8",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # The process that asks has one thread: nothing but this happens between its fork and PSPP.
            preexec_fn=partial(die_with, os.getpid()),
        )
        try:
            code = child.wait()
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        if code < 0:
            raise CannotReadAgain(f"PSPP crashed on it (signal {-code})")
        if code != 0:
            # Its own words may quote the file.
            raise CannotReadAgain("PSPP refuses it as damaged, or as none of its formats")


def _encoding_clause(encoding: str | None) -> str:
    import codecs

    if encoding is None:
        return ""
    return f" /ENCODING='{codecs.lookup(encoding).name}'"


def _number(content: str | None) -> float | None:
    text = (content or "").strip()
    return float(text) if text else None
