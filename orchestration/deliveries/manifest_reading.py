"""From ``delivery.yml`` to a ``Manifest``: every error at once, each with its field and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from orchestration.deliveries.confined_reading.opened import read_inside
from orchestration.deliveries.file_faults import unreadable_folder
from orchestration.deliveries.manifest import (
    MANIFEST_NAME,
    DeliveredFile,
    Manifest,
    ManifestHead,
    check_relative_path,
    shown_path,
    stays_inside,
)
from orchestration.deliveries.manifest_contradictions import contradictions
from orchestration.deliveries.manifest_gaps import to_be_filled_in
from orchestration.deliveries.manifest_yaml import MOST_BYTES, YamlDocument, YamlFault, parse_yaml
from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem, closest, few

if TYPE_CHECKING:
    from orchestration.registry.load import Registry

REFERENCE = "docs/reference/manifest.md"
LONGEST_SHOWN = 60
"""Characters of a wrong path that a message repeats."""


def load_manifest(folder: Path, registry: Registry) -> Manifest:
    """The manifest of the delivery in ``folder`` (``<raw>/<programme>/<wave>``).

    Raises ``DeliveryProblems`` (exit code 2) with every fault that can be seen without opening the files.
    """
    return _Reading(folder, registry).manifest()


def scan_deliveries(raw_root: Path, registry: Registry) -> tuple[list[Manifest], list[Problem]]:
    """Every delivery below ``raw_root``, by wave, and what is wrong with those that cannot be read.

    Of a registry without proposed rows, deliveries for waves that are only proposed are passed over.
    """
    if not raw_root.is_dir():
        problem = Problem(
            "no_raw_folder",
            f"there is no folder {raw_root.name} to read deliveries from",
            "set PEILSTOK_RAW to the folder that holds <programme>/<wave>/delivery.yml",
            WRONG_USE_OR_UNREADABLE,
            file=raw_root.name,
        )
        return [], [problem]
    manifests: list[Manifest] = []
    problems: list[Problem] = []
    for folder in sorted(_wave_folders(raw_root, problems)):
        if folder.name in registry.waiting:
            continue
        try:
            manifests.append(load_manifest(folder, registry))
        except DeliveryProblems as found:
            problems += found.problems
    return sorted(manifests, key=lambda manifest: manifest.wave), problems


def find_deliveries(raw_root: Path, registry: Registry) -> list[Manifest]:
    """Every delivery below ``raw_root``; raises ``DeliveryProblems`` when one of them cannot be read."""
    manifests, problems = scan_deliveries(raw_root, registry)
    if problems:
        raise DeliveryProblems(problems)
    return manifests


def _wave_folders(raw_root: Path, problems: list[Problem]) -> Iterator[Path]:
    for programme in _folders(raw_root, problems):
        yield from _folders(programme, problems)


def _folders(folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError as error:
        problems.append(unreadable_folder(folder.name, error))
        return []


class _Reading:
    """One pass over one manifest; collects problems instead of stopping at the first."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.folder = folder
        self.registry = registry
        self.wave_id = folder.name if folder.name in registry.waves else ""
        self.problems: list[Problem] = []
        self.document = YamlDocument(None, None, [])

    def add(self, kind: str, location: tuple[str | int, ...], message: str, remedy: str) -> None:
        line = self.document.line(location)
        field = _field_name(location)
        self.problems.append(
            Problem(
                kind,
                f"{field}: {message}" if field else message,
                remedy,
                WRONG_USE_OR_UNREADABLE,
                wave_id=self.wave_id,
                file=f"{shown_path(self.folder)}:{line}",
            )
        )

    def manifest(self) -> Manifest:
        data = self._data()
        self._check_filled_in(data)
        head = self._validated(ManifestHead, {k: v for k, v in data.items() if k != "files"}, ())
        entries = self._files(data)
        self._check_wave(data)
        self._check_head(data, entries)
        if self.problems or head is None:
            # Told alike is told of other fields in the same words: the field stands before the first colon.
            raise DeliveryProblems(few(self.problems, lambda p: (p.kind, p.message.partition(": ")[2])))
        files = tuple(entry for _, entry in entries)
        return Manifest(**head.model_dump(), files=files, folder=self.folder)

    def _check_filled_in(self, data: dict[str, Any]) -> None:
        """Fields that ``peilstok new-wave`` left to a person: told first, and alone, for they are no mistakes."""
        for location, asked in to_be_filled_in(data):
            self.add("to_be_filled_in", location, f"is still to be filled in: {asked}", f"see {REFERENCE}")
        if self.problems:
            raise DeliveryProblems(few(self.problems))

    def _data(self) -> dict[str, Any]:
        path = self.folder / MANIFEST_NAME
        file = shown_path(self.folder)
        raw_root = self.folder.absolute().parent.parent
        if not (stays_inside(raw_root, self.folder) and stays_inside(raw_root, path)):
            self._stop(
                "outside_raw",
                file,
                "leads out of the raw folder through a symlink",
                "put the delivery itself in the raw folder",
            )
        try:
            data = read_inside(raw_root, path.absolute().relative_to(raw_root).as_posix())
            if len(data) > MOST_BYTES:
                raise YamlFault(f"larger than {MOST_BYTES} bytes")
            self.document = parse_yaml(data.decode("utf-8-sig"))
            if not isinstance(self.document.data, dict):
                raise YamlFault("it must be a list of `field: value` lines")
        except DeliveryProblems as found:
            (problem,) = found.problems
            if problem.kind == "missing_file":
                self._stop(
                    "missing_manifest",
                    file,
                    f"this folder has no {MANIFEST_NAME}",
                    f"write one ({REFERENCE}), or move the folder out of the raw folder",
                )
            self._stop("unreadable_manifest", file, problem.message, problem.remedy)
        except UnicodeDecodeError:
            self._stop("unreadable_manifest", file, "is not UTF-8 text", "save it as UTF-8")
        except YamlFault as fault:
            self._stop("unreadable_manifest", file, f"is not valid YAML: {fault}", f"see {REFERENCE}")
        for name, line in self.document.duplicate_keys:
            self.problems.append(
                Problem(
                    "duplicate_field",
                    f"{name} stands twice",
                    "keep one of the two",
                    WRONG_USE_OR_UNREADABLE,
                    wave_id=self.wave_id,
                    file=f"{file}:{line}",
                )
            )
        return self.document.data

    def _stop(self, kind: str, file: str, message: str, remedy: str) -> None:
        raise DeliveryProblems(
            [Problem(kind, message, remedy, WRONG_USE_OR_UNREADABLE, wave_id=self.wave_id, file=file)]
        ) from None

    def _validated(self, model: type, data: object, location: tuple[str | int, ...]):
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False, include_context=True):
                self._add_field_fault(model, fault, location)
            return None

    def _add_field_fault(self, model: type, fault: dict[str, Any], location: tuple[str | int, ...]) -> None:
        # pydantic adds the name of a union's branch to the location; the manifest has no such field.
        steps = [
            step
            for step in fault["loc"]
            if step not in ("CodebookSheet", "constrained-str") and not str(step).startswith("function-")
        ]
        place = (*location, *steps)
        known = list(model.model_fields) if len(steps) == 1 else []
        if fault["type"] == "missing":
            self.add("manifest_field", place, "is missing", f"add `{steps[-1]}: …` ({REFERENCE})")
        elif fault["type"] == "extra_forbidden":
            self.add(
                "manifest_field",
                place,
                f"is not a field of a manifest{closest(str(steps[-1]), known)}",
                f"correct or remove it ({REFERENCE})",
            )
        else:
            message = fault["msg"].removeprefix("Value error, ")
            self.add("manifest_field", place, message[:1].lower() + message[1:], f"see {REFERENCE}")

    def _files(self, data: dict[str, Any]) -> list[tuple[int, DeliveredFile]]:
        raw = data.get("files")
        if not isinstance(raw, list) or not raw:
            self.add(
                "manifest_field",
                ("files",),
                "must be a list of at least one file",
                f"add the delivered files ({REFERENCE})",
            )
            return []
        entries: list[tuple[int, DeliveredFile]] = []
        for index, item in enumerate(raw):
            entry = self._validated(DeliveredFile, item, ("files", index))
            if isinstance(item, dict):
                self._check_paths(index, item)
                self._check_registry_names(index, item)
            if entry is not None:
                for field, message, remedy in contradictions(entry):
                    self.add("manifest_field", ("files", index, field), message, remedy)
                entries.append((index, entry))
        self._check_versions(entries)
        return entries

    def _check_paths(self, index: int, item: dict[str, Any]) -> None:
        twin = item.get("twin")
        paths = {(field,): item.get(field) for field in ("path", "codebook")}
        paths["twin", "path"] = twin.get("path") if isinstance(twin, dict) else None
        for field, path in paths.items():
            if isinstance(path, str) and (wrong := check_relative_path(self.folder, path.strip())):
                shown = path if len(path) <= LONGEST_SHOWN else f"{path[:LONGEST_SHOWN]}…"
                self.add(
                    "path_outside_delivery",
                    ("files", index, *field),
                    f"'{shown}' {wrong}",
                    "keep the file in the delivery's folder, and write its path from there",
                )

    def _check_registry_names(self, index: int, item: dict[str, Any]) -> None:
        instrument = item.get("instrument")
        if isinstance(instrument, str):
            if instrument not in self.registry.instruments:
                self.add(
                    "unknown_instrument",
                    ("files", index, "instrument"),
                    f"the registry knows no instrument '{instrument}'"
                    f"{closest(instrument, self.registry.instruments)}",
                    f"use one of {', '.join(sorted(self.registry.instruments))}",
                )
            elif self.registry.instrument_status(self.folder.name, instrument) == "not_asked":
                self.add(
                    "instrument_not_asked",
                    ("files", index, "instrument"),
                    f"the registry says that {instrument} was not asked in {self.folder.name}",
                    "correct registry/wave_instruments.csv or the manifest",
                )
        response = item.get("response")
        for number, row in enumerate(response if isinstance(response, list) else []):
            population = row.get("population") if isinstance(row, dict) else None
            if isinstance(population, str) and population not in self.registry.populations:
                self.add(
                    "unknown_population",
                    ("files", index, "response", number, "population"),
                    f"the registry knows no population '{population}'"
                    f"{closest(population, self.registry.populations)}",
                    "use a population_id of registry/populations.csv",
                )

    def _check_versions(self, entries: list[tuple[int, DeliveredFile]]) -> None:
        seen: set[tuple[str, int]] = set()
        paths: set[str] = set()
        instruments: dict[str, str] = {}
        for index, entry in entries:
            if (entry.file_id, entry.version) in seen:
                self.add(
                    "duplicate_file",
                    ("files", index, "file_id"),
                    f"version {entry.version} of '{entry.file_id}' stands twice",
                    "give a redelivery a higher version, another file another file_id",
                )
            if entry.path.casefold() in paths:
                self.add(
                    "duplicate_file",
                    ("files", index, "path"),
                    f"'{entry.path}' stands twice",
                    "name each file once; keep a superseded version under a path of its own (v1/, v2/)",
                )
            if instruments.setdefault(entry.file_id, entry.instrument) != entry.instrument:
                self.add(
                    "manifest_field",
                    ("files", index, "instrument"),
                    f"differs between the versions of '{entry.file_id}'",
                    "give the other file another file_id",
                )
            seen.add((entry.file_id, entry.version))
            paths.add(entry.path.casefold())

    def _check_wave(self, data: dict[str, Any]) -> None:
        """One mistake in the name of a folder, a wave or a programme is told once, by its nearest cause."""
        wave, programme = data.get("wave"), data.get("programme")
        waves, folder = self.registry.waves, self.folder
        rename = "a delivery stands in <raw>/<programme>/<wave>: rename the folder or correct the field"
        if isinstance(wave, str) and wave not in waves:
            self.add(
                "unknown_wave",
                ("wave",),
                f"the registry knows no wave '{wave}'{closest(wave, waves)}; it "
                f"knows {', '.join(sorted(waves))}",
                f"correct the name (the folder is called '{folder.name}'), or add the wave to registry/waves.csv",
            )
        elif isinstance(wave, str) and wave != folder.name:
            self.add(
                "misplaced_delivery",
                ("wave",),
                f"is '{wave}', but the folder is called '{folder.name}'",
                rename,
            )
        elif isinstance(wave, str) and isinstance(programme, str) and waves[wave].programme_id != programme:
            self.add(
                "wrong_programme",
                ("programme",),
                f"is '{programme}', but {wave} belongs to {waves[wave].programme_id}",
                "correct the programme or the wave",
            )
        elif isinstance(programme, str) and programme != folder.parent.name:
            self.add(
                "misplaced_delivery",
                ("programme",),
                f"is '{programme}', but the folder is called '{folder.parent.name}'",
                rename,
            )

    def _check_head(self, data: dict[str, Any], entries: list[tuple[int, DeliveredFile]]) -> None:
        if data.get("is_synthetic") is True and not data.get("notice"):
            self.add(
                "manifest_field",
                ("notice",),
                "is missing, and the delivery is synthetic",
                "add a sentence that says so; it goes with every release",
            )
        highest = max((entry.version for _, entry in entries), default=None)
        version = data.get("version")
        if highest is not None and isinstance(version, int) and version != highest:
            self.add(
                "manifest_field",
                ("version",),
                f"is {version}, but the highest version of a file is {highest}",
                f"set it to {highest}, or correct the files",
            )


def _field_name(location: tuple[str | int, ...]) -> str:
    name = ""
    for step in location:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name
