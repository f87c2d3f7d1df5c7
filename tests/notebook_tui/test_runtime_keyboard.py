"""Reading where no cell reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from notebook_tui.runtime.keyboard import Keyboard


@pytest.mark.parametrize("read", [Keyboard.read, Keyboard.readline, next, list])
def test_code_of_no_cell_is_told_that_it_cannot_ask(read: Callable[[Keyboard], object]) -> None:
    with pytest.raises(EOFError, match=r"only code of a cell can ask"):
        read(Keyboard())


def test_it_is_a_readable_stream_and_no_terminal() -> None:
    assert (Keyboard().readable(), Keyboard().isatty()) == (True, False)


def test_nothing_asked_for_is_nothing_read() -> None:
    assert Keyboard().readline(0) == ""
