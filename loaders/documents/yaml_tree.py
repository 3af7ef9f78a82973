"""YAML 1.2 as a tree of nodes that know their line, every scalar the string that was written."""

import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cesergraph.sources import Refusal
from loaders.documents.expectations import expected


def compose(data: bytes) -> MappingNode | Refusal:
    """Return the mapping at the top of a YAML file, or why there is none.

    Anchors are refused: a record repeats nothing, and a few aliases can stand for billions of nodes.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return Refusal(line, "*", data[error.start : error.end].hex(), *expected("utf8"))
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        anchored = next((node for node in _nodes(root) if node.anchor), None)
    except RecursionError:
        return Refusal(1, "*", "", *expected("depth"))
    except YAMLError as error:
        return _syntax_fault(text, error)
    if anchored is not None:
        return Refusal(line_of(anchored), "*", f"&{anchored.anchor}", *expected("anchor"))
    if not isinstance(root, MappingNode):
        return Refusal(1, "*", "", *expected("record"))
    return root


def line_of(node: Node) -> int:
    """Return the line a node begins on."""
    return int(node.start_mark.line) + 1


def text_of(node: Node | None) -> str:
    """Return the text of a scalar, "" for anything else."""
    return str(node.value).strip() if isinstance(node, ScalarNode) else ""


def listed(node: Node) -> list[Node]:
    """Return the members of a list, or the one node that stands in its place."""
    return list(node.value) if isinstance(node, SequenceNode) else [node]


def fields_of(node: Node | None) -> dict[str, Node]:
    """Return the fields of a mapping, the first where one stands twice; none for anything else."""
    found: dict[str, Node] = {}
    if isinstance(node, MappingNode):
        for key, value in node.value:
            found.setdefault(text_of(key), value)
    return found


def _nodes(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    yield node
    for child in node.value if isinstance(node, SequenceNode) else ():
        yield from _nodes(child)
    for key, value in node.value if isinstance(node, MappingNode) else ():
        yield from _nodes(key)
        yield from _nodes(value)
        if isinstance(value, ScalarNode) and value.value == "":
            value.start_mark = min(value.start_mark, key.end_mark, key=lambda mark: mark.index)


def _syntax_fault(text: str, error: YAMLError) -> Refusal:
    lines = text.splitlines() or [""]
    tab = next((number for number, line in enumerate(lines, start=1) if re.match(r" *\t", line)), None)
    if tab is not None:
        return Refusal(tab, "*", lines[tab - 1].strip(), *expected("tab"))
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    number = min(mark.line, len(lines) - 1) if mark else 0
    problem = f" ({error.problem})" if isinstance(error, MarkedYAMLError) else ""
    return Refusal(number + 1, "*", lines[number].strip(), *expected("yaml", problem=problem))
