"""What Dagster shows of landed files: the news of a redelivery, and not an answer."""

from __future__ import annotations

from pathlib import Path

from mini_study import MiniStudy, answers, build_mini_study

from orchestration.assets.raw import landed_metadata
from orchestration.deliveries import land_all

WAVE = "mini_2022"


def news(study: MiniStudy) -> str | None:
    landed = [file for file in land_all(study.settings) if file.wave_id == WAVE]
    found = landed_metadata(landed).get("news")
    return None if found is None else found.value


def test_a_redelivery_is_news_once(tmp_path: Path):
    study = build_mini_study(tmp_path)
    assert news(study) is None, "a first delivery supersedes nothing"
    study.redeliver(WAVE, V1=[3.0 - one if one < 3 else one for one in answers()["V1"]])
    told = news(study)
    assert told == (
        f"- {WAVE}: version 2 of ambtsdragers supersedes version 1 and is different; "
        f"`peilstok diff {WAVE}@1 {WAVE}@2` says where"
    )
    assert news(study) is None, "what stood in landing already is no news"
