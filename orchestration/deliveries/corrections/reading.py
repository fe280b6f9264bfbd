"""From ``corrections.yml`` to records: every error at once, each with its correction, field and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from orchestration.deliveries.corrections.records import ACTIONS, Condition, Correction, Expect
from orchestration.deliveries.file_faults import read_bytes, regular_file
from orchestration.deliveries.manifest import CORRECTIONS_NAME, DeliveredFile, Manifest, stays_inside
from orchestration.deliveries.manifest_yaml import MOST_BYTES, YamlDocument, YamlFault, parse_yaml
from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem, closest, few

REFERENCE = "docs/reference/corrections.md"
HEAD = ("schema_version", "corrections")
# pydantic names the branch of a union in a location; the file has no such field.
BRANCHES = ("constrained-str", "function-", "tuple[", "dict[", "[key]", "nullable")


def read_corrections(manifest: Manifest) -> tuple[Correction, ...]:
    """The corrections of a delivery in the order of the file; none when it has no ``corrections.yml``.

    Raises ``DeliveryProblems`` (exit code 2) with everything that can be seen without opening the delivered
    files. Proposed ones are returned too; only accepted ones count.
    """
    path = manifest.folder / CORRECTIONS_NAME
    if not path.exists() and not path.is_symlink():
        return ()
    return _Reading(manifest).corrections()


def corrections_of(
    corrections: Sequence[Correction], entry: DeliveredFile, is_accepted: bool = True
) -> tuple[Correction, ...]:
    """Those that are about this version of this file, with that status, in the order of the file."""
    return tuple(
        correction
        for correction in corrections
        if correction.file_id == entry.file_id
        and entry.version in correction.versions
        and correction.is_accepted == is_accepted
    )


class _Reading:
    """One pass over one file; collects problems instead of stopping at the first."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.file = manifest.shown(CORRECTIONS_NAME)
        self.document = YamlDocument(None, None, [])
        self.problems: list[Problem] = []

    def corrections(self) -> tuple[Correction, ...]:
        items = self._items()
        found = [self._correction(index, item) for index, item in enumerate(items)]
        seen: dict[str, int] = {}
        for index, item in enumerate(items):
            name = item.get("id") if isinstance(item, dict) else None
            if isinstance(name, str) and seen.setdefault(name, index) != index:
                self._add((index, "id"), f"'{name}' stands twice", "give each correction a name of its own")
        if self.problems:
            raise DeliveryProblems(few(self.problems, lambda problem: problem.message))
        return tuple(correction for correction in found if correction is not None)

    def _items(self) -> list[Any]:
        path = self.manifest.folder / CORRECTIONS_NAME
        if not stays_inside(self.manifest.folder, path):
            raise self._stop(
                "leads out of the delivery's folder through a symlink", "put the file itself there"
            )
        try:
            if regular_file(path).st_size > MOST_BYTES:
                raise YamlFault(f"larger than {MOST_BYTES} bytes")
            self.document = parse_yaml(read_bytes(path).decode("utf-8-sig"))
        except DeliveryProblems as found:
            (problem,) = found.problems
            raise self._stop(problem.message, problem.remedy) from None
        except UnicodeDecodeError:
            raise self._stop("is not UTF-8 text", "save it as UTF-8") from None
        except YamlFault as fault:
            raise self._stop(f"is not valid YAML: {fault}", f"see {REFERENCE}") from None
        for name, line in self.document.duplicate_keys:
            where = {"wave_id": self.manifest.wave, "file": f"{self.file}:{line}"}
            self.problems.append(
                Problem(
                    "correction_field",
                    f"{name} stands twice",
                    "keep one of the two",
                    WRONG_USE_OR_UNREADABLE,
                    **where,
                )
            )
        data = self.document.data
        if not isinstance(data, dict) or data.get("schema_version") != 1 or set(data) - set(HEAD):
            raise self._stop(
                "must start with `schema_version: 1` and hold nothing else but `corrections:`",
                f"see {REFERENCE}",
            )
        if not isinstance(data.get("corrections"), list):
            raise self._stop("`corrections` must be a list of records", f"see {REFERENCE}")
        return data["corrections"]

    def _correction(self, index: int, item: Any) -> Correction | None:
        if not isinstance(item, dict):
            self._add((index,), "is no record of fields", f"see {REFERENCE}")
            return None
        before = len(self.problems)
        action = self._action(index, item)
        self._match(index, item, action)
        self._expect(index, item, action)
        self._names(index, item)
        parts = {key: value for key, value in item.items() if key not in ("match", "expect")}
        # Told above, in words of their own; the record is checked for all other fields.
        record = self._validated(
            Correction,
            {**parts, "action": action, "expect": {"rows": 1}},
            (index,),
            list(Correction.model_fields),
        )
        if record is not None and record.is_accepted:
            for field in ("decided_by", "decided_on"):
                if getattr(record, field) is None:
                    self._add(
                        (index, field), "is missing, and the correction is accepted", f"add `{field}: …`"
                    )
        if record is None or len(self.problems) > before:
            return None
        return record.model_copy(
            update={
                "match": tuple(Condition.model_validate(one) for one in item.get("match") or ()),
                "expect": Expect.model_validate(item["expect"]),
            }
        )

    def _action(self, index: int, item: Mapping[str, Any]) -> Any:
        data = item.get("action")
        kinds = ", ".join(ACTIONS)
        if not isinstance(data, dict) or "kind" not in data:
            self._add(
                (index, "action"),
                "is missing, or has no `kind`" if "action" in item else "is missing",
                f"add `action: {{kind: …}}`; a kind is one of {kinds} ({REFERENCE})",
            )
            return None
        kind = data["kind"]
        if not isinstance(kind, str) or kind not in ACTIONS:
            near = closest(kind, ACTIONS) if isinstance(kind, str) else ""
            self._add(
                (index, "action", "kind"),
                f"is not a kind of action{near}",
                f"use one of {kinds} ({REFERENCE})",
            )
            return None
        model = ACTIONS[kind]
        keys = list(model.model_fields)
        takes = f"an action of kind {kind} takes {_listed(keys)}"
        misplaced = {}
        for key in data:
            home = (
                "match" if key in Condition.model_fields else "expect" if key in Expect.model_fields else ""
            )
            if home and key not in keys:
                misplaced[key] = f"belongs under `{home}:`, not under `action:`"
        return self._validated(model, data, (index, "action"), keys, takes, misplaced)

    def _match(self, index: int, item: Mapping[str, Any], action: Any) -> None:
        data = item.get("match")
        keys = list(Condition.model_fields)
        takes = f"each condition of `match` takes {_listed(keys)}"
        if data is None or data == []:
            if action is not None and action.kind == "drop_rows":
                self._add(
                    (index, "match"),
                    "is missing, and without it every row would be dropped",
                    f"{takes} ({REFERENCE})",
                )
            return
        if action is not None and not action.takes_match:
            self._add(
                (index, "match"),
                f"is given, and an action of kind {action.kind} is about a whole variable; it takes no `match`",
                "remove it; the variable and its codes belong under `action:`",
            )
            return
        if not isinstance(data, list):
            hint = ""
            if isinstance(data, dict) and "variable" in data and "codes" not in data:
                hint = "; the variable that is corrected belongs under `action:`"
            self._add(
                (index, "match"),
                f"must be a list of conditions, each `- {{variable: …, codes: […]}}`{hint}",
                f"{takes} ({REFERENCE})",
            )
            return
        for number, one in enumerate(data):
            place = (index, "match", number)
            if not isinstance(one, dict):
                self._add(place, "is no condition", f"{takes} ({REFERENCE})")
                continue
            misplaced = {
                key: f"`match.{key}` belongs under `action:`: `match` only says which rows"
                for key in one
                if isinstance(key, str)
                and key not in keys
                and any(key in model.model_fields for model in ACTIONS.values())
            }
            if "variable" in one and len(one) == 1:
                misplaced["variable"] = (
                    "has no codes; if it is the variable that is corrected, `match.variable` belongs under `action:`"
                )
                self._add((*place, "variable"), misplaced["variable"], f"{takes} ({REFERENCE})")
                continue
            self._validated(Condition, one, place, keys, takes, misplaced)

    def _expect(self, index: int, item: Mapping[str, Any], action: Any) -> None:
        place = (index, "expect")
        allowed = action.guards if action is not None else tuple(Expect.model_fields)
        takes = f"`expect` takes {_listed(allowed)}" + (f" for {action.kind}" if action is not None else "")
        data = item.get("expect")
        if not isinstance(data, dict) or not data:
            self._add(place, "is missing: what must be true of the file before it is corrected?", takes)
            return
        guards = self._validated(Expect, data, place, list(Expect.model_fields), takes)
        if guards is None:
            return
        if not guards.given:
            self._add(place, "holds no guard", takes)
        for name in guards.given:
            if name not in allowed:
                self._add((*place, name), f"is no guard for {action.kind}", takes)

    def _names(self, index: int, item: Mapping[str, Any]) -> None:
        """A file or version that the manifest does not know."""
        file_id, versions = item.get("file_id"), item.get("versions")
        known: dict[str, set[int]] = {}
        for entry in self.manifest.files:
            known.setdefault(entry.file_id, set()).add(entry.version)
        if not isinstance(file_id, str):
            return
        if file_id not in known:
            self._add(
                (index, "file_id"),
                f"delivery.yml has no file '{file_id}'{closest(file_id, known)}",
                f"use one of {', '.join(sorted(known))}",
            )
            return
        for version in versions if isinstance(versions, list) else ():
            if isinstance(version, int) and not isinstance(version, bool) and version not in known[file_id]:
                self._add(
                    (index, "versions"),
                    f"delivery.yml has no version {version} of {file_id}",
                    f"it has {', '.join(map(str, sorted(known[file_id])))}; correct `versions`",
                )

    def _validated(
        self,
        model: type,
        data: Any,
        place: tuple[str | int, ...],
        keys: Sequence[str],
        takes: str = "",
        misplaced: Mapping[str, str] | None = None,
    ) -> Any:
        takes = f"{takes} ({REFERENCE})" if takes else f"a correction takes {_listed(keys)} ({REFERENCE})"
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                self._tell(fault, place, keys, takes, misplaced or {})
            return None

    def _tell(
        self,
        fault: Mapping[str, Any],
        place: tuple[str | int, ...],
        keys: Sequence[str],
        takes: str,
        misplaced: Mapping[str, str],
    ) -> None:
        steps = [step for step in fault["loc"] if not str(step).startswith(BRANCHES)]
        if steps[:1] == ["action"] or (steps[:1] == ["expect"] and place[1:] == ()):
            return  # told in words of its own
        where = (*place, *steps)
        if fault["type"] == "missing":
            self._add(where, "is missing", takes)
        elif fault["type"] == "extra_forbidden":
            key = str(steps[-1])
            message = misplaced.get(key) or f"is not a key that is taken here{closest(key, keys)}"
            self._add(where, message, takes)
        else:
            message = fault["msg"].removeprefix("Value error, ")
            self._add(where, message[:1].lower() + message[1:], takes)

    def _add(self, place: tuple[str | int, ...], message: str, remedy: str) -> None:
        index, *steps = place
        line = self.document.line(("corrections", *place))
        item = self.document.data["corrections"][index]
        name = item.get("id") if isinstance(item, dict) else None
        field = _field(steps)
        told = f"correction {name if isinstance(name, str) else f'number {int(index) + 1}'}: "
        self.problems.append(
            Problem(
                "correction_field",
                f"{told}{f'`{field}` ' if field else ''}{message}",
                remedy,
                WRONG_USE_OR_UNREADABLE,
                wave_id=self.manifest.wave,
                file=f"{self.file}:{line}",
            )
        )

    def _stop(self, message: str, remedy: str) -> DeliveryProblems:
        where = {"wave_id": self.manifest.wave, "file": self.file}
        return DeliveryProblems(
            [Problem("unreadable_corrections", message, remedy, WRONG_USE_OR_UNREADABLE, **where)]
        )


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _field(steps: Sequence[str | int]) -> str:
    name = ""
    for step in steps:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else str(step)
    return name
