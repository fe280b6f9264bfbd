"""Text of a workbook as it was written: the format writes signs that XML has no room for as ``_x000D_``."""

from __future__ import annotations

import re
from typing import Any

ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
NUL = "0000"


def shared_texts(source: Any) -> list[str]:
    """The texts that cells share, still escaped; openpyxl's own way takes ``x005F_`` out of them wherever it
    stands, so that a written ``_x000D_`` and the sign that it stands for become one and the same."""
    from openpyxl.cell.text import Text
    from openpyxl.xml.constants import SHEET_MAIN_NS
    from openpyxl.xml.functions import iterparse

    found = []
    for _, node in iterparse(source):
        if node.tag == f"{{{SHEET_MAIN_NS}}}si":
            found.append(Text.from_tree(node).content)
            node.clear()
    return found


def unescaped(text: str) -> str:
    """``a_x000D_b`` with a carriage return, ``_x005F_x000D_`` as ``_x000D_``; no text has a NUL."""
    if "_x" not in text:
        return text
    plain = ESCAPED.sub(lambda found: found[0] if found[1] == NUL else chr(int(found[1], 16)), text)
    # A sign beyond the first plane is written as two halves; half a sign is none.
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
