"""What is wrong with a delivery or a registry, said in a way that a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches

GATE_SAYS_NO = 1
WRONG_USE_OR_UNREADABLE = 2
MOST_ALIKE = 5
"""Faults of one kind that are told one by one; a file that is cut wrongly has thousands."""


@dataclass(frozen=True)
class Problem:
    """One fault: where it is, what it is, what to do about it.

    ``kind`` is a stable snake_case name for tests and logs. ``exit_code`` is 1 where a gate says no (hash,
    code, label, mapping, duplicate, weight) and 2 for input that is missing or unreadable. ``code`` is a code
    of a codebook or a crosswalk; an answer of a respondent never stands in any of the fields.
    """

    kind: str
    message: str
    remedy: str
    exit_code: int = GATE_SAYS_NO
    wave_id: str = ""
    file: str = ""
    variable: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        if self.exit_code not in (GATE_SAYS_NO, WRONG_USE_OR_UNREADABLE):
            raise ValueError(f"a problem has exit code 1 or 2, not {self.exit_code}")

    @property
    def place(self) -> str:
        """Wave, file, variable and code, as far as they are known."""
        parts = [self.file or self.wave_id]
        if self.wave_id and self.wave_id not in parts[0]:
            parts.insert(0, self.wave_id)
        if self.variable:
            parts.append(f"variable {self.variable}")
        if self.code:
            parts.append(f"code {self.code}")
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        head = f"error[{self.kind}]"
        lines = [f"{head} {self.place}" if self.place else head, f"  {self.message}"]
        if self.remedy:
            lines.append(f"  remedy: {self.remedy}")
        return "\n".join(map(printable, lines))


class DeliveryProblems(Exception):
    """Everything that is wrong at once; ``exit_code`` is what a command line returns for it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        if not self.problems:
            raise ValueError("DeliveryProblems needs at least one problem")
        super().__init__(self.problems)

    @property
    def exit_code(self) -> int:
        """1 as soon as one gate says no; 2 when all there is to say is missing or unreadable input."""
        if any(problem.exit_code == GATE_SAYS_NO for problem in self.problems):
            return GATE_SAYS_NO
        return WRONG_USE_OR_UNREADABLE

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def raise_when_any(problems: Iterable[Problem]) -> None:
    """Raise ``DeliveryProblems`` unless there is nothing to say."""
    found = list(problems)
    if found:
        raise DeliveryProblems(found)


def few(
    problems: Iterable[Problem], alike: Callable[[Problem], Hashable] = lambda problem: problem.kind
) -> list[Problem]:
    """The same problems, of which no more than a handful ``alike``: a last one says how many more there are."""
    told: dict[Hashable, list[Problem]] = {}
    for problem in problems:
        told.setdefault(alike(problem), []).append(problem)
    shown: list[Problem] = []
    for group in told.values():
        shown += group[:MOST_ALIKE]
        if (rest := len(group) - MOST_ALIKE) > 0:
            shown.append(replace(group[-1], message=f"and {rest} more like these", variable="", code=""))
    return shown


def printable(line: str) -> str:
    """Names come from outside: what would steer a terminal, or cannot be encoded, is written as its escape."""
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in line
    )


def closest(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` when a known name looks like this one, else nothing."""
    candidates = sorted(known)
    for candidate in candidates:
        if candidate.casefold() == name.casefold():
            return f" (did you mean '{candidate}'? upper and lower case count)"
    near = get_close_matches(name, candidates, n=1, cutoff=0.75)
    return f" (did you mean '{near[0]}'?)" if near else ""
