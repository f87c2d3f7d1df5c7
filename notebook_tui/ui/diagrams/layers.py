"""Boxes in layers: each edge goes from a layer to the next, and few edges cross.

The way of Sugiyama, in its simplest form: edges that close a ring are turned round, layers are longest paths, an edge
over several layers passes through points of no size, neighbours are sorted by the middle of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

from beamlike.kernel.record import frozen
from notebook_tui.ui.diagrams.flowchart import Edge, Flowchart

_SWEEPS = 8


@frozen
class Piece:
    """A part of an edge, between neighbouring layers."""

    start: str
    end: str
    edge: Edge
    turned: bool
    """Whether the edge goes from `end` to `start`."""
    first: bool
    last: bool


@frozen
class Layers:
    layers: tuple[tuple[str, ...], ...]
    """Ids of nodes, and of points that edges pass through: these have a zero byte in them."""
    pieces: tuple[Piece, ...]


def layered(chart: Flowchart) -> Layers:
    """
    >>> from notebook_tui.ui.diagrams.flowchart import flowchart
    >>> layered(flowchart("graph TD; A-->B; A-->C; B-->D; C-->D")).layers
    (('A',), ('B', 'C'), ('D',))
    """
    edges = [edge for edge in chart.edges if edge.start != edge.end]
    turned = _turned([node.id for node in chart.nodes], edges)
    ways = [(e.end, e.start) if index in turned else (e.start, e.end) for index, e in enumerate(edges)]
    depth = _depths([node.id for node in chart.nodes], ways)
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in chart.nodes:
        layers[depth[node.id]].append(node.id)
    pieces = []
    for index, (edge, (start, end)) in enumerate(zip(edges, ways, strict=True)):
        stops = [start, *(f"{index}\0{at}" for at in range(depth[start] + 1, depth[end])), end]
        for at, point in enumerate(stops[1:-1], depth[start] + 1):
            layers[at].append(point)
        last = len(stops) - 2
        pieces += [
            Piece(stops[at], stops[at + 1], edge, index in turned, at == 0, at == last) for at in range(last + 1)
        ]
    _untangle(layers, pieces)
    return Layers(tuple(map(tuple, layers)), tuple(pieces))


def _turned(ids: Sequence[str], edges: Sequence[Edge]) -> set[int]:
    """The places of the edges that close a ring, seen from the first node on."""
    after: dict[str, list[int]] = {id: [] for id in ids}
    for index, edge in enumerate(edges):
        after[edge.start].append(index)
    found: set[int] = set()
    state: dict[str, int] = {}
    for root in ids:
        stack = [(root, iter(after[root]))] if root not in state else []
        state.setdefault(root, 1)
        while stack:
            id, rest = stack[-1]
            index = next(rest, -1)
            if index < 0:
                state[id] = 2
                stack.pop()
                continue
            end = edges[index].end
            if state.get(end) == 1:
                found.add(index)
            elif end not in state:
                state[end] = 1
                stack.append((end, iter(after[end])))
    return found


def _depths(ids: Sequence[str], ways: Sequence[tuple[str, str]]) -> dict[str, int]:
    depth = dict.fromkeys(ids, 0)
    for _ in ids:
        moved = False
        for start, end in ways:
            if depth[end] <= depth[start]:
                depth[end], moved = depth[start] + 1, True
        if not moved:
            break
    return depth


def _untangle(layers: list[list[str]], pieces: Sequence[Piece]) -> None:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for piece in pieces:
        before.setdefault(piece.end, []).append(piece.start)
        after.setdefault(piece.start, []).append(piece.end)
    best = [list(layer) for layer in layers]
    fewest = _crossings(layers, pieces)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        order = range(1, len(layers)) if down else range(len(layers) - 2, -1, -1)
        for at in order:
            beside = {id: place for place, id in enumerate(layers[at - 1 if down else at + 1])}
            layers[at] = _by_neighbours(layers[at], before if down else after, beside)
        crossings = _crossings(layers, pieces)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _by_neighbours(layer: list[str], neighbours: dict[str, list[str]], place: dict[str, int]) -> list[str]:
    def middle(pair: tuple[int, str]) -> float:
        at, id = pair
        places = [place[each] for each in neighbours.get(id, ()) if each in place]
        return sum(places) / len(places) if places else at

    return [id for _, id in sorted(enumerate(layer), key=middle)]


def _crossings(layers: Sequence[Sequence[str]], pieces: Sequence[Piece]) -> int:
    place = {id: (depth, at) for depth, layer in enumerate(layers) for at, id in enumerate(layer)}
    ends = [(place[piece.start], place[piece.end][1]) for piece in pieces]
    return sum(
        first[0][0] == second[0][0] and (first[0][1] - second[0][1]) * (first[1] - second[1]) < 0
        for at, first in enumerate(ends)
        for second in ends[at + 1 :]
    )
