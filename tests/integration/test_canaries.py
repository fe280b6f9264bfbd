"""No answer, id or key of a respondent leaves by an error: canaries are put into a delivery, and looked for.

Everything that a person or a tool may read is searched: what the command prints, Dagster's events, and every file of
the warehouse's home that is no microdata (landing and the working file are, and are their owner's alone).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from mini_study import ROWS, VALUE_LABELS, MiniStudy, build_mini_study, enter

from orchestration.cli import main
from orchestration.fault_text import place_of, steps_to, without_values
from orchestration.warehouse.build import _failing_rows
from orchestration.warehouse.tellable_rows import is_about_cells, tellable

WAVE = "mini_2020"
MICRODATA = ("landing", "warehouse.duckdb")
# Word or digits in each canary; the row number behind them makes every one unique.
WORDS = ("kanarie", "zangvogel", "putter", "73510", "73520", "73530", "73540")
# A number as a whole, and not the same digits within a hash, a moment or a longer number.
SEEN = {
    word: re.compile(
        rf"(?<![0-9A-Za-z.]){word}[0-9_]*(\.[0-9]+)?(?![0-9A-Za-z-])" if word.isdigit() else word
    )
    for word in WORDS
}


def planted(**changes: object) -> dict[str, object]:
    """Canaries in the id, an identifier, free text, an unmapped text, an unmapped number, a mapped number, weights."""
    rows = range(ROWS)
    return {
        "RESPNR": [73510000.0 + row for row in rows],
        "MAIL": [f"kanarie{row}@voorbeeld.example" for row in rows],
        "OPM": [f"zangvogel {row} en nog veel meer woorden die niemand anders schreef" for row in rows],
        "ANDERS": [f"putter{row}" for row in rows],
        "GETAL": [73520.0 + row / 7 for row in rows],
        "N1": [73530.0 + row for row in rows],
        "WEEG": [1 + 0.73540 + row / 1e7 for row in rows],
        **changes,
    }


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniStudy:
    study = build_mini_study(tmp_path)
    enter(study, monkeypatch)
    return study


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Dagster keeps of each run in this process: its events with all their metadata, as text."""
    kept: list[str] = []
    execute = dg.JobDefinition.execute_in_process

    def keeping(self, *arguments, **options):
        result = execute(self, *arguments, **options)
        kept.extend(repr(event) for event in result.all_events)
        return result

    monkeypatch.setattr(dg.JobDefinition, "execute_in_process", keeping)
    return kept


def deliver(study: MiniStudy, labels: dict | None = None, **changes: object) -> None:
    study.write_answers(WAVE, labels=labels, **planted(**changes))
    study.lock(WAVE)


def leaks(home: Path, told: str) -> list[str]:
    """Where a canary is to be seen: its word, and the file (or ``told``)."""
    found = [f"{word}: told" for word, seen in SEEN.items() if seen.search(told)]
    for path in sorted(home.rglob("*")):
        if path.is_file() and path.relative_to(home).parts[0] not in MICRODATA:
            data = path.read_bytes().decode("latin-1")
            found += [f"{word}: {path.relative_to(home)}" for word, seen in SEEN.items() if seen.search(data)]
    return found


REPEATED = [73510000.0, 73510000.0, *(73510000.0 + row for row in range(2, ROWS))]
FAULTS: dict[str, tuple[str, Callable[[MiniStudy], None]]] = {
    "missing_weight": (
        "missing_weight",
        lambda study: deliver(study, WEEG=[None, *(1.73540 for _ in range(ROWS - 1))]),
    ),
    "negative_weight": (
        "negative_weight",
        lambda study: deliver(study, WEEG=[-73540.5, *(1.0 for _ in range(ROWS - 1))]),
    ),
    "text_weight": (
        "weight_not_numeric",
        lambda study: deliver(study, WEEG=[f"putter{row}" for row in range(ROWS)]),
    ),
    "duplicate_id": ("duplicate_respondent", lambda study: deliver(study, RESPNR=REPEATED)),
    "unmapped_number": (
        "unknown_code",
        lambda study: deliver(study, V2=[73540001.0, 73540002.0, *(1.0 for _ in range(ROWS - 2))]),
    ),
    "unmapped_text": (
        "unknown_code",
        lambda study: deliver(study, labels={"SEXE": {}}, SEXE=[f"putter{row}" for row in range(ROWS)]),
    ),
    "no_bucket": ("no_bucket", lambda study: deliver(study, LEEFTIJD=[73540.0 + row for row in range(ROWS)])),
    "text_for_numbers": (
        "not_numeric",
        lambda study: deliver(study, labels={"N1": {}}, N1=[f"putter{row}" for row in range(ROWS)]),
    ),
    "undeclared_email": (
        "email_address",
        lambda study: deliver(study, ANDERS=[f"kanarie{row}@voorbeeld.example" for row in range(ROWS)]),
    ),
    "undeclared_text": (
        "open_text",
        lambda study: deliver(
            study, ANDERS=[f"zangvogel {row} en nog veel meer woorden van eigen hand" for row in range(ROWS)]
        ),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refused_delivery_shows_no_answer(fault: str, study: MiniStudy, capsys: pytest.CaptureFixture):
    kind, spoil = FAULTS[fault]
    spoil(study)
    assert main(["check", "--wave", WAVE]) == 1
    told = capsys.readouterr()
    assert f"error[{kind}]" in told.out
    assert leaks(study.settings.home, told.out + told.err) == []


@pytest.mark.slow
def test_gates_that_say_no_show_no_answer(study: MiniStudy, events: list[str], capfd: pytest.CaptureFixture):
    # One weight outweighs all, which the suite of landing refuses, and the crosswalk lacks two codes.
    heavy = [735_401_234.0, *(1.0 for _ in range(ROWS - 1))]
    deliver(study, WEEG=heavy, V2=[73540001.0, 73540002.0, *(1.0 for _ in range(ROWS - 2))])
    assert main(["refresh"]) == 1
    told = capfd.readouterr()
    assert "error[unknown_code]" in told.out
    assert "weight_mean = 6.12834e+06" in told.out
    assert any("ASSET_CHECK_EVALUATION" in event for event in events)
    assert (study.settings.home / "expectations" / "landing_files").is_dir()
    assert leaks(study.settings.home, told.out + told.err + "".join(events)) == []


@pytest.mark.slow
def test_a_test_of_dbt_that_fails_shows_no_answer(
    study: MiniStudy, events: list[str], capfd: pytest.CaptureFixture
):
    # Answers behind a gate that was not passed: a test over answers and respondents fails, once drift is silent.
    study.edit_registry("drift_rules", lambda rows: [{**row, "verdict": "ignore"} for row in rows])
    deliver(
        study, V3=[1.0] * ROWS, labels={"V3": VALUE_LABELS["V3"]}, N1=[float(row % 4) for row in range(ROWS)]
    )
    assert main(["refresh"]) == 1
    told = capfd.readouterr()
    assert "assert_routed_questions_are_answered_only_behind_their_gate" in told.out
    assert "concept_id=incident_discussed" in told.out
    assert "answers_n=" in told.out
    assert leaks(study.settings.home, told.out + told.err + "".join(events)) == []


@pytest.mark.slow
def test_a_release_and_what_stands_beside_it_hold_no_identifier_and_no_words(sample_run, project_root: Path):
    """Of the sample: declared identifiers and free text are read from ``raw/`` and looked for in the whole home."""
    from orchestration.deliveries import load_manifest, read_source
    from orchestration.registry import load_registry

    registry = load_registry(sample_run.settings.registry)
    manifest = load_manifest(project_root / "raw" / "vi" / "vi_2018", registry)
    canaries: set[str] = set()
    for entry in manifest.current:
        frame = read_source(manifest.folder, entry).frame
        for name in (*entry.identifiers, *entry.free_text):
            canaries |= {str(cell) for cell in frame[name].dropna().unique() if len(str(cell)) > 8}
    assert len(canaries) > 100
    words = [canary.encode() for canary in sorted(canaries)][:400]
    home = sample_run.settings.home
    for path in home.rglob("*"):
        if path.is_file() and path.suffix not in (".msgpack",):
            data = path.read_bytes()
            assert [word for word in words if word in data] == [], path
    assert [word for word in words if word.decode() in sample_run.output] == []


def test_a_failing_row_tells_names_and_counts():
    row = {
        "wave_id": "mini_2020",
        "concept_id": "role",
        "respondent_key": "kanarie",
        "answer_number": 73510,
        "value_field": "kanarie",
        "source_code": "73510",
        "source_label": None,
        "answers_n": 3,
        "n_records": 2,
    }
    assert tellable(row) == {"wave_id": "mini_2020", "concept_id": "role", "answers_n": 3, "n_records": 2}
    assert tellable({**row, "source_label": "Ja"})["source_code"] == "73510"
    assert is_about_cells(["model.peilstok.mart_trend", "seed.peilstok.waves"])
    assert not is_about_cells(["model.peilstok.mart_trend", "model.peilstok.fct_answer"])
    with duckdb.connect() as connection:
        sql = "select 'mini_2020' as wave_id, 'kanarie' as respondent_key"
        assert _failing_rows(connection, sql, are_cells=False) == "wave_id=mini_2020"
        assert "kanarie" in _failing_rows(connection, sql, are_cells=True)


@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        ("select cast('kanarie 73510' as double)", "Conversion Error"),
        ("select cast(x as integer) from (values ('kanarie''s 73510')) as t(x)", "Conversion Error"),
        ("select cast(735100000000 as integer)", "Conversion Error"),
        ("select strptime('kanarie', '%Y')", "Invalid Input Error"),
        (
            "create table t (k varchar primary key); insert into t values ('kanarie'), ('kanarie')",
            "Constraint Error",
        ),
        ("select error('kanarie 73510')", "Invalid Input Error"),
    ],
)
def test_errors_of_duckdb_keep_their_kind_and_lose_the_value(sql: str, kept: str):
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute(sql)
    message = f"Runtime Error in model stg_answers (models/staging/stg_answers.sql)\n  {caught.value}"
    assert [word for word in WORDS if word in message]
    told = without_values(message)
    assert kept in told
    assert "stg_answers" in told
    assert [word for word in WORDS if word in told] == []


def test_errors_about_sql_keep_their_words():
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute("select absent from (select 1 as present)")
    assert without_values(str(caught.value)) == str(caught.value)
    told = "Got 3 results, configured to fail if != 0"
    assert without_values(told) == told


def test_an_unforeseen_fault_tells_its_place_and_not_its_words(monkeypatch, capsys):
    def stumble(*_: object) -> int:
        try:
            float("kanarie")
        except ValueError as cause:
            raise KeyError("putter 73510") from cause

    monkeypatch.setattr("orchestration.commands.releases.show_releases", stumble)
    assert main(["releases"]) == 1
    told = capsys.readouterr().err
    assert "unforeseen KeyError at " in told
    assert "ValueError" in told
    assert "raise KeyError(" in told  # the source, in which a value never stands but by a test like this
    assert "could not convert" not in told
    fault = ZeroDivisionError("kanarie")
    assert "kanarie" not in place_of(fault) + steps_to(fault)
