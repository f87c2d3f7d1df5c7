"""Which code objects of a source are alive. Nothing here keeps one so.

Functions, frames, generators and classes keep theirs alive. Equal code objects are not the same: two versions of a
cell may have equal ones, so each is known by its identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import CodeType
from typing import Generic, TypeVar
from weakref import ref

P = TypeVar("P")


class LiveCode(Generic[P]):
    """Calls `when_none`, in whatever thread, when the last of the code objects has gone that it watches.

    >>> code = compile("x = 1", "cell", "exec")
    >>> live: LiveCode[str] = LiveCode(lambda: print("gone"))
    >>> live.watch([(code, "line 1")])
    >>> bool(live), live.place_of(code)
    (True, 'line 1')
    >>> del code
    gone
    """

    def __init__(self, when_none: Callable[[], None]) -> None:
        self._when_none = when_none
        self._watched: dict[int, tuple[ref[CodeType], P | None]] = {}

    def watch(self, codes: Iterable[tuple[CodeType, P | None]]) -> None:
        """Code objects, each with the place where it stands, if it stands anywhere."""
        for code, place in codes:
            if id(code) not in self._watched:
                self._watched[id(code)] = ref(code, self._gone(id(code))), place

    def place_of(self, code: CodeType) -> P | None:
        """None as well for a code object that is not watched."""
        # By identity: while `code` is alive no other has its id.
        _, place = self._watched.get(id(code), (None, None))
        return place

    def __bool__(self) -> bool:
        return bool(self._watched)

    def _gone(self, id: int) -> Callable[[ref[CodeType]], None]:
        def gone(_: ref[CodeType]) -> None:
            del self._watched[id]
            if not self._watched:
                self._when_none()

        return gone
