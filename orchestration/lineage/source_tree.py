"""The forward trace of a variable as a tree: what it means, and what is made of it."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from rich.tree import Tree

from orchestration.lineage.cell_tree import DESIGN, PARTS, plain

Told = dict[str, Any]

MOST_SHOWN = 8
"""Indicators of one part that are named without ``--all``."""
FEW_SHOWN = 3
"""Bases, gates or populations that are named on one line without ``--all``."""


def source_tree(trace: Told, with_all: bool = False) -> Tree:
    """The tree of ``trace_source``; ``with_all`` names every indicator and every cell."""
    tree = Tree(_head(trace), guide_style="dim")
    for file in trace["files"]:
        tree.add(
            plain(
                ("delivered", "bold"),
                file["path"],
                f"version {file['delivery_version']}",
                f"sha256 {file['sha256'][:12]}…",
            )
        )
    for row in trace["mapped"]:
        _add_mapped(tree, row)
    for row in trace["left_out"]:
        proposed = ("proposed, not counted yet", "yellow") if row["status"] != "accepted" else None
        tree.add(plain(("left out", "bold"), row["reason"], proposed, (row["place"], "dim")))
    if not trace["mapped"] and not trace["uses"]:
        tree.add(Text("no row of the crosswalk maps it, and nothing uses it", style="yellow"))
    elif not trace["uses"]:
        tree.add(Text("no indicator uses it", style="yellow"))
    for use in trace["uses"]:
        _add_use(tree, use, with_all)
    return tree


def _head(trace: Told) -> Text:
    head = plain((trace["address"], "bold cyan"))
    if trace["label"]:
        head.append(f"\n{trace['label']}")
    head.append(f"\n{trace['cells_n']:,} cells use it", style="bold")
    head.append(f": {trace['published_n']:,} published, {trace['suppressed_n']:,} suppressed")
    if trace["later_changes_n"]:
        head.append(f"; {trace['later_changes_n']:,} changes of later waves go back to them")
    head.append(f"\nrelease {trace['release']['release_id']}", style="dim")
    if trace["release"]["is_synthetic"]:
        head.append("  SYNTHETIC", style="bold yellow")
    return head


def _add_mapped(tree: Tree, row: Told) -> None:
    node = tree.add(
        plain(
            ("concept", "bold"),
            row["concept_id"],
            row["concept_label_nl"],
            row["verb"],
            row["comparability"],
            ("proposed, not counted yet", "yellow") if row["status"] != "accepted" else None,
            (row["place"], "dim"),
        )
    )
    if row["note"]:
        node.add(Text(row["note"], style="italic"))
    for code in row["codes"]:
        target = f"missing: {code['missing_kind']}" if code["missing_kind"] else code["code"] or ""
        label = f" {code['source_label']}" if code["source_label"] else ""
        node.add(
            plain(
                f"{code['source_code']}{label}",
                "→",
                (target, "yellow" if code["missing_kind"] else "green"),
                (code["place"], "dim"),
            )
        )


def _add_use(tree: Tree, use: Told, with_all: bool) -> None:
    part = PARTS.get(use["part"]) or DESIGN.get(use["part"], use["part"])
    through = f"through {use['concept_id']} ({use['derived_by']})" if use["derived_by"] else ""
    named = use["of"] if with_all else use["of"][:FEW_SHOWN]
    more = f" and {len(use['of']) - len(named)} more" if len(named) < len(use["of"]) else ""
    preposition = "before" if use["part"] == "route" else "of"
    of = f"{preposition} {', '.join(named)}{more}" if named else ""
    indicators_n, cells_n = len(use["indicators"]), len(use["cells"])
    node = tree.add(
        plain(
            ("used as", "bold"),
            (part, "bold magenta"),
            f"as {use['source_concept_id']}" if use["source_concept_id"] else None,
            through,
            (of, "dim"),
            f"{indicators_n} indicator{'' if indicators_n == 1 else 's'}, {cells_n:,} cells",
        )
    )
    named = use["indicators"] if with_all else use["indicators"][:MOST_SHOWN]
    cells: dict[str, list[str]] = {}
    for address in use["cells"]:
        cells.setdefault(address.split("/", 1)[0], []).append(address)
    for indicator in named:
        hidden = f", {indicator['suppressed_n']:,} suppressed" if indicator["suppressed_n"] else ""
        branch = node.add(
            plain(
                indicator["indicator_id"],
                indicator["label_nl"],
                (f"{indicator['cells_n']:,} cells{hidden}", "dim"),
            )
        )
        if with_all:
            for address in cells.get(indicator["indicator_id"], []):
                branch.add(Text(address))
    if rest := len(use["indicators"]) - len(named):
        node.add(Text(f"and {rest} more (--all)", style="dim"))
