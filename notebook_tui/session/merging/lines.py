"""Two changes of one text into one text, line by line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher


def merged_lines(base: str, ours: str, theirs: str) -> str | None:
    """The text with both changes; None where both changed the same lines, or lines side by side.

    >>> merged_lines("a\\nb\\nc", "A\\nb\\nc", "a\\nb\\nC")
    'A\\nb\\nC'
    >>> merged_lines("a", "b", "c") is None
    True
    """
    if theirs in (base, ours):
        return ours
    if ours == base:
        return theirs
    before, mine, other = base.split("\n"), ours.split("\n"), theirs.split("\n")
    in_ours, in_theirs = _matches(before, mine), _matches(before, other)
    merged: list[str] = []
    at = our_at = their_at = 0
    for index in [*sorted(in_ours.keys() & in_theirs.keys()), len(before)]:
        our_end, their_end = in_ours.get(index, len(mine)), in_theirs.get(index, len(other))
        chunk = _merged_chunk(before[at:index], mine[our_at:our_end], other[their_at:their_end])
        if chunk is None:
            return None
        merged += [*chunk, *before[index : index + 1]]
        at, our_at, their_at = index + 1, our_end + 1, their_end + 1
    return "\n".join(merged)


def _merged_chunk(before: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Sequence[str] | None:
    if ours in (before, theirs):
        return theirs
    return ours if theirs == before else None


def _matches(before: Sequence[str], after: Sequence[str]) -> dict[int, int]:
    """For the lines that are in both, the place in the second of each of the first."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}
