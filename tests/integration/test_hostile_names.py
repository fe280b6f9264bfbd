"""Names that are code to somebody else: they go through landing, staging and harmonised as the text that they are."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import duckdb
import jinja2
import pyarrow.parquet as parquet
import pytest
from mini_registry import WAVES
from mini_study import VALUE_LABELS, MiniStudy, answers, build_mini_study

from orchestration.deliveries import land_all, write_register
from orchestration.registry import compare_landing, validate_registry
from orchestration.warehouse.build import build

WAVE, OTHER = WAVES
NAMES = {
    "RESPNR": 'nr"; drop table stg_answers; --',
    "FUNCTIE": "select",
    "SEXE": "{{ env_var('HOME') }} {% raw %}",
    "LEEFTIJD": "leef'tijd; --",
    "V1": '"; drop schema staging cascade; --',
    "V2": "😀 naam met spaties ; en | en \\",
    "V3": "null",
    "N1": "n" * 64,
    "S1": "=cmd|' /C calc'!A0",
    "WEEG": 'weeg"factor"',
    "STRATUM": "group by 1; --",
    "MAIL": "mail'adres",
    "OPM": "vrij; tekst",
}
LABELS = {
    "Ja": "Ja'); drop table stg_value_labels; --",
    "Nee": '=HYPERLINK("http://192.0.2.1";"Nee")',
    "Raadslid": "select * from {{ ref('stg_answers') }}",
    "Wethouder": "😀 | \\ ' \"",
}
FILE = "vragen '24\"; drop table x; -- 😀.csv"
CODEBOOK = "code;boek 'select'.csv"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    """One wave, delivered as CSV under such names; the crosswalk knows them by these."""
    study = build_mini_study(tmp_path)
    folder = study.folder(WAVE)
    study.file(WAVE).unlink()
    frame = answers()
    with (folder / FILE).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([NAMES[name] for name in frame])
        writer.writerows(
            ["" if cell is None or cell != cell else cell for cell in row]
            for row in frame.itertuples(index=False)
        )
    with (folder / CODEBOOK).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["variable", "code", "label"])
        for name, labels in VALUE_LABELS.items():
            writer.writerows(
                [NAMES[name], f"{code:g}", LABELS.get(label, label)] for code, label in labels.items()
            )
    study.write_manifest(
        WAVE,
        {
            "path": FILE,
            "format": "csv",
            "codebook": CODEBOOK,
            "respondent_id": NAMES["RESPNR"],
            "weight": NAMES["WEEG"],
            "strata": [NAMES["STRATUM"]],
            "identifiers": [NAMES["MAIL"]],
            "free_text": [NAMES["OPM"]],
        },
    )
    study.lock(WAVE)
    for table in ("xw_variables", "xw_values", "xw_buckets"):
        study.edit_registry(table, renamed)
    return study


def renamed(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    for row in rows:
        if row.get("wave_id") == WAVE:
            row["source_variable"] = NAMES.get(row["source_variable"], row["source_variable"])
            if "source_label" in row:
                row["source_label"] = LABELS.get(row["source_label"], row["source_label"])
    return rows


def land(study: MiniStudy) -> None:
    assert validate_registry(study.registry()) == []
    land_all(study.settings)
    write_register(study.settings)
    assert compare_landing(study.registry(), study.settings.landing) == []


def test_landing_and_the_sql_of_staging_keep_names_as_they_are(study: MiniStudy, project_root: Path):
    land(study)
    landed = parquet.read_table(study.landed(WAVE) / "answers.parquet")
    kept = [new for name, new in NAMES.items() if name not in ("RESPNR", "MAIL", "OPM")]
    assert landed.column_names[3:] == kept
    assert Counter(landed[NAMES["V1"]].to_pylist()) == Counter(answers()["V1"].tolist())
    (delivery,) = parquet.read_table(study.landed(WAVE) / "delivery.parquet").to_pylist()
    assert (delivery["path"], delivery["weight_variable"]) == (FILE, NAMES["WEEG"])
    # The macro with which stg_answers reads landing, as dbt fills it in.
    macros = (project_root / "dbt_project" / "macros" / "landing.sql").read_text(encoding="utf-8")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["env_var"] = lambda name: str(study.settings.home)
    file = {"file_key": 1, "wave_id": WAVE, "file_id": "ambtsdragers"}
    sql = environment.from_string(macros + "{{ unpivot_variables(file, names, 'numeric') }}").render(
        file=file, names=kept
    )
    counted = duckdb.sql(
        f"select source_variable, count(*), sum(source_number) from ({sql}) group by 1"
    ).fetchall()
    assert {row[0] for row in counted} == set(kept)
    assert {row[1] for row in counted} == {120}
    assert {row[0]: row[2] for row in counted}[NAMES["V1"]] == answers()["V1"].sum()


@pytest.mark.thorough
def test_harmonised_answers_are_those_of_plain_names(study: MiniStudy):
    land(study)
    # Tests of the project ask for tables that are not built here.
    result = build(
        study.settings, select=[f"+hrm_answers,resource_type:{kind}" for kind in ("model", "seed")]
    )
    assert {model.name: model.message for model in result.models if model.status != "success"} == {}
    with duckdb.connect(str(study.settings.warehouse), read_only=True) as connection:
        labels = set(
            connection.execute(
                "select source_variable, source_label from staging.stg_value_labels where wave_id = ?", [WAVE]
            ).fetchall()
        )
        assert {(NAMES["V1"], LABELS["Ja"]), (NAMES["FUNCTIE"], LABELS["Wethouder"])} <= labels
        counted = dict(
            connection.execute(
                "select source_code, count(*) from staging.stg_answers inner join staging.stg_deliveries "
                "using (file_key) where source_variable = ? and wave_id = ? group by 1",
                [NAMES["V1"], WAVE],
            ).fetchall()
        )
        assert counted == {"1": 40, "2": 79, "9": 1}
        # What became of the answers is what became of them under their plain names in the other wave.
        waves = connection.execute(
            "select wave_id, concept_id, answer_code, answer_number, missing_kind, count(*) "
            "from harmonised.hrm_answers inner join staging.stg_deliveries using (file_key) group by all"
        ).fetchall()
    by_wave = {wave: {row[1:] for row in waves if row[0] == wave} for wave in WAVES}
    assert len(by_wave[WAVE]) > 20
    assert by_wave[WAVE] == by_wave[OTHER]
