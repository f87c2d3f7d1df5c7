"""Why nodes are not connected any more, or could not be: the last that was learned of each.

To whoever waits for a node, its loss is a word, "noconnection". What stands here is what a person wants to read then.
"""

from __future__ import annotations


class LostNodes:
    """Remembers the `capacity` nodes that were lost last.

    >>> nodes = LostNodes(capacity=2)
    >>> [nodes.lost("b@h", "nobody listens") for _ in range(2)]
    [True, False]
    >>> nodes.why("b@h"), nodes.why("c@h")
    ('nobody listens', None)
    >>> nodes.found("b@h")
    >>> nodes.why("b@h")
    """

    def __init__(self, capacity: int = 256) -> None:
        self._capacity = capacity
        # Who was lost last stands last.
        self._why: dict[str, str] = {}

    def lost(self, name: str, why: str) -> bool:
        """Whether that is news."""
        known = self._why.pop(name, None)
        if len(self._why) >= self._capacity:
            del self._why[next(iter(self._why))]
        self._why[name] = why
        return why != known

    def found(self, name: str) -> None:
        self._why.pop(name, None)

    def why(self, name: str) -> str | None:
        """None for a node of which nothing is known, as one that is connected."""
        return self._why.get(name)
