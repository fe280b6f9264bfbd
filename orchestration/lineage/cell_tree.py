"""The trace of a cell as a tree that a person reads from the figure down to the delivered code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.text import Text
from rich.tree import Tree

Told = dict[str, Any]

PARTS = {
    "numerator": "counts",
    "denominator": "divided by",
    "base": "base",
    "route": "asked only behind",
    "population": "population",
    "breakdown": "breakdown",
    "organisation": "one answer per organisation",
}
DESIGN = {
    "weight": "weight",
    "stratum": "stratum",
    "psu": "sampling unit",
    "psu_population": "number of sampling units",
    "ssu": "unit of the second stage",
    "ssu_population": "number of units of the second stage",
    "panel": "member of the panel",
}
HASH_SHOWN = 12


def cell_tree(trace: Told, with_all: bool = False) -> Tree:
    """The tree of ``trace_cell``. Codes that lead elsewhere than the cell are counted, unless ``with_all``."""
    cell = trace["cell"]
    tree = Tree(_figure(trace), guide_style="dim")
    _add_indicator(tree, trace)
    _add_comparability(tree, trace["comparability"], cell)
    shown: set[tuple[str, str, str]] = set()
    for part in trace["parts"]:
        _add_part(tree, part, cell, shown, with_all)
    if trace["design"]:
        _add_design(tree, trace["design"])
    _add_files(tree, trace["files"])
    return tree


def plain(*parts: str | tuple[str, str] | None) -> Text:
    """Pieces with their styles beside each other, two spaces apart; empty ones are left out."""
    line = Text()
    for part in parts:
        text, style = part if isinstance(part, tuple) else (part, "")
        if text:
            line.append("  " if line else "").append(text, style=style)
    return line


def figure_text(value: float, unit: str) -> str:
    """A figure as released, with its unit where it has a sign."""
    return f"{value:g} %" if unit == "percent" else f"{value:g}"


def _figure(trace: Told) -> Text:
    cell, release = trace["cell"], trace["release"]
    head = plain((trace["address"], "bold cyan"))
    where = f"{cell['indicator_label_nl']}: {cell['population_label_nl']}"
    where += "" if cell["breakdown_id"] == "total" else f", {cell['breakdown_label_nl']}"
    head.append(f"\n{where}, {cell['year']}\n")
    if cell["is_suppressed"]:
        head.append("suppressed", style="bold red")
        head.append(f" {cell['marker']}  ({cell['reason_code']}): there is no figure to show")
    else:
        head.append(figure_text(cell["estimate"], cell["unit"]), style="bold green")
        if cell["ci_low"] is not None:
            head.append(f"  ({cell['ci_low']:g} to {cell['ci_high']:g}, {cell['ci_method']})")
        head.append(f"  from about {cell['n_unweighted']} respondents")
        if cell["marker"]:
            head.append(f"  {cell['marker']}", style="yellow")
        if cell["publication_status"] == "flag":
            head.append(f"  flagged: {cell['reason_code']}", style="yellow")
    head.append(f"\nrelease {release['release_id']}", style="dim")
    if release["is_synthetic"]:
        head.append("  SYNTHETIC", style="bold yellow")
    return head


def _add_indicator(tree: Tree, trace: Told) -> None:
    indicator, base = trace["indicator"], trace["base"]
    branch = tree.add(
        plain(("indicator", "bold"), indicator["indicator_id"], _words(indicator), _place(indicator))
    )
    for code in indicator["codes"]:
        branch.add(plain(f"counts {indicator['concept_id']} = {_coded(code)}", _place(code)))
    for missing in indicator["missings"]:
        branch.add(plain(f"counts {_missing(missing)}", _place(missing)))
    if not indicator["codes"] and not indicator["missings"]:
        of = f" / {indicator['denominator_concept_id']}" if indicator["denominator_concept_id"] else ""
        branch.add(plain(f"{indicator['statistic']} of {indicator['concept_id'] or 'a concept'}{of}"))
    told = branch.add(
        plain(("base", "bold"), base["base_id"], base["label_nl"], (base["note"] or "", "dim"), _place(base))
    )
    for rule in base["rules"]:
        told.add(plain(f"{rule['concept_id']} = {_coded(rule)} brings a respondent in", _place(rule)))
    for missing in base["missings"]:
        told.add(plain(f"{_missing(missing)} stays in the denominator", _place(missing)))


def _add_comparability(tree: Tree, told: Told, cell: Told) -> None:
    waves = ", ".join(told["segment_waves"])
    branch = tree.add(plain(("comparable", "bold"), told["segment_id"] or "no segment", (waves, "dim")))
    if told["break"]:
        found = told["break"]
        effect = {"block": "break before this wave", "warn": "compared with a warning"}.get(
            found["effect"], "a wave apart"
        )
        branch.add(
            plain(
                (effect, "yellow"),
                f"{found['break_id']}: {found['reason']}",
                (" · ".join(part for part in (found["kind"], found["source"]) if part), "dim"),
                _place(found),
            )
        )
    if not told["comparable_wave_id"]:
        branch.add("no earlier wave to compare with")
    elif cell["is_suppressed"] or cell["change"] is None:
        branch.add(f"change to {told['comparable_wave_id']}: not shown")
    else:
        word = "not demonstrable" if cell["change_direction"] == "stable" else cell["change_direction"]
        branch.add(f"change to {told['comparable_wave_id']}: {cell['change']:+g} ({word})")


def _add_part(tree: Tree, part: Told, cell: Told, shown: set, with_all: bool) -> None:
    name = part["part_id"] if part["part"] in ("population", "breakdown", "base") else None
    behind = {"route": f"(before {part['part_id']})", "organisation": f"(to {part['part_id']})"}.get(
        part["part"], ""
    )
    branch = tree.add(
        plain(
            (PARTS[part["part"]], "bold"),
            name,
            part["concept_id"],
            part["label_nl"],
            (behind, "dim"),
            _place(part),
        )
    )
    if ("", "", part["concept_id"]) in shown:
        branch.add(Text("as above", style="dim"))
        return
    if part["part"] in ("numerator", "denominator", "base"):
        shown.add(("", "", part["concept_id"]))
    for member in part["members"]:
        branch.add(plain(f"a member has {part['concept_id']} = {_coded(member)}", _place(member)))
    for side in part["answers_for_both"]:
        branch.add(
            plain(
                f"where both answered, the valid answer of {part['concept_id']} = {_coded(side)} counts for both",
                (side["reason"], "dim"),
                _place(side),
            )
        )
    if part["part"] == "breakdown":
        branch.add(f"this cell has {part['concept_id']} = {cell['breakdown_code']}")
    if part["derivation"]:
        _add_derivation(branch, part["derivation"])
    for gate in part["routing"]:
        branch.add(
            plain(
                ("route", "magenta"),
                f"{gate['concept_id']} is asked when {gate['gate_concept_id']} = {_coded(gate)}",
                _place(gate),
            )
        )
    wanted = {
        "population": {member["code"] for member in part["members"]},
        "breakdown": {cell["breakdown_code"]},
    }.get(part["part"])
    for variable in part["variables"]:
        _add_variable(branch, variable, None if with_all else wanted, shown)


def _add_derivation(branch: Tree, told: Told) -> None:
    inputs = told["inputs"]
    asked = [f"{one['concept_id']} = {one['code']}" for one in inputs if one["is_asked"]]
    absent = dict.fromkeys(one["concept_id"] for one in inputs if not one["is_asked"])
    outcome = (
        f" gives {told['code_when_true']}, else {told['code_when_false']}" if told["code_when_true"] else ""
    )
    derived = branch.add(
        plain(("derived", "magenta"), f"{told['verb'] or 'from its inputs'}{outcome}", _place(told))
    )
    for one in asked:
        derived.add(one)
    if absent:
        derived.add(Text(f"not in this wave: {', '.join(absent)}", style="dim"))


def _add_variable(branch: Tree, variable: Told, wanted: set[str] | None, shown: set) -> None:
    key = (variable["file_id"], variable["source_variable"], variable["concept_id"])
    line = plain(
        (variable["source_variable"], "bold yellow"),
        variable["label"],
        f"{variable['verb']} → {variable['concept_id']}",
        (variable["comparability"] or "", "" if variable["comparability"] == "identical" else "yellow"),
        (f"in {variable['file_id']}", "dim"),
        _place(variable),
    )
    node = branch.add(line)
    if variable["note"]:
        node.add(Text(variable["note"], style="italic"))
    if key in shown:
        node.add(Text("codes as above", style="dim"))
        return
    codes = [code for code in variable["codes"] if wanted is None or code["code"] in wanted]
    if wanted is None:
        shown.add(key)
    for code in codes:
        node.add(_code_line(code))
    if rest := len(variable["codes"]) - len(codes):
        node.add(Text(f"{rest} other codes (--all)", style="dim"))
    if not variable["codes"] and variable["verb"] in ("copy", "reverse"):
        node.add(
            Text(
                "numbers, as delivered" if variable["verb"] == "copy" else "numbers, turned round",
                style="dim",
            )
        )
    if (book := variable["codebook"]) and wanted is None:
        parts = [book.get("storage_type"), book.get("measure")]
        parts.append(
            f"missing: {book['missing_declaration'].replace('|', ', ')}"
            if book.get("missing_declaration")
            else ""
        )
        parts.append(f"set {book['mr_set']}" if book.get("mr_set") else "")
        node.add(Text(f"in the codebook: {' · '.join(part for part in parts if part)}", style="dim"))


def _code_line(code: Told) -> Text:
    label = f" {code['source_label']}" if code["source_label"] else ""
    target = (
        ("missing: " + code["missing_kind"], "yellow")
        if code["missing_kind"]
        else (code["code"] or "", "green")
    )
    return plain(f"{code['source_code']}{label}", "→", target, _place(code))


def _add_design(tree: Tree, design: Iterable[Told]) -> None:
    branch = tree.add(Text("weights and design", style="bold"))
    for one in design:
        branch.add(
            plain(
                (one["source_variable"], "bold yellow"),
                one["label"],
                DESIGN[one["part"]],
                (f"in {one['file_id']}", "dim"),
            )
        )


def _add_files(tree: Tree, files: Iterable[Told]) -> None:
    branch = tree.add(Text("delivered", style="bold"))
    for file in files:
        line = plain(
            (file["path"], "bold"),
            f"version {file['delivery_version']}",
            f"sha256 {file['sha256'][:HASH_SHOWN]}…",
            f"received {file['received_on']}" if file["received_on"] else None,
            {True: ("synthetic", "yellow"), False: "real"}.get(file["is_synthetic"]),
            ("assumed", "yellow") if file["is_assumed"] else None,
        )
        node = branch.add(line)
        if file["supplier"]:
            node.add(Text(file["supplier"], style="dim"))
        if not file["holds_population"]:
            node.add(Text("holds nobody of this population", style="dim"))


def _coded(code: Told) -> str:
    label = code["code_label_nl"]
    return f"{code['code']} ({label})" if label and label != code["code"] else code["code"]


def _missing(missing: Told) -> str:
    label = missing["missing_label_nl"]
    return f"missing {missing['missing_kind']}" + (f" ({label})" if label else "")


def _words(told: Told) -> str:
    return told["label_nl"]


def _place(told: Told) -> tuple[str, str]:
    return (told["place"] or "", "dim")
