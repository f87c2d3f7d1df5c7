"""Text in pieces, however it was cut, made into lines that start with a tag. Pure.

A line leaves when it is complete. What is not is held back until it is, or until `release`: a line that is written in
many pieces, as `print` does, then leaves as one, and of a progress bar only what is still to be seen.
"""

from __future__ import annotations

import re

from beamlike.kernel.overwritten import without_overwritten

LONGEST = 8192
"""Characters that may be held back."""

_PART = re.compile(r"[\r\n]|[^\r\n]+")


class Lines:
    """The lines of one stream.

    >>> lines = Lines("[cpu-1] ")
    >>> lines.feed("hel"), lines.feed("lo\\nwor")
    ('', '[cpu-1] hello\\n')
    >>> lines.release(), lines.feed("ld\\n")
    ('[cpu-1] wor', 'ld\\n')
    >>> lines.feed("\\r10%\\r20%"), lines.release()
    ('', '\\r[cpu-1] 20%')
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._held = ""
        # Of the line that has left in part, if one has: whether a tag stands on it, and whether what comes next is
        # written over it.
        self._is_tagged = False
        self._is_at_start = True

    @property
    def holds(self) -> bool:
        return bool(self._held)

    def feed(self, text: str) -> str:
        """Takes `text`, and returns what may leave now."""
        head, end, self._held = (self._held + text).rpartition("\n")
        ready = self._tagged(head + end) if end else ""
        if len(self._held) > LONGEST:
            self._held = without_overwritten(self._held)
        return ready + self.release() if len(self._held) > LONGEST else ready

    def release(self) -> str:
        """What was held back."""
        held, self._held = self._held, ""
        return self._tagged(held) if held else ""

    def forget(self) -> str:
        """What was held back, as it was written, and will not leave: what comes next starts a line."""
        held, self._held = self._held, ""
        self.start_anew()
        return held

    def start_anew(self) -> None:
        """The line that has left in part was ended: what comes next starts one."""
        self._is_tagged, self._is_at_start = False, True

    def _tagged(self, text: str) -> str:
        text = without_overwritten(text)
        if not self._tag:
            return text
        if "\r" in text or (self._is_at_start and self._is_tagged):
            return "".join(map(self._tagged_part, _PART.findall(text)))
        before = self._tag if self._is_at_start else ""
        self._is_tagged = not text.endswith("\n")
        self._is_at_start = not self._is_tagged
        return before + text[:-1].replace("\n", f"\n{self._tag}") + text[-1]

    def _tagged_part(self, part: str) -> str:
        if part == "\n":
            before = "" if self._is_tagged else self._tag
            self._is_tagged, self._is_at_start = False, True
            return before + part
        if part == "\r":
            self._is_at_start = True
            return part
        before = self._tag if self._is_at_start else ""
        self._is_tagged, self._is_at_start = True, False
        return before + part
