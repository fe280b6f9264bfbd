"""One variable in two versions: labels, codes, declarations, and how many cells differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.deliveries.source_table import NUMERIC, SourceValue, SourceVariable, canonical_code

NO_VALUE = "no value"


@dataclass(frozen=True)
class Relabelled:
    """A label in two versions; ``is_spelling``: upper and lower case or blanks alone differ."""

    code: str
    old: str
    new: str
    is_spelling: bool


@dataclass(frozen=True)
class Transition:
    """How many cells went from one code to another; both are the codebook's, or no value."""

    old: str
    new: str
    cells: int


@dataclass(frozen=True)
class VariableComparison:
    """What differs in one variable; ``name`` is the one of the new version.

    ``cells``: of the matched rows, how many hold another code; ``meanings``: how many read otherwise through
    their labels and declarations.
    """

    name: str
    renamed_from: str = ""
    label: Relabelled | None = None
    types: tuple[str, str] | None = None
    appeared: tuple[SourceValue, ...] = ()
    vanished: tuple[SourceValue, ...] = ()
    relabelled: tuple[Relabelled, ...] = ()
    declaration: tuple[str, str] | None = None
    response_sets: tuple[str, str] | None = None
    cells: int = 0
    meanings: int = 0
    is_same_dictionary_in_meaning: bool = True
    transitions: tuple[Transition, ...] = ()

    @property
    def is_same(self) -> bool:
        """Every cell and all of the codebook."""
        return (
            not (self.renamed_from or self.appeared or self.vanished or self.relabelled or self.cells)
            and self.label is None
            and self.declaration is None
            and self.response_sets is None
        )

    @property
    def is_same_in_meaning(self) -> bool:
        is_respelled = self.renamed_from.casefold() in ("", self.name.casefold())
        is_same_question = self.label is None or self.label.is_spelling
        return (
            is_respelled
            and is_same_question
            and self.response_sets is None
            and not self.meanings
            and self.is_same_dictionary_in_meaning
        )


@dataclass(frozen=True)
class Described:
    """A variable with its codebook and its cells in the matched rows."""

    variable: SourceVariable
    values: Mapping[str, SourceValue]
    cells: Any


def compare_variable(old: Described, new: Described, shows_codes: bool) -> VariableComparison:
    """``shows_codes``: whether changes from code to code may be listed (not of an identifier)."""
    before, after = old.variable, new.variable
    differs = _differs(old, new)
    meanings = [_meanings(old), _meanings(new)]
    is_injective = all(len(set(found.values())) == len(found) for found in meanings)
    texts = [_texts(old.cells), _texts(new.cells)] if differs.any() or not _same_codebook(old, new) else None
    changed_meaning, transitions = 0, ()
    if texts is not None:
        if is_injective:
            read = [
                [None if text is None else found.get(text, (False, text, False)) for text in column]
                for found, column in zip(meanings, texts, strict=True)
            ]
            changed_meaning = sum(one != other for one, other in zip(*read, strict=True))
        else:
            changed_meaning = int(differs.sum()) or int(not _same_codebook(old, new))
        if shows_codes:
            transitions = _transitions(old, new, texts)
    known = [set(old.values), set(new.values)]
    return VariableComparison(
        after.variable_name,
        "" if before.variable_name == after.variable_name else before.variable_name,
        _relabelled("", before.variable_label, after.variable_label),
        None if before.storage_type == after.storage_type else (before.storage_type, after.storage_type),
        tuple(value for code, value in new.values.items() if code not in known[0]),
        tuple(value for code, value in old.values.items() if code not in known[1]),
        tuple(
            found
            for code in old.values
            if code in known[1]
            and (found := _relabelled(code, old.values[code].value_label, new.values[code].value_label))
        ),
        None
        if _declared(before) == _declared(after)
        else (before.missing_declaration, after.missing_declaration),
        None if _sets(before) == _sets(after) else (before.mr_set, after.mr_set),
        int(differs.sum()),
        changed_meaning,
        sorted(meanings[0].values()) == sorted(meanings[1].values())
        if is_injective
        else _same_codebook(old, new),
        transitions,
    )


def is_same_column(old: Described, new: Described) -> bool:
    """Whether two columns of different names hold the same, and more than one value."""
    return not _differs(old, new).any() and old.cells.nunique(dropna=False) > 1


def _differs(old: Described, new: Described) -> Any:
    import numpy as np

    if old.variable.storage_type == new.variable.storage_type:
        same = (old.cells == new.cells) | (old.cells.isna() & new.cells.isna())
        return ~same.to_numpy(dtype=bool)
    pairs = zip(_texts(old.cells), _texts(new.cells), strict=True)
    return np.array([one != other for one, other in pairs], dtype=bool)


def _texts(cells: Any) -> list[str | None]:
    known: dict[Any, str] = {value: canonical_code(value) for value in cells.dropna().unique()}
    return [None if absent else known[cell] for cell, absent in zip(cells, cells.isna(), strict=True)]


def _same_codebook(old: Described, new: Described) -> bool:
    return {c: (v.value_label, v.is_user_missing) for c, v in old.values.items()} == {
        c: (v.value_label, v.is_user_missing) for c, v in new.values.items()
    }


def _meanings(described: Described) -> dict[str, tuple[bool, str, bool]]:
    """What each code of the codebook says: whether it has a label, that or the code itself, and whether it is
    missing. The label "10" of code 11 is something else than a code 10 without one."""
    found: dict[str, tuple[bool, str, bool]] = {}
    for code, value in described.values.items():
        label = _bare(value.value_label)
        found[code] = (bool(label), label or code, value.is_user_missing)
    return found


def _transitions(old: Described, new: Described, texts: list[list[str | None]]) -> tuple[Transition, ...]:
    from collections import Counter

    def told(values: Mapping[str, SourceValue], code: str | None) -> str | None:
        if code is None:
            return NO_VALUE
        known = values.get(code)
        return None if known is None else f"{code} '{known.value_label}'" if known.value_label else code

    counts = Counter((one, other) for one, other in zip(*texts, strict=True) if one != other)
    found = [
        Transition(before, after, cells)
        for (one, other), cells in counts.items()
        if (before := told(old.values, one)) is not None and (after := told(new.values, other)) is not None
    ]
    return tuple(sorted(found, key=lambda one: (-one.cells, one.old, one.new)))


def _relabelled(code: str, old: str, new: str) -> Relabelled | None:
    if old.strip() == new.strip():
        return None
    return Relabelled(code, old, new, _bare(old) == _bare(new))


def _bare(label: str) -> str:
    return " ".join(label.casefold().split())


def _declared(variable: SourceVariable) -> frozenset[str]:
    return frozenset(part for part in variable.missing_declaration.split("|") if part)


def _sets(variable: SourceVariable) -> frozenset[str]:
    return frozenset(part for part in variable.mr_set.split("|") if part)


def is_number(variable: SourceVariable) -> bool:
    return variable.storage_type == NUMERIC
