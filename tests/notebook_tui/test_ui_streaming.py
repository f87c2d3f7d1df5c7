"""Output that arrives while the user looks, scrolls and types."""

from __future__ import annotations

from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
SOURCE = "for n in range(1000):\n    print(n)"


def lines(start: int, end: int) -> str:
    return "".join(f"line {n}\n" for n in range(start, end))


@in_terminal(code("a", SOURCE), code("b", "after"))
async def test_a_cell_shows_the_end_of_a_long_output_and_counts_the_rest(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.print("a", lines(0, 900))
    await shown.shows("line 899")
    assert "line 880" not in shown.text
    assert "more lines · o opens all" in shown.text


@in_terminal(*(code(f"c{n}", f"v{n}") for n in range(5)), code("a", SOURCE))
async def test_the_window_follows_the_output_of_a_running_cell_in_focus(shown: Terminal) -> None:
    await shown.press("G", "e", "e", "enter")
    shown.session.finish("c0")
    for n in range(1, 5):
        shown.session.finish(f"c{n}")
    for step in range(0, 100, 10):
        shown.session.print("a", lines(step, step + 10))
        await shown.shows(f"line {step + 9}")
    shown.session.finish("a")
    await shown.shows("6/6 done")


@in_terminal(prose("p", "\n\n".join("abcdefghijkl")), code("a", SOURCE))
async def test_the_output_of_a_cell_that_is_run_from_its_editor_is_followed_and_the_caret_stays_in_view(
    shown: Terminal,
) -> None:
    await shown.press("G", "i", "ctrl+e")
    for step in range(0, 50, 5):
        shown.session.print("a", lines(step, step + 5))
        await shown.shows(f"line {step + 4}")
        assert "2 │     print(n)" in shown.cursor_line()
    shown.session.finish("a")
    await shown.shows("1/1 done")
    await shown.press("escape")
    assert "line 49" in shown.text


@in_terminal(prose("p", "\n\n".join("abcdefghijkl")), code("a", "\n".join(f"v{n}" for n in range(15))))
async def test_output_is_followed_only_as_far_as_the_caret_stays_in_view(shown: Terminal) -> None:
    await shown.press("G", "i", *["up"] * 12, "ctrl+e")
    assert "3 │ v2" in shown.cursor_line()
    shown.session.print("a", lines(0, 50))
    await shown.shows("more lines")
    await shown.until(lambda: shown.app.cursor_position.y == 1, "the caret at the top")
    assert "3 │ v2" in shown.cursor_line()


@in_terminal(code("a", SOURCE), *(code(f"c{n}", f"v{n}") for n in range(20)))
async def test_what_is_focused_stays_where_it_is_while_a_cell_above_prints(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", *"jjjjjjjjjj")
    row = next(y for y, line in enumerate(shown.lines) if "▌" in line)
    name = shown.focused_line()
    for step in range(0, 60, 7):
        shown.session.print("a", lines(step, step + 7))
        await shown.settle()
    assert shown.lines[row] == name


@in_terminal(code("a", SOURCE), code("b", "typed"))
async def test_output_that_arrives_while_typing_moves_neither_caret_nor_focus(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", "j", "i")
    row = shown.app.cursor_position.y
    for n, letter in enumerate("abcdefgh"):
        shown.session.print("a", lines(n * 5, n * 5 + 5))
        await shown.press(letter)
    await shown.until(lambda: "1 │ typedabcdefgh" in shown.text, "the typed text")
    await shown.until(lambda: shown.app.cursor_position.y == row, "the caret on its row")
    assert "EDIT" in shown.status


@in_terminal(code("a", SOURCE))
async def test_the_caret_stays_while_its_own_cell_prints(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", "i", "up")
    line = shown.cursor_line()
    for step in range(0, 200, 20):
        shown.session.print("a", lines(step, step + 20))
        await shown.settle()
    assert shown.cursor_line() == line


@in_terminal(code("a", SOURCE))
async def test_a_progress_line_is_overwritten_and_colours_leave_no_trace(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    for percent in range(0, 101, 10):
        shown.session.print("a", f"\r\x1b[32m{percent:3}%\x1b[0m")
    shown.session.print("a", "\nfinished\x1b]0;title\x07\n")
    await shown.shows("finished")
    assert "▌      100%" in shown.lines
    assert "▌      finished" in shown.lines


@in_terminal(code("a", SOURCE))
async def test_wide_characters_and_endless_lines_stay_inside_the_terminal(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.print("a", "漢字🙂" * 30 + "\n" + "x" * 300 + "\n")
    await shown.shows("xxx")
    assert shown.text.count("漢字") == 30
    assert shown.text.count("x" * 72) == 4


@in_terminal(code("a", SOURCE))
async def test_o_opens_the_whole_output_and_it_goes_on_arriving_there(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e")
    shown.session.print("a", lines(0, 500) + "w" * 200 + "END\n")
    await shown.press("o")
    await shown.shows("501 lines")
    await shown.shows("line 0")
    await shown.press("G")
    assert "line 499" in shown.text
    await shown.press(*["l"] * 20)
    assert "END" in shown.text
    await shown.press("g")
    assert shown.lines[0].strip() == "line 0"
    await shown.press("end")
    shown.session.print("a", lines(500, 520))
    await shown.shows("521 lines")
    await shown.shows("line 519")
    await shown.press("q")
    await shown.shows("NAV")
