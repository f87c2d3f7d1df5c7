"""Reading standard input where there is no keyboard."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from notebook_tui.runtime.keyboard import NoKeyboard


@pytest.mark.parametrize("read", [input, lambda: sys.stdin.read(), lambda: next(sys.stdin), lambda: list(sys.stdin)])
def test_whatever_reads_is_told_what_to_do_instead(read: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", NoKeyboard())
    with pytest.raises(EOFError, match=r"no keyboard .* assign the value in the cell"):
        read()


def test_it_is_a_readable_stream_and_no_terminal() -> None:
    assert (NoKeyboard().readable(), NoKeyboard().isatty()) == (True, False)
