"""Answer lists of a question then and now: which answers are more, and which fewer, whatever their spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.registry.proposals.texts import plain

if TYPE_CHECKING:
    from orchestration.registry.load import Registry
    from orchestration.registry.proposals.evidence import Answer, Earlier


@dataclass(frozen=True)
class Listed:
    """One answer of a list: its code in the file, its text, and the code that it becomes, if any."""

    source_code: str
    label: str
    code: str = ""


@dataclass(frozen=True)
class Lists:
    """Two answer lists of one question side by side; ``then`` is that of the variable ``shown``."""

    shown: str
    pairs: Sequence[tuple[Listed | None, Listed | None]]
    """Each answer of then with that of now; one side is None where an answer is more or fewer."""

    @property
    def more(self) -> list[Listed]:
        return [now for then, now in self.pairs if then is None and now is not None]

    @property
    def fewer(self) -> list[Listed]:
        return [then for then, now in self.pairs if now is None and then is not None]

    @property
    def is_other(self) -> bool:
        """Whether an answer is more or fewer; other spelling alone is the same list."""
        return bool(self.more or self.fewer)


def side_by_side(shown: str, then: Sequence[Listed], now: Sequence[Listed]) -> Lists:
    """Pair the answers: those of one text first, then those of another text that become the same code.

    A second answer that becomes a code finds its counterpart taken, and stands alone.
    """
    left = list(then)
    partner: dict[int, Listed] = {}
    for same in (
        lambda one, other: plain(one.label) == plain(other.label),
        lambda one, other: bool(one.code) and one.code == other.code,
    ):
        for index, answer in enumerate(now):
            if index in partner:
                continue
            found = next((other for other in left if same(answer, other)), None)
            if found is not None:
                partner[index] = found
                left.remove(found)
    pairs: list[tuple[Listed | None, Listed | None]] = [
        (partner.get(index), answer) for index, answer in enumerate(now)
    ]
    return Lists(shown, [*pairs, *((answer, None) for answer in left)])


def listed(answers: Sequence[Answer], targets: Mapping[str, tuple[str, str]]) -> list[Listed]:
    """Answers with the code that each becomes; one that is a kind of missing is no answer of the list."""
    return [
        Listed(answer.code, answer.label, targets.get(answer.code, (answer.code, ""))[0])
        for answer in answers
        if not targets.get(answer.code, ("", ""))[1]
    ]


def list_of(registry: Registry, earlier: Earlier) -> list[Listed]:
    """The answers of an earlier variable; of a turned scale, the codes are those after the turn."""
    targets = dict(earlier.targets)
    for row in earlier.concepts:
        if row["verb"] == "reverse":
            concept = registry.concepts[row["concept_id"]]
            turn = int(concept.valid_min + concept.valid_max)
            for answer in earlier.variable.valid_answers:
                if answer.code.lstrip("-").isdigit():
                    targets.setdefault(answer.code, (str(turn - int(answer.code)), ""))
    return listed(earlier.variable.valid_answers, targets)


def quoted(answers: Sequence[Listed]) -> str:
    """The texts of answers in a sentence."""
    return ", ".join(f"'{answer.label}'" for answer in answers)


def table(lists: Lists) -> list[str]:
    """The two lists as lines, the answers of then before those of now, a dash where one has no counterpart."""
    told = [
        (
            f"{then.source_code} '{then.label}'" if then else "-",
            f"{now.source_code} '{now.label}' → {now.code or '?'}" if now else "-",
        )
        for then, now in lists.pairs
    ]
    head = f"answers of {lists.shown}"
    width = max(len(head), *(len(then) for then, _ in told))
    return [f"{then:<{width}}  {now}" for then, now in [(head, "now"), *told]]
