"""The goldens: what the sample deliveries are once harmonised, as small texts, one folder per wave.

``schema.csv`` says what the wave has: columns with their types, and each concept with its verb and a checksum over the
answers of all respondents. ``counts/<population>.csv`` says how many gave each answer, with and without weights.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

FOLDER = Path(__file__).resolve().parent
HEADING = "### Goldens"
SCHEMA = ("instrument_id", "name", "kind", "detail", "checksum")
COUNTS = ("concept_id", "answer", "n", "weighted_n", "weighted_sum")

Files = dict[str, str]
"""Text of each golden by its path below the folder, as ``ag_2010/schema.csv``."""

# A key begins with the number of the file, which shifts when a wave is added: the row in its file does not.
_CHECKSUMS = """
    select a.wave_id, a.instrument_id, a.concept_id as name, 'concept' as kind,
        (
            select string_agg(concat_ws(' ', q.file_id, q.source_variable, q.verb, q.comparability), '; '
                order by q.file_id)
            from questions as q
            where q.wave_id = a.wave_id and q.instrument_id = a.instrument_id and q.concept_id = a.concept_id
        ) as detail,
        md5(cast(bit_xor(md5_number(concat_ws('|', r.file_id, r.respondent_key - d.file_key::bigint * 10000000,
            coalesce(a.answer_code, '-'), coalesce(printf('%.9g', a.answer_number), '-'),
            coalesce(a.missing_kind, '-'), printf('%.9g', r.weight)))) as varchar))[:12] as checksum
    from core.fct_answer as a
    inner join core.fct_respondent as r using (respondent_key)
    inner join core.dim_delivery as d on r.file_key = d.file_key
    group by all
"""
_COLUMNS = """
    select w.wave_id, '' as instrument_id, c.table_name || '.' || c.column_name as name, 'column' as kind,
        c.data_type as detail, '' as checksum
    from core.dim_wave as w, information_schema.columns as c
    where c.table_schema = 'core' and c.table_name in ('fct_answer', 'fct_respondent')
"""
_QUESTIONS = """
    create temp table questions as
    select q.*, d.file_id from core.fct_question as q inner join core.dim_delivery as d using (file_key)
"""
# Weights are added as decimals: a sum of doubles depends on the order in which threads come to it.
# A text (the code of an organisation) is counted and not told; a number has its weighted sum instead of a line each.
_COUNTED = """
    select a.wave_id, o.population_id, a.concept_id,
        case
            when a.missing_kind is not null then '<' || a.missing_kind || '>'
            when a.answer_number is not null then '<number>'
            when c.type = 'text' then '<text>'
            else a.answer_code
        end as answer,
        count(*)::varchar as n,
        round(sum(r.weight::decimal(38, 9)), 2)::decimal(38, 2)::varchar as weighted_n,
        coalesce(round(sum((r.weight * a.answer_number)::decimal(38, 9)), 2)::decimal(38, 2)::varchar, '') as weighted_sum
    from core.fct_answer as a
    inner join core.fct_respondent as r using (respondent_key)
    inner join registry.concepts as c using (concept_id)
    inner join core.fct_domain_member as m using (respondent_key)
    inner join core.dim_domain as o on m.domain_id = o.domain_id and o.breakdown_id = 'total'
    group by all
"""


def golden_files(warehouse: Path) -> Files:
    """The goldens of every wave in a warehouse of the sample deliveries, which is only read."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(_QUESTIONS)
        described = connection.execute(
            f"({_COLUMNS}) union all by name ({_CHECKSUMS}) order by all"
        ).fetchall()
        counted = connection.execute(f"{_COUNTED} order by all").fetchall()
    lines: dict[str, list[tuple[str, ...]]] = {}
    for wave, *cells in described:
        lines.setdefault(f"{wave}/schema.csv", [SCHEMA]).append(tuple(cells))
    for wave, population, *cells in counted:
        lines.setdefault(f"{wave}/counts/{population}.csv", [COUNTS]).append(tuple(cells))
    return {path: _as_csv(rows) for path, rows in sorted(lines.items())}


def _as_csv(rows: list[tuple[str, ...]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def committed_files(folder: Path = FOLDER) -> Files:
    """The goldens as they lie in the checkout."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted([*folder.glob("*/schema.csv"), *folder.glob("*/counts/*.csv")])
    }


def differences(committed: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """A line for each thing that changed, naming wave, population or instrument, concept and answer."""
    for path in sorted({*committed, *now}):
        wave, *_, name = path.removesuffix(".csv").split("/")
        key = 2 if name != "schema" else 3
        before, after = _rows(committed.get(path, ""), key), _rows(now.get(path, ""), key)
        for row in sorted({*before, *after}):
            if before.get(row) == after.get(row):
                continue
            place = " ".join(part for part in (wave, "" if name == "schema" else name, *row) if part)
            yield f"{place}: {before.get(row, 'absent')} -> {after.get(row, 'absent')}"


def _rows(text: str, key: int) -> dict[tuple[str, ...], str]:
    """What a golden says by its key: the first cells of a row, a column's kind left out of what is said."""
    header, *rows = csv.reader(io.StringIO(text)) if text else [[]]
    return {
        tuple(row[:key]): ", ".join(
            f"{name} {cell}" for name, cell in zip(header[key:], row[key:], strict=True) if cell
        )
        for row in rows
    }


def digest(files: Mapping[str, str]) -> str:
    """Twelve characters that stand for all goldens together: what a line in CHANGELOG.md is about."""
    told = hashlib.sha256()
    for path, text in sorted(files.items()):
        told.update(f"{path}\0{len(text)}\0{text}".encode())
    return told.hexdigest()[:12]


def reason_for(changelog: str, goldens: str) -> str:
    """The reason that the changelog gives for these goldens; empty when it has none."""
    found = re.search(rf"^- `{goldens}`[^:\n]*: *(\S.*)$", changelog, re.MULTILINE)
    return found[1] if found else ""


def with_reason(changelog: str, goldens: str, waves: list[str], reason: str) -> str:
    """The changelog with a line about these goldens under [Unreleased], newest first."""
    line = f"- `{goldens}` ({', '.join(waves)}): {reason}\n"
    unreleased = changelog.index("## [Unreleased]")
    end = changelog.find("\n## [", unreleased + 1)
    end = len(changelog) if end < 0 else end
    place = changelog.find(f"{HEADING}\n", unreleased, end)
    if place >= 0:
        place += len(HEADING) + 2
        return changelog[:place] + line + changelog[place:]
    return f"{changelog[:end].rstrip()}\n\n{HEADING}\n\n{line}{changelog[end:]}"
