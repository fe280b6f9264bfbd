"""Who answered: office holders, civil servants and organisations with their background and weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orchestration.sample_data import parameters
from orchestration.sample_data.targets import CountTarget

AGE_BOUNDS = (
    (18, 34, "tot_35"),
    (35, 44, "35_44"),
    (45, 54, "45_54"),
    (55, 64, "55_64"),
    (65, 99, "65_plus"),
)
NOT_APPLICABLE = "@not_applicable"
REFUSED = "@refused"


@dataclass
class Respondents:
    """People or organisations of one wave and instrument, before a contractor's codes.

    ``answers``: per concept one state per respondent (a code, or ``@kind``); ``weight``: as delivered,
    rounded; ``stratum``: number of the design stratum; ``age_years``; ``safety_risk`` and ``integrity_risk``:
    log-odds that make some people answer more often than others.
    """

    instrument_id: str
    answers: dict[str, np.ndarray]
    weight: np.ndarray
    stratum: np.ndarray
    age_years: np.ndarray
    safety_risk: np.ndarray = field(default_factory=lambda: np.zeros(0))
    integrity_risk: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.weight)

    def matches(self, conditions: tuple[tuple[str, frozenset[str]], ...]) -> np.ndarray:
        """Who meets every condition; a concept that nobody was asked matches nobody."""
        mask = np.ones(len(self), dtype=bool)
        for concept, codes in conditions:
            states = self.answers.get(concept)
            mask &= np.zeros(len(self), dtype=bool) if states is None else np.isin(states, list(codes))
        return mask


def draw_people(
    wave_id: str,
    instrument_id: str,
    year: int,
    weighting: dict,
    counts: list[CountTarget],
    rng: np.random.Generator,
) -> Respondents:
    """Office holders or civil servants with background, risks and weights; published numbers are met
    exactly."""
    rows = parameters.frame(wave_id, instrument_id)
    sizes = _group_sizes(rows, counts)
    group = np.repeat(np.arange(len(rows)), sizes)
    layer = np.array([row["layer"] for row in rows])[group]
    role = np.array([row["role"] for row in rows])[group]
    female = np.array([float(row["female_pct"]) for row in rows])[group]
    # Women answer a little more often than they are in the frame, so that the weights have work to do.
    gender = _exact_share(group, female + (1.5 if weighting.get("by_gender") else 0.0), rng)
    age = _ages(role, rng)
    answers = {"layer": layer.astype(object), "gender": gender}
    if instrument_id == "office_holders":
        answers["role"] = role.astype(object)
    answers["size_class"] = _sizes(layer, instrument_id, year, rng)
    answers["province"] = _provinces(layer, answers["size_class"], rng)
    _move_provinces(answers, counts, rng)
    answers["age_class"] = age_classes(age)
    people = Respondents(instrument_id, answers, np.ones(len(group)), group + 1, age)
    people.weight = _weights(rows, group, gender, weighting, rng)
    _add_risks(people, year, rng)
    share = parameters.shares()
    people.answers["age_class"][rng.random(len(group)) < share["age_refused_pct"] / 100] = REFUSED
    if weighting.get("by_gender") and len(group) > 1000:
        people.answers["gender"][rng.random(len(group)) < share["gender_refused_pct"] / 100] = REFUSED
    return people


def draw_organisations(
    wave_id: str, year: int, counts: list[CountTarget], rng: np.random.Generator
) -> Respondents:
    """Organisations of the fictional register, one row per organisation and kind of respondent."""
    rows = parameters.frame(wave_id, "organisations")
    sizes = _group_sizes(rows, counts)
    register = [
        row
        for row in parameters.organisation_register()
        if int(row["first_year"]) <= year and (not row["last_year"] or int(row["last_year"]) >= year)
    ]
    columns: dict[str, list[str]] = {
        key: [] for key in ("layer", "organisation_type", "organisation_code", "size_class")
    }
    stratum: list[int] = []
    for number, (row, size) in enumerate(zip(rows, sizes, strict=True), start=1):
        pool = [entry for entry in register if entry["layer"] == row["layer"]]
        for index in sorted(rng.choice(len(pool), size=size, replace=False)):
            columns["layer"].append(row["layer"])
            columns["organisation_type"].append(row["organisation_type"])
            columns["organisation_code"].append(pool[index]["organisation_code"])
            columns["size_class"].append(pool[index]["size_class"] or NOT_APPLICABLE)
            stratum.append(number)
    answers = {key: np.array(values, dtype=object) for key, values in columns.items()}
    n = len(stratum)
    found = Respondents("organisations", answers, np.ones(n), np.array(stratum), np.full(n, 50))
    size_risk = parameters.shares()["size_risk"]
    found.safety_risk = np.array([size_risk.get(size, 0.2) for size in answers["size_class"]]) + rng.normal(
        0, 0.5, n
    )
    found.integrity_risk = found.safety_risk.copy()
    return found


def age_classes(age: np.ndarray) -> np.ndarray:
    """The age class of each age in years."""
    classes = np.empty(len(age), dtype=object)
    for low, high, code in AGE_BOUNDS:
        classes[(age >= low) & (age <= high)] = code
    return classes


def _group_sizes(rows: list[dict[str, str]], counts: list[CountTarget]) -> np.ndarray:
    """Numbers of respondents by group of the frame, with the published numbers put in place."""
    sizes = np.array([int(row["responded_n"]) for row in rows])
    settled = np.zeros(len(rows), dtype=bool)
    columns = ("layer", "role", "organisation_type")
    usable = [c for c in counts if all(concept in columns for concept, _ in c.conditions)]
    for count in sorted(usable, key=lambda c: -len(c.conditions)):
        member = np.array([all(row[concept] in codes for concept, codes in count.conditions) for row in rows])
        movable = member & ~settled
        largest = np.flatnonzero(movable)[np.argmax(sizes[movable])]
        sizes[largest] += count.value - int(sizes[member].sum())
        settled |= member if member.sum() == 1 else False
    return sizes


def _exact_share(group: np.ndarray, female_pct: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Genders with, in each group, the rounded number of women in random order."""
    gender = np.full(len(group), "man", dtype=object)
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        women = round(len(members) * female_pct[members[0]] / 100)
        gender[rng.permutation(members)[:women]] = "vrouw"
    return gender


def _ages(role: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    parameters_by_role = parameters.shares()["age"]
    centre = np.array([parameters_by_role[name or "civil_servant"][0] for name in role])
    spread = np.array([parameters_by_role[name or "civil_servant"][1] for name in role])
    return np.clip(np.rint(rng.normal(centre, spread)), 19, 88).astype(int)


def _sizes(layer: np.ndarray, instrument_id: str, year: int, rng: np.random.Generator) -> np.ndarray:
    share = parameters.shares()
    is_politician = instrument_id == "office_holders"
    table = parameters.by_year(share["size"], year) if is_politician else share["civil_servant_size"]
    weights = np.array(list(table.values()), dtype=float)
    drawn = np.array(list(table), dtype=object)[
        rng.choice(len(table), size=len(layer), p=weights / weights.sum())
    ]
    drawn[layer != "gemeente"] = NOT_APPLICABLE
    return drawn


def _provinces(layer: np.ndarray, size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    found = np.full(len(layer), NOT_APPLICABLE, dtype=object)
    for table, mask in (
        (parameters.shares()["province"], np.isin(layer, ["gemeente", "provincie"]) & (size != "g4")),
        (parameters.shares()["g4_province"], size == "g4"),
    ):
        weights = np.array(list(table.values()), dtype=float)
        chosen = rng.choice(len(table), size=int(mask.sum()), p=weights / weights.sum())
        found[mask] = np.array(list(table), dtype=object)[chosen]
    return found


def _move_provinces(
    answers: dict[str, np.ndarray], counts: list[CountTarget], rng: np.random.Generator
) -> None:
    """Move people between provinces until published numbers of respondents by province hold."""
    province = answers["province"]
    settled = np.zeros(len(province), dtype=bool)
    others = list(parameters.shares()["province"])
    for count in sorted(counts, key=lambda c: -len(c.conditions)):
        conditions = dict(count.conditions)
        if "province" not in conditions:
            continue
        goal = next(iter(conditions.pop("province")))
        domain = province != NOT_APPLICABLE
        for concept, codes in conditions.items():
            domain &= np.isin(answers[concept], list(codes))
        inside = domain & (province == goal)
        surplus = int(inside.sum()) - count.value
        pool = (inside if surplus > 0 else domain & ~inside) & ~settled & (answers["size_class"] != "g4")
        moved = rng.permutation(np.flatnonzero(pool))[: abs(surplus)]
        elsewhere = [code for code in others if code != goal]
        province[moved] = rng.choice(elsewhere, size=len(moved)).astype(object) if surplus > 0 else goal
        settled |= domain if "role" in conditions else False


def _weights(
    rows: list[dict[str, str]],
    group: np.ndarray,
    gender: np.ndarray,
    weighting: dict,
    rng: np.random.Generator,
) -> np.ndarray:
    """Post-stratification to the frame by group, and by gender where that is asked and the group is large
    enough."""
    population = np.array([float(row["population_n"]) for row in rows])
    answered = np.bincount(group, minlength=len(rows)).astype(float)
    if weighting.get("within_layer"):
        layer = np.array([row["layer"] for row in rows])
        for name in np.unique(layer):
            population[layer == name] *= answered[layer == name].sum() / population[layer == name].sum()
    weight = (population / answered)[group]
    if weighting.get("by_gender"):
        for number, row in enumerate(rows):
            members = group == number
            women = members & (gender == "vrouw")
            share = float(row["female_pct"]) / 100
            if women.sum() >= 5 and members.sum() >= 30:
                observed = women.sum() / members.sum()
                weight[women] *= share / observed
                weight[members & ~women] *= (1 - share) / (1 - observed)
    if weighting.get("noise"):
        weight *= np.clip(rng.lognormal(0, weighting["noise"], len(weight)), 0.3, 3.0)
    if weighting.get("scale") != "population":
        weight = weight / weight.mean()
    return np.round(weight, 4)


def _add_risks(people: Respondents, year: int, rng: np.random.Generator) -> None:
    share = parameters.shares()
    n = len(people)
    answers = people.answers
    size = np.array([share["size_risk"].get(code, 0.0) for code in answers["size_class"]])
    gender = np.where(answers["gender"] == "vrouw", parameters.by_year(share["gender_risk"], year), 0.0)
    age = share["age_risk_per_decade"] * (people.age_years - 50) / 10
    if "role" in answers:
        place = np.array([share["role_risk"][code] for code in answers["role"]])
    else:
        place = np.array([share["layer_risk"][code] for code in answers["layer"]])
    people.safety_risk = place + size + gender + age + rng.normal(0, 0.6, n)
    people.integrity_risk = 0.4 * place + 0.6 * size + rng.normal(0, 0.6, n)
