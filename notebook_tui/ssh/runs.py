"""How many `ssh HOST run` go on at a time: each is a program of its own with a runtime, and a loop in somebody's shell
is not to take the machine from all who type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MOST: Final = 8
MOST_OF_ONE: Final = 4
AGAIN: Final = 75
"""The exit status of a run that was not begun, and of a view whose server has ended: EX_TEMPFAIL of sysexits.h, for
whoever tries again."""


class TooManyRuns(Exception):
    """The message says how many there are."""


class RunsUnderWay:
    """Of one server: `most` at a time, and of one person no more than their share.

    >>> runs = RunsUnderWay(most=2, most_of_one=1)
    >>> with runs.another("ann"):
    ...     with runs.another("ann"):
    ...         pass
    Traceback (most recent call last):
    notebook_tui.ssh.runs.TooManyRuns: one run of yours is under way, the most at a time: try again when it is over
    """

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most = most
        self._most_of_one = min(most, most_of_one)
        self._by_person: Counter[str] = Counter()

    @contextmanager
    def another(self, who: str) -> Iterator[None]:
        """It is under way while the block runs. TooManyRuns if it is one too many."""
        if self._by_person[who] >= self._most_of_one:
            raise TooManyRuns(f"{_runs(self._most_of_one, ' of yours')}")
        if self._by_person.total() >= self._most:
            raise TooManyRuns(f"{_runs(self._most, ' on this server')}")
        self._by_person[who] += 1
        try:
            yield
        finally:
            self._by_person[who] -= 1
            if not self._by_person[who]:
                del self._by_person[who]


def _runs(number: int, whose: str) -> str:
    if number == 1:
        return f"one run{whose} is under way, the most at a time: try again when it is over"
    return f"{number} runs{whose} are under way, the most at a time: try again when one is over"
