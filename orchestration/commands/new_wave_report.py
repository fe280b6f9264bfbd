"""What ``peilstok new-wave`` prints: the doubtful first, each with its reason, then the sure, then what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from orchestration.deliveries.problems import printable
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.commands.new_wave import Draft
    from orchestration.registry import Registry
    from orchestration.registry.proposals.crosswalk_rows import FileProposal
    from orchestration.registry.proposals.evidence import Earlier
    from orchestration.registry.proposals.matching import Match
    from orchestration.registry.proposals.rules import Rules

NAME_WIDTH = 24
LONGEST_TEXT = 100


def print_draft(console: Console, settings: Settings, draft: Draft) -> None:
    """Files and roles; every variable with its concept, score and why, least sure first; rows by table."""
    from orchestration.registry import load_registry
    from orchestration.registry.proposals.crosswalk_rows import has_other_answers
    from orchestration.registry.proposals.rules import rules_of

    registry = load_registry(settings.registry)
    rules = rules_of(registry)
    sure = rules.sure
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
    _unmatched(console, draft, rules)
    _answers(console, draft, sure)
    _not_asked(console, draft, sure)
    _code_lists(console, registry, draft)
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
    from orchestration.registry.proposals.crosswalk_rows import two_decimals

    rows = next(iter(file.columns.values())).rows if file.columns else 0
    _line(
        console, f"  {file.shown}: {file.instrument_id}, {rows:,} rows, {len(file.columns)} variables", "bold"
    )
    for role, value in file.roles.fields.items():
        for name in value if isinstance(value, list) else [value]:
            score = file.roles.scores.get(name)
            said = f"{name}  {two_decimals(score)} {file.roles.why[name]}" if score is not None else f"{name}"
            _line(console, f"    {role:<15} {said}", "" if score is not None or role == "panel" else "yellow")


def _match(console: Console, match: Match, file: FileProposal, style: str) -> None:
    from orchestration.registry.proposals.answer_lists import table
    from orchestration.registry.proposals.crosswalk_rows import two_decimals, why
    from orchestration.registry.proposals.matching import SAME, meaning

    earlier = match.earlier
    head = f"  {two_decimals(match.score)}  {match.variable.name:<{NAME_WIDTH}} {meaning(earlier)}"
    _line(console, f"{head}  ({file.file_id}) {why(match)}", style)
    if match.text < SAME and earlier.variable.label:
        _now_and_then(console, match, earlier, style)
    if match.lists is not None and match.lists.is_other:
        for line in table(match.lists):
            _line(console, f"        {line}", style)


def _now_and_then(console: Console, match: Match, earlier: Earlier, style: str) -> None:
    _line(console, f"        now:  {_short(match.variable.label)}", style)
    _line(console, f"        then: {_short(earlier.variable.label)}  ({earlier.shown})", style)


def _unmatched(console: Console, draft: Draft, rules: Rules) -> None:
    """What is like no known question, and what is left out as one elsewhere was though it resembles a mapped one."""
    from orchestration.registry.proposals.crosswalk_rows import is_near_a_concept, two_decimals, was_left_out
    from orchestration.registry.proposals.matching import meaning

    rows = draft.proposal.tables.get("xw_left_out", [])
    reasons = {(row["instrument_id"], row["source_variable"]): row["reason"] for row in rows}
    new, like = [], []
    for file in draft.proposal.files:
        for match in file.matches:
            reason = reasons.get((file.instrument_id, match.variable.name))
            if reason is None:
                continue
            if match.earlier is None:
                new.append((match, file, reason))
            elif is_near_a_concept(match, rules) and not was_left_out(match, file.instrument_id):
                shown = f"{meaning(match.near)} ({two_decimals(match.near_score)})"
                like.append((match, file, f"lijkt op {shown}; {reason}"))
    _heading(
        console,
        f"left out: {len(rows)} variables, of which {len(new)} are like no question for sure, and {len(like)} "
        "more resemble a mapped one",
    )
    for match, file, reason in [*new, *like]:
        label = _short(match.variable.label)
        text = f"        {match.variable.name:<{NAME_WIDTH}} {label}  ({file.file_id}) {reason}"
        _line(console, text, "yellow")
        if is_near_a_concept(match, rules):
            _line(
                console, f"        then: {_short(match.near.variable.label)}  ({match.near.shown})", "yellow"
            )


def _answers(console: Console, draft: Draft, sure: float) -> None:
    from orchestration.registry.proposals.crosswalk_rows import two_decimals

    rows = draft.proposal.tables.get("xw_values", [])
    doubtful = [row for row in rows if row["note"] and float(row["score"]) < sure]
    lists = [m.lists for file in draft.proposal.files for m in file.matches if m.lists is not None]
    gone = sum(len(one.fewer) for one in lists)
    _heading(
        console,
        f"answers: {len(doubtful)} of {len(rows)} are new, more than then, or only look like known ones; "
        f"{gone} of then {'is' if gone == 1 else 'are'} gone",
    )
    for row in sorted(doubtful, key=lambda row: float(row["score"])):
        becomes = row["code"] or row["missing_kind"] or "?"
        _line(
            console,
            f"  {two_decimals(float(row['score']))}  {row['source_variable']:<{NAME_WIDTH}} {row['source_code']} "
            f"'{_short(row['source_label'])}' → {becomes}  ({row['note']})",
            "yellow",
        )


def _not_asked(console: Console, draft: Draft, sure: float) -> None:
    from orchestration.registry.crosswalk_tables import UNFED
    from orchestration.registry.proposals.crosswalk_rows import two_decimals

    rows = [row for row in draft.proposal.tables["xw_variables"] if row["verb"] in UNFED]
    doubtful = [row for row in rows if float(row["score"]) < sure]
    _heading(
        console, f"not asked, or in another form: {len(rows)} concepts, of which {len(doubtful)} to look at"
    )
    for row in sorted(doubtful, key=lambda row: float(row["score"])):
        score = two_decimals(float(row["score"]))
        told = f"  {score}  {row['concept_id']:<{NAME_WIDTH}} {row['instrument_id']} ({row['note']})"
        _line(console, told, "yellow")


def _code_lists(console: Console, registry: Registry, draft: Draft) -> None:
    """Rows that a code list of years lacks. They are shown and not written: a code list has no proposed rows."""
    from orchestration.registry.crosswalk_remedies import CODELISTS, pasted
    from orchestration.registry.years import lacking_years

    wave = draft.proposal.wave
    copied = {row["concept_id"] for row in draft.proposal.tables["xw_variables"] if row["verb"] == "copy"}
    lists = sorted({registry.concepts[concept].codelist_id or "" for concept in copied} - {""})
    lacking = [row for name in lists for row in lacking_years(registry, name, wave.year)]
    if not lacking:
        return
    _heading(
        console, f"code lists that end before {wave.year}: add to {CODELISTS} the years that were answered"
    )
    for row in lacking:
        _line(console, f"        {pasted('codelists', [row])}", "yellow")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _heading(console: Console, text: str) -> None:
    _line(console, text, "bold")


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(printable(text), style=style), soft_wrap=True)
