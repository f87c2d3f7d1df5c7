"""The last words of a runtime, as a person reads them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.session.crash import readable

FRAME = '  File "<notebook a, b, cell 3 #0123abcd>", line 2 in <module>\n'
OTHER = '  File "/lib/run.py", line 9 in run\n'


def dump(frames: str, before: str = "", after: str = "") -> str:
    return (
        f"process 7 was killed by SIGSEGV; it printed:\n{before}Fatal Python error: Segmentation fault\n\n"
        f"Stack (most recent call first):\n{frames}{after}"
    )


def test_what_else_was_printed_comes_after_the_crash() -> None:
    told = readable(dump(FRAME, "double free or corruption\n", "\nExtension modules: a.b, c (total: 2)\n"))
    assert told == (
        "process 7 was killed by SIGSEGV: Segmentation fault\n"
        "  cell 3, line 2\nbefore that it printed:\ndouble free or corruption"
    )


def test_a_crash_in_no_cell_is_told_with_all_its_frames() -> None:
    assert readable(dump(OTHER)) == (
        'process 7 was killed by SIGSEGV: Segmentation fault\n  File "/lib/run.py", line 9, in run'
    )


def test_of_several_threads_the_one_that_crashed_is_told() -> None:
    others = f"\nThread 0x0000123 (most recent call first):\n{OTHER}"
    assert (
        readable(dump(FRAME, after=others)) == "process 7 was killed by SIGSEGV: Segmentation fault\n  cell 3, line 2"
    )


@given(st.text())
def test_what_is_no_crash_of_the_interpreter_is_told_as_it_is(text: str) -> None:
    assert readable(f"it ended; it printed:\n{text}.") == f"it ended; it printed:\n{text}."
