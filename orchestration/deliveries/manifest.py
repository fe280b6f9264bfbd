"""The manifest of a delivery, ``delivery.yml``: who delivered what, when, and with which design."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from orchestration.deliveries.manifest_twin import Text, TwinFile, text_encoding

MANIFEST_NAME = "delivery.yml"
LOCK_NAME = "delivery.lock"
CORRECTIONS_NAME = "corrections.yml"
OWN_NAMES = frozenset({MANIFEST_NAME, LOCK_NAME, CORRECTIONS_NAME})
SUFFIXES = {
    "sav": (".sav",),
    "zsav": (".zsav", ".sav"),
    "por": (".por",),
    "dta": (".dta",),
    "csv": (".csv", ".txt", ".tsv"),
    "xlsx": (".xlsx",),
}

LONGEST_NAME_BYTES = 255
"""Of one file or folder, on every file system that is in use."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=256)]
StratumName = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^|]+$")]
MOST_COUNTED = 10**10
"""More than there are people; sums of such numbers still fit the 64 bits that landing keeps them in."""
Count = Annotated[int, Field(ge=0, le=MOST_COUNTED, strict=True)]
Version = Annotated[int, Field(ge=1, le=MOST_COUNTED, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


def _written_as_a_day(value: Any) -> Any:
    # pydantic takes a number for seconds since 1970, and a moment for its day.
    is_text = isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
    is_day = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    if value is not None and not (is_text or is_day):
        raise ValueError("must be a day, such as 2016-11-01")
    return value


def _not_far_ahead(value: dt.date) -> dt.date:
    latest = dt.date.today().year + 1
    if value.year > latest:
        raise ValueError(f"is in {value.year}, and nothing can have come in after {latest}")
    return value


Day = Annotated[dt.date, BeforeValidator(_written_as_a_day), AfterValidator(_not_far_ahead)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InvitedCount(_Entry):
    """How many members of one population were invited to fill in this file's questionnaire."""

    population: Identifier = Field(description="population_id of the registry", examples=["raadsleden"])
    invited: Count = Field(description="number of persons or organisations invited", examples=[2400])
    note: Text | None = Field(
        None,
        description="who is among them that other waves did not invite, or the reverse; published in mart_response",
        examples=["deputies included"],
    )


class CodebookSheet(_Entry):
    """A codebook that is a sheet of the delivered workbook itself."""

    sheet: Text = Field(description="name of the sheet with the codebook", examples=["codeboek"])


class DeliveredFile(_Entry):
    """One delivered file, of one instrument."""

    file_id: Identifier = Field(
        description="name of the file within the wave; the same over its versions", examples=["ambtsdragers"]
    )
    version: Version = Field(
        description="version of this file; the highest of a file_id is the current one", examples=[1]
    )
    path: Text = Field(
        description="the file, relative to this folder; it may be in a folder below",
        examples=["v1/ambtsdragers.sav"],
    )
    instrument: Identifier = Field(description="instrument_id of the registry", examples=["office_holders"])
    format: Literal["sav", "zsav", "por", "dta", "csv", "xlsx"] = Field(
        description="kind of file", examples=["sav"]
    )
    encoding: Text | None = Field(
        None,
        description="encoding of the text, which overrules what the file says; without it the text itself shows it",
        examples=["cp1252"],
    )
    delimiter: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="csv only: what stands between cells; `,` when left out",
        examples=[";"],
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="csv only: decimal sign; `.` when left out", examples=[","]
    )
    sheet: Text | None = Field(
        None,
        description="xlsx only: the sheet with the answers; needed when there is more than one",
        examples=["data"],
    )
    codebook: Text | CodebookSheet | None = Field(
        None,
        description="csv and xlsx: path of a CSV codebook, or `{sheet: name}` for a sheet of the workbook",
        examples=["codeboek.csv"],
    )
    twin: TwinFile | None = Field(
        None,
        description="the same answers as another file of the supplier's, compared by `peilstok check "
        "--cross-read`; locked as every file, never landed",
        examples=[{"path": "ambtsdragers.xlsx", "values": "labels"}],
    )
    respondent_id: VariableName | None = Field(
        description="variable that tells respondents apart; landing holds only its keyed hash. `null` when "
        "the file has none: the row number then serves",
        examples=["respnr"],
    )
    weight: VariableName | None = Field(
        None,
        description="variable with the weight; without one each row counts once",
        examples=["weegfactor"],
    )
    strata: tuple[StratumName, ...] = Field(
        (), description="variables whose combinations are the strata", examples=[["laag"]]
    )
    psu: VariableName | None = Field(
        None, description="variable with the primary sampling unit", examples=["gemeentenr"]
    )
    psu_population: VariableName | None = Field(
        None,
        description="variable with the number of primary sampling units (respondents, without `psu`) in the "
        "population of the stratum; without one the sample counts as drawn with replacement",
        examples=["gemeenten_in_stratum"],
    )
    ssu: VariableName | None = Field(
        None,
        description="variable with the secondary sampling unit within `psu`; each respondent when left out",
        examples=["fractienr"],
    )
    ssu_population: VariableName | None = Field(
        None,
        description="variable with the number of secondary sampling units in the population of the primary "
        "unit; adds the second stage to the variance",
        examples=["raadszetels"],
    )
    panel: Identifier | None = Field(
        None,
        description="name of the panel that the respondents belong to; members of the same panel are recognised "
        "in other waves, and a change between those waves gets their covariance",
        examples=["flitspanel"],
    )
    panel_id: VariableName | None = Field(
        None,
        description="variable with the member's number in `panel`, the same in every wave and empty for who is "
        "no member; may be the respondent id. Landing holds only its keyed hash",
        examples=["panelnr"],
    )
    identifiers: tuple[VariableName, ...] = Field(
        (),
        description="variables that identify a person or organisation; never landed",
        examples=[["emailadres"]],
    )
    free_text: tuple[VariableName, ...] = Field(
        (),
        description="variables with answers in people's own words; never landed",
        examples=[["toelichting"]],
    )
    is_assumed: Flag = Field(
        False,
        description="true when it is not known that this instrument was really part of the wave",
        examples=[False],
    )
    response: tuple[InvitedCount, ...] = Field((), description="how many were invited, by population")
    received_on: Day | None = Field(
        None,
        description="day on which this version came in, where it is not the delivery's own",
        examples=["2016-10-31"],
    )
    note: Text | None = Field(
        None,
        description="what a reader of the figures should know about this file or version; published",
        examples=["corrected weights"],
    )

    _encoding_exists = field_validator("encoding")(text_encoding)

    @property
    def sampling_units(self) -> tuple[str, ...]:
        """The variables with sampling units, primary and secondary."""
        return tuple(name for name in (self.psu, self.ssu) if name)

    @property
    def population_sizes(self) -> tuple[str, ...]:
        """The variables with numbers of units in the population."""
        return tuple(name for name in (self.psu_population, self.ssu_population) if name)

    @property
    def declared(self) -> tuple[str, ...]:
        """Every variable that the manifest names, each once."""
        single = [name for name in (self.respondent_id, self.panel_id, self.weight) if name]
        design = [*self.sampling_units, *self.population_sizes]
        return tuple(dict.fromkeys([*single, *design, *self.strata, *self.identifiers, *self.free_text]))

    @property
    def codebook_path(self) -> str | None:
        """Relative path of a codebook that is a file of its own."""
        return self.codebook if isinstance(self.codebook, str) else None

    @property
    def dropped(self) -> frozenset[str]:
        """Variables that never reach landing."""
        keys = [name for name in (self.respondent_id, self.panel_id) if name]
        return frozenset([*keys, *self.identifiers, *self.free_text])


class ManifestHead(_Entry):
    """What the manifest says of the delivery as a whole."""

    schema_version: Literal[1] = Field(description="version of this format", examples=[1])
    programme: Identifier = Field(
        description="programme_id of the registry; also the name of the folder above", examples=["vi"]
    )
    wave: Identifier = Field(
        description="wave_id of the registry; also the name of the folder", examples=["vi_2016"]
    )
    version: Version = Field(
        description="version of the delivery: the highest version of its files", examples=[1]
    )
    received_on: Day = Field(description="day on which it came in", examples=["2016-11-01"])
    supplier: Text = Field(description="who delivered it", examples=["Onderzoeksbureau"])
    is_synthetic: Flag = Field(description="true when no answer is a real person's", examples=[True])
    notice: Text | None = Field(
        None,
        description="sentence that goes with every use; required when synthetic",
        examples=["Synthetic data: no answer is a real person's."],
    )
    licence: Text = Field(description="on what terms it may be used", examples=["CC0-1.0"])
    contact: Text | None = Field(None, description="whom to ask about it", examples=["monitor@example.org"])


class Manifest(ManifestHead):
    """A valid manifest and the folder that it describes."""

    files: tuple[DeliveredFile, ...] = Field(description="every delivered file, superseded versions included")
    folder: Path = Field(exclude=True)

    @property
    def current(self) -> tuple[DeliveredFile, ...]:
        """The highest version of each file_id, by file_id."""
        latest: dict[str, DeliveredFile] = {}
        for entry in self.files:
            if entry.file_id not in latest or entry.version > latest[entry.file_id].version:
                latest[entry.file_id] = entry
        return tuple(latest[file_id] for file_id in sorted(latest))

    @property
    def superseded(self) -> tuple[DeliveredFile, ...]:
        """Files of which a later version came in; kept, hash-checked and registered, not landed."""
        current = set(self.current)
        return tuple(entry for entry in self.files if entry not in current)

    def earlier_versions(self, entry: DeliveredFile) -> tuple[DeliveredFile, ...]:
        """The versions of the same file that ``entry`` supersedes, the oldest first."""
        older = [e for e in self.files if e.file_id == entry.file_id and e.version < entry.version]
        return tuple(sorted(older, key=lambda e: e.version))

    @property
    def paths(self) -> tuple[str, ...]:
        """Relative paths of all files, codebooks and twins, each once, sorted."""
        codebooks = {entry.codebook_path for entry in self.files if entry.codebook_path}
        twins = {entry.twin.path for entry in self.files if entry.twin}
        return tuple(sorted({entry.path for entry in self.files} | codebooks | twins))

    def shown(self, path: str = MANIFEST_NAME) -> str:
        """A file of this delivery as messages name it: ``raw/vi/vi_2016/answers.sav``."""
        return shown_path(self.folder, path)


def shown_path(folder: Path, path: str = MANIFEST_NAME) -> str:
    """``path`` below a delivery folder, with the names of the wave, programme and raw folder before it."""
    names = [part for part in folder.absolute().parts[-3:] if part != folder.anchor]
    return "/".join([*names, path])


def check_relative_path(folder: Path, path: str) -> str:
    """What is wrong with a manifest's path, or ``''``: it must stay inside the folder, symlinks followed."""
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in path):
        return "must not contain line breaks or other control characters"
    if re.match(r"^([/\\~]|[A-Za-z]:)", path) or "\\" in path:
        return "must be relative, with / between folders"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "must not contain '.', '..' or empty folder names"
    if any(len(part.encode()) > LONGEST_NAME_BYTES for part in parts):
        return f"has the name of a file or folder that is longer than {LONGEST_NAME_BYTES} bytes"
    if path in OWN_NAMES:
        return "is a file of the program, not of the supplier"
    return (
        "" if stays_inside(folder, folder / path) else "leads out of the delivery's folder through a symlink"
    )


def stays_inside(folder: Path, path: Path) -> bool:
    """Whether ``path`` is below ``folder`` once every symlink is followed; one that leads to itself is not."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False
