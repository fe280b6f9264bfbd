"""Runs the Great Expectations checkpoints of ``expectations/`` and tells their outcome as check results.

Great Expectations takes seconds to import and is therefore imported inside the functions, never at load of
the code location.
"""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestration.deliveries.private_files import private_folder
from orchestration.fault_text import without_values
from orchestration.publication.evidence import CheckResult
from orchestration.quality.frames import FRAMES
from orchestration.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

SHOWN_ROWS = 5


def run_layer(settings: Settings, layer: str) -> list[CheckResult]:
    """Judge one layer (``landing``, ``core`` or ``marts``) by all of its checkpoints."""
    results = []
    for checkpoint, build_frame in FRAMES[layer].items():
        results += run_checkpoint(settings, layer, checkpoint, build_frame(settings))
    return results


def run_checkpoint(settings: Settings, layer: str, checkpoint: str, frame: pd.DataFrame) -> list[CheckResult]:
    """Judge ``frame`` by the checkpoint of that name; one result per expectation of its suite.

    The full validation result is written below ``<home>/expectations``, replacing that of the last run. An
    expectation that raised inside Great Expectations, or that skipped rows because they held no value, counts
    as failed: it has not looked.
    """
    context = open_context(settings)
    # What a check saw is of before suppression.
    private_folder(settings.home / "expectations")
    shutil.rmtree(settings.home / "expectations" / checkpoint, ignore_errors=True)
    outcome = context.checkpoints.get(checkpoint).run(batch_parameters={"dataframe": frame})
    found = [judged for validation in outcome.run_results.values() for judged in validation.results]
    return [_as_check(layer, checkpoint, judged) for judged in found]


def open_context(settings: Settings) -> Any:
    """The file context in ``expectations/``, with its results stored below ``settings.home``."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations

        return great_expectations.get_context(
            mode="file",
            context_root_dir=str(settings.expectations),
            runtime_environment={"PEILSTOK_HOME": str(settings.home)},
        )


def _as_check(layer: str, checkpoint: str, judged: Any) -> CheckResult:
    config = judged.expectation_config
    meta = config.meta or {}
    raised = exception_of(judged.exception_info)
    result = judged.result or {}
    skipped = 0 if config.type == "expect_column_values_to_not_be_null" else result.get("missing_count") or 0
    if raised:
        observed = f"could not be evaluated: {raised}"
    elif skipped:
        observed = f"{skipped} rows without a value for {_subject(config.kwargs)}"
    else:
        observed = _observed(result, config.kwargs)
    is_critical = getattr(config.severity, "value", config.severity) == "critical"
    return CheckResult(
        layer=layer,
        asset=checkpoint,
        check=meta.get("check") or config.type,
        tool="great_expectations",
        severity="error" if is_critical else "flag",
        passed=bool(judged.success) and not raised and not skipped,
        observed=observed,
        expected=config.description or _expected(config.kwargs),
        owner=meta.get("owner"),
        expires_on=meta.get("expires_on"),
    )


def exception_of(exception_info: Mapping[str, Any] | None) -> str:
    """The message of an exception inside an expectation, or nothing.

    Great Expectations raises nothing by itself, and has two forms: one mapping, or one mapping per metric.
    """
    if not exception_info:
        return ""
    if "raised_exception" in exception_info:
        parts = [exception_info]
    else:
        parts = [part for part in exception_info.values() if isinstance(part, Mapping)]
    messages = [
        str(part.get("exception_message") or "unknown") for part in parts if part.get("raised_exception")
    ]
    return "; ".join(dict.fromkeys(map(without_values, messages)))


def _observed(result: Mapping[str, Any], kwargs: Mapping[str, Any]) -> str:
    if "observed_value" in result:
        return str(result["observed_value"])
    total, bad = result.get("element_count"), result.get("unexpected_count", 0)
    if not bad:
        return f"0 of {total} rows"
    rows = result.get("unexpected_index_list") or []
    shown = "; ".join(_row(row, kwargs) for row in rows[:SHOWN_ROWS])
    more = f"; and {bad - SHOWN_ROWS} more" if bad > SHOWN_ROWS else ""
    return f"{bad} of {total} rows: {shown}{more}" if shown else f"{bad} of {total} rows"


def _row(row: Mapping[str, Any], kwargs: Mapping[str, Any]) -> str:
    measured = {"column", "column_A", "column_B"}
    columns = [value for name, value in kwargs.items() if name in measured and value in row]
    place = "/".join(str(value) for name, value in row.items() if name not in columns and value is not None)
    return ", ".join([place, *[f"{name} = {_number(row[name])}" for name in columns]])


def _number(value: Any) -> str:
    value = value.item() if hasattr(value, "item") else value
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _subject(kwargs: Mapping[str, Any]) -> str:
    return ", ".join(
        str(kwargs[name]) for name in ("column", "column_A", "column_B", "column_list") if name in kwargs
    )


def _expected(kwargs: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in kwargs.items())
