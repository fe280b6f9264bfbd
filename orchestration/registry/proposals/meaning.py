"""What a matched variable and its answers become: the verb, and the code or kind of missing of each answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.registry.load import Registry
from orchestration.registry.proposals.evidence import Answer, Earlier, Variable
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.proposals.texts import Likeness, plain

Outcome = tuple[str, str]
"""A code and a kind of missing, of which one is empty; both are where nothing is known."""
UNKNOWN: Outcome = ("", "")


@dataclass(frozen=True)
class Meaning:
    """What an answer becomes, how sure that is, and why where it is not plain."""

    outcome: Outcome
    score: float
    note: str = ""


class Meanings:
    """What earlier waves made of every answer text, by concept, by code list and anywhere."""

    def __init__(
        self, registry: Registry, rules: Rules, evidence: Sequence[Earlier], likeness: Likeness
    ) -> None:
        self.registry, self.rules, self.likeness = registry, rules, likeness
        self.by_concept: dict[str, dict[str, Counter[Outcome]]] = {}
        self.by_codelist: dict[str, dict[str, Counter[Outcome]]] = {}
        self.missing: dict[str, Counter[Outcome]] = {}
        for item in evidence:
            self._learn(item)

    def _learn(self, item: Earlier) -> None:
        labels = {answer.code: plain(answer.label) for answer in item.variable.answers if answer.label}
        for code, outcome in item.targets.items():
            text = labels.get(code, "")
            if not text:
                continue
            if outcome[1]:
                self.missing.setdefault(text, Counter())[outcome] += 1
            for row in item.concepts:
                if outcome[0] and row["verb"] == "bucket":
                    continue
                self.by_concept.setdefault(row["concept_id"], {}).setdefault(text, Counter())[outcome] += 1
                codelist = self.registry.concepts[row["concept_id"]].codelist_id
                if codelist:
                    self.by_codelist.setdefault(codelist, {}).setdefault(text, Counter())[outcome] += 1

    def verb(self, variable: Variable, concept_id: str, before: str) -> str:
        """How the variable becomes the concept; ``before`` is how the earlier one did."""
        concept = self.registry.concepts[concept_id]
        if concept.type != "categorical":
            return "copy"
        codes = self.registry.codes_of(concept_id)
        answers = variable.valid_answers
        if not answers:
            return before if before in ("copy", "bucket") else "recode"
        if before == "copy" and all(
            answer.code in codes and codes[answer.code].label_nl == answer.label for answer in answers
        ):
            return "copy"
        if before == "reverse" and self._is_turned(answers, concept, codes):
            return "reverse"
        return "recode"

    def _is_turned(self, answers: Sequence[Answer], concept, codes: dict) -> bool:
        turn = int(concept.valid_min + concept.valid_max)
        return all(
            answer.code.lstrip("-").isdigit()
            and str(turn - int(answer.code)) in codes
            and codes[str(turn - int(answer.code))].label_nl == answer.label
            for answer in answers
        )

    def answers(self, variable: Variable, concepts: Sequence[str], verb: str) -> list[tuple[Answer, Meaning]]:
        """Every answer that needs a row in ``xw_values``, with what it becomes."""
        categorical = [name for name in concepts if self.registry.concepts[name].type == "categorical"]
        concept = (categorical or list(concepts))[0]
        needed = [answer for answer in variable.answers if self._needs_row(answer, verb)]
        found = [(answer, self._exactly(answer, concept, verb)) for answer in needed]
        taken = {meaning.outcome for _, meaning in found if meaning is not None}
        result = []
        for answer, meaning in found:
            if meaning is None:
                meaning = self._nearly(answer, concept, verb)
                # A code that another answer has by its own text is not also that of one that only looks like it.
                if meaning.outcome in taken and meaning.outcome[0]:
                    like = meaning.note
                    meaning = Meaning(UNKNOWN, 0.0, f"{like}, en die code is al vergeven" if like else "")
            result.append((answer, meaning))
        return result

    def _needs_row(self, answer: Answer, verb: str) -> bool:
        if not answer.label:
            return False
        if verb == "recode":
            return True
        return answer.is_missing or (answer.label != answer.code and verb in ("bucket", "copy_number"))

    def _exactly(self, answer: Answer, concept: str, verb: str) -> Meaning | None:
        text = plain(answer.label)
        codelist = self.registry.concepts[concept].codelist_id
        codes = {plain(item.label_nl): code for code, item in self.registry.codes_of(concept).items()}
        sources = [
            (self.by_concept.get(concept, {}).get(text), 1.0),
            (Counter({(codes[text], ""): 1}) if text in codes else None, 1.0),
            (self.by_codelist.get(codelist or "", {}).get(text), 1.0),
            (self.missing.get(text), 1.0),
        ]
        if answer.is_missing:
            sources.insert(0, (self.missing.get(text), 1.0))
        for known, score in sources:
            allowed = Counter({o: n for o, n in (known or {}).items() if o[1] or verb == "recode"})
            if not allowed:
                continue
            outcome, count = allowed.most_common(1)[0]
            if len(allowed) > 1:
                others = ", ".join(sorted(o[0] or o[1] for o in allowed if o != outcome))
                return Meaning(outcome, score * count / sum(allowed.values()), f"was eerder ook {others}")
            return Meaning(outcome, score)
        return None

    def _nearly(self, answer: Answer, concept: str, verb: str) -> Meaning:
        text = plain(answer.label)
        codelist = self.registry.concepts[concept].codelist_id
        known: dict[str, Counter[Outcome]] = {}
        if not answer.is_missing and verb == "recode":
            for code, item in self.registry.codes_of(concept).items():
                known.setdefault(plain(item.label_nl), Counter())[(code, "")] += 1
            for other, outcomes in (
                *self.by_codelist.get(codelist or "", {}).items(),
                *self.by_concept.get(concept, {}).items(),
            ):
                known.setdefault(other, Counter()).update(outcomes)
        for other, outcomes in self.missing.items():
            known.setdefault(other, Counter()).update(outcomes)
        names = sorted(known)
        if not names:
            return Meaning(UNKNOWN, 0.0, "antwoord is nieuw")
        likeness = self.likeness.between([text], names)[0]
        best = int(likeness.argmax())
        if likeness[best] < self.rules.similar_label:
            return Meaning(UNKNOWN, 0.0, "antwoord is nieuw")
        outcome = known[names[best]].most_common(1)[0][0]
        score = float(likeness[best]) * self.rules.other_label_factor
        return Meaning(outcome, score, f"lijkt op '{names[best]}'")
