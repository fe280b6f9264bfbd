"""Text of a .por as PSPP 1.6 shows it: a text that is shorter than its variable is followed by what an earlier,
longer one left in PSPP's buffer.

Which remains follow is determined by the file, so a cell can be judged all the same: it has to be our text, any
blanks that the file has behind it, and then exactly what stood in the buffer.
"""

from __future__ import annotations

from collections.abc import Sequence


class Remains:
    """PSPP's buffer, while the texts of a file come by in the order in which they stand there."""

    def __init__(self) -> None:
        self.buffer = ""

    def accounts_for(self, ours: str, theirs: str, width: int) -> bool:
        """Whether ``theirs`` is what PSPP shows of ``ours``; has to be asked of each text in turn."""
        shown = theirs.ljust(width)
        before = self.buffer.ljust(width)
        fits = any(
            shown == (ours.ljust(end) + before[end:width])[:width] for end in range(len(ours), width + 1)
        )
        # What was never written to holds whatever was in the memory.
        if not fits and len(self.buffer) < width:
            fits = any(
                shown[: len(self.buffer)] == (ours.ljust(end) + before[end:width])[: len(self.buffer)]
                and shown.startswith(ours)
                for end in range(len(ours), width + 1)
            )
        self.buffer = shown + self.buffer[width:]
        return fits


def differing_with_remains(
    ours: Sequence[Sequence[str | None]],
    theirs: Sequence[Sequence[str | None]],
    widths: Sequence[int],
    remains: Remains,
) -> list[list[int]]:
    """For each text column of a block the rows that differ; columns in the order of the file."""
    wrong: list[list[int]] = [[] for _ in ours]
    for row in range(len(ours[0]) if ours else 0):
        for place, width in enumerate(widths):
            mine, other = (column[place][row] for column in (ours, theirs))
            mine = mine if isinstance(mine, str) else ""
            if not remains.accounts_for(mine, other or "", width):
                wrong[place].append(row)
    return wrong
