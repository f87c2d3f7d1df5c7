"""Who hears of other nodes that come and go: of one by its name, or of all of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from threading import Lock

from beamlike.kernel.terms import Pid


class NodeWatchers:
    """For any thread. `key` is what is watched; a process may watch the same several times."""

    def __init__(self) -> None:
        self._watchers: dict[Hashable, Counter[Pid]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return sum(map(Counter.total, self._watchers.values()))

    def of(self, key: Hashable) -> list[Pid]:
        """Each as often as it watches."""
        with self._lock:
            return list(self._watchers.get(key, Counter()).elements())

    def add(self, key: Hashable, watcher: Pid) -> None:
        with self._lock:
            self._watchers.setdefault(key, Counter())[watcher] += 1

    def remove(self, key: Hashable, watcher: Pid) -> None:
        """Once less."""
        with self._lock:
            watchers = self._watchers.get(key, Counter())
            if watchers[watcher] > 1:
                watchers[watcher] -= 1
            else:
                self._drop(key, watcher)

    def remove_all(self, watcher: Pid, *keys: Hashable) -> None:
        """No more of `keys`, or of anything if there are none."""
        with self._lock:
            for key in keys or tuple(self._watchers):
                self._drop(key, watcher)

    def _drop(self, key: Hashable, watcher: Pid) -> None:
        watchers = self._watchers.get(key, Counter())
        watchers.pop(watcher, None)
        if not watchers:
            self._watchers.pop(key, None)
