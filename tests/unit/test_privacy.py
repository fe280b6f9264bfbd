"""Privacy at the door: the key, the pseudonyms, and e-mail addresses in text."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from orchestration.deliveries.privacy import KEY_VARIABLE, PseudonymKey, find_emails, load_key
from orchestration.deliveries.problems import DeliveryProblems

KEY = PseudonymKey(bytes(range(32)))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path):
    first = load_key(tmp_path, {})
    path = tmp_path / "privacy" / "pseudonym.key"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert load_key(tmp_path, {}) == first
    assert load_key(tmp_path / "other", {}) != first
    assert len(first.secret) == 32


def test_a_key_can_be_given(tmp_path: Path):
    given = tmp_path / "given.key"
    given.write_text("ab" * 32 + "\n")
    given.chmod(0o644)  # as a secret store mounts it
    key = load_key(tmp_path, {KEY_VARIABLE: str(given)})
    assert key.secret == b"\xab" * 32
    assert not (tmp_path / "privacy").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "too short"), (b"ab" * 8, "too short"), (b"not a key", "hexadecimal"), (b"\xff", "hex")],
)
def test_keys_that_are_none(tmp_path: Path, content: bytes, said: str):
    given = tmp_path / "given.key"
    given.write_bytes(content)
    with pytest.raises(DeliveryProblems) as caught:
        load_key(tmp_path, {KEY_VARIABLE: str(given)})
    assert caught.value.exit_code == 2
    assert said in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_an_absent_key_is_not_replaced_by_another(tmp_path: Path):
    with pytest.raises(DeliveryProblems):
        load_key(tmp_path, {KEY_VARIABLE: str(tmp_path / "absent.key")})
    assert not (tmp_path / "privacy").exists()


def test_our_own_key_must_not_be_readable_by_others(tmp_path: Path):
    load_key(tmp_path, {})
    (tmp_path / "privacy" / "pseudonym.key").chmod(0o644)
    with pytest.raises(DeliveryProblems, match="can be read by others"):
        load_key(tmp_path, {})


def test_pseudonyms_are_stable_apart_and_tell_nothing():
    one = KEY.pseudonyms("vi_2016", "ambtsdragers", ["1", "2", "1"])
    assert one == KEY.pseudonyms("vi_2016", "ambtsdragers", ["1", "2", "1"])
    assert (one[0] == one[2], one[0] == one[1]) == (True, False)
    assert all(len(value) == 32 and set(value) <= set("0123456789abcdef") for value in one)
    assert KEY.pseudonyms("vi_2018", "ambtsdragers", ["1"])[0] != one[0]
    assert KEY.pseudonyms("vi_2016", "ambtenaren", ["1"])[0] != one[0]
    assert PseudonymKey(bytes(32)).pseudonyms("vi_2016", "ambtsdragers", ["1"])[0] != one[0]


def test_neither_the_repr_nor_the_fingerprint_gives_the_key_away():
    assert KEY.secret.hex() not in repr(KEY)
    assert KEY.fingerprint != PseudonymKey(bytes(32)).fingerprint
    assert KEY.fingerprint not in KEY.secret.hex()


def test_emails_are_counted_and_not_shown():
    columns = {
        "MAIL": ["jan@voorbeeld.example", None, "zie piet.de.vries+1@sub.voorbeeld.nl of bel"],
        "NAAM": ["@jan", "a@b", "jan @ voorbeeld.nl", "3@5", None],
    }
    (problem,) = find_emails(columns, "a.sav", "vi_2016")
    assert (problem.kind, problem.variable, problem.exit_code) == ("email_address", "MAIL", 1)
    assert problem.message.startswith("2 answers")
    assert "voorbeeld" not in str(problem)
