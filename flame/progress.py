"""`flame.progress`: how far a function on a runner has come, for whoever called it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from flame.output import current, is_rest

T = TypeVar("T")


class Reporter:
    """What `flame.progress` is: a function, with `track` beside it. It has no state."""

    def __call__(self, done: float, total: float | None = None, note: str = "") -> None:
        """Says that `done` of `total` is done; None: nobody knows of how many. `note` is shown beside it.

        On a runner it arrives at the caller: as a Progress at the call's `on_progress`, or else as a line that is
        written over itself. At most ten a second do, of more the latest; the last one always does, before the result.
        Anywhere else, and in a thread that the function started while other calls run beside it, nothing happens.

        >>> from flame.progress import progress
        >>> for done in range(3):
        ...     progress(done + 1, 3, "files")
        """
        output = current()
        if output is not None and not is_rest(output):
            output.report(done, total, note)

    def track(self, items: Iterable[T], total: float | None = None, note: str = "") -> Iterator[T]:
        """Yields each of `items`, and says how many have been worked on, of `total` or of as many as there are.

        >>> from flame.progress import progress
        >>> list(progress.track("abc"))
        ['a', 'b', 'c']
        """
        if total is None and isinstance(items, Sized):
            total = len(items)
        for done, item in enumerate(items):
            yield item
            self(done + 1, total, note)

    def __reduce__(self) -> str:
        return "progress"


progress = Reporter()
