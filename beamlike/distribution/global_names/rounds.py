"""What has been said to several name servers, and is done when each has acknowledged it or is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from beamlike.kernel.record import slotted


@slotted
class _Round:
    waiting: set[str]
    then: Callable[[], None]


class Rounds:
    def __init__(self) -> None:
        self._rounds: dict[int, _Round] = {}

    def begin(self, number: int, nodes: Iterable[str], then: Callable[[], None]) -> None:
        """`then` is called as soon as none of `nodes` is waited for, at once if there is none."""
        self._rounds[number] = _Round(set(nodes), then)
        self._end_if_complete(number)

    def acknowledged(self, number: int, node: str) -> None:
        if number in self._rounds:
            self._rounds[number].waiting.discard(node)
            self._end_if_complete(number)

    def gone(self, node: str) -> None:
        for number in tuple(self._rounds):
            self.acknowledged(number, node)

    @property
    def none_left(self) -> bool:
        return not self._rounds

    def clear(self) -> None:
        self._rounds.clear()

    def _end_if_complete(self, number: int) -> None:
        if not self._rounds[number].waiting:
            self._rounds.pop(number).then()
