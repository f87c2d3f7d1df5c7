"""Mermaid's flow charts, read: which boxes there are and what joins them. What is only looks is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from beamlike.kernel.record import frozen

_HEAD: Final = re.compile(r"(?:graph|flowchart)(?:\s+(TB|TD|BT|LR|RL))?\s*;?\s*(.*)", re.DOTALL)
_IGNORED: Final = re.compile(
    r"(?:%%|classDef|class|style|click|linkStyle|direction|subgraph|end|accTitle|accDescr)\b|%%"
)
_ID: Final = re.compile(r"\s*([\w.]+(?:-\w+)*)")
_SHAPES: Final = (
    *(("([", "])"), ("[[", "]]"), ("[(", ")]"), ("((", "))"), ("{{", "}}"), ("[/", "/]"), ("[\\", "\\]")),
    *(("[", "]"), ("(", ")"), ("{", "}"), (">", "]")),
)
_CLASS: Final = re.compile(r":::[\w-]+")
_ARROW: Final = re.compile(r"\s*(<|o|x)?(--+|-\.+-|==+)(>|o(?=\s)|x(?=\s))?")
_WORDS: Final = re.compile(
    r"\s*(<)?(--|-\.|==)\s*(?![->.=])((?:(?!--|==|\.-).)+?)\s*(--+|\.+-|==+)(>|o(?=\s)|x(?=\s))?"
)
_PIPED: Final = re.compile(r"\s*\|([^|]*)\|")
_BREAK: Final = re.compile(r"<br\s*/?>|\\n", re.IGNORECASE)
_WIDEST: Final = 28
MOST_NODES: Final = 40


@frozen
class Node:
    id: str
    lines: tuple[str, ...]
    shape: str = "["
    """How its box begins in Mermaid: `{` a decision, `(` a round one."""


@frozen
class Edge:
    start: str
    end: str
    label: str = ""
    dotted: bool = False
    head: bool = True
    tail: bool = False
    """Whether there is an arrow at its start, too."""


@frozen
class Flowchart:
    across: bool
    """Whether it goes from left to right and not from top to bottom."""
    backwards: bool
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class _Unknown(ValueError):
    """A line that is not understood."""


def flowchart(source: str) -> Flowchart | None:
    """None of what is no flow chart, or has something in it that is not known here.

    >>> chart = flowchart("graph LR\\n A[Start] -->|yes| B{ok?}")
    >>> chart.across, chart.nodes[1].lines, chart.edges[0].label
    (True, ('ok?',), 'yes')
    """
    head = _HEAD.fullmatch(source.strip())
    if head is None:
        return None
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    try:
        for statement in _statements(head[2]):
            edges += _read(statement, nodes)
    except _Unknown:
        return None
    if not nodes or len(nodes) > MOST_NODES:
        return None
    direction = head[1] or "TB"
    return Flowchart(direction in ("LR", "RL"), direction in ("BT", "RL"), tuple(nodes.values()), tuple(edges))


def _statements(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        for part in line.split(";") if '"' not in line else (line.strip().removesuffix(";"),):
            if (statement := part.strip()) and not _IGNORED.match(statement):
                yield statement


def _read(statement: str, nodes: dict[str, Node]) -> Iterator[Edge]:
    """A chain of groups of nodes, with an arrow between each two."""
    sources, at = _group(statement, 0, nodes)
    while at < len(statement):
        arrow, at = _arrow(statement, at)
        targets, at = _group(statement, at, nodes)
        for source in sources:
            for target in targets:
                yield Edge(source, target, *arrow)
        sources = targets


def _group(statement: str, at: int, nodes: dict[str, Node]) -> tuple[list[str], int]:
    ids = []
    while True:
        id, at = _node(statement, at, nodes)
        ids.append(id)
        rest = statement[at:].lstrip()
        if not rest.startswith("&"):
            return ids, len(statement) - len(rest)
        at = len(statement) - len(rest) + 1


def _node(statement: str, at: int, nodes: dict[str, Node]) -> tuple[str, int]:
    found = _ID.match(statement, at)
    if found is None:
        raise _Unknown(statement)
    id, at = found[1], found.end()
    for begin, end in _SHAPES:
        if statement.startswith(begin, at):
            label, at = _label(statement, at + len(begin), end)
            nodes[id] = Node(id, _lines(label), begin)
            break
    else:
        nodes.setdefault(id, Node(id, (id,)))
    if style := _CLASS.match(statement, at):
        at = style.end()
    return id, at


def _label(statement: str, at: int, end: str) -> tuple[str, int]:
    if statement.startswith('"', at):
        closing = statement.find('"' + end, at + 1)
        if closing < 0:
            raise _Unknown(statement)
        return statement[at + 1 : closing], closing + 1 + len(end)
    closing = statement.find(end, at)
    if closing < 0:
        raise _Unknown(statement)
    return statement[at:closing], closing + len(end)


def _arrow(statement: str, at: int) -> tuple[tuple[str, bool, bool, bool], int]:
    """Label, whether dotted, heads; and where it ends."""
    if words := _WORDS.match(statement, at):
        return (_plain(words[3]), words[2] == "-.", words[5] is not None, words[1] == "<"), words.end()
    found = _ARROW.match(statement, at)
    if found is None:
        raise _Unknown(statement)
    label, end = "", found.end()
    if piped := _PIPED.match(statement, end):
        label, end = piped[1], piped.end()
    return (_plain(label), "." in found[2], found[3] is not None, found[1] == "<"), end


def _lines(label: str) -> tuple[str, ...]:
    lines = [piece for line in _BREAK.split(label) for piece in wrap(_plain(line), _WIDEST) or [""]]
    return tuple(lines)


def _plain(text: str) -> str:
    return " ".join(_BREAK.sub(" ", text).strip().strip('"`').replace("**", "").split())
