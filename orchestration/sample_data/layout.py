"""The delivered variables: names, labels, codes and missing codes in the style of one contractor's house."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestration.sample_data import parameters
from orchestration.sample_data.questions import Item
from orchestration.sample_data.respondents import AGE_BOUNDS

_NUMBER_SCALES = ("count", "years", "hours", "grade", "update_year")
_MISSING_SIZE = {
    "count": "count",
    "update_year": "year",
    "grade": "large",
    "years": "large",
    "hours": "large",
}
_PLAIN_MISSING = {"age": "count"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NO_SCALE = ("free_text", "organisation_code")


@dataclass(frozen=True)
class Code:
    """One labelled code of a delivered variable: ``target`` is a concept code or ``@kind``; None is not
    mapped."""

    value: int
    label: str
    target: str | None


@dataclass(frozen=True)
class Mapping:
    """How a delivered variable becomes a concept: a crosswalk verb, and buckets (lower, upper, code) for
    bucket."""

    concept_id: str
    verb: str
    buckets: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True)
class Variable:
    """One column of a delivered file. ``key`` names the answers that fill it; text columns have no codes."""

    name: str
    label: str
    key: str
    scale: str
    is_text: bool
    codes: tuple[Code, ...]
    mappings: tuple[Mapping, ...]
    mr_set: str = ""
    mr_label: str = ""
    measure: str = "nominal"
    decimals: int = 0
    width: int = 4

    @property
    def missing_values(self) -> list[int]:
        """Codes declared as user missing."""
        return [code.value for code in self.codes if code.target and code.target.startswith("@")]

    @property
    def counted_value(self) -> int | None:
        """The code that means "mentioned" in a multiple-response set."""
        return next((code.value for code in self.codes if code.target == "ja"), None)


def build_variables(items: list[Item], house_name: str, year: int) -> list[Variable]:
    """Variables of a questionnaire in the style of a house, in the order of the questionnaire."""
    house = parameters.read_yaml("scales")["houses"][house_name]
    return [_variable(item, house, year) for item in items]


def restrict_roles(variables: list[Variable], roles: set[str]) -> list[Variable]:
    """The role variable of a file with one layer only lists the roles of that layer."""
    return [
        replace(v, codes=tuple(code for code in v.codes if code.target in roles)) if v.scale == "role" else v
        for v in variables
    ]


def _variable(item: Item, house: dict, year: int) -> Variable:
    name = _name(item, house["naming"])
    label = item.question_text
    if item.text:
        label = house["label_pattern"].format(question=item.question_text, item=item.text)
    codes = _codes(item, house)
    return Variable(
        name=name,
        label=_scale_hint(label, item, house),
        key=item.key,
        scale=item.scale,
        is_text=item.scale in _NO_SCALE,
        codes=codes,
        mappings=_mappings(item, house, year),
        mr_set=_set_name(item, house["naming"]) if item.is_multiple else "",
        mr_label=item.question_text if item.is_multiple else "",
        measure="scale"
        if item.scale in _NUMBER_SCALES
        else "ordinal"
        if item.scale == "agreement"
        else "nominal",
        width=160 if item.scale == "free_text" else 8 if item.scale == "organisation_code" else 4,
    )


def _scale_hint(label: str, item: Item, house: dict) -> str:
    if item.scale != "agreement_concept":
        return label
    style = house["scales"].get("agreement_concept", "labelled")
    return {
        "plain": f"{label} (1 helemaal oneens - 5 helemaal eens)",
        "turned": f"{label} (1 helemaal eens - 5 helemaal oneens)",
    }.get(style, label)


def _name(item: Item, naming: str) -> str:
    question, position, single = item.question_number, item.item_number, item.items_n == 1
    if naming == "v_number":
        return f"v{question}" if single else f"v{question}_{position}"
    if naming == "vr_number":
        return f"VR{question:03d}" if single else f"VR{question:03d}_{position}"
    if naming == "q_letter":
        return f"Q{question}" if single else f"Q{question}{_LETTERS[position - 1]}"
    if naming == "q_under":
        return f"q{question}" if single else f"q{question}_{position}"
    if naming == "s_under":
        return f"S{question}" if single else f"S{question}_{position}"
    mnemonic = item.question_code if single or not item.code else f"{item.question_code}_{item.code}"
    return mnemonic.lower() if naming == "mnemonic_lower" else mnemonic


def _set_name(item: Item, naming: str) -> str:
    if naming in ("mnemonic", "mnemonic_lower"):
        return item.question_code.lower()
    return f"set_{item.question_number}"


def _substantive(item: Item, house: dict) -> list[Code]:
    scale = "ja_nee" if item.scale == "ja_nee_dk" else item.scale
    if scale in _NUMBER_SCALES or scale in _NO_SCALE:
        return []
    variants = parameters.read_yaml("scales")["variants"].get(scale, {})
    chosen = house["scales"].get(scale) or next(iter(variants))
    if scale == "age" and chosen == "years":
        return []
    return [Code(value, label, target) for value, label, target in variants[chosen]]


def _codes(item: Item, house: dict) -> tuple[Code, ...]:
    found = _substantive(item, house)
    missing = house["missing"]
    size = _MISSING_SIZE.get(item.scale) or _PLAIN_MISSING.get(item.scale) or "small"
    if item.scale == "age" and found:
        size = "small"
    labels = parameters.read_yaml("scales")["missing_labels"]
    for position, kind in enumerate(("dont_know", "refused")):
        if kind in item.offered:
            text = labels[kind][missing["labels"][position]]
            found.append(Code(missing[size][position], text, "@" + kind))
    return tuple(found)


def _mappings(item: Item, house: dict, year: int) -> tuple[Mapping, ...]:
    if not item.is_concept:
        return ()
    if item.scale == "update_year":
        recent = ((2004, year - 2, "nee"), (year - 1, year, "ja"))
        return (Mapping(item.key, "copy"), Mapping("policy_updated_recently", "bucket", recent))
    if item.scale == "age" and house["scales"]["age"] == "years":
        return (Mapping(item.key, "bucket", AGE_BOUNDS),)
    if item.scale == "count" or item.scale == "organisation_code":
        return (Mapping(item.key, "copy"),)
    if item.scale == "agreement_concept":
        style = house["scales"].get("agreement_concept", "labelled")
        return (Mapping(item.key, {"plain": "copy", "turned": "reverse"}.get(style, "recode")),)
    if item.scale == "province" and house["scales"].get("province") == "cbs":
        return (Mapping(item.key, "copy"),)
    return (Mapping(item.key, "recode"),)
