"""The records of ``corrections.yml``: what a person decided about an error of the supplier.

Codes are kept as text here; whether the variable holds numbers is known only once the file was read.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from orchestration.deliveries.manifest import Count, Day, Identifier, Text, VariableName, Version
from orchestration.deliveries.source_table import canonical_code


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number, without quotes")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("is a larger number than a computer can hold") from None
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    return number


def _code(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("is read as true or false (so are yes, no, on and off): write the code in quotes")
    if isinstance(value, dt.date):
        raise ValueError("is read as a day: write the code in quotes")
    if isinstance(value, int | float):
        return canonical_code(_number(value))
    if not isinstance(value, str):
        raise ValueError("must be a code: a number or a text")
    if not value.strip():
        raise ValueError("is empty; no value at all is written `null`")
    return value.rstrip()


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Number = Annotated[float, BeforeValidator(_number)]
Code = Annotated[str, BeforeValidator(_code)]
CodeOrNone = Annotated[Code | None, Field()]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
NewName = Annotated[
    str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\s|][^\x00-\x1f\x7f|]*$")
]
Variables = Annotated[tuple[VariableName, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
Codes = Annotated[tuple[CodeOrNone, ...], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Part):
    """Which rows a correction is about, by the codes of a variable or by the size of its numbers."""

    variable: VariableName = Field(
        description="variable of the file; never the respondent id, an identifier or free text",
        examples=["FUNCTIE"],
    )
    codes: Codes | None = Field(
        None, description="the row holds one of these codes; `null` is no value", examples=[[1, 2]]
    )
    at_least: Number | None = Field(
        None, description="the row holds this number or more; declared missing codes never do", examples=[200]
    )
    at_most: Number | None = Field(
        None, description="the row holds this number or less; declared missing codes never do", examples=[3]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Condition:
        is_bounded = self.at_least is not None or self.at_most is not None
        if (self.codes is None) != is_bounded:
            raise ValueError("takes either `codes`, or `at_least` and `at_most`, beside `variable`")
        return self


class Action(_Part):
    """What is done; each kind has its own keys."""

    takes_match: ClassVar[bool] = False
    guards: ClassVar[tuple[str, ...]] = ()


class SetValue(Action):
    """Give the matched rows one value."""

    takes_match: ClassVar[bool] = True
    guards: ClassVar[tuple[str, ...]] = ("rows", "before")
    kind: Literal["set_value"]
    variable: Variables = Field(description="variable, or a list of variables", examples=["Q12"])
    value: CodeOrNone = Field(description="the code or number; `null` takes the value away", examples=[9])


class Recode(Action):
    """Put codes in the place of others, all at the same time, so that two may be exchanged."""

    takes_match: ClassVar[bool] = True
    guards: ClassVar[tuple[str, ...]] = ("rows", "before")
    kind: Literal["recode"]
    variable: Variables = Field(description="variable, or a list of variables", examples=["Q12"])
    codes: Annotated[dict[Code, CodeOrNone], Field(min_length=1)] = Field(
        description="old code: new code; a new code `null` takes the value away", examples=[{"1": 2, "2": 1}]
    )


class Multiply(Action):
    """Rescale weights or numbers; codes that are declared missing stay as they are."""

    takes_match: ClassVar[bool] = True
    guards: ClassVar[tuple[str, ...]] = ("rows",)
    kind: Literal["multiply"]
    variable: Variables = Field(description="variable, or a list of variables", examples=["weegfactor"])
    by: Number = Field(description="the factor, not 0", examples=[0.01])

    @model_validator(mode="after")
    def _is_a_factor(self) -> Multiply:
        if self.by in (0.0, 1.0):
            raise ValueError(f"`by` is {self.by:g}, which is no factor to correct with")
        return self


class Swap(Action):
    """Exchange the values of two variables whose columns were mixed up; names and labels stay."""

    takes_match: ClassVar[bool] = True
    guards: ClassVar[tuple[str, ...]] = ("rows",)
    kind: Literal["swap"]
    variables: Annotated[tuple[VariableName, ...], Field(min_length=2, max_length=2)] = Field(
        description="the two variables", examples=[["Q12", "Q13"]]
    )

    @model_validator(mode="after")
    def _are_two(self) -> Swap:
        if self.variables[0] == self.variables[1]:
            raise ValueError("`variables` names the same variable twice")
        return self


class DropRows(Action):
    """Leave out the matched rows, such as test interviews."""

    takes_match: ClassVar[bool] = True
    guards: ClassVar[tuple[str, ...]] = ("rows",)
    kind: Literal["drop_rows"]


class Rename(Action):
    """Give a variable the name that the manifest and the crosswalk know."""

    guards: ClassVar[tuple[str, ...]] = ("label",)
    kind: Literal["rename"]
    variable: VariableName = Field(description="its name in the file", examples=["weging_v2"])
    to: NewName = Field(description="its new name", examples=["weegfactor"])


class DeclareMissing(Action):
    """Declare codes as missing that the supplier forgot to declare; their kind stands in the crosswalk."""

    guards: ClassVar[tuple[str, ...]] = ("rows",)
    kind: Literal["declare_missing"]
    variable: Variables = Field(description="variable, or a list of variables", examples=["Q12"])
    codes: Annotated[tuple[Code, ...], Field(min_length=1)] = Field(
        description="the codes", examples=[[8, 9]]
    )


class DeclareValid(Action):
    """Take back the declaration of codes that the supplier declared missing by mistake."""

    guards: ClassVar[tuple[str, ...]] = ("rows",)
    kind: Literal["declare_valid"]
    variable: Variables = Field(description="variable, or a list of variables", examples=["Q12"])
    codes: Annotated[tuple[Code, ...], Field(min_length=1)] = Field(description="the codes", examples=[[3]])


class RelabelCode(Action):
    """Give a code the label that it should have had; the crosswalk is compared with the new one."""

    guards: ClassVar[tuple[str, ...]] = ("rows", "label")
    kind: Literal["relabel_code"]
    variable: Variables = Field(description="variable, or a list of variables", examples=["Q12"])
    code: Code = Field(description="the code", examples=[2])
    label: Annotated[Label, Field(min_length=1)] = Field(description="its new label", examples=["Nee"])


class RelabelVariable(Action):
    """Give a variable the label that it should have had."""

    guards: ClassVar[tuple[str, ...]] = ("label",)
    kind: Literal["relabel_variable"]
    variable: VariableName = Field(description="the variable", examples=["Q12"])
    label: Annotated[Label, Field(min_length=1)] = Field(
        description="its new label", examples=["Bedreigd in de afgelopen 12 maanden"]
    )


ACTIONS: dict[str, type[Action]] = {
    "set_value": SetValue,
    "recode": Recode,
    "multiply": Multiply,
    "swap": Swap,
    "drop_rows": DropRows,
    "rename": Rename,
    "declare_missing": DeclareMissing,
    "declare_valid": DeclareValid,
    "relabel_code": RelabelCode,
    "relabel_variable": RelabelVariable,
}


class Expect(_Part):
    """What must be true before the correction; when it is not, the file is another one than was decided on."""

    rows: Count | None = Field(
        None,
        description="number of rows that it is about: those that match and, where the action names codes, "
        "hold one of them",
        examples=[37],
    )
    before: Codes | dict[CodeOrNone, Count] | None = Field(
        None,
        description="the codes that these rows hold in the variable, no more and no fewer; or each code with "
        "its number of rows",
        examples=[{"1": 20, "2": 17}],
    )
    label: Label | None = Field(
        None, description="present label of the variable or code; `''` when it has none", examples=["Ja"]
    )

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the guards that the record has."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)


class Correction(_Part):
    """One known error and what is done about it."""

    id: Identifier = Field(
        description="name of the correction, once in the file", examples=["physical_swapped"]
    )
    file_id: Identifier = Field(
        description="the file, as `delivery.yml` calls it", examples=["office_holders"]
    )
    versions: Annotated[tuple[Version, ...], Field(min_length=1)] = Field(
        description="versions of the file that have the error; a redelivery without it is another version",
        examples=[[1]],
    )
    match: tuple[Condition, ...] = Field(
        (), description="conditions that a row must all meet; every row when left out"
    )
    action: Any = Field(description="what is done: one of the kinds below")
    reason: Text = Field(description="why; published", examples=["Ja en nee zijn bij deze vraag verwisseld"])
    source: Text | None = Field(
        None,
        description="where that is known from; published",
        examples=["mail van het bureau, 4 november 2016"],
    )
    contact: Text | None = Field(None, description="whom to ask about it", examples=["monitor@example.org"])
    status: Literal["proposed", "accepted"] = Field(
        description="only what is accepted counts", examples=["accepted"]
    )
    decided_by: Text | None = Field(
        None, description="who accepted it; required once accepted", examples=["data-engineering"]
    )
    decided_on: Day | None = Field(
        None, description="on which day; required once accepted", examples=["2016-11-07"]
    )
    expect: Expect = Field(description="guards, at least one")

    @property
    def variables(self) -> tuple[str, ...]:
        """What the action is about, under the names that the file has; none: rows."""
        named = getattr(self.action, "variable", None) or getattr(self.action, "variables", ())
        return (named,) if isinstance(named, str) else tuple(named)

    @property
    def is_accepted(self) -> bool:
        return self.status == "accepted"
