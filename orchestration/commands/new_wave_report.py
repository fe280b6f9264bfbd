"""What ``peilstok new-wave`` prints: the doubtful first, each with its reason, then the sure, then what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from orchestration.deliveries.problems import printable
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.commands.new_wave import Draft
    from orchestration.registry.proposals.crosswalk_rows import FileProposal
    from orchestration.registry.proposals.matching import Match

NAME_WIDTH = 24
LONGEST_TEXT = 100


def print_draft(console: Console, settings: Settings, draft: Draft) -> None:
    """Files and roles; every variable with its concept, score and why, least sure first; rows by table."""
    from orchestration.registry import load_registry
    from orchestration.registry.proposals.crosswalk_rows import has_other_answers
    from orchestration.registry.proposals.rules import rules_of

    sure = rules_of(load_registry(settings.registry)).sure
    wave = draft.proposal.wave
    _line(console, f"{wave.wave_id}, like {wave.like}", "bold")
    for file in draft.proposal.files:
        _file(console, file)
    for notice in draft.notices:
        _line(console, str(notice).replace("error[", "notice[", 1), "yellow")
    mapped = [
        (match, file) for file in draft.proposal.files for match in file.matches if _is_mapped(match, file)
    ]
    mapped.sort(key=lambda pair: (pair[0].score, pair[1].file_id))
    # Known labels may stand in another answer list: each is sure by itself, and the shares still change.
    doubtful = [pair for pair in mapped if pair[0].score < sure or has_other_answers(pair[0])]
    certain = [pair for pair in mapped if pair[0].score >= sure and not has_other_answers(pair[0])]
    _heading(
        console,
        f"to look at first: {len(doubtful)} of {len(mapped)} mapped variables score below {sure:g} "
        "or have other answers than before",
    )
    for match, file in doubtful:
        _match(console, match, file, "yellow")
    _unmatched(console, draft)
    _answers(console, draft, sure)
    _not_asked(console, draft, sure)
    _heading(console, f"sure: {len(certain)} mapped variables")
    for match, file in certain:
        _match(console, match, file, "")
    _heading(console, "proposed rows")
    for table, rows in draft.proposal.tables.items():
        if rows:
            _line(console, f"  {len(rows):>5}  {table}")


def print_next(console: Console, settings: Settings, draft: Draft, dry_run: bool) -> None:
    """What a person does now."""
    wave = draft.proposal.wave
    if dry_run:
        _line(console, "dry run: nothing was written", "bold")
        return
    _heading(console, f"written: raw/{wave.programme_id}/{wave.wave_id} and the proposed rows. Now:")
    for step in (
        f"fill in what {wave.programme_id}/{wave.wave_id}/delivery.yml marks as TO BE FILLED IN, and check the "
        "variables that it names",
        "look at the rows with status proposed, the lowest score first, and correct them; let them count with "
        f"`peilstok accept {wave.wave_id}` (--sure, --variable NAME, --table NAME, --all)",
        f"peilstok lock {wave.wave_id}",
        f"peilstok check --wave {wave.wave_id}",
    ):
        _line(console, f"  - {step}")


def _is_mapped(match: Match, file: FileProposal) -> bool:
    is_dropped = match.variable.name not in {row["source_variable"] for row in file.rows["xw_variables"]}
    return match.earlier is not None and bool(match.earlier.concepts) and not is_dropped


def _file(console: Console, file: FileProposal) -> None:
    rows = next(iter(file.columns.values())).rows if file.columns else 0
    _line(
        console, f"  {file.shown}: {file.instrument_id}, {rows:,} rows, {len(file.columns)} variables", "bold"
    )
    for role, value in file.roles.fields.items():
        for name in value if isinstance(value, list) else [value]:
            score = file.roles.scores.get(name)
            said = f"{name}  {score:.2f} {file.roles.why[name]}" if score is not None else f"{name}"
            _line(console, f"    {role:<15} {said}", "" if score is not None or role == "panel" else "yellow")


def _match(console: Console, match: Match, file: FileProposal, style: str) -> None:
    from orchestration.registry.proposals.crosswalk_rows import SAME, why
    from orchestration.registry.proposals.matching import meaning

    earlier = match.earlier
    head = f"  {match.score:.2f}  {match.variable.name:<{NAME_WIDTH}} {meaning(earlier)}"
    _line(console, f"{head}  ({file.file_id}) {why(match)}", style)
    if match.text < SAME and earlier.variable.label:
        _line(console, f"        now:  {_short(match.variable.label)}", style)
        _line(console, f"        then: {_short(earlier.variable.label)}  ({earlier.shown})", style)


def _unmatched(console: Console, draft: Draft) -> None:
    rows = draft.proposal.tables.get("xw_left_out", [])
    new = [row for row in rows if row["reason"].startswith("nieuw")]
    _heading(console, f"left out: {len(rows)} variables, of which {len(new)} are like no known question")
    for row in new:
        label = _short(row["source_label"])
        _line(console, f"        {row['source_variable']:<{NAME_WIDTH}} {label}  ({row['reason']})", "yellow")


def _answers(console: Console, draft: Draft, sure: float) -> None:
    rows = draft.proposal.tables.get("xw_values", [])
    doubtful = [row for row in rows if row["note"] and float(row["score"]) < sure]
    _heading(console, f"answers: {len(doubtful)} of {len(rows)} are new or only look like known ones")
    for row in sorted(doubtful, key=lambda row: float(row["score"])):
        becomes = row["code"] or row["missing_kind"] or "?"
        _line(
            console,
            f"  {float(row['score']):.2f}  {row['source_variable']:<{NAME_WIDTH}} {row['source_code']} "
            f"'{_short(row['source_label'])}' → {becomes}  ({row['note']})",
            "yellow",
        )


def _not_asked(console: Console, draft: Draft, sure: float) -> None:
    from orchestration.registry.crosswalk_tables import UNFED

    rows = [row for row in draft.proposal.tables["xw_variables"] if row["verb"] in UNFED]
    doubtful = [row for row in rows if float(row["score"]) < sure]
    _heading(
        console, f"not asked, or in another form: {len(rows)} concepts, of which {len(doubtful)} to look at"
    )
    for row in sorted(doubtful, key=lambda row: float(row["score"])):
        _line(
            console,
            f"  {float(row['score']):.2f}  {row['concept_id']:<{NAME_WIDTH}} {row['instrument_id']} ({row['note']})",
            "yellow",
        )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _heading(console: Console, text: str) -> None:
    _line(console, text, "bold")


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(printable(text), style=style), soft_wrap=True)
