"""A flow chart drawn: boxes in layers, lines with corners between them.

All is reckoned along two axes, that in which the chart goes on (`along`) and the other (`aside`), so that one way
serves charts which go down and charts which go to the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.cells import cell_len

from notebook_tui.ui.diagrams.flowchart import Flowchart, Node
from notebook_tui.ui.diagrams.layers import Layers, Piece, layered
from notebook_tui.ui.diagrams.sheet import Sheet

_CORNERS = {"{": "╱╲╲╱", "(": "╭╮╰╯", "((": "╭╮╰╯", "([": "╭╮╰╯", "{{": "╱╲╲╱"}
_HEADS = {(False, False): "▼", (False, True): "▲", (True, False): "▶", (True, True): "◀"}
_PASSES = 12
Tracks: TypeAlias = dict[tuple[str, bool], int]
"""By the id of a node, and whether the edges go back."""


@dataclass
class _Spot:
    """Where a box is: its place and size along both axes."""

    along: int = 0
    aside: int = 0
    length: int = 1
    breadth: int = 1

    @property
    def middle(self) -> int:
        return self.aside + self.breadth // 2


def flowchart_rows(chart: Flowchart) -> list[str] | None:
    """None where labels would lie on each other.

    >>> from notebook_tui.ui.diagrams.flowchart import flowchart
    >>> print("\\n".join(flowchart_rows(flowchart("graph LR; A-->B"))))
    ┌───┐   ┌───┐
    │ A ├──▶│ B │
    └───┘   └───┘
    """
    layers = layered(chart)
    nodes = {node.id: node for node in chart.nodes}
    loops = {edge.start for edge in chart.edges if edge.start == edge.end}
    spots = {id: _size(nodes.get(id), id in loops, chart.across) for layer in layers.layers for id in layer}
    _place_aside(layers, spots, 1 if chart.across else 3)
    tracks = _place_along(layers, spots, chart.across)
    drawing = _Drawing(chart.across, chart.backwards, spots)
    for piece in layers.pieces:
        drawing.edge(piece, tracks)
    for layer in layers.layers:
        for id in layer:
            drawing.node(id, nodes.get(id), id in loops)
    for piece in layers.pieces:
        drawing.ends(piece)
    return None if drawing.crowded else drawing.sheet.rows()


def has_rings(chart: Flowchart) -> bool:
    """Whether some edge goes back."""
    return any(piece.turned for piece in layered(chart).pieces)


def _texts(node: Node, loop: bool) -> list[str]:
    return [*node.lines[:-1], node.lines[-1] + " ↻"] if loop else list(node.lines)


def _size(node: Node | None, loop: bool, across: bool) -> _Spot:
    if node is None:
        return _Spot()
    texts = _texts(node, loop)
    width, height = max(map(cell_len, texts)) + 4, len(texts) + 2
    return _Spot(length=width, breadth=height) if across else _Spot(length=height, breadth=width)


def _place_aside(layers: Layers, spots: dict[str, _Spot], gap: int) -> None:
    """Beside each other in their order, each as near as can be to the middle of its neighbours."""
    neighbours: dict[str, list[str]] = {}
    for piece in layers.pieces:
        neighbours.setdefault(piece.start, []).append(piece.end)
        neighbours.setdefault(piece.end, []).append(piece.start)
    for layer in layers.layers:
        _pack(layer, spots, [0] * len(layer), gap)
    for turn in range(_PASSES):
        for layer in layers.layers if turn % 2 == 0 else reversed(layers.layers):
            wanted = [_wanted(id, neighbours, spots) for id in layer]
            _pack(layer, spots, wanted, gap)
    left = min(spot.aside for spot in spots.values())
    for spot in spots.values():
        spot.aside -= left


def _wanted(id: str, neighbours: dict[str, list[str]], spots: dict[str, _Spot]) -> int:
    middles = sorted(spots[each].middle for each in neighbours.get(id, ()))
    if not middles:
        return spots[id].aside
    half = len(middles) // 2
    middle = middles[half] if len(middles) % 2 else (middles[half - 1] + middles[half]) // 2
    return middle - spots[id].breadth // 2


def _pack(layer: Sequence[str], spots: dict[str, _Spot], wanted: Sequence[int], gap: int) -> None:
    """At the wanted places, but that none lies on another: those in each other's way share the difference."""
    groups: list[tuple[list[int], float]] = []
    for at in range(len(layer)):
        members, start = [at], float(wanted[at])
        while groups and groups[-1][1] + _extent(groups[-1][0], layer, spots, gap) > start:
            before, before_start = groups.pop()
            shift = _extent(before, layer, spots, gap)
            start = (before_start * len(before) + (start - shift) * len(members)) / (len(before) + len(members))
            members = [*before, *members]
        groups.append((members, start))
    for members, start in groups:
        at_aside = round(start)
        for at in members:
            spots[layer[at]].aside = at_aside
            at_aside += spots[layer[at]].breadth + gap


def _extent(members: Sequence[int], layer: Sequence[str], spots: dict[str, _Spot], gap: int) -> float:
    return sum(spots[layer[at]].breadth + gap for at in members)


def _port(spot: _Spot, turned: bool, across: bool) -> int:
    """Where an edge leaves a box or comes to it. One that goes back does so beside those that go on."""
    if not turned or across or spot.breadth == 1:
        return spot.middle
    return spot.middle + min(2, spot.breadth - 2 - spot.breadth // 2)


def _place_along(layers: Layers, spots: dict[str, _Spot], across: bool) -> Tracks:
    """One layer after the other; returns on which row (or column) the edges that leave a node turn aside."""
    depth = {id: at for at, layer in enumerate(layers.layers) for id in layer}
    tracks: Tracks = {}
    step = 2 if across else 1
    reached = 0
    for at, layer in enumerate(layers.layers):
        longest = max(spots[id].length for id in layer)
        for id in layer:
            # A point is a line through the whole layer.
            spots[id].along = reached
            spots[id].length = longest if "\0" in id else spots[id].length
        leaving = [piece for piece in layers.pieces if depth[piece.start] == at]
        used = _tracks(leaving, spots, across)
        tracks |= {start: reached + longest + (track + 1) * step - across for start, track in used.items()}
        labels = [cell_len(piece.edge.label) for piece in leaving if piece.last and piece.edge.label]
        room = (max(labels, default=-1) + 2) if across else (1 if labels else 0)
        reached += longest + 1 + (max(used.values(), default=-1) + 1) * step + room + 1
    return tracks


def _tracks(leaving: Sequence[Piece], spots: dict[str, _Spot], across: bool) -> Tracks:
    """For each node the number of the track that its edges turn on; -1 where they go straight on."""
    spans: dict[tuple[str, bool], tuple[int, int]] = {}
    for piece in leaving:
        key = piece.start, piece.turned
        ends = [_port(spots[id], piece.turned, across) for id in (piece.start, piece.end)]
        middles = [*ends, *spans.get(key, ())]
        spans[key] = min(middles), max(middles)
    taken: list[list[tuple[int, int]]] = []
    found: Tracks = {}
    for start, (low, high) in sorted(spans.items(), key=lambda pair: (pair[1][0] - pair[1][1], pair[1])):
        if low == high:
            found[start] = -1
            continue
        free = (
            track
            for track, others in enumerate(taken)
            if all(high < other_low - 1 or low > other_high + 1 for other_low, other_high in others)
        )
        found[start] = next(free, len(taken))
        if found[start] == len(taken):
            taken.append([])
        taken[found[start]].append((low, high))
    return found


class _Drawing:
    def __init__(self, across: bool, backwards: bool, spots: dict[str, _Spot]) -> None:
        self.sheet = Sheet()
        self._across = across
        self._backwards = backwards
        self._spots = spots
        self._end = max(spot.along + spot.length for spot in spots.values()) - 1
        self.crowded = False
        """Whether a label lies on something else."""

    def edge(self, piece: Piece, tracks: Tracks) -> None:
        start, end = self._spots[piece.start], self._spots[piece.end]
        leaves, comes = self._ports_of(piece)
        track = tracks[piece.start, piece.turned]
        after, before = start.along + start.length - 1, end.along
        dotted = piece.edge.dotted
        self._line(after, leaves, track, leaves, dotted)
        self._line(track, leaves, track, comes, dotted)
        self._line(track, comes, before, comes, dotted)
        if "\0" in piece.end:
            self._line(before, comes, before + end.length - 1, comes, dotted)

    def ends(self, piece: Piece) -> None:
        """The heads of an edge, where it opens the borders of boxes, and its label."""
        start, end = self._spots[piece.start], self._spots[piece.end]
        leaves, comes = self._ports_of(piece)
        first, last = (piece.edge.head, piece.edge.tail) if piece.turned else (piece.edge.tail, piece.edge.head)
        if "\0" not in piece.start:
            self._open(start.along + start.length, leaves, first, not self._backwards, start.along + start.length - 1)
        if "\0" not in piece.end:
            self._open(end.along - 1, comes, last, self._backwards, end.along)
        if piece.last and (label := piece.edge.label):
            length = cell_len(label)
            along = end.along - 2 - (length if self._across else 0)
            aside = comes if self._across else comes - length // 2
            self._label(along + (length - 1 if self._across and self._backwards else 0), aside, label)

    def _open(self, along: int, aside: int, head: bool, towards: bool, border: int) -> None:
        if head:
            self._write(along, aside, _HEADS[self._across, towards])
        else:
            before = ("├┤" if self._across else "┬┴")[along < border]
            after = ("┤├" if self._across else "┴┬")[along < border]
            self._write(border, aside, after if self._backwards else before)

    def _label(self, along: int, aside: int, label: str) -> None:
        x, y = self._xy(along, aside)
        self.crowded |= not all(self.sheet.is_free_at(at, y) for at in range(x - 1, x + cell_len(label) + 1))
        self.sheet.write(x, y, label)

    def _ports_of(self, piece: Piece) -> tuple[int, int]:
        start, end = self._spots[piece.start], self._spots[piece.end]
        return _port(start, piece.turned, self._across), _port(end, piece.turned, self._across)

    def node(self, id: str, node: Node | None, loop: bool) -> None:
        if node is None:
            return
        spot, texts = self._spots[id], _texts(node, loop)
        width, height = (spot.length, spot.breadth) if self._across else (spot.breadth, spot.length)
        x, y = self._xy(spot.along + (spot.length - 1 if self._backwards else 0), spot.aside)
        corners = _CORNERS.get(node.shape, "┌┐└┘")
        rows = [corners[0] + "─" * (width - 2) + corners[1]]
        rows += [f"│ {text}{' ' * (width - 4 - cell_len(text))} │" for text in texts]
        rows += [corners[2] + "─" * (width - 2) + corners[3]]
        for below, row in enumerate(rows[:height]):
            self.sheet.write(x, y + below, row)

    def _line(self, along: int, aside: int, to_along: int, to_aside: int, dotted: bool) -> None:
        if (along, aside) != (to_along, to_aside):
            self.sheet.line(*self._xy(along, aside), *self._xy(to_along, to_aside), dotted)

    def _write(self, along: int, aside: int, text: str) -> None:
        self.sheet.write(*self._xy(along, aside), text)

    def _xy(self, along: int, aside: int) -> tuple[int, int]:
        along = self._end - along if self._backwards else along
        return (along, aside) if self._across else (aside, along)
