"""Reading a manifest's YAML: safe types only, no aliases, no key twice, and the line of every field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

MOST_BYTES = 1_000_000
"""A manifest is some hundred lines; a file beyond this size is something else."""

MOST_DEPTH = 16
"""A manifest has five levels: files, a file, response, a row of it, its fields."""
MOST_NODES = 20_000
LONGEST_SCALAR = 10_000
"""Characters; PyYAML takes time by the square of their number for some numbers (`1:2:3:…` is one, in base 60)."""

WRONG_VALUE = (ValueError, LookupError, AttributeError, ArithmeticError, TypeError, RecursionError)
"""What PyYAML lets through when a tagged value is none of its kind: `!!int ''`, `!!bool x`, `!!timestamp x`."""


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader with bounds, and without anchors, aliases and merge keys: a manifest never needs them, and bombs are
    made of them."""

    depth = nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        self.depth, self.nodes = self.depth + 1, self.nodes + 1
        wrong = ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            wrong = "anchors and aliases are not allowed: write the fields out"
        elif isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
            wrong = "merge keys (`<<`) are not allowed: write the fields out"
        elif self.depth > MOST_DEPTH:
            wrong = f"nested more than {MOST_DEPTH} deep"
        elif self.nodes > MOST_NODES:
            wrong = f"has more than {MOST_NODES} values"
        elif len(getattr(event, "value", "")) > LONGEST_SCALAR:
            wrong = f"has a value of more than {LONGEST_SCALAR} characters"
        if wrong:
            raise yaml.MarkedYAMLError(problem=wrong, problem_mark=event.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


@dataclass(frozen=True)
class YamlDocument:
    """A parsed document: its ``data`` and where each of its fields stands."""

    data: Any
    root: yaml.Node | None
    duplicate_keys: list[tuple[str, int]]
    """(field, line) of each key that stands twice in one mapping."""

    def line(self, location: Sequence[str | int]) -> int:
        """Line (from 1) of the field at ``location``, or of the nearest thing around it that exists."""
        node, line = self.root, 1
        for step in location:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == str(step)), None)
                if found is None:
                    return line
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line
        return line


class YamlFault(Exception):
    """The text is not the kind of YAML that is accepted; says what and, when known, on which line."""


def parse_yaml(text: str) -> YamlDocument:
    """Parse one YAML document. Raises ``YamlFault``; duplicate keys are returned, not raised."""
    if len(text) > MOST_BYTES:
        raise YamlFault(f"larger than {MOST_BYTES} bytes")
    try:
        root, data = _composed(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlFault(f"line {line}: holds a character that is no text") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise YamlFault(f"{line}{error.problem or error.context}") from None
    except (yaml.YAMLError, *WRONG_VALUE) as error:
        raise YamlFault(str(error).splitlines()[0] if str(error) else type(error).__name__) from None
    return YamlDocument(data, root, _duplicates(root, ""))


def _composed(text: str) -> tuple[yaml.Node | None, Any]:
    loader = _StrictLoader(text)
    try:
        root = loader.get_single_node()
        return root, loader.construct_document(root) if root is not None else None
    finally:
        loader.dispose()


def _duplicates(node: yaml.Node | None, path: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, value in node.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            keys: set[Any] = {str(key.value)}
            if isinstance(key, yaml.ScalarNode):
                # 1, 01, 1.0 and yes are one key of a mapping, and the last of them would count without a word.
                keys.add(yaml.constructor.SafeConstructor().construct_object(key))
            if keys & seen:
                found.append((name, key.start_mark.line + 1))
            seen |= keys
            found += _duplicates(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found += _duplicates(value, f"{path}[{index}]")
    return found
