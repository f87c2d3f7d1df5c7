"""Who hears of other nodes that come and go: of one by its name, or of all of a kind."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from threading import Lock

from beamlike.kernel.terms import Pid


class Nodes(Enum):
    """Which nodes somebody hears of who names none."""

    VISIBLE = "visible"
    ALL = "all"


def kinds(hidden: bool) -> tuple[Nodes, ...]:
    """Those to which a node belongs."""
    return (Nodes.ALL,) if hidden else (Nodes.VISIBLE, Nodes.ALL)


class NodeWatchers:
    """For any thread. `key` is the name of a node or a kind of them; a process may watch the same several times."""

    def __init__(self) -> None:
        self._watchers: dict[str | Nodes, Counter[Pid]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return sum(map(Counter.total, self._watchers.values()))

    def of(self, key: str | Nodes) -> list[Pid]:
        """Each as often as it watches."""
        with self._lock:
            return list(self._watchers.get(key, Counter()).elements())

    def add(self, key: str | Nodes, watcher: Pid) -> None:
        with self._lock:
            self._watchers.setdefault(key, Counter())[watcher] += 1

    def remove(self, key: str | Nodes, watcher: Pid) -> None:
        """Once less."""
        with self._lock:
            watchers = self._watchers.get(key, Counter())
            if watchers[watcher] > 1:
                watchers[watcher] -= 1
            else:
                self._drop(key, watcher)

    def remove_all(self, watcher: Pid, *keys: str | Nodes) -> None:
        """No more of `keys`, or of anything if there are none."""
        with self._lock:
            for key in keys or tuple(self._watchers):
                self._drop(key, watcher)

    def _drop(self, key: str | Nodes, watcher: Pid) -> None:
        watchers = self._watchers.get(key, Counter())
        watchers.pop(watcher, None)
        if not watchers:
            self._watchers.pop(key, None)
