"""An analysis that takes long holds nobody up, and its answer is not lost."""

from __future__ import annotations

from threading import Event, Lock

from notebook_tui.runtime.budget import WithinBudget


class Slow:
    def __init__(self) -> None:
        self.release = Event()
        self.done = Event()
        self.asked: list[str] = []

    def __call__(self, source: str, _offset: int) -> str:
        self.asked.append(source)
        self.release.wait(20)
        self.done.set()
        return source.upper()


def test_an_answer_that_came_too_late_is_there_for_the_same_question() -> None:
    slow = Slow()
    budget = WithinBudget(slow, "", seconds=20)
    assert budget.briefly("word", 1) == ""
    slow.release.set()
    assert budget("word", 1) == "WORD"
    assert slow.asked == ["word"]


def test_a_question_at_another_place_is_another_question() -> None:
    asked: list[int] = []

    def analyse(_source: str, offset: int) -> int:
        asked.append(offset)
        return offset

    budget = WithinBudget(analyse, 0, seconds=20)
    assert (budget("word", 1), budget("word", 2), budget("word", 2)) == (1, 2, 2)
    assert asked == [1, 2]


def test_those_that_share_one_analysis_take_turns() -> None:
    busy = Lock()
    slow = Slow()
    first = WithinBudget(slow, "", seconds=20, busy=busy)
    second = WithinBudget(lambda source, _offset: source, "", seconds=20, busy=busy)
    assert first.briefly("a", 0) == ""
    assert second.briefly("b", 0) == ""
    slow.release.set()
    assert second("b", 0) == "b"
