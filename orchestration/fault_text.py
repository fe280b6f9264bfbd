"""What may be told of a fault that nobody foresaw: its kind and its place, and no value that it stumbled over.

The message of an exception repeats what could not be converted, found or compared, which may be somebody's answer.
"""

from __future__ import annotations

import re
import traceback

# These speak of SQL, files and configuration; every other kind may repeat what stood in a row.
_TELLABLE = frozenset(
    {
        "binder",
        "catalog",
        "compilation",
        "database",
        "dependency",
        "io",
        "parser",
        "parsing",
        "permission",
        "runtime",
        "syntax",
        "yamlparse",
    }
)
# Errors of DuckDB that say what is wrong before they come to the value; the words of others may be anything.
_WORDED = frozenset({"conversion", "constraint", "range"})
_KIND = re.compile(r"\b([A-Za-z]+(?: [A-Za-z]+){0,2}?) ?(?:Error|Exception)\b(?=[: ]|$)")
_CAST = re.compile(r"when casting from source column ([A-Za-z_][A-Za-z0-9_]*)\s*(?:\n|$)")
_VALUE = re.compile(r"[\"'`({\[:]|(?<![A-Za-z_])[0-9]")
WITHHELD = "(values are withheld)"


def without_values(message: str) -> str:
    """An error message of DuckDB or dbt without the values in it.

    Errors about SQL keep their text. Of one about data the kind stays, the words before the first value, and the
    column that was being cast.
    """
    for kind in _KIND.finditer(message):
        name = kind[1].split()[-1].casefold() if kind[1].casefold() not in _TELLABLE else kind[1].casefold()
        if name in _TELLABLE:
            continue
        told = message[: kind.end()]
        rest = message[kind.end() :].removeprefix(":")
        if name not in _WORDED or not kind[0].endswith(" Error"):
            return f"{told} {WITHHELD}"
        words = _VALUE.split(rest.splitlines()[0] if rest.strip() else "", maxsplit=1)[0].rstrip()
        cast = _CAST.search(rest)
        column = f" of column {cast[1]}" if cast else ""
        return f"{told}:{words}{column} {WITHHELD}" if words or column else f"{told} {WITHHELD}"
    return message


def place_of(fault: BaseException) -> str:
    """Kind of a fault, and the file and line of this program (or of a library) where it arose."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [frame for frame in frames if "orchestration" in frame.filename.replace("\\", "/").split("/")]
    last = (ours or list(frames))[-1:]
    at = "".join(f" at {_short(frame.filename)}:{frame.lineno}, in {frame.name}" for frame in last)
    return f"{type(fault).__name__}{at}"


def steps_to(fault: BaseException) -> str:
    """The traceback of a fault and of what caused it: files, lines and source, without any message."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = fault
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        steps = "".join(traceback.format_list(traceback.extract_tb(current.__traceback__)))
        parts.append(f"{steps}{type(current).__name__} {WITHHELD}\n")
        current = current.__cause__ or current.__context__
    return "\ncaused by:\n".join(parts)


def _short(filename: str) -> str:
    parts = filename.replace("\\", "/").split("/")
    return "/".join(parts[parts.index("orchestration") :] if "orchestration" in parts else parts[-2:])
