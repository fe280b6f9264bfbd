"""Who read answers of respondents, when and what for: one JSON line for each reading, only ever appended."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.deliveries.private_files import private_folder, private_home
from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem

LOG_NAME = "access.jsonl"
SHOWN = f"privacy/{LOG_NAME}"


@dataclass(frozen=True)
class Access:
    """One reading. ``waves`` is empty for all of landing; ``tables`` are those of landing, or ``raw``."""

    time: str
    user: str
    command: str
    purpose: str
    waves: tuple[str, ...]
    tables: tuple[str, ...]


def record_access(home: Path, purpose: str, waves: Iterable[str], tables: Iterable[str]) -> None:
    """Append one line to ``<home>/privacy/access.jsonl`` (0600).

    To be called before the reading. Raises ``DeliveryProblems`` (exit code 2) when it cannot be written: what is
    not logged is not read.
    """
    access = Access(
        dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        _user(),
        _command(),
        purpose,
        tuple(sorted(set(waves))),
        tuple(tables),
    )
    line = json.dumps(asdict(access), ensure_ascii=False) + "\n"
    path = home / "privacy" / LOG_NAME
    try:
        private_home(home)
        private_folder(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            os.fchmod(handle, 0o600)
            # One write: lines of two processes do not run through each other.
            os.write(handle, line.encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise _problem(f"cannot be written: {error.strerror}; nothing was read") from None


def record_raw_reading(home: Path, purpose: str, waves: Iterable[str]) -> None:
    """The same for a command that reads deliveries and lands nothing.

    Where nothing has landed yet there is no log, and looking makes none.
    """
    if (home / "privacy").is_dir():
        record_access(home, purpose, waves, ("raw",))


def read_accesses(home: Path) -> tuple[list[Access], int]:
    """Every reading in the order of the file, and how many lines could not be understood.

    Raises ``DeliveryProblems`` (exit code 2) when the file cannot be read; without one there were no readings.
    """
    try:
        lines = (home / "privacy" / LOG_NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise _problem(f"cannot be read: {error.strerror}") from None
    accesses, damaged = [], 0
    for line in filter(str.strip, lines):
        try:
            row = json.loads(line)
            accesses.append(Access(**{**row, "waves": tuple(row["waves"]), "tables": tuple(row["tables"])}))
        except (ValueError, TypeError, KeyError):
            damaged += 1
    return accesses, damaged


def _user() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    behind = os.environ.get("SUDO_USER")
    return f"{name} (for {behind})" if behind and behind != name else name


def _command() -> str:
    """The program and its command; other arguments name files, which are nobody's business here."""
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    if program in ("cli.py", "peilstok"):
        program = "peilstok"
    command = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1].replace("-", "").isalpha() else ""
    return f"{program} {command}".strip()


def _problem(message: str) -> DeliveryProblems:
    return DeliveryProblems(
        [
            Problem(
                "access_log",
                message,
                "let the user who runs the program own it, with mode 0600",
                WRONG_USE_OR_UNREADABLE,
                file=SHOWN,
            )
        ]
    )
