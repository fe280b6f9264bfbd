"""The rules on personal data are whole: each recogniser has every measure that it reads, and no other."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.deliveries.problems import Problem
from orchestration.registry.load import Registry
from orchestration.registry.places import place

TABLE = "privacy_rules"
#: Kind and place -> the measures that decide there.
DECIDED_BY: dict[tuple[str, str], tuple[str, ...]] = {
    ("email_address", "answers"): ("values",),
    ("email_address", "codebook"): ("values",),
    ("telephone_number", "answers"): ("values",),
    ("telephone_number", "digits"): ("share", "values"),
    ("telephone_number", "number"): ("share", "values"),
    ("telephone_number", "named"): ("share", "values"),
    ("telephone_number", "codebook"): ("values",),
    ("bsn", "answers"): ("share", "values"),
    ("bsn", "digits"): ("chance", "share"),
    ("bsn", "number"): ("chance", "share"),
    ("bsn", "named"): ("share", "values"),
    ("bsn", "codebook"): ("values",),
    ("iban", "answers"): ("values",),
    ("iban", "codebook"): ("values",),
    ("address", "answers"): ("values",),
    ("address", "columns"): ("share", "values"),
    ("address", "codebook"): ("values",),
    ("person_name", "answers"): ("values",),
    ("person_name", "cells"): ("share", "values"),
    ("person_name", "named"): ("share", "values"),
    ("person_name", "codebook"): ("values",),
    ("open_text", "answers"): ("share", "values", "words"),
    ("unlabelled_code", "message"): ("digits", "respondents"),
}
SHARES = ("share", "chance")


def privacy_rules_are_whole(registry: Registry) -> Iterator[Problem]:
    """A registry with rules of its own has all of them: one that is left out would silently look for nothing."""
    rows = registry.table(TABLE)
    if not rows:
        return  # the project's own rules hold
    told: dict[tuple[str, str, str], int] = {}
    verdicts: dict[tuple[str, str], str] = {}
    for index, row in enumerate(rows):
        where = place(registry, TABLE, index)
        decides, measure = (row["kind"], row["place"]), row["measure"]
        if measure not in DECIDED_BY.get(decides, ()):
            measures = DECIDED_BY.get(decides)
            yield Problem(
                "unknown_privacy_rule",
                f"nothing measures {measure} of {row['kind']} in {row['place']}",
                f"use {' and '.join(measures)}" if measures else "remove the row",
                file=where,
            )
        elif (*decides, measure) in told:
            yield Problem(
                "unknown_privacy_rule",
                f"{measure} of {row['kind']} in {row['place']} stands in line {told[(*decides, measure)] + 2} too",
                "keep one of the two rows",
                file=where,
            )
        elif float(row["threshold"]) < 0 or (measure in SHARES and float(row["threshold"]) > 1):
            yield Problem(
                "privacy_rule_value",
                f"threshold is {row['threshold']}",
                "a share or a chance lies between 0 and 1, and no count is below 0",
                file=where,
            )
        told.setdefault((*decides, measure), index)
        if verdicts.setdefault(decides, row["verdict"]) != row["verdict"]:
            yield Problem(
                "privacy_rule_value",
                f"the rows of {row['kind']} in {row['place']} have two verdicts",
                "give all of them the same",
                file=where,
            )
    for (kind, where), measures in DECIDED_BY.items():
        for measure in measures:
            if (kind, where, measure) not in told:
                yield Problem(
                    "missing_privacy_rule",
                    f"says nothing of the {measure} of {kind} in {where}",
                    f"add the row {kind}_{where}_{measure},{kind},{where},{measure},<threshold>,refuse,<reason>; "
                    "with the verdict allow it is not looked for",
                    file=f"registry/{TABLE}.csv",
                )
