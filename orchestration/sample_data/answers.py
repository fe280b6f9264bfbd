"""Drawing everybody's answers, concept by concept, in the order in which one follows from another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from orchestration.sample_data import fitting, parameters
from orchestration.sample_data.parameters import Level
from orchestration.sample_data.questions import Item
from orchestration.sample_data.respondents import NOT_APPLICABLE, REFUSED, Respondents
from orchestration.sample_data.targets import MISSING_MARK, Target, TargetBook

DONT_KNOW = "@dont_know"
SYSTEM = "@system"
_FIXED_STATES = (NOT_APPLICABLE, DONT_KNOW, REFUSED, SYSTEM)
_VICTIM_FORMS = (
    "victim_physical",
    "victim_sexual_intimidation",
    "victim_discrimination",
    "victim_threat",
    "victim_verbal",
)
_FORM_OF = {
    "verbaal": "victim_verbal",
    "bedreiging": "victim_threat",
    "fysiek": "victim_physical",
    "discriminatie": "victim_discrimination",
    "seksueel": "victim_sexual_intimidation",
}
_CHANNEL_OF = {
    "verbaal_in_persoon": "channel_face_to_face",
    "fysiek_in_persoon": "channel_face_to_face",
    "telefoon": "channel_phone",
    "brief_email": "channel_letter_email",
    "sociale_media": "channel_social_media",
}
_COUNT_RANGES = {"een_keer": (1, 1), "enkele_keren": (2, 9), "maandelijks_of_vaker": (8, 40)}
# How strongly an answer depends on a person's risk.
_STRENGTH = {
    "victim_any": 1.0,
    "observed_rule_breaking": 0.8,
    "suspected_violation": 0.9,
    "pressure_underworld": 0.8,
}
_STRENGTH_BY_PREFIX = (
    ("victim_", 0.5),
    ("effect_", 0.4),
    ("observed_", 0.3),
    ("incident_severity", 0.4),
    ("reports_", 0.6),
)


@dataclass
class AnswerMaker:
    """Draws answers of one wave and instrument into ``people.answers``."""

    people: Respondents
    items: dict[str, Item]
    levels: list[Level]
    targets: list[Target]
    book: TargetBook
    wave_id: str
    year: int
    rng: np.random.Generator

    def run(self) -> None:
        """Draw every asked concept; background is already there."""
        no_answer = parameters.shares()["no_answer"]
        n = len(self.people)
        self.drop_out = self.rng.random(n) < no_answer["drop_out"] / 100
        if "victim_verbal" in self.items:
            self._battery(
                "victim_any", [c for c in _VICTIM_FORMS if c in self.items], no_answer["battery_refused"]
            )
        if "observed_improper_conduct" in self.items:
            forms = [c for c in self.items if c.startswith("observed_")]
            forms.sort(key=lambda c: (c == "observed_improper_conduct", c))
            self._battery("observed_rule_breaking", forms, no_answer["battery_refused"])
        for concept in self._order():
            self._single(concept)

    def _order(self) -> list[str]:
        """The remaining concepts: gates first, channels named before the channel of one incident, effects
        last."""
        rest = [key for key, item in self.items.items() if item.is_concept and key not in self.people.answers]
        late = (
            "channel_letter_email",
            "incident_channel",
            "incident_reported",
            "incident_discussed",
            "police_report",
            "effect_mental_health",
            "effect_own_behaviour",
            "effect_work_enjoyment",
            "effect_social_media_behaviour",
        )
        return [c for c in rest if c not in late] + [c for c in late if c in rest]

    def _battery(self, latent: str, forms: list[str], refused_pct: float) -> None:
        """Any of the forms first; then forms such that whoever had any has at least one and nobody else has
        one."""
        people = self.people
        refused = self.rng.random(len(people)) < refused_pct / 100
        late = self.drop_out if latent == "observed_rule_breaking" else np.zeros(len(people), dtype=bool)
        fixed = np.where(late, SYSTEM, np.where(refused, REFUSED, "")).astype(object)
        self._draw(latent, ["ja", "nee"], fixed)
        has_any = people.answers[latent] == "ja"
        named = np.zeros(len(people), dtype=bool)
        for position, form in enumerate(forms):
            is_last = position == len(forms) - 1
            allowed = np.ones((len(people), 2), dtype=bool)
            allowed[~has_any, 0] = False
            if is_last:
                allowed[has_any & ~named, 1] = False
            self._draw(form, ["ja", "nee"], fixed, allowed=allowed)
            named |= people.answers[form] == "ja"

    def _single(self, concept: str) -> None:
        item = self.items[concept]
        asked = self._passes(item)
        fixed = np.where(asked, "", NOT_APPLICABLE).astype(object)
        if item.theme == "integrity":
            fixed[asked & self.drop_out] = SYSTEM
        codes = self._codes(concept, item)
        self._add_no_answer(item, fixed, codes)
        self._draw(concept, codes, fixed, allowed=self._allowed(concept, codes))

    def _passes(self, item: Item) -> np.ndarray:
        if not item.gate:
            return np.ones(len(self.people), dtype=bool)
        return np.isin(self.people.answers[item.gate[0]], list(item.gate[1:]))

    def _add_no_answer(self, item: Item, fixed: np.ndarray, codes: list[str]) -> None:
        rates = parameters.shares()["no_answer"]
        for kind in item.offered:
            state = MISSING_MARK + kind
            if state in codes:
                continue
            rate = rates["few"] if item.few_missing else rates[kind]
            fixed[(fixed == "") & (self.rng.random(len(fixed)) < rate / 100)] = state

    def _codes(self, concept: str, item: Item) -> list[str]:
        if concept == "policy_update_year":
            return [str(year) for year in range(2004, self.year + 1)]
        if concept == "incident_count":
            return [str(n) for n in range(1, 41)]
        if item.scale == "count":
            return [str(n) for n in range(0, 61)]
        if item.scale == "ja_nee_dk":
            return ["ja", "nee", DONT_KNOW]
        codes = [
            level.code for level in self.levels if level.concept_id == concept and not level.population_id
        ]
        return codes if len(codes) > 1 else ["ja", "nee"]

    def _allowed(self, concept: str, codes: list[str]) -> np.ndarray:
        answers = self.people.answers
        allowed = np.ones((len(self.people), len(codes)), dtype=bool)
        if concept == "incident_form":
            for k, code in enumerate(codes):
                allowed[:, k] = answers.get(_FORM_OF[code], np.full(len(self.people), "nee")) == "ja"
        elif concept == "incident_channel":
            for k, code in enumerate(codes):
                named = answers.get(_CHANNEL_OF.get(code, ""))
                if named is not None:
                    allowed[:, k] = named == "ja"
                if code == "fysiek_in_persoon":
                    allowed[:, k] &= answers["victim_physical"] == "ja"
        elif concept == "channel_letter_email":
            channels = [c for c in _CHANNEL_OF.values() if c in answers]
            named = np.any([answers[c] == "ja" for c in channels], axis=0)
            # Nearly everybody names one of the channels; the rest ends under "other".
            allowed[:, codes.index("nee")] = named | (self.rng.random(len(named)) < 0.1)
        elif concept == "incident_count" and "incident_frequency" in answers:
            numbers = np.array([int(code) for code in codes])
            for frequency, (low, high) in _COUNT_RANGES.items():
                rows = answers["incident_frequency"] == frequency
                allowed[rows] = (numbers >= low) & (numbers <= high)
        elif concept.startswith("effect_") and self.items[concept].gate and "effect_adverse" in answers:
            allowed[:, codes.index("ja")] = answers["effect_adverse"] == "ja"
        return allowed

    def _draw(
        self, concept: str, codes: list[str], fixed: np.ndarray, allowed: np.ndarray | None = None
    ) -> None:
        people = self.people
        if allowed is None:
            allowed = np.ones((len(people), len(codes)), dtype=bool)
        free = fixed == ""
        names = codes + [state for state in _FIXED_STATES if state not in codes]
        states = np.zeros(len(people), dtype=int)
        for state in _FIXED_STATES:
            states[fixed == state] = names.index(state)
        conditions = self._conditions(concept, names, states, free)
        theta = self._start(concept, codes)
        probabilities = fitting.fit_log_odds(theta, allowed, free, states, people.weight, conditions)
        states[free] = fitting.draw(probabilities[free], self.rng)
        theta = np.log(np.maximum(probabilities, 1e-12))
        states = fitting.settle(states, theta, allowed, free, people.weight, conditions, self.rng)
        people.answers[concept] = np.array(names, dtype=object)[states]

    def _start(self, concept: str, codes: list[str]) -> np.ndarray:
        """Log-odds before fitting: the total levels, with the risk of each person on top."""
        known = {
            level.code: level.value
            for level in self.levels
            if level.concept_id == concept and not level.population_id and level.value is not None
        }
        if concept == "policy_update_year":
            base = np.array([math.exp(-0.28 * (self.year - int(code))) for code in codes])
        elif "mean" in known:
            rate = 1 / (known["mean"] + 0.5)
            base = np.array([math.exp(-rate * int(code)) for code in codes])
        else:
            rest = max(100 - sum(known.values()), 1.0) / max(1, sum(code not in known for code in codes))
            base = np.array([known.get(code, 2.0 if code == DONT_KNOW else rest) for code in codes])
        theta = np.tile(np.log(base / base.sum()), (len(self.people), 1))
        theta += np.outer(self._risk(concept) + self._circumstances(concept), self._slope(concept, codes))
        return theta

    def _circumstances(self, concept: str) -> np.ndarray:
        """What makes an answer likelier beside a person's risk: a grave incident is reported, a risk is
        guarded."""
        answers = self.people.answers
        extra = np.zeros(len(self.people))
        if concept in ("incident_reported", "police_report", "incident_discussed"):
            weight = 1.2 if concept == "police_report" else 0.6
            extra += weight * np.isin(
                answers.get("incident_form", extra), ["bedreiging", "fysiek", "seksueel"]
            )
            extra += weight * np.isin(answers.get("incident_severity", extra), ["ernstig", "zeer_ernstig"])
        elif concept == "channel_face_to_face":
            extra += 2.0 * (answers["victim_physical"] == "ja")
        elif concept.startswith("safeguarded_"):
            extra += 0.9 * (answers.get(concept.replace("safeguarded", "vulnerable"), extra) == "ja")
        elif concept == "incident_severity":
            extra += 1.5 * (answers["victim_physical"] == "ja") + 0.9 * (answers["victim_threat"] == "ja")
        return extra

    def _risk(self, concept: str) -> np.ndarray:
        strength = _STRENGTH.get(concept, 0.0)
        if not strength:
            strength = next(
                (value for prefix, value in _STRENGTH_BY_PREFIX if concept.startswith(prefix)), 0.2
            )
        item = self.items.get(concept)
        is_integrity = concept.startswith("observed_") or (item is not None and item.theme == "integrity")
        return strength * (self.people.integrity_risk if is_integrity else self.people.safety_risk)

    def _slope(self, concept: str, codes: list[str]) -> np.ndarray:
        """Which codes become likelier with risk."""
        rising = {
            "ja": 1.0,
            "ernstig": 0.5,
            "zeer_ernstig": 1.0,
            "enkele_keren": 0.4,
            "maandelijks_of_vaker": 1.0,
        }
        if concept.startswith("reports_") and concept.endswith("_n"):
            return np.array([int(code) / 20 for code in codes])
        return np.array([rising.get(code, 0.0) for code in codes])

    def _conditions(
        self, concept: str, names: list[str], states: np.ndarray, free: np.ndarray
    ) -> list[fitting.Condition]:
        found = []
        for target in self._targets_of(concept):
            mask = self.people.matches(target.conditions)
            is_kept = np.array([not n.startswith(MISSING_MARK) or n in target.kept for n in names])
            counted = mask & (free | is_kept[states])
            if not counted.any():
                continue
            total = float(self.people.weight[counted].sum())
            if target.statistic == "mean":
                score = np.array(
                    [0.0 if n.startswith(MISSING_MARK) else float(n) - target.value for n in names]
                )
                factor, offset = 100 / (total * target.value), 0.0
            elif target.statistic == "total":
                score, factor, offset = (
                    np.array([float(n in target.numerator) for n in names]),
                    1.0,
                    target.value,
                )
            else:
                share = target.value / 100
                score = np.where(is_kept, np.array([n in target.numerator for n in names]) - share, 0.0)
                factor, offset = 100 / total, 0.0
            found.append(fitting.Condition(mask, score, factor, offset, target.is_hard, target.name))
        return found

    def _targets_of(self, concept: str) -> list[Target]:
        found = [target for target in self.targets if target.concept_id == concept]
        for level in self.levels:
            if level.value is None:
                continue
            if concept == "policy_update_year" and level.concept_id == "policy_updated_recently":
                recent = frozenset({str(self.year), str(self.year - 1)})
                found.append(
                    Target(concept, (), recent, frozenset(), "proportion", level.value, False, "recent")
                )
            elif level.concept_id == concept and level.code:
                found.append(
                    self.book.level(
                        self.wave_id, concept, level.code, level.population_id, level.among, level.value
                    )
                )
        return found
