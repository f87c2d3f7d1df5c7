"""Keys that run cells, and what the screen says of cells that run."""

from __future__ import annotations

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import CancelEvaluation, EraseOutputs, NodesChanged, QueueCells, VersionsChanged
from notebook_tui.document.outputs import Error, Result, Text
from notebook_tui.document.versions import Versions
from tests.support.fake_session import FakeSession, code, prose
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
TWO = (code("a", "x = 1"), code("b", "x + 1"))


def queued(session: FakeSession) -> list[tuple[str, ...]]:
    return [each.cell_ids for each in session.sent if isinstance(each, QueueCells)]


@in_terminal(*TWO)
async def test_ee_runs_the_cell_and_its_states_are_told_in_words(shown: Terminal) -> None:
    assert "○ not run" in shown.text
    await shown.press(*FIRST, "e", "e")
    assert queued(shown.session) == [("a",)]
    assert "running 0.0 s" in shown.text
    assert "1 running" in shown.status
    shown.clock.now += 1.5
    await shown.shows("running 1.5 s")
    shown.session.finish("a")
    await shown.shows("✓ 1.5 s")
    assert "1/2 done" in shown.status


@in_terminal(*TWO)
async def test_the_keys_that_every_terminal_has_run_the_cell_in_both_modes(shown: Terminal) -> None:
    for keys in (("f5",), ("ctrl+e",), ("i", "ctrl+e"), ("f5",), ("ctrl+enter",), ("escape",)):
        await shown.press(*FIRST, *keys) if keys == ("f5",) and not shown.session.sent else await shown.press(*keys)
        if shown.session.state.evaluating:
            shown.session.finish("a")
    assert queued(shown.session) == [("a",)] * 5


@in_terminal(*TWO)
async def test_ctrl_r_runs_and_goes_on_and_writes_a_new_cell_below_the_last(shown: Terminal) -> None:
    await shown.press(*FIRST, "ctrl+r")
    assert "x + 1" in shown.focused_line()
    await shown.press("i", "shift+enter", *"new", "escape")
    assert queued(shown.session) == [("a",), ("b",)]
    assert [cell.source for cell in shown.session.state.notebook.cells()] == ["", "x = 1", "x + 1", "new"]


@in_terminal(*TWO)
async def test_eo_runs_a_cell_without_what_is_outdated_above_it(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", "ctrl+c", "j", "e", "o")
    assert shown.session.state.evaluating == "b"
    assert shown.session.state.queue == ()
    shown.session.finish("b")
    await shown.press("e", "e")
    assert shown.session.state.evaluating == "a"


@in_terminal(*TWO)
async def test_eo_on_a_heading_names_the_key_for_sections(shown: Terminal) -> None:
    await shown.press("j", "j", "e", "o")
    await shown.shows("This is no cell.")
    assert shown.session.sent == []


@in_terminal(*TWO)
async def test_ea_runs_what_is_outdated_and_nothing_else(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "a")
    shown.session.finish("a")
    shown.session.finish("b")
    await shown.press("e", "a")
    await shown.shows("Nothing is outdated")
    await shown.press("i", "2", "ctrl+e")
    shown.session.finish("a")
    await shown.press("escape", "e", "a")
    assert queued(shown.session) == [("a", "b"), ("a",), ("b",)]


@in_terminal(*TWO)
async def test_f6_runs_the_focused_cell_with_all_outdated_ones(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.finish("a")
    await shown.press("f6")
    assert queued(shown.session) == [("a",), ("a", "b")]


@in_terminal(
    Notebook(
        "Two", sections=(Section("one", "One", (code("a"), prose("m", "text"))), Section("two", "Two", (code("b"),)))
    )
)
async def test_es_runs_the_section_of_the_focus_and_so_does_ee_on_its_heading(shown: Terminal) -> None:
    await shown.press("j", "j", "e", "s")
    shown.session.finish("a")
    await shown.press("G", "k", "e", "e")
    assert queued(shown.session) == [("a",), ("b",)]


@in_terminal(*TWO)
async def test_ex_takes_a_waiting_cell_out_and_stops_a_running_one(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "a", "j")
    assert "… queued" in shown.text
    await shown.press("e", "x")
    assert "… queued" not in shown.text
    await shown.press("k", "e", "x")
    await shown.shows("■ interrupted")
    assert shown.session.operations_of(CancelEvaluation) == [CancelEvaluation("b"), CancelEvaluation("a")]
    await shown.press("e", "x")
    await shown.shows("neither runs nor waits")


@in_terminal(*TWO)
async def test_ctrl_c_interrupts_what_runs_wherever_the_focus_is(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", "j", "ctrl+c")
    await shown.shows("■ interrupted")
    await shown.press("ctrl+c")
    await shown.shows("Nothing runs.")


@in_terminal(*TWO)
async def test_ctrl_c_interrupts_from_the_editor_too(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", "i", "ctrl+c")
    await shown.shows("■ interrupted")


@in_terminal(*TWO)
async def test_00_restarts_the_runtime_and_what_ran_is_aborted(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.finish("a")
    await shown.press("0", "0")
    await shown.shows("■ aborted")
    await shown.shows("● test runtime")
    await shown.shows("The runtime is restarted")
    assert "✗" not in shown.text


@in_terminal(*TWO)
async def test_a_lost_runtime_is_told_until_it_is_dismissed(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.lose_runtime("killed by signal 9")
    await shown.shows("✗ The runtime is lost: killed by signal 9")
    assert "✗ runtime lost" in shown.status
    await shown.press("escape")
    assert "Ctrl+S save" in shown.hints


@in_terminal(*TWO)
async def test_a_lost_runtime_is_told_until_there_is_another(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.lose_runtime("killed by signal 9")
    await shown.until(lambda: "✗ The runtime is lost" in shown.hints, "the note")
    await shown.press("e", "e")
    await shown.until(lambda: "Ctrl+S save" in shown.hints, "the keys")


@in_terminal(*TWO)
async def test_a_runtime_that_does_not_start_is_told_each_time_and_not_called_lost(shown: Terminal) -> None:
    shown.session.connects = False
    for _ in range(2):
        await shown.press(*FIRST, "e", "e")
        shown.session.step("connecting to nobody@127.0.0.1")
        await shown.until(lambda: "◌ connecting to nobody" in shown.status, "the step")
        shown.session.lose_runtime("the runtime did not start: nobody@127.0.0.1 cannot be reached")
        await shown.until(lambda: "✗ The runtime did not start: nobody@" in shown.hints, "the note")
        assert "✗ the runtime did not start" in shown.status
        assert "lost" not in shown.text
        await shown.press("escape")
        assert "Ctrl+S save" in shown.hints


@in_terminal(*TWO, size=(120, 24))
async def test_the_nodes_of_the_runtime_are_counted_and_named(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.apply(NodesChanged(("a@127.0.0.1", "b@127.0.0.1")))
    await shown.shows("◆ 2 nodes")
    await shown.shows("a, b")


@in_terminal(*TWO)
async def test_a_node_that_runs_an_older_version_is_told_at_the_cell_and_below(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.finish("a")
    shown.session.apply(NodesChanged(("a@127.0.0.1", "b@127.0.0.1")))
    shown.session.apply(VersionsChanged((("a", Versions(("main@h", "a@127.0.0.1"), (("b@127.0.0.1", 0.0),))),)))
    await shown.shows("2 of 3 nodes run this version, not b")
    assert "◆ 2 nodes · 1 behind" in shown.status
    shown.session.apply(VersionsChanged(()))
    await shown.until(lambda: "behind" not in shown.status and "this version" not in shown.text, "no node behind")


@in_terminal(code("a", "x = 1\n1 / 0"))
async def test_an_error_is_marked_at_its_line_until_the_text_changes(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    frames = "Traceback (most recent call last):\n  cell a, line 2\n    1 / 0\nZeroDivisionError: division by zero\n"
    shown.session.output("a", Error("ZeroDivisionError", "division by zero", frames, 2))
    shown.session.finish("a", "error")
    await shown.shows("✗ ZeroDivisionError: division by zero")
    assert "2 ✗ 1 / 0" in shown.text
    assert "✗ failed" in shown.text
    assert "✗ 1 failed · 0/1 done" in shown.status
    assert shown.text.count("division by zero") == 1
    await shown.press("i", "1", "escape")
    assert "2 │ 1 / 01" in shown.text
    assert "edited since" in shown.text
    assert "failed" not in shown.status


@in_terminal(code("a", "x"))
async def test_printed_text_warnings_and_the_value_are_told_apart_without_colour(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.print("a", "printed\n")
    shown.session.output("a", Text("stderr", "complained\n"))
    shown.session.output("a", Result("42"))
    await shown.shows("▌    = 42")
    assert "▌      printed" in shown.lines
    assert "▌    ! complained" in shown.lines


@in_terminal(Cell("a", "code", "IO.puts(1)", language="elixir"))
async def test_a_cell_of_another_language_is_shown_and_not_run(shown: Terminal) -> None:
    assert "· elixir · shown, not run here" in shown.text
    await shown.press(*FIRST, "e", "e")
    await shown.shows("Cells of elixir are shown")
    assert shown.session.sent == []


@in_terminal(code("a", "x", Result("42")))
async def test_the_palette_finds_every_action(shown: Terminal) -> None:
    await shown.press("ctrl+p")
    await shown.type("erase all")
    await shown.shows("Erase all outputs")
    await shown.press("enter")
    await shown.hides("= 42")
    assert shown.session.sent == [EraseOutputs()]


@in_terminal(*TWO)
async def test_a_cell_that_runs_already_is_said_to_and_is_not_asked_for_again(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    await shown.press("e", "e")
    await shown.shows("This cell runs or waits already.")
    assert queued(shown.session) == [("a",)]
