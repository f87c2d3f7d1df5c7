"""Mermaid's flow charts and sequence diagrams as boxes and lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_tui.ui.diagrams.boxes import flowchart_rows
from notebook_tui.ui.diagrams.flowchart import Edge, Flowchart, Node, flowchart
from notebook_tui.ui.diagrams.layers import layered
from notebook_tui.ui.diagrams.sequence import sequence_rows
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.markdown.diagrams import diagram_texts


def edges(source: str) -> list[tuple[str, str, str]]:
    chart = flowchart(source)
    assert chart is not None
    return [(edge.start, edge.end, edge.label) for edge in chart.edges]


def drawn(source: str) -> list[str]:
    chart = flowchart(source)
    assert chart is not None
    rows = flowchart_rows(chart)
    assert rows is not None
    return rows


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("A --> B", [("A", "B", "")]),
        ("A-->B-->C", [("A", "B", ""), ("B", "C", "")]),
        ("A & B --> C & D", [("A", "C", ""), ("A", "D", ""), ("B", "C", ""), ("B", "D", "")]),
        ("A -->|yes| B", [("A", "B", "yes")]),
        ("A -- no way --> B", [("A", "B", "no way")]),
        ("A -.-> B; B ==> C", [("A", "B", ""), ("B", "C", "")]),
        ("A -. maybe .-> B", [("A", "B", "maybe")]),
        ("A[one] --> B(two)\n%% said\nclassDef x fill:#f00", [("A", "B", "")]),
        ('A["a; b --> c"] --> B', [("A", "B", "")]),
        ("subgraph one\nA --- B\nend", [("A", "B", "")]),
        ("node-1 --> node-2", [("node-1", "node-2", "")]),
    ],
)
def test_what_joins_the_boxes_is_read(line: str, found: list[tuple[str, str, str]]) -> None:
    assert edges(f"graph TD\n{line}") == found


@pytest.mark.parametrize("source", ["", "pie", "graph TD\n???", "graph TD\nA[never closed", "graph TD", "gantt\nx"])
def test_what_is_not_understood_is_no_chart(source: str) -> None:
    assert flowchart(source) is None
    assert diagram_texts(source, 80, Palette()) is None


def test_a_chart_goes_down_and_its_labels_stand_at_the_arrows() -> None:
    assert drawn("graph TD\nA{ok?} -->|yes| B\nA -->|no| C[go on]") == [
        "    ╱─────╲",
        "    │ ok? │",
        "    ╲──┬──╱",
        "       │",
        "  ╭────┴────╮",
        " yes       no",
        "  ▼         ▼",
        "┌───┐   ┌───────┐",
        "│ B │   │ go on │",
        "└───┘   └───────┘",
    ]


def test_charts_go_the_other_ways_too() -> None:
    assert drawn("graph LR; A-->B")[1] == "│ A ├──▶│ B │"
    assert drawn("graph RL; A-->B")[1] == "│ B │◀──┤ A │"
    up = drawn("graph BT; A-->B")
    assert up[1] == "│ B │"
    assert up[-2] == "│ A │"
    assert "▲" in "".join(up)


def test_a_dotted_edge_is_dotted_and_one_without_a_head_has_none() -> None:
    assert "┄" in drawn("graph LR; A-.->B")[1]
    assert "▶" not in drawn("graph LR; A---B")[1]


def test_a_ring_is_closed_by_an_edge_that_goes_back() -> None:
    rows = drawn("graph TD; A-->B; B-->C; C-->A")
    assert sum(row.count("▲") for row in rows) == 1
    assert sum(row.count("▼") for row in rows) == 2
    assert "A ↻" in "\n".join(drawn("graph TD; A-->A"))


IDS = st.sampled_from("ABCDEFG")


@given(
    st.lists(st.tuples(IDS, IDS, st.sampled_from(["", "", "label"])), min_size=1, max_size=10),
    st.booleans(),
    st.booleans(),
)
@settings(deadline=None, max_examples=80)
def test_any_chart_shows_every_box_whole_and_no_layer_points_back(
    pairs: list[tuple[str, str, str]], across: bool, backwards: bool
) -> None:
    ids = sorted({id for start, end, _ in pairs for id in (start, end)})
    nodes = tuple(Node(id, (f"box {id}",)) for id in ids)
    chart = Flowchart(across, backwards, nodes, tuple(Edge(*pair) for pair in pairs))
    layers = layered(chart)
    depth = {id: at for at, layer in enumerate(layers.layers) for id in layer}
    assert all(depth[piece.end] == depth[piece.start] + 1 for piece in layers.pieces)
    rows = flowchart_rows(chart)
    if rows is not None:
        assert all("\n".join(rows).count(f" box {id} ") == 1 for id in ids)


@given(
    st.lists(
        st.sampled_from(
            [
                "A->>B: hi",
                "B-->>A: yes",
                "A->>A: think",
                "Note over A,B: n",
                "Note left of A: l",
                "loop x",
                "end",
                "C-)B: m",
                "Note right of C: r",
            ]
        )
    )
)
@settings(deadline=None)
def test_any_sequence_of_known_lines_is_drawn_with_all_its_words(lines: list[str]) -> None:
    rows = sequence_rows("sequenceDiagram\nparticipant A as Ann\n" + "\n".join(lines))
    assert rows is not None
    text = "\n".join(rows)
    assert text.count(" hi ") == lines.count("A->>B: hi")
    assert text.count("think") == lines.count("A->>A: think")
    assert "Ann" in text


def test_who_says_what_to_whom_stands_in_order() -> None:
    rows = sequence_rows("sequenceDiagram\nAnn->>Bob: Hello\nBob-->>Ann: Hi!")
    assert rows == [
        "┌─────┐  ┌─────┐",
        "│ Ann │  │ Bob │",
        "└──┬──┘  └──┬──┘",
        "   │ Hello  │",
        "   ├───────▶│",
        "   │ Hi!    │",
        "   │◀┄┄┄┄┄┄┄┤",
        "   │        │",
    ]
