"""The panels at the side: how they open, make room and go, and what those of the notebook itself show."""

from __future__ import annotations

from notebook_tui.document.evaluations import Evaluation
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import DeleteCell, RestoreCell, SetTitle, Undo
from notebook_tui.document.state import State
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.panels.outline import defined_in, outline_lines
from tests.support.fake_session import code, notebook_of
from tests.support.screen import Terminal, in_terminal

BRANCHED = Notebook(
    "Test",
    sections=(
        Section("s1", "Load", (code("a", "import json"), code("b", "def load(): ...\nclass Box: ...\n"))),
        Section("s2", "Look", (code("c", "1/0"), Cell("m", "markdown", "# Words"))),
        Section("s3", "Else", (code("d", "x = 1"),), parent="s1"),
    ),
)
RAN = {
    "a": Evaluation("evaluated", source="import json"),
    "b": Evaluation("stale", source="def load(): ...\nclass Box: ...\n"),
    "c": Evaluation("evaluated", errored=True, source="1/0"),
}
PANELS = {
    "o": "Sections",
    "v": "Variables",
    "r": "Runtime",
    "n": "Nodes and pools",
    "s": "Secrets",
    "p": "Packages",
    "f": "Files",
    "b": "Bin and history",
    "u": "Who is here",
}


@in_terminal(BRANCHED, size=(120, 30))
async def test_each_panel_opens_by_its_key_takes_the_place_of_the_one_before_and_closes(shown: Terminal) -> None:
    for key, title in PANELS.items():
        await shown.press("s", key)
        assert shown.lines[0].startswith(f" {title} "), shown.text
        assert "import json" in shown.text
    await shown.press("s", "u")
    assert "Who is here" not in shown.text
    await shown.press("s", "u", "escape")
    assert "Who is here" not in shown.text


@in_terminal(BRANCHED, size=(120, 30))
async def test_a_panel_that_the_palette_opens_has_the_keys(shown: Terminal) -> None:
    await shown.press("ctrl+p")
    await shown.type("bin and history")
    await shown.shows("sb")
    await shown.press("enter")
    await shown.shows("Deleted cells")
    await shown.press("escape")
    await shown.hides("Deleted cells")


@in_terminal(BRANCHED)
async def test_in_a_narrow_terminal_a_panel_lies_over_the_cells_and_is_as_wide_as_they(shown: Terminal) -> None:
    await shown.press("s", "s")
    assert shown.lines[0].strip() == "Secrets"
    assert "import json" not in shown.text
    await shown.press("escape")
    assert "import json" in shown.text
    await shown.press("s", "s", "tab")
    assert "import json" in shown.text
    await shown.pilot.resize_terminal(120, 30)
    await shown.press("s", "s")
    assert "Secrets" in shown.text
    assert "import json" in shown.text
    await shown.pilot.resize_terminal(60, 20)
    await shown.settle()
    assert "import json" not in shown.text


@in_terminal(BRANCHED, size=(140, 30))
async def test_a_panel_is_made_wider_and_narrower_and_stays_so(shown: Terminal) -> None:
    await shown.press("s", "o")
    before = shown.lines[0].index("▕")
    await shown.press(">", ">")
    assert shown.lines[0].index("▕") == before + 16
    await shown.press("<", "escape", "s", "o")
    assert shown.lines[0].index("▕") == before + 8
    await shown.press(*["<"] * 20)
    assert shown.lines[0].index("▕") < before


@in_terminal(BRANCHED, size=(120, 30))
async def test_a_line_of_a_panel_is_marked_by_a_click_and_chosen_by_two(shown: Terminal) -> None:
    await shown.press("s", "o")
    await shown.pilot.click(offset=(8, 7))
    await shown.settle()
    assert shown.lines[7].startswith(" ▌")
    await shown.pilot.click(offset=(8, 7), times=2)
    await shown.until(lambda: any("▕▌" in line and "1/0" in line for line in shown.lines), "the cell has the focus")


@in_terminal(BRANCHED, size=(120, 30))
async def test_the_hints_at_the_foot_are_those_of_what_has_the_keys(shown: Terminal) -> None:
    await shown.press("s", "u")
    await shown.until(lambda: "Tab to the cells" in shown.hints, "hints of a panel")
    await shown.press("tab")
    await shown.until(lambda: "i edit" in shown.hints, "hints of the cells")


@in_terminal(BRANCHED, size=(120, 30))
async def test_tab_goes_from_a_panel_to_the_cells_and_s_enter_back(shown: Terminal) -> None:
    await shown.press("s", "u", "tab", "j", "i")
    assert "EDIT" in shown.status
    await shown.press("escape", "s", "enter", "escape")
    assert "Who is here" not in shown.text
    await shown.press("s", "enter")
    await shown.shows("No panel is open")


@in_terminal(BRANCHED, size=(120, 30), state=State(BRANCHED, "t.livemd", RAN))
async def test_the_outline_sums_up_each_section_names_definitions_and_follows_the_focus(shown: Terminal) -> None:
    await shown.press("s", "o")
    lines = [line.partition("▕")[0].strip(" ▌") for line in shown.lines[1:9]]
    assert lines == [
        "▾ Load                        ~1 ✓1",
        "✓ import json",
        "~ def load(): ...",
        "load()",
        "Box",
        "▾ Look                           ✗1",
        "✗ 1/0",
        "¶ Words",
    ]
    assert shown.lines[9].strip(" ▌").startswith("▾ ↳ Else from Load")
    await shown.press("tab", "j", "j", "j", "j")
    await shown.until(lambda: shown.lines[3].startswith(" ▌"), "the mark on the focused cell")
    await shown.press("s", "enter", "j", "j", "enter")
    assert any("▕▌" in line and "def load" in line for line in shown.lines)


@in_terminal(BRANCHED, size=(120, 30))
async def test_a_section_of_the_outline_is_folded_and_unfolded(shown: Terminal) -> None:
    await shown.press("s", "o", "g", "c")
    assert "▸ Load" in shown.text
    assert "Box" not in "".join(line.partition("▕")[0] for line in shown.lines)
    await shown.press("C")
    assert "▸ Look" in shown.text
    await shown.press("C")
    assert "▾ Load" in shown.text


def test_definitions_are_told_in_the_order_of_the_text_and_an_empty_outline_is_none() -> None:
    assert defined_in("class B: ...\nasync def a(): ...") == ("B", "a()")
    assert not list(outline_lines(State(), frozenset(), 30, Palette()))


@in_terminal(code("a", "first = 1"), code("b", "second = 2"), size=(120, 30))
async def test_a_deleted_cell_is_seen_in_the_bin_and_put_back(shown: Terminal) -> None:
    shown.session.apply(DeleteCell("b", shown.clock.now - 90))
    await shown.press("s", "b")
    assert "⟩ second = 2" in shown.lines[2]
    assert "1 min ago" in shown.lines[2]
    assert "│ second = 2" in shown.lines[4]
    await shown.press("enter")
    assert shown.session.operations_of(RestoreCell) == [RestoreCell("b")]
    assert "None. dd deletes a cell." in shown.text
    assert any("▕▌  1 │ second = 2" in line for line in shown.lines)


@in_terminal(notebook_of(code("a", "x = 1")), size=(120, 30))
async def test_edits_are_undone_up_to_the_one_that_is_chosen_and_done_again(shown: Terminal) -> None:
    for title in ("One", "Two", "Three"):
        shown.session.apply(SetTitle(title))
    await shown.press("s", "b")
    assert shown.text.count("↶") == 3
    await shown.press("j", "enter")
    assert len(shown.session.operations_of(Undo)) == 2
    assert shown.session.state.notebook.title == "One"
    assert (shown.text.count("↶"), shown.text.count("↷")) == (1, 2)
    await shown.press("r")
    assert shown.session.state.notebook.title == "Two"
    await shown.press("u", "u")
    assert shown.session.state.notebook.title == "Test"
    await shown.press("u")
    await shown.shows("There is nothing to undo.")


LONG = notebook_of(*(code(f"c{number}", f"name_{number} = '{'long ' * 40}'") for number in range(40)))


@in_terminal(LONG, size=(120, 30))
async def test_what_a_panel_cuts_off_is_seen_to_be_cut_off_beside_its_scroll_bar_too(shown: Terminal) -> None:
    await shown.press("s", "o")
    await shown.shows("name_0")
    cut = [line.partition("▕")[0] for line in shown.lines if "name_" in line.partition("▕")[0]]
    assert len(cut) > 10
    assert all("…" in line for line in cut)
