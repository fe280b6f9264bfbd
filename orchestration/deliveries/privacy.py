"""Privacy at the door: keyed pseudonyms for respondents."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.deliveries.private_files import private_folder, private_home
from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem

KEY_VARIABLE = "PEILSTOK_PSEUDONYM_KEY_FILE"
KEY_BYTES = 32
PSEUDONYM_CHARACTERS = 32
"""128 bits of the HMAC: no two respondents share one by chance."""
EMAIL = re.compile(
    r"(?<![\w.%+-])([\w.%+'-]{1,64})(?:@|\s?[(\[]at[)\]]\s?)((?:[\w-]{1,63}\.)+[^\W\d_]{2,24})(?![\w-])"
)


@dataclass(frozen=True)
class PseudonymKey:
    """The secret that turns a respondent id into a pseudonym, and a fingerprint that may be shown."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without giving one away."""
        return hmac.digest(self.secret, b"peilstok key fingerprint", "sha256").hex()[:16]

    def pseudonyms(self, wave_id: str, file_id: str, ids: Iterable[str]) -> list[str]:
        """One pseudonym per respondent id; the same id in another wave or file gets another one."""
        scope = f"{wave_id}\x1f{file_id}\x1f"
        return [self._pseudonym(scope, value) for value in ids]

    def panel_pseudonyms(self, panel: str | None, ids: Iterable[str | None]) -> list[str | None]:
        """One pseudonym per member of the panel, the same in each wave and file; ``None`` stays ``None``."""
        scope = f"panel\x1f{panel}\x1f"
        return [None if value is None else self._pseudonym(scope, value) for value in ids]

    def _pseudonym(self, scope: str, value: str) -> str:
        return hmac.digest(self.secret, f"{scope}{value}".encode(), "sha256").hex()[:PSEUDONYM_CHARACTERS]


def load_key(home: Path, environ: Mapping[str, str] | None = None) -> PseudonymKey:
    """The key of this warehouse: the file that ``PEILSTOK_PSEUDONYM_KEY_FILE`` names, or else
    ``<home>/privacy/pseudonym.key``, which is made on first use for its owner alone.

    A key file holds 64 or more hexadecimal digits. Raises ``DeliveryProblems`` (exit code 2).
    """
    env = os.environ if environ is None else environ
    if given := env.get(KEY_VARIABLE):
        return _read_key(Path(given).expanduser(), f"the file named by {KEY_VARIABLE}", is_own=False)
    path = home / "privacy" / "pseudonym.key"
    if not path.exists():
        _make_key(path)
    return _read_key(path, "privacy/pseudonym.key", is_own=True)


def _make_key(path: Path) -> None:
    private_home(path.parent.parent)
    private_folder(path.parent)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was first; its key is as good
    try:
        os.write(handle, secrets.token_hex(KEY_BYTES).encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_key(path: Path, shown: str, is_own: bool) -> PseudonymKey:
    def refuse(message: str, remedy: str) -> DeliveryProblems:
        return DeliveryProblems(
            [Problem("pseudonym_key", message, remedy, WRONG_USE_OR_UNREADABLE, file=shown)]
        )

    try:
        text = path.read_bytes().decode("ascii").strip()
        secret = bytes.fromhex(text)
    except OSError as error:
        raise refuse(
            f"cannot be read: {error.strerror}", "give the program a key file that it can read"
        ) from None
    except (UnicodeDecodeError, ValueError):
        raise refuse("is not a key: it must hold hexadecimal digits", "restore it from the backup") from None
    if len(secret) < KEY_BYTES:
        raise refuse(
            f"is too short: {len(secret)} bytes instead of {KEY_BYTES}",
            "restore it from the backup, or remove it to start with a new key (all pseudonyms change)",
        )
    # A given key may be mounted with the modes of a secret store; our own must be its owner's alone.
    if is_own and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise refuse("can be read by others", "chmod 600 it, and consider it known to who could read it")
    return PseudonymKey(secret)
