"""Printed text in the cell: bars that write over each other, colours, links, and what is dropped."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.live import Live
from rich.style import Style
from rich.text import Text as RichText

from notebook_tui.document.outputs import CHARACTERS, LINES, Output, Text, merged
from notebook_tui.format.html_outputs import output as html_output
from notebook_tui.format.kept_outputs import item, outputs_of
from notebook_tui.format.plain_text import plain_text
from notebook_tui.format.plain_text import shown as shown_in_file
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.outputs.output_strips import count_lines, inline_view, output_lines
from notebook_tui.ui.outputs.terminal_text import count_rows, decoded, last_rows, settled_lines
from tests.notebook_tui.test_terminal_screen import hostile
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal


def printed(*texts: str) -> list[str]:
    """The lines that a cell shows which has printed these one after the other."""
    outputs: tuple[Output, ...] = ()
    for text in texts:
        outputs = merged(outputs, Text("stdout", text))
        inline_view(outputs, 100, 40, Palette())  # as the screen does in between
    return [row.text.plain for row in inline_view(outputs, 100, 40, Palette()).rows]


def style_of(line: RichText, part: str) -> Style:
    """How that part of a line looks."""
    start = line.plain.index(part)
    styles = [span.style for span in line.spans if span.start <= start < span.end]
    return Style.combine([Style(), *(style for style in styles if isinstance(style, Style))])


def only(text: str) -> RichText:
    (line,) = decoded(text)
    return line


def test_bars_below_each_other_are_written_over() -> None:
    frames = ["\r\x1b[2Kouter 1\n\r\x1b[2Kinner 1", "\x1b[A\r\x1b[2Kouter 2\n\r\x1b[2Kinner 2"]
    assert printed("before\n", *frames, "\x1b[A\r\x1b[2Kouter 3\n\r\x1b[2Kinner 3\n", "after\n") == [
        "before",
        "outer 3",
        "inner 3",
        "after",
    ]


def test_nested_bars_of_tqdm_are_written_over() -> None:
    written = [
        "\r  0%|  | 0/2",
        "\n\r 50%|  | 1/2",
        "\x1b[A\r 50%|  | 1/2",
        "\n\r100%|##| 2/2",
        "\x1b[A\r100%|##| 2/2\n",
    ]
    assert printed(*written) == ["100%|##| 2/2", "100%|##| 2/2"]


def test_a_live_display_of_rich_shows_its_last_frame_only() -> None:
    file = StringIO()
    console = Console(file=file, force_terminal=True, width=60, legacy_windows=False)
    pieces = []
    with Live(console=console, auto_refresh=False) as live:
        for step in range(5):
            live.update(RichText(f"first {step}\nsecond {step}"), refresh=True)
            pieces.append(file.getvalue())
            file.seek(0)
            file.truncate()
    pieces.append(file.getvalue())
    assert printed(*pieces) == ["first 4", "second 4"]


def test_what_was_printed_before_a_long_display_of_bars_stays() -> None:
    frame = "\x1b[2A\r\x1b[2Kbar {0}\n\r\x1b[2K{1}\n"
    shown = printed("epoch 1\n", "bar\n.\n", *(frame.format(n, "━" * (n % 50)) for n in range(LINES * 2)))
    assert shown == ["epoch 1", f"bar {LINES * 2 - 1}", "━" * 49]


def test_a_text_that_moves_about_is_bounded_all_the_same() -> None:
    outputs: tuple[Output, ...] = ()
    for n in range(400):
        outputs = merged(outputs, Text("stdout", f"\x1b[A\x1b[2K{n}" + "x" * 2_000 + "\n\n"))
    (text,) = outputs
    assert isinstance(text, Text)
    assert len(text.text) <= CHARACTERS + 2
    assert text.text.count("\n") <= 2 * LINES + 2


def test_clear_leaves_what_comes_after_it() -> None:
    assert printed("old\nold\n", "\x1b[H\x1b[2J\x1b[3J", "new\n") == ["new"]
    assert printed("old\n\x1bcnew\n") == ["new"]


def test_a_screen_of_a_program_that_has_left_it_is_gone() -> None:
    assert printed("one\n", "\x1b[?1049h\x1b[Hfull screen", "\x1b[?1049l", "two\n") == ["one", "two"]


def test_colours_of_24_bits_in_both_spellings() -> None:
    for text in ("\x1b[38;2;255;128;0mx", "\x1b[38:2::255:128:0mx", "\x1b[38:2:255:128:0mx"):
        color = style_of(only(text), "x").color
        assert color is not None
        assert color.triplet == (255, 128, 0)
    back = style_of(only("\x1b[48;5;17mx"), "x").bgcolor
    assert back is not None
    assert back.number == 17


@pytest.mark.parametrize(
    ("codes", "look"),
    [
        ("1", Style(bold=True)),
        ("2;3", Style(dim=True, italic=True)),
        ("4", Style(underline=True)),
        ("4:3", Style(underline=True)),
        ("21", Style(underline2=True)),
        ("4:0", Style()),
        ("7;8;9", Style(reverse=True, conceal=True, strike=True)),
        ("1;22", Style()),
        ("31;39;42;49", Style()),
        ("91;0", Style()),
        ("53", Style(overline=True)),
        ("38;2;1", Style()),
        ("38;5;999", Style()),
        ("58;2;1;2;3;1", Style(bold=True)),
        ("?1;>4", Style()),
    ],
)
def test_attributes_are_set_and_reset(codes: str, look: Style) -> None:
    assert style_of(only(f"\x1b[{codes}mx"), "x") == look


def test_links_of_known_kinds_are_kept_and_others_are_words() -> None:
    line = only("\x1b]8;id=1;https://a.b/c?d=e;f\x1b\\safe\x1b]8;;\x1b\\ \x1b]8;;file:///etc\x07not\x1b]8;;\x07")
    assert line.plain == "safe not"
    assert (style_of(line, "safe").link, style_of(line, "safe").underline) == ("https://a.b/c?d=e;f", True)
    assert style_of(line, "not") == Style()


@pytest.mark.parametrize(
    "dropped",
    [
        "\x1b]0;title\x07",
        "\x1b]52;c;aGk=\x1b\\",
        "\x1b]1337;File=inline=1:AAAA\x07",
        "\x1bPq#0;2;0;0;0~-~\x1b\\",
        "\x1b_Gf=100;AAAA\x1b\\",
        "\x1b[6n",
        "\x1b[c",
        "\x1b[?25l",
        "\x1b[>4;1m",
        "\x1b[1;5r",
        "\x1b[3 q",
        "\x1b(B",
        "\x1b#8",
        "\x1b]0;title\x18",
        "\x00\x07\x0e\x0f\x7f\x85\x9b\x9d",
    ],
)
def test_what_would_reach_beyond_the_output_is_dropped(dropped: str) -> None:
    assert printed(f"a{dropped}b\n") == ["ab"]
    assert printed(*f"a{dropped}b\n") == ["ab"]


def test_a_sequence_that_has_not_ended_waits() -> None:
    assert printed("a\x1b[3") == ["a"]
    assert printed("a\x1b[3", "1mb") == ["ab"]
    assert printed("a\x1b]0;ti", "tle\x07b") == ["ab"]


def test_text_in_the_wrong_encoding_swallows_nothing() -> None:
    assert printed("it\u00e2\x80\x9ds here\nand here\n") == ["it\u00e2s here", "and here"]


def test_wide_characters_and_marks_keep_their_columns() -> None:
    assert printed("漢字x\r\x1b[2Cab\n") == ["漢abx"]
    assert printed("漢字\r\x1b[1Ca\n") == [" a字"]
    assert printed("e\u0301", "\u0302f\n") == ["e\u0301\u0302f"]
    assert len(only("a" + "\u0301" * 1_000).plain) < 20


def test_letters_that_draw_lines() -> None:
    assert printed("\x1b(0lqk\x1b(B lqk\n") == ["┌─┐ lqk"]


@pytest.mark.parametrize("move", ["\x1b[999999999B", "\x1b[999999999C", "\x1b[9999;9999H", "\x1b[9999L", "\x1b[9999@"])
def test_a_move_to_the_ends_of_the_earth_takes_no_room(move: str) -> None:
    lines = list(decoded(f"a{move}b"))
    assert len(lines) <= 24
    assert all(len(line.plain) <= 201 for line in lines)


def test_a_line_that_grows_without_end_shows_its_end_and_counts_its_rows() -> None:
    view = inline_view([Text("stdout", "x" * 100_000 + "END")], 50, 10, Palette())
    assert [len(row.text.plain) for row in view.rows] == [50] * 9 + [3]
    assert view.rows[-1].text.plain == "END"
    assert view.hidden_lines == 2_001 - 10


@given(hostile, st.integers(1, 12))
@example("\n ", 2)
def test_the_end_of_a_text_is_the_end_of_the_whole(text: str, count: int) -> None:
    whole = settled_lines(text) if text != "\n" else [""]
    rows, before = last_rows(text, count)
    assert len(whole) == count_rows(text) == before + len(rows)
    assert [row.plain.rstrip() for row in rows] == [
        next(decoded(line), RichText()).plain.rstrip() for line in whole[before:]
    ]


@given(hostile)
def test_no_line_that_stands_alone_leaks_a_control(text: str) -> None:
    for line in settled_lines(text):
        shown = strip_of(next(decoded(line), RichText(end=""))).text
        assert shown.isprintable() or not any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 for each in shown)


@given(st.lists(hostile, max_size=4))
def test_a_text_that_grows_shows_what_it_would_at_once(pieces: list[str]) -> None:
    grown = ""
    for piece in pieces:
        grown += piece
        rows, _ = last_rows(grown, 40)
    if grown:
        assert [row.plain for row in rows] == [row.plain for row in last_rows(f"{grown}", 40)[0]]
        assert len(output_lines(Text("stdout", grown))) == count_lines(Text("stdout", grown))


@in_terminal(code("a", "download()"))
async def test_bars_move_on_the_screen_and_leave_no_trace(shown: Terminal) -> None:
    await shown.press("G", "e", "e")
    shown.session.print("a", "start\n")
    for n in range(30):
        up = "\x1b[2A" if n else ""
        shown.session.print("a", f"{up}\r\x1b[2Kone {n}\n\r\x1b[2Ktwo {n}\n")
        await shown.settle()
    shown.session.print("a", "the end\n")
    await shown.shows("the end")
    rows = [line.strip("▌ ") for line in shown.lines]
    begin = rows.index("start")
    assert rows[begin : begin + 4] == ["start", "one 29", "two 29", "the end"]


def test_files_hold_what_was_shown_in_the_end_and_not_every_frame() -> None:
    bars = Text("stdout", "start\none 1\ntwo 1\n\x1b[2A\x1b[2Kone \x1b[31m2\x1b[0m\n\x1b[2Ktwo 2\n")
    assert plain_text(bars) == "start\none 2\ntwo 2"
    page = html_output(bars)
    assert page.count("one") == 1
    assert '<span class="fg1">2</span>' in page
    (read,), _, fault = outputs_of({"outputs": [item(bars)]}, [shown_in_file(bars)])
    assert (read, fault) == (bars, "")
