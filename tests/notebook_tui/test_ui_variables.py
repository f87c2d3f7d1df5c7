"""The variables at the side: what the runtime tells of them, asked when something has changed."""

from __future__ import annotations

from dataclasses import replace

from notebook_tui.document.operations import QueueCells
from notebook_tui.document.state import RuntimeStatus, State
from notebook_tui.runtime.variable_questions import Variable, VariableDetail, Variables
from tests.support.fake_session import code, notebook_of
from tests.support.screen import Terminal, in_terminal

CELLS = (code("a", "rows = []"), code("b", "df = frame()"))
CONNECTED = State(notebook_of(*CELLS), "t.livemd", runtime=RuntimeStatus("connected", "local"))
ROWS = Variable("rows", "variable", "list", "3 items", None, "a", "[1, 2, 3]")
DF = Variable("df", "variable", "DataFrame", "10 × 2", 160, "b", "one, two")
NOTE = Variable("note", "variable", "str", "4 characters", 53, "a", "'漢\\x1b[31m'")


def panel(shown: Terminal) -> list[str]:
    return [line.partition("▕")[0].strip(" ▌") for line in shown.lines[1:-3]]


@in_terminal(*CELLS, size=(140, 24), state=CONNECTED)
async def test_variables_are_told_with_type_size_cell_and_preview(shown: Terminal) -> None:
    shown.session.known_variables = Variables((DF, ROWS), more=7)
    await shown.press("j", "j", "s", "v")
    await shown.shows("and 7 more")
    assert panel(shown)[0].split() == ["NAME", "TYPE", "SIZE", "BYTES", "CELL", "VALUE"]
    assert panel(shown)[1].split() == ["df", "DataFrame", "10", "×", "2", "160", "B", "2", "one,", "two"]
    assert panel(shown)[2].split() == ["rows", "list", "3", "items", "1", "[1,", "2,", "3]"]


@in_terminal(*CELLS, size=(140, 24), state=CONNECTED)
async def test_variables_are_asked_for_when_a_run_has_ended_and_not_while_nothing_changes(shown: Terminal) -> None:
    await shown.press("j", "j", "s", "v")
    assert shown.session.variables_asked == ["section"]
    for _ in range(3):
        shown.session.say("something")
        await shown.settle()
    assert len(shown.session.variables_asked) == 1
    shown.session.known_variables = Variables((ROWS,))
    shown.session.apply(QueueCells(("a",)))
    await shown.settle()
    asked = len(shown.session.variables_asked)
    shown.session.print("a", "still running\n")
    await shown.shows("still running")
    assert len(shown.session.variables_asked) == asked
    shown.session.finish("a")
    await shown.shows("rows")
    await shown.press("escape")
    asked = len(shown.session.variables_asked)
    shown.session.apply(QueueCells(("a",)))
    shown.session.finish("a")
    await shown.settle()
    assert len(shown.session.variables_asked) == asked, "nobody looks"


@in_terminal(*CELLS, size=(140, 24), state=CONNECTED)
async def test_variables_are_filtered_by_what_is_typed_and_sorted_by_size_and_cell(shown: Terminal) -> None:
    shown.session.known_variables = Variables((DF, NOTE, ROWS))
    await shown.press("s", "v", "slash")
    await shown.type("frame")
    await shown.until(lambda: [line.split()[0] for line in panel(shown)[1:4] if line] == ["NAME", "df"], "one row")
    await shown.press("enter", "slash", "escape", "o")
    assert "by size" in shown.text
    assert [line.split()[0] for line in panel(shown)[1:4]] == ["df", "note", "rows"]
    await shown.press("o")
    assert [line.split()[0] for line in panel(shown)[1:4]] == ["note", "rows", "df"]


@in_terminal(*CELLS, size=(140, 24), state=CONNECTED)
async def test_one_variable_is_looked_at_and_its_cell_gone_to(shown: Terminal) -> None:
    shown.session.known_variables = Variables((DF, ROWS))
    columns = (("one", "int64"), ("two", "object"))
    shown.session.details = {"df": VariableDetail(DF, "pandas", "", columns, (("1", "x"), ("2", "y")))}
    await shown.press("s", "v", "enter")
    await shown.shows("pandas.DataFrame · 10 × 2 · 160 B · cell 2")
    for text in ("2 columns", "int64", "object", "1    x"):
        assert text in shown.text, text
    await shown.press("c")
    await shown.until(lambda: any("▕▌  1 │ df = frame()" in line for line in shown.lines), "the cell has the focus")
    await shown.press("s", "enter", "j", "enter")
    await shown.shows("rows is gone.")


@in_terminal(*CELLS, size=(140, 24), state=CONNECTED)
async def test_text_of_a_variable_never_commands_the_terminal(shown: Terminal) -> None:
    hostile = replace(NOTE, name="x\x1b[2J", type="a\x07b", preview="\x1b]0;t\x07")
    shown.session.known_variables = Variables((hostile,))
    await shown.press("s", "v")
    await shown.shows("x␛[2J")
    assert "\x1b" not in shown.text
    assert "\x07" not in shown.text


@in_terminal(*CELLS, size=(140, 24))
async def test_without_a_runtime_there_are_no_values_and_a_trouble_is_told(shown: Terminal) -> None:
    await shown.press("s", "v")
    assert "There is no runtime" in shown.text

    async def fails(_cell_id: str) -> Variables:
        raise OSError("the line is cut")

    vars(shown.session)["variables"] = fails
    await shown.press("r")
    shown.session.apply(QueueCells(("a",)))
    await shown.shows("listing variables failed: the line is cut")
