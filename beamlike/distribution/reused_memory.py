"""Large memory that parcels are received into, used again when its last user has dropped it.

Fresh memory is the most that receiving costs: the system clears each page of it first. So what was dropped is kept for
the next parcel that fits, within bounds, and on loan from the system, which may take it back whenever it is short of
memory (MADV_FREE). What is in it meanwhile nobody sees: a parcel is handed out when all of it has been filled.
"""

from __future__ import annotations

import ctypes
import mmap
from contextlib import suppress
from typing import Final

from beamlike.distribution import last_user
from beamlike.distribution.last_user import when_dropped

IS_POSSIBLE: Final = hasattr(mmap, "MAP_ANONYMOUS") and last_user.IS_CERTAIN

MOST_KEPT: Final = 1 << 27
"""Bytes of memory that wait for their next use."""

HUGE_PAGE: Final = 1 << 21

_HUGE_PAGES: Final = getattr(mmap, "MADV_HUGEPAGE", None)
_FREE: Final = getattr(mmap, "MADV_FREE", None)


class ReusedMemory:
    """That of one interpreter. Any thread may take some, and drops what it took in any way."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        # Without a lock: whoever drops memory may do so in the middle of anything, also of `take`. One call of a list
        # is one step.
        self._pages: list[mmap.mmap] = []

    @property
    def kept(self) -> int:
        """Bytes that wait for their next use."""
        return sum(map(len, tuple(self._pages)))

    def take(self, size: int) -> memoryview:
        """So many bytes, of undefined content, to write to. When neither this view is left nor anything that was made
        of it, its memory is used again."""
        pages = self._fitting(size) or _new_pages(size)
        # Views of a map refer to the map itself, which is to outlive them; so they are views of something between.
        user = (ctypes.c_char * size).from_buffer(pages)
        when_dropped(user, self._keep, pages)
        return memoryview(user).cast("B")

    def _fitting(self, size: int) -> mmap.mmap | None:
        """The smallest that is kept and not much too large."""
        for pages in sorted(self._pages, key=len):
            if size <= len(pages) <= 2 * size:
                with suppress(ValueError):  # another thread was quicker
                    self._pages.remove(pages)
                    return pages
        return None

    def _keep(self, pages: mmap.mmap) -> None:
        """In place of the oldest, as far as there is no room for both: what is used now fits what will come."""
        if _FREE is None or len(pages) > self._most_kept:
            return
        while self.kept + len(pages) > self._most_kept:
            with suppress(IndexError):  # another thread was quicker
                self._pages.pop(0)
        with suppress(OSError):  # what the system could not take back is not kept from it
            pages.madvise(_FREE)
            self._pages.append(pages)


def _new_pages(size: int) -> mmap.mmap:
    """Straight from the system, and in huge pages where there are such (Linux): to clear 64 MiB takes 28 ms in pages of
    4 KiB, each at its first touch, and 5 in huge ones."""
    pages = mmap.mmap(-1, _in_whole_pages(size), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if _HUGE_PAGES is not None:
        with suppress(OSError):  # a system that has none to give does as it always does
            pages.madvise(_HUGE_PAGES)
    return pages


def _in_whole_pages(size: int) -> int:
    """Up to a whole number of huge pages, at whose bounds only such memory begins, unless that wastes an eighth."""
    whole = -(-size // HUGE_PAGE) * HUGE_PAGE
    return whole if whole - size <= size // 8 else size


MEMORY: Final = ReusedMemory()
