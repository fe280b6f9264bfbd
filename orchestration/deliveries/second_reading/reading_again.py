"""Every delivered file of a wave read again: beside an independent reader, and beside its twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.deliveries.confined_reading.limits import FileLimits, ReadingLimits, default_limits
from orchestration.deliveries.manifest import DeliveredFile, Manifest
from orchestration.deliveries.placing import placed
from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem
from orchestration.deliveries.second_reading import pspp
from orchestration.deliveries.second_reading.apart import apart
from orchestration.deliveries.second_reading.comparing import compare
from orchestration.deliveries.second_reading.delimited import READER as TEXT_READER
from orchestration.deliveries.second_reading.delimited import read_text_again
from orchestration.deliveries.second_reading.differences import Comparison
from orchestration.deliveries.second_reading.second_table import CannotReadAgain, SecondTable
from orchestration.deliveries.second_reading.stata_file import READER as STATA_READER
from orchestration.deliveries.second_reading.stata_file import read_stata_again
from orchestration.deliveries.second_reading.twin import compare_twin, read_twin
from orchestration.deliveries.second_reading.worksheet import READER as SHEET_READER
from orchestration.deliveries.second_reading.worksheet import read_worksheet_again

if TYPE_CHECKING:
    from orchestration.deliveries.source_table import SourceTable

READERS = {
    "sav": pspp.READER,
    "zsav": pspp.READER,
    "por": pspp.READER,
    "dta": STATA_READER,
    "csv": TEXT_READER,
    "xlsx": SHEET_READER,
}
"""The independent reader of each format."""
INSTALL_PSPP = "install it (on Debian and Ubuntu: apt-get install pspp) and check again"


@dataclass(frozen=True)
class SecondReading:
    """One file beside one other reading of it; ``comparison`` is ``None`` when there is none, and ``problems``
    say why, or what differs."""

    wave_id: str
    file: str
    reader: str
    comparison: Comparison | None
    problems: list[Problem]


def read_wave_again(
    manifest: Manifest,
    find_pspp: Callable[[], str | None] = pspp.find_pspp,
    limits: ReadingLimits | None = None,
) -> list[SecondReading]:
    """Each current file of a delivery that is locked and can be read, beside the reader of its format and its
    twin. Collects, and raises nothing of what it finds.

    ``limits`` (the project's own when left out) are those of the processes that read.
    """
    # By the door through which everything is read: it may have the file read in a process of its own.
    from orchestration.deliveries import read_source

    readings: list[SecondReading] = []
    for entry in manifest.current:
        file = manifest.shown(entry.path)
        try:
            source = read_source(manifest.folder, entry, limits)
        except DeliveryProblems as found:
            problems = [placed(problem, manifest, entry.path) for problem in found.problems]
            readings.append(SecondReading(manifest.wave, file, READERS[entry.format], None, problems))
            continue
        readings.append(_beside_reader(manifest, entry, source, find_pspp, limits))
        if entry.twin is not None:
            readings.append(_beside_twin(manifest, entry, source, limits))
    return readings


def _beside_reader(
    manifest: Manifest,
    entry: DeliveredFile,
    source: SourceTable,
    find_pspp: Callable[[], str | None],
    limits: ReadingLimits | None,
) -> SecondReading:
    file, reader = manifest.shown(entry.path), READERS[entry.format]
    program = find_pspp() if reader == pspp.READER else None
    if reader == pspp.READER and program is None:
        problem = Problem(
            "missing_tool",
            "was not read a second time: PSPP is not installed",
            INSTALL_PSPP,
            WRONG_USE_OR_UNREADABLE,
            wave_id=manifest.wave,
            file=file,
        )
        return SecondReading(manifest.wave, file, reader, None, [problem])
    try:
        told = apart(
            compared_with_reader,
            manifest.folder,
            entry,
            source,
            program,
            limits=_limits(manifest, entry.path, limits),
        )
        comparison = Comparison.from_json(told)
    except CannotReadAgain as said:
        problem = Problem(
            "second_reader_refuses",
            f"our reader reads it, and the second reader does not: {said}",
            f"ask the supplier for {entry.path} again and compare its hash with theirs; when it is the file they "
            "sent, ask them for another format as well and name it as `twin` in delivery.yml",
            wave_id=manifest.wave,
            file=file,
        )
        return SecondReading(manifest.wave, file, reader, None, [problem])
    remedy = (
        f"open {entry.path} in the program that wrote it and see which reading is right; is it damaged, ask the "
        f"supplier for it again, under a higher `version` of {entry.file_id} in delivery.yml"
    )
    return SecondReading(
        manifest.wave,
        file,
        reader,
        comparison,
        _problems(comparison, f"{reader} reads", remedy, manifest, file),
    )


def _beside_twin(
    manifest: Manifest, entry: DeliveredFile, source: SourceTable, limits: ReadingLimits | None
) -> SecondReading:
    twin = entry.twin
    assert twin is not None
    file = manifest.shown(entry.path)
    reader = f"twin {twin.path}"
    try:
        told = apart(
            compared_with_twin,
            manifest.folder,
            entry,
            source,
            limits=_limits(manifest, twin.path, limits),
        )
        comparison = Comparison.from_json(told)
    except CannotReadAgain as said:
        problem = Problem(
            "unreadable_twin",
            f"cannot be read as the manifest says: {said}",
            f"correct `twin` of {entry.file_id} in delivery.yml (sheet, delimiter, encoding), or remove it",
            WRONG_USE_OR_UNREADABLE,
            wave_id=manifest.wave,
            file=manifest.shown(twin.path),
        )
        return SecondReading(manifest.wave, file, reader, None, [problem])
    remedy = (
        f"ask the supplier which of {entry.path} and {twin.path} is right; is the twin read wrongly, correct "
        f"`twin` of {entry.file_id} in delivery.yml (values, delimiter, decimal, encoding, sheet)"
    )
    return SecondReading(
        manifest.wave, file, reader, comparison, _problems(comparison, "the twin has", remedy, manifest, file)
    )


def _limits(manifest: Manifest, path: str, limits: ReadingLimits | None) -> FileLimits:
    """Those of a file of that size; the table of the first reading is in memory already, and not counted."""
    return (limits or default_limits()).for_file((manifest.folder / path).stat().st_size)


def compared_with_reader(
    folder: Path, entry: DeliveredFile, source: SourceTable, program: str | None
) -> dict[str, Any]:
    """The comparison as JSON, for the process that makes it. Raises ``CannotReadAgain``."""
    with _opened_again(folder, entry, program or "") as second:
        return compare(source, second).as_json()


def compared_with_twin(folder: Path, entry: DeliveredFile, source: SourceTable) -> dict[str, Any]:
    """The same for the twin."""
    twin = entry.twin
    assert twin is not None
    return compare_twin(source, read_twin(folder, twin), twin.values, entry.respondent_id).as_json()


@contextmanager
def _opened_again(folder: Path, entry: DeliveredFile, program: str) -> Iterator[SecondTable]:
    path = folder / entry.path
    codebook = folder / entry.codebook_path if entry.codebook_path else None
    if READERS[entry.format] == pspp.READER:
        opened = pspp.read_spss_again(program, path, entry.encoding, entry.format == "por")
    elif entry.format == "dta":
        opened = nullcontext(read_stata_again(path))
    elif entry.format == "csv":
        opened = nullcontext(
            read_text_again(path, entry.delimiter or ",", entry.decimal or ".", entry.encoding, codebook)
        )
    else:
        sheet = entry.codebook.sheet if entry.codebook is not None and codebook is None else None
        opened = nullcontext(read_worksheet_again(path, entry.sheet, codebook, sheet, entry.encoding))
    with opened as second:
        yield second


def _problems(comparison: Comparison, says: str, remedy: str, manifest: Manifest, file: str) -> list[Problem]:
    return [
        Problem(
            "second_reading_differs",
            f"{says} it otherwise: {difference}",
            remedy,
            wave_id=manifest.wave,
            file=file,
            variable=difference.variable,
        )
        for difference in comparison.differences
    ]
