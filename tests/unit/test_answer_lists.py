"""Answer lists then and now: an answer more or fewer is told from another spelling."""

from __future__ import annotations

import pytest

from orchestration.registry.proposals.answer_lists import Listed, Lists, side_by_side, table

THEN = [
    Listed("1", "Minder ernstig", "minder"),
    Listed("2", "Ernstig", "ernstig"),
    Listed("3", "Zeer ernstig", "zeer"),
]


def against(*now: tuple[str, str, str]) -> Lists:
    return side_by_side("vi_2024 S14", THEN, [Listed(*one) for one in now])


def test_other_spelling_other_codes_and_another_order_are_the_same_list():
    lists = against(
        ("7", "ZEER ERNSTIG", "zeer"), ("8", "een beetje ernstig", "minder"), ("9", "ernstig.", "ernstig")
    )
    assert not lists.is_other
    assert [then.label for then, _ in lists.pairs] == ["Zeer ernstig", "Minder ernstig", "Ernstig"]


@pytest.mark.parametrize("code", ["minder", ""], ids=["merged into an old code", "that nobody has mapped"])
def test_an_answer_more_stands_alone(code: str):
    lists = against(("1", "Niet ernstig", code), ("2", "Minder ernstig", "minder"), *ERNSTIG_AND_ZEER)
    assert [answer.label for answer in lists.more] == ["Niet ernstig"]
    assert lists.fewer == []
    assert table(lists) == [
        "answers of vi_2024 S14  now",
        f"-                       1 'Niet ernstig' → {code or '?'}",
        "1 'Minder ernstig'      2 'Minder ernstig' → minder",
        "2 'Ernstig'             3 'Ernstig' → ernstig",
        "3 'Zeer ernstig'        4 'Zeer ernstig' → zeer",
    ]


ERNSTIG_AND_ZEER = (("3", "Ernstig", "ernstig"), ("4", "Zeer ernstig", "zeer"))


def test_an_answer_fewer_stands_alone():
    lists = against(*ERNSTIG_AND_ZEER)
    assert ([answer.label for answer in lists.fewer], lists.more) == (["Minder ernstig"], [])
    assert table(lists)[-1] == "1 'Minder ernstig'      -"
