"""Problems that every reader can meet, worded in one place."""

from __future__ import annotations

from pathlib import Path

from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem


def unreadable(path: Path, kind: str, message: str, remedy: str) -> DeliveryProblems:
    """A file that cannot be read: exit code 2."""
    return DeliveryProblems([Problem(kind, message, remedy, WRONG_USE_OR_UNREADABLE, file=path.name)])


def truncated(path: Path, message: str) -> DeliveryProblems:
    return unreadable(
        path,
        "truncated_file",
        message,
        "ask the supplier for the whole file and compare its size and hash with theirs",
    )


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises ``DeliveryProblems`` when it is absent, not a file, or cannot be opened."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise unreadable(
            path,
            "missing_file",
            "the file is not there",
            "put it back as it was received, or take it off the manifest",
        ) from None
    except OSError as error:
        raise unreadable(
            path, "unreadable_file", f"cannot be opened: {error.strerror}", "make it a readable file"
        ) from None


def decode(path: Path, data: bytes, encoding: str | None) -> tuple[str, str]:
    """Text of a file and the name of its encoding; UTF-8, with or without a mark, unless another is named."""
    name = encoding or "utf-8-sig"
    try:
        return data.decode(name), encoding or "utf-8"
    except UnicodeError as error:
        at = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise unreadable(
            path,
            "wrong_encoding",
            f"is not {encoding or 'UTF-8'}{at}",
            "name its encoding in delivery.yml (`encoding: cp1252` is the usual one)",
        ) from None


def check_header(path: Path, header: list[str]) -> list[Problem]:
    """Column names must be there, and differ in more than upper and lower case."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for position, name in enumerate(header, start=1):
        if not name.strip():
            problems.append(
                Problem(
                    "unnamed_column",
                    f"column {position} has no name",
                    "name it in the file, or remove the column",
                    file=path.name,
                )
            )
        elif name.casefold() in seen:
            problems.append(
                Problem(
                    "duplicate_column",
                    f"column {position} is called '{name}', and there is "
                    f"'{seen[name.casefold()]}' already; upper and lower case do not tell columns apart",
                    "rename one of the two",
                    file=path.name,
                    variable=name,
                )
            )
        elif name.startswith("_row") or name.startswith("_respondent"):
            problems.append(
                Problem(
                    "reserved_column",
                    "this name is used by landing itself",
                    "rename the column",
                    file=path.name,
                    variable=name,
                )
            )
        seen.setdefault(name.casefold(), name)
    return problems
