"""A slice of ``make faults``: deliveries that are wrong in meaning are found, harmless ones pass."""

from __future__ import annotations

from pathlib import Path

import harmless
import pytest
import studies
import wrong
from trial import try_all


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[studies.Study], Path]:
    """Two waves of the sample, with LAPOP and the zoo where they are."""
    home = tmp_path_factory.mktemp("faults")
    found = [studies.sample(home, "vi_2022", "vi_2024")]
    if studies.SHARED.is_dir():
        found += [studies.lapop(home), studies.zoo(home)]
    return found, home


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[studies.Study], Path]:
    """All three studies."""
    if not studies.SHARED.is_dir():
        pytest.skip("../shared is absent")
    home = tmp_path_factory.mktemp("all_faults")
    return [studies.sample(home), studies.lapop(home), studies.zoo(home)], home


def test_the_plan_is_what_it_says() -> None:
    assert sum(count for _, count in wrong.KINDS) == 300
    assert sum(count for _, count in harmless.KINDS) == 200


def test_a_slice_of_the_wrong_ones_is_found(tried) -> None:
    trials = list(try_all(wrong.faults(), *tried, every=14))
    assert len(trials) == 22
    missed = [t for t in trials if not t.is_noticed]
    assert [(t.number, t.kind, t.wave_id) for t in missed] == []


def test_a_slice_of_the_harmless_ones_passes(tried) -> None:
    alarms = [t for t in try_all(harmless.changes(), *tried, every=13) if t.is_noticed]
    assert [(t.number, t.kind, str(t.problems[0])) for t in alarms] == []


@pytest.mark.thorough
def test_all_of_them(everything) -> None:
    bad = list(try_all(wrong.faults(), *everything))
    good = list(try_all(harmless.changes(), *everything))
    assert (len(bad), len(good)) == (300, 200)
    assert sum(trial.is_noticed for trial in bad) >= 0.99 * len(bad)
    assert sum(trial.is_noticed for trial in good) <= 1
