from __future__ import annotations

import sys
from types import FrameType

import pytest

from notebook_tui.runtime.ambush import Ambush


class Struck(Exception):
    pass


def strike() -> None:
    raise Struck


def lay(frame: FrameType | None) -> Ambush:
    assert frame is not None
    return Ambush(frame, strike)


def test_the_exception_is_raised_where_the_frame_goes_on() -> None:
    done = []

    def caller() -> None:
        def kernel() -> None:
            lay(sys._getframe(1))
            done.append("kernel code ends")

        kernel()
        done.append("never")

    with pytest.raises(Struck):
        caller()
    assert done == ["kernel code ends"]
    assert sys.gettrace() is None


def test_a_loop_on_one_line_is_struck_too() -> None:
    turns = []

    def caller() -> None:
        while True:
            turns.append(len(turns)) if len(turns) < 3 else lay(sys._getframe())

    with pytest.raises(Struck):
        caller()
    assert turns == [0, 1, 2]


def test_lifting_it_lets_the_frame_go_on() -> None:
    def caller() -> str:
        lay(sys._getframe(1)).lift()
        return "went on"

    assert caller() == "went on"
    assert sys.gettrace() is None
