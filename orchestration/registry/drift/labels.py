"""Labels of a delivery against the accepted ones: moved codes, turned scales, other answer lists."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding
from orchestration.registry.drift.texts import plain

MOVES_SHOWN = 4
FEWEST_OF_A_SCALE = 3
"""Two answers in the other order are swapped; three or more are a scale turned round."""


def find_moved_codes(file: FileAnswers) -> Iterator[Finding]:
    """Labels that the crosswalk knows of a variable, at codes that are not theirs.

    A label that stands at several codes tells nothing of where it belongs.
    """
    for name, accepted, delivered in _labelled(file):
        valid = {code: label for code, (label, is_missing) in accepted.items() if not is_missing}
        yield from _missing_moved(file, name, accepted, delivered)
        moved = _moves({code: plain(label) for code, label in valid.items() if label}, delivered)
        if not moved:
            continue
        if _is_reversed(moved, valid):
            yield Finding(
                "scale_reversed",
                file,
                f"the scale runs the other way: {_told(moved, valid)}",
                "if the labels are right, change the codes of this variable in crosswalk/xw_values.csv (or "
                "choose the verb reverse); if the answers were not turned with them, ask for another file",
                name,
                before=_side(moved, valid, 0),
                now=_side(moved, valid, 1),
            )
        else:
            yield Finding(
                "codes_moved",
                file,
                f"known labels stand at other codes: {_told(moved, valid)}",
                "change source_code of these rows in crosswalk/xw_values.csv, and give an inserted answer "
                "a row of its own",
                name,
                code=moved[0][1],
                before=_side(moved, valid, 0),
                now=_side(moved, valid, 1),
            )


def find_changed_scales(file: FileAnswers) -> Iterator[Finding]:
    """Answer lists with more or fewer points than the crosswalk has rows for."""
    for name, accepted, delivered in _labelled(file):
        points = [code for code, (label, is_missing) in accepted.items() if label and not is_missing]
        missing = {plain(label) for label, is_missing in accepted.values() if is_missing}
        declared = file.landed.user_missing.get(name, set())
        now = [
            code
            for code, label in delivered.items()
            if label and label not in missing and (code in points or code not in declared)
        ]
        extra = sorted(set(now) - set(points), key=_order)
        # Of a scale whose labels are those of the code list, a contractor may label the ends alone.
        lost = sorted(set(points) & set(file.values.get(name, ())) - set(now), key=_order)
        if points and now and len(extra) != len(lost):
            yield Finding(
                "scale_points_changed",
                file,
                f"the answer list has {len(now)} points, the crosswalk knows {len(points)} "
                f"({'more' if len(extra) > len(lost) else 'fewer'}: code {', '.join(extra or lost)})",
                "correct the rows of this variable in crosswalk/xw_values.csv, and tell of the other answer list in "
                "registry/series_breaks.csv",
                name,
                code=(extra or lost)[0],
                before=str(len(points)),
                now=str(len(now)),
            )


def find_contradicting_rows(file: FileAnswers, known: dict[tuple[str, str], set[str]]) -> Iterator[Finding]:
    """Rows of ``xw_values`` that give a label another code than every earlier wave gave it.

    ``known``: codes of earlier waves by concept and plain label; see ``meanings``.
    """
    for _, variable in file.mapped:
        if variable["verb"] not in ("recode", "copy"):
            continue
        name, concept = variable["source_variable"], variable["concept_id"]
        for code, (_, row) in file.values.get(name, {}).items():
            said = row["code"] or f"@{row['missing_kind']}"
            before = known.get((concept, plain(row["source_label"])))
            if row["source_label"] and before and said not in before:
                earlier = ", ".join(sorted(before))
                yield Finding(
                    "label_means_another_code",
                    file,
                    f"the crosswalk makes '{row['source_label']}' the code {said} of {concept}, and every earlier "
                    f"wave made it {earlier}",
                    f"correct code of {name}, {code} in crosswalk/xw_values.csv",
                    name,
                    code,
                    earlier,
                    said,
                )


def meanings(files: list[FileAnswers]) -> dict[tuple[str, str], set[str]]:
    """What each label of each concept became, by concept and plain label."""
    found: dict[tuple[str, str], set[str]] = {}
    for file in files:
        for _, variable in file.mapped:
            if variable["verb"] not in ("recode", "copy"):
                continue
            for _, row in file.values.get(variable["source_variable"], {}).values():
                said = row["code"] or f"@{row['missing_kind']}"
                found.setdefault((variable["concept_id"], plain(row["source_label"])), set()).add(said)
    return found


def _labelled(file: FileAnswers) -> Iterator[tuple[str, dict[str, tuple[str, bool]], dict[str, str]]]:
    """Per mapped variable: accepted label and whether it is missing, by code; delivered plain label by code."""
    for name in dict.fromkeys(row["source_variable"] for _, row in file.mapped):
        labels = file.landed.labels.get(name)
        accepted = accepted_labels(file, name)
        if labels and accepted:
            yield name, accepted, {code: plain(label) for code, label in labels.items()}


def accepted_labels(file: FileAnswers, name: str) -> dict[str, tuple[str, bool]]:
    """Label and whether it is missing, by code, as the crosswalk (or the concept's code list) has them."""
    found: dict[str, tuple[str, bool]] = {}
    for _, row in file.mapped:
        if row["source_variable"] != name or row["verb"] not in ("copy", "reverse"):
            continue
        concept = file.registry.concepts[row["concept_id"]]
        for code, entry in file.registry.codes_of(row["concept_id"]).items():
            if row["verb"] == "copy":
                found[code] = (entry.label_nl, False)
            elif code.isdigit():
                found[str(int(concept.valid_min + concept.valid_max) - int(code))] = (entry.label_nl, False)
    for code, (_, row) in file.values.get(name, {}).items():
        found[code] = (row["source_label"], bool(row["missing_kind"]))
    return found


def _moves(accepted: dict[str, str], delivered: dict[str, str]) -> list[tuple[str, str]]:
    """Pairs of accepted and delivered code of each label that moved."""
    place: dict[str, list[str]] = {}
    for code, label in delivered.items():
        place.setdefault(label, []).append(code)
    once = [label for label in accepted.values() if list(accepted.values()).count(label) == 1]
    return [
        (code, place[label][0])
        for code, label in accepted.items()
        if label in once and len(place.get(label, ())) == 1 and place[label][0] != code
    ]


def _missing_moved(
    file: FileAnswers, name: str, accepted: dict[str, tuple[str, bool]], delivered: dict[str, str]
) -> Iterator[Finding]:
    missing = {code: plain(label) for code, (label, is_missing) in accepted.items() if is_missing and label}
    for code, other in _moves(missing, delivered):
        label = accepted[code][0]
        yield Finding(
            "missing_code_moved",
            file,
            f"'{label}' was code {code} and is code {other} now",
            f"change source_code of {name}, {code} in crosswalk/xw_values.csv to {other}",
            name,
            other,
            f"{code} {label}",
            f"{other} {label}",
        )


def _is_reversed(moved: list[tuple[str, str]], valid: dict[str, str]) -> bool:
    codes = sorted(valid, key=_order)
    if len(codes) < FEWEST_OF_A_SCALE or len(moved) < len(codes) - len(codes) % 2:
        return False
    turned = dict(zip(codes, reversed(codes), strict=True))
    return all(turned[before] == now for before, now in moved)


def _order(code: str) -> tuple[float, str]:
    try:
        return float(code), code
    except ValueError:
        return float("inf"), code


def _told(moved: list[tuple[str, str]], labels: dict[str, str]) -> str:
    told = [f"'{labels[before]}' from {before} to {now}" for before, now in moved[:MOVES_SHOWN]]
    more = len(moved) - MOVES_SHOWN
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _side(moved: list[tuple[str, str]], labels: dict[str, str], side: int) -> str:
    return "; ".join(f"{move[side]} {labels[move[0]]}" for move in moved)
