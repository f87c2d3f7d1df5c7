"""A cell waits for a line: typed where it was asked, hidden where it must be, later if the user wants."""

from __future__ import annotations

from textual import events

from notebook_tui.document.operations import QueueCells
from notebook_tui.runtime.messages import InputWanted
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal


async def run_and_ask(shown: Terminal, name: str = "q1", prompt: str = "Who? ", *, hidden: bool = False) -> None:
    if not shown.session.state.running:
        shown.session.send(QueueCells(("a",), True))
    shown.session.print("a", prompt)
    shown.session.ask(InputWanted("a", name, prompt, hidden))
    await shown.settle()


def went_on(shown: Terminal, said: str) -> None:
    """The cell has taken the answer, which the runtime shows."""
    shown.session.print("a", f"{said}\n")


@in_terminal(code("a", "input()"))
async def test_a_cell_that_is_looked_at_is_answered_at_once_behind_its_prompt(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    assert shown.status.startswith(" ANSWER ")
    assert "waits for input" in shown.text
    await shown.type("Ada")
    assert any("Who? Ada" in line for line in shown.lines)
    await shown.press("enter")
    assert shown.session.answers == [("q1", "Ada")]


@in_terminal(code("a", "input()"))
async def test_ctrl_d_ends_the_input(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    await shown.press("ctrl+d")
    assert shown.session.answers == [("q1", None)]
    assert shown.status.startswith(" NAV ")


@in_terminal(code("a", "input()"))
async def test_escape_leaves_the_cell_waiting_and_i_goes_back_to_what_was_typed(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    await shown.press("A", "d", "escape")
    assert shown.session.answers == []
    assert shown.status.startswith(" NAV ")
    assert "waits for input, i answers" in shown.text
    await shown.press("i", "a", "enter")
    assert shown.session.answers == [("q1", "Ada")]


@in_terminal(code("a", "input()"), code("b", "other"))
async def test_what_was_typed_of_an_answer_is_kept_while_the_user_looks_elsewhere(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    await shown.press("A", "d")
    await shown.pilot.click(offset=(10, next(row for row, line in enumerate(shown.lines) if "other" in line)))
    await shown.settle()
    assert shown.session.answers == []
    await shown.press("g", "i", "a", "enter")
    assert shown.session.answers == [("q1", "Ada")]


@in_terminal(code("a", "getpass()"))
async def test_a_password_is_never_seen(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown, prompt="Password: ", hidden=True)
    await shown.type("xyzzy")
    assert "xyzzy" not in shown.text
    await shown.press("enter")
    assert shown.session.answers == [("q1", "xyzzy")]
    assert "xyzzy" not in shown.text
    await run_and_ask(shown, "q2")
    await shown.press("up")
    assert "xyzzy" not in shown.text
    await shown.press("enter")
    assert shown.session.answers[-1] == ("q2", "")


@in_terminal(code("a", "breakpoint()"))
async def test_a_debugger_is_used_as_in_a_terminal_also_by_someone_who_types_fast(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown, "q1", "(Pdb) ")
    for key in "n\nn\nc":
        shown.post_key(key)
    await shown.settle()
    assert shown.session.answers == [("q1", "n")]
    assert not shown.session.operations_of(QueueCells)[1:]
    went_on(shown, "n")
    await run_and_ask(shown, "q2", "(Pdb) ")
    assert shown.session.answers == [("q1", "n"), ("q2", "n")]
    went_on(shown, "n")
    await run_and_ask(shown, "q3", "(Pdb) ")
    assert any("(Pdb) c" in line for line in shown.lines)
    await shown.press("enter")
    assert shown.session.answers[-1] == ("q3", "c")
    assert len(shown.session.state.notebook.sections[0].cells) == 1


@in_terminal(code("a", "input()"))
async def test_each_line_that_is_pasted_is_an_answer(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    shown.app.post_message(events.Paste("one\ntwo\nthr"))
    await shown.settle()
    await run_and_ask(shown, "q2")
    await run_and_ask(shown, "q3")
    await shown.type("ee\n")
    assert shown.session.answers == [("q1", "one"), ("q2", "two"), ("q3", "three")]


@in_terminal(code("a", "breakpoint()"))
async def test_arrows_bring_back_what_was_answered_before(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    await shown.type("first")
    await shown.press("enter")
    await run_and_ask(shown, "q2")
    await shown.press("up", "enter")
    assert shown.session.answers == [("q1", "first"), ("q2", "first")]


@in_terminal(code("a", "input()"))
async def test_a_cell_that_asks_no_more_gives_the_keys_back(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    await shown.press("x", "enter")
    assert shown.status.startswith(" ANSWER ")
    shown.clock.now += 2
    await shown.until(lambda: shown.status.startswith(" NAV "))
    await run_and_ask(shown, "q2")
    await shown.press("y", "enter")
    shown.session.finish("a")
    await shown.until(lambda: shown.status.startswith(" NAV "))


@in_terminal(code("a", "input()"), code("b", "y"))
async def test_a_cell_elsewhere_is_announced_and_a_key_goes_there(shown: Terminal) -> None:
    await shown.press("G")
    await run_and_ask(shown)
    await shown.shows("A cell waits for input: Who?")
    assert shown.status.startswith(" NAV ")
    assert "? 1 asks" in shown.status
    await shown.press("g", "i", "z", "enter")
    assert "asks" not in shown.status
    assert shown.session.answers == [("q1", "z")]


@in_terminal(code("a", "input()"), code("b", "y"))
async def test_somebody_who_edits_is_not_disturbed(shown: Terminal) -> None:
    await shown.press("G", "i")
    await run_and_ask(shown)
    await shown.type("es")
    assert shown.status.startswith(" EDIT ")
    assert shown.session.answers == []


@in_terminal(code("a", "input()"))
async def test_a_question_that_somebody_else_answered_goes_away(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    await shown.press("x")
    shown.session.settle("q1")
    await shown.until(lambda: shown.status.startswith(" NAV "))
    assert "waits for input" not in shown.text


@in_terminal(code("a", "input()"))
async def test_several_questions_stand_in_a_queue(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown, "q1", "One? ")
    await run_and_ask(shown, "q2", "Two? ")
    await shown.press("1", "enter", "2", "enter")
    assert shown.session.answers == [("q1", "1"), ("q2", "2")]


@in_terminal(code("a", "input()"))
async def test_ctrl_c_interrupts_the_cell_that_asks(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    await shown.press("ctrl+c")
    await shown.until(lambda: not shown.session.state.running)


@in_terminal(code("a", "input()"))
async def test_the_mouse_answers_too(shown: Terminal) -> None:
    await shown.press("j", "j", "j")
    await run_and_ask(shown)
    await shown.press("escape", "k")
    row = next(row for row, line in enumerate(shown.lines) if "Who?" in line)
    await shown.pilot.click(offset=(30, row))
    await shown.settle()
    await shown.press("m", "enter")
    assert shown.session.answers == [("q1", "m")]


@in_terminal(code("a", "x"))
async def test_nothing_is_asked(shown: Terminal) -> None:
    await shown.press("g", "i")
    await shown.shows("No cell waits for input.")
